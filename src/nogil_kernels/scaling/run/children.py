"""The processes of a comparison: each start of the workers is a new one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Protocol

from ...measure import machine
from ...workers import errors, pythons
from ...workers.isolated import Isolated
from ...workers.shared import Folder
from ..rows import Row, Sample
from .request import Request
from .start import Start

PATIENCE = 3.0  # seconds that a process may take to end its workers and to remove its temporary files


class Broken(RuntimeError):
    """The process ended. The text says how."""

    def __init__(self, text: str, workload: str, way: str) -> None:
        super().__init__(text)
        self.workload, self.way = workload, way


class Workers(Protocol):
    """A start of the workers, in a child or in this process."""

    rows: list[Row]
    description: dict[str, Any]
    """See Start.description."""

    def changes(self) -> dict[str, list[str]]:
        """Return what each workload changed in the process."""

    def samples(self, rows: Sequence[Row]) -> Iterable[tuple[Row, Sample | str]]:
        """Yield one sample of each row, or the reason why there is none. Raise Broken if the process ends."""

    def close(self) -> None:
        """End the workers."""


class Here:
    """Workers of this process, for functions that no other process can import."""

    def __init__(self, request: Request, folder: Folder) -> None:
        self._start = Start(request, folder, lambda workload, way: None)
        self.rows, self.description = self._start.rows, self._start.description()
        self.samples, self.changes, self.close = self._start.samples, self._start.changes, self._start.close


class Child:
    """Workers of a child process."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], request: Request, folder: Folder) -> None:
        self._process = Isolated([*command, str(folder.path)], environment, subprocess.PIPE, subprocess.PIPE)
        self._name = os.path.basename(command[0])
        assert self._process.process.stdin
        assert self._process.process.stdout
        self._input, self._output = self._process.process.stdin, self._process.process.stdout
        self._doing = "", ""
        self._changes: dict[str, list[str]] = {}
        try:
            self._send(asdict(request))
            while "doing" in (message := self._receive()):
                self._doing = tuple(message["doing"])
            if "error" in message:
                raise getattr(errors, message["error"])(message["text"])
            self.rows = [Row(**row) for row in message.pop("rows")]
            self.description: dict[str, Any] = message
        except BaseException:
            self.close()
            raise

    def samples(self, rows: Sequence[Row]) -> Iterator[tuple[Row, Sample | str]]:
        """Yield one sample of each row, or the reason why there is none. Raise Broken if the process ends."""
        self._send([self.rows.index(row) for row in rows])
        for row in rows:
            self._doing = row.workload, row.way
            index, sample = self._receive()
            yield self.rows[index], sample if isinstance(sample, str) else Sample(**sample)
        self._changes = self._receive()

    def changes(self) -> dict[str, list[str]]:
        """Return what each workload changed in the process, up to the last complete round."""
        return self._changes

    def close(self) -> None:
        """End the process and its workers."""
        with suppress(OSError):
            self._output.close()  # a process that still sends samples ends
        self._process.end(PATIENCE)

    def _send(self, message: object) -> None:
        try:
            self._input.write(json.dumps(message).encode() + b"\n")
            self._input.flush()
        except OSError:
            raise self._broken() from None

    def _receive(self) -> Any:
        line = self._output.readline()
        if not line.endswith(b"\n"):
            raise self._broken()
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, (dict, list)):
            text = line.decode(errors="replace").strip()[:40]
            raise pythons.PythonError(f"{self._name} sent an invalid message: {text!r}")
        return message

    def _broken(self) -> Broken:
        ending, lines = self._process.ending(), self._process.last_lines()
        reason = f": {pythons.last_line(lines)}" if lines else ""
        return Broken(f"the process {ending}{reason}", *self._doing)


class Interpreter:
    """An interpreter to measure, with its GIL in one state."""

    def __init__(self, python: pythons.Python, gil: str = "") -> None:
        """`gil` is the value of PYTHON_GIL, or "" to leave it as it is."""
        self.name = python.name
        self.is_copy = not python.has_package
        self._command = python.command(f"{__package__}.child")
        self._gil = {"PYTHON_GIL": gil} if gil else {}

    def start(self, request: Request, folder: Folder) -> Workers:
        """Start the workers. Raise Unknown or Unavailable, or Broken if the process ended before it was ready."""
        copy = pythons.copy_package(folder.path) if self.is_copy else ""
        return Child(self._command, pythons.environment(copy) | self._gil, request, folder)


class ThisInterpreter:
    """The interpreter that runs the comparison, with its GIL as it is."""

    name = "this interpreter"
    is_copy = False

    def __init__(self, in_process: bool) -> None:
        self._in_process = in_process

    def start(self, request: Request, folder: Folder) -> Workers:
        """Start the workers, see Interpreter.start."""
        if self._in_process:
            return Here(request, folder)
        gil = {"PYTHON_GIL": "1"} if pythons.is_free_threaded() and machine.gil_enabled() else {}
        return Child(pythons.command(f"{__package__}.child"), {**os.environ, **gil}, request, folder)
