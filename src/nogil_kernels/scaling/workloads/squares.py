"""The classic: a sum of squares in one line of Python."""

from __future__ import annotations

from functools import partial

from ...workers.worker import Call, Job
from . import PYTHON, Workload

COUNT = 10_000  # half a millisecond: long enough that the loop around the calls does not count


class SquaresPython(Workload):
    """sum(i * i for i in range(n))."""

    name = "squares-python"
    size = f"sum(i * i for i in range({COUNT:_}))"
    sides = (PYTHON,)

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:call", (COUNT,))


def call(count: int) -> Call:
    return partial(squares, count)


def squares(count: int) -> int:
    """The sum of the squares of the first `count` integers."""
    return sum(i * i for i in range(count))
