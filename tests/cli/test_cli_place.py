"""The place in which a command runs: removed folders, full disks, closed streams, files named like Python's modules."""

import json
import os
import sys
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
    [(["info"], ""), (["info"], "1"), (["--version"], ""), (["compare", "--help"], "")],  # argparse ignores errors
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
