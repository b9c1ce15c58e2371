"""The cases of the comparison, and the statement that each peer executes. Nothing is timed here.

Read the statements to judge whether the comparison is fair. They are executed exactly as written here, on the same
inputs, in the same process and the same rounds. A peer's name, or its part before the comma, is a key of IMPORTS. All
functions are global names, so no peer pays for an attribute look-up. Inputs are C-contiguous and random unless the case
says otherwise, and products are written to `out`. Sums of float32 are different work: nogil_kernels and numkong convert
to float64 before squaring, NumPy and bottleneck stay in float32, and numba's loop squares in float32 and adds in
float64. The report shows the error of each peer.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nogil_kernels.measure import machine
from nogil_kernels.measure.ceiling import WAYS_TO_READ

Normal = Callable[..., Any]

GROUPS = {
    "matmul-small": "C := A @ B, square and small, so the cost of the call dominates",
    "matmul-square": "C := A @ B, square",
    "matmul-shapes": "C := A @ B, skewed, odd, transposed, strided and stacked",
    "matmul-types": "C := A @ B, integers and complex numbers",
    "sums-small": "sum of squares of few numbers, so the cost of the call dominates",
    "sums": "sum of squares, from sizes that fit L1 to sizes beyond all caches",
    "sums-types": "sum of squares of integers, exact",
    "matmul-threads": "C := A @ B on two threads",
    "sums-threads": "sum of squares on two threads",
}

IMPORTS = {
    "nogil_kernels": "from nogil_kernels import matmul, sum_of_squares",
    "numpy.matmul": "from numpy import matmul as np_matmul",
    "numpy.matmul, threads=2": "from bench.peers.two_threads import np_matmul",
    "numpy.dot": "from numpy import dot as np_dot",
    "numpy.vecdot": "from numpy import vecdot as np_vecdot",
    "numpy.linalg.norm": "from numpy.linalg import norm",
    "numpy.einsum": "from numpy import einsum",
    "scipy.linalg.blas": "from scipy.linalg.blas import cgemm, dgemm, sgemm, zgemm",
    "bottleneck.ss": "from bottleneck import ss",
    "numkong.dot": "from numkong import dot as nk_dot",
    "numba": "from bench.peers.plain_loops import squares, triple_loop",
    "blis": "from blis.py import gemm as blis_gemm",
    "ceiling": "from nogil_kernels.measure.ceiling import multiply_adds, read",
    "ceiling, threads=2": "from bench.peers.two_threads import read_halves",
}

FLOATS = ("float64", "float32")

# -- matmul ------------------------------------------------------------------------------------------------------------

MATMUL = {"nogil_kernels": "matmul(a, b, out=out)", "numpy.matmul": "np_matmul(a, b, out=out)"}

# BLAS expects column-major matrices. SciPy gets the transposed views, out.T = b.T @ a.T, and copies nothing.
LETTERS = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}
GEMM = {dtype: f"{letter}gemm(1.0, b_t, a_t, c=out_t, overwrite_c=True)" for dtype, letter in LETTERS.items()}
TRIPLE_LOOP = {"numba": "triple_loop(a, b, out)"}
BLIS = {"blis": "blis_gemm(a, b, out=out, beta=0.0)"}  # beta=0.0: overwrite out. The package blis uses AVX2 at most.
PEAK = {"ceiling": "multiply_adds(dtype, steps)"}  # multiply-adds in registers only, as many as the case has

SMALL = (2, 3, 4, 8, 12, 16)
SQUARE = (24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
PEAK_SIZE = 1024
TRIPLE_LOOP_UP_TO = 384  # a call takes about 50 ms on a slow machine
BLIS_UP_TO = 1024

SHAPES = {
    "1000x1000 @ vector": ("normal(1000, 1000)", "normal(1000)"),
    "vector @ 1000x1000": ("normal(1000)", "normal(1000, 1000)"),
    "vector @ vector, 1000": ("normal(1000)", "normal(1000)"),
    "10000x8 @ 8x8": ("normal(10000, 8)", "normal(8, 8)"),
    "8x10000 @ 10000x8": ("normal(8, 10000)", "normal(10000, 8)"),
    "100x1000 @ 1000x100": ("normal(100, 1000)", "normal(1000, 100)"),
    "prime, 127": ("normal(127, 127)", "normal(127, 127)"),
    "prime, 509": ("normal(509, 509)", "normal(509, 509)"),
    "prime, 1021": ("normal(1021, 1021)", "normal(1021, 1021)"),
    "a.T @ b, 500": ("normal(500, 500).T", "normal(500, 500)"),
    "a @ b.T, 500": ("normal(500, 500)", "normal(500, 500).T"),
    "a.T @ b.T, 500": ("normal(500, 500).T", "normal(500, 500).T"),
    "a[::2, ::2] @ b, 500": ("normal(1000, 1000)[::2, ::2]", "normal(500, 500)"),
    "a @ b[::2, ::2], 500": ("normal(500, 500)", "normal(1000, 1000)[::2, ::2]"),
    "10000 of 4x4 @ 4x4": ("normal(10000, 4, 4)", "normal(10000, 4, 4)"),
}
TYPES_SIZE = 256
TYPES = ("int32", "int64", "complex64", "complex128")

# -- sum of squares ----------------------------------------------------------------------------------------------------

SUM = {"nogil_kernels": "sum_of_squares(x)"}
SUM_PEERS = {
    "numpy.dot": "np_dot(x, x)",
    "numpy.vecdot": "np_vecdot(x, x)",
    "numpy.linalg.norm": "norm(x) ** 2",
    "numpy.einsum": "einsum('i,i', x, x)",
    "bottleneck.ss": "ss(x)",
    "numkong.dot": "nk_dot(x, x)",
    "numba": "squares(x)",
}
READ = {f"ceiling, read(x, {s}, prefetch={p})": f"read(x, {s}, prefetch={p})" for s, p in WAYS_TO_READ}
INTEGER_SUM = {**SUM, "numpy.dot": "np_dot(as_int64, as_int64)"}  # the conversion to int64 is not timed

SMALL_SUMS = (1, 8, 10, 100)
LARGE_SUMS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000)
INTEGER_COUNT = 100_000
FLOAT_SUMS = ("sums-small", "sums")  # the groups in which the error of each peer is measured
CHUNK = 1 << 20  # the exact sum converts this many numbers to long double at a time

# -- threads -----------------------------------------------------------------------------------------------------------

MATMUL_THREADS = {
    "nogil_kernels, threads=2": "matmul(a, b, out=out, threads=2)",
    "nogil_kernels, threads=1": "matmul(a, b, out=out)",
    "numpy.matmul, threads=2": "np_matmul(a, b, out=out)",
}
SUM_THREADS = {
    "nogil_kernels, threads=2": "sum_of_squares(x, threads=2)",
    "nogil_kernels, threads=1": "sum_of_squares(x)",
    "ceiling, threads=2": "read_halves(x)",
    "ceiling, threads=1": "read(x, 2, prefetch=True)",
}
SHARED_SUMS = {"0.8 MB": 100_000, "16 MB": 2_000_000, "320 MB": 40_000_000}

# -- sizes of --quick --------------------------------------------------------------------------------------------------

GROUPS_WITH_MANY_SIZES = ("matmul-small", "matmul-square", "sums-small", "sums")
QUICK_SIZES = (2, 8, 32, 128, 512, 1024, 10, 1_000, 100_000, 50_000_000)


@dataclass(frozen=True)
class Case:
    """The same work for several peers: one setup, executed once, and one statement per peer, nogil_kernels first."""

    group: str
    name: str
    dtype: str
    size: int
    setup: str
    statements: Mapping[str, str]

    def inputs(self, normal: Normal | None = None) -> dict[str, Any]:
        """Execute the setup; return the namespace of the statements. Tests pass a `normal(*shape)` of their own."""
        namespace: dict[str, Any] = {"np": np, "dtype": self.dtype, "normal": normal or random_numbers(self.dtype)}
        exec(self.setup, namespace)
        return namespace


def random_numbers(dtype: str) -> Normal:
    """Return `normal(*shape)`: standard normal numbers, or integers from 0 to 99, whose squares int64 can sum up."""
    rng, element = np.random.default_rng(0), np.dtype(dtype)

    def normal(*shape: int) -> Any:
        if element.kind in "iu":
            return rng.integers(0, 100, shape, element)
        real = np.float32 if dtype in ("float32", "complex64") else np.float64
        if element.kind == "f":
            return rng.standard_normal(shape, real)
        return rng.standard_normal((*shape, 2), real).view(element)[..., 0]

    return normal


def operations_and_bytes(inputs: Mapping[str, Any]) -> tuple[int, int]:
    """Return the floating-point or integer operations of a case with these inputs, and the bytes of its operands."""
    if "x" in inputs:
        return 2 * inputs["x"].size, inputs["x"].nbytes
    a, b, out = (inputs[name] for name in ("a", "b", "out"))
    multiply_add = 8 if out.dtype.kind == "c" else 2  # complex: 4 products, 4 additions
    return multiply_add * out.size * a.shape[-1], a.nbytes + b.nbytes + out.nbytes


def cases(quick: bool = False) -> list[Case]:
    """Return the cases, ordered by group. `quick` skips sizes in the groups that have many."""
    all_cases = [*matmul_squares(), *matmul_shapes(), *matmul_types(), *sums(), *integer_sums(), *two_threads()]
    all_cases.sort(key=lambda case: list(GROUPS).index(case.group))
    return [
        case for case in all_cases if not quick or case.size in QUICK_SIZES or case.group not in GROUPS_WITH_MANY_SIZES
    ]


def matmul_case(group: str, name: str, dtype: str, size: int, a: str, b: str, statements: Mapping[str, str]) -> Case:
    setup = f"""
