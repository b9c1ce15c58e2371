"""One or two sentences that explain the numbers of a workload."""

from collections.abc import Iterator, Mapping, Sequence

from ...gil.report import TEXTS
from ..workloads import HOLD, PYTHON, RELEASE
from .labels import duration, interpreter, way, way_in_sentence
from .suite import About, Report, Row, about

FLAT = 1.25  # a speed-up up to this counts as none: noise and the caches of further cores can cause it
NEAR = 0.8  # an efficiency from which the workers ran in parallel
LATE = 5.0  # a call that takes at least this many times as long as alone waits for the GIL

INTERRUPTED = "Interrupted: these are the results until then."
COSTS = "Start: until all of them ran. A sample: handing out the parts, waiting for all, getting the answers."


def meaning(report: Report, workload: str) -> str:
    """Return the explanation of the rows of one workload."""
    rows = report.block(workload)
    subject = about(rows)
    if subject is About.LOST:
        return _lost_updates(report, rows)
    if subject is About.LATENCY:
        return _convoy(report, rows)
    ways = {
        (row.session, row.side, row.way): row  # the last row has the most workers
        for row in rows
        if row.workers > 1 and report.speed_up(row) is not None
    }
    largest = list(ways.values())
    if not largest:
        if report.interrupted:
            return "Interrupted before there was anything to compare."
        return "Only one worker: a speed-up needs two."
    if subject is About.WAITING:
        here = [row for row in largest if row.session == report.sessions[0]]
        gains = ", ".join(f"{way(row)} {_gain(report, row)}" for row in here)
        if any(row.way == "threads" and _is_flat(report, row) for row in here):
            return f"{gains} as fast as one after another: the threads wait for each other, as for a lock."
        return f"Waiting needs no GIL: {gains} as fast as one after another."
    return " ".join([*_missing_cores(report, largest), *_computing(report, largest)])


def _missing_cores(report: Report, rows: Sequence[Row]) -> list[str]:
    """Return a sentence if the machine has fewer free cores than workers."""
    row = max(rows, key=lambda row: row.workers)
    ceiling = report.ceiling(row)
    if ceiling is None or _reached(report, rows) >= NEAR * row.workers:
        return []
    work = "reading memory" if row.limit == "memory" else "doing arithmetic"
    return [
        f"{row.workers} native threads, {work} without the GIL, gained only {ceiling.median:.2f}x here, so something"
        " other than the GIL limits the speed-up on this machine."
    ]


def _reached(report: Report, rows: Sequence[Row]) -> float:
    """Return the speed-up that native threads or any row reached with 95 % confidence."""
    most = max(row.workers for row in rows)
    speed_ups = [report.speed_up(row) for row in rows if row.workers == most]
    speed_ups += [report.ceiling(row) for row in rows if row.workers == most]
    return max((speed_up.low for speed_up in speed_ups if speed_up), default=0.0)


def _computing(report: Report, rows: Sequence[Row]) -> list[str]:
    here = [row for row in rows if row.session == report.sessions[0]]
    threads = {row.side: row for row in here if row.way == "threads"}
    held = threads.get(HOLD, threads.get(PYTHON, threads.get("")))
    sentences = []
    if RELEASE in threads:
        sentences.append(_released(report, threads))
    elif threads:
        (row,) = threads.values()
        sentences.append(_one_side(report, row))
    return [*sentences, *_other_ways(report, here, threads), *_without_a_gil(report, rows, held)]


def _other_ways(report: Report, here: Sequence[Row], threads: Mapping[str, Row]) -> Iterator[str]:
    """Yield a sentence about the ways of this package except threads, and one about other executors."""
    rows = [row for row in here if row.way != "threads" and row.side != RELEASE]
    held = "with the GIL held, " if RELEASE in threads else ""
    for is_foreign in (False, True):
        group = [row for row in rows if (":" in row.way) == is_foreign]
        if not group:
            continue
        all_gain = not any(_is_flat(report, row) for row in group)
        is_explained = all_gain and not is_foreign and _is_flat(report, threads.get(HOLD, threads.get(PYTHON)))
        gains = ", ".join(f"{way_in_sentence(row)} {_gain(report, row)}" for row in group)
        sentence = f"{held}{gains}{': each has a GIL of its own' if is_explained else ''}."
        yield sentence[0].upper() + sentence[1:]


