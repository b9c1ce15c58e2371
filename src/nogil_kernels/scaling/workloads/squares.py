"""A sum of squares in pure Python."""

from functools import partial

from ...workers.worker import Call, Job
from . import PYTHON, Workload

COUNT = 10_000  # half a millisecond, which hides the overhead of the loop around the calls


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
    """Return the sum of the squares of 0, ..., count-1."""
    return sum(i * i for i in range(count))
