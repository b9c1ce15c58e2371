"""Probing in a process of its own, whatever that process does."""

import os
import sys

import pytest
from native import needs_a_gil, needs_native
from support import needs_proc, remaining_processes

from nogil_kernels.gil import isolated
from nogil_kernels.workers import pythons
from nogil_kernels.workers.isolated import LAST_BYTES
from nogil_kernels.workers.shared import Folder


@needs_native
def test_a_statement_with_its_setup():
    report = isolated.probe("hashlib.sha256(data)", setup="import hashlib; data = bytes(10**6)", parallel=False)
    assert report.verdict == "released", report


@needs_native
def test_a_function_of_a_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def spin():\n    return sum(range(10_000))\n")
    assert isolated.probe(f"{file}:spin", parallel=False).verdict == "held"


@needs_native
@needs_a_gil
def test_a_call_that_never_returns_is_ended_and_reported():
    report = isolated.probe("while True: pass", limit=0.5)
    assert report.calls == 0
    assert report.hold_fraction > 0.95
    assert str(report).endswith("\nNo call ended, so there is no advice. Use a higher limit, or let each call do less.")


@pytest.mark.parametrize("statement", ["1 +", "x y", "for"])
def test_a_syntax_error_shows_the_statement_and_no_code_of_ours(statement):
    with pytest.raises(isolated.Failed) as failure:
        isolated.probe(statement)
    assert str(failure.value).splitlines()[:2] == ['  File "<statement>", line 1', f"    {statement}"]
    assert "Traceback" not in str(failure.value)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import os; os._exit(3)", "ended with status 3"),
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("x =", "SyntaxError"),
        ("(i for i in ())", "computed nothing yet"),
        ("print('last words'); import sys; sys.exit(4)", "last words"),
        (
            "import os, signal; signal.signal(signal.SIGTERM, lambda *a: os._exit(9)); signal.raise_signal(15)",
            "status 9",
        ),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            "killed by SIGKILL",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="this system has no signals"),
        ),
    ],
)
def test_what_fails_is_told_and_gives_no_report(statement, message):
    with pytest.raises(isolated.Failed, match=message):
        isolated.probe(statement)


def test_closed_streams_and_much_output_do_no_harm():
    report = isolated.probe("sum(range(100))", setup="import os; os.close(1); os.close(2)", limit=0.3, parallel=False)
    assert report.calls > 0
    report = isolated.probe("print('x' * 1000)", limit=0.3, parallel=False)
    assert report.calls > 0


def test_an_exit_in_the_setup_is_a_failure():
    with pytest.raises(isolated.Failed, match="last words\nThe process of the code ended with status 0"):
        isolated.probe("1", setup="import sys; print('last words'); sys.exit()")


def test_the_last_lines_of_much_output_are_shown():
    with pytest.raises(isolated.Failed) as failure:
        isolated.probe(
            "for i in range(10_000): print('line', i)\nsys.stdout.flush(); os._exit(3)", setup="import os, sys"
        )
    *lines, ending = str(failure.value).splitlines()
    assert lines == [f"line {i}" for i in range(9980, 10_000)]
    assert ending == "The process of the code ended with status 3."


def test_an_endless_line_is_cut():
    with pytest.raises(isolated.Failed) as failure:
        isolated.probe("sys.stdout.write('x' * 10**7); sys.stdout.flush(); os._exit(3)", setup="import os, sys")
    assert len(str(failure.value)) < 2 * LAST_BYTES


CLOSE_ALL = """
def work():
    for descriptor in range(10):
        with contextlib.suppress(OSError):
            os.close(descriptor)
    sum(range(1000))
"""


@pytest.mark.parametrize(
    ("setup", "statement"),
    [
        ("import os, tempfile", "os.chdir(tempfile.gettempdir()); sum(range(100))"),
        ("import io, sys; sys.stdout = sys.stderr = io.StringIO()", "print(1)"),
        ("import sys; sys.stdout = sys.stderr = sys.stdin = None", "print(1)"),
        (f"import contextlib, os{CLOSE_ALL}", "work()"),
        ("import sys; sys.setswitchinterval(10)", "sum(range(100))"),
        ("import signal; [signal.signal(number, signal.SIG_IGN) for number in (2, 15)]", "sum(range(100))"),
        ("import threading", "thread = threading.Thread(target=sum, args=([1],)); thread.start(); thread.join()"),
        ("import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()", "sum(range(100))"),
        ("import faulthandler; faulthandler.cancel_dump_traceback_later()", "sum(range(100))"),
        ("import warnings; warnings.simplefilter('error')", "sum(range(100))"),
        pytest.param(
            "import os",
            "child = os.fork()\nif not child: os._exit(0)\nos.waitpid(child, 0)",
            marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
        ),
    ],
)
def test_what_a_target_does_to_its_process_does_no_harm(setup, statement):
    report = isolated.probe(statement, setup=setup, limit=0.1, parallel="thread" in setup)
    assert report.calls > 0
    if report.knows_idle:  # not after all descriptors were closed, also the one of the time in a run queue
        assert sum(report.states.values()) == pytest.approx(report.seconds)
    assert min(report.states.values()) >= 0


@needs_native
@needs_a_gil
def test_a_call_that_holds_the_gil_for_ever_is_ended_and_reported(monkeypatch):
    monkeypatch.setattr(isolated, "PATIENCE", 0.3)
    report = isolated.probe("hold_gil(100)", setup="from nogil_kernels.gil import hold_gil", limit=0.3)
    assert (report.calls, report.verdict, report.measured) == (0, "held", None), report
    assert report.longest_hold > 0.2


@needs_proc
def test_processes_of_the_target_end_with_it(tmp_path):
    mark = f"open('{tmp_path}/id', 'w').write(str(os.getpid()))"
    setup = f"import os, subprocess; {mark}; subprocess.Popen(['sleep', '60'])"
    isolated.probe("sum(range(100))", setup=setup, limit=0.1, parallel=False)
    assert remaining_processes((tmp_path / "id").read_text()) == []


def test_another_interpreter_measures_two_threads(bare):
    python = pythons.inspect(bare)
    report = isolated.probe("time.sleep(0.01)", setup="import time", limit=0.1, others=[python])
    ((name, gain),) = report.measured_elsewhere.items()
    assert name == python.label
    assert gain.speed_up > 1.3


def test_a_failure_in_another_interpreter_is_its_line_of_the_report(bare):
    python = pythons.inspect(bare)
    setup = "import os, sys; sampled = os.path.exists(sys.argv[1] + '/recording')"
    report = isolated.probe("sampled or 1 / 0", setup=setup, limit=0.1, others=[python])
    assert report.measured_elsewhere == {python.label: "ZeroDivisionError: division by zero"}


def test_standard_input_is_empty():
    with pytest.raises(isolated.Failed, match="EOFError"):
        isolated.probe("input()")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /dev/shm")
def test_no_folder_is_left(monkeypatch):
    folders = []

    class Recorded(Folder):
        def __init__(self):
            super().__init__()
            folders.append(self.path)

    monkeypatch.setattr(isolated, "Folder", Recorded)
    isolated.probe("sum(range(100))", limit=0.2, parallel=False)
    assert folders
    assert not folders[0].exists()
