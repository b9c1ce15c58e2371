"""The kernels' twins in plain Python: the reference that the tests hold the compiled ones to."""

from __future__ import annotations

from .checks import check_gil, view_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer


def polyval(c: Buffer, x: Buffer, out: Buffer, *, gil: str = "auto") -> None:
    """out[i] := (c[0] * x[i] + c[1]) * x[i] + ...; gil is checked, and has no effect: plain Python keeps the GIL."""
    coefficients, numbers, target = view_of(c, "d", 1), view_of(x, "d", 1), view_of(out, "d", 1, writable=True)
    if len(numbers) != len(target):
        raise ValueError(f"x and out must be of one length, not {len(numbers)} and {len(target)}")
    check_gil(gil)
    first, *others = coefficients.tolist() or [0.0]
    for i, number in enumerate(numbers.tolist()):
        result = first
        for coefficient in others:
            result = result * number + coefficient
        target[i] = result
