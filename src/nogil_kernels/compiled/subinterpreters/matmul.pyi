from nogil_kernels.compiled.matmul.matmul import Task as Task
from nogil_kernels.compiled.matmul.matmul import matmul as matmul
from nogil_kernels.compiled.matmul.matmul import matmul_plain as matmul_plain
