"""The comparison: the same work in every way that Python offers, the GIL held and released.

Imports nothing heavy by itself, since workers import it too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report.suite import Report

Progress = Callable[[float, float], None]
"""Told after every sample: the seconds of measuring that are over, and those expected in all."""


def compare(
    workloads: str | Callable[[], object] | Sequence[str | Callable[[], object]] | None = None,
    *,
    ways: Sequence[str] | None = None,
    workers: Sequence[int] | None = None,
    weak: bool = False,
    quick: bool = False,
    seconds: float | None = None,
    pythons: Sequence[str] | None = (),
    executors: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Measure how work scales: by threads, processes, interpreters, asyncio, on this Python and on others.

    Strong scaling: all workers of a row share one and the same number of calls, fitted to the machine; of calls that
    take a second or so each worker makes one. A sample is the time from the moment when all of them start to the end of
    the last. All rows of all interpreters are measured in turn, round by round, so that a slow minute hits every one of
    them, until each is known to 1 % or time is up.

    workloads : names of workloads.WORKLOADS, functions without arguments, or their paths "module:function", one or
                several; None for all that have names. A function is called so many times in all; processes import it by
                its name
    ways      : names of workers.WAYS; None for all. Work done one call after the other is always measured
    workers   : the numbers of workers; None for 2, 4, ... and the usable cores (those that give equal shares)
    weak      : so many calls for each worker rather than for all of them
    quick     : measure for 5 seconds in place of 50
    seconds   : how long to measure; the first round is finished whatever this says
    pythons   : paths of other interpreters that run the same rows; free-threaded ones run them with the GIL off and on.
                None for the free-threaded ones on PATH
    executors : paths "package.module:factory"; factory(workers) returns a concurrent.futures.Executor, or one like it
    progress  : called after every sample with the seconds over and the seconds expected in all

    Returns a Report with at least one sample a row; its `notes` say what was left out, and why. On KeyboardInterrupt
    it returns what there is by then, marked `interrupted`, and raises only if there is nothing.

    Raises ValueError for a name that nothing has, a path that leads nowhere, and numbers below what makes sense; what a
    function itself raises; and MissingExtra (an ImportError) without pyperf, with the command that installs it.

    >>> from nogil_kernels.scaling import compare
    >>> report = compare(["squares-python"], ways=["threads"], workers=[2], seconds=0.1)
    >>> [(row.way, row.workers) for row in report.block("squares-python")]
    [('sequential', 1), ('threads', 2)]
    """
    from ..extras import require

    require("bench", "pyperf")
    from .run import comparison

    if seconds is not None and seconds <= 0:
        raise ValueError(f"seconds must be positive, not {seconds!r}")
    if isinstance(workloads, str) or callable(workloads):
        workloads = [workloads]
    request = comparison.request_of(workloads, ways, workers, weak, quick, executors)
    return comparison.measure(request, quick, seconds, pythons, progress or (lambda over, expected: None))
