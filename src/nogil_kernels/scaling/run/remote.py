"""Remote sessions: find other interpreters, and let them take samples."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ... import __version__
from ...measure import machine
from ...measure.facts import Fact
from ...workers import pythons
from ...workers.pythons import PythonError
from ..workloads.kernels import NOT_COMPILED
from .plan import Request, Row, Sample

FREE_THREADED = ("python3.13t", "python3.14t", "python3.15t")  # names to search for on PATH

EXIT_TIMEOUT = 5  # seconds, then the interpreter is killed


def find_on_path() -> tuple[list[str], list[str]]:
    """Return the paths of the FREE_THREADED interpreters on PATH, and a note that lists the missing ones."""
    paths = {name: shutil.which(name) for name in FREE_THREADED}
    missing = [name for name, path in paths.items() if path is None]
    notes = []
    if missing:
        advice = f"install one with `uv python install {missing[0].removeprefix('python')}`, or use --python PATH"
        notes = [f"skipped {', '.join(missing)}: not found on PATH; {advice}"]
    return [path for path in paths.values() if path], notes


def start_sessions(python: str, request: Request) -> Iterator[RemoteSession]:
    """Yield one session, or two for a free-threaded interpreter: with the GIL off and on.

    Raise PythonError if the interpreter does not start, is too old, is not CPython, or is this one and has a single GIL
    state. If it is this one and free-threaded, yield only the session with the other GIL state.
    """
    other = pythons.inspect(python)
    if other.is_this_one and not other.is_free_threaded:
        raise PythonError(f"skipped {other.name}: this interpreter is already measured")
    for gil_setting in ("0", "1") if other.is_free_threaded else ("",):
        # this process measures its own state
        if not other.is_this_one or int(gil_setting or 1) != machine.gil_enabled():
            yield RemoteSession(other, request, gil_setting)


class RemoteSession:
    """A session in another interpreter, with the interface of Session."""

    def __init__(self, python: pythons.Python, request: Request, gil: str) -> None:
        self.name = python.name
        self.gil = gil
        self.package_copy = None if python.has_package else pythons.copy_package()
        environment = pythons.environment(self.package_copy.name if self.package_copy else "")
        environment |= {"PYTHON_GIL": gil} if gil else {}
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self.process = subprocess.Popen(
            [python.path, "-m", f"{__package__}.remote_server"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches only the parent, which then ends the server: see close()
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.input, self.output = self.process.stdin, self.process.stdout
        try:
            self._send(asdict(request))
            description = self._receive()
        except BaseException as error:
            if isinstance(error, PythonError):  # because a program that is not our server may ignore a closed input
                self.process.kill()
            self.close()
            raise
        self.rows = [Row(**row) for row in description["rows"]]
        self.calls: list[int] = description["calls"]
        self.start_up: Mapping[str, float] = description["start_up"]
        self.facts: Mapping[str, Fact] = description["facts"]
        self.notes: list[str] = description["notes"]
        if not python.has_package:
            self.notes = [note for note in self.notes if not note.endswith(NOT_COMPILED)]
            self.notes += [f"skipped the kernels: nogil_kernels {__version__} is not installed there"]

    def calls_of(self, row: Row) -> int:
        """Return the total number of calls of all workers of a row."""
        return self.calls[self.rows.index(row)]

    def round(self, works: Sequence[str], backwards: bool) -> Iterator[tuple[int, Sample]]:
        """Yield (index of the row, sample) for each row of these works. Yield nothing if the process has exited."""
        if self.process.poll() is not None:
            return
        try:
            self._send([list(works), backwards])
            while isinstance(message := self._receive(), list):
                index, sample = message
                yield index, Sample(**sample)
            self.notes += message["notes"]
        except PythonError as error:
            self.process.kill()
            self.notes.append(str(error))

    def close(self) -> None:
        """End the process, and kill it after EXIT_TIMEOUT."""
        try:
            if os.name == "posix":
                self.process.send_signal(signal.SIGINT)
            self.output.close()  # without SIGINT, the server exits when it sends its next sample
            self.input.close()
            self.process.wait(EXIT_TIMEOUT)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.errors.close()
        if self.package_copy:
            self.package_copy.cleanup()

    def _send(self, message: object) -> None:
        try:
            print(json.dumps(message), file=self.input, flush=True)
        except OSError:
            raise self._exit_error() from None

    def _receive(self) -> Any:
        line = self.output.readline()
        if not line.endswith("\n"):
            raise self._exit_error()
        try:
            return json.loads(line)
        except ValueError:
            raise PythonError(f"{self.name} sent an invalid message: {line.strip()[:40]!r}") from None

    def _exit_error(self) -> PythonError:
        self.process.wait()
        self.errors.seek(0)
        reason = pythons.last_line(self.errors.read().decode(errors="replace"))
        return PythonError(f"{self.name} exited with status {self.process.returncode}: {reason}")
