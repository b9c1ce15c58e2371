"""Medians of samples, with 95 % confidence intervals."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OUTSIDE = 0.025  # the largest probability that the true median is below the interval; the same for above
MIN_VALUES = 6  # 5 values contain the true median with 1 - 2 / 2**5 = 93.75 % confidence, which is too little


@dataclass(frozen=True)
class Interval:
    """A median and its confidence interval."""

    median: float
    low: float
    high: float
    has_95_percent: bool = True
    """Whether the interval contains the true median with 95 % confidence. False for fewer than MIN_VALUES values:
    `low` and `high` are then their minimum and maximum."""

    @property
    def half_width(self) -> float:
        """Half the width of the interval, relative to the median. Infinite without 95 % confidence."""
        return (self.high - self.low) / 2 / self.median if self.has_95_percent and self.median else math.inf

    def span(self, formatter: Callable[[float], str] = "{:.2f}".format) -> str:
        """Return "low to high", or an empty string without 95 % confidence."""
        return f"{formatter(self.low)} to {formatter(self.high)}" if self.has_95_percent else ""

    def text(self, formatter: Callable[[float], str] = "{:.2f}".format) -> str:
        """Return "median (low to high)", or only the median without 95 % confidence."""
        return formatter(self.median) + (f" ({self.span(formatter)})" if self.has_95_percent else "")


def interval(values: Sequence[float]) -> Interval:
    """Return the median with its distribution-free interval: the k-th smallest and the k-th largest value.

    For any distribution, the true median is below the k-th smallest of n values with the probability of fewer than k
    heads in n throws of a fair coin. k is the largest number for which that probability is at most OUTSIDE.
    Source: H. A. David, H. N. Nagaraja, Order Statistics, 3rd edition, section 7.1.
    """
    ordered, n = sorted(values), len(values)
    k, outside = 0, 1 / 2**n
    while outside <= OUTSIDE:
        k += 1
        outside += math.comb(n, k) / 2**n
    first = max(0, k - 1)
    return Interval(statistics.median(ordered), ordered[first], ordered[n - 1 - first], has_95_percent=k > 0)


def ratio(base: Sequence[float], other: Sequence[float]) -> Interval:
    """Return the speed-up of `other` over `base`, from samples of the same round. Ignore values without a partner."""
    return interval([base_seconds / other_seconds for base_seconds, other_seconds in zip(base, other, strict=False)])
