"""The C-level names: `from nogil_kernels cimport matmul_f64, sum_of_squares_f64`.

They take what C has, pointers and strides in bytes, and need no GIL. Nothing is linked and no header is needed: their
addresses are looked up, and their types compared, when the module that cimports them is imported. They are as fast as
the Python functions, and give the same bits. The compiled kernels of the main interpreter have them; where they are not
installed, that import is an ImportError.
"""

from nogil_kernels.compiled.matmul cimport matmul_f64
from nogil_kernels.compiled.sum_of_squares cimport sum_of_squares_f64
