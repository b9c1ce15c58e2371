from . import sum_of_squares as sum_of_squares

__pyx_capi__: dict[str, object]  # the functions that kernels.pxd exports
