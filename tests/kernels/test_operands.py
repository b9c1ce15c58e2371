"""The order in which both functions decide what an operand is, at any depth, and their refusals."""

import collections
import ctypes
import datetime
import enum
import itertools
import sys
import threading
import types
import warnings
import weakref
from decimal import Decimal
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from operands import WithArray

from nogil_kernels.exports import _exporting


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


class Keyed:
    """A mapping that is not registered as one."""

    def keys(self):
        return [3]

    def values(self):
        return [4]

    def __getitem__(self, key):
        return 4

    def __iter__(self):
        return iter([3])


class Sparse:
    """A sparse matrix of one number."""

    nnz = 1

    def toarray(self):
        return np.ones((1, 1))

    def __iter__(self):
        return iter([1.0])


class Warns(WithArray):
    """An array whose conversion warns."""

    def __init__(self, category):
        super().__init__([3.0, 4.0])
        self.category = category

    def __array__(self, dtype=None, copy=None):
        warnings.warn("the mask is ignored.", self.category, stacklevel=2)
        return self.values


class Masked(WithArray):
    """An object that exports a masked array."""

    def __array__(self, dtype=None, copy=None):
        return np.ma.array(self.values, mask=True)


class ExportsMetres(WithArray):
    """An object that exports an array with another meaning."""

    def __array__(self, dtype=None, copy=None):
        return self.values.view(Metres)


class ExportsList(WithArray):
    """An object whose `__array__` is wrong."""

    def __array__(self, dtype=None, copy=None):
        return [[1.0], [2.0, 3.0]]


class Interface:
    """An array by an attribute of the object, as those of numpy.lib.stride_tricks."""

    def __init__(self, array):
        self.__array_interface__ = array.__array_interface__
        self.array = array


class Colour(enum.Flag):
    RED = 1


class Size(enum.Enum):
    SMALL = 1


class Union(ctypes.Union):
    _fields_ = (("number", ctypes.c_double), ("bits", ctypes.c_int64))


class Packed(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("letter", ctypes.c_char), ("number", ctypes.c_int64))


class Level(enum.IntEnum):
    HIGH = 3


class Scaled(float):
    """A float with its own arithmetic."""

    def __mul__(self, other):
        return Scaled(10 * float(self) * float(other))


def objects(values):
    """Return an array of objects of these nested lists, whose innermost elements are not unfolded."""
    array = np.empty((len(values), len(values[0])), object)
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            array[i, j] = value
    return array


ARRAY, MASKED = np.array([3.0, 4.0]), np.ma.array([1.0], mask=[True])
MISREAD = [
    ({3: 4}, r"is a mapping: got dict.*list\(.*values\(\)\)"),
    (collections.UserDict({3: 4}), "is a mapping: got UserDict"),
    (types.MappingProxyType({3: 4}), "is a mapping: got mappingproxy"),
    (collections.ChainMap({3: 4}), "is a mapping: got ChainMap"),
    (Keyed(), "is a mapping: got Keyed"),
    (np.ma.array([1.0], mask=[True]), r"is a masked array: .*filled\(0\)"),
    (Masked([1.0]), "is a masked array: got Masked"),
    (Sparse(), r"is a sparse matrix: got Sparse.*toarray\(\)"),
    (np.ones((1, 1)).view(Metres), r"a unit or another meaning: got Metres.*numpy\.asarray"),
    (Quantity([1.0, 2.0]), r"a unit or another meaning: got Quantity.*\.values"),
    (Warns(UserWarning), "got Warns with the warning 'the mask is ignored'"),
    (Warns(RuntimeWarning), "got Warns with the warning 'the mask is ignored'"),
    ("12", "is '12': got str"),
    (None, "is None: got NoneType"),
    (datetime.date(2020, 1, 1), "got date"),
    (datetime.timedelta(1), "got timedelta"),
    (np.datetime64("NaT", "s"), "datetime64"),
    (np.timedelta64(3, "s"), "timedelta64"),
    (np.zeros(1, "i4,i4"), "has dtype"),
    (float, "is <class 'float'>: got type"),
    (ExportsMetres([1.0]), "a unit or another meaning: got ExportsMetres"),
    (ExportsList([1.0]), r"__array__\(\) returned list, expected an ndarray"),
    (weakref.proxy(ARRAY), "is a proxy or a mock: got .*Proxy.*Pass the object that it stands for"),
    (weakref.proxy(MASKED), "is a proxy or a mock: got .*Proxy"),
    (mock.Mock(spec=int), "is a proxy or a mock: got Mock"),
    (mock.Mock(), "is <Mock.*: got Mock"),
    (Colour.RED, "is <Colour.RED: 1>: got Colour"),
    (Size.SMALL, "is <Size.SMALL: 1>: got Size"),
    (collections.UserString("12"), "is '12': got UserString.*float"),
    (np.bytes_(b"\3\4"), "got bytes_"),
    (Union(), "is a buffer of format 'B' with 8 bytes per element: got Union"),
    ((Packed * 2)(), "has dtype|with 9 bytes per element"),
    (ctypes.pointer(ctypes.c_double(3.0)), "is a buffer of format '&<d' .*: got LP_c_double.*Pass an array"),
    (ctypes.c_void_p(3), "is a buffer of format '<P' .*: got c_void_p"),
    ((ctypes.c_wchar * 2)(), "is a buffer of format '<u' .*: got c_wchar_Array_2"),
]
WRAPPERS = {
    "alone": (lambda x: x, "x"),
    "in a list": (lambda x: [x], r"x\[0\]"),
    "in a nested tuple": (lambda x: ((x,),), r"x\[0(\]\[|, )0\]"),
    "in a generator": (lambda x: (y for y in [x]), r"x\[0\]"),
    "in an array of objects": (lambda x: objects([[x]]), r"x\[0, 0\]"),
}


