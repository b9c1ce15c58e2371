"""Numbers of all types: which ones have their own arithmetic, and the type of the result."""

import collections
import ctypes
import enum
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from operands import Metres, Quantity, Warns, objects


class Length:
    """A number with a unit, whose `tolist` raises an error, as that of one of pint's numbers."""

    def __init__(self, metres):
        self.metres = metres

    def tolist(self):
        raise AttributeError("no tolist")

    def __mul__(self, other):
        return Length(self.metres * other.metres)

    def __add__(self, other):
        return Length(self.metres + other.metres)


class Labelled:
    """An array that yields arrays without dimensions of its kind, as those of xarray and dask."""

    def __init__(self, values):
        self.values = np.asarray(values, float)

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __iter__(self):
        if not self.values.ndim:
            raise TypeError("iteration over a 0-d array")
        return map(Labelled, self.values)

    def __mul__(self, other):
        return Labelled(self.values * other.values)

    def __add__(self, other):
        return Labelled(self.values + other.values)


class Level(enum.IntEnum):
    HIGH = 3


class Scaled(float):
    """A float with its own arithmetic."""

    def __mul__(self, other):
        return Scaled(10 * float(self) * float(other))


def test_integers_in_arrays_of_a_list_stay_exact(kernels):
    x = [np.array([2**63 + 1], "u8"), np.array([-1])]
    assert kernels.sum_of_squares(x, axis=0).tolist() == [(2**63 + 1) ** 2 + 1]
    many = [2**63, -1] * 40_000
    assert kernels.sum_of_squares(many, axis=0) == sum(n * n for n in many)


def test_a_number_with_an_attribute_dtype_is_multiplied(kernels):
    class Typed(Length):
        dtype = "metres"

        def __mul__(self, other):
            return Typed(self.metres * other.metres)

        def __add__(self, other):
            return Typed(self.metres + other.metres)

    assert kernels.sum_of_squares([Typed(3), Typed(4)]).metres == 25
    assert kernels.sum_of_squares([[Typed(3)], [Typed(4)]], axis=0)[0].metres == 25


def test_scalars_with_arithmetic_keep_their_type(kernels):
    assert kernels.sum_of_squares([Length(3), Length(4)]).metres == 25
    assert kernels.sum_of_squares([[Length(3)], [Length(4)]], axis=0)[0].metres == 25
    assert kernels.matmul([Length(3)], [Length(4)]).metres == 12
    assert kernels.sum_of_squares([Quantity(3.0), Quantity(4.0)]).values == 25
    assert kernels.sum_of_squares(Quantity(3.0)).values == 9
    assert kernels.matmul([[Quantity(3.0)]], [[Quantity(2.0)]])[0, 0].values == 6
    assert kernels.sum_of_squares(iter(Labelled([3, 4]))).values == 25
    metres = kernels.sum_of_squares([np.array(3.0).view(Metres), np.array(4.0).view(Metres)])
    assert type(metres) is Metres
    assert metres == 25
    assert kernels.sum_of_squares([Scaled(3)]) == 90


