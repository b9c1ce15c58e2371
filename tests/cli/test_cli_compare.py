"""`nogil-kernels compare`: its options, what it prints and writes, and its exit status."""

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
from support import SOURCES, environment, left_of, needs_proc, processes_of

pytest.importorskip("pyperf")
pytest.importorskip("rich")

from nogil_kernels.cli import main, outputs
from nogil_kernels.scaling.report.suite import Report


def started(*arguments, variables=None, **options):
    """`nogil-kernels compare` in a process that is not waited for."""
    command = [sys.executable, "-m", "nogil_kernels", "compare", *arguments]
    return subprocess.Popen(command, env=environment(**variables or {}), cwd=HERE, **options)


@pytest.fixture
def measured(monkeypatch):
    """What `compare` is asked for; nothing is measured."""
    asked = []

    def compare(workloads, **options):
        asked.append({"workloads": workloads, **options})
        raise KeyboardInterrupt

    monkeypatch.setattr("nogil_kernels.scaling.compare", compare)
    return asked


@pytest.mark.parametrize(
    ("arguments", "asked"),
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
    ],
)
def test_options_are_passed_on(arguments, asked, measured):
    assert main(["compare", *arguments]) == 130
    assert measured[0].items() >= asked.items()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--workers", "0"], "'0' is no number of workers"),
        (["--workers", "2,"], "'' is no number of workers"),
        (["--workers", "-2"], "'-2' is no number of workers"),
        (["--workers", "two"], "'two' is no number of workers"),
        (["--workers", "2,5000"], "5000 workers are too many: 4096 at most"),
        (["--seconds", "0"], "'0' is no time"),
        (["--seconds", "-1"], "'-1' is no time"),
        (["--seconds", "nan"], "'nan' is no time"),
        (["--seconds", "inf"], "'inf' is no time"),
        (["--seconds", "soon"], "'soon' is no time"),
        (["-o", "plot.txt"], "cannot draw 'plot.txt': name a file that ends in .svg"),
        (["-o", "no/such/folder/plot.svg"], "cannot write 'no/such/folder/plot.svg': "),
        (["--json", "no/such/folder/report.json"], "cannot write 'no/such/folder/report.json': "),
        (["--json", ""], "cannot write '': "),
        (["--json", "."], "cannot write '.': "),
    ],
)
def test_what_makes_no_sense_is_refused_before_measuring(arguments, said, measured, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["compare", *arguments])
    assert said in capsys.readouterr().err
    assert measured == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["squares"], "unknown workload 'squares': expected one of squares-python, "),
        (
            ["made_functions:nobody"],
            "cannot import made_functions:nobody: module 'made_functions' has no attribute 'nobody'",
        ),
        (["no_such_module:f"], "cannot import no_such_module:f: No module named 'no_such_module'"),
        (["made_functions:times"], "made_functions:times must be a function, got int"),
        (["--ways", "thread"], "unknown way 'thread': expected one of sequential, threads"),
        (["--ways", ""], "unknown way '': expected one of sequential, threads"),
        (["--executor", "no_such_module:make"], "cannot import no_such_module:make: No module named"),
        (["--executor", "make"], "unknown way 'make'"),
    ],
)
def test_names_that_nothing_has_are_refused(arguments, said, capsys):
    assert main(["compare", "--python", sys.executable, *arguments]) == 2
    output = capsys.readouterr()
    assert output.err.startswith(f"nogil-kernels compare: {said}")
    assert output.out == ""


def test_where_nothing_can_be_measured_it_says_why():
    done = run("compare", "sum_of_squares", *SHORT[1:], NOGIL_KERNELS_BACKEND="pure")
    assert done.returncode == 1
    assert done.stderr.endswith("compare: skipped sum_of_squares: the compiled kernels are not in use\n")


def test_compare_prints_a_table_and_writes_what_it_was_drawn_from(tmp_path, capsys):
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
        ("squares", ["--workers", "2", "--python", sys.executable], ["2 threads", "2 processes, Pool", "2 processes"]),
        ("prints", ["--ways", "threads,processes,pool"], ["one after another"]),
    ],
)
def test_a_function_of_the_current_folder_is_measured_and_what_it_prints_not_shown(function, options, shown):
    done = run("compare", f"made_functions:{function}", "--seconds", "0.05", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nor is this" not in done.stdout
    for words in shown:
        assert words in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_nor_is_it_in_a_terminal_with_a_progress_bar():
    import pty

    parent, child = pty.openpty()
    arguments = ["made_functions:prints", "--seconds", "0.05", "--ways", "threads"]
    process = started(*arguments, variables={"TERM": "xterm", "COLUMNS": "80"}, stdout=child, stderr=child)
    os.close(child)
    shown = b""
    with contextlib.suppress(OSError):  # Linux' way to say that the other end is closed
        while got := os.read(parent, 1 << 16):
            shown += got
    os.close(parent)
    assert process.wait(60) == 0
    for words in (b"measuring", b"one after another"):
        assert words in shown
    assert b"nor is this" not in shown


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("fails", ["Traceback", "in fails", "LookupError: nothing there"]),
        ("exits", ["The function called sys.exit(3)"]),
        ("fails_unsendably", ["Traceback", "in fails_unsendably", "Unsendable: this and that"]),
        ("1 / 0", ["Traceback", "made_failing.py", "ZeroDivisionError"]),
        ("def f(:", ["made_failing.py", "SyntaxError"]),
    ],
)
def test_an_error_of_a_function_is_shown_from_there_on(function, said, tmp_path):
    Path(tmp_path, "made_failing.py").write_text(f"{function}\n")
    name = f"made_functions:{function}" if function.isidentifier() else "made_failing:f"
    done = run("compare", name, PYTHONPATH=os.pathsep.join([str(SOURCES), str(tmp_path)]))
    assert done.returncode == 1
    assert done.stdout == ""
    for words in (*said, "nothing to compare"):
        assert words in done.stderr
    assert os.path.join("nogil_kernels", "scaling") not in done.stderr  # the folder of the tests may bear our name
    assert "importlib" not in done.stderr


