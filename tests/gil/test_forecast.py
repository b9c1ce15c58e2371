"""The speed-up to expect."""

import pytest

from nogil_kernels.gil import forecast


@pytest.mark.parametrize(
    ("hold", "cpu", "workers", "cores", "low", "high"),
    [
        (1, 1, 2, 2, 1, 1),  # all of it under the GIL
        (0, 1, 2, 2, 2, 2),
        (0, 1, 8, 2, 2, 2),  # two cores
        (0, 0, 100, 2, 100, 100),  # it waits
        (0.5, 1, 2, 2, 1.6, 2),  # mean value analysis: R = 0.5 * 1.5, X = 2 / 1.25
        (0.25, 0.25, 8, 8, 3.9, 4),
    ],
)
def test_threads(hold, cpu, workers, cores, low, high):
    expected = forecast.threads(hold, cpu, workers, cores)
    assert expected.low == pytest.approx(low, abs=0.1)
    assert expected.high == pytest.approx(high)


def test_the_bracket_is_never_upside_down():
    for hold in (0, 0.1, 0.5, 0.9, 1):
        for cpu in (0, 0.1, 0.5, 1):
            for workers in (1, 2, 3, 16):
                expected = forecast.threads(hold, cpu, workers, 4)
                assert expected.low + 1e-9 >= 1
                assert expected.low <= expected.high


def test_workers_with_a_gil_of_their_own_are_limited_by_the_cores():
    assert forecast.own_gils(1, 8, 2).high == 2
    assert forecast.own_gils(0.1, 8, 2).high == 8


def test_a_number_is_shown_once():
    assert forecast.Forecast(2, 2, 2).text() == "2.0x"
    assert forecast.Forecast(2, 1.55, 2).text() == "1.6x to 2.0x"
