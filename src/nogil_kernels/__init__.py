"""Fast Cython kernels that release the GIL, sum_of_squares and matmul, and their pure-Python twins.

Importing this package imports neither NumPy nor any other module that is slow to import.
"""

from . import pure
from ._version import __version__
from .backend import build_info, matmul, sum_of_squares

__all__ = ["__version__", "build_info", "matmul", "pure", "sum_of_squares"]


def __getattr__(name: str) -> object:
    """Import nogil_kernels.gil, measure or scaling on first use, so that `import nogil_kernels` suffices."""
    if name in ("gil", "measure", "scaling"):
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
