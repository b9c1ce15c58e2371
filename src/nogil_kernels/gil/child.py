"""The process in which the command `probe` runs a user's code: main(), with a folder as argument.

The folder has a request, and a recording that the parent reads while the calls run. This process writes its answers
into the folder: started.json after the setup, sampled.json, and measured.json after the run with two threads. When the
parent has enough samples, it creates a file "stop".
"""

from __future__ import annotations

import _thread
import faulthandler
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..measure import machine
from ..workers.isolated import end_with_group
from ..workers.shared import mapped
from . import probing, speed_up, target
from .recording import Recording

SETUP_DEADLINE = 330.0  # seconds; then this process ends itself, if the parent has not ended it
GRACE = 20.0  # seconds; after the setup, the deadline is twice the limit and this
POLL_SECONDS = 0.01


def main() -> int:
    """Run what the request says; return the exit status."""
    folder = Path(sys.argv[1])
    _thread.start_new_thread(end_with_parent, (os.dup(0), folder))  # threading.enumerate() does not list it
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the target must not read or close the pipe
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    # By a native thread: it ends this process even if the parent was killed and the target always holds the GIL.
    faulthandler.dump_traceback_later(SETUP_DEADLINE, exit=True)
    memory = memoryview(mapped(str(folder / "recording"))) if request["sample"] else None
    probing.native_works()  # once, before threads of the setup compete for the GIL with its self-test
    try:
        run(request, folder, memory)
    except Exception as error:
        trace = error.__traceback__
        while trace and Path(trace.tb_frame.f_code.co_filename).parent == Path(__file__).parent:
            trace = trace.tb_next  # show the traceback of the target only
        traceback.print_exception(type(error), error, trace)
        return 1
    return 0


def end_with_parent(pipe: int, folder: Path) -> None:
    """End this process and all that it started when the parent has ended: the parent keeps the pipe open."""
    os.read(pipe, 1)
    end_with_group(folder)


def run(request: dict[str, Any], folder: Path, memory: memoryview | None) -> None:
    """Run the setup, sample the calls if there is memory for samples, and measure two threads."""
    function = target.from_text(request["target"], request["setup"])
    faulthandler.dump_traceback_later(2 * request["limit"] + GRACE, exit=True, file=2)  # sys.stderr may be replaced
    write(folder, "started", {"gil_enabled": machine.gil_enabled(), "by_acquisitions": not probing.native_works()})
    with target.as_call(function) as (call, stalls):
        if memory is not None:
            recording = Recording(memory, probing.most_samples(request["limit"]))
            facts = probing.sample(call, recording, exists_polled(folder / "stop"))
            write(folder, "sampled", facts | {"longest_stall": stalls.longest if stalls else None})
            seconds = recording.seconds_per_call()
        else:
            seconds = speed_up.seconds_of(call)
        measured = speed_up.measure(call, seconds) if request["parallel"] and not stalls else None
    write(folder, "measured", {"measured": asdict(measured) if measured else None})


def exists_polled(path: Path) -> Callable[[], bool]:
    """Return a function that says whether the file exists, and looks for it at most once per POLL_SECONDS."""
    next_look = 0.0

    def exists() -> bool:
        nonlocal next_look
        now = time.perf_counter()
        if now < next_look:
            return False
        next_look = now + POLL_SECONDS
        return path.exists()

    return exists


def write(folder: Path, name: str, answer: dict[str, Any]) -> None:
    """Write an answer. The file does not exist until it is complete."""
    unfinished = folder / f"{name}.new"
    unfinished.write_text(json.dumps(answer), encoding="utf-8")
    unfinished.rename(folder / f"{name}.json")
