"""Helpers of the tests of a start: a start in this process, its rows, and a workload that sleeps."""

import time
from contextlib import closing, contextmanager

from nogil_kernels.scaling.run.request import Request
from nogil_kernels.scaling.run.start import Start
from nogil_kernels.scaling.workloads import Workload
from nogil_kernels.workers import worker
from nogil_kernels.workers.errors import Unavailable
from nogil_kernels.workers.shared import Folder

FAST = ("sequential", "threads")
SQUARES = "user_functions:squares"


@contextmanager
def started(workloads, ways=FAST, workers=(2,), steps=None, **options):
    """Yield a start of the workers in this process."""
    request = Request(tuple(workloads), tuple(ways), tuple(workers), **options)
    doing = (lambda *step: None) if steps is None else lambda *step: steps.append(step)
    with Folder() as folder, closing(Start(request, folder, doing)) as start:
        yield start


def rows_of(start, workload):
    return [(row.side, row.way, row.workers) for row in start.rows if row.workload == workload]


class Nap(Workload):
    """Sleep for 0.1 s per call."""

    name = "nap"
    size = "0.1 s"
    ways = FAST
    limit = ""

    def job(self, side, setting, way):
        return worker.Job("functools:partial", (time.sleep, 0.1))


def unavailable(*arguments, **options):
    raise Unavailable("no naps")
