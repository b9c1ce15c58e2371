"""From a request to rows and their samples, in this process: the number of calls, and what is left out."""

import sys
import threading
import time
from contextlib import closing, contextmanager
from types import SimpleNamespace

import pytest
import user_functions

from nogil_kernels import build_info
from nogil_kernels.measure import affinity, machine
from nogil_kernels.scaling.rows import Row
from nogil_kernels.scaling.run import calls as run_calls
from nogil_kernels.scaling.run import preparing, sampling
from nogil_kernels.scaling.run.calls import Calls, fit_calls
from nogil_kernels.scaling.run.preparing import prepare
from nogil_kernels.scaling.run.request import Request
from nogil_kernels.scaling.run.start import Start
from nogil_kernels.scaling.workloads import WORKLOADS, Workload
from nogil_kernels.workers import worker
from nogil_kernels.workers.crew import Timing
from nogil_kernels.workers.errors import Unavailable, Unknown
from nogil_kernels.workers.shared import Folder

FAST = ("sequential", "threads")
SQUARES = "user_functions:squares"


@contextmanager
def started(workloads, ways=FAST, workers=(2,), steps=None, **options):
    """Yield a start of the workers in this process."""
    request = Request(tuple(workloads), tuple(ways), tuple(workers), **options)
    doing = (lambda *step: None) if steps is None else lambda *step: steps.append(step)
    with Folder() as folder, closing(Start(request, folder, doing)) as start:
        yield start


@pytest.fixture
def local(monkeypatch):
    """Return a function that registers functions by name, as a request does. They are forgotten at the end."""
    monkeypatch.setattr(worker, "local_functions", {})
    monkeypatch.setattr("nogil_kernels.scaling.workloads.users.local_functions", worker.local_functions)

    def register(**functions):
        names = {f"local:{name}": function for name, function in functions.items()}
        worker.local_functions.update(names)
        return [*names]

    return register


def rows_of(start, workload):
    return [(row.side, row.way, row.workers) for row in start.rows if row.workload == workload]


# Rows


def test_sequential_calls_are_always_measured():
    with started(["squares-python"], ways=["threads"]) as start:
        assert rows_of(start, "squares-python") == [("python", "sequential", 1), ("python", "threads", 2)]


def test_each_side_has_one_row_per_way_and_number_of_workers(compiled_backend):
    with started(["sum_of_squares"], workers=(2, 3)) as start:
        counts = {"sequential": (1,), "threads": (2, 3)}
        expected = [(side, way, count) for way in FAST for side in ("hold", "release") for count in counts[way]]
        assert rows_of(start, "sum_of_squares") == expected


def test_ways_that_do_not_suit_a_workload_have_no_rows():
    with started(["sleep"], ways=["processes", "asyncio"]) as start:
        assert rows_of(start, "sleep") == [("", "sequential", 1), ("", "asyncio", 5)]


def test_without_numbers_of_workers_only_sequential_calls_are_measured():
    with started(["squares-python"], workers=()) as start:
        assert rows_of(start, "squares-python") == [("python", "sequential", 1)]


def test_only_the_first_interpreter_measures_the_native_ceiling():
    with started(["squares-python"]) as start, started(["squares-python"], is_first=False) as other:
        assert [row.way for row in start.rows if row.workload == "native-arithmetic"] == ["sequential", "threads"]
        assert not any(row.workload.startswith("native") for row in other.rows)


def test_each_step_is_named_before_it_begins():
    steps = []
    with started(["squares-python"], steps=steps):
        of_squares = [way for name, way in steps if name == "squares-python"]
        assert of_squares == ["", "", "sequential", "threads"]


def test_a_second_start_has_the_rows_of_the_first_one_and_does_not_probe(local, monkeypatch):
    with started([*local(work=user_functions.squares), "squares-python"]) as first:
        rows, description = first.rows[1:], first.description()
    monkeypatch.setattr(Calls, "fit", lambda *arguments: pytest.fail("the calls were fitted again"))
    monkeypatch.setattr("nogil_kernels.gil.probing.measure", lambda *a, **b: pytest.fail("probed again"))
    options = {"rows": rows, "probed": description["probed"], "calls": description["calls"]}
    with started(["local:work", "squares-python"], **options) as second:
        assert second.rows == rows
        assert second.facts == {}


