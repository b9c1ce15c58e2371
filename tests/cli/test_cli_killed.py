"""Commands that are killed, at any moment and by any signal, leave no process, no mapped file and no other file."""

import contextlib
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import HERE
from support import descendants, environment, remaining

from nogil_kernels.workers import shared

pytest.importorskip("pyperf")
pytest.importorskip("rich")

EVERY = os.environ.get("NOGIL_KERNELS_TEST") == "every"
MOMENTS = 600 if EVERY else 5  # 50 per command and signal
SECONDS = 3.0  # of a run, from its first import to its end
MARK = "NOGIL_KERNELS_KILLED_BY_A_TEST"
PATIENCE = 10  # seconds; workers notice after 2
COMMAND = """
import sys
from nogil_kernels.workers import shared
shared.MEMORY_DISK, shared.MIN_FREE_BYTES = sys.argv.pop(1), 0
from nogil_kernels.cli import main
sys.exit(main())
"""
COMMANDS = {
    "compare": [
        "compare",
        "squares-python",
        "http-fetch",
        "user_functions:squares",
        "--workers",
        "2",
        "--seconds",
        "0.5",
    ],
    "probe": ["probe", "--limit", "1", "sum(range(100_000))"],
    "an endless setup": ["probe", "-s", "import time; time.sleep(1000)", "1"],
}
SIGNALS = [getattr(signal, name, None) for name in ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")]

VICTIMS = "command", "child"
FEW = [("compare", "command"), ("compare", "child"), ("an endless setup", "command")]

linux_only = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="this system has no /proc to find processes")


def marked(mark):
    """Return the running processes whose environment has the mark, also those that have no parent any more."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}\0".encode() in (path / "environ").read_bytes():
                found.add(int(path.name))
        except OSError:  # it has ended, or is of another user
            pass
    return found


def start(arguments, folder):
    """Start the command with a folder for all temporary files, those in memory too."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(folder), *arguments],
        env=environment(**{MARK: str(folder), "TMPDIR": str(folder)}),
        cwd=HERE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def check_nothing_remains(process, folder, sweep=False):
    """Check that no process and no file remains. With `sweep`, the next command may remove the files."""
    process.wait(60)
    assert remaining(lambda: marked(folder), PATIENCE) == set()
    for path in folder.glob(f"{shared.PREFIX}*") if sweep else ():
        shared.remove_orphan(path)
    assert [path.name for path in folder.iterdir()] == []


def kill_at(moments, folders):
    """Start a command per moment at once, and send its signal at that moment, in seconds."""
    begin = time.monotonic()
    started = [
        (*moment, start(COMMANDS[moment[1]], folder), folder) for moment, folder in zip(moments, folders, strict=True)
    ]
    for seconds, _, number, process, _ in started:
        time.sleep(max(0.0, begin + seconds - time.monotonic()))
        process.send_signal(number)
    for *_, process, folder in started:
        check_nothing_remains(process, folder, sweep=True)


@linux_only
def test_a_command_that_is_killed_at_a_random_moment_leaves_nothing(tmp_path_factory):
    names, numbers = itertools.cycle(COMMANDS), itertools.cycle(SIGNALS)
    moments = [(SECONDS * random.random(), next(names), next(numbers)) for _ in range(MOMENTS)]
    print(moments)
    for begin in range(0, MOMENTS, 5):
        batch = sorted(moments[begin : begin + 5])
        kill_at(batch, [tmp_path_factory.mktemp("k") for _ in batch])


@linux_only
@pytest.mark.parametrize(
    ("command", "victim"),
    [pair for pair in itertools.product(COMMANDS, VICTIMS) if EVERY or pair in FEW],
)
def test_the_child_of_a_command_that_is_killed_removes_its_files(command, victim, tmp_path_factory):
    """Also if the child itself is killed: then the command removes them."""
    folder = tmp_path_factory.mktemp("k")
    process = start(COMMANDS[command], folder)
    assert remaining(lambda: not (descendants(process.pid) and [*folder.iterdir()]), 60) is False
    time.sleep(random.random())
    children = descendants(process.pid) if victim == "child" else set()
    for number in {process.pid} - children if victim == "command" else children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    check_nothing_remains(process, folder)
