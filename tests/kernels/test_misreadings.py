"""Operands that could be misread are refused at any depth; the message has their place and a remedy."""

import collections
import ctypes
import datetime
import enum
import types
import weakref
from unittest import mock

import numpy as np
import pytest
from operands import Metres, Quantity, Warns, WithArray, objects


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
def test_values_that_could_be_misread_are_refused_at_any_depth_with_their_place(kernels, value, message, wrap, options):
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


def test_elements_that_only_repeat_are_refused(kernels):
    polynomials = objects([[np.polynomial.Polynomial([1, 2])]])
    assert kernels.matmul(polynomials, [[2]])[0, 0] == np.polynomial.Polynomial([2, 4])
    for value in ([1], (1,), bytearray(b"1"), collections.deque([1]), range(1)):
        with pytest.raises(TypeError, match=r"a\[0, 0\] is .*expected numbers"):
            kernels.matmul(objects([[value]]), [[2]])


def test_scipys_sparse_matrices_are_refused(kernels):
    sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed")
    for x in (sparse.csr_matrix(np.eye(2)), sparse.coo_array(np.eye(2))):
        for wrapped in (x, [x], iter([x])):
            with pytest.raises(TypeError, match=r"is a sparse matrix: .*toarray\(\)"):
                kernels.sum_of_squares(wrapped)
        with pytest.raises(TypeError, match=r"b is a sparse matrix: .*b\.toarray\(\)"):
            kernels.matmul(np.eye(2), x)


def test_the_error_of_a_large_value_is_short(kernels):
    with pytest.raises(TypeError, match="a is a collection of 1000 elements: got set"):
        kernels.matmul(set(range(1000)), [1])
    with pytest.raises(TypeError, match="x is a value whose repr fails: got int"):
        kernels.sum_of_squares(10**5000)


@pytest.mark.parametrize("value", [True, False])
def test_a_bool_is_neither_an_axis_nor_a_number_of_threads(kernels, value):
    x = np.ones((2, 2))
    with pytest.raises(TypeError, match=f"axis must be .*, got {value}"):
        kernels.sum_of_squares(x, axis=value)
    for call in (lambda: kernels.sum_of_squares(x, threads=value), lambda: kernels.matmul(x, x, threads=value)):
        with pytest.raises(TypeError, match=f"threads must be an int or .*, got {value}"):
            call()
