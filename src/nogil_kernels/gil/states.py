"""From samples to states: what the thread did with its time, and how sure that is.

| state | GIL | thread | meaning |
|---|---|---|---|
| serial | held by it | running | cannot overlap |
| blocked | held by it | idle | it waits while it holds the GIL |
| parallel | not held by it | running | native code that overlaps |
| waiting | not held by it | idle | I/O, sleep, a lock: overlaps freely |
| waiting for the GIL | wanted by it | idle | contention. CPython before 3.15 does not show it: counted as waiting |
| preempted | either | ready, not running | the operating system's doing |
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .recording import HOLDS, OTHERS, WANTS, Recording, Sample, Span

SLICE = 5_000_000  # ns: with few calls, the interval comes from slices of this length
FEWEST = 12  # the fewest blocks that give an interval
MOST_BLOCKS = 60  # blocks are merged until there are at most this many
# Two-sided quantiles of Student's t for 95 %, by degrees of freedom. For numbers in between, the smaller number counts.
STUDENT = {
    11: 2.201,
    15: 2.131,
    20: 2.086,
    30: 2.042,
    60: 2.000,
}


@dataclass
class States:
    """Seconds in each of the six states. held_by_others counts the seconds in which another thread held the GIL."""

    serial: float = 0.0
    blocked: float = 0.0
    parallel: float = 0.0
    waiting: float = 0.0
    waiting_for_gil: float = 0.0
    preempted: float = 0.0
    held_by_others: float = 0.0

    def __add__(self, other: States) -> States:
        return States(
            self.serial + other.serial,
            self.blocked + other.blocked,
            self.parallel + other.parallel,
            self.waiting + other.waiting,
            self.waiting_for_gil + other.waiting_for_gil,
            self.preempted + other.preempted,
            self.held_by_others + other.held_by_others,
        )

    @property
    def held(self) -> float:
        """Seconds in which the thread held the GIL and was not preempted."""
        return self.serial + self.blocked

    @property
    def counted(self) -> float:
        """The denominator of the hold fraction: all time except preemption and waiting for the GIL."""
        return self.held + self.parallel + self.waiting

    @property
    def total(self) -> float:
        """All time in seconds."""
        return self.counted + self.waiting_for_gil + self.preempted


@dataclass(frozen=True)
class HoldFraction:
    """A share of the time, such as that in which the GIL was held, with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """The width of the interval."""
        return self.high - self.low


@dataclass
class Gap:
    """The time between two samples."""

    a: Sample
    b: Sample
    ready: int = 0

    @property
    def length(self) -> int:
        """Elapsed time in ns."""
        return self.b.now - self.a.now

    @property
    def on_core(self) -> int:
        """Time on a core in ns."""
        return min(self.b.cpu - self.a.cpu, self.length)

    def states(self, first: int, last: int) -> States:
        """Return the states from `first` to `last`, two points in time in the gap.

        If one of the two samples is in that time, its state counts for all of it. If both are, each counts for half. If
        none is, the time is in no state.
        """
        inside = [sample for sample in (self.a, self.b) if first <= sample.now <= last]
        if not inside or not self.length:
            return States()
        share = (last - first) / self.length * 1e-9
        idle = self.length - self.on_core - self.ready
        holds, wants, others = (
            sum(bool(sample.flags & flag) for sample in inside) / len(inside) for flag in (HOLDS, WANTS, OTHERS)
        )
        released = 1 - holds
        return States(
            serial=share * holds * self.on_core,
            blocked=share * holds * idle,
            parallel=share * released * self.on_core,
            waiting=share * released * (1 - wants) * idle,
            waiting_for_gil=share * released * wants * idle,
            preempted=share * self.ready,
            held_by_others=share * others * self.length,
        )


