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
from support import EVERY_TEST, descendants, environment, needs_proc, remaining

from nogil_kernels.workers import shared

pytest.importorskip("pyperf")
pytest.importorskip("rich")

MOMENTS = 600 if EVERY_TEST else 5  # 50 per command and signal
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


def marked(mark):
    """Return the ids of the processes whose environment has the mark, with those whose parent has ended."""
    numbers = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}\0".encode() in (path / "environ").read_bytes():
                numbers.add(int(path.name))
        except OSError:  # the process has ended, or belongs to another user
            pass
    return numbers


def start(arguments, folder):
    """Start a command that writes all temporary files to a folder, those in memory too."""
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
    """Check that no process and no file remains. With `sweep`, orphans are removed first, as the next command does."""
    process.wait(60)
    assert remaining(lambda: marked(folder), PATIENCE) == set()
    for path in folder.glob(f"{shared.PREFIX}*") if sweep else ():
        shared.remove_orphan(path)
    # A killed process leaves the socket of multiprocessing's forkserver, because only that process removes it.
    assert [path.name for path in folder.iterdir() if not path.name.startswith("pymp-")] == []


def kill_at(moments, folders):
    """Start the command of each moment at once, and send its signal after its seconds."""
    begin = time.monotonic()
    started = [
        (*moment, start(COMMANDS[moment[1]], folder), folder) for moment, folder in zip(moments, folders, strict=True)
    ]
    for seconds, _, number, process, _ in started:
        time.sleep(max(0.0, begin + seconds - time.monotonic()))
        process.send_signal(number)
    for *_, process, folder in started:
        check_nothing_remains(process, folder, sweep=True)


@needs_proc
def test_a_command_that_is_killed_at_a_random_moment_leaves_nothing(tmp_path_factory):
    names, numbers = itertools.cycle(COMMANDS), itertools.cycle(SIGNALS)
    moments = [(SECONDS * random.random(), next(names), next(numbers)) for _ in range(MOMENTS)]
    print(moments)
    for begin in range(0, MOMENTS, 5):
        batch = sorted(moments[begin : begin + 5])
        kill_at(batch, [tmp_path_factory.mktemp("k") for _ in batch])


@needs_proc
@pytest.mark.parametrize(
    ("command", "victim"),
    [pair for pair in itertools.product(COMMANDS, VICTIMS) if EVERY_TEST or pair in FEW],
)
def test_the_child_of_a_command_that_is_killed_removes_its_files(command, victim, tmp_path_factory):
    """If the child is killed instead, the command removes them."""
    folder = tmp_path_factory.mktemp("k")
    process = start(COMMANDS[command], folder)
    assert remaining(lambda: not (descendants(process.pid) and [*folder.iterdir()]), 60) is False
    time.sleep(random.random())
    for number in [process.pid] if victim == "command" else descendants(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    check_nothing_remains(process, folder)
