"""A start in this process: the rows of a request, the rows that a later start reuses, and the end."""

import threading
from types import SimpleNamespace

import pytest
import user_functions
from starting import FAST, rows_of, started, unavailable

from nogil_kernels.scaling.run import preparing
from nogil_kernels.scaling.run.calls import Calls
from nogil_kernels.scaling.run.preparing import prepare
from nogil_kernels.scaling.run.request import Request
from nogil_kernels.scaling.workloads import WORKLOADS
from nogil_kernels.workers import worker
from nogil_kernels.workers.errors import Unknown


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
