"""Functions of the user: which are refused, the probe's verdicts, and the number of workers if a function waits."""

import sys

import pytest
import user_functions
from starting import FAST, SQUARES, Nap, rows_of, started

from nogil_kernels.scaling.run import preparing
from nogil_kernels.scaling.run.request import Request
from nogil_kernels.workers.crew import Timing
from nogil_kernels.workers.errors import Unknown


class FakeCrew:
    """Workers that have all started. More of them help up to a number."""

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
def test_anything_but_a_function_without_arguments_is_refused_before_anything_runs(name, reason, monkeypatch):
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