class Tally:
    """The states of a recording, block by block. `update` reads what was written since."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.spans: list[tuple[Span, States]] = []
        """The spans that have ended."""
        self.slices: list[States] = []
        """All spans, cut into slices."""
        self.longest_hold = 0.0
        """The longest hold in seconds: each sample is valid for half of the time to the samples beside it."""
        self.samples = 0
        self.knows_ready = True
        """Whether the system counts the time that a thread is ready and does not run."""
        self._last: Sample | None = None
        self._pending: list[Gap] = []
        self._span_states = States()
        self._slice_states = States()
        self._slice_left = SLICE
        self._hold_began: int | None = None

    @property
    def total(self) -> States:
        """All states, also those of a span that has not ended."""
        return sum(self.slices, self._slice_states)

    def update(self) -> None:
        """Read the samples that have been written since."""
        for sample in self.recording.samples(self.samples):
            self.samples += 1
            self.knows_ready = sample.ready >= 0
            if self._last is not None:
                self._read(Gap(self._last, sample))
            self._last = sample

    def finish(self) -> None:
        """Read the rest, once nothing more is written."""
        self.update()
        self._flush(0)

    def _read(self, gap: Gap) -> None:
        """Count a gap once its time in a run queue is known.

        Linux counts the time in a run queue when the thread gets a core. So it is the last part of the time off the
        core, and may belong to earlier gaps.
        """
        self._pending.append(gap)
        ready = (
            max(gap.b.ready - gap.a.ready, 0) if gap.a.ready >= 0 else 0
        )  # -1 after the target has closed the file schedstat
        for earlier in reversed(self._pending):
            if not ready:
                break  # instead of walking through the 20,000 gaps of a second of sleep
            taken = min(ready, earlier.length - earlier.on_core - earlier.ready)
            earlier.ready += taken
            ready -= taken
        if gap.on_core:  # earlier gaps are complete; this one may end in a run queue
            self._flush(1)

    def _flush(self, kept: int) -> None:
        for gap in self._pending[: len(self._pending) - kept]:
            self._count(gap)
        del self._pending[: len(self._pending) - kept]

    def _count(self, gap: Gap) -> None:
        """Add the time between two samples to the spans that it belongs to."""
        now, end = gap.a.now, gap.b.now
        while (span := self.recording.span(len(self.spans))) is not None and span.begin < end:
            first, last = max(now, span.begin), min(end, span.end or end)
            if first < last:
                self._add(gap.states(first, last), last - first)
                middle = min(max((gap.a.now + gap.b.now) // 2, first), last)
                self._measure_hold(gap.a.flags & HOLDS, first, middle)
                self._measure_hold(gap.b.flags & HOLDS, middle, last)
            if not span.end or span.end > end:
                return
            self._hold_began = None
            self.spans.append((span, self._span_states))
            self._span_states = States()
            now = span.end

    def _add(self, states: States, length: int) -> None:
        self._span_states += states
        self._slice_states += states
        self._slice_left -= length
        if self._slice_left <= 0:
            self.slices.append(self._slice_states)
            self._slice_states, self._slice_left = States(), SLICE

    def _measure_hold(self, holds: int, first: int, last: int) -> None:
        """Add the time between two samples, or a half of it, to the present hold."""
        if not holds:
            self._hold_began = None
            return
        if self._hold_began is None:
            self._hold_began = first
        self.longest_hold = max(self.longest_hold, (last - self._hold_began) * 1e-9)

    @property
    def blocks(self) -> list[States]:
        """The values behind the interval: whole spans, or slices of time if there are few spans.

        Neighbouring samples are correlated, and whole calls are not.
        """
        spans = [states for _, states in self.spans]
        return merged(spans if len(spans) >= FEWEST else self.slices)

    def hold_fraction(self) -> HoldFraction | None:
        """Return the hold fraction, or None for fewer than FEWEST blocks."""
        return hold_fraction(self.blocks, self.samples)

    def core_fraction(self) -> HoldFraction | None:
        """Return the share of the time on a core, or None for fewer than FEWEST blocks. No sample can miss it."""
        blocks = self.blocks
        return fraction_of(blocks, [block.serial + block.parallel for block in blocks], 0.0)


def merged(blocks: Sequence[States]) -> list[States]:
    """Return at most MOST_BLOCKS blocks. The longer blocks are, the closer their distribution is to a normal one."""
    size = math.ceil(len(blocks) / MOST_BLOCKS)
    return [sum(blocks[i : i + size], States()) for i in range(0, len(blocks) - size + 1, size)] if size else []


def hold_fraction(blocks: Sequence[States], samples: int) -> HoldFraction | None:
    """Return the hold fraction, or None for fewer than FEWEST blocks.

    If none of n samples shows an event, its share is below 3 / n with 95 % confidence (the rule of three). So 3 / n is
    added on both sides of the interval.
    """
    return fraction_of(blocks, [block.held for block in blocks], 3 / samples if samples else 0.0)


def fraction_of(blocks: Sequence[States], parts: Sequence[float], margin: float) -> HoldFraction | None:
    """Return the ratio of the parts to the time that counts, with its 95 % interval and a margin on both sides.

    The variance of the ratio R = sum(part) / sum(counted) is that of the residuals part - R * counted (W. G. Cochran,
    Sampling Techniques, section 6.3).
    """
    n = len(blocks)
    counted = sum(block.counted for block in blocks)
    if n < FEWEST or not counted:
        return None
    value = sum(parts) / counted
    residuals = sum((part - value * block.counted) ** 2 for part, block in zip(parts, blocks, strict=True))
    deviation = math.sqrt(residuals * n / (n - 1)) / counted
    student = next(t for df, t in sorted(STUDENT.items(), reverse=True) if df <= n - 1)
    half = student * deviation + margin
    return HoldFraction(value, max(0.0, value - half), min(1.0, value + half))
