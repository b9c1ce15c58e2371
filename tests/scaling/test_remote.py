"""Other interpreters: what they measure, and what is said of those that cannot."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import made_functions
import pytest
from commands import killed
from support import left_of, needs_proc

pytest.importorskip("pyperf")

from nogil_kernels import __version__
from nogil_kernels.scaling import compare
from nogil_kernels.scaling.run import comparison, remote
from nogil_kernels.scaling.run.plan import Request
from nogil_kernels.scaling.run.remote import RemoteError, RemoteSession

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the made interpreters are shell scripts")

PURE = f"without nogil_kernels {__version__} it ran what is pure Python; install that there, too"
REQUEST = Request(("squares-python",), ("sequential", "threads"), (2,), first=False)


@pytest.fixture
def alone(monkeypatch):
    """No folder of this process is for other interpreters."""
    monkeypatch.delenv("PYTHONPATH", raising=False)


@pytest.fixture
def made(tmp_path):
    """Makes an interpreter: a shell script, in which $PYTHON is a real one."""

    def make(script, python=sys.executable):
        path = tmp_path / "python3.99"
        path.write_text(f"#!/bin/sh\nPYTHON='{python}'\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return make


def others():
    """Interpreters of other versions: those that PYTHONS names, else those on PATH that start."""
    named = os.environ.get("PYTHONS", "").split()
    names = [f"python3.{minor}{kind}" for minor in range(11, 16) for kind in ("", "t")]
    found = []
    for path in named or filter(None, map(shutil.which, names)):
        try:
            version = remote._asked(path)[2]
        except RemoteError:
            continue  # a shim of something that is not installed
        if tuple(version[:2]) != sys.version_info[:2] or path in named:
            found.append(path)
    return found


def packages_of(python):
    """The folder that it has packages in."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def first_rows(python, **options):
    """What a comparison with this interpreter says: (sessions, rows of them, notes)."""
    report = compare(["squares-python"], ways=["threads"], workers=[2], seconds=0.05, pythons=[python], **options)
    rows = [(row.session, row.way) for row in report.block("squares-python")]
    return report.sessions, rows, [note for note in report.notes if "interpreters here" not in note]


# Interpreters that can be used


def test_another_interpreter_measures_the_same_calls(bare, alone):
    report = compare(["squares-python"], ways=["threads", "processes"], workers=[2], seconds=0.05, pythons=[bare])
    here, there = report.sessions[:2]
    by_way = {(row.session, row.way): row for row in report.block("squares-python")}
    for way in ("sequential", "threads", "processes"):
        assert by_way[here, way].calls == by_way[there, way].calls
    assert report.facts_of(there)["python_version"] == report.facts["python_version"]
    assert any(note.startswith(PURE) for note in report.notes)


def test_one_that_lacks_the_package_gets_a_copy_without_what_is_compiled(bare, alone):
    copy = remote._copy_of_package()
    with copy:
        files = [path for path in Path(copy.name).rglob("*") if path.is_file()]
        assert Path(copy.name, "nogil_kernels", "scaling", "run", "remote_server.py") in files
        assert not [path for path in files if path.suffix in (".so", ".pyd", ".pyc")]


def test_one_that_has_the_package_uses_its_own(bare, alone):
    path = Path(packages_of(bare), "made.pth")
    path.write_text(str(remote.HERE))
    try:
        sessions, rows, notes = first_rows(bare)
    finally:
        path.unlink()
    assert len(sessions) == 2 + (len(rows) > 4)
    assert notes == []


def test_one_that_has_another_release_runs_ours_in_pure_python(bare, alone):
    folder = Path(packages_of(bare), "nogil_kernels")
    folder.mkdir()
    Path(folder, "__init__.py").write_text("raise ImportError('too old')")
    Path(folder, "_version.py").write_text("__version__ = '0.0.1'")
    try:
        _, rows, notes = first_rows(bare)
    finally:
        shutil.rmtree(folder)
    assert len(rows) >= 4
    assert all(note.startswith(PURE) for note in notes)
    assert notes


def test_the_folder_of_this_package_is_not_on_the_path_of_others(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(remote.HERE), str(tmp_path)]))
    assert remote._environment()["PYTHONPATH"] == str(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(remote.HERE))
    assert "PYTHONPATH" not in remote._environment()


