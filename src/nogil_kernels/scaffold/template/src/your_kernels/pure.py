"""The kernels' twins in pure Python. The tests compare the compiled kernels with them."""

from __future__ import annotations

from .checks import check_gil, view_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer


def sum_of_squares(x: Buffer, *, gil: str = "auto") -> float:
    """Return the sum of v * v over all v in x. gil is checked but has no effect, as pure Python holds it."""
    view = view_of(x, "d", 1)
    check_gil(gil)
    return float(sum(v * v for v in view))
