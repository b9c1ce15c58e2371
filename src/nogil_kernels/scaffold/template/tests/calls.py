"""The calls that tests of the GIL and of threads make. Each returns a result to compare."""

from array import array

SHORT = array("d", range(16))
MEDIUM = array("d", range(20_000))
LONG = array("d", bytes(8 * 4_000_000))  # takes milliseconds


def short_call(kernels, gil="auto"):
    return kernels.sum_of_squares(SHORT, gil=gil)


def medium_call(kernels, gil="auto"):
    return kernels.sum_of_squares(MEDIUM, gil=gil)


def long_call(kernels, gil="auto"):
    return kernels.sum_of_squares(LONG, gil=gil)
