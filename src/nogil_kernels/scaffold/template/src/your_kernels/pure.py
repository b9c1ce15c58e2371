"""The kernels' twins in plain Python: the reference that the tests hold the compiled ones to."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Buffer


def sum_of_squares(x: Buffer, *, gil: str = "auto") -> float:
    """The sum of v * v over all v in x. gil is checked, and has no effect: plain Python cannot release the GIL."""
    view = float64(x)
    check_gil(gil)
    return float(sum(v * v for v in view))


def float64(x: Buffer) -> memoryview[Any]:
    """A view of what the kernels take: one axis, contiguous, float64."""
    view: memoryview[Any] = memoryview(x)
    if view.format != "d" or view.ndim != 1 or not view.c_contiguous:
        raise ValueError(f"a contiguous buffer of float64 with one axis is needed, not {x!r}")
    return view


def check_gil(gil: str) -> None:
    if gil not in ("auto", "release", "hold"):
        raise ValueError(f"gil must be 'auto', 'release' or 'hold', not {gil!r}")
