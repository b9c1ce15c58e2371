"""The names of sides, ways, interpreters and quantities in reports."""

from functools import partial

from ...gil import report as gil_report
from ...gil.report import counted as counted
from .suite import Row

duration = partial(gil_report.duration, in_table=True)

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
    return f"workers of {module}" if colon else WAYS[row.way][1]


def interpreter(session: str) -> str:
    """Return the name of an interpreter in a sentence: "Python 3.13t with the GIL off"."""
    version, _, gil = session.partition(" GIL ")
    return f"Python {version} with the GIL {gil}" if gil else f"Python {version}"
