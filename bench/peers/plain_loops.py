"""The peer numba: plain loops, as a user without kernels would write them."""

from typing import Any

from numba import njit  # type: ignore[import-not-found, import-untyped, unused-ignore]

# These flags allow vectors and FMA. The other flags of fastmath would change results with inf and nan.
REORDER = {"reassoc", "contract"}


@njit(fastmath=REORDER)  # type: ignore[untyped-decorator, unused-ignore]
def squares(x: Any) -> float:
    """Return sum(v**2 for v in x), added in float64."""
    total = 0.0
    for v in x:
        total += v * v
    return total


@njit(fastmath=REORDER)  # type: ignore[untyped-decorator, unused-ignore]
def triple_loop(a: Any, b: Any, out: Any) -> None:
    """Compute out := a @ b. The innermost loop runs along rows, so the compiler can use vectors."""
    rows, depth = a.shape
    columns = b.shape[1]
    for i in range(rows):
        for j in range(columns):
            out[i, j] = 0
        for p in range(depth):
            for j in range(columns):
                out[i, j] += a[i, p] * b[p, j]