def test_a_later_start_creates_only_workloads_that_have_rows():
    with started(["squares-python"]) as first:
        rows = [row for row in first.rows if row.workload == "squares-python"]
    with started(["user_functions:fails", "squares-python"], rows=rows) as second:
        assert second.rows == rows
        assert second.prepared.notes == []


@pytest.mark.parametrize(
    ("excluded", "ways"), [(("squares-python", "threads"), ["sequential"]), (("squares-python", ""), [])]
)
def test_what_ended_an_earlier_process_is_left_out(excluded, ways):
    with started(["squares-python", "sleep"], excluded=[excluded]) as start:
        assert [way for _, way, _ in rows_of(start, "squares-python")] == ways
        assert rows_of(start, "sleep")


@pytest.mark.parametrize("name", ["no_such_module:f", "native-arithmetic"])
def test_a_module_or_ceiling_that_ended_an_earlier_process_is_not_used_again(name):
    """The request of a child has lists in place of tuples."""
    with started([*[name] * (":" in name), "squares-python"], excluded=[[name, ""]]) as start:
        assert rows_of(start, "squares-python")
        assert not rows_of(start, name)
        assert start.prepared.notes == []


@pytest.mark.parametrize("workload", [name for name in WORKLOADS if name not in ("http-fetch", "convoy")])
def test_samples_of_every_workload_take_positive_time(workload):
    with started([workload], ways=["threads", "asyncio"]) as start:
        if not rows_of(start, workload):
            pytest.skip(start.prepared.notes[0])
        for _, sample in start.samples(start.rows):
            assert sample.seconds > 0


# Calls


def calls_of(start, workload, way=None):
    return [row.calls for row in start.rows if row.workload == workload and way in (None, row.way)]


def test_all_numbers_of_workers_share_the_same_calls_equally():
    with started(["squares-python"], workers=(2, 3)) as start:
        (calls,) = {*calls_of(start, "squares-python", "threads")}
        assert calls % 6 == 0


def test_each_worker_makes_one_slow_call(monkeypatch):
    monkeypatch.setattr(run_calls, "seconds_per_call", lambda call: 0.2)
    with started(["squares-python"], workers=(2, 3, 5)) as start:
        assert calls_of(start, "squares-python") == [1, 2, 3, 5]


@pytest.mark.parametrize(("seconds", "best"), [([0.5, 0.02, 0.03], 0.02), ([3.0], 3.0)])
def test_seconds_per_call_is_the_best_of_three_and_slow_calls_are_measured_once(seconds, best, monkeypatch):
    times = iter([0.0, *seconds])  # the first call only warms up
    monkeypatch.setattr(worker, "seconds_of", lambda job, count: next(times))
    assert run_calls.seconds_per_call(worker.Job("builtins:int")) == best
    assert next(times, None) is None


def test_fast_calls_are_repeated_until_their_time_can_be_measured(monkeypatch):
    counts = []

    def seconds_of(job, count):
        counts.append(count)
        return count * 0.003

    monkeypatch.setattr(worker, "seconds_of", seconds_of)
    assert run_calls.seconds_per_call(worker.Job("builtins:int")) == pytest.approx(0.003)
    assert counts == [1, 1, 2, 4, 4, 4]


def test_weak_scaling_gives_each_worker_the_same_number_of_calls(monkeypatch):
    monkeypatch.setattr(run_calls, "SERIAL_SECONDS", run_calls.PARALLEL_SECONDS)
    with started(["squares-python"], workers=(2, 3), weak=True) as start:
        sequential, two, three = calls_of(start, "squares-python")
        assert (two, three) == (2 * sequential, 3 * sequential)


def test_the_number_of_calls_can_be_given():
    calls = [("squares-python/python/", 4), ("squares-python/python/ serial", 6)]
    with started(["squares-python"], calls=calls) as start:
        assert calls_of(start, "squares-python") == [4, 6 if machine.gil_enabled() else 4]


def test_the_number_of_calls_does_not_change_when_the_gil_is_switched_on(monkeypatch):
    with started(["squares-python"]) as start:
        before = calls_of(start, "squares-python")
        monkeypatch.setattr(machine, "gil_enabled", lambda: not before)
        assert calls_of(start, "squares-python") == before


