"""Medians, their intervals, and ratios of samples."""

import itertools
import random
import statistics

import pytest

from nogil_kernels.measure.samples import Interval, interval, ratio


@pytest.mark.parametrize("n", range(6, 13))
def test_an_interval_is_the_narrowest_that_holds_the_median_with_95_percent(n):
    # Whether each of n samples lies below the true median is a fair coin: count all 2**n outcomes.
    below = [sum(coins) for coins in itertools.product((0, 1), repeat=n)]

    def held(k):
        """The share of outcomes in which the k-th smallest lies below the median, and the k-th largest above it."""
        return sum(k <= count <= n - k for count in below) / 2**n

    found = interval(range(1, n + 1))
    assert found.high == n + 1 - found.low
    assert held(found.low) >= 0.95 > held(found.low + 1)


# The ranks that scipy.stats.binom(n, 0.5).ppf(0.025) gave (SciPy 1.18.1), and their mirror images.
@pytest.mark.parametrize(("n", "low", "high"), [(20, 6, 15), (25, 8, 18), (30, 10, 21), (41, 14, 28), (100, 40, 61)])
def test_the_interval_of_many_samples_has_the_ranks_of_the_binomial_distribution(n, low, high):
    found = interval(range(1, n + 1))
    assert (found.low, found.high, found.sure) == (low, high, True)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_an_interval_takes_six_samples(count):
    found = interval([1.0 + i for i in range(count)])
    assert (found.sure, found.low, found.high, found.half_width) == (False, 1.0, float(count), float("inf"))
    assert (found.span(), found.text()) == ("", f"{found.median:.2f}")


def test_an_interval_lies_around_the_median_and_is_the_same_each_time():
    values = [1.0, 1.1, 0.9, 1.05, 0.95, 1.2, 1.0]
    found = interval(values)
    assert found.low < found.median == statistics.median(values) < found.high
    assert found == interval(values)
    assert found.half_width == pytest.approx((found.high - found.low) / 2 / found.median)


def test_values_that_are_all_alike_have_an_interval_of_nothing():
    assert interval([2.0] * 9) == Interval(2.0, 2.0, 2.0)


def test_the_interval_holds_the_true_median_in_most_of_many_samples():
    draw = random.Random(1)
    found = [interval([draw.gauss(10.0, 1.0) for _ in range(15)]) for _ in range(60)]
    assert sum(one.low <= 10.0 <= one.high for one in found) >= 50


def test_a_ratio_of_series_of_different_length_takes_the_rounds_that_both_have():
    assert ratio([4.0, 4.0, 4.0, 9.0], [2.0, 2.0, 2.0]).median == 2.0