a, b = {a}, {b}
out = np.empty(a.shape[:-1] + (b.shape[-1:] if b.ndim > 1 else ()), a.dtype)
a_t, b_t, out_t = a.T, b.T, out.T
"""
    return Case(group, name, dtype, size, setup, statements)


def matmul_squares() -> Iterator[Case]:
    for dtype in FLOATS:
        for n in SMALL + SQUARE:
            statements = MATMUL | {"scipy.linalg.blas": GEMM[dtype]}
            statements |= TRIPLE_LOOP if n <= TRIPLE_LOOP_UP_TO else {}
            statements |= BLIS if n <= BLIS_UP_TO else {}
            statements |= PEAK if n == PEAK_SIZE else {}
            normal = f"normal({n}, {n})"
            yield matmul_case(
                "matmul-small" if n in SMALL else "matmul-square", f"n = {n}", dtype, n, normal, normal, statements
            )


def matmul_shapes() -> Iterator[Case]:
    for dtype in FLOATS:
        for name, (a, b) in SHAPES.items():
            yield matmul_case("matmul-shapes", name, dtype, 0, a, b, MATMUL)


def matmul_types() -> Iterator[Case]:
    for dtype in TYPES:
        extra_statements = {"scipy.linalg.blas": GEMM[dtype]} if dtype in GEMM else TRIPLE_LOOP
        name, normal = f"n = {TYPES_SIZE}", f"normal({TYPES_SIZE}, {TYPES_SIZE})"
        yield matmul_case("matmul-types", name, dtype, TYPES_SIZE, normal, normal, MATMUL | extra_statements)


def sums() -> Iterator[Case]:
    for dtype in FLOATS:
        caches = {machine.cache_bytes(level): f"L{level}: " for level in (1, 2, 3)}
        name_by_cache_size = {size // np.dtype(dtype).itemsize: name for size, name in caches.items() if size}
        for n in sorted({*SMALL_SUMS, *LARGE_SUMS, *(size for size in name_by_cache_size if size < LARGE_SUMS[-1])}):
            group, name = "sums-small" if n in SMALL_SUMS else "sums", f"{name_by_cache_size.get(n, '')}{n:,}"
            statements = SUM | SUM_PEERS | (READ if n == LARGE_SUMS[-1] else {})
            yield Case(group, name, dtype, n, f"x = normal({n})", statements)


def integer_sums() -> Iterator[Case]:
    for dtype in ("int64", "uint8"):
        setup = f"x = normal({INTEGER_COUNT})\nas_int64 = x.astype(np.int64)"
        yield Case("sums-types", f"{INTEGER_COUNT:,}", dtype, INTEGER_COUNT, setup, INTEGER_SUM)


def two_threads() -> Iterator[Case]:
    normal = f"normal({PEAK_SIZE}, {PEAK_SIZE})"
    yield matmul_case("matmul-threads", f"n = {PEAK_SIZE}", "float64", PEAK_SIZE, normal, normal, MATMUL_THREADS)
    for name, n in SHARED_SUMS.items():
        yield Case("sums-threads", name, "float64", n, f"x = normal({n})", SUM_THREADS)