@pytest.mark.parametrize(
    ("seconds", "target", "multiple", "calls"), [(0.001, 0.05, 2, 64), (1.0, 0.05, 2, 2), (0.001, 0.048, 6, 48)]
)
def test_fit_calls_returns_a_multiple_by_a_power_of_two(seconds, target, multiple, calls):
    assert fit_calls(seconds, target, multiple) == calls


@pytest.mark.parametrize(("seconds", "calls"), [(1e-5, 4000), (0.005, 100), (0.02, 50), (2.0, 1)])
def test_a_sample_of_timed_calls_has_a_hundred_of_them_unless_they_are_slow(seconds, calls, folder, monkeypatch):
    monkeypatch.setattr(run_calls, "seconds_per_call", lambda job: seconds)
    workload = Nap(folder)
    workload.times_calls = True
    chosen = Calls({})
    chosen.fit(workload, "", "alone", [2], False)
    assert chosen.chosen == {"nap//alone": calls}


@pytest.mark.parametrize(("seconds", "calls"), [(0.001, 20), (0.5, 1)])
def test_each_worker_of_a_function_that_waits_makes_the_same_number_of_calls(seconds, calls, folder, monkeypatch):
    monkeypatch.setattr(run_calls, "seconds_per_call", lambda job: seconds)
    chosen = Calls({})
    chosen.fit(Nap(folder), "", "", [2, 8], False)
    row = Row("nap", "", "", "threads", 8, 1, "", "")
    assert chosen.of(row, False) == 8 * calls


# Samples


class Nap(Workload):
    """Sleep for 0.1 s per call."""

    name = "nap"
    size = "0.1 s"
    ways = FAST
    limit = ""

    def job(self, side, setting, way):
        return worker.Job("functools:partial", (time.sleep, 0.1))


class TwoNaps(Nap):
    calls = 2


def test_a_sample_is_the_time_from_the_first_start_to_the_last_end(monkeypatch):
    monkeypatch.setattr(preparing.workloads, "find", lambda name, folder, path, beside_python: TwoNaps(folder))
    with started(["nap"]) as start:
        sequential, threads = [sample for _, sample in start.samples(start.rows)]
        assert sequential.seconds >= 0.199
        assert threads.seconds >= 0.099
        assert threads.seconds + threads.overhead < sequential.seconds + 10
        assert threads.overhead >= 0


def test_samples_have_the_order_of_the_given_rows():
    with started(["squares-python"]) as start:
        rows = start.rows[::-1]
        assert [row for row, _ in start.samples(rows)] == rows


def test_more_than_255_samples_reuse_the_numbers_of_gates():
    calls = [("squares-python/python/", 2), ("squares-python/python/ serial", 2)]
    with started(["squares-python"], calls=calls) as start:
        assert all(sample.seconds > 0 for _, sample in start.samples([start.rows[1]] * 300))


@pytest.mark.skipif(not affinity.cores(), reason="this system has no CPU affinity")
def test_a_worker_is_pinned_to_its_core_only_during_a_sample():
    before = affinity.cores()
    with affinity.pinned([min(before)]):
        assert affinity.cores() == {min(before)}
    assert affinity.cores() == before
    with started(["squares-python"]) as start:
        assert len([*start.samples(start.rows[:1])]) == 1
        assert start.changes() == {}
    assert affinity.cores() == before


def test_starting_the_workers_is_timed_separately():
    with started(["squares-python"]) as start:
        start_up = start.description()["start_up"]
        assert start_up.keys() == {*FAST}
        assert all(seconds > 0 for seconds in start_up.values())


def test_a_start_has_the_facts_of_its_interpreter():
    with started(["squares-python"]) as start:
        assert start.facts["nk_backend"] == build_info()["backend"]
        assert start.facts["nk_gil_after"] == machine.gil_enabled()


def test_a_sample_says_how_long_workers_waited_for_a_core_and_whether_calls_have_threads_of_their_own(monkeypatch):
    timing = Timing(2.0, 0.5, 0.25, 1.75)
    with started(["squares-python"]) as start:
        monkeypatch.setattr(start.crew, "run", lambda *arguments: timing)
        ((_, sample),) = start.samples(start.rows[:1])
    assert (sample.seconds, sample.overhead, sample.kept_waiting, sample.own_threads) == timing
    assert sample.p99 is None
    assert sample.lost is None


