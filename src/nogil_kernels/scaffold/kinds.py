"""The kinds of kernels that a project can start with, and the words in which the files that they share differ.

Shared files are written for `reduction`. A kind's words turn them into its own, before the answers are filled in.
"""

EXAMPLE = """\
>>> sum_of_squares(array("f", [3, 4]))
25.0
>>> sum_of_squares(array("f", range(1000)), gil="release")
332833500.0
"""
ELEMENTWISE_EXAMPLE = """\
>>> x, out = array("d", [1, 2, 3]), array("d", bytes(24))
>>> polyval(array("d", [1, 0, -1]), x, out, gil="release")  # x**2 - 1
>>> out
array('d', [0.0, 3.0, 8.0])
"""

DATA = """\
X = array("f", range(300_000))
LONG, SHORT = (X,), (X[:1_000],)
"""
ELEMENTWISE_DATA = """\
C, X = array("d", [0.1] * 30), array("d", bytes(8 * 50_000))
LONG, SHORT = (C, X, X), (C, X[:100], X[:100])
"""

# In this order: a word is replaced by the first that fits.
KINDS: dict[str, dict[str, str]] = {
    "reduction": {},
    "elementwise": {
        EXAMPLE: ELEMENTWISE_EXAMPLE,
        "float32, summed in float64": "float64",
        DATA: ELEMENTWISE_DATA,
        "import pure, sum_of_squares": "import polyval, pure",
        'sum_of_squares(x: Buffer, *, gil: _Gil = "auto") -> float': (
            'polyval(c: Buffer, x: Buffer, out: Buffer, *, gil: _Gil = "auto") -> None'
        ),
        "double (*sum_of_squares)(const float *x, ptrdiff_t n)": (
            "void (*polyval)(const double *c, ptrdiff_t terms, const double *x, double *out, ptrdiff_t n)"
        ),
        "sum_of_squares": "polyval",
    },
}
