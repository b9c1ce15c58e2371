"""Medians of samples, each with the interval that holds the true median with 95 % confidence."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OUTSIDE = 0.025  # the probability that the true median lies below the interval, and that it lies above
FEWEST = 6  # of 5 values, even the smallest and the largest hold it with 93.75 % only: 1 - 2 / 2**5


@dataclass(frozen=True)
class Interval:
    """A median and the interval around it."""

    median: float
    low: float
    high: float
    sure: bool = True
    """Whether the interval holds the true median with 95 % confidence. If not, there were fewer than FEWEST values, and
    `low` and `high` are the smallest and the largest of them."""

    @property
    def half_width(self) -> float:
        """Half of the interval, as a share of the median; infinite without 95 % confidence."""
        return (self.high - self.low) / 2 / self.median if self.sure and self.median else math.inf

    def span(self, written: Callable[[float], str] = "{:.2f}".format) -> str:
        """Return "low to high"; an empty string without 95 % confidence."""
        return f"{written(self.low)} to {written(self.high)}" if self.sure else ""

    def text(self, written: Callable[[float], str] = "{:.2f}".format) -> str:
        """Return "median (low to high)"; the median alone without 95 % confidence."""
        return written(self.median) + (f" ({self.span(written)})" if self.sure else "")


def interval(values: Sequence[float]) -> Interval:
    """Return the median with its distribution-free interval: two of the values, counted in from both ends.

    The true median lies below the k-th smallest of n values with the probability that a fair coin shows fewer than k
    heads in n throws, whatever the distribution. k is the largest for which that is at most OUTSIDE.
    Source: H. A. David, H. N. Nagaraja, Order Statistics, 3rd edition, section 7.1.
    """
    ordered, n = sorted(values), len(values)
    k, outside = 0, 1 / 2**n
    while outside <= OUTSIDE:
        k += 1
        outside += math.comb(n, k) / 2**n
    first = max(0, k - 1)
    return Interval(statistics.median(ordered), ordered[first], ordered[n - 1 - first], sure=k > 0)


def ratio(base: Sequence[float], other: Sequence[float]) -> Interval:
    """Return how many times as fast `other` is as `base`, round by round; the longer one's last rounds do not count."""
    return interval([b / o for b, o in zip(base, other, strict=False)])
