"""The state of a process: what a measured function changes is named and restored."""

import io
import os
import signal
import sys
import threading

import pytest
from support import python_prints

from nogil_kernels.workers.state import STATES, kept

has_affinity = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no CPU affinity")


def changes_of(change):
    """Make the change in a block whose state is kept. Return the names of what was changed."""
    changed = set()
    with kept(changed):
        change()
    return changed


def state():
    return {name: read() for name, (read, _) in STATES.items()}


@pytest.fixture(autouse=True)
def unchanged():
    """Check that a test leaves no change."""
    before = state()
    yield
    assert state() == before


def test_without_a_change_nothing_is_named():
    assert changes_of(lambda: None) == set()


def test_a_change_that_is_undone_is_no_change(tmp_path):
    def there_and_back():
        before = os.getcwd()
        os.chdir(tmp_path)
        os.chdir(before)

    assert changes_of(there_and_back) == set()


def test_the_current_folder_is_restored(tmp_path):
    before = os.getcwd()
    assert changes_of(lambda: os.chdir(tmp_path)) == {"the current folder"}
    assert os.getcwd() == before


def test_a_current_folder_that_is_removed_is_restored(tmp_path):
    folder = tmp_path / "folder"

    def change():
        folder.mkdir()
        os.chdir(folder)
        if sys.platform != "win32":
            folder.rmdir()

    assert changes_of(change) == {"the current folder"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not remove the current folder")
def test_a_folder_that_no_longer_exists_cannot_be_restored_but_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    os.chdir(folder)

    def change():
        os.chdir(tmp_path)
        folder.rmdir()

    assert changes_of(change) == {"the current folder"}
    monkeypatch.undo()


def test_the_switch_interval_is_restored():
    before = sys.getswitchinterval()
    assert changes_of(lambda: sys.setswitchinterval(0.123)) == {"the switch interval"}
    assert sys.getswitchinterval() == before


def test_signal_handlers_are_restored():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    def change():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, lambda *arguments: None)

    assert changes_of(change) == {"signal handlers"}
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


@has_affinity
def test_the_affinity_is_restored():
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        pytest.skip("there is only one usable core")
    assert changes_of(lambda: os.sched_setaffinity(0, {min(before)})) == {"the affinity"}
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
@pytest.mark.parametrize("replacement", [None, io.StringIO()], ids=["None", "StringIO"])
def test_a_stream_that_was_replaced_is_restored(name, replacement):
    before = getattr(sys, name)
    assert changes_of(lambda: setattr(sys, name, replacement)) == {"the standard streams"}
    assert getattr(sys, name) is before


def test_several_changes_are_restored_even_after_an_error(tmp_path):
    def change():
        os.chdir(tmp_path)
        sys.setswitchinterval(0.123)
        raise ZeroDivisionError

    changed = {"the affinity"}
    with pytest.raises(ZeroDivisionError), kept(changed):
        change()
    assert changed == {"the affinity", "the current folder", "the switch interval"}


def test_a_thread_cannot_restore_signal_handlers_but_names_them():
    before = signal.getsignal(signal.SIGTERM)
    inside, outside = threading.Event(), threading.Event()
    changed = set()

    def run():
        with kept(changed):
            inside.set()
            outside.wait(30)

    thread = threading.Thread(target=run)
    thread.start()
    inside.wait(30)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    outside.set()
    thread.join(30)
    signal.signal(signal.SIGTERM, before)
    assert changed == {"signal handlers"}


CLOSE = """
    import os, sys
    from nogil_kernels.workers.state import kept
    changed = set()
    with kept(changed):
        {close}
    print("printed", flush=True)
    print("also", file=sys.stderr, flush=True)
    assert sys.stdin.read() in ("", "input")
    assert changed == {{"the standard streams"}}
"""


@pytest.mark.parametrize(
    ("close", "is_shown"),
    [
        pytest.param("sys.stdin.close(); sys.stdout.close(); sys.stderr.close()", True, id="streams"),
        pytest.param("os.close(0); os.close(1); os.close(2)", False, id="descriptors"),
        pytest.param("sys.stdout.detach()", True, id="detached"),
    ],
)
def test_streams_that_were_closed_are_open_again(close, is_shown):
    printed = python_prints(CLOSE.format(close=close), "-W", "ignore")
    assert printed == ("printed" if is_shown else "")
