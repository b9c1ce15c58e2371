"""Medians, their intervals, and ratios of samples."""

import itertools
import random
import statistics

import pytest

from nogil_kernels.measure.samples import Interval, interval, ratio


@pytest.mark.parametrize("n", range(6, 13))
def test_an_interval_is_the_narrowest_with_95_percent_confidence(n):
    # Each of n samples is below the true median with probability 1/2: count all 2**n outcomes.
    below = [sum(coins) for coins in itertools.product((0, 1), repeat=n)]

    def confidence(k):
        """Return the share of outcomes in which the k-th smallest is below the median and the k-th largest above it."""
        return sum(k <= count <= n - k for count in below) / 2**n

    result = interval(range(1, n + 1))
    assert result.high == n + 1 - result.low
    assert confidence(result.low) >= 0.95 > confidence(result.low + 1)


# Ranks from scipy.stats.binom(n, 0.5).ppf(0.025) of SciPy 1.18.1, and their mirror images.
@pytest.mark.parametrize(("n", "low", "high"), [(20, 6, 15), (25, 8, 18), (30, 10, 21), (41, 14, 28), (100, 40, 61)])
def test_the_interval_of_many_samples_has_the_ranks_of_the_binomial_distribution(n, low, high):
    result = interval(range(1, n + 1))
    assert (result.low, result.high, result.has_95_percent) == (low, high, True)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_fewer_than_six_samples_have_no_95_percent_interval(count):
    result = interval([1.0 + i for i in range(count)])
    assert not result.has_95_percent
    assert (result.low, result.high, result.half_width) == (1.0, float(count), float("inf"))
    assert (result.span(), result.text()) == ("", f"{result.median:.2f}")


def test_an_interval_contains_the_median_and_is_deterministic():
    values = [1.0, 1.1, 0.9, 1.05, 0.95, 1.2, 1.0]
    result = interval(values)
    assert result.low < result.median == statistics.median(values) < result.high
    assert result == interval(values)
    assert result.half_width == pytest.approx((result.high - result.low) / 2 / result.median)


def test_equal_values_have_an_interval_of_width_zero():
    assert interval([2.0] * 9) == Interval(2.0, 2.0, 2.0)


def test_most_intervals_contain_the_true_median():
    draw = random.Random(1)
    intervals = [interval([draw.gauss(10.0, 1.0) for _ in range(15)]) for _ in range(60)]
    assert sum(result.low <= 10.0 <= result.high for result in intervals) >= 50


def test_a_ratio_ignores_rounds_that_only_one_series_has():
    assert ratio([4.0, 4.0, 4.0, 9.0], [2.0, 2.0, 2.0]).median == 2.0