@pytest.mark.parametrize("options", [{}, {"axis": 0}], ids=["whole", "axis"])
@pytest.mark.parametrize("wrap", WRAPPERS)
@pytest.mark.parametrize(("value", "message"), MISREAD, ids=lambda value: type(value).__name__)
def test_what_could_be_misread_is_refused_at_any_depth_with_its_place(kernels, value, message, wrap, options):
    wrap, place = WRAPPERS[wrap]
    with pytest.raises(TypeError, match=message) as caught:
        kernels.sum_of_squares(wrap(value), **options)
    assert caught.match(place)


@pytest.mark.parametrize("wrap", [wrap for wrap in WRAPPERS if wrap != "in a generator"])
@pytest.mark.parametrize(
    ("value", "message"),
    [case for case in MISREAD if not isinstance(case[0], datetime.timedelta)],  # numpy.matmul multiplies it, too
    ids=lambda value: type(value).__name__,
)
def test_matmul_refuses_the_same_values_and_names_the_argument(kernels, value, message, wrap):
    wrap, place = WRAPPERS[wrap]
    for operands, name in (((wrap(value), np.ones((1, 1))), "a"), ((np.ones((1, 1)), wrap(value)), "b")):
        with pytest.raises(TypeError, match=message) as caught:
            kernels.matmul(*operands)
        assert caught.match(place.replace("x", name))


@pytest.mark.parametrize(
    ("x", "place"),
    [
        ([1, 2, None], "x[2] is None"),
        ([[1, 2], ["a", 3]], "x[1][0] is 'a'"),
        ([1, 2, None].__iter__, "x[2] is None"),
        ([*range(5000), None].__iter__, "x[5000] is None"),
        ([[1, 2], [1, None]].__iter__, "x[1][1] is None"),
        (objects([[1, 2], [None, 3]]), "x[1, 0] is None"),
        ([[1, 2], [3, datetime.timedelta(1)]], "x[1][1] is datetime.timedelta(days=1)"),
        ([[[1.5], [Fraction(1)]], [[2], [b"c"]]], "x[1][1][0] is b'c'"),
        (5, "x is 5"),
        (Fraction(1, 2), "x is Fraction(1, 2)"),
    ],
)
def test_the_error_names_the_element(kernels, x, place):
    with pytest.raises(TypeError) as caught:
        kernels.sum_of_squares(x() if callable(x) else x)
    assert str(caught.value).startswith(f"{place}: got ")
    assert ", expected numbers" in str(caught.value)


