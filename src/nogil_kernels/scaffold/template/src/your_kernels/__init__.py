"""Fast kernels that release the GIL, in Cython, beside their twins in plain Python."""

from . import _backend

__all__ = ["backend", "sum_of_squares"]

backend = _backend.name
sum_of_squares = _backend.kernels.sum_of_squares
