"""The report: a pyperf benchmark suite with one benchmark per row, and the values derived from it.

All output is made from the suite, so a saved and loaded report looks the same. A benchmark has one run with one value
per start of the workers: the seconds per call. Its metadata, in addition to the facts of measure.facts:

nk_workload     squares-python, sum_of_squares, ... or module:function
nk_side         python | hold | release, or another name; absent if the workload has one side
nk_setting      the value of a further parameter; absent if the workload has none
nk_way          sequential | threads | pool | processes | interpreters | asyncio, or the path of an executor factory
nk_workers      the number of workers
loops           the calls of all workers together, per sample
nk_size         a description of the data of one call
nk_limit        the native ceiling to compare with: arithmetic | memory; absent for work that waits
nk_verdict      held | released | partly | waits: the probe's verdict on a function of the user; absent if undecided
nk_hold         the share of the time in which that function holds the GIL, or the interval of the share, as text
nk_session      the name of the interpreter
nk_overhead     the median seconds for submitting the parts, waiting for all workers, and collecting the results
nk_start_up     the seconds until all workers of this way were running
nk_updates      the number of updates per sample; only for the counter
nk_lost         the number of lost updates of each sample; only for the counter
nk_p99          the seconds that 99 % of the calls take at most, per start; only where each call is timed
nk_kept_waiting the share of the time in which workers were ready and got no core
nk_own_threads  CPU time of the process, divided by that of the worker; only for sequential calls
nk_slow_down    the median of all samples, divided by the least one; 1 where each call is timed
nk_scaling      strong (the workers share the calls) | weak (the calls are per worker)
nk_notes        a JSON list of sentences: what was skipped and why
nk_interrupted  1 if Ctrl-C ended the measurement; absent otherwise

Older files have one run with the seconds of all calls, nk_calls instead of loops, and nk_tally instead of nk_lost.
`Report.load` converts them.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from functools import cache, cached_property
from typing import Any, Self

from ...measure import suite_file
from ...measure.facts import Fact
from ...measure.machine_warnings import warnings_of
from ...measure.samples import Interval, interval, ratio
from ..rows import Row as PlannedRow
from ..rows import Sample
from ..workloads.native import NATIVE, is_native

EMPTY: dict[str, Fact] = dict.fromkeys(
    ("nk_side", "nk_setting", "nk_size", "nk_limit", "nk_lost", "nk_p99", "nk_verdict", "nk_hold"), ""
)
EMPTY |= {"nk_updates": 0, "nk_kept_waiting": 0.0, "nk_own_threads": 1.0, "nk_slow_down": 1.0}
"""The defaults for absent metadata."""
OWN_THREADS = 1.2
"""CPU time of the process / of the worker, from which the calls have threads of their own."""


class About(Enum):
    """The subject of a workload, which determines its sentences, table and plot."""

    LOST = "the share of lost updates"
    LATENCY = "the time per call, by setting"
    WAITING = "the time of work that waits"
    SPEED_UP = "the speed-up of several workers"


@dataclass(frozen=True)
class Row(PlannedRow):
    """A planned row with what was measured in one interpreter. `updates` and `calls` are per sample."""

    session: str = ""
    values: tuple[float, ...] = ()
    """Seconds per call, one value per start of the workers. Parallel workers make it shorter than a call."""
    overhead: float = 0.0
    start_up: float = 0.0
    lost_updates: tuple[int, ...] = ()
    p99: tuple[float, ...] = ()
    kept_waiting: float = 0.0
    own_threads: float = 1.0
    slow_down: float = 1.0

    @property
    def key(self) -> tuple[str, str]:
        """The work and the interpreter. Rows with the same key are compared."""
        return self.work, self.session

    @property
    def lost(self) -> float | None:
        """The share of lost updates, or None for other workloads."""
        lost = self.lost_updates
        return sum(lost) / self.updates / len(lost) if lost else None

    @cached_property
    def seconds_per_call(self) -> Interval:
        """The median of `values`, with its interval."""
        return interval(self.values)


def about(rows: Sequence[Row]) -> About:
    """Return the subject of the rows of one workload."""
    if rows[0].updates:
        return About.LOST
    if any(row.setting for row in rows):
        return About.LATENCY
    return About.SPEED_UP if any(row.limit for row in rows) else About.WAITING


@dataclass
class Measured:
    """The measurements of one interpreter."""

    name: str
    facts: Mapping[str, Fact]
    start_up: dict[str, float] = field(default_factory=dict)
    """Way -> the seconds until all its workers ran."""
    starts: dict[PlannedRow, list[list[Sample]]] = field(default_factory=dict)
    """Row -> the samples of each start of the workers."""


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
        self._by_key = {(row.key, row.way, row.workers): row for row in self.rows}
        self._speed_up = cache(lambda baseline, row: ratio(baseline.values, row.values))

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
                _benchmark(session, row, starts, common, is_first=session is measured[0])
                for session in measured
                for row, starts in session.starts.items()
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
        cores = int(self.facts["nk_usable_cores"])
        rows = [row for row in self.rows if row.workers <= cores and row.limit]
        names = ("kept_waiting", "slow_down") if rows else ()
        measured = {f"nk_{name}": statistics.median(getattr(row, name) for row in rows) for name in names}
        pair = self._by_key.get(((f"{NATIVE}arithmetic//", self.sessions[0]), "threads", 2))
        if pair and cores >= 2 and (native := self.speed_up(pair)):
            measured |= {"nk_native_speed_up": native.median}
        facts = {name: fact for name, fact in self.facts.items() if name not in ("nk_kept_waiting", "nk_slow_down")}
        return warnings_of({**facts, **measured}, blas=any(row.own_threads >= OWN_THREADS for row in self.rows))

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
        return [name for name in names if not is_native(name)]

    def block(self, workload: str) -> list[Row]:
        """Return the rows of one workload, for all interpreters."""
        return [row for row in self.rows if row.workload == workload]

    def baseline(self, row: Row) -> Row | None:
        """Return the sequential row of the same work and interpreter, or None if it is missing."""
        return self._by_key.get((row.key, "sequential", 1))

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
        native = f"{NATIVE}{row.limit}//", self.sessions[0]
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
    measured: Measured, row: PlannedRow, starts: Sequence[Sequence[Sample]], common: Mapping[str, Fact], is_first: bool
) -> suite_file.Benchmark:
    """Return the values and metadata of a row.

    The value of a start is the least of its samples, because other programs only make samples slower. If each call is
    timed, it is the median.
    """
    value_of = statistics.median if starts[0][0].p99 else min
    reference = value_of(sample.seconds for start in starts for sample in start)
    samples = [sample for start in starts for sample in start]
    p99 = [statistics.median(sample.p99 or 0.0 for sample in start) for start in starts if start[0].p99]
    planned = asdict(row)
    # pyperf compare_to needs names that are unique in a report, and equal in other reports.
    parts = (row.workload, row.side, row.setting, row.way, str(row.workers), "" if is_first else measured.name)
    metadata: dict[str, Fact] = {
        **measured.facts,
        **common,
        "name": "-".join(part.replace(" ", "_") for part in parts if part),
        "loops": planned.pop("calls"),
        **{f"nk_{name}": value for name, value in planned.items()},
        "nk_session": measured.name,
        "nk_overhead": max(0.0, statistics.median(sample.overhead for sample in samples)),
        "nk_start_up": measured.start_up.get(row.way, 0.0),
        "nk_updates": row.calls * row.updates or "",
        "nk_lost": " ".join(str(sample.lost) for sample in samples if sample.lost is not None),
        "nk_p99": " ".join(map(str, p99)),
        "nk_kept_waiting": statistics.median(sample.kept_waiting for sample in samples),
        "nk_own_threads": statistics.median(sample.own_threads for sample in samples),
        "nk_slow_down": statistics.median(sample.seconds for sample in samples) / reference,
    }
    return [value_of(sample.seconds for sample in start) / row.calls for start in starts], metadata


def _row(benchmark: Any) -> Row:
    metadata = EMPTY | benchmark.get_metadata()
    values = benchmark.get_values()
    if "nk_calls" in metadata:  # an older file
        metadata |= {"loops": metadata["nk_calls"], "nk_lost": metadata.get("nk_tally", "")}
        values = [value / metadata["loops"] for value in values]
    attributes = {f"nk_{field.name}": field.name for field in fields(Row)} | {
        "loops": "calls",
        "nk_lost": "lost_updates",
    }
    given = {name: metadata[key] for key, name in attributes.items() if key in metadata}
    numbers: dict[str, Any] = {"lost_updates": tuple(map(int, given["lost_updates"].split()))}
    numbers |= {"p99": tuple(map(float, given["p99"].split()))}
    return Row(**given | numbers | {"values": tuple(values)})
