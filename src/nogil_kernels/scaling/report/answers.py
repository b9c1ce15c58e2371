"""The answers of a report: one line per workload."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ...gil.report import TEXTS, duration, percent
from ...measure.samples import MIN_VALUES
from ..workloads import HOLD, PYTHON, RELEASE
from .claims import FLAT, gain, is_gain, missing, threads_of, times, too_wide
from .labels import side, way
from .suite import OWN_THREADS, About, Report, Row, about

NO_THREADS = ": threads were not measured"
ALONE = "alone"


@dataclass(frozen=True)
class Answer:
    """The answer for one workload in one interpreter."""

    text: str
    """One sentence that begins with the name of the workload."""
    short: str = ""
    """The answer in a few words, for a title. "" without one."""
    verdict: str = ""
    """A verdict of gil.report, which determines the colour. "" without one."""


def answer(report: Report, workload: str, session: str = "") -> Answer:
    """Return the answer for one workload in this interpreter, by default the first one that has it."""
    block = report.block(workload)
    rows = [row for row in block if row.session == (session or block[0].session)]
    subject = about(rows)
    if subject is About.LOST:
        return _lost_updates(rows)
    if subject is About.LATENCY:
        return _latency(rows)
    threads = threads_of(report, rows)
    if RELEASE in threads:
        return _two_sides(report, threads)
    return _one_side(report, next(iter(threads.values()), None), rows[0])


def _of_ceiling(report: Report, row: Row) -> str:
    """Return the speed-up, the ceiling if there is one, and the workers: "1.98x of 2.00x on 2 threads"."""
    ceiling = report.ceiling(row)
    limit = f" of {times(ceiling.median)}" if ceiling else ""
    return f"{gain(report, row)}{limit} on {way(row)}"


def _two_sides(report: Report, threads: dict[str, Row]) -> Answer:
    """Return the answer for a kernel that can hold and release the GIL."""
    released, held = threads[RELEASE], threads.get(HOLD)
    name = f"{released.workload}:"
    for row in (released, held):
        if row is not None and (problem := missing(report, row) or too_wide(report, row, FLAT)):
            return Answer(f"{name} {problem}.")
    beside = f", held {gain(report, held)}" if held else ""
    return Answer(
        f"{name} released {_of_ceiling(report, released)}{beside}.",
        f"released {gain(report, released)}{beside}",
        "released" if is_gain(report, released) else "",
    )


def _one_side(report: Report, threads: Row | None, row: Row) -> Answer:
    """Return the answer for other work: what it does with the GIL, then the speed-up of threads, if there are any."""
    verdict = row.verdict or ("held" if row.side == PYTHON else "" if row.limit else "waits")
    has_gil = bool(report.facts_of(row.session)["nk_gil_enabled"])
    does = _does(row, verdict, has_gil)
    verdict = verdict if has_gil or verdict == "waits" else "released"
    clause, brief = _finding(report, threads, verdict) if threads else ("" if does else NO_THREADS, "")
    start = f"{row.workload} {does}".rstrip()
    clause = clause if does else clause.replace(";", ":", 1)
    if does.startswith("undecided"):
        start, clause = f"{row.workload}: {does}", clause.replace(":", ";", 1)
    short = ", ".join(filter(None, (does.partition(",")[0], brief)))
    return Answer(f"{start}{clause}.", short, verdict)


def _does(row: Row, verdict: str, has_gil: bool) -> str:
    """Return what the work does with the GIL, or "" without a probe."""
    if not has_gil and verdict != "waits":
        return "runs without a GIL"
    if not verdict:
        share = f", holds the GIL {row.hold.replace(' % to', ' to')} of the time" if row.hold else ""
        return f"undecided{share}" if ":" in row.workload else ""
    return f"holds the GIL {row.hold} of the time" if verdict == "partly" else TEXTS[verdict]


def _finding(report: Report, row: Row, verdict: str) -> tuple[str, str]:
    """Return a clause about the speed-up of threads, and its short form, or "" if the speed-up is not supported.

    n threads that hold the GIL for a share of the time are at most 1 / share times as fast as one.
    """
    holds = verdict in ("held", "partly")
    bound = FLAT / (float(row.hold.split()[0]) / 100 if holds and row.hold else 1.0)
    if problem := missing(report, row) or too_wide(report, row, bound):
        return f"; {problem}", ""
    speed_up = report.speed_up(row)
    assert speed_up is not None
    is_faster = speed_up.low > bound
    if not verdict or holds != is_faster:
        return f": {_of_ceiling(report, row)}", gain(report, row)
    if holds:
        cause = ": probably its calls last a fixed time, so each did less work" if row.verdict else ""
        return f", yet {way(row)} are {gain(report, row)} as fast{cause}", f"yet {gain(report, row)}"
    baseline = report.baseline(row)
    has_own_threads = baseline is not None and baseline.own_threads >= OWN_THREADS
    cause = "each call has threads of its own" if has_own_threads else "they wait for each other, as for a lock"
    return f", yet {way(row)} gain nothing ({gain(report, row)}): {cause}", f"yet {gain(report, row)}"


def _lost_updates(rows: Sequence[Row]) -> Answer:
    """Return the answer for the counters, which need no repetition: a lost update is a fact."""
    counted_rows = [row for row in rows if row.lost is not None]
    shares = [
        f"{percent(row.lost) if row.lost else 'none'} {'' if row.side == 'locked' else 'by '}{side(row)}"
        for row in counted_rows
    ]
    most = max((row.lost or 0.0 for row in counted_rows), default=0.0)
    return Answer(f"{rows[0].workload}: lost {', '.join(shares)}.", f"lost {percent(most) if most else 'none'}")


def _latency(rows: Sequence[Row]) -> Answer:
    """Return the answer for the convoy: the longest time of a call that releases the GIL, beside its time alone."""
    name = rows[0].workload
    if (pair := slowest(rows)) is None:
        return Answer(f"{name}: nothing to compare was measured.")
    alone, worst = (row.seconds_per_call for row in pair)
    starts = min(len(row.values) for row in pair)
    if starts < MIN_VALUES:
        return Answer(f"{name}: no latency after {starts} of {MIN_VALUES} starts.")
    times = f"{duration(alone.median)} alone, {duration(worst.median)} beside"
    most = f" (99 % within {duration(statistics.median(pair[1].p99))})" if pair[1].p99 else ""
    return Answer(f"{name}: a call takes {times} a thread that runs Python{most}.", f"{times} Python")


def slowest(rows: Sequence[Row]) -> tuple[Row, Row] | None:
    """Return the row of the setting "alone", and the slowest other row, of calls that may release the GIL."""
    released = [row for row in rows if row.side != HOLD]
    alone = next((row for row in released if row.setting == ALONE), None)
    beside = [row for row in released if row.setting != ALONE]
    return (alone, max(beside, key=lambda row: row.seconds_per_call.median)) if alone and beside else None
