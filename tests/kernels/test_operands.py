"""The order in which both functions decide what an operand is, at any depth, and their refusals."""

import collections
import ctypes
import datetime
import enum
import sys
import threading
import types
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from operands import WithArray

pytestmark = pytest.mark.kernels


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