@pytest.mark.parametrize("python", others() or [None])
def test_interpreters_of_other_versions_measure(python):
    if python is None:
        pytest.skip("no other interpreter on PATH, and PYTHONS names none")
    sessions, rows, _ = first_rows(python)
    assert len(sessions) == len({*sessions}) >= 2
    assert {way for _, way in rows} == {"sequential", "threads"}
    assert len(rows) == 2 * len(sessions)


def test_the_interpreter_of_the_command_is_not_measured_twice():
    sessions, _, notes = first_rows(sys.executable)
    if "t" in sys.abiflags:
        assert len(sessions) == 2
    else:
        assert len(sessions) == 1
        assert notes == [f"{Path(sys.executable).name} is the interpreter of this command: its rows are there already"]


@pytest.mark.parametrize(("name", "value"), [("PYTHONHOME", "/nowhere"), ("PYTHON_GIL", "0"), ("PYTHON_GIL", "1")])
def test_what_is_set_for_this_interpreter_is_not_for_others(name, value, bare, alone, monkeypatch):
    monkeypatch.setenv(name, value)
    found = [*remote.sessions(bare, REQUEST)]
    for session in found:
        session.close()
    assert len(found) == (2 if "t" in sys.abiflags else 1)


@pytest.mark.parametrize(("name", "value"), [("PYTHONWARNINGS", "error"), ("PYTHONSAFEPATH", "1"), ("PYTHONUTF8", "0")])
def test_other_variables_do_no_harm(name, value, bare, alone, monkeypatch):
    monkeypatch.setenv(name, value)
    assert len(first_rows(bare)[0]) >= 2


def test_names_of_interpreters_are_unique():
    assert comparison._unique(["3.13", "3.14", "3.13", "3.13"]) == ["3.13", "3.14", "3.13 (3)", "3.13 (4)"]


@pytest.mark.parametrize(
    ("version", "free_threaded", "gil", "label"),
    [
        ("3.14.2 (64-bit)", 0, 1, "3.14"),
        ("3.14.2", 1, 0, "3.14t GIL off"),
        ("3.13.0", 1, 1, "3.13t GIL on"),
    ],
)
def test_an_interpreter_is_named_by_version_and_gil(version, free_threaded, gil, label):
    facts = {"python_version": version, "nk_free_threaded_build": free_threaded, "nk_gil_enabled": gil}
    assert comparison.label(facts) == label


# Finding them


def test_free_threaded_ones_are_looked_for_on_path_and_others_named(made, monkeypatch, tmp_path):
    path = Path(made("exit 1")).rename(tmp_path / "python3.14t")
    monkeypatch.setenv("PATH", str(tmp_path))
    found, notes = remote.found_on_path()
    assert found == [str(path)]
    assert notes == [
        "python3.13t, python3.15t: not on PATH, so nothing of theirs is here; `uv python install 3.13t` adds one,"
        " --python PATH names one"
    ]


# Interpreters that cannot be used


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo boom >&2; exit 3", "cannot be used: boom"),
        ("exit 3", "cannot be used: it ended without a word"),
        ("kill -9 $$", "cannot be used: it ended without a word"),
        ("echo hello", "cannot be used: it does not answer as Python does"),
        ("echo 5", "cannot be used: it does not answer as Python does"),
        (r"printf '\377\376'", "cannot be used: it does not answer as Python does"),
        ("""echo '[false, false, [3, 9, 1], "cpython", "/"]'""", "is cpython 3.9.1; it takes CPython 3.11 or newer"),
        ("""echo '[false, false, [2, 7, 18], false, "/"]'""", "is Python 2.7.18; it takes CPython 3.11 or newer"),
        ("""echo '[false, true, [3, 11, 9], "pypy", "/"]'""", "is pypy 3.11.9; it takes CPython 3.11 or newer"),
        (f"echo {200 * 'x'} >&2; exit 3", f"cannot be used: {100 * 'x'} ..."),
        ('[ $1 = -c ] && exec $PYTHON "$@"; echo late >&2; exit 4', "ended with status 4: late"),
        ('[ $1 = -c ] && exec $PYTHON "$@"; echo garbage; exec sleep 60', "does not answer as Python does: 'garbage'"),
    ],
)
def test_one_that_cannot_be_used_says_why(script, said, made, bare, alone):
    with pytest.raises(RemoteError) as raised:
        next(remote.sessions(made(script, bare), REQUEST))
    assert str(raised.value) == f"python3.99 {said}"


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (None, 0, "No such file or directory"),
        ("no program", 0o755, "Exec format error"),
        ("#!/bin/sh", 0o644, "Permission denied"),
    ],
)
def test_a_file_that_is_no_interpreter_is_a_note(content, mode, said, tmp_path):
    path = tmp_path / "python"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    assert first_rows(str(path))[2] == [f"python cannot be used: {said}"]


