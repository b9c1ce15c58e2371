"""The kernels' results and errors, on both backends."""

import ctypes
import math
import random
import sys
from array import array
from fractions import Fraction

import pytest

from your_kernels import pure

SQUARE = array("d", [1, 0, 0])


def polyval(kernels, c, x, **options):
    """Return the results as a list. They are written over NaN."""
    out = array("d", [math.nan] * len(x))
    kernels.polyval(array("d", c), x, out, **options)
    return out.tolist()


def numbers(n, seed):
    return array("d", [random.Random(f"{seed} {i}").gauss() for i in range(n)])


@pytest.mark.parametrize("terms", [1, 2, 3, 10])
@pytest.mark.parametrize("n", [0, 1, 2, 15, 16, 17, 31, 32, 33, 1000])
def test_polyval_is_exact_up_to_two_roundings_per_step(kernels, n, terms):
    """The bound is from Higham, "Accuracy and Stability of Numerical Algorithms", section 5.1."""
    c, x = numbers(terms, "c"), numbers(n, "x")
    powers = range(terms - 1, -1, -1)
    for number, result in zip(x, polyval(kernels, c, x), strict=True):
        exact = sum(Fraction(factor) * Fraction(number) ** power for factor, power in zip(c, powers, strict=True))
        sum_of_magnitudes = sum(abs(factor) * abs(number) ** power for factor, power in zip(c, powers, strict=True))
        assert abs(result - exact) <= 1.01 * terms * sys.float_info.epsilon * sum_of_magnitudes


@pytest.mark.parametrize("n", [0, 5, 40])
def test_no_coefficient_gives_zeros_and_one_coefficient_gives_itself(kernels, n):
    x = numbers(n, "x")
    assert polyval(kernels, [], x) == [0] * n
    assert polyval(kernels, [7], x) == [7] * n


def test_integers_are_exact(kernels):
    x = array("d", range(1000))
    assert polyval(kernels, [3, 2, 1], x) == [3 * i**2 + 2 * i + 1 for i in range(1000)]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e200])
@pytest.mark.parametrize("place", [0, 8, 16])
def test_infinite_nan_and_huge_numbers_are_as_in_python(kernels, value, place):
    x = array("d", range(17))
    x[place] = value
    assert str(polyval(kernels, [2, 0, -1], x)) == str(polyval(pure, [2, 0, -1], x))


def test_out_may_be_x(kernels):
    x = array("d", range(100))
    kernels.polyval(SQUARE, x, x)
    assert x.tolist() == [i * i for i in range(100)]


def test_other_shared_memory_is_refused(compiled):
    """The twins accept it, since they read all of x and c before they write."""
    memory = memoryview(numbers(101, "x"))
    memory_before = memory.tolist()
    for arguments in (
        (SQUARE, memory[:-1], memory[1:]),
        (SQUARE, memory[1:], memory[:-1]),
        (memory[98:], memory[:3], memory[98:]),
    ):
        with pytest.raises(ValueError, match="must not share memory"):
            compiled.polyval(*arguments)
    assert memory.tolist() == memory_before


def test_read_only_memory_is_read_and_not_written(kernels):
    readonly = memoryview(array("d", [3, 4])).toreadonly()
    assert polyval(kernels, readonly, readonly) == [13, 16]
    with pytest.raises((TypeError, ValueError, BufferError)):
        kernels.polyval(SQUARE, readonly, readonly)
    assert readonly.tolist() == [3, 4]


def test_numpy_arrays_are_read_and_written(kernels):
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    x, out = numpy.arange(1000.0), numpy.empty(1000)
    kernels.polyval(numpy.array([2.0, 1.0]), x, out)
    assert (out == numpy.polyval([2, 1], x)).all()
    with pytest.raises((ValueError, BufferError)):
        kernels.polyval(SQUARE, x[::2], out[:500])
    with pytest.raises((ValueError, BufferError)):
        kernels.polyval(SQUARE, x[:500], out[::2])


@pytest.mark.parametrize("not_a_buffer", [None, 1.0, [1.0], "text"], ids=repr)
def test_other_objects_than_buffers_are_a_type_error(kernels, not_a_buffer):
    c, x, out = array("d", [1]), array("d", [1]), array("d", [7])
    for arguments in ((not_a_buffer, x, out), (c, not_a_buffer, out), (c, x, not_a_buffer)):
        with pytest.raises(TypeError):
            kernels.polyval(*arguments)
    assert out == array("d", [7])


TWO_AXES = memoryview(array("d", range(4))).cast("B").cast("d", (2, 2))
OTHER_BUFFERS = [array("f", [1]), array("q", [1]), bytearray(8), memoryview(array("d", range(9)))[::2], TWO_AXES]


@pytest.mark.parametrize("wrong_buffer", OTHER_BUFFERS, ids=["float32", "int64", "bytes", "strided", "two axes"])
def test_other_buffers_are_refused(kernels, wrong_buffer):
    c, x, out = SQUARE, array("d", range(len(wrong_buffer))), array("d", range(len(wrong_buffer)))
    for arguments in ((wrong_buffer, x, out), (c, wrong_buffer, out), (c, x, wrong_buffer)):
        with pytest.raises((ValueError, BufferError)):
            kernels.polyval(*arguments)
    assert out == x


def test_different_lengths_are_refused(kernels):
    with pytest.raises(ValueError, match="the same length, got 2 and 3"):
        kernels.polyval(SQUARE, array("d", [1, 2]), array("d", [1, 2, 3]))


def test_unaligned_numbers_are_refused(compiled):
    aligned, unaligned = array("d", [1]), memoryview(bytearray(9))[1:].cast("d")
    for arguments in ((unaligned, aligned, aligned), (aligned, unaligned, aligned), (aligned, aligned, unaligned)):
        with pytest.raises(ValueError, match="aligned"):
            compiled.polyval(*arguments)


def test_other_cython_code_can_call_the_loop_nest(compiled):
    """Read the capsule that a cimport reads."""
    capsule = compiled.__pyx_capi__["polyval_nogil"]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_ssize_t
    prototype = ctypes.CFUNCTYPE(None, doubles, size, doubles, doubles, size)
    signature = b"void (double const *, Py_ssize_t, double const *, double *, Py_ssize_t)"
    loop_nest = prototype(get_pointer(capsule, signature))
    out = (ctypes.c_double * 2)()
    loop_nest((ctypes.c_double * 2)(2, 1), 2, (ctypes.c_double * 2)(3, 4), out, 2)
    assert list(out) == [7, 9]
