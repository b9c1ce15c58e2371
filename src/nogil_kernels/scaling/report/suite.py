"""The report: a pyperf benchmark suite with one benchmark per row, and the values derived from it.

All output is made from the suite, so a saved and loaded report looks the same. The values of a benchmark are the
seconds of all calls of the row, per sample. Its metadata, in addition to the facts of measure.facts:

nk_workload     squares-python, sum_of_squares, ... or module:function
nk_side         python | hold | release, or another name; absent if the workload has one side
nk_setting      the value of a further parameter; absent if the workload has none
nk_way          sequential | threads | pool | processes | interpreters | asyncio, or the path of an executor factory
nk_workers      the number of workers
nk_calls        the total number of calls
nk_size         a description of the data of one call
nk_limit        the native ceiling to compare with: arithmetic | memory; absent for work that waits
nk_verdict      held | released | partly | waits: the probe's verdict on a function of the user; absent if undecided
nk_hold         the share of the time in which that function holds the GIL, or the interval of the share, as text
nk_session      the name of the interpreter
nk_overhead     the median seconds for submitting the parts, waiting for all workers, and collecting the results
nk_start_up     the seconds until all workers of this way were running
nk_updates      the number of updates per sample; only for the counter
nk_tally        the number of lost updates of each sample; only for the counter
nk_scaling      strong (the workers share the calls) | weak (the calls are per worker)
nk_notes        a JSON list of sentences: what was skipped and why
nk_interrupted  1 if Ctrl-C ended the measurement; absent otherwise
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import Enum
from functools import cache, cached_property
from typing import Any, Self

from ...measure import suite_file
from ...measure.facts import Fact
from ...measure.machine_warnings import warnings_of
from ...measure.samples import Interval, interval, ratio
from ..run.runner import Series
from ..workloads.native import NATIVE

EMPTY: dict[str, Fact] = dict.fromkeys(
    ("nk_side", "nk_setting", "nk_size", "nk_limit", "nk_tally", "nk_verdict", "nk_hold"), ""
)
EMPTY |= {"nk_updates": 0}
"""The defaults for absent metadata."""


class About(Enum):
    """The subject of a workload, which determines its sentences, table and plot."""

    LOST = "the share of lost updates"
    LATENCY = "the time per call, by setting"
    WAITING = "the time of work that waits"
    SPEED_UP = "the speed-up of several workers"


@dataclass(frozen=True)
class Row:
    """One side and setting of a workload, in one way, with one number of workers, in one interpreter."""

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
    verdict: str
    hold: str

    @property
    def work(self) -> tuple[str, str, str, str]:
        """The key of the work, without way and workers. Rows with the same key are compared."""
        return self.workload, self.side, self.setting, self.session

    @property
    def per_call(self) -> tuple[float, ...]:
        """The seconds of each sample divided by the number of calls."""
        return tuple(value / self.calls for value in self.values)

    @property
    def lost(self) -> float | None:
        """The share of lost updates, or None for other workloads."""
        return sum(self.tally) / self.updates / len(self.tally) if self.tally else None

    @cached_property
    def seconds_per_call(self) -> Interval:
        """The median of `per_call`. Parallel workers make it shorter than the duration of a call."""
        return interval(self.per_call)


def about(rows: Sequence[Row]) -> About:
    """Return the subject of the rows of one workload."""
    if rows[0].updates:
        return About.LOST
    if any(row.setting for row in rows):
        return About.LATENCY
    return About.SPEED_UP if any(row.limit for row in rows) else About.WAITING


@dataclass(frozen=True)
class Measured:
    """The measurements of one interpreter."""

    name: str
    facts: Mapping[str, Fact]
    series: Sequence[Series]
    calls: Sequence[int]
    start_up: Mapping[str, float]


class Report:
    """The result of `compare`: rows with samples, and facts about the machine and the interpreters.

    Attributes
    ----------
    suite : pyperf.BenchmarkSuite
        The samples and metadata, which `save` writes.
    rows : list of Row
        All rows, including the native ceilings.
    """

    def __init__(self, suite: Any) -> None:
        """Create a report from the suite of another report."""
        self.suite = suite
        self.rows = [_row(benchmark) for benchmark in suite]
        self._facts: dict[str, Mapping[str, Fact]] = {
            row.session: benchmark.get_metadata() for row, benchmark in zip(self.rows, suite, strict=True)
        }
        self._by_key = {(row.work, row.way, row.workers): row for row in self.rows}
        self._speed_up = cache(lambda baseline, row: ratio(baseline.per_call, row.per_call))

    @classmethod
    def of(cls, measured: Sequence[Measured], *, weak: bool, notes: Sequence[str], interrupted: bool) -> Self:
        """Create the report of the samples of a run."""
        common: dict[str, Fact] = {
            "nk_scaling": "weak" if weak else "strong",
            "nk_notes": json.dumps([*notes]),
            "nk_interrupted": 1 if interrupted else "",
        }
        return cls(
            suite_file.make(
                _benchmark(session, series, calls, common, is_first=session is measured[0])
                for session in measured
                for series, calls in zip(session.series, session.calls, strict=True)
                if series.samples
            )
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the report that `save` wrote. Raise OSError if it cannot be read, ValueError if it is another file."""
        suite = suite_file.load(path)
        try:
            return cls(suite)
        except (KeyError, TypeError, ValueError, AttributeError) as error:  # the suite of another program
            raise ValueError(f"{type(error).__name__}: {error}") from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a pyperf file and replace an existing one. Compress with gzip if the name ends in .gz."""
        suite_file.save(self.suite, path)

    @property
    def sessions(self) -> list[str]:
        """The names of the interpreters, starting with the one that ran `compare`."""
        return list(self._facts)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """The facts about the machine and the first interpreter."""
        return self.facts_of(self.sessions[0])

    def facts_of(self, session: str) -> Mapping[str, Fact]:
        """Return the facts about the machine and this interpreter."""
        return self._facts[session]

    @property
    def notes(self) -> list[str]:
        """What was skipped and why."""
        return list(json.loads(str(self.facts["nk_notes"])))

    @property
    def warnings(self) -> list[str]:
        """Warnings about the machine and the interpreter that may distort the measurements."""
        has_user_function = any(":" in name for name in self.workloads)  # other workloads limit BLAS to one thread
        return warnings_of(self.facts, blas=has_user_function)

    @property
    def verdicts(self) -> dict[str, str]:
        """Function of the user -> the probe's verdict, or "" if that is undecided."""
        return {name: self.block(name)[0].verdict for name in self.workloads if ":" in name}

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the measurement. Rows may be missing or have few samples."""
        return "nk_interrupted" in self.facts

    @property
    def weak(self) -> bool:
        """Whether the calls were per worker instead of shared."""
        return self.facts["nk_scaling"] == "weak"

    @property
    def workloads(self) -> list[str]:
        """The names of the workloads, without the native ceilings."""
        names = dict.fromkeys(row.workload for row in self.rows)
        return [name for name in names if not name.startswith(NATIVE)]

    def block(self, workload: str) -> list[Row]:
        """Return the rows of one workload, for all interpreters."""
        return [row for row in self.rows if row.workload == workload]

    def baseline(self, row: Row) -> Row | None:
        """Return the sequential row of the same work and interpreter, or None if it is missing."""
        return self._by_key.get((row.work, "sequential", 1))

    def speed_up(self, row: Row) -> Interval | None:
        """Return the speed-up over the sequential row, or None if that is missing."""
        baseline = self.baseline(row)
        return None if baseline is None else self._speed_up(baseline, row)

    def efficiency(self, row: Row) -> float | None:
        """Return the speed-up divided by the number of workers, or None without a speed-up."""
        speed_up = self.speed_up(row)
        return None if speed_up is None else speed_up.median / row.workers

    def ceiling(self, row: Row) -> Interval | None:
        """Return the speed-up of as many native threads, or None for one worker and for work that waits."""
        if not row.limit or row.workers == 1:
            return None
        native = NATIVE + row.limit, "", "", self.sessions[0]
        baseline, threads = (self._by_key.get((native, *way)) for way in (("sequential", 1), ("threads", row.workers)))
        return None if baseline is None or threads is None else self._speed_up(baseline, threads)

    def of_ceiling(self, row: Row) -> float | None:
        """Return the speed-up as a share of the native ceiling, or None if one of them is missing."""
        speed_up, ceiling = self.speed_up(row), self.ceiling(row)
        return None if speed_up is None or ceiling is None else speed_up.median / ceiling.median

    @property
    def costs(self) -> list[tuple[Row, float, float]]:
        """(row with the most workers, start-up seconds, median overhead per sample) of each way and interpreter."""
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
    measured: Measured, series: Series, calls: int, common: Mapping[str, Fact], is_first: bool
) -> suite_file.Benchmark:
    row = series.row
    # pyperf compare_to needs names that are unique in a report, and equal in other reports.
    parts = (row.workload, row.side, row.setting, row.way, str(row.workers), "" if is_first else measured.name)
    metadata: dict[str, Fact] = {
        **measured.facts,
        **common,
        "name": "-".join(part.replace(" ", "_") for part in parts if part),
        **{f"nk_{name}": value for name, value in asdict(row).items()},
        "nk_calls": calls,
        "nk_session": measured.name,
        "nk_overhead": max(0.0, statistics.median(sample.overhead for sample in series.samples)),
        "nk_start_up": measured.start_up.get(row.way, 0.0),
        "nk_updates": calls * row.updates or "",
        "nk_tally": " ".join(str(sample.tally) for sample in series.samples if sample.tally is not None),
    }
    return series.seconds, metadata


def _row(benchmark: Any) -> Row:
    metadata = EMPTY | benchmark.get_metadata()
    attributes = {field.name: metadata[f"nk_{field.name}"] for field in fields(Row) if field.name != "values"}
    attributes["tally"] = tuple(map(int, attributes["tally"].split()))
    return Row(values=benchmark.get_values(), **attributes)
