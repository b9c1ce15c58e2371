"""Hold fractions that are known: each call alternates between holding the GIL and releasing it, for known CPU times."""

import statistics
import time
from collections.abc import Iterator

from rich.console import RenderableType

from nogil_kernels.gil import GilReport, probing, sampler

from .. import tables

PERIODS = (20e-6, 200e-6, 2e-3, 20e-3)  # seconds
TRUTHS = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
CALL_SECONDS = 10e-3  # the length of a call whose period is shorter: entering it costs 1 us, with the GIL held


def read(period: float, truth: float) -> GilReport:
    """Probe a call that holds the GIL for the share `truth` of each period."""
    arguments = period * truth, period * (1 - truth), max(1, round(CALL_SECONDS / period))
    return probing.measure(sampler.alternate, arguments, parallel=False, advise=False)


def run(times: int) -> Iterator[RenderableType]:
    """Yield the largest error of each cell, the number of intervals that contain the truth, and the costs."""
    table = tables.table("period", *(f"{truth:g}" for truth in TRUTHS), "largest")
    inside, seconds, costs = [], [], []
    for period in PERIODS:
        largest_errors = []
        for truth in TRUTHS:
            errors = []
            for _ in range(times):
                begin = time.perf_counter()
                report = read(period, truth)
                seconds.append(time.perf_counter() - begin)
                costs.append(report.sampler_cost)
                assert report.interval
                assert report.hold_fraction is not None
                inside.append(report.interval[0] <= truth <= report.interval[1])
                errors.append(report.hold_fraction - truth)
            largest_errors.append(max(errors, key=abs))
        cells = [f"{error:+.3f}" for error in largest_errors]
        table.add_row(f"{period * 1e6:,.0f} us", *cells, f"{max(map(abs, largest_errors)):.3f}")
    yield tables.titled("Largest error of the hold fraction, by period and truth", table)
    yield tables.note(
        f"{sum(inside)} of {len(inside)} intervals contain the truth. The longest probe took {max(seconds):.1f} s.\n"
        f"CPU time of the sampler, as a share of the probed time: mean {statistics.mean(costs):.1%},"
        f" maximum {max(costs):.1%}."
    )
