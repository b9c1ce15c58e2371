"""The kernels' results and errors, on both backends."""

import ctypes
import math
import random
from array import array

import pytest

from your_kernels import pure


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 15, 16, 17, 1000, 40_001])
def test_sum_of_squares_is_exact_up_to_rounding(kernels, n):
    x = array("d", [random.Random(n).gauss() for _ in range(n)])
    assert math.isclose(kernels.sum_of_squares(x), math.fsum(v * v for v in x), rel_tol=(n + 1) * 2**-53)


def test_integers_are_summed_exactly(kernels):
    assert kernels.sum_of_squares(array("d", range(1000))) == 332_833_500


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e200, 1e-200])
@pytest.mark.parametrize("place", [0, 8, 16])
def test_infinite_nan_huge_and_tiny_numbers_are_as_in_python(kernels, value, place):
    x = array("d", range(17))
    x[place] = value
    assert str(kernels.sum_of_squares(x)) == str(pure.sum_of_squares(x))


def test_read_only_memory_is_read(kernels):
    assert kernels.sum_of_squares(memoryview(array("d", [3, 4])).toreadonly()) == 25


def test_numpy_arrays_are_read(kernels):
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    assert kernels.sum_of_squares(numpy.array([1.0, 2.0])) == 5
    with pytest.raises((ValueError, BufferError)):
        kernels.sum_of_squares(numpy.arange(10.0)[::2])


@pytest.mark.parametrize("x", [None, 1.0, [1.0], "text"], ids=repr)
def test_other_objects_than_buffers_are_a_type_error(kernels, x):
    with pytest.raises(TypeError):
        kernels.sum_of_squares(x)


TWO_AXES = memoryview(array("d", range(4))).cast("B").cast("d", (2, 2))
OTHER_BUFFERS = [array("f", [1]), array("q", [1]), bytes(8), memoryview(array("d", range(9)))[::2], TWO_AXES]


@pytest.mark.parametrize("x", OTHER_BUFFERS, ids=["float32", "int64", "bytes", "strided", "two axes"])
def test_other_buffers_are_refused(kernels, x):
    with pytest.raises((ValueError, BufferError)):
        kernels.sum_of_squares(x)


def test_unaligned_numbers_are_refused(compiled):
    with pytest.raises(ValueError, match="aligned"):
        compiled.sum_of_squares(memoryview(bytearray(9))[1:].cast("d"))


def test_other_cython_code_can_call_the_loop_nest(compiled):
    """Read the capsule that a cimport reads."""
    capsule = compiled.__pyx_capi__["sum_of_squares_nogil"]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    prototype = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.POINTER(ctypes.c_double), ctypes.c_ssize_t)
    loop_nest = prototype(get_pointer(capsule, b"double (double const *, Py_ssize_t)"))
    assert loop_nest((ctypes.c_double * 2)(3, 4), 2) == 25
