"""The kernel as tests of the GIL and of threads call it: kernels -> a result that can be compared."""

from array import array

SHORT = array("f", range(16))
MEDIUM = array("f", range(20_000))
LONG = array("f", bytes(4 * 8_000_000))  # some milliseconds


def short_call(kernels, gil="auto"):
    return kernels.sum_of_squares(SHORT, gil=gil)


def medium_call(kernels, gil="auto"):
    return kernels.sum_of_squares(MEDIUM, gil=gil)


def long_call(kernels, gil="auto"):
    return kernels.sum_of_squares(LONG, gil=gil)