@pytest.mark.parametrize(
    ("a", "place"),
    [
        ([[1, None]], "a[0][1] is None: got NoneType"),
        (objects([[1, [2]]]), "a[0, 1] is [2]: got list"),
        ((n for n in [1, 2]), "a is <generator"),
        ([[1, 2], {3, 4}], "a[1] is {3, 4}: got set"),
    ],
)
def test_the_error_of_matmul_names_the_element(kernels, a, place):
    with pytest.raises(TypeError) as caught:
        kernels.matmul(a, [1, 2])
    assert str(caught.value).startswith(place)


RAGGED = [
    [[1, 2], [3]],
    ([1.5], (2.5, 3.5)),
    [1, [2, 3]],
    [[2, 3], 1],
    [[1, 2], [[1], [2]]],
    [[], [1]],
    [np.ones(2), np.ones(3)],
    [np.array(1.0), np.ones(1)],
    [[[1, 2], [3, 4]], [[1, 2], [3]]],
    [WithArray([1, 2]), [3]],
]


@pytest.mark.parametrize("x", RAGGED, ids=repr)
def test_ragged_lists_are_refused_everywhere(kernels, x):
    for call in (
        lambda: kernels.sum_of_squares(x),
        lambda: kernels.sum_of_squares(x, axis=0),
        lambda: kernels.matmul(x, np.ones(2)),
        lambda: kernels.matmul(np.ones(2), x),
    ):
        with pytest.raises(ValueError, match=r"is ragged: .* has shape \(.*\), .* has shape \(.*\)"):
            call()


def test_the_items_of_an_iterator_can_differ_in_shape(kernels):
    assert kernels.sum_of_squares(iter([[1, 2], [3], 4, np.ones((2, 2))])) == 34
    assert kernels.sum_of_squares([[3, 4], (n for n in [12, 84])]) == 7225


def test_the_items_of_an_iterator_are_not_stored(kernels):
    alive = []

    class Chunk(WithArray):
        def __del__(self):
            alive.remove(id(self))

    def chunks():
        for _ in range(20):
            chunk = Chunk([1.0])
            alive.append(id(chunk))
            assert len(alive) <= 3
            yield chunk
            del chunk

    assert kernels.sum_of_squares(chunks()) == 20


def test_the_items_after_many_numbers_are_not_stored(kernels):
    alive = weakref.WeakSet()

    def chunks():
        for _ in range(20):
            chunk = WithArray([1.0])
            alive.add(chunk)
            assert len(alive) <= 3
            yield chunk
            del chunk

    numbers = [0.0] * 2000
    assert kernels.sum_of_squares(itertools.chain(numbers, chunks(), numbers, chunks())) == 40


def test_an_iterable_is_asked_for_its_iterator_once(kernels):
    class Numbers:
        calls = 0

        def __iter__(self):
            self.calls += 1
            return iter([3, 4])

    class Sized(Numbers):
        def __len__(self):
            return 2

    class Indexed(Sized):
        def __getitem__(self, index):
            return [3, 4][index]

    for cls in (Numbers, Sized, Indexed):
        for wrap in (lambda x: x, lambda x: [x], lambda x: iter([x])):
            x = cls()
            assert kernels.sum_of_squares(wrap(x)) == 25
            assert x.calls == 1


def scalar(value):
    """Return an array of objects without dimensions."""
    array = np.empty((), object)
    array[()] = value
    return array


@pytest.mark.parametrize("options", [{}, {"axis": ()}], ids=["whole", "axis"])
def test_the_element_of_an_array_without_dimensions_is_read(kernels, options):
    for value in ([3, 4], np.array([3, 4]), (n for n in [3, 4])):
        assert kernels.sum_of_squares(scalar(value), **options) == 25
    assert kernels.sum_of_squares([scalar([3, 4])]) == 25
    with pytest.raises(TypeError, match=r"^x is None"):
        kernels.sum_of_squares(scalar(None), **options)


def test_an_array_that_contains_itself_is_refused(kernels):
    x = scalar(None)
    x[()] = x
    for call in (
        lambda: kernels.sum_of_squares(x),
        lambda: kernels.sum_of_squares([x]),
        lambda: kernels.sum_of_squares(x, axis=()),
        lambda: kernels.matmul([x], [1]),
    ):
        with pytest.raises(ValueError, match="is nested more than 100 levels deep"):
            call()


