"""The comparison: the same work in pure Python, with the GIL held and with it released, on 1, 2, ... workers.

Imports nothing heavy by itself, since workers import it too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report import Report

Progress = Callable[[float, float], None]
"""Told after every sample: the seconds of measuring that are over, and those expected in all."""

SECONDS = 24.0
QUICK_SECONDS = 6.5  # with import, calibration and the last round's overrun well under 10 s on two slow cores


def compare(
    *,
    quick: bool = False,
    workers: Sequence[int] | None = None,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Report:
    """Measure how sum_of_squares and matmul scale over threads: pure Python, GIL held, GIL released.

    Strong scaling: a row's workers share one and the same number of calls, fitted to the machine, whatever their
    number. A sample is the time from the moment when all of them start to the end of the last. All rows are measured
    in turn, round by round, so that a slow minute hits every one of them.

    quick    : measure for 6.5 seconds in place of 24, and at most three numbers of workers
    workers  : the numbers of workers; None for 1, 2, 4, ... and the usable cores (those that give equal shares)
    seconds  : how long to measure; the first round is finished whatever this says
    progress : called after every sample with the seconds over and the seconds expected in all

    Returns a Report with at least one sample a row. On KeyboardInterrupt it returns what there is by then, marked
    `interrupted`, and raises only if there is nothing. Without the compiled kernels there are only pure-Python rows.

    Raises ValueError for a number of workers or seconds below what makes sense, and
    MissingExtra (an ImportError) without pyperf, with the command that installs it.

    >>> from nogil_kernels.scaling import compare
    >>> report = compare(seconds=0.1, workers=(1, 2))
    >>> sorted({row.workload for row in report.rows})
    ['matmul', 'sum_of_squares']
    """
    from ..extras import require

    require("bench", "pyperf")
    from ..measure import machine
    from . import runner
    from .report import Report

    if seconds is None:
        seconds = QUICK_SECONDS if quick else SECONDS
    if seconds <= 0:
        raise ValueError(f"seconds must be positive, not {seconds!r}")
    counts = runner.worker_counts(machine.usable_cores(), quick) if workers is None else sorted({1, *workers})
    if counts[0] < 1:
        raise ValueError(f"workers must be 1 or more, not {counts[0]!r}")
    series, interrupted = runner.measure(counts, seconds, progress or (lambda over, expected: None))
    return Report.of(series, interrupted)
