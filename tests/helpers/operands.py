"""Arrays of every dtype for tests, and the shapes of operands."""

import warnings
from fractions import Fraction

import numpy as np

INTEGERS = [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
FLOATS = [np.float16, np.float32, np.float64]
COMPLEX = [np.complex64, np.complex128]
CORES = [np.float32, np.float64, np.complex64, np.complex128, np.int32, np.int64]
SHAPE_PAIRS = [
    ((3,), (3,)),
    ((1,), (1,)),
    ((3,), (3, 4)),
    ((4, 3), (3,)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (1, 3, 4)),
    ((2, 1, 2, 3), (5, 3, 4)),
    ((2, 1, 2, 3), (1, 5, 3, 4)),
    ((2, 1, 4, 2, 3), (7, 1, 3, 2)),
    ((3,), (5, 3, 4)),
    ((5, 4, 3), (3,)),
    ((3,), (2, 5, 3, 1)),
    ((1, 1), (1, 1)),
    ((0,), (0,)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
    ((2, 3), (3, 0)),
    ((0, 0), (0, 0)),
    ((0,), (0, 4)),
    ((4, 0), (0,)),
    ((3,), (3, 0)),
    ((0, 2, 3), (3, 4)),
    ((0, 2, 3), (1, 3, 4)),
    ((5, 2, 0), (5, 0, 4)),
    ((5, 0, 3), (3, 2)),
    ((2, 0, 2, 3), (1, 3, 4)),
]


def dtype_name(dtype):
    return np.dtype(dtype).name


def any_values(dtype, shape, seed=1):
    """Return reproducible values: normal numbers for floats, the whole range for integers, so that sums wrap around."""
    rng = np.random.default_rng([seed, *np.atleast_1d(shape)])
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 4, shape) == 0
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    if dtype.kind == "c":
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)


def small_integers(dtype, shape, seed=1):
    """Return integers so small that sums of their products are exact, even in float32 and in any order."""
    rng = np.random.default_rng([seed, *shape])
    values = rng.integers(-8, 9, shape)
    return (values + 1j * rng.integers(-8, 9, shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


def fractions(shape, seed):
    """Return an array of Fractions that are multiples of 1/3."""
    result = np.empty(shape, object)
    result.flat = [Fraction(int(n), 3) for n in small_integers(np.int64, shape, seed).flat]
    return result


class WithArray:
    """An object that is convertible to an array by `__array__` only."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def __repr__(self):  # the default has an address, which must not be a part of a test's name
        return f"WithArray({self.values.tolist()})"

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)


class WithDLPack:
    """Numbers that only `__dlpack__` exports."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def __dlpack__(self, **keywords):
        return self.values.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


class Metres(np.ndarray):
    """A subclass of ndarray with its own ufuncs, as those with units have."""

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return np.asarray(getattr(ufunc, method)(*map(np.asarray, inputs), **options)).view(Metres)


class Quantity:
    """Numbers with a unit, as those of pint: iterable, and convertible to an array that has lost the unit."""

    units = "m"

    def __init__(self, values):
        self.values = np.asarray(values)
        self.ndim = self.values.ndim

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __array_ufunc__(self, *inputs, **options):
        return NotImplemented

    def __iter__(self):
        return iter(self.values)

    def __mul__(self, other):
        return Quantity(self.values * other.values)

    def __add__(self, other):
        return Quantity(self.values + other.values)


class Warns(WithArray):
    """An array whose conversion warns."""

    def __init__(self, category):
        super().__init__([3.0, 4.0])
        self.category = category

    def __array__(self, dtype=None, copy=None):
        warnings.warn("the mask is ignored.", self.category, stacklevel=2)
        return self.values


def objects(values):
    """Return an array of objects of these nested lists, whose innermost elements are not unfolded."""
    array = np.empty((len(values), len(values[0])), object)
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            array[i, j] = value
    return array