@pytest.mark.parametrize(("count", "rank"), [(1, 1), (2, 2), (99, 99), (100, 99), (101, 100), (200, 198)])
def test_99_percent_of_the_calls_take_at_most_the_percentile(count, rank):
    assert sampling.percentile99([*range(count, 0, -1)]) == rank


@pytest.mark.parametrize(
    ("workload", "sides"),
    [("convoy", ("hold", "release")), ("user_functions:takes_gil", ("hold", "release")), (SQUARES, ("",))],
)
def test_beside_python_samples_have_the_median_and_the_slowest_calls(workload, sides, request):
    if workload == "convoy":
        request.getfixturevalue("compiled_backend")
    settings = ["alone", "5 ms", "0.5 ms", "0.05 ms"]
    works = [(side, setting) for setting in settings for side in sides]
    calls = [(f"{workload}/{side}/{setting}", 3) for side, setting in works]
    with started([workload], beside_python=True, calls=calls) as start:
        assert [(row.side, row.setting, row.way) for row in start.rows] == [(*work, "sequential") for work in works]
        for row, sample in start.samples(start.rows):
            assert row.calls == 3
            assert 0 < sample.seconds / row.calls <= sample.p99


def test_the_counter_has_the_number_of_lost_updates():
    with started(["counter"]) as start:
        lost = {row.side: sample.lost for row, sample in start.samples(start.rows)}
        assert lost.keys() == {"plain", "call", "locked"}
        assert lost["locked"] == 0
        assert all(count >= 0 for count in lost.values())


# Functions that wait


class FakeCrew:
    """Workers of which more help up to a number. All of them have started."""

    def __init__(self, most):
        self.most, self.tried = most, []

    def start(self, way, workers, *, is_trial=False):
        return ""

    def run(self, way, started_workers, job, calls, workers, stays_on_core):
        assert (started_workers, calls) == (preparing.MOST_WAITING, 1)
        self.tried.append(workers)
        return Timing(max(1.0, workers / self.most), 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("most", "tried", "counts"),
    [
        pytest.param(1, [2, 4], [2], id="a sleep under a lock"),
        pytest.param(2, [2, 4], [2], id="two at once"),
        pytest.param(8, [2, 4, 8, 16], [2, 4, 8], id="a pool of eight connections"),
        pytest.param(1000, [2, 4, 8, 16, 32, 64], [2, 4, 8, 16, 32, 64], id="a sleep"),
    ],
)
def test_the_workers_of_a_function_that_waits_double_as_long_as_that_pays(most, tried, counts, folder):
    crew = FakeCrew(most)
    assert preparing._counts_that_pay(crew, Nap(folder), "threads") == counts
    assert crew.tried == tried


@pytest.mark.parametrize(
    ("changes", "way", "counts"),
    [
        ({}, "threads", [2, 4]),
        ({}, "asyncio", [2, 4]),
        ({}, "processes", [3]),
        ({}, "sequential", [1]),
        ({"verdict": "released"}, "threads", [3]),
        ({"tries_more": False}, "threads", [3]),
        ({"simultaneous_calls": 5}, "threads", [5]),
    ],
)
def test_more_threads_or_tasks_are_tried_only_for_functions_that_wait(changes, way, counts, folder):
    workload = Nap(folder)
    workload.verdict = changes.get("verdict", "waits")
    workload.simultaneous_calls = changes.get("simultaneous_calls")
    request = Request(["nap"], FAST, [3], tries_more=changes.get("tries_more", True))
    assert preparing._counts(request, FakeCrew(4), preparing.Prepared(), workload, way) == counts


def test_a_function_that_waits_has_no_native_ceiling():
    with started(["user_functions:naps"], tries_more=True) as start:
        threads = [workers for _, way, workers in rows_of(start, "user_functions:naps") if way == "threads"]
        assert threads == [2 << index for index in range(len(threads))]
        assert {row.verdict for row in start.rows} == {"waits"}
        assert not any(row.workload.startswith("native") for row in start.rows)


