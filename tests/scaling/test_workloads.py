"""The workloads of `compare`: every call works in all its ways, and shows the effect that it demonstrates."""

import os
import pickle
import signal
import socket
import statistics
import subprocess
import sys
import threading
from contextlib import closing, nullcontext

import pytest
import user_functions
from support import FREE_THREADED_NOW, environment, python_prints

from nogil_kernels.scaling import workloads
from nogil_kernels.scaling.workloads import HOLD, RELEASE, WORKLOADS, http_fetch, waiting
from nogil_kernels.workers import find_way
from nogil_kernels.workers.crew import Crew
from nogil_kernels.workers.errors import Unavailable
from nogil_kernels.workers.shared import Folder
from nogil_kernels.workers.worker import call_of, resolve

CLASSES = {name: resolve(f"nogil_kernels.scaling.workloads.{path}") for name, path in WORKLOADS.items()}
TRIES = 10  # for measurements that a busy machine may disturb; each takes at most 0.1 s
USABLE_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.fixture
def workload(request, folder):
    """The workload with the name in the parameter."""
    try:
        workload = workloads.find(request.param, folder, [])
    except Unavailable as unavailable:
        pytest.skip(f"{request.param}: {unavailable}")
    yield workload
    workload.close()


def parametrize_workload(*names):
    return pytest.mark.parametrize("workload", names, indirect=True, ids=str)


def skip_if_unavailable(way):
    if way == "interpreters" and sys.version_info < (3, 14):
        pytest.skip("InterpreterPoolExecutor needs Python 3.14")


def sample(workload, way, workers, calls, side=None, setting=None):
    """Return the seconds from the first start to the last end of `workers` workers with `calls` calls each."""
    side, setting = side or workload.sides[0], setting or workload.settings[0]
    skip_if_unavailable(way)
    with Folder() as folder, closing(Crew(folder)) as crew:
        assert crew.start(way, workers) == ""
        with workload.around(side, setting):
            return crew.run(way, workers, workload.job(side, setting, way), calls, workers, False).seconds


# All workloads


@pytest.mark.parametrize(
    ("workload", "way"),
    [(name, way) for name, workload in CLASSES.items() for way in workload.ways],
    indirect=["workload"],
)
def test_every_call_works_in_every_way_of_the_workload(workload, way):
    if reason := workload.missing(way):
        pytest.skip(reason)
    for side in workload.sides:
        assert sample(workload, way, 1 if way == "sequential" else 2, 1, side) > 0


@parametrize_workload("sum_of_squares", "matmul")
@pytest.mark.parametrize("way", ["processes", "interpreters"])
def test_workers_use_the_compiled_backend_unless_it_is_missing_there(workload, way):
    skip_if_unavailable(way)
    if not workload.missing(way):
        with find_way(way)(1) as executor:
            assert executor.submit(eval, "__import__('nogil_kernels').build_info()['backend']").result() == "compiled"


@parametrize_workload(*WORKLOADS)
def test_jobs_can_be_pickled_and_workloads_have_a_size(workload):
    for side in workload.sides:
        for setting in workload.settings:
            for way in workload.ways:
                job = workload.job(side, setting, way)
                assert pickle.loads(pickle.dumps(job)) == job
    assert workload.size


def test_a_function_of_the_user_runs_in_other_processes(folder):
    workload = workloads.find("os:getpid", folder, [])
    assert call_of(workload.job("", "", "threads"))() == os.getpid()
    assert sample(workload, "processes", 2, 1) > 0


@parametrize_workload("squares-python", "sum_of_squares", "matmul", "sleep", "file-read", "http-fetch", "counter")
def test_a_worker_does_not_import_numpy(workload):
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
def test_pure_python_workloads_need_only_the_standard_library(name):
    assert python_prints(
        f"""
        import sys
        sys.modules["numpy"] = None
        from nogil_kernels.scaling import workloads
        from nogil_kernels.workers import shared, worker
        with shared.Folder() as folder:
            workload = workloads.find({name!r}, folder, [])
            worker.call_of(workload.job(workload.sides[0], "", "threads"))()
            workload.close()
        print("done")
        """,
        NOGIL_KERNELS_BACKEND="pure",
    )


# Work that waits


@parametrize_workload("sleep", "http-fetch")
@pytest.mark.parametrize("way", ["threads", "asyncio"])
def test_waits_overlap(workload, way):
    total = workload.calls * workload.SECONDS
    assert sample(workload, "sequential", 1, workload.calls) >= 0.99 * total
    samples = (sample(workload, way, workload.simultaneous_calls, 1) for _ in range(TRIES))
    assert any(workload.SECONDS * 0.99 <= seconds < total / 2 for seconds in samples)


