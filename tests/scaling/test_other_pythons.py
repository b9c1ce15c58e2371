"""Other interpreters: measurements in them, and notes about those that do not work."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import user_functions
from support import needs_proc, remaining_processes

pytest.importorskip("pyperf")

from nogil_kernels import __version__
from nogil_kernels.scaling import compare
from nogil_kernels.scaling.run import children, comparison
from nogil_kernels.scaling.run.children import Interpreter
from nogil_kernels.scaling.run.request import Request, other_pythons
from nogil_kernels.workers import pythons, search_path
from nogil_kernels.workers.errors import Unknown
from nogil_kernels.workers.pythons import PythonError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake interpreters are shell scripts")

NOT_INSTALLED = f"skipped the kernels: this Python lacks nogil_kernels {__version__}"
REQUEST = Request(("squares-python",), ("threads",), (2,), is_first=False)


@pytest.fixture
def no_pythonpath(monkeypatch):
    """Remove PYTHONPATH."""
    monkeypatch.delenv("PYTHONPATH", raising=False)


@pytest.fixture
def fake_python(tmp_path):
    """Return a function that writes a shell script named python3.99, in which $PYTHON is a real interpreter."""

    def write(script, python=sys.executable):
        path = tmp_path / "python3.99"
        path.write_text(f"#!/bin/sh\nPYTHON='{python}'\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return write


def other_versions():
    """Return the interpreters that the variable PYTHONS lists, or else those of other versions on PATH."""
    listed = os.environ.get("PYTHONS", "").split()
    names = [f"python3.{minor}{suffix}" for minor in range(11, 16) for suffix in ("", "t")]
    paths = []
    for path in listed or filter(None, map(shutil.which, names)):
        try:
            version = pythons.inspect(path).version
        except PythonError:
            continue  # a shim for a version that is not installed
        if version[:2] != sys.version_info[:2] or path in listed:
            paths.append(path)
    return paths


def site_packages(python):
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def compare_with(python):
    """Compare squares-python with this interpreter. Return (sessions, rows, notes)."""
    report = compare(["squares-python"], ways=["threads"], workers=[2], seconds=0.05, pythons=[python])
    rows = [(row.session, row.way) for row in report.block("squares-python")]
    return report.sessions, rows, report.notes


def started(python, request, folder):
    """Return the workers of the first GIL state of another interpreter, which imports a copy of this package."""
    interpreter = Interpreter(pythons.inspect(python))
    assert interpreter.is_copy
    return interpreter.start(request, folder)


# Interpreters that work


def test_another_interpreter_measures_the_same_calls(bare, no_pythonpath):
    report = compare(["squares-python"], ways=["threads", "processes"], workers=[2], seconds=0.05, pythons=[bare])
    here, other = report.sessions[:2]
    by_way = {(row.session, row.way): row for row in report.block("squares-python")}
    for way in ("sequential", "threads", "processes"):
        assert by_way[here, way].calls == by_way[other, way].calls
    assert report.facts_of(other)["python_version"] == report.facts["python_version"]
    assert any(note.startswith(NOT_INSTALLED) for note in report.notes)


def test_the_copy_of_the_package_has_no_compiled_files(tmp_path):
    copy = pythons.copy_package(tmp_path)
    files = [path for path in Path(copy).rglob("*") if path.is_file()]
    assert Path(copy, "nogil_kernels", "scaling", "run", "child.py") in files
    assert not [path for path in files if path.suffix in (".so", ".pyd", ".pyc")]
    assert pythons.copy_package(tmp_path) == copy


def test_an_interpreter_with_the_package_uses_its_own(bare, no_pythonpath):
    path = Path(site_packages(bare), "nogil_kernels_test.pth")
    path.write_text(search_path.PACKAGE_PARENT)
    try:
        sessions, rows, notes = compare_with(bare)
    finally:
        path.unlink()
    assert len(sessions) == 2 + (len(rows) > 4)
    assert notes == []


def test_an_interpreter_with_another_release_runs_ours_in_pure_python(bare, no_pythonpath):
    folder = Path(site_packages(bare), "nogil_kernels")
    folder.mkdir()
    Path(folder, "__init__.py").write_text("raise ImportError('too old')")
    Path(folder, "_version.py").write_text("__version__ = '0.0.1'")
    try:
        _, rows, notes = compare_with(bare)
    finally:
        shutil.rmtree(folder)
    assert len(rows) >= 4
    assert all(note.startswith(NOT_INSTALLED) for note in notes)
    assert notes


def test_the_folder_of_this_package_is_removed_from_pythonpath(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([search_path.PACKAGE_PARENT, str(tmp_path)]))
    assert pythons.environment()["PYTHONPATH"] == str(tmp_path)
    monkeypatch.setenv("PYTHONPATH", search_path.PACKAGE_PARENT)
    assert "PYTHONPATH" not in pythons.environment()


@pytest.mark.parametrize("python", other_versions() or [None])
def test_interpreters_of_other_versions_measure(python):
    if python is None:
        pytest.skip("no other interpreter on PATH or in PYTHONS")
    sessions, rows, _ = compare_with(python)
    assert len(sessions) == len({*sessions}) >= 2
    assert {way for _, way in rows} == {"sequential", "threads"}
    assert len(rows) == 2 * len(sessions)


def gil_settings(python):
    """Return the values of PYTHON_GIL with which an interpreter is measured."""
    return [interpreter._gil.get("PYTHON_GIL") for interpreter in comparison._with_gil_settings(python)]


@pytest.mark.parametrize(
    ("is_free_threaded", "is_this_one", "settings"),
    [(False, False, [None]), (True, False, ["0", "1"]), (True, True, ["1"]), (False, True, [])],
)
def test_free_threaded_interpreters_are_measured_with_the_gil_off_and_on(
    is_free_threaded, is_this_one, settings, monkeypatch
):
    monkeypatch.setattr(comparison.machine, "gil_enabled", lambda: not is_free_threaded)
    monkeypatch.delenv("PYTHON_GIL", raising=False)
    python = pythons.Python("python3.99", (3, 99, 0), is_free_threaded, is_this_one, True)
    assert gil_settings(python) == settings


@pytest.mark.parametrize(("name", "value"), [("PYTHONHOME", "/nowhere"), ("PYTHON_GIL", "0"), ("PYTHON_GIL", "1")])
def test_variables_for_this_interpreter_are_not_passed_on(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    assert name not in pythons.environment()


@pytest.mark.parametrize(("name", "value"), [("PYTHONWARNINGS", "error"), ("PYTHONSAFEPATH", "1"), ("PYTHONUTF8", "0")])
def test_other_variables_are_harmless(name, value, bare, no_pythonpath, monkeypatch):
    monkeypatch.setenv(name, value)
    assert len(compare_with(bare)[0]) >= 2


def test_names_of_interpreters_are_unique():
    assert comparison._unique(["3.13", "3.14", "3.13", "3.13"]) == ["3.13", "3.14", "3.13 (3)", "3.13 (4)"]


@pytest.mark.parametrize(
    ("version", "free_threaded", "gil", "label"),
    [("3.14.2 (64-bit)", 0, 1, "3.14"), ("3.14.2", 1, 0, "3.14t GIL off"), ("3.13.0", 1, 1, "3.13t GIL on")],
)
def test_the_label_of_an_interpreter_has_the_version_and_the_gil(version, free_threaded, gil, label):
    facts = {"python_version": version, "nk_free_threaded_build": free_threaded, "nk_gil_enabled": gil}
    assert comparison.label(facts) == label


# Finding interpreters


def test_free_threaded_interpreters_are_found_on_path_and_missing_ones_noted(fake_python, monkeypatch, tmp_path):
    Path(fake_python("exit 1")).rename(tmp_path / "python3.14t")
    monkeypatch.setenv("PATH", str(tmp_path))
    this_one = [python for python in comparison.find_on_path()[0] if python.is_this_one]
    assert len(this_one) == pythons.is_free_threaded()
    found, notes = comparison.find_on_path()
    assert found == this_one
    assert notes == [
        "skipped python3.13t, python3.15t: not found on PATH; install one with `uv python install 3.13t`, or use"
        " --python PATH",
        "skipped python3.14t: no error message",
    ]


def test_a_free_threaded_interpreter_on_path_is_found_once(monkeypatch, tmp_path):
    answer = pythons.Python("python3.14t", (3, 14, 0), True, False, False)
    monkeypatch.setattr(comparison.shutil, "which", lambda name: f"/bin/{name}" if name == "python3.14t" else None)
    monkeypatch.setattr(comparison.pythons, "inspect", lambda path: answer)
    monkeypatch.setattr(comparison, "build_info", lambda: {"free_threaded_build": False})
    assert comparison.find_on_path()[0] == [answer]


@pytest.mark.parametrize("quick", [True, False])
def test_interpreters_are_searched_for_unless_it_is_quick_or_they_are_given(quick, monkeypatch):
    searches = []
    monkeypatch.setattr(comparison, "find_on_path", lambda: searches.append(1) or ([], ["not found"]))
    options = {"ways": "threads", "workers": 2, "seconds": 0.01, "quick": quick}
    assert compare("squares-python", pythons=None, **options).notes == ([] if quick else ["not found"])
    compare("squares-python", **options)
    assert len(searches) == (not quick)


# Interpreters that do not work


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo boom >&2; exit 3", "boom"),
        ("exit 3", "no error message"),
        ("kill -9 $$", "no error message"),
        ("echo hello", "it is not a Python interpreter"),
        ("echo 5", "it is not a Python interpreter"),
        (r"printf '\377\376'", "it is not a Python interpreter"),
        ("""echo '[false, false, [3, 9, 1], "cpython", "/"]'""", "expected CPython 3.11 or newer, got cpython 3.9.1"),
        ("""echo '[false, false, [2, 7, 18], false, "/"]'""", "expected CPython 3.11 or newer, got Python 2.7.18"),
        ("""echo '[false, true, [3, 11, 9], "pypy", "/"]'""", "expected CPython 3.11 or newer, got pypy 3.11.9"),
        (f"echo {200 * 'x'} >&2; exit 3", f"{100 * 'x'} ..."),
    ],
)
def test_an_unusable_interpreter_is_refused_with_the_reason(script, reason, fake_python, bare, no_pythonpath):
    path = fake_python(script, bare)
    with pytest.raises(PythonError, match=rf"\Askipped python3\.99: {re.escape(reason)}\Z"):
        pythons.inspect(path)
    with pytest.raises(Unknown, match=rf"\Acannot measure {re.escape(repr(path))}: {re.escape(reason)}\Z"):
        other_pythons([path])


@pytest.mark.parametrize(
    ("script", "note"),
    [
        ("echo late >&2; exit 4", "skipped python3.99: the process ended with status 4: late"),
        ("echo garbage; exec sleep 60", "python3.99 sent an invalid message: 'garbage'"),
    ],
)
def test_an_interpreter_that_cannot_run_our_program_is_noted_and_this_one_is_measured(
    script, note, fake_python, bare, no_pythonpath, monkeypatch
):
    monkeypatch.setattr(children, "PATIENCE", 0.1)
    python = fake_python(f'[ $1 = -c ] && exec $PYTHON "$@"; {script}', bare)
    sessions, rows, notes = compare_with(python)
    assert len(sessions) == 1
    assert len(rows) == 2
    assert notes == [note] * (2 if pythons.inspect(python).is_free_threaded else 1)


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (None, 0, "No such file or directory"),
        ("not a program", 0o755, "Exec format error"),
        ("#!/bin/sh", 0o644, "Permission denied"),
    ],
)
def test_a_file_that_is_not_an_interpreter_is_refused(content, mode, reason, tmp_path):
    path = tmp_path / "python"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(Unknown, match=rf"\Acannot measure {re.escape(repr(str(path)))}: {reason}\Z"):
        other_pythons(str(path))


def test_an_interpreter_that_hangs_times_out(fake_python, monkeypatch):
    monkeypatch.setattr(pythons, "START_TIMEOUT", 0.5)
    with pytest.raises(PythonError, match=r"skipped python3\.99: no output within 0\.5 s"):
        pythons.inspect(fake_python("exec sleep 60"))


@pytest.mark.skipif(not shutil.which("python2.7"), reason="python2.7 is not on PATH")
def test_python_2_is_skipped():
    with pytest.raises(PythonError, match=r"skipped python2\.7"):
        pythons.inspect("python2.7")


# What ends there


def test_an_interpreter_whose_process_ends_keeps_its_samples(bare, no_pythonpath, monkeypatch):
    monkeypatch.chdir(Path(user_functions.__file__).parent)
    names = [f"user_functions:{name}" for name in ("ends_its_process_in_other_interpreters", "squares")]
    report = compare(names, ways=["threads"], workers=[2], seconds=0.1, pythons=[bare])
    here, other = report.sessions[:2]
    assert [row.way for row in report.block(names[0]) if row.session == here] == ["sequential", "threads"]
    assert not [row for row in report.block(names[0]) if row.session == other]
    assert [row.way for row in report.block(names[1]) if row.session == other] == ["sequential", "threads"]
    beginning = f"stopped {names[0]} early: the process ended with status 7"
    assert any(note.startswith(beginning) and other in note for note in report.notes), report.notes


def test_the_output_of_a_function_is_not_a_message(bare, no_pythonpath, monkeypatch, folder):
    monkeypatch.chdir(Path(user_functions.__file__).parent)
    request = Request(["user_functions:prints"], ["threads"], [2], is_first=False)
    with closing(started(bare, request, folder)) as child:
        assert [row.way for row, sample in child.samples(child.rows) if sample.seconds > 0] == ["sequential", "threads"]


def test_an_interpreter_leaves_out_what_it_cannot_import(bare, no_pythonpath):
    workloads = [lambda: sum(range(100)), "squares-python"]
    report = compare(workloads, ways=["threads"], workers=[2], seconds=0.05, pythons=[bare])
    assert {row.workload for row in report.rows if row.session == report.sessions[1]} == {"squares-python"}
    assert any(re.match("failed: .*<lambda>: ", note) for note in report.notes), report.notes


@needs_proc
def test_close_leaves_no_file_and_no_process(bare, no_pythonpath, tmp_path, monkeypatch, folder):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    request = Request(("squares-python",), ("processes",), (2,), is_first=False)
    with closing(started(bare, request, folder)) as child:
        group = child._process.process.pid
        assert [row.way for row in child.rows] == ["sequential", "processes"]
    assert remaining_processes(group) == []
    assert list(tmp_path.iterdir()) == []
