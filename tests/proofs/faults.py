"""Seeded faults: a copy of the project, in which one line is wrong, is built and tested.

A test that never fails proves nothing. The programs beside this file make one line wrong, and expect a failure.
"""

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PYTHON_ONLY = (".py",)  # faults in these files need no build
running = set()  # the process groups of the commands that run in copies
is_ending = False


class Fault(NamedTuple):
    """A replacement in a file. `old` occurs exactly once, so the fault is seeded where its author meant it."""

    file: str
    old: str
    new: str

    def applied_to(self, text):
        """Return the text of the file with the fault."""
        count = text.count(self.old)
        if count != 1:
            raise ValueError(f"{self.file} must have {self.old!r} once, got {count} times. Update the fault.")
        return text.replace(self.old, self.new)


def without(module, sources):
    """Return an edit of setup.py. Later builds skip the module, and keep its files of an earlier build."""
    return Fault("setup.py", f'    "{module}": {sources}', f"    # {sources}")


# subinterpreters/ compiles the sources of the kernels a second time.
SECOND_BUILD = (
    without("compiled/subinterpreters/sum_of_squares", "SUM_SOURCES"),
    without("compiled/subinterpreters/matmul", "MATMUL_SOURCES"),
)


class Copy:
    """A copy of the files that git tracks. Faults are applied to the copy, never to the project."""

    def __init__(self, folder, variables=None):
        self.root = Path(folder)
        self.variables = variables or {}

    @classmethod
    def of_project(cls, folder, **variables):
        """Copy the project. `variables` are added to the environment of every command."""
        copy = cls(folder, variables)
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        for file in filter(None, listing.stdout.split("\0")):
            if (ROOT / file).exists():  # a tracked file that was deleted is skipped
                target = copy.root / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, target)
        return copy

    def clone(self, folder):
        """Return a second copy. It keeps the dates of files, so a build compiles only what a fault changes."""
        shutil.copytree(self.root, folder, symlinks=True)
        return Copy(folder, self.variables)

    def apply(self, fault):
        """Seed the fault into this copy."""
        path = self.root / fault.file
        path.write_text(fault.applied_to(path.read_text()))

    def run(self, *command, timeout=None, **variables):
        """Run a command in this copy, which replaces an installed nogil_kernels. Return the completed process."""
        environment = os.environ | {"PYTHONPATH": str(self.root / "src")} | self.variables | variables
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(
            command, cwd=self.root, env=environment, text=True, start_new_session=True, **pipes
        ) as process:
            running.add(process.pid)
            try:
                if is_ending:
                    raise RuntimeError("the program ends")
                output, errors = process.communicate(timeout=timeout)
            except BaseException:
                end(process.pid)
                raise
            finally:
                running.discard(process.pid)
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def build(self):
        """Build the kernels in place. Return the compiler's messages if that fails, else an empty string."""
        process = self.run(sys.executable, "setup.py", "-q", "build_ext", "--inplace")
        return process.stdout + process.stderr if process.returncode else ""

    def test(self, *arguments, timeout=None):
        """Run pytest in this copy, and return the completed process."""
        return self.run(
            sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *arguments, timeout=timeout
        )


@contextmanager
def workers(jobs):
    """Yield a pool of threads that run commands in copies. If the program fails or gets a signal, end all commands."""
    global is_ending
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    pool = ThreadPoolExecutor(jobs)
    try:
        yield pool
    except BaseException:
        is_ending = True
        for group in list(running):
            end(group)
        raise
    finally:
        pool.shutdown(cancel_futures=is_ending)


def end(group):
    """End a command and its children: a faulty kernel may never return, also in a child of a test."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
