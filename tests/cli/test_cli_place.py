"""The place in which a command runs: removed folders, full disks, closed streams, files named like Python's modules."""

import argparse
import errno
import json
import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest
from commands import SHORT, run
from support import completed

pytest.importorskip("pyperf")
pytest.importorskip("rich")
pytest.importorskip("matplotlib")

from nogil_kernels.cli import main, outputs
from nogil_kernels.scaling.report import Report, plot

IN_A_REMOVED_FOLDER = """
import os, sys, tempfile
folder = tempfile.mkdtemp()
os.chdir(folder)
os.rmdir(folder)
os.execv(sys.executable, [sys.executable, "-m", "nogil_kernels", *sys.argv[1:]])
"""
needs_removable = pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no current folder")
needs_full_disk = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other links and messages")
needs_shell = pytest.mark.skipif(sys.platform == "win32", reason="streams are closed in another way")
NEW = ["--author", "J", "--email", "j@example.org", "--repo", "j/x"]


def in_shell(redirection, *arguments, **variables):
    """Run the command with a redirection of the shell, such as ">&-"."""
    code = f"import os, sys; os.execvp('sh', ['sh', '-c', 'exec \"$0\" \"$@\" {redirection}', *sys.argv[1:]])"
    return completed("-c", code, sys.executable, "-m", "nogil_kernels", *arguments, variables=variables)


@needs_removable
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [(["compare", *SHORT], "2 threads"), (["probe", "--no-parallel", "sum(range(100))"], ""), (["info"], "Kernels")],
    ids=["compare", "probe", "info"],
)
def test_a_command_works_in_a_folder_that_was_removed(arguments, shown):
    done = run(*arguments, code=IN_A_REMOVED_FOLDER)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert shown in done.stdout


@needs_removable
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["new", "fast-hash", *NEW], "nogil-kernels new: the current folder was removed. Use --into with an absolute"),
        (["compare", "--json", "x.json"], "nogil-kernels compare: argument --json: cannot write 'x.json': No such"),
    ],
)
def test_a_relative_path_in_a_removed_folder_is_refused(arguments, message):
    done = run(*arguments, code=IN_A_REMOVED_FOLDER)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


@pytest.fixture
def shadows(tmp_path):
    """A folder with a function, and with files named like modules of Python."""
    for name in ("json", "random", "tempfile", "statistics", "queue"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not the module of Python')\n")
    (tmp_path / "jobs.py").write_text("def work():\n    return sum(range(2000))\n")
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "jobs:work", "--seconds", "0.05", "--workers", "2", "--ways", "threads,processes"],
        ["compare", "./jobs.py:work", *SHORT[1:]],
        ["probe", "jobs:work"],
    ],
    ids=["compare", "file", "probe"],
)
def test_a_file_named_like_a_module_of_python_does_not_replace_it(arguments, shadows):
    done = completed("-m", "nogil_kernels", *arguments, cwd=shadows)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "arguments",
    [
        [
            "compare",
            "jobs:work",
            "--seconds",
            "0.05",
            "--workers",
            "2",
            "--ways",
            "threads,pool,processes,interpreters",
        ],
        ["probe", "jobs:work"],
    ],
    ids=["compare", "probe"],
)
def test_a_file_named_like_this_package_or_one_that_it_needs_does_not_replace_it(arguments, shadows):
    """`nogil-kernels` does not search the current folder while it starts, like Python with -P."""
    for name in ("nogil_kernels", "threadpoolctl"):
        (shadows / f"{name}.py").write_text("raise SystemExit('not the package')\n")
    done = completed("-P", "-m", "nogil_kernels", *arguments, cwd=shadows)
    assert (done.returncode, done.stderr) == (0, "")
    assert "BrokenProcessPool" not in done.stdout


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("./random.py:work", "another module has the name 'random'; rename the file"),
        ("random:work", "no attribute 'work'; random is a module of Python. If you mean a file of yours, rename it"),
        ("test.work:work", "No module named 'test.work'; test is a module of Python. If you mean"),
    ],
)
def test_a_function_in_a_file_named_like_a_module_of_python_is_refused(function, message, shadows):
    done = completed("-m", "nogil_kernels", "compare", function, *SHORT[1:], cwd=shadows)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


