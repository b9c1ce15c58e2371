"""The edges of matmul's tiles: products are exact, and memory around out is not written."""

import contextlib
import itertools

import numpy as np
import pytest
from operands import small_integers
from support import EVERY_TEST, Counting

pytestmark = pytest.mark.kernels

DTYPES = ["f4", "f8", "c8", "c16", "i4", "i8", "g", "G"]
CANARY = 77


def exact_product(a, b):
    """Return a @ b for small integers. float64 and complex128 are exact for these, and fast in NumPy."""
    wide = "c16" if a.dtype.kind == "c" else "f8"
    return (a.astype(wide) @ b.astype(wide)).astype(a.dtype)


def widest(dtype):
    """Return the largest number of columns of a tile, for several rows and for one row. Vectors have up to 64 bytes."""
    itemsize = np.dtype(dtype).itemsize
    return (3 * 64 // itemsize, 8 * 64 // itemsize) if np.dtype(dtype).char not in "gG" else (2, 8)


def cut_down(kernels, sizes, step):
    """Return all sizes for the compiled kernels, and some for the slow pure-Python twin, which has no tiles."""
    sizes = list(sizes)
    return sizes if kernels.name == "compiled" else sizes[::step]


@pytest.mark.parametrize("k", [1, 2, 5, 33])
@pytest.mark.parametrize("dtype", DTYPES)
def test_blocks_up_to_twice_a_tile_are_exact_and_change_only_out(kernels, dtype, k):
    rows, columns = 17, 2 * widest(dtype)[0] + 1
    a, b = small_integers(dtype, (rows, k), 1), small_integers(dtype, (k, columns), 2)
    exact = exact_product(a, b)
    memory = np.empty((rows + 2, columns + 2), dtype)
    expected = np.full_like(memory, CANARY)
    for m, n in cut_down(kernels, itertools.product(range(1, rows + 1), range(1, columns + 1)), 97):
        memory.fill(CANARY)
        kernels.matmul(a[:m], b[:, :n], out=memory[1 : m + 1, 1 : n + 1])
        expected[1 : m + 1, 1 : n + 1] = exact[:m, :n]
        assert (memory == expected).all(), (m, k, n)
        expected[1 : m + 1, 1 : n + 1] = CANARY


@pytest.mark.parametrize("k", [1, 2, 40])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_of_any_length_is_exact_and_changes_only_out(kernels, dtype, k):
    columns = 2 * widest(dtype)[1] + 1
    a, b = small_integers(dtype, (k,), 1), small_integers(dtype, (k, columns), 2)
    exact = exact_product(a, b)
    memory = np.empty(columns + 2, dtype)
    expected = np.full_like(memory, CANARY)
    for n in cut_down(kernels, range(1, columns + 1), 61):
        memory.fill(CANARY)
        kernels.matmul(a, b[:, :n], out=memory[1 : n + 1])
        expected[1 : n + 1] = exact[:n]
        assert (memory == expected).all(), (k, n)
        expected[1 : n + 1] = CANARY
        assert (kernels.matmul(b.T[:n], a) == exact[:n]).all(), (k, n)


DOT_LENGTHS = sorted({*range(1, 131), 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 2112, 4095, 4096, 4097})


@pytest.mark.parametrize("dtype", DTYPES)
def test_dot_products_of_any_length_are_exact(kernels, dtype):
    longest = DOT_LENGTHS[-1]
    a, b = small_integers(dtype, (9, longest), 1), small_integers(dtype, (longest,), 2)
    spread = np.full((9, 2 * longest), CANARY, dtype)
    spread[:, ::2] = a
    for k in cut_down(kernels, DOT_LENGTHS, 50):
        exact = exact_product(a[:, :k], b[:k])
        assert kernels.matmul(a[0, :k], b[:k]) == exact[0], k
        for m in (1, 3, 4, 5, 9):
            assert (kernels.matmul(a[:m, :k], b[:k]) == exact[:m]).all(), (m, k)
        assert (kernels.matmul(b[:k], a[:, :k].T) == exact).all(), k
        assert (kernels.matmul(spread[:, : 2 * k : 2], b[:k]) == exact).all(), k
        assert (kernels.matmul(a[:, :k], b[:k].repeat(2)[::2]) == exact).all(), k
        assert (kernels.matmul(a[:, k - 1 :: -1] if k < longest else a[:, ::-1], b[:k][::-1]) == exact).all(), k


@pytest.mark.parametrize("k", [511, 512, 513, 1023, 1024, 1025, 1537, 2049])
@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_over_several_blocks_of_k_are_exact(kernels, dtype, k):
    for m, n in cut_down(kernels, [(1, 1), (1, 50), (3, 2), (9, 49), (150, 3)], 5):
        a, b = small_integers(dtype, (m, k), 1), small_integers(dtype, (k, n), 2)
        exact = exact_product(a, b)
        out = np.full((m + 2, 2 * n), CANARY, dtype)
        kernels.matmul(a, b, out=out[1:-1, ::2])
        assert (out[1:-1, ::2] == exact).all(), (m, n)
        assert (kernels.matmul(a, b) == exact).all(), (m, n)
        out[1:-1, ::2] = CANARY
        assert (out == CANARY).all(), (m, n)


def test_products_with_several_packed_blocks_of_b_are_exact(kernels):
    """B has more than NC columns, with an odd rest, and A has so many rows that B is packed."""
    m, k, n = (150, 19, 9001) if kernels.name == "compiled" else (3, 4, 50)
    a, b = small_integers("f8", (m, k), 1), small_integers("f8", (k, n), 2)
    exact = exact_product(a, b)
    for factor in (b, np.asfortranarray(b), b[:, ::-1].copy()[:, ::-1]):
        assert (kernels.matmul(a, factor) == exact).all()


LAYOUTS = {
    "rows": lambda x: x.copy(),
    "columns": lambda x: np.asfortranarray(x),
    "apart": lambda x: np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3],
    "rows backwards": lambda x: x[::-1].copy()[::-1],
    "backwards": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "columns backwards": lambda x: np.asfortranarray(x[:, ::-1])[:, ::-1],
}


