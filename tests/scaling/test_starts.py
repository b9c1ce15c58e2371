"""The samples of a comparison: starts, rounds, budgets, functions that fail, and Ctrl-C. No worker runs here."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from nogil_kernels import __version__
from nogil_kernels.scaling.report import Report
from nogil_kernels.scaling.rows import Row, Sample
from nogil_kernels.scaling.run import comparison, samples
from nogil_kernels.scaling.run.children import Broken
from nogil_kernels.scaling.run.comparison import UNLIMITED
from nogil_kernels.scaling.run.request import Request
from nogil_kernels.scaling.run.samples import STARTS, Budget, Measuring, take
from nogil_kernels.workers.errors import Failed, Unknown
from nogil_kernels.workers.pythons import PythonError

ONCE = Budget(1e9, 1)
NATIVE = "native-arithmetic"
PROBED = [("m:f", "held", "100 %", "arithmetic")]
CALLS = [("m:f//", 8)]


@pytest.fixture
def clock(monkeypatch):
    """A clock that advances only when a sample is taken."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(samples, "perf_counter", lambda: clock.now)
    return clock


def rows_of(*workloads):
    ways = (("sequential", 1), ("threads", 2))
    return [Row(workload, "", "", *way, 2, "", "arithmetic") for workload in workloads for way in ways]


class FakeWorkers:
    """Workers whose samples take one second each. `result` returns a sample or a reason, or raises."""

    def __init__(self, interpreter, rows):
        self.interpreter, self.rows = interpreter, rows
        self.description = {
            "notes": ["a note"],
            "failures": list(interpreter.failures),
            "start_up": {"threads": interpreter.start_ups.pop(0) if interpreter.start_ups else 0.1},
            "facts": {"start": len(interpreter.requests)},
            "calls": CALLS,
            "probed": PROBED,
        }
        self.closed = 0

    def samples(self, rows):
        for row in rows:
            self.interpreter.clock.now += 1
            self.interpreter.log.append((self.interpreter.name, row.workload, row.way))
            yield row, self.interpreter.result(row)

    def changes(self):
        return self.interpreter.changed

    def close(self):
        self.closed += 1


class FakeInterpreter:
    """An interpreter that starts fake workers, except for what is excluded."""

    is_copy = False

    def __init__(self, clock, *workloads, name="python", log=None, result=lambda row: Sample(1.0), broken=()):
        self.clock, self.rows, self.name, self.result = clock, rows_of(*workloads), name, result
        self.log = [] if log is None else log
        self.broken = list(broken)
        self.failures, self.start_ups, self.changed = [], [], {}
        self.requests, self.workers = [], []

    def start(self, request, folder):
        self.requests.append(request)
        if self.broken and (broken := self.broken.pop(0)):
            raise broken
        excluded = {*request.excluded}
        ready = [row for row in self.rows if not excluded & {(row.workload, ""), (row.workload, row.way)}]
        self.workers.append(FakeWorkers(self, ready))
        return self.workers[-1]


def measuring_of(interpreter, **options):
    return Measuring(interpreter, Request(["a", "b"], ["threads"], [2], **options))


def measure(*interpreters, budget=ONCE, progress=lambda elapsed, expected: None, dropped=None):
    """Take all samples. Return the measurement of each interpreter, and whether they were interrupted."""
    all_measuring = [measuring_of(interpreter) for interpreter in interpreters]
    interrupted = take(all_measuring, None, budget, progress, [] if dropped is None else dropped)
    return all_measuring, interrupted


def counts_of(measuring):
    """Return {row: the number of samples of each start}."""
    return {
        (row.workload, row.way): [len(start) for start in starts] for row, starts in measuring.measured.starts.items()
    }


# Starts and rounds


def test_six_starts_give_six_values(clock):
    (here,), interrupted = measure(FakeInterpreter(clock, "a", "b"), budget=Budget(1e9, 3))
    assert {tuple(counts) for counts in counts_of(here).values()} == {(3,) * 6}
    assert len(counts_of(here)) == 4
    assert not interrupted
    here.measured.name = "3.14"
    here.measured.facts = {"nk_usable_cores": 2}
    report = Report.of([here.measured], weak=False, notes=[], interrupted=False)
    assert [len(row.values) for row in report.rows] == [6] * 4


