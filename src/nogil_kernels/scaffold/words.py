"""The words that differ between the example kernels, in the files that their projects share.

Shared files are written for `reduction` without SIMD. WORDS and SIMD_WORDS turn them into those of a variant.
"""

EXAMPLE = """\
>>> sum_of_squares(array("d", [3, 4]))
25.0
>>> sum_of_squares(array("d", range(1000)), gil="release")
332833500.0
"""
ELEMENTWISE_EXAMPLE = """\
>>> x, out = array("d", [1, 2, 3]), array("d", bytes(24))
>>> polyval(array("d", [1, 0, -1]), x, out=out, gil="release")  # x**2 - 1
>>> out
array('d', [0.0, 3.0, 8.0])
"""

DATA = """\
X = array("d", range(250_000))
LONG, SHORT = (X,), (X[:1_000],)
"""
ELEMENTWISE_DATA = """\
C, X = array("d", [0.1] * 30), array("d", bytes(8 * 50_000))
LONG, SHORT = (C, X, X), (C, X[:100], X[:100])
"""

STATEMENTS = """\
X: Any = np.arange(100_000.0)  # Any: before Python 3.12, an ndarray has not the type Buffer
STATEMENTS = {
    "sum_of_squares(x)": lambda: sum_of_squares(X),
    "np.sum(x * x)": lambda: np.sum(X * X),
    "np.dot(x, x)": lambda: np.dot(X, X),  # BLAS may use several threads
}
"""
ELEMENTWISE_STATEMENTS = """\
C: Any = np.full(30, 0.1)  # Any: before Python 3.12, an ndarray has not the type Buffer
X: Any = np.linspace(0, 1, 50_000)
OUT: Any = np.empty(50_000)
STATEMENTS = {
    "polyval(c, x, out)": lambda: polyval(C, X, OUT),
    "np.polyval(c, x)": lambda: np.polyval(C, X),
}
"""

# Kernel -> {text: replacement}. If several texts match at one place, the first one is replaced.
WORDS: dict[str, dict[str, str]] = {
    "reduction": {},
    "elementwise": {
        EXAMPLE: ELEMENTWISE_EXAMPLE,
        DATA: ELEMENTWISE_DATA,
        STATEMENTS: ELEMENTWISE_STATEMENTS,
        "import pure, sum_of_squares": "import polyval, pure",
        'sum_of_squares(x: Buffer, *, gil: _Gil = "auto") -> float': (
            'polyval(c: Buffer, x: Buffer, out: Buffer, *, gil: _Gil = "auto") -> None'
        ),
        "double (*sum_of_squares)(const double *x, ptrdiff_t n)": (
            "void (*polyval)(const double *c, ptrdiff_t terms, const double *x, double *out, ptrdiff_t n)"
        ),
        "sum_of_squares": "polyval",
    },
}

WHY_LINE = "- `docs/why.md`: for each line that is not obvious, what breaks without it\n"
SIMD_LINE = "- `docs/simd.md`: how the loops are compiled for several instruction sets, and how one is chosen\n"
SIMD_WORDS = {WHY_LINE: WHY_LINE + SIMD_LINE}