@pytest.mark.parametrize("layouts", [*itertools.product(LAYOUTS, repeat=2)], ids=" @ ".join)
def test_all_layouts_of_a_b_and_out_are_exact_at_the_edges(kernels, layouts):
    cases = itertools.product(["f4", "f8", "c16", "i8"], [1, 2, 4, 9], [1, 50], [1, 3, 8, 17, 25, 49])
    for dtype, m, k, n in cut_down(kernels, cases, 53):
        a, b = small_integers(dtype, (m, k), 1), small_integers(dtype, (k, n), 2)
        exact = exact_product(a, b)
        a, b = LAYOUTS[layouts[0]](a), LAYOUTS[layouts[1]](b)
        for name in ("rows", "columns", "apart", "backwards"):
            out = LAYOUTS[name](np.full((m, n), CANARY, dtype))
            kernels.matmul(a, b, out=out)
            assert (out == exact).all(), (m, k, n, dtype, name)


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", ["i8", "u8"])
def test_one_number_beyond_32_bits_is_multiplied_at_any_place(kernels, dtype, order):
    """Another tile multiplies 64-bit integers of which all fit 32 bits."""
    m, k, n = (40, 37, 41) if kernels.name == "compiled" else (4, 3, 5)
    limits = [2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, -(2**31), -(2**31) - 1, -(2**32), -(2**63)]
    for limit, row, column, is_left in itertools.product(limits, (0, -1), (0, 2, -1), (True, False)):
        a, b = (np.array(small_integers(dtype, shape), order=order) for shape in ((m, k), (k, n)))
        (a if is_left else b)[row, column] = limit % 2**64 if dtype == "u8" else limit
        assert (kernels.matmul(a, b) == np.matmul(a, b)).all(), (limit, row, column)


SHARED = {
    "wide": ((20, 400), (400, 4001)),
    "tall": ((4001, 400), (400, 20)),
    "a column": ((2001, 1100), (1100, 1)),
    "a vector": ((1101, 2500), (2500,)),
    "a row": ((1, 1100), (1100, 2001)),
    "a stack": ((15, 130, 150), (15, 150, 131)),
    "a stack of one B": ((2, 3, 130, 150), (150, 331)),
    "a stack of vectors": ((400, 70, 90), (90,)),
}


# Bands do not depend on the dtype, but on the size of its tile.
BANDS = [
    (shapes, dtype)
    for dtype in ("f8", "c8")
    for shapes in SHARED
    if EVERY_TEST or dtype == "f8" or "stack" not in shapes
]


@pytest.mark.parametrize(("shapes", "dtype"), BANDS)
def test_the_number_of_bands_does_not_change_a_bit(compiled, dtype, shapes):
    rng = np.random.default_rng(5)
    a, b = (rng.standard_normal(shape).astype(dtype) for shape in SHARED[shapes])
    if dtype == "c8":
        a, b = a + a[..., ::-1] * 1j, b - b[::-1] * 1j
    with contextlib.ExitStack() as stack:
        executors = [stack.enter_context(Counting(threads)) for threads in (1, 2, 3, 7)]
        for x, y in ((a, b), (a[..., ::-1], b), (np.asfortranarray(a), np.asfortranarray(b))):
            alone = compiled.matmul(x, y)
            assert np.allclose(alone, x @ y, atol=0.01)
            for executor in executors:
                assert compiled.matmul(x, y, threads=executor).tobytes() == alone.tobytes()
        assert all(executor.submitted for executor in executors)
