"""The process in which a start of the workers runs: see workers.pythons.command.

It talks to its parent in lines of JSON. Input: the request and the folder of shared files, then one line per round with
the indices of its rows. Output: what it is doing, then its rows or an error, then each sample.

The pipes are not its standard input and output: a measured function may read, write, replace or close those. This
process needs only the standard library.
"""

import json
import os
import queue
import signal
import time
from dataclasses import asdict
from threading import Thread
from typing import Any, TextIO

from ...workers.errors import Unavailable, Unknown
from ...workers.shared import Folder
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
    Thread(target=_read, args=(requests, lines), daemon=True).start()
    message = json.loads(lines.get())
    rows = [Row(**row) for row in message["request"].pop("rows")]
    request = Request(**message["request"], rows=rows)
    try:
        start = Start(request, Folder(message["folder"]), lambda *step: send(answers, {"doing": step}))
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


def _read(requests: TextIO, lines: "queue.SimpleQueue[str]") -> None:
    """Pass on the parent's lines. When they end, end this process and all that it started, even during a call."""
    for line in requests:
        lines.put(line)
    lines.put("")
    time.sleep(PATIENCE)
    if os.name == "posix" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def send(answers: TextIO, message: Any) -> None:
    """Write the message as one line."""
    print(json.dumps(message), file=answers, flush=True)
