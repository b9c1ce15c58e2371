"""The command `nogil-kernels`: what it prints, where, and the exit status."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import made_functions
import pytest
from support import SOURCES, environment, left_of, needs_proc, processes_of

import nogil_kernels
from nogil_kernels import build_info
from nogil_kernels.cli import main

pytest.importorskip("pyperf")
pytest.importorskip("rich")

HERE = Path(made_functions.__file__).parent
SHORT = ["squares-python", "--seconds", "0.05", "--workers", "2", "--ways", "threads", "--python", sys.executable]


def run(*arguments, code=None, **variables):
    """The command in a fresh interpreter, every warning an error."""
    program = ["-m", "nogil_kernels"] if code is None else ["-c", code]
    return subprocess.run(
        [sys.executable, "-W", "error", *program, *arguments],
        env=environment(**variables),
        cwd=HERE,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def without(module):
    """Code that runs the command as if `module` were not installed."""
    return f"import sys; sys.modules[{module!r}] = None; from nogil_kernels.cli import main; sys.exit(main())"


@pytest.fixture
def measured(monkeypatch):
    """What `compare` is asked for; nothing is measured."""
    asked = []

    def compare(workloads, **options):
        asked.append({"workloads": workloads, **options})
        raise KeyboardInterrupt

    monkeypatch.setattr("nogil_kernels.scaling.compare", compare)
    return asked


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A report in a file."""
    path = tmp_path_factory.mktemp("report") / "report.json"
    assert main(["compare", *SHORT, "--json", str(path)]) == 0
    return path


# The command


def test_version(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"nogil-kernels {nogil_kernels.__version__}\n"


def test_python_m_is_the_same_command():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"nogil-kernels {nogil_kernels.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--help"], ["compare", "report", "info"]),
        (["compare", "--help"], ["--quick", "--json FILE", "--executor", "--python", "sum_of_squares", "asyncio"]),
        (["report", "--help"], ["-o", "FILE"]),
    ],
)
def test_help_names_what_there_is(arguments, said, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(arguments)
    text = capsys.readouterr().out
    assert all(word in text for word in said)


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 2
    assert "compare" in capsys.readouterr().err


def test_info_prints_text_and_as_json_the_same_facts(capsys):
    assert main(["info"]) == 0
    text = capsys.readouterr().out
    assert main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["facts"]
    assert (facts["nk_version"], facts["nk_backend"]) == (nogil_kernels.__version__, build_info()["backend"])
    assert all(str(facts[name]) in text for name in ("nk_version", "nk_backend", "python_version", "cpu_model_name"))


# Options


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
        (["squares"], "no workload 'squares': name one of squares-python, "),
        (["made_functions:nobody"], "made_functions:nobody: module 'made_functions' has no attribute 'nobody'"),
        (["no_such_module:f"], "no_such_module:f: No module named 'no_such_module'"),
        (["made_functions:times"], "made_functions:times is no function, but of type int"),
        (["--ways", "thread"], "no way 'thread': name one of sequential, threads"),
        (["--ways", ""], "no way '': name one of sequential, threads"),
        (["--executor", "no_such_module:make"], "no_such_module:make: No module named"),
        (["--executor", "make"], "no way 'make'"),
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
    assert done.stderr.endswith("compare: sum_of_squares is left out: the compiled kernels are not in use\n")


INSTALL = "pip install 'nogil-kernels[bench]', or in a clone pip install '.[bench]'"


@pytest.mark.parametrize("module", ["pyperf", "rich"])
@pytest.mark.parametrize("command", [["compare", "--quick"], ["report", "file"]])
def test_without_the_extra_the_one_command_is_printed_that_installs_it(module, command):
    done = run(*command, code=without(module))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{module} is not installed: {INSTALL}\n"


def test_matplotlib_is_needed_only_to_draw(saved, tmp_path):
    assert run("report", str(saved), code=without("matplotlib")).returncode == 0
    done = run("report", str(saved), "-o", str(tmp_path / "plot.svg"), code=without("matplotlib"))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"matplotlib is not installed: {INSTALL}\n")


# What it prints and writes


def test_compare_prints_a_table_and_writes_what_it_was_drawn_from(tmp_path, capsys):
    path = tmp_path / "report.json"
    assert main(["compare", *SHORT, "--json", str(path)]) == 0
    text = capsys.readouterr()
    assert "squares-python  sum(i * i for i in range(10_000))" in text.out
    assert "2 threads" in text.out
    assert str(path) in text.err.replace("\n", "")
    assert "\x1b" not in text.out + text.err
    assert {"version", "benchmarks", "metadata"} <= json.loads(path.read_text()).keys()


def test_report_prints_what_compare_printed(saved, capsys):
    assert main(["report", str(saved)]) == 0
    first = capsys.readouterr().out
    assert "squares-python" in first
    assert main(["report", str(saved)]) == 0
    assert capsys.readouterr().out == first


