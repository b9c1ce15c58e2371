"""The kernels' twins in plain Python: the reference that the tests hold the compiled ones to."""

from __future__ import annotations

from .checks import check_gil, view_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer


def sum_of_squares(x: Buffer, *, gil: str = "auto") -> float:
    """The sum of v * v over all v in x. gil is checked, and has no effect: plain Python cannot release the GIL."""
    view = view_of(x, "f", 1)
    check_gil(gil)
    return float(sum(v * v for v in view))
