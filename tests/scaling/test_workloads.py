"""The workloads of `compare`: every call works in the ways it names, and each shows what it is there to show."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing, nullcontext

import pytest
from support import FREE_THREADED_NOW, environment, python_prints

from nogil_kernels.scaling import workloads
from nogil_kernels.scaling.workloads import HOLD, RELEASE, WORKLOADS, http_fetch, waiting
from nogil_kernels.workers import find
from nogil_kernels.workers.crew import Crew
from nogil_kernels.workers.errors import Unavailable
from nogil_kernels.workers.worker import call_of, resolve

KINDS = {name: resolve(f"nogil_kernels.scaling.workloads.{path}") for name, path in WORKLOADS.items()}
TRIES = 10  # of what a busy machine may spoil; each takes a tenth of a second at most
USABLE_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.fixture
def workload(request, folder):
    """The workload of the name that is the parameter."""
    try:
        workload = workloads.find(request.param, folder)
    except Unavailable as unavailable:
        pytest.skip(f"{request.param}: {unavailable}")
    yield workload
    workload.close()


def named(*names):
    return pytest.mark.parametrize("workload", names, indirect=True, ids=str)


def skip_unless_here(way):
    if way == "interpreters" and sys.version_info < (3, 14):
        pytest.skip("InterpreterPoolExecutor came with Python 3.14")


def sample(workload, way, workers, calls, side=None, setting=None):
    """Seconds from the begin of the first worker to the end of the last; each makes so many calls."""
    side, setting = side or workload.sides[0], setting or workload.settings[0]
    skip_unless_here(way)
    with closing(Crew()) as crew:
        assert crew.start(way, workers) == ""
        with workload.around(side, setting):
            return crew.run(way, workers, workload.job(side, setting, way), calls, workers, False)[0]


# All of them


@pytest.mark.parametrize(
    ("workload", "way"),
    [(name, way) for name, kind in KINDS.items() for way in kind.ways],
    indirect=["workload"],
)
def test_every_call_works_in_every_way_that_the_workload_names(workload, way):
    if reason := workload.missing(way):
        pytest.skip(reason)
    for side in workload.sides:
        assert sample(workload, way, 1 if way == "sequential" else 2, 1, side) > 0


@named("sum_of_squares", "matmul")
@pytest.mark.parametrize("way", ["processes", "interpreters"])
def test_workers_run_the_same_backend_or_it_is_said_why_not(workload, way):
    skip_unless_here(way)
    if not workload.missing(way):
        with find(way)(1) as executor:
            assert executor.submit(eval, "__import__('nogil_kernels').build_info()['backend']").result() == "compiled"


@named(*WORKLOADS)
def test_jobs_can_be_sent_anywhere_and_sizes_are_for_people(workload):
    for side in workload.sides:
        for setting in workload.settings:
            for way in workload.ways:
                job = workload.job(side, setting, way)
                assert pickle.loads(pickle.dumps(job)) == job
    assert workload.size


def test_a_function_of_the_user_is_called_in_other_processes(folder):
    workload = workloads.find("os:getpid", folder)
    assert call_of(workload.job("", "", "threads"))() == os.getpid()
    assert sample(workload, "processes", 2, 1) > 0


def test_names_that_nothing_has_are_told_with_those_there_are(folder):
    with pytest.raises(ValueError, match=r"no workload 'nap'.*sleep, file-read"):
        workloads.find("nap", folder)
    with pytest.raises(ValueError, match="math:pi is no function, but of type float"):
        workloads.find("math:pi", folder)


LIGHT = ("squares-python", "sum_of_squares", "matmul", "sleep", "file-read", "http-fetch", "counter")


@named(*LIGHT)
def test_a_worker_imports_no_numpy(workload):
    modules = python_prints(f"""
        import sys
        from nogil_kernels.workers.worker import call_of, Job
        from nogil_kernels.workers.processes import Processes
        with Processes(1) as executor:
            executor.submit(call_of, {workload.job(workload.sides[0], "", "threads")!r}).exception()
            print(*executor.submit(eval, "sorted(__import__('sys').modules)").result())
    """).split()
    assert workload.job(workload.sides[0], "", "threads").make.partition(":")[0] in modules
    assert "numpy" not in modules


@pytest.mark.parametrize("name", ["squares-python", "sleep", "file-read", "http-fetch", "counter"])
def test_workloads_in_pure_python_need_the_standard_library_alone(name):
    assert python_prints(
        f"""
        import sys
        sys.modules["numpy"] = None
        from nogil_kernels.scaling import workloads
        from nogil_kernels.workers import shared, worker
        with shared.Folder() as folder:
            workload = workloads.find({name!r}, folder)
            worker.call_of(workload.job(workload.sides[0], "", "threads"))()
            workload.close()
        print("done")
        """,
        NOGIL_KERNELS_BACKEND="pure",
    )


# Work that waits


@named("sleep", "http-fetch")
@pytest.mark.parametrize("way", ["threads", "asyncio"])
def test_waits_overlap(workload, way):
    one_after_the_other = workload.calls * workload.SECONDS
    assert sample(workload, "sequential", 1, workload.calls) >= 0.99 * one_after_the_other
    overlapping = (sample(workload, way, workload.at_once, 1) for _ in range(TRIES))
    assert any(workload.SECONDS * 0.99 <= took < one_after_the_other / 2 for took in overlapping)


def test_a_file_is_read_whole_into_the_buffer_that_stays(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    buffer = bytearray(3)
    waiting.read(path, buffer)
    assert buffer == b"abc"
    with pytest.raises(OSError, match="3 bytes in place of 4"):
        waiting.read(path, bytearray(4))


@named("http-fetch")
def test_fetches_ask_no_proxy(workload, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody listens
    monkeypatch.delenv("no_proxy", raising=False)
    http_fetch.urllib_call(workload.port)()


def test_an_answer_that_is_not_whole_is_an_error():
    http_fetch.check(200, b"nogil\n")
    for status, body in ((500, b"nogil\n"), (200, b""), (200, b"nog")):
        with pytest.raises(OSError, match=f"answered {status}"):
            http_fetch.check(status, body)


@named("http-fetch")
def test_the_server_ends_when_it_is_closed(workload):
    assert workload.server.poll() is None
    workload.close()
    assert workload.server.returncode == 0
    with pytest.raises(OSError):  # noqa: PT011  # the system says it in its own words
        socket.create_connection((http_fetch.HOST, workload.port), 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_the_server_ends_in_silence_after_ctrl_c_while_a_request_waits(capfd, folder):
    workload = workloads.find("http-fetch", folder)
    workload.server.send_signal(signal.SIGINT)
    http_fetch.urllib_call(workload.port)()
    with socket.create_connection((http_fetch.HOST, workload.port), 10):
        http_fetch.urllib_call(workload.port)()  # the connection before it has a task by then, which waits
        workload.close()
    assert workload.server.returncode == 0
    assert capfd.readouterr() == ("", "")


def test_the_server_ends_when_its_parent_is_killed():
    code = "from nogil_kernels.scaling.workloads import find; print(find('http-fetch', None).port, flush=True); input()"
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", code], env=environment(), **pipes) as parent:
        port = int(parent.stdout.readline())
        socket.create_connection((http_fetch.HOST, port), 10).close()
        parent.kill()
        # The server has the parent's standard error, too: that pipe ends when both of them have ended.
        assert parent.communicate(timeout=30) == (b"", b"")
    with pytest.raises(OSError):  # noqa: PT011
        socket.create_connection((http_fetch.HOST, port), 1)


def test_a_server_that_cannot_start_is_no_workload(monkeypatch, folder):
    monkeypatch.setattr(http_fetch, "SERVER", "/no/such/file")
    with pytest.raises(Unavailable, match="server could not start"):
        workloads.find("http-fetch", folder)


# The counter


def updates_lost(counter, side, calls=40):
    """The updates that two threads lost, sample after sample; each makes so many calls, some 20 ms of them."""
    for _ in range(TRIES):
        sample(counter, "threads", 2, calls, side)
        yield counter.tally(2 * calls)


@named("counter")
def test_no_update_is_lost_under_a_lock(workload):
    assert not any(updates_lost(workload, "locked", calls=20))


@named("counter")
def test_updates_are_lost_with_a_call_in_between(workload):
    lost = updates_lost(workload, "call")
    assert any(updates > 1000 for updates in lost)


@named("counter")
def test_a_plain_update_is_torn_apart_without_the_gil_alone(workload):
    assert any(updates_lost(workload, "plain")) == FREE_THREADED_NOW


# The convoy


def latency(convoy, side, setting):
    """Seconds per call."""
    calls = convoy.calls_of(side, setting)
    return sample(convoy, "sequential", 1, calls, side, setting) / calls


@named("convoy")
@pytest.mark.skipif(FREE_THREADED_NOW, reason="no GIL to wait for in this interpreter")
@pytest.mark.skipif(USABLE_CORES < 2, reason="one usable core: no convoy forms")
def test_releasing_beside_python_waits_for_the_switch_interval(workload):
    pairs = ((latency(workload, HOLD, "5 ms"), latency(workload, RELEASE, "5 ms")) for _ in range(TRIES))
    assert any(released > 10 * held for held, released in pairs)


@named("convoy")
def test_the_longer_calls_wait_the_fewer_make_a_sample(workload):
    calls = [workload.calls_of(RELEASE, setting) for setting in workload.settings[1:]]
    assert calls == ([10, 77, 250] if USABLE_CORES > 1 and not FREE_THREADED_NOW else [1500] * 3)
    assert {workload.calls_of(HOLD, setting) for setting in workload.settings} == {1500}


@named("convoy")
@pytest.mark.parametrize("error", [None, ZeroDivisionError, KeyboardInterrupt])
def test_all_is_as_it_was_after_a_sample(workload, error):
    def state():
        cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
        return sys.getswitchinterval(), cores, threading.active_count()

    before = state()
    with pytest.raises(error) if error else nullcontext(), workload.around(RELEASE, "0.5 ms"):
        assert sys.getswitchinterval() == 5e-4
        assert threading.active_count() == before[2] + 1
        if error:
            raise error
    assert state() == before


# NumPy


def threads_of_blas(job):
    """The threads of this process's BLAS when two were allowed, before and after the call was made."""
    import numpy  # noqa: F401
    from threadpoolctl import threadpool_info, threadpool_limits

    def now():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    threadpool_limits(2, user_api="blas")
    before = now()
    call_of(job)()
    return before, now()


@named("numpy-dot")
def test_blas_is_kept_to_one_thread_in_its_worker(workload):
    with find("processes")(1) as executor:
        before, after = executor.submit(threads_of_blas, workload.job("", "", "processes")).result()
    if 2 not in before:
        pytest.skip(f"NumPy's BLAS is not one that threadpoolctl can set: threads {before}")
    assert set(after) == {1}
