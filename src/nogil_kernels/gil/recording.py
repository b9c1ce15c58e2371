"""The recording of a probe: a block of memory with the samples of a thread and the times of its calls.

A child process may write it while the parent reads it: both map the same memory, and it outlives the child.

    int64[2]      header of the samples: their number, the sampler's CPU time in ns
    int64[4] ...  samples: now, cpu, ready, flags (watch.h says what they hold)
    int64         number of spans
    int64[3] ...  spans: begin, end (0 while the calls of this span run), number of calls
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

HOLDS, WANTS, OTHERS = 1, 2, 4  # flags, as in watch.h
HEADER, SAMPLE, SPAN = 2, 4, 3  # in words of 8 bytes
MOST_SPANS = 120_000  # of half a millisecond in a minute


class Sample(NamedTuple):
    """The state of the thread at one time; times in ns."""

    now: int
    cpu: int
    ready: int
    flags: int


class Span(NamedTuple):
    """Calls, one after the other; times in ns."""

    begin: int
    end: int
    calls: int


class Recording:
    """Samples and spans in memory that is `size_for` bytes long."""

    def __init__(self, memory: bytearray | memoryview, most_samples: int) -> None:
        self.memory = memoryview(memory)
        samples_end = 8 * (HEADER + SAMPLE * most_samples)
        self.for_sampler = self.memory[:samples_end]
        self._samples = self.for_sampler.cast("q")
        self._spans = self.memory[samples_end:].cast("q")

    @staticmethod
    def size_for(most_samples: int) -> int:
        """Return the size of the memory in bytes."""
        return 8 * (HEADER + SAMPLE * most_samples + 1 + SPAN * MOST_SPANS)

    @property
    def cost(self) -> float:
        """CPU time of the sampler in seconds, once it has stopped."""
        return self._samples[1] * 1e-9

    def samples(self, start: int) -> Iterator[Sample]:
        """Yield the samples from number `start` on, as far as they are written."""
        words = self._samples
        for index in range(start, words[0]):
            place = HEADER + SAMPLE * index
            yield Sample(*words[place : place + SAMPLE])

    def begin(self, now: int, calls: int) -> bool:
        """Begin a span of `calls` calls. Return False if the memory is full."""
        if self._spans[0] == MOST_SPANS:
            return False
        place = 1 + SPAN * self._spans[0]
        self._spans[place], self._spans[place + 1], self._spans[place + 2] = now, 0, calls
        self._spans[0] += 1
        return True

    def end(self, now: int) -> None:
        """End the span that began last."""
        self._spans[1 + SPAN * (self._spans[0] - 1) + 1] = now

    def span(self, index: int) -> Span | None:
        """Return a span; None if it has not begun."""
        if index >= self._spans[0]:
            return None
        place = 1 + SPAN * index
        return Span(*self._spans[place : place + SPAN])

    def seconds_per_call(self) -> float:
        """Return the seconds per call of the last span that has ended, at least 100 ns."""
        index = max(self._spans[0] - 1, 0)
        while not (span := self.span(index) or Span(0, 0, 1)).end and index > 0:
            index -= 1
        return max((span.end - span.begin) / span.calls, 100) * 1e-9