def test_samples_are_kept_in_the_order_of_their_starts(clock):
    seconds = iter(range(1, 1000))
    (here,), _ = measure(FakeInterpreter(clock, "a", result=lambda row: Sample(float(next(seconds)))))
    first, *_ = here.measured.starts.values()
    assert [[sample.seconds for sample in start] for start in first] == [[1], [3], [5], [7], [9], [11]]


def test_a_short_time_gives_one_start_with_one_round(clock):
    (here,), _ = measure(FakeInterpreter(clock, "a"), budget=Budget(0.1, UNLIMITED))
    assert counts_of(here) == {("a", "sequential"): [1], ("a", "threads"): [1]}


@pytest.mark.parametrize(
    ("budget", "counts"),
    [
        pytest.param(Budget(1e9, 1), [1] * 6, id="the rounds are limited"),
        pytest.param(Budget(24, UNLIMITED), [2] * 6, id="the time of a start is limited"),
        pytest.param(Budget(24, 1), [1] * 6, id="both are limited"),
        pytest.param(Budget(8, UNLIMITED), [1] * 5, id="no start begins that would end far too late"),
        pytest.param(Budget(9.6, UNLIMITED), [1] * 6, id="the last start may end a little late"),
    ],
)
def test_samples_are_taken_until_the_budget_is_spent(budget, counts, clock):
    (here,), _ = measure(FakeInterpreter(clock, "a"), budget=budget)
    assert counts_of(here) == {("a", "sequential"): counts, ("a", "threads"): counts}


def test_every_other_round_of_a_start_runs_backwards(clock):
    interpreter = FakeInterpreter(clock, "a", "b")
    measure(interpreter, budget=Budget(0.1, 2))
    forwards = [(interpreter.name, row.workload, row.way) for row in interpreter.rows]
    assert interpreter.log == forwards
    interpreter.log.clear()
    measure(interpreter, budget=Budget(1e9, 3))
    assert interpreter.log == 6 * [*forwards, *reversed(forwards), *forwards]


def test_every_start_of_the_first_interpreter_is_followed_by_one_of_each_other(clock):
    log = []
    interpreters = [FakeInterpreter(clock, "a", name=name, log=log) for name in ("first", "second", "third")]
    measure(*interpreters)
    assert [name for name, _, way in log if way == "threads"] == 6 * ["first", "second", "third"]


def test_each_start_has_new_workers_which_are_closed(clock):
    interpreter = FakeInterpreter(clock, "a")
    measure(interpreter)
    assert [workers.closed for workers in interpreter.workers] == [1] * STARTS


def test_later_starts_have_the_rows_calls_and_verdicts_of_the_first_one(clock):
    interpreter = FakeInterpreter(clock, "a")
    (here,), _ = measure(interpreter)
    first, *others = interpreter.requests
    assert (first.rows, first.calls, first.probed) == ((), (), ())
    for request in others:
        assert (request.rows, request.calls, request.probed) == (interpreter.rows, CALLS, PROBED)
    assert here.measured.facts == {"start": 1}


def test_other_interpreters_have_the_calls_and_verdicts_of_the_first_one_but_their_own_rows(clock):
    interpreters = [FakeInterpreter(clock, "a", name="first"), FakeInterpreter(clock, "b", name="second")]
    (_, other), _ = measure(*interpreters)
    begin, *later = interpreters[1].requests
    assert (begin.rows, begin.calls, begin.probed) == ((), CALLS, PROBED)
    assert {tuple(request.rows) for request in later} == {tuple(interpreters[1].rows)}
    assert other.measured.facts == {"start": 1}


def test_the_longest_start_of_the_workers_counts(clock):
    interpreter = FakeInterpreter(clock, "a")
    interpreter.start_ups = [0.2, 0.5, 0.3]
    (here,), _ = measure(interpreter)
    assert here.measured.start_up == {"threads": 0.5}


