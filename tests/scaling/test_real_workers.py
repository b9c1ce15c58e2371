"""Sessions with real workers of every way, some of which are killed, and different callers."""

import os
import sys
import time
from contextlib import closing

import pytest
from commands import killed
from support import ABI3, completed, needs_proc, remaining_processes, run_python, running_processes

from nogil_kernels.scaling.run.plan import Request
from nogil_kernels.scaling.run.session import Session
from nogil_kernels.workers import gate, shared

PROCESSES = ("pool", "processes")
INTERPRETERS = pytest.param(
    "interpreters",
    marks=[
        pytest.mark.skipif(sys.version_info < (3, 14), reason="InterpreterPoolExecutor needs Python 3.14"),
        pytest.mark.skipif(ABI3, reason="the abi3 build has no kernels for subinterpreters"),
    ],
)


def session_of(way, *workloads, executors=()):
    return closing(Session(Request(workloads, ("sequential", way, *executors), (2,))))


def take_samples(session):
    """Take one sample of each row. Return {(workload, way): seconds}."""
    samples = session.round([row.work for row in session.rows], backwards=False)
    return {(session.rows[index].workload, session.rows[index].way): sample.seconds for index, sample in samples}


@pytest.mark.parametrize("way", ["threads", *PROCESSES, INTERPRETERS])
def test_workers_of_every_way_run_the_same_work(way, compiled_backend):
    with session_of(way, "squares-python", "sum_of_squares", "matmul", "user_functions:squares") as session:
        assert session.notes == []
        seconds = take_samples(session)
        for workload in ("squares-python", "sum_of_squares", "matmul", "user_functions:squares"):
            assert seconds[workload, way] > 0
        assert 0 < session.start_up[way] < 30


@pytest.mark.parametrize("way", [*PROCESSES, INTERPRETERS])
def test_workers_import_only_what_their_work_needs(way):
    with session_of(way, "user_functions:imports_nothing_heavy") as session:
        assert session.notes == []
        assert take_samples(session)["user_functions:imports_nothing_heavy", way] > 0


@pytest.mark.parametrize("way", PROCESSES)
@pytest.mark.parametrize(
    "name", ["returns_an_unpicklable_value", "changes_the_current_folder", "prints", "forks_in_processes"]
)
def test_unusual_functions_are_measured(way, name, tmp_path, monkeypatch):
    if name == "forks_in_processes" and not hasattr(os, "fork"):
        pytest.skip("this system does not support fork")
    monkeypatch.chdir(tmp_path)
    with session_of(way, f"user_functions:{name}") as session:
        assert session.notes == []
        assert take_samples(session)[f"user_functions:{name}", way] > 0


@pytest.mark.parametrize("way", PROCESSES)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fails_in_processes", "RuntimeError: Unsendable: this and that"),
        ("exits_in_processes", "the function called sys.exit(3)"),
    ],
)
def test_a_workload_that_fails_in_one_way_is_skipped_in_that_way(way, name, reason):
    with session_of(way, f"user_functions:{name}", "squares-python") as session:
        assert session.notes == [f"skipped user_functions:{name} on {way}: {reason}"]
        assert take_samples(session)["squares-python", way] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not support this signal")
@pytest.mark.parametrize("way", PROCESSES)
def test_a_killed_worker_stops_its_way_and_no_other(way):
    name = "user_functions:is_killed_in_processes_later"
    with session_of(way, name) as session:
        for _ in range(20):
            seconds = take_samples(session)
        assert (name, "sequential") in seconds
        assert (name, way) not in seconds
        assert len(session.notes) == 1
        assert session.notes[0].startswith(f"stopped {name} on {way} early: BrokenProcessPool: ")


def test_an_executor_with_too_few_workers_is_skipped_soon(monkeypatch):
    monkeypatch.setattr(gate, "TIMEOUT", 0.3)
    begin = time.monotonic()
    with session_of("threads", "squares-python", executors=["user_functions:one_thread"]) as session:
        pass
    assert time.monotonic() - begin < 5
    assert session.notes == [
        "skipped user_functions:one_thread: NotEnoughWorkers: only 1 of 2 workers reached the gate:"
        " another worker failed, or the executor does not run 2 tasks at the same time"
    ]
    assert {row.way for row in session.rows} == {"sequential", "threads"}


def test_a_factory_that_fails_is_skipped():
    with session_of("threads", "squares-python", executors=["user_functions:no_executor"]) as session:
        assert session.notes == ["skipped user_functions:no_executor: OSError: no 2 workers today"]


SCRIPT = """
from nogil_kernels.scaling import compare

def global_function():
    return sum(range(1000))

def outer():
    def nested():
        return 1
    return nested

print("started")
report = compare(["squares-python", global_function, outer(), lambda: 2], ways=["threads", "pool", "processes"],
                 workers=[2], seconds=0.05)
print(*dict.fromkeys(row.way for row in report.block("squares-python")))
print(*dict.fromkeys(row.way for row in report.block("__main__:global_function")))
print(*report.workloads)
"""
OUTPUT = [
    "started",
    "sequential threads pool processes",
    "sequential threads",
    "squares-python __main__:global_function __main__:outer.<locals>.nested __main__:<lambda>",
]


@pytest.mark.parametrize("source", ["script", "stdin", "-c"])
def test_a_caller_needs_no_main_guard(source, tmp_path):
    pytest.importorskip("pyperf")
    (tmp_path / "script.py").write_text(SCRIPT)
    arguments = {"script": ["script.py"], "stdin": ["-"], "-c": ["-c", SCRIPT]}[source]
    process = completed(*arguments, input=SCRIPT, cwd=tmp_path)
    assert process.stdout.splitlines() == OUTPUT, process.stderr
    assert process.stderr == ""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no CPU affinity")
def test_only_sequential_rows_are_measured_on_one_core():
    pytest.importorskip("pyperf")
    code = """
        import os
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        from nogil_kernels.scaling import compare
        print({row.way for row in compare(["squares-python"], seconds=0.01).block("squares-python")})
    """
    process = run_python(code, "-W", "default")
    assert process.stdout.strip() == "{'sequential'}", process.stderr


@needs_proc
def test_workers_exit_when_their_parent_is_killed():
    code = """
        from nogil_kernels.scaling.run.plan import Request
        from nogil_kernels.scaling.run.session import Session
        session = Session(Request(("squares-python",), ("sequential", "threads", "pool", "processes"), (2,)))
        print(session.crew.folder.path, flush=True)
        input()
    """
    with killed(code) as (process, path):
        assert len(running_processes(process.pid)) > 4
    assert remaining_processes(process.pid) == []
    assert os.listdir(path) == ["gate"]  # the killed process cannot remove it
    shared.shutil.rmtree(path)
