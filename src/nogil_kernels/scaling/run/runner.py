"""The runner: round by round, every row of every interpreter in turn, until it is known well enough or time is up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from ...measure.samples import interval
from .. import Progress
from ..workloads.native import NATIVE
from .plan import Row, Sample

if TYPE_CHECKING:
    from .remote import RemoteSession
    from .session import Session

ENOUGH = 9  # samples, from which on a row can be known well enough
NARROW = 0.01  # half of an interval of 95 %, as a share of the median, that is well enough
MOST_SAMPLES = 100


@dataclass
class Series:
    """A row and its samples."""

    row: Row
    samples: list[Sample] = field(default_factory=list)

    @property
    def seconds(self) -> list[float]:
        """Of each sample."""
        return [sample.seconds for sample in self.samples]


Found = list[list[Series]]
"""The series of each session."""


def run(sessions: Sequence[Session | RemoteSession], seconds: float, progress: Progress) -> tuple[Found, bool]:
    """The samples of all rows, and whether KeyboardInterrupt cut them short.

    Every other round goes backwards, so that a drift within a round cancels. Work whose rows are all known well enough
    drops out. One round is finished, whatever the clock says.
    """
    found: Found = [[Series(row) for row in session.rows] for session in sessions]
    works = list(dict.fromkeys(one.row.work for series in found for one in series))
    begin = perf_counter()
    try:
        for rounds in range(MOST_SAMPLES):
            start = perf_counter()
            for share in _round(sessions, found, works, rounds % 2 == 1):
                now = perf_counter()
                progress(now - begin, max(seconds, start - begin + (now - start) / share))
            now = perf_counter()
            works = [work for work in works if not _settled(work, found)]
            if all(work.startswith(NATIVE) for work in works) or now + (now - start) > begin + seconds:
                break
    except KeyboardInterrupt:
        return found, True
    return found, False


def _round(
    sessions: Sequence[Session | RemoteSession], found: Found, works: Sequence[str], backwards: bool
) -> Iterator[float]:
    """Take one sample of each row of these works; yield after each what share of them is done."""
    turns = [*zip(sessions, found, strict=True)]
    rows = sum(one.row.work in works for series in found for one in series)
    done = 0
    for session, series in reversed(turns) if backwards else turns:
        for index, sample in session.round(works, backwards):
            series[index].samples.append(sample)
            done += 1
            yield done / rows


def _settled(work: str, found: Found) -> bool:
    """Whether every row of this work is known well enough."""
    rows = [one for series in found for one in series if one.row.work == work]
    return not work.startswith(NATIVE) and all(
        len(one.samples) >= ENOUGH and interval(one.seconds).half_width <= NARROW for one in rows
    )
