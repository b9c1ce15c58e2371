"""The workloads. Each defines one call, how a worker creates it, and the ways that suit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from ...workers.errors import Unavailable as Unavailable
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
"""Name -> "module:class", in the order of the report."""

PYTHON, HOLD, RELEASE = "python", "hold", "release"
"""Sides: pure Python, a kernel that holds the GIL, the same kernel with the GIL released."""

COMPUTING = ("sequential", "threads", "pool", "processes", "interpreters")
WAITING = ("sequential", "threads", "asyncio")

INTERVALS = {"5 ms": 5e-3, "0.5 ms": 5e-4, "0.05 ms": 5e-5}
"""Settings of calls beside a thread that runs Python: the switch interval in seconds."""

ARITHMETIC, MEMORY = "arithmetic", "memory"
"""What limits the speed of a call. The native ceiling does the same type of work."""


class Workload:
    """One workload. Subclasses override these defaults."""

    name = ""
    size = ""
    """A description of the data of one call, for the report."""
    sides: Sequence[str] = ("",)
    """The sides of the comparison, or ("",) if there is only one."""
    settings: Sequence[str] = ("",)
    """Values of a further parameter, as shown in the report."""
    ways: Sequence[str] = COMPUTING
    limit: str = ARITHMETIC
    """ARITHMETIC, MEMORY, or "" for work that waits and has no native ceiling."""
    simultaneous_calls: int | None = None
    """The number of simultaneous calls of work that waits, or None for the number of workers."""
    calls: int | None = None
    """The total number of calls, or None to fit it to the machine."""
    updates: int = 0
    """The number of updates per call, if `lost` counts lost updates."""
    times_calls = False
    """Whether each call is timed, see `latencies`."""
    verdict = ""
    """The probe's verdict on a function of the user, see gil.GilReport. "" if undecided, and for other workloads."""
    hold = ""
    """The share of the time in which a function of the user holds the GIL, or the interval of that share: "62 %"."""
    seconds = 0.0
    """The seconds of a call, if the probe has measured them."""
    stays_on_core = True
    """Whether workers may be pinned to one core. This must be False if a call starts threads."""

    def __init__(self, folder: Folder) -> None:
        """Prepare the data of the workers, with files in `folder`. Raise Unavailable with the reason if that fails."""

    def probe(self) -> None:
        """Set `verdict`, `hold` and `seconds`, and no `limit` for work that waits."""

    def job(self, side: str, setting: str, way: str) -> Job:
        """Return the job of a worker. Its imports happen only in the worker."""
        raise NotImplementedError

    def calls_of(self, side: str, setting: str) -> int | None:
        """Return the total number of calls for this side and setting."""
        return self.calls

    def missing(self, way: str) -> str:
        """Return the reason why this way does not work, or ""."""
        return ""

    def around(self, side: str, setting: str) -> AbstractContextManager[object]:
        """Return the context manager in which each sample runs."""
        return nullcontext()

    def lost(self, calls: int) -> int | None:
        """Return the number of lost updates of a sample with this number of calls, or None if they are not counted."""
        return None

    def latencies(self) -> list[float] | None:
        """Return the seconds of each call since the last call of this method, or None if they are not timed singly."""
        return None

    def close(self) -> None:
        """Stop everything that the workload has started."""


def find(name: str, folder: Folder, files: Mapping[str, str], *, beside_python: bool = False) -> Workload:
    """Return the workload with this name, or one for the user's function with this import path.

    Raise Unknown if there is none, and Unavailable if it does not work in this environment.
    """
    if ":" in name and beside_python:
        from .convoy import FunctionBesidePython

        return FunctionBesidePython(name, files)
    if ":" in name:
        from .users import UserFunction

        return UserFunction(name, files)
    workload: Workload = resolve(f"{__name__}.{WORKLOADS[name]}")(folder)
    return workload