def nested(depth, wrap):
    x = wrap([3, 4])
    for _ in range(depth - 1):
        x = wrap([x])
    return x


@pytest.mark.parametrize("wrap", [list, tuple, iter, collections.deque])
def test_100_levels_are_read_and_101_are_refused(kernels, wrap):
    assert kernels.sum_of_squares(nested(100, wrap)) == 25
    with pytest.raises(ValueError, match="x is nested more than 100 levels deep"):
        kernels.sum_of_squares(nested(101, wrap))
    if wrap is not iter:
        with pytest.raises(ValueError, match="a is nested more than 100 levels deep"):
            kernels.matmul(nested(101, wrap), [1])


def test_a_range_of_too_many_numbers_is_refused(kernels):
    for call in (
        lambda: kernels.sum_of_squares(range(10**30)),
        lambda: kernels.sum_of_squares(range(10**30), axis=0),
        lambda: kernels.matmul(range(10**30), [1]),
    ):
        with pytest.raises(OverflowError, match=r"^[xa] is range\(.*more than \d+ numbers. Pass a shorter range."):
            call()


def test_the_error_of_a_large_value_is_short(kernels):
    with pytest.raises(TypeError, match="a is a collection of 1000 elements: got set"):
        kernels.matmul(set(range(1000)), [1])
    with pytest.raises(TypeError, match="x is a value whose repr fails: got int"):
        kernels.sum_of_squares(10**5000)


def test_arrays_of_64_dimensions_are_read(kernels):
    if np.lib.NumpyVersion(np.__version__) < "2.0.0":
        pytest.skip("NumPy 1 has at most 32 dimensions")
    x = np.full((1,) * 63 + (2,), 3.0)
    for array in (x, x[..., ::-1], x.astype(object)):
        assert kernels.sum_of_squares(array) == 18
        assert kernels.sum_of_squares(array, axis=63).shape == (1,) * 63
        assert kernels.matmul(array, np.ones(2)).ravel().tolist() == [6.0]


def test_integers_in_arrays_of_a_list_stay_exact(kernels):
    x = [np.array([2**63 + 1], "u8"), np.array([-1])]
    assert kernels.sum_of_squares(x, axis=0).tolist() == [(2**63 + 1) ** 2 + 1]
    many = [2**63, -1] * 40_000
    assert kernels.sum_of_squares(many, axis=0) == sum(n * n for n in many)


@pytest.mark.parametrize(
    "x",
    [
        [1] * 70_000 + [1.5],
        [[1.5] * 70_000, [2] * 70_000],
        [[1.5]] * 70_000,
        [range(70_000), np.ones(70_000, "i4")],
        [np.ones((2, 40_000), "f4")[:, ::-1]] * 2,
        [[2**63] * 70_000 + [-(2**70)]],
    ],
    ids=["mixed", "long rows", "many rows", "range and array", "slices", "large ints"],
)
def test_lists_longer_than_a_block_are_converted_as_numpy_converts_them(kernels, x):
    array = np.asarray(x)
    expected = (array.astype(object) ** 2).sum()
    assert kernels.sum_of_squares(x) == pytest.approx(expected, rel=1e-15)
    assert kernels.sum_of_squares(x, axis=tuple(range(array.ndim))) == pytest.approx(expected, rel=1e-15)
    product = kernels.matmul(x, np.ones(array.shape[-1], "i1"))
    assert product.dtype == array.dtype
    np.testing.assert_allclose(product.astype(float), np.matmul(array, np.ones(array.shape[-1], "i1")).astype(float))


def test_buffers_longer_than_a_block_are_read(kernels):
    x = np.arange(90_000.0).reshape(2, 45_000)
    expected = kernels.sum_of_squares(range(90_000))
    for view in (memoryview(x), memoryview(x.T), memoryview(x[:, ::-1]), memoryview(x.copy(order="F"))):
        assert kernels.sum_of_squares(view) == pytest.approx(expected)
        assert kernels.sum_of_squares([view]) == pytest.approx(expected)


def test_a_number_with_an_attribute_dtype_is_multiplied(kernels):
    class Typed(Length):
        dtype = "metres"

        def __mul__(self, other):
            return Typed(self.metres * other.metres)

        def __add__(self, other):
            return Typed(self.metres + other.metres)

    assert kernels.sum_of_squares([Typed(3), Typed(4)]).metres == 25
    assert kernels.sum_of_squares([[Typed(3)], [Typed(4)]], axis=0)[0].metres == 25


