"""`new` writes all of a project or nothing, and says what it wrote and what comes next."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from trees import answers_of, files_of

from nogil_kernels.cli import INTERRUPTED
from nogil_kernels.scaffold import answers, template

WRITES = len(template.render(template.load(), answers.Answers(name="fast-hash")))


def test_a_project_is_what_the_template_says(new, here):
    done = new("fast-hash")
    assert (done.status, done.said) == (0, "")
    assert files_of(here / "fast-hash") == template.render(template.load(), answers_of(here / "fast-hash"))


def test_the_last_lines_are_the_next_commands(new, here):
    assert new("fast-hash").out.decode().splitlines()[-4:] == [
        "",
        "    cd fast-hash",
        '    pip install -e ".[test]" && pytest',
        '    git init -b main && git add . && git commit -m "A new project"',
    ]


@pytest.mark.skipif(shutil.which("sh") is None, reason="the quotes are those of a Unix shell")
def test_the_first_command_leads_into_the_project(new, here):
    done = new("fast-hash", "--into", "it's here/$HOME")
    enter = done.out.decode().split("Next:")[1].split("\n")[2].strip()
    where = subprocess.run(["sh", "-c", f"{enter} && ls"], cwd=here, capture_output=True, text=True, check=True)
    assert "pyproject.toml" in where.stdout.split()


def test_into_the_folder_where_one_is_needs_no_cd(new, here):
    done = new("fast-hash", "--into", ".")
    assert (here / "pyproject.toml").exists()
    assert b"cd " not in done.out
    assert os.path.samefile(here, ".")  # the shell's folder is the same one still


@pytest.mark.parametrize("into", ["new", "one/two/three", "empty", "../beside"])
def test_into_a_folder(new, here, into):
    (here / "empty").mkdir()
    assert new("fast-hash", "--into", into).status == 0
    assert len(files_of(here / into)) == WRITES


@pytest.mark.parametrize(
    ("into", "reason"),
    [
        ("full", "not empty"),
        ("file", "no folder"),
        ("file/below", "no folder"),
        ("nowhere", "leads nowhere"),
        (".", "not empty"),
        pytest.param("/proc/new", "", marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux has /proc")),
        ("x" * 300, "cannot be written"),
    ],
)
def test_a_folder_is_refused_in_one_line(new, here, into, reason):
    (here / "full").mkdir()
    (here / "full/of.txt").write_text("work")
    (here / "file").write_text("work")
    try:
        (here / "nowhere").symlink_to("gone")
    except OSError as error:
        if into == "nowhere":
            pytest.skip(f"no symbolic links here: {error}")
    before = sorted(here.rglob("*"))
    done = new("fast-hash", "--into", into)
    assert (done.status, done.out, done.said.count("\n")) == (2, b"", 1)
    assert reason in done.said
    assert sorted(here.rglob("*")) == before


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows a folder's mode does not keep anybody out")
def test_a_folder_without_the_right_to_write_is_refused(new, here, monkeypatch):
    (here / "locked").mkdir(mode=0o555)
    if os.geteuid() == 0:  # root may write anywhere: let the system say what it says to everybody else
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != here / "locked")
    done = new("fast-hash", "--into", "locked/fast-hash")
    assert done.status == 2
    assert "cannot be written" in done.said
    assert not list((here / "locked").iterdir())


@pytest.fixture
def stopped(monkeypatch):
    """stopped(error, after): that many files are written and entries renamed; the next one is stopped by `error`."""

    def stop(error, after):
        left = [after]

        def counted(method):
            def call(self, *arguments):
                if not left[0]:
                    raise error
                left[0] -= 1
                return method(self, *arguments)

            return call

        monkeypatch.setattr(Path, "write_bytes", counted(Path.write_bytes))
        monkeypatch.setattr(Path, "rename", counted(Path.rename))

    return stop


@pytest.mark.parametrize("after", [0, 1, WRITES - 1, WRITES, WRITES + 3])
@pytest.mark.parametrize("into", ["new", "one/two", "empty"])
@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), INTERRUPTED), (OSError(28, "No space left on device"), 2)]
)
def test_whatever_stops_it_leaves_nothing(new, here, stopped, into, after, error, status):
    if after > WRITES and into != "empty":
        return  # one renaming is all there is
    (here / "empty").mkdir()
    stopped(error, after)
    done = new("fast-hash", "--into", into)
    assert (done.status, done.out) == (status, b"")
    assert list(here.rglob("*")) == [here / "empty"]
    assert status == INTERRUPTED or done.said.endswith("No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="modes are Unix's")
def test_a_project_can_be_read_by_whom_the_umask_lets(new, here):
    before = os.umask(0o022)
    try:
        new("fast-hash")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in [here / "fast-hash", *(here / "fast-hash").rglob("*")]}
    assert modes == {0o755, 0o644}


def test_a_dry_run_names_what_would_be_written_and_writes_nothing(new, here):
    dry = new("fast-hash", "--kernel", "elementwise", "--dry-run")
    assert dry.status == 0
    assert not list(here.iterdir())
    new("fast-hash", "--kernel", "elementwise")
    *named, empty, summary = dry.out.decode().splitlines()
    assert sorted(named) == sorted(files_of(here / "fast-hash"))
    assert (empty, re.findall(r"^(\d+) files", summary)) == ("", [str(len(named))])


@pytest.mark.parametrize("arguments", [["json"], ["fast-hash", "--into", "full"], ["fast-hash", "--kernel", "fft"]])
def test_a_dry_run_refuses_what_a_run_refuses(new, here, arguments):
    (here / "full").mkdir()
    (here / "full/of.txt").write_text("work")
    assert new(*arguments, "--dry-run").status == new(*arguments).status == 2


def test_half_a_second(here):
    """The whole command, the start of Python included; once in twenty tries, since others use the machine, too."""

    def seconds(name):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "nogil_kernels", "new", name], check=True, capture_output=True)
        return time.perf_counter() - start

    assert any(seconds(f"fast-{n}") < 0.5 for n in range(20))
