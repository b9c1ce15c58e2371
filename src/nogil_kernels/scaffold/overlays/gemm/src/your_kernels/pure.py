"""The kernels' twins in plain Python: the reference that the tests hold the compiled ones to."""

from __future__ import annotations

from .checks import check_gil, view_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer


def matmul(a: Buffer, b: Buffer, out: Buffer, *, gil: str = "auto") -> None:
    """out := a @ b, summed in float64. gil is checked, and has no effect: plain Python cannot release the GIL."""
    format = "f" if memoryview(out).format.endswith("f") else "d"
    left, right, target = view_of(a, format, 2), view_of(b, format, 2), view_of(out, format, 2, writable=True)
    if (right.shape[0], *target.shape) != (left.shape[1], left.shape[0], right.shape[1]):
        raise ValueError(f"shapes do not fit: {left.shape} @ {right.shape} into {target.shape}")
    check_gil(gil)
    rows = right.tolist()
    for i, factors in enumerate(left.tolist()):
        for j in range(target.shape[1]):
            target[i, j] = sum(factor * row[j] for factor, row in zip(factors, rows, strict=True))
