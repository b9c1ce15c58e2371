"""`new` writes all of a project or nothing, and prints the next commands."""

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

FILES = len(template.render(template.load(), answers.Answers(name="fast-hash")))


def test_a_project_is_the_filled_in_template(new, here):
    result = new("fast-hash")
    assert (result.status, result.err) == (0, "")
    assert files_of(here / "fast-hash") == template.render(template.load(), answers_of(here / "fast-hash"))


def test_the_last_lines_are_the_next_commands(new, here):
    assert new("fast-hash").out.decode().splitlines()[-4:] == [
        "",
        "    cd fast-hash",
        '    pip install -e ".[test]" && pytest',
        '    git init -b main && git add . && git commit -m "A new project"',
    ]


@pytest.mark.skipif(shutil.which("sh") is None, reason="the quotes are those of a Unix shell")
def test_the_first_command_enters_the_project(new, here):
    result = new("fast-hash", "--into", "it's here/$HOME")
    enter = result.out.decode().split("Next:")[1].split("\n")[2].strip()
    listing = subprocess.run(["sh", "-c", f"{enter} && ls"], cwd=here, capture_output=True, text=True, check=True)
    assert "pyproject.toml" in listing.stdout.split()


def test_into_the_current_folder_needs_no_cd(new, here):
    result = new("fast-hash", "--into", ".")
    assert (here / "pyproject.toml").exists()
    assert b"cd " not in result.out
    assert os.path.samefile(here, ".")  # the folder was not replaced


@pytest.mark.parametrize("into", ["new", "one/two/three", "empty", "../beside"])
def test_into_a_folder(new, here, into):
    (here / "empty").mkdir()
    assert new("fast-hash", "--into", into).status == 0
    assert len(files_of(here / into)) == FILES


@pytest.mark.parametrize(
    ("into", "reason"),
    [
        ("full", "full is not empty: it has of.txt. Use another folder"),
        ("file", "not a folder"),
        ("file/below", "not a folder"),
        ("broken", "broken symbolic link"),
        (".", "is not empty: it has broken, file, full. Use"),
        pytest.param("/proc/new", "", marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux has /proc")),
        ("x" * 300, "cannot be written"),
    ],
)
def test_an_unusable_folder_is_refused_in_one_line(new, here, into, reason):
    (here / "full").mkdir()
    (here / "full/of.txt").write_text("work")
    (here / "file").write_text("work")
    try:
        (here / "broken").symlink_to("missing")
    except OSError as error:
        if into == "broken":
            pytest.skip(f"no symbolic links: {error}")
    before = sorted(here.rglob("*"))
    result = new("fast-hash", "--into", into)
    assert (result.status, result.out, result.err.count("\n")) == (2, b"", 1)
    assert reason in result.err
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("is_file", [False, True])
def test_a_clone_that_has_only_git_is_filled_and_needs_no_git_init(new, here, is_file):
    """.git is a file in a submodule and in a worktree."""
    (here / "clone").mkdir()
    if is_file:
        (here / "clone/.git").write_text("gitdir: ../other\n")
    else:
        (here / "clone/.git").mkdir()
    result = new("fast-hash", "--into", "clone")
    assert (result.status, result.err) == (0, "")
    assert len(files_of(here / "clone")) == FILES + is_file
    assert b"git init" not in result.out
    assert b"git add" in result.out


def test_a_clone_with_other_files_is_refused_with_their_names(new, here):
    (here / ".git").mkdir()
    for name in ("LICENSE", "README.md", "a\nb", "c"):
        (here / name).touch()
    result = new("fast-hash", "--into", ".")
    assert result.status == 2
    assert "is not empty: it has LICENSE, README.md, 'a\\nb' and 1 more. Use another folder\n" in result.err


def test_a_tilde_is_the_home(new, here, monkeypatch):
    monkeypatch.setenv("HOME", str(here / "home"))
    monkeypatch.setenv("USERPROFILE", str(here / "home"))
    assert new("fast-hash", "--into=~/x").status == 0
    assert len(files_of(here / "home/x")) == FILES


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ignores a folder's mode")
def test_a_folder_without_write_permission_is_refused(new, here, monkeypatch):
    (here / "locked").mkdir(mode=0o555)
    if os.geteuid() == 0:  # root may write anywhere
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != here / "locked")
    result = new("fast-hash", "--into", "locked/fast-hash")
    assert result.status == 2
    assert "no permission to write" in result.err
    assert not list((here / "locked").iterdir())


@pytest.fixture
def fail_after(monkeypatch):
    """Return fail_after(error, n), which makes every write or rename after the first n raise `error`."""

    def fail_after(error, n):
        remaining = [n]

        def counted(method):
            def call(self, *arguments):
                if not remaining[0]:
                    raise error
                remaining[0] -= 1
                return method(self, *arguments)

            return call

        monkeypatch.setattr(Path, "write_bytes", counted(Path.write_bytes))
        monkeypatch.setattr(Path, "rename", counted(Path.rename))

    return fail_after


@pytest.mark.parametrize("after", [0, 1, FILES - 1, FILES, FILES + 3])
@pytest.mark.parametrize("into", ["new", "one/two", "empty"])
@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), INTERRUPTED), (OSError(28, "No space left on device"), 2)]
)
def test_an_error_or_ctrl_c_leaves_nothing(new, here, fail_after, into, after, error, status):
    if after > FILES and into != "empty":
        return  # there is only one rename
    (here / "empty").mkdir()
    fail_after(error, after)
    result = new("fast-hash", "--into", into)
    assert (result.status, result.out) == (status, b"")
    assert list(here.rglob("*")) == [here / "empty"]
    assert status == INTERRUPTED or result.err.endswith("No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="modes are Unix's")
def test_files_have_the_permissions_of_the_umask(new, here):
    before = os.umask(0o022)
    try:
        new("fast-hash")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in [here / "fast-hash", *(here / "fast-hash").rglob("*")]}
    assert modes == {0o755, 0o644}


def test_a_dry_run_lists_the_files_and_writes_nothing(new, here):
    dry = new("fast-hash", "--kernel", "elementwise", "--dry-run")
    assert dry.status == 0
    assert not list(here.iterdir())
    new("fast-hash", "--kernel", "elementwise")
    *paths, empty, summary = dry.out.decode().splitlines()
    assert sorted(paths) == sorted(files_of(here / "fast-hash"))
    assert (empty, re.findall(r"(\d+) files", summary)) == ("", [str(len(paths))])


@pytest.mark.parametrize("arguments", [["json"], ["fast-hash", "--into", "full"], ["fast-hash", "--kernel", "fft"]])
def test_a_dry_run_refuses_the_same_as_a_run(new, here, arguments):
    (here / "full").mkdir()
    (here / "full/of.txt").write_text("work")
    assert new(*arguments, "--dry-run").status == new(*arguments).status == 2


def test_new_takes_less_than_half_a_second(here):
    """With the start of Python, in one of twenty tries, since other processes use the machine too."""

    def seconds(name):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "nogil_kernels", "new", name], check=True, capture_output=True)
        return time.perf_counter() - start

    assert any(seconds(f"fast-{n}") < 0.5 for n in range(20))