@needs_full_disk
@pytest.mark.parametrize(
    ("arguments", "unbuffered"),
    [(["info"], ""), (["info"], "1"), (["--version"], ""), (["--version"], "1"), (["compare", "--help"], "1")],
)
def test_output_to_a_full_disk_is_an_error_in_one_line(arguments, unbuffered):
    done = in_shell("> /dev/full", *arguments, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 1
    assert done.stderr.endswith("cannot print: No space left on device\n")
    assert done.stderr.count("\n") == 1


@needs_full_disk
def test_samples_are_saved_elsewhere_if_the_report_cannot_be_printed(tmp_path):
    done = in_shell("> /dev/full", "compare", *SHORT, TMPDIR=str(tmp_path))
    (path,) = tmp_path.glob("nogil-kernels-*.json")
    assert done.returncode == 1
    assert done.stderr == (
        f"Saved the samples to {path}\nnogil-kernels compare: cannot print: No space left on device\n"
    )
    assert Report.load(path).workloads == ["squares-python"]


@needs_full_disk
def test_a_report_is_printed_and_its_samples_saved_elsewhere_if_json_fails(tmp_path):
    done = completed(
        "-m", "nogil_kernels", "compare", *SHORT, "--json", "/dev/full", variables={"TMPDIR": str(tmp_path)}
    )
    (path,) = tmp_path.glob("nogil-kernels-*.json")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "nogil-kernels compare: cannot write '/dev/full': No space left on device",
        f"Saved the samples to {path}",
    ]
    assert "2 threads" in done.stdout


@needs_shell
def test_a_closed_stdout_is_an_error_and_the_samples_are_saved(tmp_path):
    path = tmp_path / "report.json"
    done = in_shell(">&-", "compare", *SHORT, "--json", str(path))
    assert done.returncode == 1
    assert done.stderr.endswith("nogil-kernels compare: cannot print: Bad file descriptor\n")
    assert Report.load(path).workloads == ["squares-python"]


@needs_shell
def test_errors_with_a_closed_stderr_are_not_printed_elsewhere(tmp_path):
    done = in_shell("2>&-", "new")
    assert (done.returncode, done.stdout) == (2, "")


def test_plots_that_cannot_be_written_are_an_error_each(saved, monkeypatch, tmp_path, capsys):
    def fail(report, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nogil_kernels.scaling.compare", lambda workloads, **options: Report.load(saved))
    monkeypatch.setattr(plot, "draw", fail)
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "--json", "report.json", "-o", "plot.svg", "-o", "page.html"]) == 1
    errors = capsys.readouterr().err
    assert "nogil-kernels: cannot write 'plot.svg': No space left on device\n" in errors
    assert "Wrote page.html\n" in errors
    assert Report.load("report.json").rows == Report.load(saved).rows


@pytest.mark.parametrize(
    ("columns", "width"), [("0", outputs.DEFAULT_WIDTH), ("10", outputs.MIN_WIDTH), ("50", 50), ("abc", 80)]
)
def test_a_console_has_room_for_a_table(columns, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert outputs.console().width == width


def test_columns_without_room_are_named(saved, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["report", str(saved)]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "No room in 40 characters for: speed-up, of ceiling, efficiency, 95 %" in words


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "No such file or directory"),
        ("missing/x.json", "No such file or directory"),
        ("link", "No such file or directory"),
        ("file/x.json", "Not a directory"),
        (".", "Is a directory"),
        ("x" * 300, "File name too long"),
    ],
)
@needs_posix
def test_a_file_that_cannot_be_written_is_refused_with_the_reason(path, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("link").symlink_to("missing/x.json")
    with pytest.raises(argparse.ArgumentTypeError, match=f"^cannot write '{path}': {reason}$"):
        outputs.writable(path)


@needs_posix
def test_a_link_to_a_new_file_can_be_written(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "new.json")
    assert outputs.writable(str(tmp_path / "link")) == str(tmp_path / "link")


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "-o", "same.html", "--json", "same.html"],
        ["compare", "-o", "same.svg", "-o", "./same.svg"],
        ["report", "same.html", "-o", "same.html"],
    ],
)
def test_two_outputs_in_one_file_are_refused(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"nogil-kernels {arguments[0]}: each file must have its own name, got 's")


@needs_posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_to_end_keeps_the_samples(name, saved, tmp_path, monkeypatch):
    path, number = tmp_path / "report.json", getattr(signal, name)

    def stopped(workloads, **options):
        report = Report.load(saved)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)  # `timeout` sends its signal twice
        for benchmark in report.suite:
            benchmark.update_metadata({"nk_interrupted": 1})
        return Report(report.suite)

    monkeypatch.setattr("nogil_kernels.scaling.compare", stopped)
    before = signal.signal(number, signal.SIG_DFL)
    try:
        assert main(["compare", "--json", str(path)]) == 128 + number
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert Report.load(path).interrupted


