"""What the kernels compute and what they refuse, on both backends."""

import ctypes
import math
import random
import sys
from array import array

import pytest

from your_kernels import pure


def axpy(kernels, a, x, y, **options):
    """The new y, as a list."""
    result = array("d", y)
    kernels.axpy(a, x, result, **options)
    return result.tolist()


def numbers(n, seed):
    return array("d", [random.Random(f"{seed} {i}").gauss() for i in range(n)])


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 15, 16, 17, 1000])
def test_axpy_is_exact_but_for_two_roundings(kernels, n):
    """Where a processor multiplies and adds in one instruction there is one rounding."""
    x, y = numbers(n, "x"), numbers(n, "y")
    for x_i, y_i, result in zip(x, y, axpy(kernels, 1.5, x, y), strict=True):
        assert abs(result - (1.5 * x_i + y_i)) <= sys.float_info.epsilon * (abs(1.5 * x_i) + abs(y_i))


def test_integers_are_exact(kernels):
    assert axpy(kernels, 3, array("d", range(1000)), array("d", range(1000))) == [4 * i for i in range(1000)]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e308])
@pytest.mark.parametrize("place", [0, 8, 16])
def test_what_is_not_finite_is_as_in_python(kernels, value, place):
    x = array("d", range(17))
    x[place] = value
    assert str(axpy(kernels, 10, x, x)) == str(axpy(pure, 10, x, x))


def test_x_may_be_y(kernels):
    y = array("d", range(100))
    kernels.axpy(2, y, y)
    assert y.tolist() == [3 * i for i in range(100)]


def test_x_and_y_may_overlap(kernels):
    """Element by element, from the first to the last: what is written is read where it is x, too."""
    memory = memoryview(array("d", [1.0] * 101))
    kernels.axpy(1, memory[:-1], memory[1:])
    assert memory.tolist() == list(range(1, 102))


def test_x_may_be_memory_that_may_not_be_written_and_y_may_not(kernels):
    readonly = memoryview(array("d", [3, 4])).toreadonly()
    assert axpy(kernels, 2, readonly, [1, 1]) == [7, 9]
    with pytest.raises((TypeError, ValueError, BufferError)):
        kernels.axpy(2, readonly, readonly)
    assert readonly.tolist() == [3, 4]


def test_numpy_arrays_are_changed_in_place(kernels):
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed; the kernels do without")
    y = numpy.ones(1000)
    kernels.axpy(2, numpy.arange(1000.0), y)
    assert y.tolist() == list(range(1, 2001, 2))
    with pytest.raises((ValueError, BufferError)):
        kernels.axpy(2, y[::2], y[::2])


@pytest.mark.parametrize("x", [None, 1.0, [1.0], "text"], ids=repr)
def test_what_is_no_buffer_is_a_type_error(kernels, x):
    y = array("d", [1])
    for arguments in ((1, x, y), (1, y, x)):
        with pytest.raises(TypeError):
            kernels.axpy(*arguments)
    assert y == array("d", [1])


TWO_AXES = memoryview(array("d", range(4))).cast("B").cast("d", (2, 2))
OTHER_BUFFERS = [array("f", [1]), array("q", [1]), bytearray(8), memoryview(array("d", range(9)))[::2], TWO_AXES]


@pytest.mark.parametrize("x", OTHER_BUFFERS, ids=["float32", "int64", "bytes", "every second", "two axes"])
def test_another_buffer_is_refused(kernels, x):
    y = array("d", range(len(x)))
    for arguments in ((1, x, y), (1, y, x)):
        with pytest.raises((ValueError, BufferError)):
            kernels.axpy(*arguments)
    assert y == array("d", range(len(x)))


def test_two_lengths_are_refused(kernels):
    with pytest.raises(ValueError, match="of one length, not 2 and 3"):
        kernels.axpy(1, array("d", [1, 2]), array("d", [1, 2, 3]))


def test_the_loop_nest_can_be_called_from_elsewhere(compiled):
    """As other Cython code calls it, by the capsule that a cimport reads."""
    capsule = compiled.__pyx_capi__["axpy_nogil"]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    doubles = ctypes.POINTER(ctypes.c_double)
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_double, doubles, doubles, ctypes.c_ssize_t)
    loop_nest = prototype(get_pointer(capsule, b"void (double, double const *, double *, Py_ssize_t)"))
    y = (ctypes.c_double * 2)(1, 1)
    loop_nest(2, (ctypes.c_double * 2)(3, 4), y, 2)
    assert list(y) == [7, 9]
