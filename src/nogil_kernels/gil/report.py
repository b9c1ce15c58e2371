"""The report of a probe: its fields, verdict and text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from .forecast import Forecast
from .speed_up import SpeedUp
from .states import HoldFraction, States, Tally

HELD, RELEASED = 0.9, 0.1
IDLE = 0.1  # the share of the time on a core, below which a function that releases the GIL waits
OWN_THREADS = 1.2  # CPU time of the process / of the calling thread, from which the call has threads of its own
NOTABLE = 0.05  # from this share of the time on, a note says that the call blocked, or that others held the GIL
VERDICTS = ("held", "released", "partly", "waits")
TEXTS = {
    "held": "holds the GIL",
    "released": "releases the GIL",
    "partly": "holds the GIL for a part of the time",
    "waits": "waits, with the GIL released",
}
"""Verdict -> what the function does. The report of `compare` has the same words."""
ATTACHED = {
    "held": "serial on a build with a GIL, parallel here",
    "released": "parallel on every build",
    "partly": "serial on a build with a GIL, parallel here",
    "waits": "overlaps on every build",
}


@dataclass
class GilReport:
    """What a function does with the GIL. `print(report)` shows it as text.

    Attributes
    ----------
    hold_fraction
        The time in which the GIL was held, divided by the time of the calls without preemption and without waiting for
        the GIL. None if too little was measured.
    interval
        The 95 % interval of hold_fraction.
    states
        Seconds in each state: serial, blocked, parallel, waiting, waiting_for_gil, preempted. If the system cannot
        distinguish blocked and waiting from preempted, both are missing, and the verdict is "".
    longest_hold
        The longest hold in seconds, to one sampling interval (50 us; up to 2 ms on a busy machine).
    seconds_per_call
        Elapsed time of a call.
    held_by_others
        The share of the time in which other threads held the GIL.
    verdict
        "held" (from 0.9), "released" (up to 0.1), "waits" (released, and on a core for less than a tenth of the time)
        or "partly". "" if the interval contains a threshold.
    """

    hold_fraction: float | None
    interval: tuple[float, float] | None
    states: dict[str, float]
    longest_hold: float
    seconds_per_call: float
    held_by_others: float
    verdict: str
    calls: int
    seconds: float
    sampler_cost: float
    """CPU time of the sampler, divided by the time of the calls."""
    finished: bool = True
    """Whether the interval was narrow enough before the limit was reached."""
    gil_enabled: bool = True
    knows_wants: bool = False
    """Whether this CPython distinguishes waiting for the GIL from other waiting."""
    knows_idle: bool = True
    """Whether the system distinguishes a thread that waits from one that is preempted."""
    by_acquisitions: bool = False
    """Whether the samples were taken by acquiring the GIL, which is less accurate."""
    longest_stall: float | None = None
    """Of an `async def` function: the longest stall of its event loop in seconds."""
    data_bytes: int | None = 0
    """The size of the pickled arguments and result of a call, or None if they cannot be pickled."""
    forecasts: dict[str, Forecast] = field(default_factory=dict)
    """Way -> the expected speed-up."""
    measured: SpeedUp | None = None
    """The speed-up of two threads."""
    measured_elsewhere: dict[str, SpeedUp | str] = field(default_factory=dict)
    """Another interpreter -> the speed-up of two threads there, or the reason why there is none."""
    advice: list[str] = field(default_factory=list)

    @property
    def on_core(self) -> float:
        """The share of the time on a core, of the time that counts for the hold fraction."""
        states = self.states
        running = states["serial"] + states["parallel"]
        counted = running + states.get("blocked", 0.0) + states.get("waiting", 0.0)
        return running / counted if counted else 0.0

    @property
    def cores_per_call(self) -> float:
        """The number of cores that a call uses on average."""
        own = self.measured.own_threads if self.measured else 1.0
        is_alone = self.held_by_others < NOTABLE  # otherwise the other threads of the process used that CPU time
        return self.on_core * (own if own >= OWN_THREADS and is_alone else 1.0)

    def blocks(self) -> float:
        """Return the share of the time in which the call waits while it holds the GIL, or 0 if that is not known."""
        return self.share("blocked") if self.gil_enabled and not self.by_acquisitions else 0.0

    def share(self, state: str) -> float:
        """Return the share of a state in all time of the calls."""
        return self.states.get(state, 0.0) / self.seconds if self.seconds else 0.0

    def to_json(self, **facts: str) -> str:
        """Return a JSON object of these facts and of all fields."""
        return json.dumps(facts | asdict(self))

    def __str__(self) -> str:
        return "\n".join([self.headline(), *self._notes(), *self.advice])

    def headline(self) -> str:
        """Return the verdict, with the number that decided it."""
        longest = f"longest hold {duration(self.longest_hold)}"
        if self.by_acquisitions and not self.gil_enabled:
            return "Undecided: this build has no sampler, and its substitute needs a GIL."
        if self.hold_fraction is None or self.interval is None:
            return f"Undecided: too few samples, {counted(self.calls, 'call')} in {duration(self.seconds)}."
        if not self.gil_enabled:
            meaning = f": {ATTACHED[self.verdict]}" if self.verdict else ""
            return f"Attached {percent(self.hold_fraction)}{meaning}."
        if self.verdict:
            text = TEXTS[self.verdict]
            return f"{text[0].upper()}{text[1:]}: held {percent(self.hold_fraction)} of the time, {longest}."
        low, high = self.interval
        return f"Undecided: held {percent(low)} to {percent(high)} of the time, {longest}."

    def _notes(self) -> list[str]:
        notes = []
        if self.blocks() > NOTABLE:
            notes.append(
                f"The call waits while it holds the GIL, {percent(self.blocks())} of the time. Until it"
                " returns, no other thread can run Python."
            )
        if self.held_by_others > NOTABLE and not self.knows_wants and self.gil_enabled:
            notes.append(
                f"Other threads held the GIL {percent(self.held_by_others)} of the time. Before 3.15, CPython does not"
                " show whether the call waited for them: that time counts as waiting."
            )
        if not self.knows_idle:
            notes.append(
                "All cores were busy, and this system cannot distinguish waiting from preemption. Repeat this on a"
                " quiet machine."
            )
        if self.by_acquisitions and self.gil_enabled:
            notes.append(
                "Sampled by acquiring the GIL, which is less accurate: this build has no sampler, or its self-test"
                " failed."
            )
        if not self.calls:
            notes.append("No call ended, so there is no advice. Use a higher limit, or let each call do less.")
        elif self.hold_fraction is not None and not self.finished:
            notes.append(f"Stopped at the limit, after {counted(self.calls, 'call')}.")
        return notes


def counted(number: int, noun: str) -> str:
    """Return "1 call" or "2,000 calls"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def percent(share: float) -> str:
    """Return a share as text: 62 %."""
    return f"{100 * share:.0f} %"