def test_read_fills_the_buffer_or_raises(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    buffer = bytearray(3)
    waiting.read(path, buffer)
    assert buffer == b"abc"
    with pytest.raises(OSError, match=r"expected 4 bytes from .*, got 3"):
        waiting.read(path, bytearray(4))


@parametrize_workload("http-fetch")
def test_fetches_ignore_proxies(workload, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where no server listens
    monkeypatch.delenv("no_proxy", raising=False)
    http_fetch.urllib_call(workload.port)()


def test_an_incomplete_response_is_an_error():
    http_fetch.check(200, b"nogil\n")
    for status, body in ((500, b"nogil\n"), (200, b""), (200, b"nog")):
        with pytest.raises(OSError, match=f"got status {status}"):
            http_fetch.check(status, body)


@parametrize_workload("http-fetch")
def test_close_stops_the_server(workload):
    assert workload.server.poll() is None
    workload.close()
    assert workload.server.returncode == 0
    with pytest.raises(OSError):  # noqa: PT011  # the message depends on the system
        socket.create_connection((http_fetch.HOST, workload.port), 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_the_server_ignores_ctrl_c_and_stops_silently_during_a_request(capfd, folder):
    workload = workloads.find("http-fetch", folder, [])
    workload.server.send_signal(signal.SIGINT)
    http_fetch.urllib_call(workload.port)()
    with socket.create_connection((http_fetch.HOST, workload.port), 10):
        http_fetch.urllib_call(workload.port)()  # by then, a task waits on the earlier connection
        workload.close()
    assert workload.server.returncode == 0
    assert capfd.readouterr() == ("", "")


def test_the_server_stops_when_its_parent_is_killed():
    find = "from nogil_kernels.scaling.workloads import find"
    code = f"{find}; print(find('http-fetch', None, []).port, flush=True); input()"
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", code], env=environment(), **pipes) as parent:
        port = int(parent.stdout.readline())
        socket.create_connection((http_fetch.HOST, port), 10).close()
        parent.kill()
        # The server also has the standard error of the parent. That pipe is closed when both have exited.
        assert parent.communicate(timeout=30) == (b"", b"")
    with pytest.raises(OSError):  # noqa: PT011
        socket.create_connection((http_fetch.HOST, port), 1)


def test_a_server_that_does_not_start_makes_the_workload_unavailable(monkeypatch, folder):
    monkeypatch.setattr(http_fetch, "SERVER", "/no/such/file")
    with pytest.raises(Unavailable, match="web server did not start"):
        workloads.find("http-fetch", folder, [])


# The counter


def updates_lost(counter, side, calls=40, tries=TRIES):
    """Yield the number of updates that two threads lose in one sample of about 20 ms."""
    for _ in range(tries):
        sample(counter, "threads", 2, calls, side)
        yield counter.lost(2 * calls)


@parametrize_workload("counter")
def test_no_update_is_lost_with_a_lock(workload):
    assert not any(updates_lost(workload, "locked", calls=20, tries=3))


@parametrize_workload("counter")
def test_updates_that_contain_a_call_are_lost(workload):
    assert any(updates > 1000 for updates in updates_lost(workload, "call"))


@parametrize_workload("counter")
def test_plain_updates_are_lost_only_without_the_gil(workload):
    assert any(updates_lost(workload, "plain", tries=TRIES if FREE_THREADED_NOW else 3)) == FREE_THREADED_NOW


# The convoy


def latency(convoy, side, setting):
    """Return the median seconds of ten calls."""
    convoy.latencies()
    sample(convoy, "sequential", 1, 10, side, setting)
    latencies = convoy.latencies()
    assert len(latencies) == 10
    return statistics.median(latencies)


@parametrize_workload("convoy")
@pytest.mark.skipif(FREE_THREADED_NOW, reason="this interpreter runs without a GIL")
@pytest.mark.skipif(USABLE_CORES < 2, reason="no convoy forms on one usable core")
def test_releasing_the_gil_beside_python_waits_for_the_switch_interval(workload):
    pairs = ((latency(workload, HOLD, "5 ms"), latency(workload, RELEASE, "5 ms")) for _ in range(TRIES))
    assert any(released > 10 * held for held, released in pairs)


@parametrize_workload("convoy")
def test_the_times_of_calls_are_returned_once(workload):
    latency(workload, HOLD, "alone")
    assert workload.latencies() == []


@pytest.mark.parametrize(("name", "sides"), [("squares", ("",)), ("takes_gil", (HOLD, RELEASE))])
def test_a_function_with_a_parameter_gil_is_measured_with_both_values_beside_python(name, sides, folder):
    function = workloads.find(f"user_functions:{name}", folder, [], beside_python=True)
    assert function.sides == sides
    assert function.ways == ("sequential",)
    for side in sides:
        assert sample(function, "sequential", 1, 2, side, "0.5 ms") > 0
        assert len(function.latencies()) == 2
    if len(sides) == 2:
        assert user_functions.received == {*sides}


@parametrize_workload("convoy")
@pytest.mark.parametrize("error", [None, ZeroDivisionError, KeyboardInterrupt])
def test_a_sample_restores_the_switch_interval_affinity_and_threads(workload, error):
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


def blas_threads(job):
    """Allow BLAS two threads. Return its numbers of threads before and after the call is created."""
    import numpy  # noqa: F401
    from threadpoolctl import threadpool_info, threadpool_limits

    def current():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    threadpool_limits(2, user_api="blas")
    before = current()
    call_of(job)()
    return before, current()


@parametrize_workload("numpy-dot")
def test_blas_uses_one_thread_in_a_worker(workload):
    with find_way("processes")(1) as executor:
        before, after = executor.submit(blas_threads, workload.job("", "", "processes")).result()
    if 2 not in before:
        pytest.skip(f"threadpoolctl cannot limit the threads of this BLAS: {before}")
    assert set(after) == {1}