def _without_a_gil(report: Report, rows: Sequence[Row], held: Row | None) -> Iterator[str]:
    """Yield a sentence about other interpreters without a GIL, if the threads of this one gain nothing."""
    others = [row for row in rows if row.session != report.sessions[0] and row.way == "threads" and row.side != RELEASE]
    free = [row for row in others if not report.facts_of(row.session)["nk_gil_enabled"]]
    if free and _is_flat(report, held):
        gains = ", ".join(f"{_gain(report, row)} by {interpreter(row.session)}" for row in free)
        yield f"Without a GIL, threads are enough: {gains}."


def _released(report: Report, threads: dict[str, Row]) -> str:
    row = threads[RELEASE]
    share = report.of_ceiling(row)
    start = f"Released, {way(row)} are {_gain(report, row)} as fast as one"
    if share is not None:
        start += f", {share:.0%} of what native threads gain"
    held = threads.get(HOLD)
    if held is None:
        return start + "."
    if _is_flat(report, held) and not _is_flat(report, row):
        return f"{start}; held, {_gain(report, held)}: the GIL makes the difference."
    return f"{start}; held, {_gain(report, held)}."


def _does(row: Row) -> str:
    """Return what the probe says about a function of the user."""
    return f"holds the GIL {row.hold} of the time" if row.verdict == "partly" else TEXTS[row.verdict]


def _one_side(report: Report, row: Row) -> str:
    """Return the sentence for pure Python, and for functions of the user."""
    gain = f"{way(row).capitalize()} are {_gain(report, row)} as fast as one"
    if not report.facts_of(row.session)["nk_gil_enabled"]:
        return f"{gain}: there is no GIL here."
    if row.side == PYTHON:
        return f"{gain}: the GIL lets one of them at a time run Python." if _is_flat(report, row) else f"{gain}."
    share = report.of_ceiling(row)
    if share is not None:
        gain += f", {share:.0%} of what native threads gain"
    if row.verdict:
        return f"{gain}: the function {_does(row)}."
    return f"{gain}. Undecided: the function holds the GIL {row.hold} of the time." if row.hold else f"{gain}."


def answer(report: Report, workload: str) -> str:
    """Return the answer for a function of the user, in one line, or "" for other workloads and without a verdict."""
    rows = [row for row in report.block(workload) if row.session == report.sessions[0] and row.way == "threads"]
    row = rows[-1] if rows else report.block(workload)[0]
    if not row.verdict:
        return ""
    text = f"{workload} {_does(row)}"
    if not rows or report.speed_up(row) is None:
        return f"{text}."
    ceiling = report.ceiling(row)
    limit = f" of {ceiling.median:.2f}x" if ceiling else ""
    return f"{text}: {_gain(report, row)}{limit} on {way(row)}."


def _lost_updates(report: Report, rows: Sequence[Row]) -> str:
    sentences = []
    counted = [row for row in rows if row.lost is not None]
    for gil in (1, 0):
        group = [row for row in counted if report.facts_of(row.session)["nk_gil_enabled"] == gil]
        if group:
            sessions = ", ".join(dict.fromkeys(row.session.partition(" GIL")[0] for row in group))
            plain, call = (_range_of_shares([row for row in group if row.side == side]) for side in ("plain", "call"))
            sentences.append(
                f"{'With' if gil else 'Without'} a GIL ({sessions}) counter += 1 lost {plain},"
                f" f(counter) + 1 lost {call}."
            )
    if any(row.side == "locked" and row.lost for row in rows):
        return " ".join([*sentences, "The lock lost some: that is a bug."])
    return " ".join([*sentences, "Only a lock guarantees that no update is lost."])


def _range_of_shares(rows: Sequence[Row]) -> str:
    """Return the range of the shares of lost updates."""
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
    worst_seconds, alone_seconds = worst.seconds_per_call.median, alone.seconds_per_call.median
    if worst_seconds < LATE * alone_seconds:
        return "Releasing the GIL cost little here: no other thread kept it from the kernel for long."
    held = here.get((HOLD, worst.setting))
    comparison = f" If it holds the GIL, it takes {duration(held.seconds_per_call.median)}." if held else ""
    return (
        f"A call that takes {duration(alone_seconds)} alone takes {duration(worst_seconds)} beside a thread that runs"
        f" Python, if it releases the GIL: it waits for a switch interval ({worst.setting}) to get the GIL back."
        f"{comparison}"
    )


def _is_flat(report: Report, row: Row | None) -> bool:
    speed_up = None if row is None else report.speed_up(row)
    return speed_up is not None and speed_up.median <= FLAT


def _gain(report: Report, row: Row) -> str:
    speed_up = report.speed_up(row)
    assert speed_up is not None
    return f"{speed_up.median:.2f}x"
