from nogil_kernels.compiled.matmul import Task as Task
from nogil_kernels.compiled.matmul import matmul as matmul
from nogil_kernels.compiled.matmul import matmul_plain as matmul_plain
