"""The kernels' twins in plain Python: the reference that the tests hold the compiled ones to."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Buffer


def axpy(a: float, x: Buffer, y: Buffer, *, gil: str = "auto") -> None:
    """y := a * x + y, in place. gil is checked, and has no effect: plain Python cannot release the GIL."""
    added, target = float64(x), float64(y)
    if target.readonly:
        raise ValueError("y must be writable")
    if len(added) != len(target):
        raise ValueError(f"x and y must be of one length, not {len(added)} and {len(target)}")
    check_gil(gil)
    for i in range(len(target)):
        target[i] += a * added[i]


def float64(x: Buffer) -> memoryview[Any]:
    """A view of what the kernels take: one axis, contiguous, float64."""
    view: memoryview[Any] = memoryview(x)
    if view.format != "d" or view.ndim != 1 or not view.c_contiguous:
        raise ValueError(f"a contiguous buffer of float64 with one axis is needed, not {x!r}")
    return view


def check_gil(gil: str) -> None:
    if gil not in ("auto", "release", "hold"):
        raise ValueError(f"gil must be 'auto', 'release' or 'hold', not {gil!r}")
