"""The sentences below a table: what its numbers add to the answer."""

from collections.abc import Iterator, Sequence

from ...gil.report import duration, percent
from ..workloads import HOLD, INTERVALS, PYTHON, RELEASE
from .answers import slowest
from .claims import gain, is_flat, is_gain, missing, threads_of
from .labels import WAYS, interpreter, way_in_sentence
from .suite import About, Report, Row, about

WAITS = 0.8  # of a switch interval: a call that takes longer by this share, beside Python, waits for the GIL

INTERRUPTED = "Interrupted: these are the results until then."
COSTS = "Start: until all workers ran. A sample: handing out the parts, waiting for all, getting the answers."
LEGEND = (
    "A call: the time of all the work / the number of calls, median of the starts.",
    "Speed-up: relative to the row 'one after another' in the same start.",
    "Of ceiling: the speed-up as a share of that of native threads. Efficiency: the speed-up / the number of workers.",
    "95 %: the interval of the median, from six starts on. 99 %: the time that 99 % of the calls take at most.",
)
"""The columns of the tables."""


def meaning(report: Report, workload: str) -> str:
    """Return what the rows of one workload add to its answer, or ""."""
    rows = report.block(workload)
    subject = about(rows)
    if subject is About.LOST:
        return " ".join(_lost_updates(report, rows))
    here = [row for row in rows if row.session == rows[0].session]
    return " ".join(_latency(here) if subject is About.LATENCY else _speed_ups(report, rows, here))


def _speed_ups(report: Report, rows: Sequence[Row], here: Sequence[Row]) -> Iterator[str]:
    """Yield sentences about the cause, the other ways, and interpreters without a GIL."""
    threads = threads_of(report, here)
    released, held = threads.get(RELEASE), threads.get(HOLD, threads.get(PYTHON, threads.get("")))
    has_gil = report.facts_of(here[0].session)["nk_gil_enabled"]
    is_serial = bool(held and has_gil and (held.side or held.verdict == "held") and is_flat(report, held))
    if not has_gil:
        if released and held:
            yield "This Python has no GIL, so held and released are the same."
    elif is_serial and is_gain(report, released):
        yield "The GIL makes the difference."
    elif is_serial and PYTHON in threads:
        yield "The GIL lets one thread at a time run Python."
    answered = next((row.way for row in threads.values()), "threads")
    yield from _other_ways(report, [row for row in here if row.way != answered], is_serial, RELEASE in threads)
    others = [row for row in rows if row.session != here[0].session and row.side != RELEASE]
    sessions = dict.fromkeys(row.session for row in others if not report.facts_of(row.session)["nk_gil_enabled"])
    free = [threads_of(report, [row for row in others if row.session == session]) for session in sessions]
    gaining = [row for group in free for row in group.values() if is_gain(report, row)]
    if gaining and is_serial:
        gains = ", ".join(f"{gain(report, row)} by {interpreter(row.session)}" for row in gaining)
        yield f"Without a GIL, threads are enough: {gains}."


def _other_ways(report: Report, others: Sequence[Row], is_serial: bool, two_sides: bool) -> Iterator[str]:
    """Yield the speed-ups of these ways, and why those of this package gain more than threads."""
    largest = {row.way: row for row in others if row.workers > 1 and row.side != RELEASE}
    supported = [row for row in largest.values() if not missing(report, row)]
    if supported:
        gains = ", ".join(f"{way_in_sentence(row)} {gain(report, row)}" for row in supported)
        yield f"Other ways{' with the GIL held' if two_sides else ''}: {gains}."
    own = [row for row in supported if row.way in WAYS]
    if own and is_serial and all(is_gain(report, row) for row in own):
        kinds = dict.fromkeys(WAYS[row.way][0].partition(",")[0] for row in own)
        yield f"Each {' and each '.join(kinds)} has its own GIL."


def _lost_updates(report: Report, rows: Sequence[Row]) -> Iterator[str]:
    others = [row for row in rows if row.session != rows[0].session and row.lost is not None]
    for gil in (1, 0):
        group = [row for row in others if report.facts_of(row.session)["nk_gil_enabled"] == gil]
        if group:
            sessions = ", ".join(dict.fromkeys(row.session.partition(" GIL")[0] for row in group))
            plain, call = (_range_of_shares([row for row in group if row.side == side]) for side in ("plain", "call"))
            with_or_without = "With" if gil else "Without"
            yield f"{with_or_without} a GIL ({sessions}), counter += 1 lost {plain}, f(counter) + 1 lost {call}."
    if any(row.side == "locked" and row.lost for row in rows):
        yield "The lock lost some: that is a bug."
    else:
        yield "Only a lock guarantees that no update is lost."


def _range_of_shares(rows: Sequence[Row]) -> str:
    """Return the range of the shares of lost updates."""
    shares = sorted(row.lost or 0.0 for row in rows)
    if not shares or not shares[-1]:
        return "none"
    low, high = percent(shares[0]), percent(shares[-1])
    return low if low == high else f"{low} to {high}"


def _latency(here: Sequence[Row]) -> Iterator[str]:
    """Yield the cause of the latency, if the whole intervals agree with it."""
    if (pair := slowest(here)) is None:
        return
    alone, worst = (row.seconds_per_call for row in pair)
    if not (alone.has_95_percent and worst.has_95_percent):
        return
    setting = pair[1].setting
    wait = INTERVALS.get(setting, 0.0) * WAITS
    if worst.high - alone.low < wait:
        yield "The median call did not wait a whole switch interval for the GIL."
    elif worst.low - alone.high >= wait:
        yield f"A call that releases the GIL waits for a switch interval ({setting}) to get it back."
        held = [row for row in here if (row.side, row.setting) == (HOLD, setting)]
        yield from (f"A call that holds the GIL takes {duration(row.seconds_per_call.median)}." for row in held)