@needs_posix
def test_a_signal_that_is_ignored_stays_ignored(saved, monkeypatch):
    def hung_up(workloads, **options):
        signal.raise_signal(signal.SIGHUP)
        return Report.load(saved)

    monkeypatch.setattr("nogil_kernels.scaling.compare", hung_up)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        assert main(["compare"]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@needs_full_disk
def test_messages_that_cannot_be_printed_stop_nothing(tmp_path):
    path, plot_file = tmp_path / "report.json", tmp_path / "plot.svg"
    done = in_shell("2> /dev/full", "compare", *SHORT, "--json", str(path), "-o", str(plot_file))
    assert done.returncode == 0
    assert "2 threads" in done.stdout
    assert plot_file.exists()
    assert Report.load(path).rows


def test_an_error_without_a_file_is_not_one_of_printing(monkeypatch, capsys):
    def fail(options):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("nogil_kernels.cli.info.run", fail)
    assert main(["info"]) == 1
    assert capsys.readouterr().err == "nogil-kernels info: Too many open files\n"


@needs_removable
def test_the_first_entry_of_pythonpath_is_kept_in_a_removed_folder(tmp_path):
    (tmp_path / "mine.py").write_text("def work():\n    return sum(range(2000))\n")
    done = run("probe", "--no-parallel", "mine:work", code=IN_A_REMOVED_FOLDER, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b"backend: nonsense\nnonsense: 1\n", 0, "Wrote plot.svg"),
        (b"\xff\xfe", 2, "nogil-kernels report: cannot import matplotlib: 'utf-8' codec can't decode"),
    ],
)
def test_a_broken_matplotlibrc_is_ignored_or_an_error_in_one_line(content, status, message, saved, tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(content)
    done = completed("-m", "nogil_kernels", "report", str(saved), "-o", "plot.svg", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (status, 1)
    assert done.stderr.startswith(message)


def test_ctrl_c_during_the_imports_prints_no_traceback():
    code = """
        import sys
        class Finder:
            def find_spec(self, name, path=None, target=None):
                if name == "nogil_kernels.cli":
                    raise KeyboardInterrupt
        sys.meta_path.insert(0, Finder())
        from nogil_kernels.__main__ import main
        sys.exit(main())
    """
    done = run(code=textwrap.dedent(code))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_new_file_is_checked_and_not_created(tmp_path):
    path = tmp_path / "new.json"
    assert outputs.writable(str(path)) == str(path)
    assert not path.exists()


def test_a_tilde_that_the_shell_left_is_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Path(outputs.writable("~/report.json")) == tmp_path / "report.json"


def test_a_wrong_backend_of_matplotlib_does_not_matter(saved, tmp_path):
    plot_file = tmp_path / "plot.svg"
    done = run("report", str(saved), "-o", str(plot_file), MPLBACKEND="nonsense", HOME=os.devnull)
    assert (done.returncode, done.stderr) == (0, f"Wrote {plot_file}\n")


@pytest.mark.parametrize(("suffix", "has_note"), [(".svg", False), (".html", False), (".png", True), (".pdf", True)])
def test_a_name_that_the_font_lacks_is_kept_in_svg_and_noted_elsewhere(suffix, has_note, tmp_path, capsys):
    from fake_reports import native, report, series

    name, path = "测试:平方", str(tmp_path / f"plot{suffix}")
    counts = (("sequential", 1), ("threads", 2))
    rows = [series(name, way, workers, 1.0) for way, workers in counts]
    assert outputs.draw(report(rows + native((2,))), path)
    notes = capsys.readouterr().err.splitlines()
    assert notes == [f"Wrote {path}"] + [f"The font of {path} lacks characters of {name}. Use a .svg."] * has_note
    assert has_note or name in Path(path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "--quik"], "nogil-kernels compare: unknown argument '--quik': did you mean --quick?"),
        (["report", "x", "--detials"], "nogil-kernels report: unknown argument '--detials': did you mean --details?"),
        (["info", "--jsno=1"], "nogil-kernels info: unknown argument '--jsno=1': did you mean --json?"),
        (["new", "-x"], "nogil-kernels new: unknown argument '-x'. See nogil-kernels new --help"),
        (["probe"], "nogil-kernels probe: the following arguments are required: STATEMENT. See nogil-kernels probe --"),
        (["--nope"], "nogil-kernels: unknown argument '--nope'. See nogil-kernels --help"),
    ],
)
def test_a_wrong_command_line_is_an_error_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)
    errors = capsys.readouterr().err
    assert errors.startswith(message)
    assert errors.count("\n") == 1


def test_no_temporary_folder_is_an_error_in_one_line(monkeypatch, capsys):
    def fail(*arguments, **options):
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.mkdtemp", fail)
    assert main(["probe", "1"]) == 1
    assert capsys.readouterr().err == "nogil-kernels probe: No usable temporary directory found in ['/tmp']\n"


@needs_full_disk
def test_samples_are_json_if_stderr_is_closed(tmp_path):
    path = tmp_path / "report.json"
    assert in_shell("2>&- <&-", "compare", *SHORT, "--json", str(path)).returncode == 0
    assert json.loads(path.read_text())["benchmarks"]