# Functions of the user


def test_a_function_is_probed_before_it_is_measured(local):
    with started(local(nap=user_functions.naps)) as start:
        assert {(row.verdict, row.limit) for row in start.rows} == {("waits", "")}
        assert start.description()["probed"][0][:2] == ("local:nap", "waits")


def test_another_interpreter_takes_over_what_the_first_one_has_probed():
    probed = [(SQUARES, "held", "100 %", "arithmetic")]
    with started([SQUARES], is_first=False, probed=probed) as there:
        assert {(row.verdict, row.hold, row.limit) for row in there.rows} == {("held", "100 %", "arithmetic")}


def test_a_lazy_result_is_refused(local):
    with pytest.raises(Unknown, match="computed nothing yet"), started(local(lazy=lambda: map(str, [1]))):
        pass


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("is_a_generator", "is a generator, so a call only returns an iterator"),
        ("takes_arguments", r"takes arguments \(missing a required argument: 'x'\)"),
        ("no_such_name", "cannot import user_functions:no_such_name: "),
        ("times", "must be a function, got int"),
    ],
)
def test_what_is_no_function_without_arguments_is_refused_before_anything_runs(name, reason, monkeypatch):
    monkeypatch.setattr(preparing, "_prepare", lambda *arguments: pytest.fail("something ran"))
    with pytest.raises(Unknown, match=reason), started(["squares-python", f"user_functions:{name}"]):
        pass


@pytest.mark.parametrize(
    ("name", "way", "reason"),
    [
        (
            "waits_async",
            "threads",
            "is async, so none of the ways threads suits it: expected one of sequential, asyncio",
        ),
        ("squares", "asyncio", "is not async, so none of the ways asyncio suits it: expected one of sequential, thr"),
    ],
)
def test_a_function_that_no_requested_way_suits_is_refused(name, way, reason, monkeypatch):
    monkeypatch.setattr(preparing, "_prepare", lambda *arguments: pytest.fail("something ran"))
    with pytest.raises(Unknown, match=reason), started([f"user_functions:{name}"], ways=[way]):
        pass


@pytest.mark.parametrize("way", ["user_functions:nobody", "no_such_module:make"])
def test_an_executor_that_does_not_exist_is_refused(way):
    with pytest.raises(Unknown, match="cannot import"), started(["squares-python"], ways=[way]):
        pass


def test_an_async_function_runs_one_call_after_the_other_and_in_an_event_loop():
    with started(["user_functions:waits_async"], ways=["threads", "asyncio", "processes"]) as start:
        rows = rows_of(start, "user_functions:waits_async")
        assert rows == [("", "sequential", 1), ("", "asyncio", 2)]
        assert all(sample.seconds > 0 for _, sample in start.samples(start.rows))


def test_beside_python_an_async_function_is_refused():
    with (
        pytest.raises(Unknown, match="waits_async is async: "),
        started(["user_functions:waits_async"], beside_python=True),
    ):
        pass


def test_a_module_of_the_same_name_as_the_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "user_functions.py").write_text("def squares(): ...\n")
    refusal = pytest.raises(Unknown, match="another module has the name 'user_functions'; rename the file")
    with refusal, started([SQUARES], files=[("user_functions", str(tmp_path / "user_functions.py"))]):
        pass


# What is left out


@pytest.mark.parametrize(("has_chosen_ways", "verb"), [(False, "skipped"), (True, "cannot start")])
def test_a_way_that_does_not_start_is_a_detail_unless_the_user_named_it(has_chosen_ways, verb):
    ways = ["threads", "user_functions:no_executor"]
    with started(["squares-python"], ways=ways, has_chosen_ways=has_chosen_ways) as start:
        assert start.prepared.notes == [f"{verb} user_functions:no_executor: OSError: no 2 workers today"]


def unavailable(*arguments, **options):
    raise Unavailable("no naps")


def test_an_unavailable_workload_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.setattr(preparing.workloads, "find", unavailable)
    with started(["nap"]) as start:
        assert start.rows == []
        assert start.prepared.notes == ["skipped nap: no naps"]
        assert start.prepared.failures == []


