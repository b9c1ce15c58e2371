"""Which sentences about a speed-up the measurement supports.

There must be six values, the whole interval must agree, and native threads must have gained what the cores promise.
"""

from collections.abc import Sequence

from ...measure.samples import MIN_VALUES, Interval
from ..workloads import MEMORY
from .labels import counted
from .suite import Report, Row

FLAT = 1.25  # a speed-up up to this counts as none: noise and the caches of further cores can cause it
WIDE = 0.2  # of the median: a wider interval is shown
SANE = 0.9, 1.1  # the speed-up of native threads on free cores, divided by the number of these cores


def threads_of(report: Report, rows: Sequence[Row]) -> dict[str, Row]:
    """Return side -> row of the most threads whose speed-ups are supported, or of the most threads if none are.

    Functions that are async have no threads, so their tasks count.
    """
    way = "threads" if any(row.way == "threads" for row in rows) else "asyncio"
    threads = [row for row in rows if row.way == way and row.workers > 1]
    counts = sorted({row.workers for row in threads}, reverse=True)
    groups = [{row.side: row for row in threads if row.workers == count} for count in counts]
    supported = (group for group in groups if not any(missing(report, row) for row in group.values()))
    return next(supported, groups[0] if groups else {})


def missing(report: Report, row: Row) -> str:
    """Return what is missing for a sentence about the speed-up of a row, or ""."""
    baseline = report.baseline(row)
    starts = min(len(row.values), len(baseline.values)) if baseline else 0
    if starts < MIN_VALUES:
        return f"no speed-up after {starts} of {MIN_VALUES} starts"
    return _missing_cores(report, row) if row.limit else ""  # work that waits needs no cores


def _missing_cores(report: Report, row: Row) -> str:
    """Return why native threads did not gain as much as the number of cores promises, or ""."""
    facts, ceiling = report.facts, report.ceiling(row)
    cores = min(row.workers, int(facts["nk_usable_cores"]))
    if cores == 1:
        return "a speed-up needs two usable cores"
    if ceiling is None:
        return "no native threads to compare with"
    share, (low, high) = ceiling.median / cores, SANE
    if low <= share <= high:
        return ""
    gained = f"{ceiling.median:.2f}x of {cores}"
    if share > high:
        return f"native threads gained {gained}, so other programs disturbed the single thread: measure again"
    if row.limit == MEMORY:
        return f"native threads that read memory gained only {gained}, so memory or other programs limit the speed-up"
    physical = int(facts.get("nk_physical_cores", cores))
    if physical < cores:
        return f"native threads gained only {gained}, as they share {counted(physical, 'physical core')}"
    return f"native threads gained only {gained}, so other programs used the cores: measure again"


def is_flat(report: Report, row: Row | None) -> bool:
    """Return whether the measurement supports that the workers gain nothing."""
    speed_up = _supported(report, row)
    return speed_up is not None and speed_up.high <= FLAT


def is_gain(report: Report, row: Row | None) -> bool:
    """Return whether the measurement supports that the workers gain something."""
    speed_up = _supported(report, row)
    return speed_up is not None and speed_up.low > FLAT


def _supported(report: Report, row: Row | None) -> Interval | None:
    return None if row is None or missing(report, row) else report.speed_up(row)


def gain(report: Report, row: Row) -> str:
    """Return the median speed-up of a row as text, with its interval if that is wide."""
    speed_up = report.speed_up(row)
    assert speed_up is not None
    is_wide = speed_up.has_95_percent and speed_up.high - speed_up.low > WIDE * speed_up.median
    return times(speed_up.median) + (f" ({times(speed_up.low)} to {times(speed_up.high)})" if is_wide else "")


def times(speed_up: float) -> str:
    """Return a number with two decimals below 10: "1.98x", "28x"."""
    return f"{speed_up:.2f}x" if speed_up < 9.995 else f"{speed_up:.0f}x"


def too_wide(report: Report, row: Row, bound: float) -> str:
    """Return a clause if the interval of the speed-up contains the bound, or ""."""
    speed_up = report.speed_up(row)
    if speed_up is None or not speed_up.low <= bound < speed_up.high:
        return ""
    return f"the interval {times(speed_up.low)} to {times(speed_up.high)} is too wide to say more"
