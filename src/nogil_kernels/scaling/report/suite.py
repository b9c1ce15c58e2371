"""The report: a pyperf benchmark suite, one benchmark a row, and what is derived from it.

Everything that is shown comes from the suite, so a report that was saved and loaded looks the same. Metadata of a
benchmark beside the facts of the machine:

nk_workload     squares-python, sum_of_squares, ... or module:function
nk_side         python | hold | release, or a workload's own; absent where it has only one
nk_setting      what else was varied; absent where nothing was
nk_way          sequential | threads | pool | processes | interpreters | asyncio, or the path of an executor's factory
nk_workers      number of workers
nk_calls        calls in all, by all workers
nk_size         what one call works on
nk_limit        the native ceiling to compare with: arithmetic | memory; absent for work that waits
nk_session      the interpreter that measured it
nk_overhead     seconds beside a sample's own: handing out the parts, waiting for workers, getting answers; the median
nk_start_up     seconds until all workers of this way ran
nk_updates      of a counter, in each sample; absent for other workloads
nk_tally        how many of them were lost in each sample
nk_scaling      strong (all workers share one and the same work) | weak (each has so much of it)
nk_notes        a JSON list of sentences: what was left out, and why
nk_interrupted  1 where Ctrl-C ended the measuring; else absent

A value is the time of the row's whole work in seconds; divided by nk_calls it compares with other rows, and with other
machines.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import Enum
from functools import cache, cached_property
from typing import Any

from ...measure import suite_file
from ...measure.facts import Fact
from ...measure.machine_warnings import warnings_of
from ...measure.samples import Interval, interval, ratio
from ..run.runner import Series
from ..workloads.native import NATIVE

EMPTY = {"nk_side": "", "nk_setting": "", "nk_size": "", "nk_limit": "", "nk_updates": 0, "nk_tally": ""}
"""What a row has where its benchmark says nothing."""


class About(Enum):
    """What the rows of a workload tell of, from which follow their sentences, their table and their plot."""

    LOST = "how many updates were lost"
    LATENCY = "how long a call takes, by setting"
    WAITING = "how long work takes that waits"
    SPEED_UP = "how much faster work is done by several workers"


@dataclass(frozen=True)
class Row:
    """One row: so many calls of one side of a workload, in one way, by so many workers of one interpreter."""

    workload: str
    side: str
    setting: str
    way: str
    workers: int
    session: str
    calls: int
    size: str
    limit: str
    values: tuple[float, ...]
    overhead: float
    start_up: float
    updates: int
    tally: tuple[int, ...]

    @property
    def work(self) -> tuple[str, str, str, str]:
        """What is done, in whatever way; rows of the same work compare."""
        return self.workload, self.side, self.setting, self.session

    @property
    def per_call(self) -> tuple[float, ...]:
        """Of each sample: time of all the work by the number of all calls."""
        return tuple(value / self.calls for value in self.values)

    @property
    def lost(self) -> float | None:
        """The share of all updates that were lost; None where none are counted."""
        return sum(self.tally) / self.updates / len(self.tally) if self.tally else None

    @cached_property
    def seconds_per_call(self) -> Interval:
        """The median of per_call. With workers that run at once it is less than a call takes."""
        return interval(self.per_call)


def about(rows: Sequence[Row]) -> About:
    """What the rows of one workload tell of."""
    if rows[0].updates:
        return About.LOST
    if any(row.setting for row in rows):
        return About.LATENCY
    return About.SPEED_UP if any(row.limit for row in rows) else About.WAITING


@dataclass(frozen=True)
class Measured:
    """What one interpreter has measured."""

    name: str
    facts: Mapping[str, Fact]
    series: Sequence[Series]
    calls: Sequence[int]
    start_up: Mapping[str, float]


class Report:
    """Rows with their samples, and the facts of where they were measured."""

    def __init__(self, suite: Any) -> None:
        """A report over a pyperf.BenchmarkSuite that a report has made."""
        self.suite = suite
        self.rows = [_row(benchmark) for benchmark in suite]
        self._facts: dict[str, Mapping[str, Fact]] = {
            row.session: benchmark.get_metadata() for row, benchmark in zip(self.rows, suite, strict=True)
        }
        self._by_key = {(row.work, row.way, row.workers): row for row in self.rows}
        self._speed_up = cache(lambda alone, row: ratio(alone.per_call, row.per_call))

    @classmethod
    def of(cls, measured: Sequence[Measured], *, weak: bool, notes: Sequence[str], interrupted: bool) -> Report:
        """The report of what the runner has sampled."""
        common: dict[str, Fact] = {
            "nk_scaling": "weak" if weak else "strong",
            "nk_notes": json.dumps([*notes]),
            "nk_interrupted": 1 if interrupted else "",
        }
        return cls(
            suite_file.make(
                _benchmark(one, series, calls, common, is_first=one is measured[0])
                for one in measured
                for series, calls in zip(one.series, one.calls, strict=True)
                if series.samples
            )
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Report:
        """The report that `save` wrote to a file. Raises OSError, and ValueError for a file of anything else."""
        suite = suite_file.load(path)
        try:
            return cls(suite)
        except (KeyError, TypeError, ValueError, AttributeError) as error:  # a suite of something else
            raise ValueError(f"{type(error).__name__}: {error}") from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a pyperf file, over an older one; gzipped if its name ends in .gz."""
        suite_file.save(self.suite, path)

    @property
    def sessions(self) -> list[str]:
        """The interpreters, that of the command first."""
        return list(self._facts)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """The facts of the machine, and of the first interpreter."""
        return self.facts_of(self.sessions[0])

    def facts_of(self, session: str) -> Mapping[str, Fact]:
        """The facts of the machine, and of that interpreter."""
        return self._facts[session]

    @property
    def notes(self) -> list[str]:
        """What was left out, and why."""
        return list(json.loads(str(self.facts["nk_notes"])))

    @property
    def warnings(self) -> list[str]:
        """What makes these measurements say something else than people read in them."""
        own = any(":" in name for name in self.workloads)  # the others' BLAS is kept to one thread
        return warnings_of(self.facts, blas=own)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the measuring: rows may be missing, and others have few samples."""
        return "nk_interrupted" in self.facts

    @property
    def weak(self) -> bool:
        """Whether each worker had so much work, rather than all of them together."""
        return self.facts["nk_scaling"] == "weak"

    @property
    def workloads(self) -> list[str]:
        """Their names, in the order of the rows; the native ceilings are not among them."""
        names = dict.fromkeys(row.workload for row in self.rows)
        return [name for name in names if not name.startswith(NATIVE)]

    def block(self, workload: str) -> list[Row]:
        """The rows of one workload, of all interpreters."""
        return [row for row in self.rows if row.workload == workload]

    def alone(self, row: Row) -> Row | None:
        """The same work one call after the other, by the same interpreter; None where it was not measured."""
        return self._by_key.get((row.work, "sequential", 1))

    def speed_up(self, row: Row) -> Interval | None:
        """How many times as fast as the same work one call after the other; None where that row is missing."""
        alone = self.alone(row)
        return None if alone is None else self._speed_up(alone, row)

    def efficiency(self, row: Row) -> float | None:
        """Speed-up by number of workers: 1 is all that they can give."""
        speed_up = self.speed_up(row)
        return None if speed_up is None else speed_up.median / row.workers

    def ceiling(self, row: Row) -> Interval | None:
        """What as many native threads gained in the same minute; None for one, and for work that waits."""
        if not row.limit or row.workers == 1:
            return None
        native = NATIVE + row.limit, "", "", self.sessions[0]
        alone, together = (self._by_key.get((native, *way)) for way in (("sequential", 1), ("threads", row.workers)))
        return None if alone is None or together is None else self._speed_up(alone, together)

    def of_ceiling(self, row: Row) -> float | None:
        """The share of the native ceiling that the row reached."""
        speed_up, ceiling = self.speed_up(row), self.ceiling(row)
        return None if speed_up is None or ceiling is None else speed_up.median / ceiling.median

    @property
    def costs(self) -> list[tuple[Row, float, float]]:
        """What workers cost beside the work: of each way and interpreter the row with the most workers, the seconds
        until they ran, and those of handing the parts of one sample over and getting the answers, the median.
        """
        ways: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            if row.way != "sequential":
                ways.setdefault((row.session, row.way), []).append(row)
        return [
            (
                max(rows, key=lambda row: row.workers),
                max(row.start_up for row in rows),
                statistics.median(row.overhead for row in rows),
            )
            for rows in ways.values()
        ]


def _benchmark(
    one: Measured, series: Series, calls: int, common: Mapping[str, Fact], is_first: bool
) -> suite_file.Benchmark:
    row = series.row
    # A name is unique in a report, and the same in other reports of the same row, for pyperf compare_to.
    parts = (row.workload, row.side, row.setting, row.way, str(row.workers), "" if is_first else one.name)
    metadata: dict[str, Fact] = {
        **one.facts,
        **common,
        "name": "-".join(part.replace(" ", "_") for part in parts if part),
        **{f"nk_{name}": value for name, value in asdict(row).items()},
        "nk_calls": calls,
        "nk_session": one.name,
        "nk_overhead": max(0.0, statistics.median(sample.overhead for sample in series.samples)),
        "nk_start_up": one.start_up.get(row.way, 0.0),
        "nk_updates": calls * row.updates or "",
        "nk_tally": " ".join(str(sample.tally) for sample in series.samples if sample.tally is not None),
    }
    return series.seconds, metadata


def _row(benchmark: Any) -> Row:
    metadata = EMPTY | benchmark.get_metadata()
    found = {field.name: metadata[f"nk_{field.name}"] for field in fields(Row) if field.name != "values"}
    found["tally"] = tuple(map(int, found["tally"].split()))
    return Row(values=benchmark.get_values(), **found)
