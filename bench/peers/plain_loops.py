"""What a user writes where no kernel is at hand: plain loops, compiled by numba. One of the peers."""

from typing import Any

from numba import njit  # type: ignore[import-not-found, import-untyped, unused-ignore]

# What lets the compiler use vectors and FMA; nothing that would change what inf and nan mean.
REORDER = {"reassoc", "contract"}


@njit(fastmath=REORDER)  # type: ignore[untyped-decorator, unused-ignore]
def squares(x: Any) -> float:
    """sum(v**2 for v in x), in float64."""
    total = 0.0
    for v in x:
        total += v * v
    return total


@njit(fastmath=REORDER)  # type: ignore[untyped-decorator, unused-ignore]
def triple_loop(a: Any, b: Any, out: Any) -> None:
    """out := a @ b; the innermost loop runs along rows, so that it is made of vectors."""
    rows, depth = a.shape
    columns = b.shape[1]
    for i in range(rows):
        for j in range(columns):
            out[i, j] = 0
        for p in range(depth):
            for j in range(columns):
                out[i, j] += a[i, p] * b[p, j]
