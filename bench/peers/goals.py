"""The goals, and the verdict on each of them.

A goal is met if the upper end of the ratio's 95 % interval reaches it, so noise alone does not make a goal missed. If
every case has to reach the goal, the verdict shows the case with the smallest ratio.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nogil_kernels.measure.samples import Interval

from .cases import FLOATS, PEAK_SIZE, READ, SUM_PEERS, Case
from .measured import ONE, TWO, Result

SQUARES = ("matmul-small", "matmul-square")
SUMS = ("sums-small", "sums")
COMPLEX, INTEGERS = ("complex64", "complex128"), ("int32", "int64")
READS = tuple(READ)


@dataclass(frozen=True)
class Goal:
    """nogil_kernels is `ratio` times as fast as the fastest of `against`, in every case or in their geometric mean.

    With `speed_up`, the speed-ups that two threads give are compared, not the times.
    """

    title: str
    against: tuple[str, ...]
    ratio: float
    groups: tuple[str, ...]
    sizes: Sequence[int] = range(1 << 62)  # all sizes
    dtypes: tuple[str, ...] = ()
    mean: bool = False
    speed_up: bool = False

    def concerns(self, case: Case | Result) -> bool:
        """Return whether the goal includes this case."""
        has_dtype = not self.dtypes or case.dtype in self.dtypes
        return has_dtype and case.group in self.groups and case.size in self.sizes


SIZES_FOR_TWO_THREADS = range(1 << 20, 1 << 62)  # sizes of a sum that gain from a second thread
NUMPY = ("numpy.matmul",)
DOT = ("numpy.dot",)
GOALS = (
    *(Goal("matmul, square, geometric mean", NUMPY, 1.4, SQUARES, dtypes=(t,), mean=True) for t in FLOATS),
    *(
        Goal("matmul, square, n >= 256, geometric mean", NUMPY, 1.05, SQUARES, range(256, 1 << 62), (t,), mean=True)
        for t in FLOATS
    ),
    Goal("matmul, square, every size", NUMPY, 0.95, SQUARES),
    Goal("matmul, n = 4 and 8", NUMPY, 3.0, SQUARES, (4, 8)),
    Goal(f"matmul, n = {PEAK_SIZE}, share of the peak", ("ceiling",), 0.92, SQUARES, (PEAK_SIZE,)),
    *(Goal("matmul, shapes, geometric mean", NUMPY, 1.25, ("matmul-shapes",), dtypes=(t,), mean=True) for t in FLOATS),
    Goal("matmul, shapes, each", NUMPY, 0.9, ("matmul-shapes",)),
    Goal("matmul, integers below 100", NUMPY, 10.0, ("matmul-types",), dtypes=INTEGERS),
    Goal("matmul, complex", NUMPY, 1.0, ("matmul-types",), dtypes=COMPLEX),
    *(Goal("sum of squares, every size", tuple(SUM_PEERS), 1.0, SUMS, dtypes=(t,)) for t in FLOATS),
    *(Goal("sum of squares, geometric mean", DOT, 1.5, SUMS, dtypes=(t,), mean=True) for t in FLOATS),
    Goal("sum of squares, share of memory's bandwidth", READS, 0.95, SUMS),
    Goal("sum of squares of 8 numbers", DOT, 3.0, SUMS, (8,), ("float64",)),
    Goal("sum of squares of 8 numbers", ("bottleneck.ss",), 1.0, SUMS, (8,), ("float64",)),
    Goal("sum of squares of integers, exact", DOT, 1.0, ("sums-types",)),
    Goal("matmul, threads=2", (f"numpy.matmul{TWO}",), 1.0, ("matmul-threads",)),
    Goal("matmul, threads=2", (f"nogil_kernels{ONE}",), 1.9, ("matmul-threads",)),
    Goal("sum of squares, threads=2, no loss", (f"nogil_kernels{ONE}",), 1.0, ("sums-threads",)),
    Goal("sum of squares, threads=2, speed-up", (f"ceiling{TWO}",), 0.95, ("sums-threads",), SIZES_FOR_TWO_THREADS,
         speed_up=True),
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """The measured ratio of a goal, and the cases that missed it."""

    goal: Goal
    measured: Interval
    cases: int
    worst: Result
    """The case with the smallest ratio."""
    peer: str
    """The fastest of the goal's peers in the worst case."""
    missed: int
    """The number of cases that missed the goal; for a mean, 1 or 0."""

    @property
    def met(self) -> bool:
        return not self.missed


def verdict(goal: Goal, results: Sequence[Result]) -> Verdict | None:
    """Return the verdict on a goal, or None if none of its cases was measured."""
    ratios: list[tuple[Interval, Result, str]] = []
    for case_result in filter(goal.concerns, results):
        if peer := case_result.fastest(goal.against):
            ratio = case_result.speed_up_ratio(peer) if goal.speed_up else case_result.ratio(peer)
            ratios.append((ratio, case_result, peer))
    if not ratios:
        return None
    measured_ratio, worst_case, peer = min(ratios, key=lambda candidate: candidate[0].high)
    missed = sum(interval.high < goal.ratio for interval, _, _ in ratios)
    if goal.mean:
        measured_ratio = geometric_mean([interval for interval, _, _ in ratios])
        missed = int(measured_ratio.high < goal.ratio)
    return Verdict(goal, measured_ratio, len(ratios), worst_case, peer, missed)


def geometric_mean(intervals: Sequence[Interval]) -> Interval:
    """Return the geometric mean of independent ratios, with its interval."""
    # In logarithms, the half width of the mean's interval is the root of the sum of the squared half widths,
    # divided by n.
    n = len(intervals)
    middle = [math.log(interval.median) for interval in intervals]
    mean = sum(middle) / n
    below = math.hypot(*(m - math.log(interval.low) for m, interval in zip(middle, intervals, strict=True))) / n
    above = math.hypot(*(math.log(interval.high) - m for m, interval in zip(middle, intervals, strict=True))) / n
    return Interval(math.exp(mean), math.exp(mean - below), math.exp(mean + above))
