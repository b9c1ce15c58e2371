"""What the kernels compute and what they refuse, on both backends."""

import ctypes
import itertools
import math
import random
from array import array

import pytest
from calls import matrix

EDGES = [1, 2, 3, 4, 5, 8, 9, 13]  # rows: below, at and above a tile's
UNIT = {"d": 2.0**-52, "f": 2.0**-23}


def rounded(format, number):
    return array(format, [number])[0]


def random_matrix(rows, columns, format="d"):
    gauss = random.Random(f"{rows} {columns}").gauss
    return matrix(rows, columns, [gauss() for _ in range(rows * columns)], format)


def matmul(kernels, a, b, format="d", **options):
    """The product in new memory that held other numbers, as lists."""
    m, n = a.shape[0], b.shape[1]
    out = matrix(m, n, [math.nan] * (m * n), format)
    kernels.matmul(a, b, out, **options)
    return out.tolist()


def check(kernels, m, n, k, format):
    a, b = random_matrix(m, k, format), random_matrix(k, n, format)
    columns = list(zip(*b.tolist(), strict=True))
    for row, results in zip(a.tolist(), matmul(kernels, a, b, format), strict=True):
        for column, result in zip(columns, results, strict=True):
            products = [x * y for x, y in zip(row, column, strict=True)]
            assert abs(result - math.fsum(products)) <= k * UNIT[format] * math.fsum(map(abs, products))


@pytest.mark.parametrize("format", ["d", "f"])
@pytest.mark.parametrize("m", EDGES)
def test_matmul_is_exact_but_for_rounding(kernels, m, format):
    for n, k in itertools.product(EDGES, EDGES):
        check(kernels, m, n, k, format)


@pytest.mark.parametrize("format", ["d", "f"])
@pytest.mark.parametrize("n", [7, 12, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49, 97])
def test_widths_below_at_and_above_a_tile_s(compiled, n, format):
    check(compiled, 9, n, 5, format)


@pytest.mark.parametrize("format", ["d", "f"])
@pytest.mark.parametrize(("m", "n", "k"), [(3, 5, 600), (2, 1100, 3), (5, 520, 260)])
def test_products_of_several_blocks(compiled, m, n, k, format):
    check(compiled, m, n, k, format)


def test_integers_are_exact(kernels):
    a, b = matrix(2, 3, range(6)), matrix(3, 2, range(6))
    assert matmul(kernels, a, b) == [[10, 13], [28, 40]]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_stays_in_its_row(kernels, value):
    a = matrix(5, 5, [1] * 25)
    a[4, 4] = value
    result = matmul(kernels, a, matrix(5, 5, [1] * 25))
    assert result[:4] == [[5] * 5] * 4
    assert [str(number) for number in result[4]] == [str(value)] * 5


def test_factors_may_be_memory_that_may_not_be_written_and_out_may_not(kernels):
    readonly = matrix(1, 1, [3]).toreadonly()
    assert matmul(kernels, readonly, readonly) == [[9]]
    with pytest.raises((TypeError, ValueError, BufferError)):
        kernels.matmul(matrix(1, 1), matrix(1, 1), readonly)
    assert readonly.tolist() == [[3]]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numpy_arrays_are_multiplied_into_out(kernels, dtype):
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed; the kernels do without")
    a = numpy.arange(12, dtype=dtype).reshape(3, 4)
    b, out = numpy.ones((4, 2), dtype), numpy.empty((3, 2), dtype)
    kernels.matmul(a, b, out)
    assert (out == a @ b).all()
    kernels.matmul(a[:, :0].copy(), b[:0], out)
    assert not out.any()
    with pytest.raises((ValueError, BufferError)):
        kernels.matmul(a.T, b[:3], numpy.empty((4, 2), dtype))


@pytest.mark.parametrize("x", [None, 1.0, [[1.0]], "text"], ids=repr)
def test_what_is_no_buffer_is_a_type_error(kernels, x):
    one = matrix(1, 1)
    for arguments in ((x, one, one), (one, x, one), (one, one, x)):
        with pytest.raises(TypeError):
            kernels.matmul(*arguments)


OTHER_BUFFERS = {
    "int64": matrix(1, 1, format="q"),
    "bytes": matrix(1, 1, format="B"),
    "one axis": memoryview(array("d", [1])),
    "every second row": matrix(3, 1)[::2],
    "float32 among float64": matrix(1, 1, format="f"),
}


@pytest.mark.parametrize("name", OTHER_BUFFERS)
def test_another_buffer_is_refused(kernels, name):
    x, out = OTHER_BUFFERS[name], matrix(1, 1, [7])
    for arguments in ((x, matrix(1, 1), out), (matrix(1, 1), x, out), (matrix(1, 1), matrix(1, 1), x)):
        with pytest.raises((ValueError, BufferError)):
            kernels.matmul(*arguments)
    assert out.tolist() == [[7]]


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3), (2, 3)), ((2, 3), (3, 4), (4, 2)), ((2, 3), (3, 4), (2, 3))])
def test_shapes_that_do_not_fit_are_named(kernels, shapes):
    a, b, out = shapes
    with pytest.raises(ValueError, match="do not fit") as caught:
        kernels.matmul(matrix(*a), matrix(*b), matrix(*out))
    assert f"{a} @ {b} into {out}" in str(caught.value)


def test_an_out_that_is_also_a_factor_is_refused(compiled):
    """Twins read all of their factors before they write."""
    a, b = matrix(2, 2, range(4)), matrix(2, 2, range(4))
    for arguments in ((a, b, a), (a, b, b)):
        with pytest.raises(ValueError, match="must not share memory"):
            compiled.matmul(*arguments)
    assert a == b


def test_numbers_that_are_not_aligned_are_refused(compiled):
    aligned, other = matrix(1, 1), memoryview(bytearray(9))[1:].cast("d", (1, 1))
    for arguments in ((other, aligned, aligned), (aligned, other, aligned), (aligned, aligned, other)):
        with pytest.raises(ValueError, match="aligned"):
            compiled.matmul(*arguments)


def test_formats_of_ctypes_are_read(compiled):
    for c_type in (ctypes.c_double, ctypes.c_float):
        x, out = (c_type * 2 * 2)((1, 2), (3, 4)), (c_type * 2 * 2)()
        compiled.matmul(x, x, out)
        assert [list(row) for row in out] == [[7, 10], [15, 22]]


SIGNATURE = b"void (Py_ssize_t, Py_ssize_t, Py_ssize_t, double const *, double const *, double *, double *)"


def test_the_loop_nest_can_be_called_from_elsewhere(compiled):
    """As other Cython code calls it, by the capsule that a cimport reads."""
    get_name, get_pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    capsules = {get_name(capsule): capsule for capsule in compiled.__pyx_capi__.values()}
    prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_ssize_t] * 3, *[ctypes.POINTER(ctypes.c_double)] * 4)
    loop_nest = prototype(get_pointer(capsules[SIGNATURE], SIGNATURE))
    out, workspace = (ctypes.c_double * 1)(), (ctypes.c_double * 100)()
    loop_nest(1, 1, 2, (ctypes.c_double * 2)(3, 4), (ctypes.c_double * 2)(5, 6), out, workspace)
    assert out[0] == 39