def test_an_array_that_the_object_itself_exports_is_read(kernels):
    x = Interface(ARRAY)
    assert kernels.sum_of_squares(x) == 25
    assert kernels.sum_of_squares([x, [1, 1]]) == 27
    assert kernels.matmul(x, x) == 25


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes have __buffer__ since Python 3.12")
@pytest.mark.parametrize("error", [BufferError, ValueError])
def test_an_array_without_a_buffer_is_read(kernels, error):
    class Closed(WithArray):
        def __buffer__(self, flags):
            raise error("the buffer is closed")

    assert kernels.sum_of_squares(Closed([3.0, 4.0])) == 25
    assert kernels.sum_of_squares([Closed([3.0, 4.0])]) == 25


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (np.ma.zeros((2, 2)), r"out is a masked array: .*Pass out\.data\."),
        (np.zeros((2, 2), "i4,i4"), "Cannot cast .*Pass an array of the product's dtype"),
        (np.zeros((2, 2), "U40"), "Cannot cast .*Pass an array of the product's dtype"),
        (np.zeros((2, 2)).view(Metres), r"Pass numpy\.asarray\(out\)"),
        (((Union * 2) * 2)(), "out is a buffer of format 'B' with 8 bytes"),
    ],
)
def test_an_out_that_cannot_hold_the_product_is_refused_with_a_remedy(kernels, out, message):
    with pytest.raises(TypeError, match=message):
        kernels.matmul(np.eye(2), np.eye(2), out)


def test_the_remedy_for_ragged_rows_works(kernels):
    x = [[1, 2], [3]]
    with pytest.raises(ValueError, match=r"Pad the rows, or pass iter\(x\)\."):
        kernels.sum_of_squares(x)
    assert kernels.sum_of_squares(iter(x)) == 14
    for call in (lambda: kernels.sum_of_squares(x, axis=0), lambda: kernels.matmul(x, [1])):
        with pytest.raises(ValueError, match=r"Pad the rows\.$"):
            call()


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


def test_an_iterator_with_a_length_is_read_once(kernels):
    assert kernels.sum_of_squares(np.nditer(np.arange(5))) == 30
    assert kernels.sum_of_squares([np.nditer(np.arange(5)), [0, 0, 0, 0, 1]]) == 31
    assert kernels.sum_of_squares(np.nditer(np.arange(5)), axis=0) == 30


def test_elements_that_only_repeat_are_refused(kernels):
    polynomials = objects([[np.polynomial.Polynomial([1, 2])]])
    assert kernels.matmul(polynomials, [[2]])[0, 0] == np.polynomial.Polynomial([2, 4])
    for value in ([1], (1,), bytearray(b"1"), collections.deque([1]), range(1)):
        with pytest.raises(TypeError, match=r"a\[0, 0\] is .*expected numbers"):
            kernels.matmul(objects([[value]]), [[2]])


class Proxy:
    """An object that has every attribute."""

    def __getattr__(self, name):
        return 1


class BadRepr:
    def __repr__(self):
        raise RuntimeError("no repr")


@pytest.mark.parametrize("value", [Proxy(), BadRepr()], ids=["proxy", "repr"])
def test_odd_objects_are_refused_with_their_type(kernels, value):
    with pytest.raises(TypeError, match=rf"x\[1\] is .*: got {type(value).__name__}, expected numbers"):
        kernels.sum_of_squares([1, value])


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


def test_out_may_be_positional(kernels):
    out = np.zeros((2, 2))
    assert kernels.matmul(np.eye(2), np.eye(2), out) is out
    assert out.tolist() == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("dtype", "result"), [("f4", np.float64), ("i2", np.int64), ("u1", np.uint64), ("?", np.int64)]
)
def test_a_full_reduction_returns_a_scalar_as_in_numpy(kernels, dtype, result):
    x = np.ones((2, 3), dtype)
    assert type(kernels.sum_of_squares(x, axis=(0, 1))) is result
    assert type(kernels.sum_of_squares(x[0], axis=0)) is result
    assert type(kernels.sum_of_squares(x, axis=())) is np.ndarray
    assert kernels.sum_of_squares([[Fraction(1, 2)], [1]], axis=(0, 1)) == Fraction(5, 4)


