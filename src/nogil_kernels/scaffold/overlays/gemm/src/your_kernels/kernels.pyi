from . import matmul as matmul

__pyx_capi__: dict[str, object]  # the functions of kernels.pxd, for a cimport
