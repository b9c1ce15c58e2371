"""The checks that the twins make before they compute. The compiled kernels make the same ones, with three exceptions.

Twins refuse formats that a memoryview cannot read, such as those of ctypes. They accept unaligned numbers. They accept
an out that overlaps an input, since they read all input before they write.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Buffer


def check_gil(gil: str) -> None:
    """Raise ValueError unless gil is "auto", "release" or "hold"."""
    if gil not in ("auto", "release", "hold"):
        raise ValueError(f"gil must be 'auto', 'release' or 'hold', got {gil!r}")


def view_of(x: Buffer, format: str, ndim: int, writable: bool = False) -> Any:
    """Return a contiguous memoryview of x. Raise TypeError or ValueError if x has another layout. "d" means float64."""
    view = memoryview(x)
    if view.format != format or view.ndim != ndim or not view.c_contiguous:
        layout = "contiguous" if view.c_contiguous else "strided"
        actual = f"a {layout} one of format {view.format!r} with ndim {view.ndim}"
        raise ValueError(f"expected a contiguous buffer of format {format!r} with ndim {ndim}, got {actual}")
    if writable and view.readonly:
        raise ValueError(f"expected a writable buffer, got a read-only {type(x).__name__}")
    return view
