"""The kernels' twins in pure Python. The tests compare the compiled kernels with them."""

from __future__ import annotations

from .checks import check_gil, view_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer


def polyval(c: Buffer, x: Buffer, out: Buffer, *, gil: str = "auto") -> None:
    """Write (c[0] * x[i] + c[1]) * x[i] + ... to out[i]. gil is checked but has no effect, as pure Python holds it."""
    coefficients, numbers, target = view_of(c, "d", 1), view_of(x, "d", 1), view_of(out, "d", 1, writable=True)
    if len(numbers) != len(target):
        raise ValueError(f"x and out must have the same length, got {len(numbers)} and {len(target)}")
    check_gil(gil)
    leading, *others = coefficients.tolist() or [0.0]
    for i, number in enumerate(numbers.tolist()):
        value_at_x = leading
        for coefficient in others:
            value_at_x = value_at_x * number + coefficient
        target[i] = value_at_x
