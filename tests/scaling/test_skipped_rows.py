"""Workloads and ways that fail while a comparison is prepared are skipped with a reason. The others are measured."""

import threading

import pytest
import user_functions
from starting import FAST, rows_of, started, unavailable

from nogil_kernels.scaling.run import preparing


@pytest.mark.parametrize(("has_chosen_ways", "verb"), [(False, "skipped"), (True, "cannot start")])
def test_a_way_that_does_not_start_is_a_detail_unless_the_user_named_it(has_chosen_ways, verb):
    ways = ["threads", "user_functions:no_executor"]
    with started(["squares-python"], ways=ways, has_chosen_ways=has_chosen_ways) as start:
        assert start.prepared.notes == [f"{verb} user_functions:no_executor: OSError: no 2 workers today"]


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
def test_other_interpreters_skip_functions_that_fail_there(name):
    with started([f"user_functions:{name}", "squares-python"], is_first=False) as start:
        assert {row.workload for row in start.rows} == {"squares-python"}
        assert start.prepared.notes[0].startswith(f"failed: user_functions:{name}: ")


def test_a_way_that_fails_is_skipped_with_the_reason_and_the_others_are_measured(local):
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
