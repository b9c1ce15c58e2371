"""A session for a parent of another interpreter: lines of JSON, in and out. Standard library only.

In comes the request, then a line for each round; out go the rows, then each sample, and at a round's end its notes. The
end of the input, and an output that nobody reads, end it, so that it never outlives its parent.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import TextIO

from .plan import Request
from .session import Session


def main() -> None:
    """Serve one parent."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a workload prints is not for the parent
    session = Session(Request(**json.loads(sys.stdin.readline())))
    try:
        rows, calls = [asdict(row) for row in session.rows], [session.calls_of(row) for row in session.rows]
        told = {"rows": rows, "calls": calls, "notes": session.notes, "start_up": session.start_up}
        say(out, told | {"facts": session.facts})
        for line in sys.stdin:
            works, backwards = json.loads(line)
            before = len(session.notes)
            for index, sample in session.round(works, backwards):
                say(out, [index, asdict(sample)])
            say(out, {"notes": session.notes[before:]})
    finally:
        session.close()


def say(out: TextIO, what: object) -> None:
    """One line."""
    print(json.dumps(what), file=out, flush=True)


if __name__ == "__main__":
    main()
