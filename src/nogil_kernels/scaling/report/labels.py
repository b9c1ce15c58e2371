"""How sides, ways, interpreters and quantities are called where people read them."""

from __future__ import annotations

from .suite import Row

SIDES = {
    "": "",
    "python": "pure Python",
    "hold": "GIL held",
    "release": "GIL released",
    "plain": "counter += 1",
    "call": "counter = f(counter) + 1",
    "locked": "with a lock",
}
"""Sides of workloads (`nk_side`)."""

WAYS = {
    "threads": ("thread", "threads"),
    "pool": ("process, Pool", "processes, Pool"),
    "processes": ("process", "processes"),
    "interpreters": ("interpreter", "interpreters"),
    "asyncio": ("coroutine", "coroutines"),
}
"""Ways (`nk_way`), after a number of workers."""


def side(row: Row) -> str:
    """The side of a row; a workload's own where it has no name here."""
    return SIDES.get(row.side, row.side)


def way(row: Row) -> str:
    """Who did the work of a row: 2 threads."""
    if row.way == "sequential":
        return "one after another"
    of = row.way.partition(":")[0]
    one, many = WAYS.get(row.way, (f"worker of {of}", f"workers of {of}"))
    return f"{row.workers} {one if row.workers == 1 else many}"


def kind(row: Row) -> str:
    """The way of a row, in a sentence: processes."""
    if row.way == "pool":
        return "a Pool's processes"
    module, foreign, _ = row.way.partition(":")
    return f"workers of {module}" if foreign else row.way


def interpreter(session: str) -> str:
    """An interpreter, for a sentence: Python 3.13t with the GIL off."""
    version, _, gil = session.partition(" GIL ")
    return f"Python {version} with the GIL {gil}" if gil else f"Python {version}"


def duration(seconds: float) -> str:
    """Three digits and the unit that fits: 13.1 µs.

    >>> duration(0.0000131), duration(0.9996), duration(0.0009996)
    ('13.1 µs', '1.00 s', '1.00 ms')
    """
    units = (("s", 1.0), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9))
    unit, scale = next((unit for unit in units if seconds * unit[1] >= 0.9995), units[-1])
    number = seconds * scale
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{digits}f} {unit}"


def counted(number: int, noun: str) -> str:
    """1 core, 2 cores."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