def test_a_row_that_a_start_does_not_have_gets_one_value_from_each_other_start(clock):
    interpreter = FakeInterpreter(clock, "a", "b")
    here, rows = measuring_of(interpreter), interpreter.rows
    for interpreter.rows in (rows, rows[:2], rows):
        assert list(here.start(None, Budget(1e9, 2), 1e9))
    assert counts_of(here)["a", "sequential"] == [2, 2, 2]
    assert counts_of(here)["b", "sequential"] == [2, 2]


def test_progress_has_the_elapsed_and_the_expected_seconds(clock):
    calls = []
    measure(FakeInterpreter(clock, "a"), progress=lambda *times: calls.append(times))
    assert [elapsed for elapsed, _ in calls] == [*range(1, 13)]
    assert {expected for _, expected in calls} == {12.0}


@pytest.mark.parametrize(("seconds", "expected"), [(8, 8), (1, 1)])
def test_progress_expects_no_more_than_the_budget_and_no_less_than_what_has_elapsed(seconds, expected, clock):
    calls = []
    measure(
        FakeInterpreter(clock, "a"),
        budget=Budget(seconds, UNLIMITED),
        progress=lambda *times: calls.append(times),
    )
    assert calls[0] == (1, expected)
    assert all(total == max(elapsed, expected) for elapsed, total in calls)


# Ctrl-C


def interrupted_at(number, clock):
    """Return an interpreter whose sample with this number is interrupted."""
    numbers = iter(range(1, 1000))

    def result(row):
        if next(numbers) == number:
            raise KeyboardInterrupt
        return Sample(1.0)

    return FakeInterpreter(clock, "a", "b", result=result)


def test_ctrl_c_keeps_the_samples_taken_so_far(clock):
    interpreter = interrupted_at(7, clock)
    (here,), interrupted = measure(interpreter)
    assert interrupted
    assert [*counts_of(here).values()] == [[1, 1], [1, 1], [1], [1]]
    assert [workers.closed for workers in interpreter.workers] == [1, 1]


def test_ctrl_c_before_the_first_sample_raises(clock):
    interpreter = interrupted_at(1, clock)
    with pytest.raises(KeyboardInterrupt):
        measure(interpreter)
    assert interpreter.workers[0].closed


def test_ctrl_c_while_workers_start_keeps_the_samples_taken_so_far(clock):
    (here,), interrupted = measure(FakeInterpreter(clock, "a", broken=[None, KeyboardInterrupt()]))
    assert interrupted
    assert counts_of(here) == {("a", "sequential"): [1], ("a", "threads"): [1]}


def test_ctrl_c_while_progress_is_shown_closes_the_workers(clock):
    def progress(elapsed, expected):
        if elapsed == 3:
            raise KeyboardInterrupt

    interpreter = FakeInterpreter(clock, "a")
    _, interrupted = measure(interpreter, progress=progress)
    assert interrupted
    assert [workers.closed for workers in interpreter.workers] == [1, 1]


# Functions that end the process


def ends(row, workload, way, *, at=1, seen=None):
    """Return a sample. End the process instead in the sample `at` of this row."""
    if (row.workload, row.way) == (workload, way):
        seen.append(row)
        if len(seen) == at:
            raise Broken("the process was killed by SIGSEGV", workload, way)
    return Sample(1.0)


def test_a_function_that_ends_the_process_while_preparing_is_named_and_the_others_are_measured(clock):
    interpreter = FakeInterpreter(clock, "a", "b", broken=[Broken("the process ended with status 3", "a", "")])
    (here,), _ = measure(interpreter)
    assert here.notes == ["failed: a: the process ended with status 3", "a note"]
    assert counts_of(here) == {("b", "sequential"): [1] * 6, ("b", "threads"): [1] * 6}
    assert interpreter.requests[1].excluded == (("a", ""),)


def test_a_way_that_ends_the_process_while_preparing_is_named_and_the_others_are_measured(clock):
    broken = Broken("the process was killed by SIGSEGV", "a", "threads")
    (here,), _ = measure(FakeInterpreter(clock, "a", broken=[broken]))
    assert here.notes == ["failed: a on threads: the process was killed by SIGSEGV", "a note"]
    assert counts_of(here) == {("a", "sequential"): [1] * 6}


