"""This build against the one that another Python has installed, in alternating processes.

Each turn starts a process of both interpreters. They time the same cases with the same loops, several times one after
the other, so that a slow moment of the machine hits both; the fastest sample of a process counts. A new process places
code and data anew, which alone changes times by some percent: that is why turns are compared, and not samples.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from nogil_kernels.cli import writable
from nogil_kernels.measure import suite_file
from nogil_kernels.measure.facts import Fact
from nogil_kernels.scaling.run.progress import bar

from .. import Impossible, suites, tables
from ..experiment import plain_errors
from ..peers import cases
from .report import CALLS, SIDES, Turns, Work, render

CHILD = Path(__file__).with_name("child.py")
TURNS = 5
SAMPLE, SECONDS, QUICK_SECONDS = 0.003, 0.04, 0.005  # of a sample; of the samples that one look takes
LOOKS = 4  # at each case by each process
LARGEST = 10_000_000  # numbers of a sum: more of them take longer to make than to time
GROUPS = (CALLS, *(group for group in cases.GROUPS if not group.endswith("threads")))

MATRICES = "a, b, c = (normal(4, 4) for _ in 'abc')"
COSTS = {
    "matmul(a, b, out=c), 4 x 4": MATRICES,
    "matmul(a, b, out=c, gil='release'), 4 x 4": MATRICES,
    "matmul(a, b), 4 x 4": MATRICES,
    "matmul(a, v), 4 x 4": "a, v = normal(4, 4), normal(4)",
    "sum_of_squares(x), 8 numbers": "x = normal(8)",
    "sum_of_squares(x), 8 numbers in an array.array": "from array import array; x = array('d', range(8))",
    "sum_of_squares(x), 8 numbers in a list": "x = [float(i) for i in range(8)]",
    "sum_of_squares(x), 64 bytes": "x = bytes(64)",
    "sum_of_squares(x), range(8)": "x = range(8)",
    "sum_of_squares(x), range(1000)": "x = range(1000)",
    "sum_of_squares(x, axis=0), 8 x 8": "x = normal(8, 8)",
    "sum_of_squares(x, axis=1), 100 x 100": "x = normal(100, 100)",
}
"""Short calls: the statement, what it is called with, and the setup."""


def works(only: Sequence[str] | None, quick: bool) -> list[Work]:
    """Return what to time: short calls, and our own statements of the cases of `peers`."""
    found = [Work(CALLS, name, "float64", setup, name.rpartition(", ")[0]) for name, setup in COSTS.items()]
    for case in cases.cases(quick):
        if case.group in GROUPS and case.size <= LARGEST:
            statement = next(iter(case.statements.values()))
            found.append(Work(case.group, case.name, case.dtype, case.setup, statement))
    return [work for work in found if work.group in (only or GROUPS)]


class Child:
    """A fresh process of one interpreter, until the stack is left."""

    def __init__(self, python: str, stack: ExitStack) -> None:
        # PYTHONPATH could lead both interpreters to the same build.
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.python = python
        self.process = subprocess.Popen([python, str(CHILD)], env=variables, **pipes)
        stack.callback(self.process.communicate)  # which closes the pipes, after `kill`
        stack.callback(self.process.kill)

    def time(self, work: Work, loops: int, seconds: float) -> dict[str, Any]:
        """Have it time a work, and return its answer: the loops of a sample, and the seconds of one execution."""
        asked = {"dtype": work.dtype, "setup": work.setup, "statement": work.statement}
        assert self.process.stdin
        print(json.dumps({**asked, "loops": loops, "sample": SAMPLE, "seconds": seconds}), file=self.process.stdin)
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Return its next answer; the first one says which build it has."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise Impossible(f"{self.python} has ended; it needs nogil_kernels and NumPy")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Unable(Exception):
    """A build cannot execute a case."""


def measure(
    pythons: Mapping[str, str], todo: Sequence[Work], count: int, seconds: float, found: Turns
) -> Iterator[float]:
    """Time all works in `count` turns, into `found`; yield the share that is over, after each work.

    A work that one of the builds cannot execute is left out, with the reason.
    """
    loops: dict[Work, int] = {}
    found.update((work, {side: [] for side in SIDES}) for work in todo)
    for turn in range(count):
        with ExitStack() as stack:
            children = {side: Child(python, stack) for side, python in pythons.items()}
            builds = {side: child.answer() for side, child in children.items()}
            if turn == 0:
                for side, build in builds.items():
                    print(f"{side}: nogil-kernels {build['version']}, {build['file']}")
            for place, work in enumerate(todo, 1):
                try:
                    if work in found:
                        for side, took in fastest(children, work, loops, seconds).items():
                            found[work][side].append(took)
                except Unable as reason:
                    print(f"left out, {work.group}, {work.name}: {reason}", file=sys.stderr)
                    del found[work]
                yield (turn + place / len(todo)) / count


def fastest(children: Mapping[str, Child], work: Work, loops: dict[Work, int], seconds: float) -> dict[str, float]:
    """Return the seconds of one execution by each process, in the fastest of all samples of LOOKS looks in turn."""
    found = dict.fromkeys(SIDES, math.inf)
    for side in SIDES * LOOKS:
        answer = children[side].time(work, loops.get(work, 0), seconds)
        if "error" in answer:
            raise Unable(f"{side}: {answer['error']}")
        loops[work] = answer["loops"]
        found[side] = min(found[side], answer["seconds"])
    return found


def suite_of(turns: Turns, quick: bool) -> Any:
    """Return a pyperf suite: a benchmark for each work and side, a value for each turn."""
    values = {
        f"{work.group}/{work.name}/{work.dtype}/{side}": times[side] for work, times in turns.items() for side in SIDES
    }
    known: dict[str, Fact] = {"nk_bench": "against", "nk_quick": 1 if quick else ""}
    return suites.make(values, dict.fromkeys(values, known))


def main(arguments: Sequence[str]) -> int:
    """Compare both builds, write the samples and show what follows from them."""
    parser = argparse.ArgumentParser(prog="python -m bench against", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("python", metavar="PYTHON", help="an interpreter that has the other build and NumPy installed")
    parser.add_argument("--turns", type=int, default=TURNS, metavar="N", help="processes of each (default %(default)s)")
    groups = f"one group of cases, can be repeated: {', '.join(GROUPS)}"
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="GROUP", help=groups)
    parser.add_argument("--quick", action="store_true", help="fewer sizes and samples: a minute instead of six")
    parser.add_argument("--json", metavar="FILE", type=writable, help="also write every turn, in pyperf's format")
    options = parser.parse_args(arguments)
    if options.turns < 1:
        parser.error(f"argument --turns: must be a positive integer, got {options.turns}")
    turns: Turns = {}
    pythons, seconds = {"old": options.python, "new": sys.executable}, QUICK_SECONDS if options.quick else SECONDS
    with plain_errors(parser):
        with bar(Console(stderr=True)) as told:
            begin = time.perf_counter()
            for share in measure(pythons, works(options.only, options.quick), options.turns, seconds, turns):
                over = time.perf_counter() - begin
                told(over, over / share)
        if not turns:
            raise Impossible("no case ran on both builds")
        if options.json:
            suite_file.save(suite_of(turns, options.quick), options.json)
        print()
        tables.show(render(turns))
    return 0
