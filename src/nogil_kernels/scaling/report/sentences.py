"""What a block of the report means, in a sentence or two made from its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..workloads import HOLD, PYTHON, RELEASE
from .labels import duration, interpreter, kind, way
from .suite import About, Report, Row, about

FLAT = 1.25  # a speed-up up to here is none: noise, and caches that one more core brings
CLEAR = 1.5  # a speed-up that the machine must give for sure, before one up to FLAT says anything of the GIL
NEAR = 0.8  # an efficiency from here on says that the workers ran at once
BEYOND = 1.2  # a share of the ceiling from here on is no chance: work that waits needs no core
LATE = 5.0  # times as long as alone: a call that waits for the GIL

INTERRUPTED = "Interrupted: this is what there was by then."
COSTS = "Start: until all of them ran. A round: handing out the parts, waiting for all, getting the answers."


def meaning(report: Report, workload: str) -> str:
    """What the rows of one workload say."""
    rows = report.block(workload)
    subject = about(rows)
    if subject is About.LOST:
        return _counted(report, rows)
    if subject is About.LATENCY:
        return _convoy(report, rows)
    ways = {
        (row.session, row.side, row.way): row  # the last one is that with the most workers
        for row in rows
        if row.workers > 1 and report.speed_up(row) is not None
    }
    largest = list(ways.values())
    if not largest:
        if report.interrupted:
            return "Interrupted before there was anything to compare."
        return "One worker alone: nothing here ran at once, so there is no speed-up to see."
    if subject is About.WAITING:
        gains = ", ".join(f"{way(row)} {_gain(report, row)}" for row in largest if row.session == report.sessions[0])
        return f"Who waits needs no GIL: {gains} as fast as one after another."
    return " ".join([*_missing_cores(report, largest), *_computing(report, largest)])


def _missing_cores(report: Report, rows: Sequence[Row]) -> list[str]:
    """Where the machine did not give as many cores as there are workers."""
    row = max(rows, key=lambda row: row.workers)
    ceiling = report.ceiling(row)
    if ceiling is None or _reached(report, rows) >= NEAR * row.workers:
        return []
    what = "reading memory" if row.limit == "memory" else "doing arithmetic"
    return [
        f"Native threads, {row.workers} of them, {what} with no GIL in play, gained {ceiling.median:.2f}x here:"
        " what is missing beyond that is the machine's, not the GIL's."
    ]


def _reached(report: Report, rows: Sequence[Row]) -> float:
    """The speed-up that this machine gave for sure, to native threads or to whichever row gained the most."""
    most = max(row.workers for row in rows)
    found = [report.speed_up(row) for row in rows if row.workers == most]
    found += [report.ceiling(row) for row in rows if row.workers == most]
    return max((one.low for one in found if one), default=0.0)


def _computing(report: Report, rows: Sequence[Row]) -> list[str]:
    here = [row for row in rows if row.session == report.sessions[0]]
    threads = {row.side: row for row in here if row.way == "threads"}
    locked = threads.get(HOLD, threads.get(PYTHON, threads.get("")))
    sentences = []
    if RELEASE in threads:
        sentences.append(_released(report, threads))
    elif threads:
        (row,) = threads.values()
        sentences.append(_one_side(report, row, _reached(report, rows)))
    return [*sentences, *_apart(report, here, threads), *_without_a_gil(report, rows, locked)]


def _apart(report: Report, here: Sequence[Row], threads: Mapping[str, Row]) -> Iterator[str]:
    """What works beside threads: first the ways of this package, each with a GIL of its own, then others' executors."""
    rows = [row for row in here if row.way != "threads" and row.side != RELEASE]
    held = "with the GIL held, " if RELEASE in threads else ""
    for is_foreign in (False, True):
        of = [row for row in rows if (":" in row.way) == is_foreign]
        if not of:
            continue
        gains = not any(_flat(report, row) for row in of)
        explained = gains and not is_foreign and _flat(report, threads.get(HOLD, threads.get(PYTHON)))
        gained = ", ".join(f"{kind(row)} {_gain(report, row)}" for row in of)
        sentence = f"{held}{gained}{': each has a GIL of its own' if explained else ''}."
        yield sentence[0].upper() + sentence[1:]


def _without_a_gil(report: Report, rows: Sequence[Row], locked: Row | None) -> Iterator[str]:
    """What threads gain in interpreters without a GIL, where those of this one gain nothing."""
    others = [row for row in rows if row.session != report.sessions[0] and row.way == "threads" and row.side != RELEASE]
    free = [row for row in others if not report.facts_of(row.session)["nk_gil_enabled"]]
    if free and _flat(report, locked):
        gains = ", ".join(f"{_gain(report, row)} by {interpreter(row.session)}" for row in free)
        yield f"Without a GIL threads do it alone: {gains}."