def test_one_that_hangs_is_given_up(made, monkeypatch):
    monkeypatch.setattr(remote, "PATIENCE", 0.5)
    begin = time.monotonic()
    with pytest.raises(RemoteError, match=r"python3\.99 cannot be used: no answer within 0\.5 s"):
        next(remote.sessions(made("exec sleep 60"), REQUEST))
    assert time.monotonic() - begin < 20


@pytest.mark.skipif(not shutil.which("python2.7"), reason="there is no python2.7 on PATH")
def test_python_2_is_told_apart():
    with pytest.raises(RemoteError, match=r"cannot be used|is Python 2\.7"):
        next(remote.sessions("python2.7", REQUEST))


# Sessions that end early


def test_one_that_dies_in_the_middle_keeps_its_samples_and_gets_no_more(bare, alone, monkeypatch):
    monkeypatch.chdir(Path(made_functions.__file__).parent)
    workload = "made_functions:kills_its_interpreter_later"
    report = compare([workload], ways=["threads"], workers=[2], seconds=0.3, pythons=[bare])
    assert len({len(row.values) for row in report.block(workload) if row.session == report.sessions[0]}) == 1
    assert any("python ended with status 7: " in note for note in report.notes)


def test_what_a_function_prints_there_is_no_answer(bare, alone, monkeypatch):
    monkeypatch.chdir(Path(made_functions.__file__).parent)
    report = compare(["made_functions:prints"], ways=["threads"], workers=[2], seconds=0.05, pythons=[bare])
    assert len(report.sessions) >= 2


def test_work_that_is_not_found_there_is_left_out_there(bare, alone):
    report = compare(
        [lambda: sum(range(100)), "squares-python"], ways=["threads"], workers=[2], seconds=0.05, pythons=[bare]
    )
    there = {row.workload for row in report.rows if row.session == report.sessions[1]}
    assert there == {"squares-python"}
    assert any("<lambda> is left out" in note for note in report.notes)


def closed_within(session, seconds):
    begin = time.monotonic()
    session.close()
    assert session.process.returncode is not None
    assert time.monotonic() - begin < seconds


def test_closing_ends_it_with_the_sample_that_it_is_at(bare, alone):
    session = RemoteSession(bare, REQUEST, "", False)
    for _ in session.round([row.work for row in session.rows], False):
        break
    closed_within(session, 3)


def test_closing_kills_one_that_does_not_end(bare, alone, monkeypatch):
    monkeypatch.setattr(remote, "LAST_SAMPLE", 0.1)
    monkeypatch.chdir(Path(made_functions.__file__).parent)
    request = Request(
        ("made_functions:sleeps",), ("sequential",), (), first=False, calls={"made_functions:sleeps//": 100}
    )
    session = RemoteSession(bare, request, "", False)
    session._say([["made_functions:sleeps//"], False])
    closed_within(session, 3)
    assert session.process.returncode < 0


@needs_proc
def test_it_leaves_no_file_and_no_process(bare, alone, tmp_path, monkeypatch):
    monkeypatch.setattr(remote.tempfile, "tempdir", str(tmp_path))
    session = RemoteSession(
        bare, Request(("squares-python",), ("sequential", "processes"), (2,), first=False), "", False
    )
    closed_within(session, 5)
    assert list(tmp_path.iterdir()) == []
    assert left_of(session.process.pid) == []


@needs_proc
def test_it_ends_when_this_process_is_killed(bare, tmp_path):
    code = f"""
        from nogil_kernels.scaling.run.remote import sessions
        from nogil_kernels.scaling.run.plan import Request
        request = Request(("squares-python",), ("sequential", "processes"), (2,), first=False)
        session = next(sessions({bare!r}, request))
        print(session.process.pid, flush=True)
        input()
    """
    with killed(code, TMPDIR=str(tmp_path)) as (_, group):
        pass
    assert left_of(int(group)) == []
