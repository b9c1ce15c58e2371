"""Fast kernels that release the GIL, in Cython, with twins in pure Python."""

from . import _backend

__all__ = ["__version__", "backend", "sum_of_squares"]

__version__ = "0.1.0"
backend = _backend.backend_name
sum_of_squares = _backend.kernels.sum_of_squares