def test_an_error_of_our_own_is_a_traceback(monkeypatch):
    monkeypatch.setattr("nogil_kernels.scaling.run.session.seconds_per_call", None)
    with pytest.raises(TypeError, match="not callable"):
        main(["compare", "made_functions:squares"])


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_module", "No module named 'no_such_module'; made_unimportable imports that"),
        ("raise SystemExit(4)", "its module calls sys.exit(4)"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_from_one_that_is_not_there(code, said, tmp_path):
    Path(tmp_path, "made_unimportable.py").write_text(f"{code}\n")
    done = run("compare", "made_unimportable:f", PYTHONPATH=os.pathsep.join([str(SOURCES), str(tmp_path)]))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"nogil-kernels compare: cannot import made_unimportable:f: {said}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are closed in another way")
def test_a_reader_who_has_seen_enough_costs_no_samples(tmp_path):
    samples, plot = tmp_path / "report.json", tmp_path / "plot.svg"
    arguments = ["made_functions:squares", *SHORT[1:], "--json", samples, "-o", plot]
    reader, writer = os.pipe()
    os.close(reader)
    process = started(*arguments, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (141, f"Samples written to {samples}\nDrawn: {plot}\n")
    assert samples.exists()
    assert plot.exists()


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("is_async", "is async"),
        ("is_a_generator", "is a generator"),
        ("takes_arguments", "takes arguments (missing a required argument: 'x')"),
    ],
)
def test_a_function_whose_calls_would_do_nothing_is_refused(function, said, capsys):
    assert main(["compare", f"made_functions:{function}"]) == 2
    assert f"made_functions:{function} {said}" in capsys.readouterr().err


def test_quick_ends_within_ten_seconds():
    """In one of three tries, since others may use the cores. Only the report is printed, in whatever encoding."""

    def seconds():
        begin = time.monotonic()
        done = run("compare", "--quick", PYTHONIOENCODING="ascii", PATH="")
        took = time.monotonic() - begin
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert "squares-python" in done.stdout
        return took

    assert any(seconds() < 10 for _ in range(3))


def test_ctrl_c_without_a_sample_ends_quietly(measured, capsys):
    assert main(["compare", "--quick"]) == 130
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "")


def interrupted(arguments, is_time, tmp_path, group=False):
    """A command that gets a real SIGINT as soon as it is time: (exit status, output, errors). Nobody is left of it."""
    process = started(
        *arguments,
        variables={"TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        give_up = time.monotonic() + 60
        while not is_time(process.pid) and time.monotonic() < give_up:
            time.sleep(0.05)
        (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert left_of(process.pid) == []
    assert list(tmp_path.iterdir()) == []
    return process.returncode, output, errors


@needs_proc
@pytest.mark.parametrize("group", [False, True])
def test_ctrl_c_prints_what_there_is_and_leaves_nobody_behind(group, bare, tmp_path, tmp_path_factory, monkeypatch):
    """The signal goes to the process, or, as from a terminal, to all of its group."""
    told = tmp_path / "told"
    temporary = tmp_path_factory.mktemp("t")  # short: the path of a socket in it has room for 107 characters
    monkeypatch.setenv("MADE_FILE", str(told))
    arguments = ["--ways", "threads,pool,processes", "--workers", "2", "--seconds", "60", "--python", bare]
    status, output, errors = interrupted(
        ["made_functions:tells_when_it_is_measured", *arguments], lambda pid: told.exists(), temporary, group
    )
    assert (status, errors) == (130, "")
    assert "Interrupted: this is what there was by then." in " ".join(output.split())
    assert "2 processes, Pool" in output


@needs_proc
def test_ctrl_c_while_workers_start_ends_quietly(tmp_path):
    arguments = ["squares-python", "--ways", "pool,processes", "--workers", "4", "--python", sys.executable]
    status, output, errors = interrupted(arguments, lambda pid: len(processes_of(pid)) >= 3, tmp_path)
    assert (status, output, errors) == (130, "", "")


def test_an_interrupted_report_leaves_an_older_file_alone(saved, monkeypatch, tmp_path, capsys):
    path = tmp_path / "older.json"
    report = Report.load(saved)
    for benchmark in report.suite:
        benchmark.update_metadata({"nk_interrupted": 1})
    monkeypatch.setattr("nogil_kernels.scaling.compare", lambda workloads, **options: Report(report.suite))
    path.write_text("older")
    assert main(["compare", "--json", str(path)]) == 130
    assert path.read_text() == "older"
    assert "was left as it is" in capsys.readouterr().err
    path.unlink()
    assert main(["compare", "--json", str(path)]) == 130
    assert Report.load(path).interrupted


def test_samples_are_written_before_anything_is_drawn(saved, monkeypatch, tmp_path):
    def fail(report, path):
        raise OSError("no space")

    pytest.importorskip("matplotlib")
    monkeypatch.setattr("nogil_kernels.scaling.compare", lambda workloads, **options: Report.load(saved))
    monkeypatch.setattr(outputs, "draw", fail)
    with pytest.raises(OSError, match="no space"):
        main(["compare", "--json", str(tmp_path / "report.json"), "-o", str(tmp_path / "plot.svg")])
    assert Report.load(tmp_path / "report.json").rows == Report.load(saved).rows
