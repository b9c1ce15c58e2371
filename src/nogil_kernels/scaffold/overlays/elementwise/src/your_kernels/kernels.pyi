from . import axpy as axpy

__pyx_capi__: dict[str, object]  # the functions of kernels.pxd, for a cimport
