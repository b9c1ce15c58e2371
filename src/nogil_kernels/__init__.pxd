"""The C-level functions: `from nogil_kernels cimport matmul_f64, sum_of_squares_f64`.

Their arguments are pointers, and strides in bytes. They need no GIL, no linking and no header: importing a module that
cimports them looks up their addresses and compares their types. They compute the same bits as the Python functions, at
the same speed. Only the main interpreter's compiled kernels have them. Without these the import raises ImportError.
"""

from nogil_kernels.compiled.matmul cimport matmul_f64
from nogil_kernels.compiled.sum_of_squares cimport sum_of_squares_f64
