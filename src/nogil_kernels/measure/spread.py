"""Medians with the interval that holds the true one with 95 % confidence, by SciPy's bootstrap."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
RESAMPLES = 999
FEWEST = 3  # values; of less nothing can be said


@dataclass(frozen=True)
class Interval:
    """A median and the interval around it; without one where there were too few values to tell."""

    median: float
    low: float | None = None
    high: float | None = None

    @property
    def half_width(self) -> float:
        """Half of the interval, as a share of the median."""
        if self.low is None or self.high is None or not self.median:
            return float("inf")
        return (self.high - self.low) / 2 / self.median


def interval(values: Sequence[float]) -> Interval:
    """The median of the values and its interval: percentiles of the medians of samples drawn from them again."""
    if len(values) < FEWEST:
        return Interval(statistics.median(values))
    import numpy as np
    from scipy.stats import bootstrap

    drawn = bootstrap(
        (values,),
        np.median,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),  # the same report from the same file
    )
    low, high = drawn.confidence_interval
    return Interval(float(np.median(values)), float(low), float(high))


def ratio(base: Sequence[float], other: Sequence[float]) -> Interval:
    """How many times as fast `other` is as `base`, round by round."""
    return interval([b / o for b, o in zip(base, other, strict=False)])
