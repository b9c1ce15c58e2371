"""Other interpreters: finding them, and the sessions that they measure."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ... import __version__
from ...measure import machine
from ...measure.facts import Fact
from ..workloads.kernels import NOT_COMPILED
from .plan import Request, Row, Sample

FREE_THREADED = ("python3.13t", "python3.14t", "python3.15t")
"""Looked for on PATH."""

QUESTION = """
import json, os, sys, sysconfig
new = sys.version_info >= (3, 11)
if new:
    from importlib.util import find_spec
found = new and find_spec("nogil_kernels")
release = {}
if found and found.origin:
    with open(os.path.join(os.path.dirname(found.origin), "_version.py")) as file:
        exec(file.read(), release)
print(json.dumps([bool(sysconfig.get_config_var("Py_GIL_DISABLED")), release.get("__version__", ""),
                  list(sys.version_info[:3]), new and sys.implementation.name, os.path.realpath(sys.prefix)]))
"""
HERE = Path(__file__).resolve().parents[3]
"""The folder that this package is in."""

PATIENCE = 60  # seconds for an interpreter to start
LAST_SAMPLE = 5  # seconds for one to end; then it is killed
LONGEST = 100  # characters of what an interpreter says of itself


class RemoteError(RuntimeError):
    """Another interpreter cannot be used, or has ended; the text says which and why."""


def found_on_path() -> tuple[list[str], list[str]]:
    """The free-threaded interpreters on PATH, and a line on those that are not."""
    found = {name: shutil.which(name) for name in FREE_THREADED}
    absent = [name for name, path in found.items() if path is None]
    notes = []
    if absent:
        advice = f"`uv python install {absent[0].removeprefix('python')}` adds one, --python PATH names one"
        notes = [f"{', '.join(absent)}: not on PATH, so nothing of theirs is here; {advice}"]
    return [path for path in found.values() if path], notes


def sessions(python: str, request: Request) -> Iterator[RemoteSession]:
    """The sessions of that interpreter: one, or two where it is free-threaded: with the GIL off, and on.

    Raises RemoteError where it does not start, is too old, or is no CPython.
    """
    free_threaded, release, version, implementation, prefix = _asked(python)
    if tuple(version) < (3, 11) or implementation != "cpython":
        found = f"{implementation or 'Python'} {'.'.join(map(str, version))}"
        raise RemoteError(f"{_name(python)} is {found}; it takes CPython 3.11 or newer")
    itself = prefix == os.path.realpath(sys.prefix) and tuple(version) == sys.version_info[:3]
    if itself and not free_threaded:
        raise RemoteError(f"{_name(python)} is the interpreter of this command: its rows are there already")
    for gil in ("0", "1") if free_threaded else ("",):
        if not itself or int(gil or 1) != machine.gil_enabled():  # that one is measured here
            yield RemoteSession(python, request, gil, release == __version__)


def _asked(python: str) -> Any:
    cannot = f"{_name(python)} cannot be used"
    try:
        answer = subprocess.run(
            [python, "-c", QUESTION],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RemoteError(f"{cannot}: no answer within {PATIENCE} s") from None
    except OSError as error:
        raise RemoteError(f"{cannot}: {error.strerror}") from None
    if answer.returncode:
        raise RemoteError(f"{cannot}: {_last_line(answer.stderr)}")
    try:
        free_threaded, release, version, implementation, prefix = json.loads(answer.stdout)
    except (TypeError, ValueError):
        raise RemoteError(f"{cannot}: it does not answer as Python does") from None
    return free_threaded, release, version, implementation, prefix


def _environment() -> dict[str, str]:
    """Without what is meant for this interpreter: another one would not start with it, or find our compiled modules."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHON_GIL")}
    search = [
        folder for folder in kept.pop("PYTHONPATH", "").split(os.pathsep) if folder and Path(folder).resolve() != HERE
    ]
    return kept | ({"PYTHONPATH": os.pathsep.join(search)} if search else {})


