"""What the kernels compute and what they refuse, on both backends."""

import ctypes
import math
import random
from array import array

import pytest

from your_kernels import pure


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 15, 16, 17, 1000, 40_001])
def test_sum_of_squares_is_the_exact_sum_but_for_rounding(kernels, n):
    x = array("f", [random.Random(n).gauss() for _ in range(n)])
    assert math.isclose(kernels.sum_of_squares(x), math.fsum(v * v for v in x), rel_tol=(n + 1) * 2**-53)


def test_integers_are_summed_exactly(kernels):
    assert kernels.sum_of_squares(array("f", range(1000))) == 332_833_500


def test_no_square_is_too_large_or_too_small(kernels):
    """They are float64: those of the largest and the smallest float32 are not infinite, and not zero."""
    for x in (3.4028234663852886e38, 1.401298464324817e-45):
        assert kernels.sum_of_squares(array("f", [x])) == x * x


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("place", [0, 8, 16])
def test_what_is_not_finite_is_as_in_python(kernels, value, place):
    x = array("f", range(17))
    x[place] = value
    assert str(kernels.sum_of_squares(x)) == str(pure.sum_of_squares(x))


def test_memory_that_may_not_be_written_is_read(kernels):
    assert kernels.sum_of_squares(memoryview(array("f", [3, 4])).toreadonly()) == 25


def test_numpy_arrays_are_read(kernels):
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed; the kernels do without")
    assert kernels.sum_of_squares(numpy.arange(1000, dtype="float32")) == 332_833_500
    with pytest.raises((ValueError, BufferError)):
        kernels.sum_of_squares(numpy.arange(10, dtype="float32")[::2])


@pytest.mark.parametrize("x", [None, 1.0, [1.0], "text"], ids=repr)
def test_what_is_no_buffer_is_a_type_error(kernels, x):
    with pytest.raises(TypeError):
        kernels.sum_of_squares(x)


TWO_AXES = memoryview(array("f", range(4))).cast("B").cast("f", (2, 2))
OTHER_BUFFERS = [array("d", [1]), array("i", [1]), b"1234", memoryview(array("f", range(9)))[::2], TWO_AXES]


@pytest.mark.parametrize("x", OTHER_BUFFERS, ids=["float64", "int32", "bytes", "every second", "two axes"])
def test_another_buffer_is_refused(kernels, x):
    with pytest.raises((ValueError, BufferError)):
        kernels.sum_of_squares(x)


def test_numbers_that_are_not_aligned_are_refused(compiled):
    with pytest.raises(ValueError, match="aligned"):
        compiled.sum_of_squares(memoryview(bytearray(9))[1:].cast("f"))


def test_the_loop_nest_can_be_called_from_elsewhere(compiled):
    """As other Cython code calls it, by the capsule that a cimport reads."""
    capsule = compiled.__pyx_capi__["sum_of_squares_nogil"]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    prototype = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.POINTER(ctypes.c_float), ctypes.c_ssize_t)
    loop_nest = prototype(get_pointer(capsule, b"double (float const *, Py_ssize_t)"))
    assert loop_nest((ctypes.c_float * 2)(3, 4), 2) == 25
