"""Probe a target in a child process, and survive whatever it does: endless calls, crashes, os._exit, closed streams."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from ..workers import pythons
from ..workers.isolated import Isolated
from ..workers.shared import Folder, mapped
from . import advice, probing, report
from .recording import Recording
from .speed_up import SpeedUp

PATIENCE = 2.0  # seconds beyond the limit that a call may take to return
PARALLEL_SECONDS = 15.0  # the longest run with two threads
POLL_SECONDS = 0.02
SETUP_SECONDS = 300.0
CHILD = f"{__package__}.child"


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
        with Child(folder, request, pythons.command(CHILD), dict(os.environ)) as child:
            result, measured = _watched(child, Recording(memoryview(memory), most), limit)
    for python in others:
        name = python.label if python.label not in result.measured_elsewhere else python.path
        result.measured_elsewhere[name] = _speed_up_in(python, request | {"sample": False})
    advice.complete(result, measured)
    return result


class Child:
    """The child process. Its answers are files in a folder, and its output is read and dropped but for the end."""

    def __init__(
        self, folder: Folder, request: dict[str, Any], command: Sequence[str], environment: dict[str, str]
    ) -> None:
        self.folder = folder.path
        folder.file("request.json", json.dumps(request).encode())
        self._process = Isolated([*command, str(folder.path)], environment, subprocess.PIPE)

    def has_ended(self) -> bool:
        """Return whether the process has ended."""
        return self._process.process.poll() is not None

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
        output = self._process.last_lines()
        if self._process.process.returncode == 1 and output:  # the traceback
            return output
        return f"{output}\nThe process of the code {self._process.ending()}.".lstrip()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.end()


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
    try:
        with Folder() as folder:
            environment = pythons.environment("" if python.has_package else pythons.copy_package(folder.path))
            with Child(folder, request, python.command(CHILD), environment) as child:
                if child.answer("started", SETUP_SECONDS) is None:
                    return f"the setup took longer than {SETUP_SECONDS:.0f} s."
                answer = child.answer("measured", PARALLEL_SECONDS)
    except Failed as failure:
        return pythons.last_line(str(failure))
    return _speed_up(answer) or "two threads were not measured: a call takes too long to repeat it, or is asynchronous."
