"""What the twins look at before they compute, as the compiled kernels do.

Two things differ. Twins refuse formats that a memoryview cannot read, such as those of ctypes. And they take an
out that overlaps what they read, since they read all of it before they write.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Buffer


def check_gil(gil: str) -> None:
    if gil not in ("auto", "release", "hold"):
        raise ValueError(f"gil must be 'auto', 'release' or 'hold', not {gil!r}")


def view_of(x: Buffer, format: str, ndim: int, writable: bool = False) -> Any:
    """A memoryview of x, contiguous; format is that of the struct module: d is float64, f is float32."""
    view = memoryview(x)
    if view.format != format or view.ndim != ndim or not view.c_contiguous:
        given = f"{'a contiguous' if view.c_contiguous else 'a strided'} one of {view.format!r} with ndim {view.ndim}"
        raise ValueError(f"a contiguous buffer of format {format!r} with ndim {ndim} is needed, not {given}")
    if writable and view.readonly:
        raise ValueError(f"a buffer that may be written is needed, not a {type(x).__name__} that is read-only")
    return view
