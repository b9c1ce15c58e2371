"""One sample of a row."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from ...workers.crew import Crew
from ..rows import Row, Sample
from ..workloads import Workload


def take(row: Row, workload: Workload, crew: Crew, rows: Sequence[Row]) -> Sample:
    """Return one sample of a row. Its workers are those that were started for the row with the most of them."""
    started_workers = max(other.workers for other in rows if (other.workload, other.way) == (row.workload, row.way))
    job = workload.job(row.side, row.setting, row.way)
    with workload.around(row.side, row.setting):
        timing = crew.run(row.way, started_workers, job, row.calls // row.workers, row.workers, workload.stays_on_core)
    seconds, p99 = timing.seconds, None
    if latencies := workload.latencies():
        seconds, p99 = statistics.median(latencies) * row.calls, percentile99(latencies)
    return Sample(seconds, timing.overhead, workload.lost(row.calls), p99, timing.kept_waiting, timing.own_threads)


def percentile99(values: Sequence[float]) -> float:
    """Return the least value that 99 % of the values do not exceed."""
    return sorted(values)[-(-99 * len(values) // 100) - 1]
