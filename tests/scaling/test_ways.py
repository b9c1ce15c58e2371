"""The ways that work is run: the gate, shared memory, and real workers of every kind, some of which are killed."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import pairwise
from pathlib import Path

import made_functions
import pytest
from support import ABI3, environment, left_of, needs_proc, processes_of, run_python

from nogil_kernels import workers
from nogil_kernels.scaling.run.plan import Request
from nogil_kernels.scaling.run.session import Session
from nogil_kernels.workers import gate, shared, worker
from nogil_kernels.workers.errors import Unavailable, Unknown
from nogil_kernels.workers.gate import Gates, NotEnoughWorkers

PROCESSES = ("pool", "processes")
INTERPRETERS = pytest.param(
    "interpreters",
    marks=[
        pytest.mark.skipif(sys.version_info < (3, 14), reason="InterpreterPoolExecutor came with Python 3.14"),
        pytest.mark.skipif(ABI3, reason="the abi3 build has no kernels for subinterpreters"),
    ],
)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@pytest.fixture
def folder():
    with shared.Folder() as folder:
        yield folder


@pytest.fixture
def impatient(monkeypatch):
    """Workers that do not come are given up soon."""
    monkeypatch.setattr(gate, "PATIENCE", 0.3)


# The gate


def test_nobody_passes_the_gate_before_all_have_come(folder):
    opening, passed = Gates(folder).next(3), []

    def come(index):
        opening.wait(index)
        passed.append(index)

    with ThreadPoolExecutor(3) as threads:
        threads.submit(come, 0)
        threads.submit(come, 1)
        time.sleep(0.05)
        assert passed == []
        come(2)
    assert sorted(passed) == [0, 1, 2]


def test_workers_that_do_not_come_are_counted(folder, impatient):
    with pytest.raises(NotEnoughWorkers, match=r"^1 of 2 workers began their part; the executor must run as many"):
        Gates(folder).next(2).wait(1)


def test_an_aborted_gate_sends_home_who_comes_late_and_the_next_one_holds(folder, impatient):
    gates = Gates(folder)
    opening = gates.next(2)
    gates.abort()
    with pytest.raises(NotEnoughWorkers):
        opening.wait(0)
    following = gates.next(2)
    with pytest.raises(NotEnoughWorkers):
        following.wait(0)
    following.wait(1)


def test_a_gate_s_number_is_a_byte_and_never_that_of_an_abort(folder):
    gates = Gates(folder)
    numbers = [gates.next(1).sample for _ in range(600)]
    assert {*numbers} == {*range(1, 256)}
    assert gate.ABORTED not in numbers
    assert all(one != other for one, other in pairwise(numbers))


def test_no_earlier_number_opens_a_gate(folder, monkeypatch):
    monkeypatch.setattr(gate, "PATIENCE", 0.0)
    gates = Gates(folder)
    for _ in range(2 * 255):
        with pytest.raises(NotEnoughWorkers):
            gates.next(2).wait(0)


def test_a_gate_can_be_sent(folder):
    opening = Gates(folder).next(2)
    assert pickle.loads(pickle.dumps(opening)) == opening


# Memory


def test_a_file_is_made_once_and_mapped_once(folder):
    path = folder.file("numbers", b"123")
    assert folder.file("numbers", b"456") == path
    memory = shared.mapped(path)
    memory[0] = ord("9")
    assert shared.mapped(path) is memory
    assert memory[:] == b"923"


def test_the_folder_goes_at_the_end(folder):
    folder.file("numbers", b"123")
    folder.__exit__(None, None, None)
    assert not folder.path.exists()


def test_a_folder_whose_process_was_killed_goes_with_the_next_one(folder, monkeypatch):
    code = "import os; from nogil_kernels.workers.shared import Folder; print(Folder().path, flush=True); os._exit(9)"
    killed = Path(run_python(code).stdout.strip())
    with shared.Folder():
        assert killed.exists()  # it may be one that has no lock yet
    monkeypatch.setattr(shared, "YOUNG", -1)
    with shared.Folder():
        assert not killed.exists()
        assert folder.path.exists()


def test_without_a_disk_in_memory_files_are_in_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(shared, "MEMORY_DISK", str(tmp_path / "absent"))
    monkeypatch.setattr(shared.tempfile, "tempdir", str(tmp_path))
    with shared.Folder() as folder:
        assert folder.path.parent == tmp_path


# Finding


def test_a_way_that_nobody_knows_is_refused_with_those_that_there_are():
    with pytest.raises(Unknown, match=r"no way 'thread': name one of sequential, threads, pool, processes"):
        workers.find("thread")


@pytest.mark.parametrize("path", ["made_functions:nobody", "no_such_module:f", "made_functions:", ":squares", "."])
def test_a_path_that_leads_nowhere_is_refused(path):
    with pytest.raises(Unknown, match="name a function as package"):
        workers.imported(path)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(Unknown, match="made_functions:times is no function, but of type int"):
        workers.imported("made_functions:times")


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="InterpreterPoolExecutor is here")
def test_without_interpreters_the_way_says_since_when_there_are_some():
    with pytest.raises(Unavailable, match=r"came with Python 3\.14"):
        workers.find("interpreters")(2)


def test_sequential_work_has_one_worker():
    with pytest.raises(ValueError, match="sequential has one worker, not 2"):
        workers.find("sequential")(2)


# Real workers


def session_of(way, *workloads, executors=()):
    return Session(Request(workloads, ("sequential", way, *executors), (2,)))


def samples(session):
    """One sample of each row: {(workload, way): seconds}."""
    found = session.round([row.work for row in session.rows], backwards=False)
    return {(session.rows[index].workload, session.rows[index].way): sample.seconds for index, sample in found}


@pytest.mark.parametrize("way", ["threads", *PROCESSES, INTERPRETERS])
def test_workers_of_every_kind_run_the_same_work(way, compiled_backend):
    session = session_of(way, "squares-python", "sum_of_squares", "matmul", "made_functions:squares")
    try:
        assert session.notes == []
        found = samples(session)
        for workload in ("squares-python", "sum_of_squares", "matmul", "made_functions:squares"):
            assert found[workload, way] > 0
        assert 0 < session.start_up[way] < 30
    finally:
        session.close()


@pytest.mark.parametrize("way", [*PROCESSES, INTERPRETERS])
def test_workers_import_nothing_that_their_work_does_not_need(way):
    session = session_of(way, "made_functions:needs_no_more_than_itself")
    try:
        assert session.notes == []
        assert samples(session)["made_functions:needs_no_more_than_itself", way] > 0
    finally:
        session.close()


@pytest.mark.parametrize("way", PROCESSES)
@pytest.mark.parametrize(
    "name", ["returns_what_cannot_be_sent", "changes_the_current_folder", "prints", "forks_in_processes"]
)
def test_a_function_may_do_odd_things(way, name, tmp_path, monkeypatch):
    if name == "forks_in_processes" and not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    monkeypatch.chdir(tmp_path)
    session = session_of(way, f"made_functions:{name}")
    try:
        assert session.notes == []
        assert samples(session)[f"made_functions:{name}", way] > 0
    finally:
        session.close()


@pytest.mark.parametrize("way", PROCESSES)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fails_in_processes", "RuntimeError: Unsendable: this and that"),
        ("exits_in_processes", "it called sys.exit(3)"),
    ],
)
def test_what_fails_in_one_way_is_left_out_of_that(way, name, said):
    session = session_of(way, f"made_functions:{name}", "squares-python")
    try:
        assert session.notes == [f"made_functions:{name} on {way} is left out: {said}"]
        assert samples(session)["squares-python", way] > 0
    finally:
        session.close()


@POSIX
@pytest.mark.parametrize("way", PROCESSES)
def test_a_worker_that_is_killed_ends_its_way_and_no_other(way):
    name = "made_functions:is_killed_in_processes_later"
    session = session_of(way, name)
    try:
        for _ in range(20):
            found = samples(session)
        assert (name, "sequential") in found
        assert (name, way) not in found
        assert len(session.notes) == 1
        assert session.notes[0].startswith(f"{name} on {way} ended early: BrokenProcessPool: ")
    finally:
        session.close()


def test_an_executor_with_too_few_workers_is_left_out_soon(impatient):
    begin = time.monotonic()
    session = session_of("threads", "squares-python", executors=["made_functions:one_thread"])
    session.close()
    assert time.monotonic() - begin < 5
    assert session.notes == [
        "no made_functions:one_thread here: NotEnoughWorkers: 1 of 2 workers began their part; the executor must run"
        " as many tasks at once as it was asked for"
    ]
    assert {row.way for row in session.rows} == {"sequential", "threads"}


def test_a_factory_that_fails_is_left_out():
    session = session_of("threads", "squares-python", executors=["made_functions:no_executor"])
    session.close()
    assert session.notes == ["no made_functions:no_executor here: OSError: no 2 workers today"]


def test_an_error_in_one_worker_sends_the_others_home():
    barrier = threading.Barrier(2, timeout=10)

    def work():
        if barrier.wait() == 0:
            raise LookupError("one of two")
        opening.wait(1)

    session = session_of("threads", "squares-python")
    opening = session.gates.next(2)
    with ThreadPoolExecutor(2) as threads:
        begin = time.monotonic()
        with pytest.raises(LookupError, match="one of two"):
            session._results([threads.submit(work), threads.submit(work)])
        assert time.monotonic() - begin < 5
    session.close()


@pytest.mark.parametrize("kind", [SystemExit, made_functions.Unsendable])
def test_errors_of_workers_can_be_sent(kind):
    error = SystemExit(3) if kind is SystemExit else kind("this", "that")
    with pytest.raises(RuntimeError) as raised, worker.sendable():
        raise error
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_of_an_import_that_failed_the_first_cause_is_told():
    error = ImportError("a page of advice")
    error.__cause__ = ImportError("no such module")
    with pytest.raises(ImportError, match="no such module"), worker.sendable():
        raise error


def test_other_errors_of_workers_stay_as_they_are():
    with pytest.raises(LookupError), worker.sendable():
        made_functions.fails()


def test_a_task_of_a_broken_pool_ends_with_an_error():
    pool = workers.find("pool")(1)
    try:
        with pytest.raises(BrokenProcessPool, match="in the middle of its work"):
            pool.submit(os._exit, 1).result(30)
    finally:
        pool.shutdown()


# Callers


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
    done = subprocess.run(
        [sys.executable, *arguments],
        input=SCRIPT,
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
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
        print(session.folder.path, flush=True)
        input()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", "\n".join(line[8:] for line in code.splitlines())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    )
    with process:
        path = process.stdout.readline().strip()
        assert len(processes_of(process.pid)) > 4
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert left_of(process.pid) == []
    assert os.listdir(path) == ["gate"]  # nobody can remove it then
    shared.shutil.rmtree(path)
