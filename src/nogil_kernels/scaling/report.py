"""The report: a pyperf benchmark suite, one benchmark a row, and what is derived from it.

Everything that is shown comes from the suite, so a report that was saved and loaded looks the same. Metadata of a
benchmark beside the facts of the machine:

nk_workload     sum_of_squares | matmul
nk_way          threads
nk_gil          python (the pure-Python twin) | hold | release
nk_workers      number of workers
nk_calls        calls in all, the same for every number of workers
nk_size         what one call works on
nk_interrupted  1 where Ctrl-C ended the measuring; else absent

A value is the time of the row's whole work in seconds; divided by nk_calls it compares with other machines' too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyperf  # type: ignore[import-untyped]  # it ships no types

from ..measure.facts import Fact, facts

if TYPE_CHECKING:
    from .runner import Series


@dataclass(frozen=True)
class Row:
    """One row: so many calls of a workload, shared among so many workers."""

    workload: str
    way: str
    gil: str
    workers: int
    calls: int
    size: str
    values: tuple[float, ...]
    median: float
    spread: float
    """The median absolute deviation of the values from their median, as a share of it."""

    @property
    def seconds_per_call(self) -> float:
        """Time of all the work by the number of all calls: with workers that run at once, less than a call takes."""
        return self.median / self.calls


class Report:
    """Rows with their samples, and the facts of where they were measured."""

    def __init__(self, suite: Any) -> None:
        """A report over a pyperf.BenchmarkSuite that a report has made."""
        self.suite = suite
        self.rows = [_row(benchmark) for benchmark in suite]
        self._medians = {(row.workload, row.way, row.gil, row.workers): row.median for row in self.rows}

    @classmethod
    def of(cls, series: Iterable[Series], interrupted: bool = False) -> Report:
        """The report of what the runner has sampled, here and now."""
        here = facts() | {"perf_version": pyperf.__version__}
        if interrupted:
            here["nk_interrupted"] = 1
        return cls(pyperf.BenchmarkSuite([_benchmark(one, here) for one in series]))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Report:
        """The report that `save` wrote to a file."""
        return cls(pyperf.BenchmarkSuite.load(os.fspath(path)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a pyperf file, over an older one; gzipped if its name ends in .gz."""
        self.suite.dump(os.fspath(path), replace=True)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """The metadata that all rows share: machine, Python, package."""
        metadata: dict[str, Fact] = self.suite.get_metadata()
        return metadata

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the measuring: rows may be missing, and others have few samples."""
        return "nk_interrupted" in self.facts

    def speed_up(self, row: Row) -> float | None:
        """How many times as fast as the same work on one worker; None where that row is missing."""
        alone = self._medians.get((row.workload, row.way, row.gil, 1))
        return None if alone is None else alone / row.median

    def efficiency(self, row: Row) -> float | None:
        """Speed-up by number of workers: 1 is all that they can give."""
        speed_up = self.speed_up(row)
        return None if speed_up is None else speed_up / row.workers


def _benchmark(one: Series, here: Mapping[str, Fact]) -> Any:
    workload, way, gil = one.work.workload, one.way.name, one.work.gil
    metadata = {
        **here,
        "name": f"{workload.name}-{way}-{gil}-{one.workers}",
        "unit": "second",
        "nk_workload": workload.name,
        "nk_way": way,
        "nk_gil": gil,
        "nk_workers": one.workers,
        "nk_calls": one.work.total,
        "nk_size": workload.size(gil),
    }
    return pyperf.Benchmark([pyperf.Run(one.samples, metadata=metadata, collect_metadata=False)])


def _row(benchmark: Any) -> Row:
    metadata = benchmark.get_metadata()
    values = benchmark.get_values()
    return Row(
        workload=metadata["nk_workload"],
        way=metadata["nk_way"],
        gil=metadata["nk_gil"],
        workers=metadata["nk_workers"],
        calls=metadata["nk_calls"],
        size=metadata["nk_size"],
        values=values,
        median=benchmark.median(),
        spread=benchmark.median_abs_dev() / benchmark.median(),
    )
