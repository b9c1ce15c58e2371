"""`nogil-kernels compare`: its options, its output and files, and its exit status."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import HERE, SHORT, run
from fake_reports import native, report, series
from support import EVERY_TEST, SOURCES, descendants, environment, needs_proc, processes, remaining

pytest.importorskip("pyperf")
pytest.importorskip("rich")

from nogil_kernels.cli import main
from nogil_kernels.scaling.report import Report


def start(*arguments, variables=None, **options):
    """Start `nogil-kernels compare` in a process and return it at once."""
    command = [sys.executable, "-m", "nogil_kernels", "compare", *arguments]
    return subprocess.Popen(command, env=environment(**variables or {}), cwd=HERE, **options)


@pytest.fixture
def requests(monkeypatch):
    """A list that collects the arguments of each measurement. Nothing is measured."""
    requests = []

    def compare(workloads, **options):
        requests.append({"workloads": workloads, **options})
        raise KeyboardInterrupt

    monkeypatch.setattr("nogil_kernels.scaling.compare", compare)
    return requests


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {"workloads": None, "ways": None, "workers": None, "weak": False, "quick": False, "seconds": None}),
        ([], {"pythons": None, "executors": []}),
        (["matmul", "a:f"], {"workloads": ["matmul", "a:f"]}),
        (["--ways", "threads, pool"], {"ways": ["threads", "pool"]}),
        (["--workers", "2,3"], {"workers": [2, 3]}),
        (["--weak"], {"weak": True}),
        (["--quick"], {"quick": True}),
        (["--seconds", "0.5"], {"seconds": 0.5}),
        (["--python", "a", "--python", "b"], {"pythons": ["a", "b"]}),
        (["--executor", "a:b", "--executor", "c:d"], {"executors": ["a:b", "c:d"]}),
        (["--beside-python", "a:f"], {"beside_python": True}),
    ],
)
def test_options_become_arguments_of_the_measurement(arguments, expected, requests):
    assert main(["compare", *arguments]) == 130
    assert requests[0].items() >= expected.items()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "0"], "must be a positive integer, got '0'"),
        (["--workers", "2,"], "must be a positive integer, got ''"),
        (["--workers", "-2"], "must be a positive integer, got '-2'"),
        (["--workers", "two"], "must be a positive integer, got 'two'"),
        (["--workers", "2,5000"], "must be at most 4096, got 5000"),
        (["--seconds", "0"], "must be a positive number of seconds, got '0'"),
        (["--seconds", "-1"], "must be a positive number of seconds, got '-1'"),
        (["--seconds", "nan"], "must be a positive number of seconds, got 'nan'"),
        (["--seconds", "inf"], "must be a positive number of seconds, got 'inf'"),
        (["--seconds", "soon"], "must be a positive number of seconds, got 'soon'"),
        (["--expect", "free"], "invalid choice: 'free'"),
        (["--fail-under", "0x"], "must be a positive number, got '0x'"),
        (["-o", "plot.txt"], "must end in .svg, .png, .pdf, .html, got 'plot.txt'"),
        (["-o", "no/such/folder/plot.svg"], "cannot write 'no/such/folder/plot.svg': "),
        (["--json", "no/such/folder/report.json"], "cannot write 'no/such/folder/report.json': "),
        (["--json", ""], "cannot write '': "),
        (["--json", "."], "cannot write '.': "),
    ],
)
def test_invalid_options_are_refused_before_measuring(arguments, message, requests, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["compare", *arguments])
    assert message in capsys.readouterr().err
    assert requests == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["squares"], "unknown workload 'squares': expected one of squares-python, "),
        (["./nobody.py:f"], "cannot import './nobody.py:f': no file './nobody.py'"),
        (
            ["user_functions:nobody"],
            "cannot import user_functions:nobody: module 'user_functions' has no attribute 'nobody'",
        ),
        (["user_functions:"], "expected package.module:function, got 'user_functions:'"),
        ([":squares"], "expected package.module:function, got ':squares'"),
        (["user_functions:squares."], "expected package.module:function, got 'user_functions:squares.'"),
        (["--executor", ":"], "expected package.module:function, got ':'"),
        (["no_such_module:f"], "cannot import no_such_module:f: No module named 'no_such_module'"),
        (["user_functions:times"], "user_functions:times must be a function, got int"),
        (["--ways", "thread"], "unknown way 'thread': expected one of sequential, threads"),
        (["--ways", ""], "unknown way '': expected one of sequential, threads"),
        (["--executor", "no_such_module:make"], "cannot import no_such_module:make: No module named"),
        (["--executor", "make"], "an executor must be package.module:factory, got 'make'"),
        (["--python", "/nope"], "cannot measure '/nope': No such file or directory"),
        (["--beside-python", "sleep"], "beside Python, the workload must be a function or convoy, got 'sleep'"),
        (["user_functions:squares", "--ways", "asyncio"], "user_functions:squares is not async, so none of the ways"),
        (["user_functions:is_async", "--ways", "threads"], "user_functions:is_async is async, so none of the ways"),
        (["user_functions:is_a_generator"], "user_functions:is_a_generator is a generator"),
        (
            ["user_functions:takes_arguments"],
            "user_functions:takes_arguments takes arguments (missing a required argument: 'x')",
        ),
    ],
)
def test_unknown_names_and_functions_that_cannot_be_called_without_arguments_are_refused(arguments, message, capsys):
    assert main(["compare", "--quick", *arguments]) == 2
    output = capsys.readouterr()
    assert output.err.startswith(f"nogil-kernels compare: {message}")
    assert output.out == ""


def test_an_unavailable_workload_is_an_error_with_the_reason():
    done = run("compare", "sum_of_squares", *SHORT[1:], NOGIL_KERNELS_BACKEND="pure")
    assert done.returncode == 1
    assert "skipped sum_of_squares: the compiled kernels are not in use\n" in done.stderr


def test_compare_prints_a_table_and_saves_its_samples(tmp_path, capsys):
    path = tmp_path / "report.json"
    assert main(["compare", *SHORT, "--json", str(path)]) == 0
    text = capsys.readouterr()
    assert "squares-python  sum(i * i for i in range(10_000))" in text.out
    assert "2 threads" in text.out
    assert str(path) in text.err.replace("\n", "")
    assert "\x1b" not in text.out + text.err
    assert {"version", "benchmarks", "metadata"} <= json.loads(path.read_text()).keys()


@pytest.mark.parametrize(
    ("function", "options", "shown"),
    [
        ("squares", ["--workers", "2"], ["2 threads", "2 processes, Pool", "2 processes"]),
        ("prints", ["--ways", "threads,processes,pool"], ["one after another"]),
    ],
)
def test_a_function_of_the_current_folder_is_measured_and_its_output_hidden(function, options, shown):
    done = run("compare", f"user_functions:{function}", "--seconds", "0.05", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nor is this" not in done.stdout
    for words in shown:
        assert words in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_output_is_hidden_in_a_terminal_with_a_progress_bar_too():
    import pty

    parent, child = pty.openpty()
    arguments = ["user_functions:prints", "--seconds", "0.05", "--ways", "threads"]
    process = start(*arguments, variables={"TERM": "xterm", "COLUMNS": "80"}, stdout=child, stderr=child)
    os.close(child)
    shown = b""
    with contextlib.suppress(OSError):  # Linux raises an error once the other end is closed
        while data := os.read(parent, 1 << 16):
            shown += data
    os.close(parent)
    assert process.wait(60) == 0
    for words in (b"measuring", b"one after another"):
        assert words in shown
    assert b"nor is this" not in shown


@pytest.mark.parametrize(
    ("function", "messages"),
    [
        ("fails", ["Traceback", "in fails", "LookupError: nothing there"]),
        ("exits", ["The function called sys.exit(3)"]),
        ("ends_its_process", ["user_functions:ends_its_process: the process ended with status 4"]),
        ("fails_unsendably", ["Traceback", "in fails_unsendably", "Unsendable: this and that"]),
        ("1 / 0", ["Traceback", "made_failing.py", "ZeroDivisionError"]),
        ("def f(:", ["made_failing.py", "SyntaxError"]),
        ("import no_such_module", ["made_failing.py", "No module named 'no_such_module'"]),
        ("import math; math.nothing", ["made_failing.py", "module 'math' has no attribute 'nothing'"]),
        ("import math; int('x')", ["made_failing.py", "invalid literal for int()"]),
    ],
)
def test_an_error_of_a_function_is_shown_without_our_own_frames(function, messages, tmp_path):
    Path(tmp_path, "made_failing.py").write_text(f"{function}\n")
    name = f"user_functions:{function}" if function.isidentifier() else "made_failing:f"
    done = run("compare", "--quick", name, PYTHONPATH=os.pathsep.join([str(SOURCES), str(tmp_path)]))
    assert (done.returncode, done.stdout) == (1, "")
    for words in (*messages, "nothing could be measured"):
        assert words in done.stderr
    assert os.path.join("nogil_kernels", "scaling") not in done.stderr  # the tests' folder may be called nogil_kernels
    assert "importlib" not in done.stderr


def test_a_module_that_exits_is_an_error_with_the_reason(tmp_path):
    Path(tmp_path, "made_exiting.py").write_text("raise SystemExit(4)\n")
    done = run("compare", "--quick", "made_exiting:f", PYTHONPATH=os.pathsep.join([str(SOURCES), str(tmp_path)]))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nogil-kernels compare: cannot import made_exiting:f: its module calls sys.exit(4)\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are closed in another way")
def test_a_closed_stdout_loses_no_samples(tmp_path):
    samples, plot = tmp_path / "report.json", tmp_path / "plot.svg"
    arguments = ["user_functions:squares", *SHORT[1:], "--json", samples, "-o", plot]
    reader, writer = os.pipe()
    os.close(reader)
    process = start(*arguments, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (141, f"Saved the samples to {samples}\nWrote {plot}\n")
    assert samples.exists()
    assert plot.exists()


def test_quick_takes_less_than_ten_seconds_for_a_function():
    """In one of three tries, since other processes may use the cores. ASCII can encode the report."""

    def seconds():
        begin = time.monotonic()
        done = run("compare", "--quick", "user_functions:squares", PYTHONIOENCODING="ascii")
        duration = time.monotonic() - begin
        assert done.returncode == 0
        assert done.stdout.startswith(
            ("user_functions:squares holds the GIL", "user_functions:squares runs without a GIL")
        )
        assert "?" not in done.stdout
        return duration

    assert any(seconds() < 10 for _ in range(3))


def test_a_line_of_progress_is_printed_every_ten_seconds_without_a_terminal(capsys):
    from rich.console import Console

    from nogil_kernels.scaling.run.progress import bar

    with bar(Console(stderr=True)) as progress:
        for elapsed in (1.0, 9.9, 10.0, 12.0, 19.9, 21.0):
            progress(elapsed, 60.0)
    lines = ["measured for 10 s, 50 s left", "measured for 21 s, 39 s left"]
    assert capsys.readouterr().err.splitlines() == lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["comapre"], "nogil-kernels: unknown command 'comapre': did you mean 'compare'?\n"),
        (["prob", "-s", "pass", "1"], "nogil-kernels: unknown command 'prob': did you mean 'probe'?\n"),
    ],
)
def test_a_command_that_is_nearly_right_gets_a_suggestion(arguments, message, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", message)


@pytest.fixture
def measured(monkeypatch):
    """A report of a function whose threads gain 1.9x, instead of a measurement."""
    rows = [
        series("jobs:f", "sequential", 1, 1.0, verdict="released", hold="2 %"),
        series("jobs:f", "threads", 2, 1 / 1.9, verdict="released", hold="2 %"),
    ]
    monkeypatch.setattr("nogil_kernels.scaling.compare", lambda workloads, **options: report([*rows, *native((1, 2))]))


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--expect", "released"], 0, ""),
        (["--expect", "held"], 1, "nogil-kernels compare: jobs:f: expected held, got released\n"),
        (["--fail-under", "1.8"], 0, ""),
        (["--fail-under", "2"], 1, "nogil-kernels compare: jobs:f: expected a speed-up of at least 2x, got 1.92x\n"),
    ],
)
def test_the_exit_status_says_whether_what_was_expected_came_true(options, status, message, measured, capsys):
    assert main(["compare", "jobs:f", *options]) == status
    assert capsys.readouterr().err == message


def test_a_function_that_failed_is_not_what_was_expected(monkeypatch, capsys):
    rows = [series("jobs:f", "sequential", 1, 1.0, verdict="released"), series("jobs:f", "threads", 2, 0.5)]
    failed = report([*rows, *native((1, 2))], notes=["failed: jobs:g: LookupError: no"])
    monkeypatch.setattr("nogil_kernels.scaling.compare", lambda workloads, **options: failed)
    assert main(["compare", "jobs:f", "jobs:g"]) == 0
    assert main(["compare", "jobs:f", "jobs:g", "--expect", "released"]) == 1
    assert "nogil-kernels compare: failed: jobs:g: LookupError: no" in capsys.readouterr().err


def test_details_add_costs_and_the_legend(measured, capsys):
    assert main(["compare", "jobs:f"]) == 0
    brief = capsys.readouterr().out
    assert main(["compare", "jobs:f", "--details"]) == 0
    assert len(capsys.readouterr().out) > len(brief)
    assert "--details" in brief


NO_RESULTS = "Interrupted before the first sample: nothing was measured.\n"


def test_ctrl_c_before_the_first_sample_says_that_there_are_no_results(requests, capsys):
    assert main(["compare", "--quick"]) == 130
    assert capsys.readouterr() == ("", NO_RESULTS)


def interrupted(arguments, is_time, tmp_path, group=False):
    """Send SIGINT once `is_time(pid)`; return exit status, stdout and stderr. No process or file may remain."""
    process = start(
        *arguments,
        variables={"TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    started = set()
    try:
        give_up = time.monotonic() + 60
        while not is_time(process.pid) and time.monotonic() < give_up:
            time.sleep(0.02)
        started |= descendants(process.pid)
        (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert remaining(lambda: started & processes().keys()) == set()
    assert list(tmp_path.iterdir()) == []
    return process.returncode, output, errors


@needs_proc
@pytest.mark.parametrize("group", [True, False] if EVERY_TEST else [True])  # the next test signals one process
def test_ctrl_c_prints_the_results_so_far_and_ends_all_processes(group, bare, tmp_path, tmp_path_factory, monkeypatch):
    """The signal goes to the process, or to its whole group, as from a terminal."""
    mark = tmp_path / "mark"
    temporary = tmp_path_factory.mktemp("t")  # short: the path of a socket has at most 107 characters
    monkeypatch.setenv("MARKER_FILE", str(mark))
    arguments = ["--ways", "threads,pool,processes", "--workers", "2", "--seconds", "60", "--python", bare]
    status, output, errors = interrupted(
        ["user_functions:creates_a_file_when_measured", *arguments], lambda pid: mark.exists(), temporary, group
    )
    assert status == 130
    assert "Traceback" not in errors
    assert "Interrupted: these are the results until then." in " ".join(output.split())
    assert "2 processes, Pool" in output


@needs_proc
@pytest.mark.parametrize("at_least", range(1, 7) if EVERY_TEST else [1, 3, 6])
def test_ctrl_c_while_workers_start_leaves_nothing(at_least, tmp_path):
    """`at_least` processes have started: the child, its server of forks, and the workers."""
    arguments = ["squares-python", "--ways", "pool,processes", "--workers", "4", "--quick"]
    status, output, errors = interrupted(arguments, lambda pid: len(descendants(pid)) >= at_least, tmp_path)
    assert (status, output, errors) == (130, "", NO_RESULTS)


def test_an_interrupted_report_does_not_overwrite_a_file(saved, monkeypatch, tmp_path, capsys):
    path = tmp_path / "older.json"
    report = Report.load(saved)
    for benchmark in report.suite:
        benchmark.update_metadata({"nk_interrupted": 1})
    monkeypatch.setattr("nogil_kernels.scaling.compare", lambda workloads, **options: Report(report.suite))
    path.write_text("older")
    assert main(["compare", "--json", str(path)]) == 130
    assert path.read_text() == "older"
    assert "was not overwritten" in capsys.readouterr().err
    path.unlink()
    assert main(["compare", "--json", str(path)]) == 130
    assert Report.load(path).interrupted
