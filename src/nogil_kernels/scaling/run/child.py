"""The process in which a start of the workers runs: see workers.pythons.command.

Its argument is the folder of shared files. It talks to its parent in lines of JSON. Input: the request, then one line
per round with the indices of its rows. Output: what it is doing, then its rows or an error, then each sample.

The pipes are not its standard input and output: a measured function may read, write, replace or close those. This
process needs only the standard library.
"""

import json
import os
import queue
import sys
import time
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import Any, TextIO

from ...workers.errors import Unavailable, Unknown
from ...workers.isolated import end_with_group
from ...workers.shared import Folder, remove_orphan
from ..rows import Row
from .request import Request
from .start import Start

PATIENCE = 2.0  # seconds that the workers may take to end


def main() -> int:
    """Serve the parent and return the exit status."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    devnull = os.open(os.devnull, os.O_RDONLY)
    os.dup2(devnull, 0)
    os.dup2(2, 1)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    folder = Path(sys.argv[1])
    Thread(target=_read, args=(requests, lines, folder), daemon=True).start()
    try:
        return serve(lines, answers, folder)
    finally:
        remove_orphan(folder)


def serve(lines: "queue.SimpleQueue[str]", answers: TextIO, folder: Path) -> int:
    """Start the workers that the first line requests, and take the samples that the others request."""
    if not (line := lines.get()):  # the parent has ended
        end_with_group(folder)
    message = json.loads(line)
    rows = [Row(**row) for row in message.pop("rows")]
    try:
        start = Start(Request(**message, rows=rows), Folder(str(folder)), lambda *step: send(answers, {"doing": step}))
    except (Unknown, Unavailable) as error:
        send(answers, {"error": type(error).__name__, "text": str(error)})
        return 1
    try:
        send(answers, {"rows": [asdict(row) for row in start.rows], **start.description()})
        while line := lines.get():
            indices = json.loads(line)
            for index, (_, sample) in zip(indices, start.samples(start.rows[i] for i in indices), strict=True):
                send(answers, [index, sample if isinstance(sample, str) else asdict(sample)])
            send(answers, start.changes())
    except BrokenPipeError:  # the parent has stopped
        pass
    finally:
        start.close()
    return 0


def _read(requests: TextIO, lines: "queue.SimpleQueue[str]", folder: Path) -> None:
    """Pass on the parent's lines. When they end, end this process and all that it started, even during a call."""
    for line in requests:
        lines.put(line)
    lines.put("")
    time.sleep(PATIENCE)
    end_with_group(folder)


def send(answers: TextIO, message: Any) -> None:
    """Write the message as one line."""
    print(json.dumps(message), file=answers, flush=True)
