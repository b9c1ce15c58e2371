"""Probe a target in a child process, and survive whatever it does: endless calls, crashes, os._exit, closed streams."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

from ..workers import pythons
from ..workers.shared import Folder, mapped
from . import advice, probing, report
from .recording import Recording
from .speed_up import SpeedUp

LAST_LINES = 20
LONGEST_LINE = 4096  # bytes; longer lines are split
PATIENCE = 2.0  # seconds beyond the limit that a call may take to return
PARALLEL_SECONDS = 15.0  # the longest run with two threads
POLL_SECONDS = 0.02
SETUP_SECONDS = 300.0


class Failed(Exception):
    """The child process ended without an answer. The text says how, after the last lines of its output."""


def probe(
    text: str,
    *,
    setup: str = "pass",
    limit: float = probing.LIMIT,
    parallel: bool = True,
    others: Sequence[pythons.Python] = (),
) -> report.GilReport:
    """Return the report of a statement, of `module:function` or of `./file.py:function`. Raise Failed if it failed.

    `others` are interpreters in which only the speed-up of two threads is measured.
    """
    most = probing.most_samples(limit)
    request = {"target": text, "setup": setup, "limit": limit, "parallel": parallel, "sample": True}
    with Folder() as folder:
        memory = mapped(folder.file("recording", bytes(Recording.size_for(most))))
        with Child(folder, request, sys.executable, dict(os.environ)) as child:
            result, measured = _watched(child, Recording(memoryview(memory), most), limit)
    for python in others:
        name = python.label if python.label not in result.measured_elsewhere else python.path
        result.measured_elsewhere[name] = _speed_up_in(python, request | {"sample": False})
    advice.complete(result, measured)
    return result


class Child:
    """The child process. A thread reads its output and keeps the last lines."""

    def __init__(self, folder: Folder, request: dict[str, Any], python: str, environment: dict[str, str]) -> None:
        self.folder = folder.path
        folder.file("request.json", json.dumps(request).encode())
        self._process = subprocess.Popen(
            [python, "-m", f"{__package__}.child", str(folder.path)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches only the parent, which then ends the child
        )
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        assert self._process.stdout
        self._stream = self._process.stdout
        self._reader = threading.Thread(target=self._read, args=(self._stream,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[bytes]) -> None:
        for line in iter(lambda: stream.readline(LONGEST_LINE), b""):
            self._lines.append(line.decode(errors="replace").rstrip("\n"))

    def has_ended(self) -> bool:
        """Return whether the process has ended."""
        return self._process.poll() is not None

    def answer(self, name: str, seconds: float) -> dict[str, Any] | None:
        """Return an answer of the child, or None if it takes longer. Raise Failed if the child ended without it."""
        path, end = self.folder / f"{name}.json", time.perf_counter() + seconds
        while not path.exists():
            if self.has_ended() and not path.exists():
                raise Failed(self._ending())
            if time.perf_counter() > end:
                return None
            time.sleep(POLL_SECONDS)
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content

    def _ending(self) -> str:
        status = self._process.returncode
        self._reader.join(timeout=1.0)
        output = "\n".join(self._lines)
        if status == 1 and output:  # the traceback
            return output
        ending = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"{output}\nThe process of the code {ending}.".lstrip()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *exception: object) -> None:
        """End the process, and on POSIX also the processes that it started."""
        if os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, if all have ended
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._reader.join(timeout=1.0)
        if not self._reader.is_alive():  # a process in another session may keep the stream open
            self._stream.close()


def _watched(child: Child, recording: Recording, limit: float) -> tuple[report.GilReport, SpeedUp | None]:
    """Read the recording while the child writes it, and stop the child when the interval decides."""
    facts = child.answer("started", SETUP_SECONDS)
    if facts is None:
        raise Failed(f"The setup took longer than {SETUP_SECONDS:.0f} s.")
    rule = probing.StopRule(recording, limit, probing.is_narrow)
    while not child.has_ended() and not rule.is_over() and not (child.folder / "sampled.json").exists():
        time.sleep(POLL_SECONDS)
    (child.folder / "stop").touch()
    sampled = child.answer("sampled", PATIENCE)
    try:
        answer = sampled and child.answer("measured", PARALLEL_SECONDS)
    except Failed as failure:
        raise Failed(f"{failure}\nThis was in two threads at once. --no-parallel makes one call at a time.") from None
    rule.tally.finish()
    result = report.make(rule.tally, finished=rule.finished, **(facts | (sampled or {})))
    return result, _speed_up(answer)


def _speed_up(answer: dict[str, Any] | None) -> SpeedUp | None:
    return SpeedUp(**answer["measured"]) if answer and answer["measured"] else None


def _speed_up_in(python: pythons.Python, request: dict[str, Any]) -> SpeedUp | str:
    """Return the speed-up of two threads in another interpreter, or the reason why there is none."""
    copy = None if python.has_package else pythons.copy_package()
    environment = pythons.environment(copy.name if copy else "")
    try:
        with Folder() as folder, Child(folder, request, python.path, environment) as child:
            if child.answer("started", SETUP_SECONDS) is None:
                return f"the setup took longer than {SETUP_SECONDS:.0f} s."
            answer = child.answer("measured", PARALLEL_SECONDS)
    except Failed as failure:
        return pythons.last_line(str(failure))
    finally:
        if copy:
            copy.cleanup()
    return _speed_up(answer) or "two threads were not measured: a call takes too long to repeat it, or is asynchronous."
