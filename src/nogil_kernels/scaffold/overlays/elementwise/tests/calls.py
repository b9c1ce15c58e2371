"""The kernel as tests of the GIL and of threads call it: kernels -> a result that can be compared."""

from array import array

SHORT = array("d", range(16))
MEDIUM = array("d", range(20_000))
LONG = array("d", bytes(8 * 2_000_000))  # some milliseconds
RESULT = array("d", LONG)


def short_call(kernels, gil="auto"):
    y = SHORT[:]
    kernels.axpy(0.5, SHORT, y, gil=gil)
    return y


def medium_call(kernels, gil="auto"):
    y = MEDIUM[:]
    kernels.axpy(0.5, MEDIUM, y, gil=gil)
    return y


def long_call(kernels, gil="auto"):
    kernels.axpy(0.5, LONG, RESULT, gil=gil)
