"""What a block of the report means, in one sentence made from its numbers."""

from collections.abc import Sequence

from .report import Report, Row

FLAT = 1.25  # a speed-up up to here is none: noise, and caches that one more core brings
NEAR = 0.8  # an efficiency from here on says that the workers ran at once

NAMES = {"python": "pure Python", "hold": "GIL held", "release": "GIL released"}
"""The sides of the comparison (`nk_gil`), for people."""


def meaning(report: Report, block: Sequence[Row]) -> str:
    """One sentence on the rows of one workload and way: what the largest number of workers brought."""
    most = max(row.workers for row in block)
    if most == 1 and not report.interrupted:
        return "One worker alone: nothing here ran at once, so there is no speed-up to see."
    gains = {row.gil: gain for row in block if row.workers == most and (gain := report.speed_up(row)) is not None}
    if not gains or most == 1:
        return "Interrupted before there was anything to compare."
    if not report.facts["nk_gil_enabled"]:
        return _without_gil(gains, most)
    if "release" in gains:
        return _released(gains, most)
    return _flat(gains, most)


def _without_gil(gains: dict[str, float], most: int) -> str:
    if min(gains.values()) >= NEAR * most:
        return f"Without a GIL {most} threads run at once whatever they run: {_each(gains)}."
    return f"Without a GIL {most} threads could run at once, and brought {_each(gains)}: {_busy(most)}"


def _released(gains: dict[str, float], most: int) -> str:
    gain = gains["release"]
    others = {gil: other for gil, other in gains.items() if gil != "release"}
    if gain < NEAR * most:
        return f"Released, {most} threads are {gain:.2f}x as fast as one: {_busy(most)}"
    start = f"Released, {most} threads are {gain:.2f}x as fast as one"
    if others and max(others.values()) <= FLAT:
        return f"{start}; {_each(others)}: the GIL is what keeps those apart from it."
    return f"{start}; {_each(others)}." if others else f"{start}."


def _flat(gains: dict[str, float], most: int) -> str:
    if max(gains.values()) <= FLAT:
        return f"{most} threads, {_each(gains)} of one's speed: the GIL lets one thread at a time run."
    return f"{most} threads against one: {_each(gains)}."


def _each(gains: dict[str, float]) -> str:
    return ", ".join(f"{NAMES[gil]} {gain:.2f}x" for gil, gain in gains.items())


def _busy(most: int) -> str:
    return f"{most} free cores would give more. Was something else running? Try again on a quiet machine."
