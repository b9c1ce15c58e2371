"""C := A @ B. matmul.pyx has the loop nest. numba and SciPy find the C functions in __pyx_capi__."""

from .matmul import __pyx_capi__ as __pyx_capi__
from .matmul import matmul as matmul
from .matmul import matmul_plain as matmul_plain
