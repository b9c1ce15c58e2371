"""Compare the same work in all ways that Python offers, with the GIL held and released.

Workers import this module, so it imports little itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report import Report

Progress = Callable[[float, float], None]
"""progress(elapsed, expected) is called after every sample, with the elapsed and the expected total seconds."""


def compare(
    workloads: str | Callable[[], object] | Sequence[str | Callable[[], object]] | None = None,
    *,
    ways: str | Sequence[str] | None = None,
    workers: int | Sequence[int] | None = None,
    weak: bool = False,
    quick: bool = False,
    seconds: float | None = None,
    pythons: str | Sequence[str] | None = (),
    executors: str | Sequence[str] = (),
    beside_python: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Measure how work scales with threads, processes, interpreters and coroutines.

    A row of the report is one workload in one way, with one number of workers. The workers of a row share a number of
    calls that is fitted to the machine. A sample is the time from the start of the first worker to the end of the last
    one. Each round takes one sample of every row. The workers start six times, in new processes if possible: each start
    gives one value per row, and these six values give its interval. Before that, `gil.probe` gives a verdict on each
    function: does it hold the GIL?

    Parameters
    ----------
    workloads : str, callable or sequence of these, optional
        Names from workloads.WORKLOADS, functions without arguments, or their paths "module:function". All of WORKLOADS
        by default. Functions run in other processes, unless one of them is a lambda or is of __main__: then all run in
        this one. An `async def` function runs in an event loop, several calls at once.
    ways : str or sequence of str, optional
        Names from workers.WAYS, all by default. Sequential calls are always measured.
    workers : int or sequence of int, optional
        The numbers of workers. The default is 2, 4, ... and the number of usable cores.
    weak : bool
        Weak scaling: the calls are per worker instead of shared.
    quick : bool
        Measure for 8 seconds, and 3 more for each further workload, instead of 80. Look for no interpreters on PATH.
    seconds : float, optional
        How long to measure. The first round is always completed.
    pythons : str or sequence of str, optional
        Paths of other interpreters to measure. Free-threaded ones run with the GIL off and on. None means the
        free-threaded interpreters on PATH.
    executors : str or sequence of str
        Paths "package.module:factory" of further ways. factory(workers) must return an executor.
    beside_python : bool
        Measure the time of single calls instead, alone and beside a thread that runs Python, for three switch
        intervals. A function with a parameter `gil` is measured with "hold" and "release".
    progress : callable, optional
        progress(elapsed, expected) is called after every sample, with seconds.

    Returns
    -------
    Report
        Every row has at least one sample. `notes` lists what was skipped and why. After Ctrl-C, the report contains
        the samples taken so far, and `interrupted` is true.

    Raises
    ------
    ValueError
        If a name or path does not exist, or a number is out of range.
    Failed
        If every function failed. The text has their tracebacks. If only some failed, `notes` says how.
    MissingExtra
        If pyperf is not installed.
    KeyboardInterrupt
        If there are no samples yet.

    Examples
    --------
    >>> from nogil_kernels.scaling import compare
    >>> report = compare(["squares-python"], ways=["threads"], workers=[2], seconds=0.1)
    >>> [(row.way, row.workers) for row in report.block("squares-python")]
    [('sequential', 1), ('threads', 2)]
    """
    from ..extras import require

    require("bench", "pyperf")
    from ..workers import worker
    from .run import comparison
    from .run.request import other_pythons, request_of

    previous_path = sys.path[:]  # workers of this process change it
    if seconds is not None and not seconds > 0:
        raise ValueError(f"seconds must be positive, got {seconds!r}")
    try:
        request = request_of(workloads, ways, workers, weak, quick, executors, beside_python)
        others = None if pythons is None else other_pythons(pythons)
        return comparison.measure(request, others, quick, seconds, progress or (lambda elapsed, expected: None))
    finally:
        worker.local_functions.clear()
        worker.pickled_functions.clear()
        sys.path[:] = previous_path
