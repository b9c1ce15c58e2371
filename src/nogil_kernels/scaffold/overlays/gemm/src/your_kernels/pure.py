"""The kernels' twins in plain Python: the reference that the tests hold the compiled ones to."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Buffer


def matmul(a: Buffer, b: Buffer, out: Buffer, *, gil: str = "auto") -> None:
    """out := a @ b. gil is checked, and has no effect: plain Python cannot release the GIL."""
    target = matrix(out, memoryview(out).format)
    left, right = matrix(a, target.format), matrix(b, target.format)
    if target.readonly:
        raise ValueError("out must be writable")
    if (right.shape[0], *target.shape) != (left.shape[1], left.shape[0], right.shape[1]):
        raise ValueError(f"shapes do not fit: {left.shape} @ {right.shape} into {target.shape}")
    check_gil(gil)
    rows = right.tolist()
    for i, factors in enumerate(left.tolist()):
        for j in range(target.shape[1]):
            target[i, j] = sum(factor * row[j] for factor, row in zip(factors, rows, strict=True))


def matrix(x: Buffer, format: str) -> Any:
    """A view of what the kernels take: two axes, contiguous, all of float64 or all of float32."""
    view = memoryview(x)
    if view.format != format or format not in ("d", "f") or view.ndim != 2 or not view.c_contiguous:
        raise ValueError(f"contiguous buffers of float64 or float32 with two axes are needed, not {x!r}")
    return view


def check_gil(gil: str) -> None:
    if gil not in ("auto", "release", "hold"):
        raise ValueError(f"gil must be 'auto', 'release' or 'hold', not {gil!r}")
