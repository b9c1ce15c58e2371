from . import polyval as polyval

__pyx_capi__: dict[str, object]  # the functions of kernels.pxd, for a cimport
