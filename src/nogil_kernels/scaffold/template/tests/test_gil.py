"""The GIL switch: which values it takes, and that releasing and holding do what they say."""

import sys
import threading
import time

import pytest
from calls import long_call, medium_call, short_call

GIL_IS_OFF = not getattr(sys, "_is_gil_enabled", lambda: True)()
needs_gil = pytest.mark.skipif(GIL_IS_OFF, reason="no GIL to hold or release in this interpreter")


def test_every_value_of_gil_gives_the_same_result(kernels):
    results = [medium_call(kernels, gil) for gil in ("auto", "release", "hold")]
    assert results == [medium_call(kernels)] * 3


@pytest.mark.parametrize("gil", ["", "Release", "held", None, True, 1, b"hold"], ids=repr)
def test_any_other_value_of_gil_is_refused_and_the_three_are_named(kernels, gil):
    with pytest.raises(ValueError, match="'auto', 'release' or 'hold'"):
        short_call(kernels, gil)


class Ticker:
    """Counts in a thread of its own whenever it gets the GIL, which it asks for all the time and gives up at once."""

    def __enter__(self):
        self.ticks, self.stopped = 0, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        while not self.ticks:
            time.sleep(0.001)
        return self

    def run(self):
        while not self.stopped:
            self.ticks += 1
            time.sleep(0)  # gives the GIL up and asks for it again

    def __exit__(self, *error):
        self.stopped = True
        self.thread.join()

    def ticks_during(self, call):
        before = self.ticks
        call()
        return self.ticks - before

    def ever_ticks_during(self, call, seconds=20):
        """Whether the count moves in one of many calls; the operating system may be slow to wake a thread."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if self.ticks_during(call):
                return True
        return False


@pytest.fixture
def ticker():
    """A switch interval of an hour means that nobody is made to give the GIL up: only a release hands it over, so that
    a single tick during a held call is an error and not bad luck."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(3600)
    try:
        with Ticker() as running:
            yield running
    finally:
        sys.setswitchinterval(before)


@needs_gil
@pytest.mark.parametrize("gil", ["release", "auto"])
def test_another_thread_runs_while_a_long_kernel_has_released_the_gil(compiled, ticker, gil):
    assert ticker.ever_ticks_during(lambda: long_call(compiled, gil))


@needs_gil
def test_no_other_thread_runs_while_a_kernel_holds_the_gil(compiled, ticker):
    assert [ticker.ticks_during(lambda: long_call(compiled, "hold")) for _ in range(3)] == [0, 0, 0]


@needs_gil
def test_auto_holds_the_gil_for_short_work(compiled, ticker):
    assert ticker.ticks_during(lambda: [short_call(compiled) for _ in range(2000)]) == 0


@needs_gil
def test_release_releases_even_for_short_work(compiled, ticker):
    assert ticker.ever_ticks_during(lambda: [short_call(compiled, "release") for _ in range(2000)])
