"""The argument gil: its values, and that the GIL is released or held."""

import pytest
from calls import long_call, medium_call, short_call


def test_every_value_of_gil_gives_the_same_result(kernels):
    results = [medium_call(kernels, gil) for gil in ("auto", "release", "hold")]
    assert results == [medium_call(kernels)] * 3


@pytest.mark.parametrize("gil", ["", "Release", "held", None, True, 1, b"hold"], ids=repr)
def test_another_value_of_gil_is_refused(kernels, gil):
    with pytest.raises(ValueError, match="'auto', 'release' or 'hold'"):
        short_call(kernels, gil)


@pytest.mark.parametrize("gil", ["release", "auto"])
def test_other_threads_run_while_a_long_call_releases_the_gil(compiled, ticker, gil):
    assert ticker.ever_ticks_during(lambda: long_call(compiled, gil))


def test_no_other_thread_runs_while_a_call_holds_the_gil(compiled, ticker):
    assert [ticker.ticks_during(lambda: long_call(compiled, "hold")) for _ in range(3)] == [0, 0, 0]


def test_auto_holds_the_gil_for_short_calls(compiled, ticker):
    assert not ticker.ever_ticks_during(lambda: [short_call(compiled) for _ in range(2000)], seconds=1)


def test_release_releases_the_gil_for_short_calls_too(compiled, ticker):
    assert ticker.ever_ticks_during(lambda: [short_call(compiled, "release") for _ in range(2000)])