def test_several_functions_may_end_the_process(clock):
    broken = [Broken("the process ended with status 3", name, "sequential") for name in "ab"]
    (here,), _ = measure(FakeInterpreter(clock, "a", "b", "c", broken=broken))
    assert counts_of(here).keys() == {("c", "sequential"), ("c", "threads")}
    assert here.notes[:2] == [f"failed: {name}: the process ended with status 3" for name in "ab"]


def test_a_way_that_ends_the_process_in_a_sample_is_stopped_and_the_round_is_completed(clock):
    seen = []
    interpreter = FakeInterpreter(clock, "a", "b", result=lambda row: ends(row, "a", "threads", at=2, seen=seen))
    (here,), _ = measure(interpreter)
    assert here.notes == ["a note", "stopped a on threads early: the process was killed by SIGSEGV"]
    assert counts_of(here) == {
        ("a", "sequential"): [1] * 6,
        ("a", "threads"): [1],
        ("b", "sequential"): [1] * 6,
        ("b", "threads"): [1] * 6,
    }
    assert len(seen) == 2
    assert [workers.closed for workers in interpreter.workers] == [1] * 7


def test_rows_that_new_workers_do_not_have_are_left_out(clock):
    interpreter = FakeInterpreter(clock, "a", "b", "c")

    def result(row):
        interpreter.rows = rows_of("a", "b")  # the next workers have these
        return ends(row, "a", "threads", seen=[])

    interpreter.result = result
    (here,), _ = measure(interpreter, budget=Budget(0.1, 1))
    assert counts_of(here) == {("a", "sequential"): [1], ("b", "sequential"): [1], ("b", "threads"): [1]}


def test_sequential_calls_that_end_the_process_stop_all_ways_of_the_function(clock):
    seen = []
    (here,), _ = measure(
        FakeInterpreter(clock, "a", "b", result=lambda row: ends(row, "a", "sequential", at=2, seen=seen))
    )
    counts = counts_of(here)
    assert (counts["a", "sequential"], counts["a", "threads"]) == ([1], [1])
    assert counts["b", "threads"] == [1] * 6


def test_a_function_that_raises_in_one_way_is_stopped_in_that_way(clock):
    def result(row):
        return "LookupError: gone" if (row.workload, row.way) == ("a", "threads") else Sample(1.0)

    interpreter = FakeInterpreter(clock, "a", "b", result=result)
    (here,), _ = measure(interpreter)
    assert here.notes == ["a note", "stopped a on threads early: LookupError: gone"]
    assert ("a", "threads") not in counts_of(here)
    assert counts_of(here)["b", "threads"] == [1] * 6
    assert len(interpreter.workers) == STARTS


def test_without_samples_the_traceback_of_the_function_is_raised(clock):
    interpreter = FakeInterpreter(clock)
    interpreter.failures = ["Traceback of a"]
    with pytest.raises(Failed, match=r"\ATraceback of a\na note\Z"):
        measure(interpreter)


@pytest.mark.parametrize("way", ["sequential", ""])
def test_without_samples_the_end_of_the_process_is_raised(way, clock):
    interpreter = FakeInterpreter(clock, "a", broken=[Broken("the process ended with status 3", "a", way)])
    with pytest.raises(Failed, match=r"failed: a.*: the process ended with status 3"):
        measure(interpreter)


def test_samples_of_the_native_ceiling_alone_are_no_report(clock):
    interpreter = FakeInterpreter(clock, "a", NATIVE, result=lambda row: ends(row, "a", "sequential", seen=[]))
    with pytest.raises(Failed, match="stopped a early: the process was killed by SIGSEGV"):
        measure(interpreter)


# Interpreters that fail


