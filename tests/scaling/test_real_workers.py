"""Sessions with real workers of every kind, some of which are killed, and callers of every kind."""

import os
import sys
import time
from contextlib import closing

import pytest
from commands import killed
from support import ABI3, completed, left_of, needs_proc, processes_of, run_python

from nogil_kernels.scaling.run.plan import Request
from nogil_kernels.scaling.run.session import Session
from nogil_kernels.workers import gate, shared

PROCESSES = ("pool", "processes")


INTERPRETERS = pytest.param(
    "interpreters",
    marks=[
        pytest.mark.skipif(sys.version_info < (3, 14), reason="InterpreterPoolExecutor came with Python 3.14"),
        pytest.mark.skipif(ABI3, reason="the abi3 build has no kernels for subinterpreters"),
    ],
)


@pytest.fixture
def impatient(monkeypatch):
    """Workers that do not come are given up soon."""
    monkeypatch.setattr(gate, "PATIENCE", 0.3)


def session_of(way, *workloads, executors=()):
    return closing(Session(Request(workloads, ("sequential", way, *executors), (2,))))


def samples(session):
    """One sample of each row: {(workload, way): seconds}."""
    found = session.round([row.work for row in session.rows], backwards=False)
    return {(session.rows[index].workload, session.rows[index].way): sample.seconds for index, sample in found}


@pytest.mark.parametrize("way", ["threads", *PROCESSES, INTERPRETERS])
def test_workers_of_every_kind_run_the_same_work(way, compiled_backend):
    with session_of(way, "squares-python", "sum_of_squares", "matmul", "made_functions:squares") as session:
        assert session.notes == []
        found = samples(session)
        for workload in ("squares-python", "sum_of_squares", "matmul", "made_functions:squares"):
            assert found[workload, way] > 0
        assert 0 < session.start_up[way] < 30


@pytest.mark.parametrize("way", [*PROCESSES, INTERPRETERS])
def test_workers_import_nothing_that_their_work_does_not_need(way):
    with session_of(way, "made_functions:needs_no_more_than_itself") as session:
        assert session.notes == []
        assert samples(session)["made_functions:needs_no_more_than_itself", way] > 0


@pytest.mark.parametrize("way", PROCESSES)
@pytest.mark.parametrize(
    "name", ["returns_what_cannot_be_sent", "changes_the_current_folder", "prints", "forks_in_processes"]
)
def test_a_function_may_do_odd_things(way, name, tmp_path, monkeypatch):
    if name == "forks_in_processes" and not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    monkeypatch.chdir(tmp_path)
    with session_of(way, f"made_functions:{name}") as session:
        assert session.notes == []
        assert samples(session)[f"made_functions:{name}", way] > 0


@pytest.mark.parametrize("way", PROCESSES)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fails_in_processes", "RuntimeError: Unsendable: this and that"),
        ("exits_in_processes", "it called sys.exit(3)"),
    ],
)
def test_what_fails_in_one_way_is_left_out_of_that(way, name, said):
    with session_of(way, f"made_functions:{name}", "squares-python") as session:
        assert session.notes == [f"made_functions:{name} on {way} is left out: {said}"]
        assert samples(session)["squares-python", way] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("way", PROCESSES)
def test_a_worker_that_is_killed_ends_its_way_and_no_other(way):
    name = "made_functions:is_killed_in_processes_later"
    with session_of(way, name) as session:
        for _ in range(20):
            found = samples(session)
        assert (name, "sequential") in found
        assert (name, way) not in found
        assert len(session.notes) == 1
        assert session.notes[0].startswith(f"{name} on {way} ended early: BrokenProcessPool: ")


def test_an_executor_with_too_few_workers_is_left_out_soon(impatient):
    begin = time.monotonic()
    with session_of("threads", "squares-python", executors=["made_functions:one_thread"]) as session:
        pass
    assert time.monotonic() - begin < 5
    assert session.notes == [
        "no made_functions:one_thread here: NotEnoughWorkers: 1 of 2 workers began their part; the executor must run"
        " as many tasks at once as it was asked for"
    ]
    assert {row.way for row in session.rows} == {"sequential", "threads"}


def test_a_factory_that_fails_is_left_out():
    with session_of("threads", "squares-python", executors=["made_functions:no_executor"]) as session:
        assert session.notes == ["no made_functions:no_executor here: OSError: no 2 workers today"]


SCRIPT = """
from nogil_kernels.scaling import compare

def mine():
    return sum(range(1000))

def within():
    def nested():
        return 1
    return nested

print("started")
report = compare(["squares-python", mine, within(), lambda: 2], ways=["threads", "pool", "processes"], workers=[2],
                 seconds=0.05)
print(*dict.fromkeys(row.way for row in report.block("squares-python")))
print(*dict.fromkeys(row.way for row in report.block("__main__:mine")))
print(*report.workloads)
"""


PRINTED = [
    "started",
    "sequential threads pool processes",
    "sequential threads",
    "squares-python __main__:mine __main__:within.<locals>.nested __main__:<lambda>",
]


@pytest.mark.parametrize("how", ["script", "stdin", "-c"])
def test_a_caller_needs_no_main_guard(how, tmp_path):
    pytest.importorskip("pyperf")
    (tmp_path / "script.py").write_text(SCRIPT)
    arguments = {"script": ["script.py"], "stdin": ["-"], "-c": ["-c", SCRIPT]}[how]
    done = completed(*arguments, input=SCRIPT, cwd=tmp_path)
    assert done.stdout.splitlines() == PRINTED, done.stderr
    assert done.stderr == ""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not keep processes to cores")
def test_with_one_usable_core_work_is_done_one_call_after_the_other():
    pytest.importorskip("pyperf")
    code = """
        import os
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        from nogil_kernels.scaling import compare
        print({row.way for row in compare(["squares-python"], seconds=0.01).block("squares-python")})
    """
    done = run_python(code, "-W", "default")
    assert done.stdout.strip() == "{'sequential'}", done.stderr


@needs_proc
def test_workers_end_when_their_parent_is_killed():
    code = """
        from nogil_kernels.scaling.run.plan import Request
        from nogil_kernels.scaling.run.session import Session
        session = Session(Request(("squares-python",), ("sequential", "threads", "pool", "processes"), (2,)))
        print(session.crew.folder.path, flush=True)
        input()
    """
    with killed(code) as (process, path):
        assert len(processes_of(process.pid)) > 4
    assert left_of(process.pid) == []
    assert os.listdir(path) == ["gate"]  # nobody can remove it then
    shared.shutil.rmtree(path)
