"""The C-level functions: `from nogil_kernels cimport matmul_f64, sum_of_squares_f64`.

matmul_f64 takes sizes, pointers and strides in bytes; sum_of_squares_f64 takes a pointer and a length. They compute the
same bits as the Python functions, at the same speed. A caller needs no GIL, no library and no header: when its module
is imported, Cython looks up the addresses and compares the types. Only the compiled kernels of the main interpreter
have these functions. Without compiled kernels, or in another interpreter, that import raises ImportError.
"""

from nogil_kernels.compiled.matmul cimport matmul_f64
from nogil_kernels.compiled.sum_of_squares cimport sum_of_squares_f64
