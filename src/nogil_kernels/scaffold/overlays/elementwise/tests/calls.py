"""The calls that tests of the GIL and of threads make. The short and the medium one return a result to compare."""

from array import array

LINE = array("d", [0.5, 1])  # x / 2 + 1
SHORT = array("d", range(16))
MEDIUM = array("d", range(20_000))
LONG = array("d", bytes(8 * 2_000_000))  # takes milliseconds
LONG_OUT = array("d", LONG)


def short_call(kernels, gil="auto"):
    out = SHORT[:]
    kernels.polyval(LINE, SHORT, out, gil=gil)
    return out


def medium_call(kernels, gil="auto"):
    out = MEDIUM[:]
    kernels.polyval(LINE, MEDIUM, out, gil=gil)
    return out


def long_call(kernels, gil="auto"):
    kernels.polyval(LINE, LONG, LONG_OUT, gil=gil)