def duration(seconds: float, in_table: bool = False) -> str:
    """Return a time with two digits, or in tables with three. The integer digits are always complete.

    >>> duration(0.00134), duration(0.002), duration(0.12345), duration(0.002, in_table=True)
    ('1.3 ms', '2 ms', '123 ms', '2.00 ms')
    """
    digits = 3 if in_table else 2
    units = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))
    unit, size = next((unit for unit in units if seconds >= 0.9995 * unit[1]), units[-1])
    decimals = sum(seconds / size < 10**n - 10 ** (n - digits) / 2 for n in range(1, digits))
    text = f"{seconds / size:.{decimals}f}"
    return f"{text if in_table else text.removesuffix('.0')} {unit}"


def verdict_of(fraction: HoldFraction | None, on_core: float) -> str:
    """Return the verdict, or "" if the interval contains a threshold.

    `on_core` is the upper end of its interval: work that may be on a core for a tenth of the time is "released".
    """
    if fraction is None:
        return ""
    if fraction.low >= HELD:
        return "held"
    if fraction.high <= RELEASED:
        return "waits" if on_core < IDLE else "released"
    return "partly" if fraction.low > RELEASED and fraction.high < HELD else ""


def make(tally: Tally, *, finished: bool, core_was_free: bool = False, **others: Any) -> GilReport:
    """Return the report of a complete tally."""
    is_blind = others.get("by_acquisitions") and not others.get("gil_enabled")
    total, fraction = tally.total, None if is_blind else tally.hold_fraction()
    names = ("serial", "blocked", "parallel", "waiting", "waiting_for_gil", "preempted")
    calls = sum(span.calls for span, _ in tally.spans)
    elapsed = sum(span.end - span.begin for span, _ in tally.spans) * 1e-9
    result = GilReport(
        hold_fraction=None if fraction is None else fraction.value,
        interval=None if fraction is None else (fraction.low, fraction.high),
        states={name: getattr(total, name) for name in names},
        longest_hold=tally.longest_hold,
        seconds_per_call=elapsed / calls if calls else total.total,
        held_by_others=total.held_by_others / total.total if total.total else 0.0,
        verdict="",
        calls=calls,
        seconds=total.total,
        sampler_cost=tally.recording.cost / total.total if total.total else 0.0,
        finished=finished,
        knows_idle=tally.knows_ready or core_was_free,
        **others,
    )
    if result.knows_idle:
        on_core = tally.core_fraction()
        result.verdict = verdict_of(fraction, on_core.high if on_core else result.on_core)
    else:
        del result.states["blocked"], result.states["waiting"]
    return result


def is_busy(states: States) -> bool:
    """Return whether other programs take cores from the call, as far as the system tells."""
    return states.total > 0 and states.preempted / states.total > 0.02