def _released(report: Report, threads: dict[str, Row]) -> str:
    row = threads[RELEASE]
    share = report.of_ceiling(row)
    start = f"Released, {way(row)} are {_gain(report, row)} as fast as one"
    if share is not None:
        start += f", {share:.0%} of what native threads gain"
    held = threads.get(HOLD)
    if held is None:
        return start + "."
    if _flat(report, held) and not _flat(report, row):
        return f"{start}; held, {_gain(report, held)}: the GIL is what keeps them apart."
    return f"{start}; held, {_gain(report, held)}."


def _one_side(report: Report, row: Row, reached: float) -> str:
    """Pure Python, and functions of which nobody has said what they do with the GIL."""
    gain = f"{way(row).capitalize()} are {_gain(report, row)} as fast as one"
    if not report.facts_of(row.session)["nk_gil_enabled"]:
        return f"{gain}: there is no GIL here."
    if row.side == PYTHON:
        return f"{gain}: the GIL lets one of them at a time run Python." if _flat(report, row) else f"{gain}."
    share, speed_up = report.of_ceiling(row), report.speed_up(row)
    if reached < CLEAR:
        return (
            f"{gain}. Whether it releases the GIL cannot be told: neither native threads nor anything else gained"
            f" {CLEAR}x here for sure."
        )
    if speed_up and speed_up.low <= FLAT < speed_up.high:
        spread = f"{speed_up.low:.2f}x to {speed_up.high:.2f}x"
        return f"{gain}, or {spread}: too uncertain to tell whether it releases the GIL. Measure longer, or in quiet."
    if _flat(report, row):
        return f"{gain}: it holds the GIL, or waits for something else that they share."
    if share is not None and share > BEYOND:
        return f"{gain}, more than native threads gain: it releases the GIL, and waits for something else than a core."
    if share is not None and share >= NEAR:
        return f"{gain}, {share:.0%} of what native threads gain: it releases the GIL."
    return f"{gain}: it releases the GIL for a part of its time."


def _counted(report: Report, rows: Sequence[Row]) -> str:
    said = []
    for gil in (1, 0):
        of = [row for row in rows if report.facts_of(row.session)["nk_gil_enabled"] == gil and row.lost is not None]
        if of:
            sessions = ", ".join(dict.fromkeys(row.session.partition(" GIL")[0] for row in of))
            plain, call = (_lost([row for row in of if row.side == side]) for side in ("plain", "call"))
            said.append(
                f"{'With' if gil else 'Without'} a GIL ({sessions}) counter += 1 lost {plain}, f(counter) + 1 {call}."
            )
    if any(row.side == "locked" and row.lost for row in rows):
        return " ".join([*said, "The lock lost some: that is a bug."])
    return " ".join([*said, "Nothing promises that none is lost, but a lock."])


def _lost(rows: Sequence[Row]) -> str:
    """The range of the shares that were lost."""
    shares = sorted(row.lost or 0.0 for row in rows)
    if not shares or not shares[-1]:
        return "none"
    low, high = f"{shares[0]:.0%}", f"{shares[-1]:.0%}"
    return low if low == high else f"{low} to {high}"


def _convoy(report: Report, rows: Sequence[Row]) -> str:
    here = {(row.side, row.setting): row for row in rows if row.session == report.sessions[0]}
    alone = here.get((RELEASE, "alone"))
    beside = [row for (side, setting), row in here.items() if side == RELEASE and setting != "alone"]
    if alone is None or not beside:
        return "Interrupted before there was anything to compare."
    worst = max(beside, key=lambda row: row.seconds_per_call.median)
    took, quick = worst.seconds_per_call.median, alone.seconds_per_call.median
    if took < LATE * quick:
        return "Releasing the GIL cost no more here than holding it: nobody kept it from the kernel."
    held = here.get((HOLD, worst.setting))
    said = f"; held, {duration(held.seconds_per_call.median)}" if held else ""
    return (
        f"Beside a thread that runs Python, a call that takes {duration(quick)} alone takes {duration(took)} when it"
        f" releases the GIL, with a switch interval of {worst.setting}: it waits so long to get it back{said}."
    )


def _flat(report: Report, row: Row | None) -> bool:
    speed_up = None if row is None else report.speed_up(row)
    return speed_up is not None and speed_up.median <= FLAT


def _gain(report: Report, row: Row) -> str:
    speed_up = report.speed_up(row)
    assert speed_up is not None
    return f"{speed_up.median:.2f}x"
