"""The names of sides, ways, interpreters and quantities in reports."""

from ...gil.report import counted as counted
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
"""nk_side -> name."""

WAYS = {
    "threads": ("thread", "threads"),
    "pool": ("process, Pool", "processes, Pool"),
    "processes": ("process", "processes"),
    "interpreters": ("interpreter", "interpreters"),
    "asyncio": ("coroutine", "coroutines"),
}
"""nk_way -> (singular, plural), after a number of workers."""


def side(row: Row) -> str:
    """Return the name of the side of a row."""
    return SIDES.get(row.side, row.side)


def way(row: Row) -> str:
    """Return the workers of a row: "2 threads"."""
    if row.way == "sequential":
        return "one after another"
    module = row.way.partition(":")[0]
    singular, plural = WAYS.get(row.way, (f"worker of {module}", f"workers of {module}"))
    return f"{row.workers} {singular if row.workers == 1 else plural}"


def way_in_sentence(row: Row) -> str:
    """Return the way of a row without the number of workers: "processes"."""
    if row.way == "pool":
        return "a Pool's processes"
    module, colon, _ = row.way.partition(":")
    return f"workers of {module}" if colon else row.way


def interpreter(session: str) -> str:
    """Return the name of an interpreter in a sentence: "Python 3.13t with the GIL off"."""
    version, _, gil = session.partition(" GIL ")
    return f"Python {version} with the GIL {gil}" if gil else f"Python {version}"


def duration(seconds: float) -> str:
    """Format a time with three digits: "13.1 µs".

    >>> duration(0.0000131), duration(0.9996), duration(0.0009996)
    ('13.1 µs', '1.00 s', '1.00 ms')
    """
    units = (("s", 1.0), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9))
    unit, scale = next((unit for unit in units if seconds * unit[1] >= 0.9995), units[-1])
    number = seconds * scale
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{digits}f} {unit}"