@pytest.mark.parametrize(
    ("name", "note", "failure"),
    [
        ("fails", "LookupError: nothing there", 'raise LookupError("nothing there")'),
        ("exits", "the function called sys.exit(3)", "The function called sys.exit(3)"),
    ],
)
def test_a_function_that_fails_does_not_stop_the_others(name, note, failure):
    with started([f"user_functions:{name}", "squares-python"]) as start:
        assert {row.workload for row in start.rows} == {"squares-python", "native-arithmetic"}
        assert start.prepared.notes == [f"failed: user_functions:{name}: {note}"]
        (text,) = start.prepared.failures
        assert failure in text
        assert "preparing.py" not in text


@pytest.mark.parametrize("name", ["fails", "no_such_name"])
def test_other_interpreters_leave_out_what_fails_there(name):
    with started([f"user_functions:{name}", "squares-python"], is_first=False) as start:
        assert {row.workload for row in start.rows} == {"squares-python"}
        assert start.prepared.notes[0].startswith(f"failed: user_functions:{name}: ")


def test_a_way_that_fails_is_left_out_with_the_reason_and_the_others_are_measured(local):
    def fails_on_other_threads():
        if threading.current_thread() is not threading.main_thread():
            raise LookupError("not here")
        user_functions.squares()

    with started(local(work=fails_on_other_threads)) as start:
        assert rows_of(start, "local:work") == [("", "sequential", 1)]
        assert start.prepared.notes == ["failed: local:work on threads: LookupError: not here"]


def test_a_function_that_waits_and_fails_in_threads_is_measured_without_them(local):
    def waits_on_the_main_thread():
        if threading.current_thread() is not threading.main_thread():
            raise LookupError("not here")
        user_functions.naps()

    with started(local(work=waits_on_the_main_thread), tries_more=True) as start:
        assert start.description()["probed"][0][:2] == ("local:work", "waits")
        assert rows_of(start, "local:work") == [("", "sequential", 1)]
        assert start.prepared.notes == ["failed: local:work on threads: LookupError: not here"]


def test_functions_without_an_import_path_run_on_threads_only(local):
    with started(local(work=lambda: user_functions.squares()), ways=[*FAST, "pool", "processes"]) as start:
        assert rows_of(start, "local:work") == [("", "sequential", 1), ("", "threads", 2)]
        assert start.prepared.notes == [
            "skipped local:work on pool, processes: workers cannot import the function; move it to a module"
        ]


def test_a_sample_that_fails_gives_the_reason_and_the_others_are_taken(local):
    is_measured = []

    def fails_later():
        if is_measured:
            raise LookupError("gone")
        user_functions.squares()

    with started([*local(work=fails_later), "squares-python"], ways=[]) as start:
        is_measured.append(True)
        samples = {row.workload: sample for row, sample in start.samples(start.rows[:2])}
    assert samples["local:work"] == "LookupError: gone"
    assert samples["squares-python"].seconds > 0


# Closing


def test_close_ends_threads_and_frees_calls():
    threads = {*threading.enumerate()}
    with started(["matmul", "squares-python", "sleep"], ways=[*FAST, "asyncio"]) as start:
        assert {*threading.enumerate()} > threads
        assert worker.calls
        folder = start.crew.folder.path
        assert folder.exists()
    assert not folder.exists()
    assert {*threading.enumerate()} == threads
    assert worker.calls == {}


@pytest.mark.parametrize("error", [KeyboardInterrupt, Unknown])
def test_nothing_remains_after_an_error_while_preparing(error, monkeypatch):
    def raises(*arguments):
        raise error

    threads = {*threading.enumerate()}
    monkeypatch.setattr(preparing, "_add_rows", raises)
    with pytest.raises(error), started(["squares-python"]):
        pass
    assert {*threading.enumerate()} == threads


def test_prepare_calls_the_given_function_for_each_workload_and_way(folder):
    crew = SimpleNamespace(folder=folder, stack=SimpleNamespace(callback=lambda close: None), start=unavailable)
    steps = []
    prepared = prepare(Request(["squares-python"], ["threads"], [2]), crew, lambda *step: steps.append(step))
    assert prepared.rows == []
    assert steps == [("squares-python", ""), ("squares-python", ""), ("squares-python", "sequential")]