@pytest.mark.parametrize("value", [True, False])
def test_a_bool_is_neither_an_axis_nor_a_number_of_threads(kernels, value):
    x = np.ones((2, 2))
    with pytest.raises(TypeError, match=f"axis must be .*, got {value}"):
        kernels.sum_of_squares(x, axis=value)
    for call in (lambda: kernels.sum_of_squares(x, threads=value), lambda: kernels.matmul(x, x, threads=value)):
        with pytest.raises(TypeError, match=f"threads must be an int or .*, got {value}"):
            call()


def test_dtypes_of_elements_are_kept_as_in_numpy(kernels):
    one = np.float32(1)
    for a in ([[one, one]], [np.ones(2, "f4")], [np.array([1, 1], "f4")], [[np.array(1, "f4")] * 2]):
        assert kernels.matmul(a, [one, one]).dtype == np.float32


def test_warnings_of_threads_that_export_arrays_leave_no_filter_behind(kernels):
    """warnings.catch_warnings() is not safe in threads: two that overlap leave the filters of the first one."""
    wrong = []

    def call():
        for _ in range(200):
            if kernels.sum_of_squares([WithArray([3.0, 4.0])]) != 25:
                wrong.append(1)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    with warnings.catch_warnings():
        warnings.simplefilter("default", append=False)
        with pytest.warns(UserWarning, match="of the program"):
            warnings.warn("of the program", stacklevel=1)
    assert wrong == []


def test_a_warning_is_an_error_even_if_the_program_ignores_warnings(kernels):
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(TypeError, match="with the warning"):
                kernels.sum_of_squares([Warns(UserWarning)])
            warnings.warn("still ignored", stacklevel=1)


def test_a_signal_handler_that_raises_during_an_export_leaves_warnings_as_they_were(kernels, monkeypatch):
    """The handler may run between the entry of the context variable and the export."""

    class Interrupted(WithArray):
        def __array__(self, dtype=None, copy=None):
            raise KeyboardInterrupt

    class Setting:
        """A context variable that a signal interrupts right after it was set."""

        def __init__(self, variable):
            self.get, self.variable = variable.get, variable

        def set(self, value):
            self.variable.set(value)
            if value:
                raise KeyboardInterrupt

    for variable in (_exporting, Setting(_exporting)):
        monkeypatch.setattr("nogil_kernels.exports._exporting", variable)
        with pytest.raises(KeyboardInterrupt):
            kernels.sum_of_squares([Interrupted([1.0])])
        with pytest.warns(UserWarning, match="of the program"):
            warnings.warn("of the program", stacklevel=1)


def test_the_error_of_an_array_method_is_raised(kernels):
    class Broken(WithArray):
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        kernels.sum_of_squares([Broken([1.0])])


def test_pandas_is_read_by_its_values(kernels):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pd.DataFrame({"units": [1.0, 1.0], "unit": [1.0, 1.0], "price": [1.0, 1.0]})
    series = pd.Series([3, 4], index=[7, 8])
    for x in (frame, [frame], iter([frame]), objects([[frame]])):
        assert kernels.sum_of_squares(x) == 6
    assert kernels.sum_of_squares(frame, axis=0).tolist() == [2.0, 2.0, 2.0]
    assert kernels.sum_of_squares([series, series]) == 50
    assert kernels.matmul(frame, frame.T).tolist() == [[3.0, 3.0], [3.0, 3.0]]
    with pytest.raises(TypeError, match=r"x\[1\] is 'b'"):
        kernels.sum_of_squares(pd.Series([1, "b"]))


def test_scipys_sparse_matrices_are_refused(kernels):
    sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed")
    for x in (sparse.csr_matrix(np.eye(2)), sparse.coo_array(np.eye(2))):
        for wrapped in (x, [x], iter([x])):
            with pytest.raises(TypeError, match=r"is a sparse matrix: .*toarray\(\)"):
                kernels.sum_of_squares(wrapped)
        with pytest.raises(TypeError, match=r"b is a sparse matrix: .*b\.toarray\(\)"):
            kernels.matmul(np.eye(2), x)