def test_a_complex_number_of_another_type_is_squared_as_its_absolute_value(kernels):
    class Phasor:
        def __init__(self, z):
            self.z = z

        real = property(lambda self: Phasor(self.z.real))
        imag = property(lambda self: Phasor(self.z.imag))

        def __mul__(self, other):
            return Phasor(self.z * other.z)

        def __add__(self, other):
            return Phasor(self.z + other.z)

        def __bool__(self):
            return bool(self.z)

    class Volts(Phasor):
        real = property(lambda self: Volts(self.z.real))
        imag = property(lambda self: Volts(self.z.imag))

        def __bool__(self):
            raise ValueError("the truth of a value with a unit is ambiguous")

    assert kernels.sum_of_squares([Phasor(3 + 4j)]).z == 25
    assert kernels.sum_of_squares([Phasor(3)]).z == 9
    assert kernels.sum_of_squares([Volts(3 + 4j)]).z == 25


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("numbers", "truth"),
    [
        ([Level.HIGH], 9),
        ([np.True_, True], 2),
        ([np.int64(3), 4], 25),
        ([np.float32(1.5), 1.0], 3.25),
        ([Decimal("0.5"), np.int8(2)], Decimal("4.25")),
        ([np.longdouble(3), 4], 25),
        ([Fraction(1, 2), 1.5], 2.5),
        ([Labelled([1, 2]), [3, 4]], 30.0),
        ([memoryview(b"\3\4"), bytearray(b"\3\4")], 50),
        ({3, 4}, 25),
        ({1: 3, 2: 4}.values(), 25),
        (collections.deque([3, 4]), 25),
        (objects([[np.ones(2), np.ones(3)]]), 5),
        ([Warns(DeprecationWarning)], 25.0),
        ([np.array(Fraction(1, 2), object)], Fraction(1, 4)),
        ([ctypes.c_double(3.0), (ctypes.c_int * 1)(4)[0]], 25.0),
        (np.arange(5).flat, 30),
        ({3: 4}.items(), 25),
    ],
)
def test_the_numbers_of_each_kind_are_summed(kernels, numbers, truth):
    assert kernels.sum_of_squares(numbers) == truth


def test_elements_that_are_matrices_multiply_as_numbers(kernels):
    blocks = objects([[np.array([[1 + i, 2], [3, 4 + j]]) for j in range(2)] for i in range(2)])
    expected = np.matmul(blocks, blocks)
    out = np.empty((2, 2), object)
    for result in (kernels.matmul(blocks, blocks), kernels.matmul(blocks, blocks, out)):
        for index in np.ndindex(2, 2):
            np.testing.assert_array_equal(result[index], expected[index])
    np.testing.assert_array_equal(kernels.matmul(blocks[0], blocks[:, 0]), expected[0, 0])


def test_a_product_of_objects_does_not_change_its_operands(kernels):
    class Number:
        def __init__(self):
            self.terms = 1

        def __mul__(self, other):
            return self

        def __add__(self, other):
            return "a new object"

        def __iadd__(self, other):
            self.terms += 1
            return self

    a = objects([[Number(), Number()]])
    kernels.matmul(a, np.ones((2, 1)))
    assert [number.terms for number in a[0]] == [1, 1]


@pytest.mark.parametrize("code", "qQlL")
def test_longlong_stays_longlong(kernels, code):
    a = np.ones((2, 2), code)
    for other in (a, np.ones((2, 2), "l"), np.ones((2, 2), "q")):
        for x, y in ((a, other), (other, a), (a[0], other), (a[0], other[0])):
            assert kernels.matmul(x, y).dtype.char == np.matmul(x, y).dtype.char
    assert kernels.matmul(memoryview(a), memoryview(a)).dtype.char == code


@pytest.mark.parametrize(
    ("dtype", "result"), [("f4", np.float64), ("i2", np.int64), ("u1", np.uint64), ("?", np.int64)]
)
def test_a_full_reduction_returns_a_scalar_as_in_numpy(kernels, dtype, result):
    x = np.ones((2, 3), dtype)
    assert type(kernels.sum_of_squares(x, axis=(0, 1))) is result
    assert type(kernels.sum_of_squares(x[0], axis=0)) is result
    assert type(kernels.sum_of_squares(x, axis=())) is np.ndarray
    assert kernels.sum_of_squares([[Fraction(1, 2)], [1]], axis=(0, 1)) == Fraction(5, 4)


def test_dtypes_of_elements_are_kept_as_in_numpy(kernels):
    one = np.float32(1)
    for a in ([[one, one]], [np.ones(2, "f4")], [np.array([1, 1], "f4")], [[np.array(1, "f4")] * 2]):
        assert kernels.matmul(a, [one, one]).dtype == np.float32
