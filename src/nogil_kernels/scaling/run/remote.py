"""Remote sessions: find other interpreters, and let them take samples."""

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

FREE_THREADED = ("python3.13t", "python3.14t", "python3.15t")  # names to search for on PATH

INSPECT = """
import json, os, sys, sysconfig
supported = sys.version_info >= (3, 11)
if supported:
    from importlib.util import find_spec
spec = supported and find_spec("nogil_kernels")
release = {}
if spec and spec.origin:
    with open(os.path.join(os.path.dirname(spec.origin), "_version.py")) as file:
        exec(file.read(), release)
print(json.dumps([bool(sysconfig.get_config_var("Py_GIL_DISABLED")), release.get("__version__", ""),
                  list(sys.version_info[:3]), supported and sys.implementation.name, os.path.realpath(sys.prefix)]))
"""
PACKAGE_PARENT = Path(__file__).resolve().parents[3]  # the folder that contains this package
START_TIMEOUT = 60  # seconds
EXIT_TIMEOUT = 5  # seconds, then the interpreter is killed
MAX_ERROR = 100  # characters


class RemoteError(RuntimeError):
    """Another interpreter does not work or has exited. The text gives its name and the reason."""


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

    Raise RemoteError if the interpreter does not start, is too old, is not CPython, or is this one and has a single GIL
    state. If it is this one and free-threaded, yield only the session with the other GIL state.
    """
    free_threaded, release, version, implementation, prefix = _inspect(python)
    if tuple(version) < (3, 11) or implementation != "cpython":
        actual_version = f"{implementation or 'Python'} {'.'.join(map(str, version))}"
        raise RemoteError(f"skipped {_name(python)}: expected CPython 3.11 or newer, got {actual_version}")
    is_this_one = prefix == os.path.realpath(sys.prefix) and tuple(version) == sys.version_info[:3]
    if is_this_one and not free_threaded:
        raise RemoteError(f"skipped {_name(python)}: this interpreter is already measured")
    for gil_setting in ("0", "1") if free_threaded else ("",):
        if not is_this_one or int(gil_setting or 1) != machine.gil_enabled():  # this process measures its own state
            yield RemoteSession(python, request, gil_setting, release == __version__)


def _inspect(python: str) -> Any:
    prefix = f"skipped {_name(python)}"
    try:
        process = subprocess.run(
            [python, "-c", INSPECT],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=START_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RemoteError(f"{prefix}: no output within {START_TIMEOUT} s") from None
    except OSError as error:
        raise RemoteError(f"{prefix}: {error.strerror}") from None
    if process.returncode:
        raise RemoteError(f"{prefix}: {_last_line(process.stderr)}")
    try:
        free_threaded, release, version, implementation, sys_prefix = json.loads(process.stdout)
    except (TypeError, ValueError):
        raise RemoteError(f"{prefix}: it is not a Python interpreter") from None
    return free_threaded, release, version, implementation, sys_prefix


def _environment() -> dict[str, str]:
    """Return an environment without this interpreter's variables, and without PACKAGE_PARENT in PYTHONPATH."""
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHON_GIL")}
    folders = variables.pop("PYTHONPATH", "").split(os.pathsep)
    folders = [folder for folder in folders if folder and Path(folder).resolve() != PACKAGE_PARENT]
    return variables | ({"PYTHONPATH": os.pathsep.join(folders)} if folders else {})


def _last_line(text: str) -> str:
    line = (text.strip().splitlines() or ["no error message"])[-1]
    return line if len(line) <= MAX_ERROR else f"{line[:MAX_ERROR]} ..."


def _name(python: str) -> str:
    return os.path.basename(python)  # reports do not show folders


class RemoteSession:
    """A session in another interpreter, with the interface of Session."""

    def __init__(self, python: str, request: Request, gil: str, has_this_version: bool) -> None:
        self.name = _name(python)
        self.gil = gil
        self.package_copy = None if has_this_version else _copy_package()
        environment = _environment() | ({"PYTHON_GIL": gil} if gil else {})
        if self.package_copy:
            folders = filter(None, [self.package_copy.name, environment.get("PYTHONPATH")])
            environment["PYTHONPATH"] = os.pathsep.join(folders)
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self.process = subprocess.Popen(
            [python, "-m", f"{__package__}.remote_server"],
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
            if isinstance(error, RemoteError):  # because a program that is not our server may ignore a closed input
                self.process.kill()
            self.close()
            raise
        self.rows = [Row(**row) for row in description["rows"]]
        self.calls: list[int] = description["calls"]
        self.start_up: Mapping[str, float] = description["start_up"]
        self.facts: Mapping[str, Fact] = description["facts"]
        self.notes: list[str] = description["notes"]
        if not has_this_version:
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
        except RemoteError as error:
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
            raise RemoteError(f"{self.name} sent an invalid message: {line.strip()[:40]!r}") from None

    def _exit_error(self) -> RemoteError:
        self.process.wait()
        self.errors.seek(0)
        reason = _last_line(self.errors.read().decode(errors="replace"))
        return RemoteError(f"{self.name} exited with status {self.process.returncode}: {reason}")


def _copy_package() -> tempfile.TemporaryDirectory[str]:
    """Copy this package's Python files to an empty folder, without the packages beside it: they are for this Python."""
    folder = tempfile.TemporaryDirectory(prefix="nogil-kernels-")
    package = Path(__file__).parents[2]
    ignore = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(package, Path(folder.name, package.name), ignore=ignore)
    return folder
