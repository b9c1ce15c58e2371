"""The kernels' twins in plain Python: the reference that the tests hold the compiled ones to."""

from __future__ import annotations

from .checks import check_gil, view_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer


def axpy(a: float, x: Buffer, y: Buffer, *, gil: str = "auto") -> None:
    """y := a * x + y, in place. gil is checked, and has no effect: plain Python cannot release the GIL."""
    added, target = view_of(x, "d", 1), view_of(y, "d", 1, writable=True)
    if len(added) != len(target):
        raise ValueError(f"x and y must be of one length, not {len(added)} and {len(target)}")
    check_gil(gil)
    for i in range(len(target)):
        target[i] += a * added[i]
