"""The server of a remote session: it talks to a parent in another interpreter, in lines of JSON.

Input: the request, then one line per round. Output: a description (rows, calls, notes, start-up times, facts), then
each sample, and after each round the new notes. The server exits at the end of its input or when its output is closed,
so it never outlives its parent. It needs only the standard library.
"""

import json
import os
import sys
from dataclasses import asdict
from typing import TextIO

from .plan import Request
from .session import Session


def main() -> None:
    """Serve one parent."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # sends the output of workloads to standard error
    session = Session(Request(**json.loads(sys.stdin.readline())))
    try:
        rows, calls = [asdict(row) for row in session.rows], [session.calls_of(row) for row in session.rows]
        description = {"rows": rows, "calls": calls, "notes": session.notes, "start_up": session.start_up}
        send(output, description | {"facts": session.facts})
        for line in sys.stdin:
            works, backwards = json.loads(line)
            note_count = len(session.notes)
            for index, sample in session.round(works, backwards):
                send(output, [index, asdict(sample)])
            send(output, {"notes": session.notes[note_count:]})
    finally:
        session.close()


def send(output: TextIO, message: object) -> None:
    """Write the message as one line."""
    print(json.dumps(message), file=output, flush=True)


if __name__ == "__main__":
    main()
