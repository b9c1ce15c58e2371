"""The runner: rounds with one sample per row, until all medians are precise enough or time is up."""

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

MIN_SAMPLES = 9  # per row, before its median counts as precise
MAX_HALF_WIDTH = 0.01  # of the 95 % interval, relative to the median
MAX_SAMPLES = 100


@dataclass
class Series:
    """A row and its samples."""

    row: Row
    samples: list[Sample] = field(default_factory=list)

    @property
    def seconds(self) -> list[float]:
        """The seconds of each sample."""
        return [sample.seconds for sample in self.samples]


Results = list[list[Series]]  # results[session][row]


def run(sessions: Sequence[Session | RemoteSession], seconds: float, progress: Progress) -> tuple[Results, bool]:
    """Return the samples of all rows, and whether KeyboardInterrupt ended the measurement.

    Every other round runs backwards, so that drift within a round cancels out. Stop sampling work whose rows are all
    precise. Always complete one round.
    """
    results: Results = [[Series(row) for row in session.rows] for session in sessions]
    works = list(dict.fromkeys(series.row.work for rows in results for series in rows))
    run_begin = perf_counter()
    try:
        for round_number in range(MAX_SAMPLES):
            round_begin = perf_counter()
            for completed_share in _round(sessions, results, works, round_number % 2 == 1):
                current_time = perf_counter()
                expected_end = round_begin + (current_time - round_begin) / completed_share
                progress(current_time - run_begin, max(seconds, expected_end - run_begin))
            current_time = perf_counter()
            works = [work for work in works if not _is_precise(work, results)]
            next_end = current_time + (current_time - round_begin)
            if all(work.startswith(NATIVE) for work in works) or next_end > run_begin + seconds:
                break
    except KeyboardInterrupt:
        return results, True
    return results, False


def _round(
    sessions: Sequence[Session | RemoteSession], results: Results, works: Sequence[str], backwards: bool
) -> Iterator[float]:
    """Take one sample of each row of these works. After each sample, yield the completed share of the round."""
    pairs = [*zip(sessions, results, strict=True)]
    total = sum(series.row.work in works for rows in results for series in rows)
    sample_count = 0
    for session, rows in reversed(pairs) if backwards else pairs:
        for index, sample in session.round(works, backwards):
            rows[index].samples.append(sample)
            sample_count += 1
            yield sample_count / total


def _is_precise(work: str, results: Results) -> bool:
    """Return whether all medians of this work are precise. Native ceilings never are: they are sampled to the end."""
    same_work = [series.seconds for rows in results for series in rows if series.row.work == work]
    return not work.startswith(NATIVE) and all(
        len(seconds) >= MIN_SAMPLES and interval(seconds).half_width <= MAX_HALF_WIDTH for seconds in same_work
    )