def _last_line(text: str) -> str:
    last = (text.strip().splitlines() or ["it ended without a word"])[-1]
    return last if len(last) <= LONGEST else f"{last[:LONGEST]} ..."


def _name(python: str) -> str:
    return os.path.basename(python)  # a folder's name is nobody else's business


class RemoteSession:
    """A session of another interpreter, shaped like a Session here."""

    def __init__(self, python: str, request: Request, gil: str, installed: bool) -> None:
        self.name = _name(python)
        self.gil = gil
        self.borrowed = None if installed else _copy_of_package()
        environment = _environment() | ({"PYTHON_GIL": gil} if gil else {})
        if self.borrowed:
            search = filter(None, [self.borrowed.name, environment.get("PYTHONPATH")])
            environment["PYTHONPATH"] = os.pathsep.join(search)
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self.process = subprocess.Popen(
            [python, "-m", f"{__package__}.remote_server"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C is the parent's; it ends this one by closing its input
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.input, self.output = self.process.stdin, self.process.stdout
        try:
            self._say(asdict(request))
            told = self._heard()
        except BaseException as error:
            if isinstance(error, RemoteError):  # whatever it is, it does not listen
                self.process.kill()
            self.close()
            raise
        self.rows = [Row(**row) for row in told["rows"]]
        self.calls: list[int] = told["calls"]
        self.start_up: Mapping[str, float] = told["start_up"]
        self.facts: Mapping[str, Fact] = told["facts"]
        self.notes: list[str] = told["notes"]
        if not installed:
            self.notes = [note for note in self.notes if not note.endswith(NOT_COMPILED)]
            self.notes += [f"without nogil_kernels {__version__} it ran what is pure Python; install that there, too"]

    def calls_of(self, row: Row) -> int:
        """Calls in all, over all workers of a row."""
        return self.calls[self.rows.index(row)]

    def round(self, works: Sequence[str], backwards: bool) -> Iterator[tuple[int, Sample]]:
        """Sample once every row whose work is named: (index of the row, its sample). None once it has ended."""
        if self.process.poll() is not None:
            return
        try:
            self._say([list(works), backwards])
            while isinstance(told := self._heard(), list):
                index, sample = told
                yield index, Sample(**sample)
            self.notes += told["notes"]
        except RemoteError as reason:
            self.process.kill()
            self.notes.append(f"{reason}")

    def close(self) -> None:
        """End it, whatever it does."""
        try:
            if os.name == "posix":
                self.process.send_signal(signal.SIGINT)  # now; elsewhere
            self.output.close()  # it ends when it cannot tell of its next sample
            self.input.close()
            self.process.wait(LAST_SAMPLE)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.errors.close()
        if self.borrowed:
            self.borrowed.cleanup()

    def _say(self, what: object) -> None:
        try:
            print(json.dumps(what), file=self.input, flush=True)
        except OSError:
            raise self._ended() from None

    def _heard(self) -> Any:
        line = self.output.readline()
        if not line.endswith("\n"):
            raise self._ended()
        try:
            return json.loads(line)
        except ValueError:
            raise RemoteError(f"{self.name} does not answer as Python does: {line.strip()[:40]!r}") from None

    def _ended(self) -> RemoteError:
        self.process.wait()
        self.errors.seek(0)
        last = _last_line(self.errors.read().decode(errors="replace"))
        return RemoteError(f"{self.name} ended with status {self.process.returncode}: {last}")


def _copy_of_package() -> tempfile.TemporaryDirectory[str]:
    """This package's Python files, in a folder with nothing else: packages beside it are for this interpreter."""
    folder = tempfile.TemporaryDirectory(prefix="nogil-kernels-")
    package = Path(__file__).parents[2]
    shutil.copytree(
        package, Path(folder.name, package.name), ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    )
    return folder