def test_another_interpreter_that_does_not_start_is_noted_and_the_first_one_is_measured(clock):
    dropped = []
    others = [
        FakeInterpreter(clock, "a", name="python3.98", broken=[Broken("the process ended with status 4", "", "")]),
        FakeInterpreter(
            clock, "a", name="python3.99", broken=[None, PythonError("python3.99 sent an invalid message")]
        ),
        FakeInterpreter(clock, "a", name="python3.97"),
    ]
    (here, *there), interrupted = measure(FakeInterpreter(clock, "a"), *others, dropped=dropped)
    assert dropped == [
        "skipped python3.98: the process ended with status 4",
        "python3.99 sent an invalid message",
    ]
    counts = [counts_of(measuring).get(("a", "threads")) for measuring in (here, *there)]
    assert counts == [[1] * 6, None, [1], [1] * 6]
    assert not interrupted


def test_the_first_interpreter_must_start(clock):
    broken = [Broken("the process ended with status 4: no space", "", "")]
    with pytest.raises(Failed, match="skipped python: the process ended with status 4: no space"):
        measure(FakeInterpreter(clock, "a", broken=broken))


def test_another_interpreter_without_samples_does_not_affect_the_others(clock):
    (here, other), _ = measure(FakeInterpreter(clock, "a"), FakeInterpreter(clock, name="empty"))
    assert len(counts_of(here)) == 2
    assert counts_of(other) == {}


# Notes


def test_notes_of_later_starts_do_not_occur_again(clock):
    (here,), _ = measure(FakeInterpreter(clock, "a"))
    assert here.notes == ["a note"]


def test_what_a_function_changes_is_named_once(clock):
    interpreter = FakeInterpreter(clock, "a")
    interpreter.changed = {"a": ["signal handlers", "the current folder"]}
    (here,), _ = measure(interpreter)
    assert here.notes == [
        "a note",
        "a changed signal handlers and the current folder, restored after each sample",
    ]


def test_an_interpreter_without_this_package_has_one_note_about_the_kernels(clock, monkeypatch):
    interpreter = FakeInterpreter(clock, "a")
    interpreter.is_copy = True
    monkeypatch.setattr(samples, "NOT_COMPILED", "a note")
    (here,), _ = measure(interpreter)
    assert here.notes == [f"skipped the kernels: this Python lacks nogil_kernels {__version__}"]


def test_notes_name_their_interpreters_if_there_are_several(clock):
    here, there = (measuring_of(FakeInterpreter(clock, "a")) for _ in range(2))
    here.measured.name, there.measured.name = "3.14", "3.14t GIL off"
    here.notes, there.notes = ["both", "one"], ["both"]
    assert comparison._joined([here, there]) == ["both (3.14, 3.14t GIL off)", "one (3.14)"]
    assert comparison._joined([here]) == ["both", "one"]


# Budgets


@pytest.mark.parametrize(
    ("workloads", "interpreters", "quick", "seconds", "budget"),
    [
        (1, 1, False, None, Budget(80, 30)),
        (9, 1, False, None, Budget(80, 30)),
        (1, 3, False, None, Budget(150, 30)),
        (1, 1, True, None, Budget(8, 7)),
        (3, 1, True, None, Budget(14, 7)),
        (3, 2, True, None, Budget(28, 7)),
        (3, 2, True, 0.5, Budget(0.5, UNLIMITED)),
    ],
)
def test_the_budget_depends_on_the_options(workloads, interpreters, quick, seconds, budget):
    request = replace(Request([], [], []), workloads=["a"] * workloads)
    assert comparison.budget_of(request, interpreters, quick, seconds) == budget


@pytest.mark.parametrize(
    "error", [Unknown("no module m"), OSError(28, "No space left"), PythonError("stopped it: gone")]
)
def test_a_later_start_that_fails_keeps_the_samples(error, clock):
    dropped = []
    interpreter = FakeInterpreter(clock, "a", broken=[None, None, error])
    (here,), interrupted = measure(interpreter, dropped=dropped)
    assert counts_of(here) == {("a", "sequential"): [1, 1], ("a", "threads"): [1, 1]}
    assert not interrupted
    assert dropped == [str(error) if isinstance(error, PythonError) else f"stopped python early: {error}"]


def test_a_first_start_that_fails_is_an_error(clock):
    with pytest.raises(Unknown, match="no module m"):
        measure(FakeInterpreter(clock, "a", broken=[Unknown("no module m")]))
