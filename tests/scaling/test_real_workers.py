"""Comparisons with real workers of every way: what functions may do, and different callers."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial, wraps
from itertools import product

import pytest
import user_functions
from support import ABI3, EVERY_TEST, completed, descendants, environment, needs_proc, processes, remaining, run_python

pytest.importorskip("pyperf")

from nogil_kernels.measure import machine
from nogil_kernels.scaling import compare
from nogil_kernels.scaling.run.request import Request
from nogil_kernels.scaling.run.start import Start
from nogil_kernels.workers import gate, worker
from nogil_kernels.workers.errors import Failed

PROCESSES = ("pool", "processes")
INTERPRETERS = pytest.param(
    "interpreters",
    marks=[
        pytest.mark.skipif(sys.version_info < (3, 14), reason="InterpreterPoolExecutor needs Python 3.14"),
        pytest.mark.skipif(ABI3, reason="the abi3 build has no kernels for subinterpreters"),
    ],
)


def compared(*functions, ways="threads", **options):
    """Compare functions of user_functions, by their names. So little time is left that there is one start."""
    names = [name if ":" in name else f"user_functions:{name}" for name in functions]
    return compare(names, ways=ways, workers=2, seconds=0.1, **options)


def ways_of(report, workload):
    name = workload if ":" in workload else f"user_functions:{workload}"
    return [row.way for row in report.block(name)]


@pytest.fixture
def start(folder):
    """Return a function that starts the workers of some workloads in this process."""
    started = []

    def start(*workloads, ways):
        request = Request(workloads, ways, (2,), is_first=False)
        started.append(Start(request, folder, lambda *step: None))
        return started[-1]

    yield start
    for each in started:
        each.close()


def samples_of(start):
    """Take one sample of each row. Return {(workload, way): seconds, or the reason why it failed}."""
    return {
        (row.workload, row.way): sample if isinstance(sample, str) else sample.seconds
        for row, sample in start.samples(start.rows)
    }


# Ways


@pytest.mark.parametrize("way", ["threads", *PROCESSES, INTERPRETERS])
def test_workers_of_every_way_run_the_same_work(way, compiled_backend, start):
    workloads = ("squares-python", "sum_of_squares", "matmul", "user_functions:squares")
    started = start(*workloads, ways=[way])
    assert started.prepared.notes == []
    seconds = samples_of(started)
    assert all(seconds[workload, way] > 0 for workload in workloads)


@pytest.mark.parametrize("way", [*PROCESSES, INTERPRETERS])
def test_workers_import_only_what_their_work_needs(way, start):
    started = start("user_functions:imports_nothing_heavy", ways=[way])
    assert started.prepared.notes == []
    assert samples_of(started)["user_functions:imports_nothing_heavy", way] > 0


def test_an_executor_with_too_few_workers_and_one_that_fails_are_skipped(monkeypatch, start):
    monkeypatch.setattr(gate, "TIMEOUT", 0.3)
    started = start("squares-python", ways=["threads", "user_functions:one_thread", "user_functions:no_executor"])
    assert started.prepared.notes == [
        "skipped user_functions:one_thread: NotEnoughWorkers: only 1 of 2 workers reached the gate:"
        " another worker failed, or the executor does not run 2 tasks at the same time",
        "skipped user_functions:no_executor: OSError: no 2 workers today",
    ]
    assert {row.way for row in started.rows} == {"sequential", "threads"}


# What functions may do


def test_unusual_functions_are_measured_in_processes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["returns_an_unpicklable_value"] + ["forks_in_processes"] * hasattr(os, "fork")
    report = compared(*names, ways=PROCESSES)
    assert report.notes == []
    for name in names:
        assert ways_of(report, name) == ["sequential", *PROCESSES]


CHANGES = {
    "changes_the_current_folder": "the current folder",
    "changes_the_switch_interval": "the switch interval",
    "changes_a_signal_handler": "signal handlers",
    "replaces_the_standard_streams": "the standard streams",
    "closes_the_standard_streams": "the standard streams",
}
if hasattr(os, "sched_setaffinity") and machine.usable_cores() > 1:
    CHANGES["changes_the_affinity"] = "the affinity"


def test_functions_that_change_their_process_are_named_and_do_not_affect_others():
    names = [*CHANGES, "reads_stdin", "prints_much", "needs_an_unchanged_process"]
    report = compared(*names, ways=["threads", "processes"])
    for name in names:
        assert ways_of(report, name) == ["sequential", "threads", "processes"], report.notes
    expected = {
        f"user_functions:{name} changed {change}, restored after each sample" for name, change in CHANGES.items()
    }
    assert {*report.notes} == expected


def test_functions_that_end_their_process_are_named_and_the_others_are_measured():
    names = ["ends_its_process", "ends_its_process_in_a_sample", "crashes_in_threads", "fails_in_threads", "squares"]
    report = compared(*names)
    crash = "was killed by SIGSEGV" if sys.platform != "win32" else "ended with status "
    assert ways_of(report, "squares") == ["sequential", "threads"]
    assert ways_of(report, "crashes_in_threads") == ["sequential"]
    assert ways_of(report, "fails_in_threads") == ["sequential"]
    assert {*report.workloads} == {f"user_functions:{name}" for name in names[2:]}
    for beginning in (
        "failed: user_functions:ends_its_process: the process ended with status 4",
        "stopped user_functions:ends_its_process_in_a_sample early: the process ended with status 7",
        f"failed: user_functions:crashes_in_threads on threads: the process {crash}",
        "failed: user_functions:fails_in_threads on threads: LookupError: not in threads",
    ):
        assert len([note for note in report.notes if note.startswith(beginning)]) == 1, report.notes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_process_that_a_function_leaves_behind_does_not_stop_the_comparison():
    begin = time.monotonic()
    report = compared("leaves_a_process_and_ends", "squares")
    assert time.monotonic() - begin < 50  # it would sleep for 60 s, and keep the pipe open
    assert "failed: user_functions:leaves_a_process_and_ends: the process ended with status 4" in report.notes
    assert ways_of(report, "squares") == ["sequential", "threads"]


def test_workers_of_every_way_import_a_function_of_a_file(tmp_path):
    (tmp_path / "made_working.py").write_text("def f():\n    return sum(range(1000))\n")
    ways = ["threads", "pool", "processes"]
    report = compare(f"{tmp_path / 'made_working.py'}:f", ways=ways, workers=2, seconds=0.1)
    assert [row.way for row in report.block("made_working:f")] == ["sequential", *ways]
    assert report.notes == []


def test_a_module_that_ends_its_process_is_named_and_others_are_measured(tmp_path):
    (tmp_path / "made_ending.py").write_text("import os\nos._exit(5)\n")
    path = f"{tmp_path / 'made_ending.py'}:f"
    report = compare([path, "squares-python"], ways="threads", workers=2, seconds=0.1)
    assert report.workloads == ["squares-python"]
    assert report.notes == ["failed: made_ending:f: the process ended with status 5"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not support this signal")
def test_failures_in_worker_processes_are_named_and_other_ways_are_measured():
    names = ["fails_in_processes", "exits_in_processes", "is_killed_in_processes_later", "squares"]
    report = compared(*names, ways=["threads", "pool"])
    for name in names[:-1]:
        assert ways_of(report, name)[:2] == ["sequential", "threads"]
    assert "failed: user_functions:fails_in_processes on pool: RuntimeError: Unsendable: this and that" in report.notes
    assert "failed: user_functions:exits_in_processes on pool: the function called sys.exit(3)" in report.notes
    beginning = "stopped user_functions:is_killed_in_processes_later on pool early: BrokenProcessPool: "
    assert [note for note in report.notes if note.startswith(beginning)], report.notes


def test_if_every_function_fails_their_tracebacks_are_raised():
    with pytest.raises(Failed) as raised:
        compared("fails", "exits")
    assert 'raise LookupError("nothing there")' in str(raised.value)
    assert "The function called sys.exit(3)" in str(raised.value)
    assert "preparing.py" not in str(raised.value)


def test_a_function_that_only_fails_in_samples_is_no_report():
    with pytest.raises(Failed, match="ends_its_process_in_a_sample early: the process ended with status"):
        compared("ends_its_process_in_a_sample")


# Functions without an import path


def decorated(function):
    @wraps(function)
    def call():
        return function()

    return call


def test_partials_and_bound_methods_are_measured_in_processes():
    class_path = user_functions.Squares(100)
    functions = [partial(sum, range(1000)), partial(sum, range(2000)), class_path.total]
    report = compare(functions, ways=["threads", "processes"], workers=2, seconds=0.1)
    assert report.workloads == ["builtins:sum", "builtins:sum (2)", "user_functions:Squares.total"]
    assert report.notes == []
    for workload in report.workloads:
        assert ways_of(report, workload) == ["sequential", "threads", "processes"]
    assert worker.local_functions == worker.pickled_functions == {}


def test_lambdas_and_decorated_versions_are_measured_in_this_process():
    process = os.getpid()
    seen = set()

    def work():
        seen.add(os.getpid())
        user_functions.squares()

    functions = [work, user_functions.squares, decorated(user_functions.squares)]
    report = compare(functions, ways=["threads", "processes"], workers=2, seconds=0.1)
    local, squares, wrapped = report.workloads
    assert (squares, wrapped) == ("user_functions:squares", "user_functions:squares (2)")
    for workload in (local, wrapped):
        assert ways_of(report, workload) == ["sequential", "threads"]
        note = f"skipped {workload} on processes: workers cannot import the function; move it to a module"
        assert note in report.notes
    assert ways_of(report, squares) == ["sequential", "threads", "processes"]
    assert seen == {process}
    assert worker.local_functions == worker.pickled_functions == {}


# What is measured


def test_an_async_function_is_measured_sequentially_and_in_an_event_loop():
    report = compared("waits_async", ways=["threads", "asyncio", "pool"])
    assert {*ways_of(report, "waits_async")} == {"sequential", "asyncio"}


def test_beside_python_every_row_has_slowest_calls():
    report = compare("user_functions:takes_gil", beside_python=True, seconds=0.1)
    rows = [(row.side, row.setting) for row in report.rows]
    assert rows == [
        (side, setting) for setting in ("alone", "5 ms", "0.5 ms", "0.05 ms") for side in ("hold", "release")
    ]
    assert all(row.p99[0] >= row.values[0] > 0 for row in report.rows)


def test_samples_say_whether_calls_have_threads_of_their_own(start):
    started = start("user_functions:burns_on_a_thread_of_its_own", "user_functions:squares", ways=[])
    samples = {row.workload: sample for row, sample in started.samples(started.rows)}
    assert samples["user_functions:burns_on_a_thread_of_its_own"].own_threads > 1.5
    assert samples["user_functions:squares"].own_threads < 1.5


@needs_proc
def test_progress_is_reported_and_ctrl_c_in_it_gives_a_report_and_leaves_no_process():
    calls = []

    def progress(elapsed, expected):
        calls.append((elapsed, expected))
        if len(calls) == 2:
            raise KeyboardInterrupt

    before = descendants(os.getpid())
    report = compare("user_functions:squares", ways=["threads", "pool"], workers=2, seconds=60, progress=progress)
    assert report.interrupted
    assert len(calls) == 2
    assert 0 < calls[0][0] <= calls[1][0] <= calls[1][1]
    assert {*ways_of(report, "squares")} == {"sequential", "threads"}
    assert remaining(lambda: descendants(os.getpid()) - before) == set()


# Callers


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


FUNCTIONS = {"child": "'squares-python'", "here": "['squares-python', lambda: 1]"}
ENDS = [*product(FUNCTIONS, [signal.SIGINT, signal.SIGKILL], [1, 2, 3, 4, 6])]
SOME_ENDS = ENDS[::3]  # these have each value


@needs_proc
@pytest.mark.parametrize(("functions", "number", "at_least"), ENDS if EVERY_TEST else SOME_ENDS)
def test_no_process_remains_if_the_comparison_ends_while_workers_start(functions, number, at_least):
    """`at_least` processes have started: the child, the server of forks, its tracker, and the workers."""
    code = f"""
        from nogil_kernels.scaling import compare
        compare({FUNCTIONS[functions]}, ways=["pool", "processes"], workers=4, seconds=60)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        give_up = time.monotonic() + 60
        while len(descendants(process.pid)) < at_least and time.monotonic() < give_up:
            time.sleep(0.005)
        process.send_signal(signal.SIGSTOP)  # it must not start another process now
        started = descendants(process.pid)
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        errors = process.communicate(timeout=60)[1]
    assert len(started) >= at_least
    if number == signal.SIGINT:
        assert errors.rstrip().endswith("KeyboardInterrupt"), errors
    groups = {process.pid, *started}  # a child starts processes until it ends
    assert remaining(lambda: [name for name, ids in processes().items() if groups & {name, *ids[1:]}]) == []