def test_a_function_of_the_current_folder_is_measured_by_workers_of_every_kind():
    done = run("compare", "made_functions:squares", "--seconds", "0.05", "--workers", "2", "--python", sys.executable)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for words in ("2 threads", "2 processes, Pool", "2 processes"):
        assert words in done.stdout


def test_what_a_function_prints_is_not_in_the_report():
    done = run("compare", "made_functions:prints", "--seconds", "0.05", "--ways", "threads,processes,pool")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "nor is this" not in done.stdout
    assert "one after another" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_nor_is_it_in_a_terminal_with_a_progress_bar():
    import pty

    parent, child = pty.openpty()
    arguments = ["compare", "made_functions:prints", "--seconds", "0.05", "--ways", "threads"]
    process = subprocess.Popen(
        [sys.executable, "-m", "nogil_kernels", *arguments],
        env=environment(TERM="xterm", COLUMNS="80"),
        cwd=HERE,
        stdout=child,
        stderr=child,
    )
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
        ("exits", ["It called sys.exit(3)"]),
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
        ("import no_such_module", "No module named 'no_such_module'; which it imports"),
        ("raise SystemExit(4)", "its module calls sys.exit(4) when it is imported"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_from_one_that_is_not_there(code, said, tmp_path):
    Path(tmp_path, "made_unimportable.py").write_text(f"{code}\n")
    done = run("compare", "made_unimportable:f", PYTHONPATH=os.pathsep.join([str(SOURCES), str(tmp_path)]))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"nogil-kernels compare: made_unimportable:f: {said}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are closed in another way")
def test_a_reader_who_has_seen_enough_costs_no_samples(tmp_path):
    samples, plot = tmp_path / "report.json", tmp_path / "plot.svg"
    arguments = ["made_functions:squares", *SHORT[1:], "--json", samples, "-o", plot]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "nogil_kernels", "compare", *arguments],
        env=environment(),
        cwd=HERE,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, f"Samples written to {samples}\nDrawn: {plot}\n")
    assert samples.exists()
    assert plot.exists()


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("is_async", "is async"),
        ("is_a_generator", "is a generator"),
        ("takes_arguments", "takes arguments (missing a required argument: 'one')"),
    ],
)
def test_a_function_whose_calls_would_do_nothing_is_refused(function, said, capsys):
    assert main(["compare", f"made_functions:{function}"]) == 2
    assert f"made_functions:{function} {said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    ["", "no JSON", "[]", "{}", "null", '{"version": "1.0"}', '{"version": "1.0", "benchmarks": []}', "\x00\xff"],
)
def test_a_file_that_is_no_report_is_refused(content, tmp_path, capsys):
    path = tmp_path / "broken.json"
    path.write_text(content, "latin-1")
    assert main(["report", str(path)]) == 2
    assert f"{str(path)!r} is no report of compare --json" in capsys.readouterr().err.replace("\n", "")


@pytest.mark.parametrize("name", ["cut.json.gz", "cut.json", "other.json"])
def test_a_file_that_is_cut_or_another_s_is_refused(name, saved, tmp_path, monkeypatch, capsys):
    import gzip

    import pyperf

    monkeypatch.chdir(tmp_path)
    whole = saved.read_bytes()
    Path("cut.json").write_bytes(whole[: len(whole) // 2])
    Path("cut.json.gz").write_bytes(gzip.compress(whole)[:-100])
    run = pyperf.Run([1.0], metadata={"name": "another"}, collect_metadata=False)
    pyperf.BenchmarkSuite([pyperf.Benchmark([run])]).dump("other.json")
    assert main(["report", name]) == 2
    assert f"{name!r} is no report of compare --json" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_a_file_that_cannot_be_read_is_named(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["report", name]) == 2
    assert f"cannot read {name!r}: " in capsys.readouterr().err


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


# Ctrl-C


def test_ctrl_c_without_a_sample_ends_quietly(measured, capsys):
    assert main(["compare", "--quick"]) == 130
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The same Python in another environment."""
    folder = tmp_path_factory.mktemp("bare") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    return str(folder / "bin" / "python")


def interrupted(arguments, is_time, tmp_path, group=False):
    """A command that gets a real SIGINT as soon as it is time: (exit status, output, errors). Nobody is left of it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nogil_kernels", "compare", *arguments],
        env=environment(TMPDIR=str(tmp_path)),
        cwd=HERE,
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
    from nogil_kernels.scaling.report.suite import Report

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
    from nogil_kernels import cli
    from nogil_kernels.scaling.report.suite import Report

    def fail(report, paths):
        raise OSError("no space")

    pytest.importorskip("matplotlib")
    monkeypatch.setattr("nogil_kernels.scaling.compare", lambda workloads, **options: Report.load(saved))
    monkeypatch.setattr(cli, "draw", fail)
    with pytest.raises(OSError, match="no space"):
        main(["compare", "--json", str(tmp_path / "report.json"), "-o", str(tmp_path / "plot.svg")])
    assert Report.load(tmp_path / "report.json").rows == Report.load(saved).rows
