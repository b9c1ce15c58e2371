"""What is compared: each workload says what one call is, how a worker makes it, and which ways make sense for it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from ...workers.errors import Unavailable as Unavailable
from ...workers.errors import Unknown
from ...workers.worker import resolve

if TYPE_CHECKING:
    from ...workers.shared import Folder
    from ...workers.worker import Job

WORKLOADS = {
    "squares-python": "squares:SquaresPython",
    "sum_of_squares": "kernels:SumOfSquares",
    "matmul": "kernels:Matmul",
    "numpy-dot": "numpy_dot:NumpyDot",
    "sleep": "waiting:Sleep",
    "file-read": "waiting:FileRead",
    "http-fetch": "http_fetch:HttpFetch",
    "counter": "counter:Counter",
    "convoy": "convoy:Convoy",
}
"""Name -> where it is, in the order of the report."""

PYTHON, HOLD, RELEASE = "python", "hold", "release"
"""Sides: pure Python, a kernel that holds the GIL, the same kernel with the GIL released."""

COMPUTING = ("sequential", "threads", "pool", "processes", "interpreters")
WAITING = ("sequential", "threads", "asyncio")

ARITHMETIC, MEMORY = "arithmetic", "memory"
"""What a call spends its time on: the native ceiling beside it does the same."""


class Workload:
    """One workload. What a subclass does not say is so."""

    name = ""
    size = ""
    """What one call works on, for people."""
    sides: Sequence[str] = ("",)
    """The sides of the comparison; one without a name where there is nothing to choose."""
    settings: Sequence[str] = ("",)
    """What else is varied, in words for people."""
    ways: Sequence[str] = COMPUTING
    limit: str = ARITHMETIC
    """The kind of native ceiling; "" for work that waits, which no number of cores limits."""
    at_once: int | None = None
    """How many calls wait at once, for work that waits; None for as many as there are workers."""
    calls: int | None = None
    """Calls in all; None to fit them to the machine."""
    updates: int = 0
    """Of one call, where `tally` tells how many of them were lost."""
    stays_on_core = True
    """Whether a worker may be kept to one core: not where a call starts threads of its own."""

    def __init__(self, folder: Folder) -> None:
        """Make what workers need; files for them go into `folder`. Raises Unavailable, with the reason."""

    def job(self, side: str, setting: str, way: str) -> Job:
        """How a worker makes its call. What it needs is imported there, and only there."""
        raise NotImplementedError

    def calls_of(self, side: str, setting: str) -> int | None:
        """Calls in all, where they depend on that."""
        return self.calls

    def missing(self, way: str) -> str:
        """Why it cannot run in this way, in a sentence; "" where it can."""
        return ""

    def around(self, side: str, setting: str) -> AbstractContextManager[object]:
        """What surrounds a sample."""
        return nullcontext()

    def tally(self, calls: int) -> int | None:
        """After a sample of so many calls: what was counted, e.g. updates that were lost."""
        return None

    def close(self) -> None:
        """End what was started for it."""


def find(name: str, folder: Folder) -> Workload:
    """The workload of that name, or the user's own function of that import path.

    Raises Unavailable where it cannot run here, Unknown for a name that nothing has, and for a path that leads nowhere.
    """
    if ":" in name:
        from .users import Users

        return Users(name)
    if name not in WORKLOADS:
        known = ", ".join(WORKLOADS)
        raise Unknown(f"no workload {name!r}: name one of {known}, or a function of yours as module:function")
    workload: Workload = resolve(f"{__name__}.{WORKLOADS[name]}")(folder)
    return workload
