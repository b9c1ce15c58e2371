"""Compare this build with the build of another Python, in alternating worker processes.

Each round starts one worker per interpreter. The workers time the same cases with the same number of loops. They
alternate several times per case, so a slow moment of the machine affects both builds. The fastest sample of a worker
counts. Each process has its code and data at other addresses, which alone changes times by some percent. So each round
starts new processes, and rounds are compared, not samples.
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
from .report import CALLS, SIDES, Rounds, Work, render

WORKER = Path(__file__).with_name("worker.py")
ROUNDS = 5
SAMPLE_SECONDS = 0.003  # of one sample
SECONDS, QUICK_SECONDS = 0.04, 0.005  # of one request, which takes several samples
REQUESTS = 4  # per case and worker
MAX_SIZE = 10_000_000  # the most numbers in a vector: to fill a longer vector takes longer than to time its sum
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
"""Short calls. Key: the statement, a comma and a description of the operands. Value: the setup."""


def works_to_time(only: Sequence[str] | None, quick: bool) -> list[Work]:
    """Return the statements to time: short calls, and those of nogil_kernels in the cases of `peers`."""
    all_works = [Work(CALLS, name, "float64", setup, name.rpartition(", ")[0]) for name, setup in COSTS.items()]
    for case in cases.cases(quick):
        if case.group in GROUPS and case.size <= MAX_SIZE:
            statement = next(iter(case.statements.values()))
            all_works.append(Work(case.group, case.name, case.dtype, case.setup, statement))
    return [work for work in all_works if work.group in (only or GROUPS)]


class Worker:
    """A new process that runs worker.py in another interpreter. The exit stack ends the process."""

    def __init__(self, python: str, stack: ExitStack) -> None:
        # With PYTHONPATH both interpreters could import the same build.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.python = python
        self.process = subprocess.Popen([python, str(WORKER)], env=environment, **pipes)
        stack.callback(self.process.communicate)  # closes the pipes, after `kill`
        stack.callback(self.process.kill)

    def time(self, work: Work, loops: int, seconds: float) -> dict[str, Any]:
        """Let the worker time a statement; return its answer: the loops per sample, and the seconds per execution."""
        request = {"dtype": work.dtype, "setup": work.setup, "statement": work.statement, "loops": loops}
        assert self.process.stdin
        print(json.dumps({**request, "sample": SAMPLE_SECONDS, "seconds": seconds}), file=self.process.stdin)
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Return the worker's next answer. The first answer names its build."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise Impossible(f"{self.python} exited without an answer. Install nogil_kernels and NumPy there.")
        answer: dict[str, Any] = json.loads(line)
        return answer


class CannotExecute(Exception):
    """A build cannot execute a case."""


def measure(
    pythons: Mapping[str, str], works: Sequence[Work], round_count: int, seconds: float, rounds: Rounds
) -> Iterator[float]:
    """Time the works in `round_count` rounds; store the seconds in `rounds`. Yield the completed share after each work.

    A work is skipped if one of the builds cannot execute it. The reason is printed.
    """
    loops: dict[Work, int] = {}
    rounds.update((work, {side: [] for side in SIDES}) for work in works)
    for round_index in range(round_count):
        with ExitStack() as stack:
            workers = {side: Worker(python, stack) for side, python in pythons.items()}
            builds = {side: worker.answer() for side, worker in workers.items()}
            if round_index == 0:
                for side, build in builds.items():
                    print(f"{side}: nogil-kernels {build['version']}, {build['file']}")
            for position, work in enumerate(works, 1):
                try:
                    if work in rounds:
                        for side, fastest_seconds in fastest(workers, work, loops, seconds).items():
                            rounds[work][side].append(fastest_seconds)
                except CannotExecute as reason:
                    print(f"skipped {work.group}, {work.name}: {reason}", file=sys.stderr)
                    del rounds[work]
                yield (round_index + position / len(works)) / round_count


def fastest(workers: Mapping[str, Worker], work: Work, loops: dict[Work, int], seconds: float) -> dict[str, float]:
    """Return each worker's seconds per execution in its fastest sample, over REQUESTS alternating requests."""
    fastest_seconds = dict.fromkeys(SIDES, math.inf)
    for side in SIDES * REQUESTS:
        answer = workers[side].time(work, loops.get(work, 0), seconds)
        if "error" in answer:
            raise CannotExecute(f"{side}: {answer['error']}")
        loops[work] = answer["loops"]
        fastest_seconds[side] = min(fastest_seconds[side], answer["seconds"])
    return fastest_seconds


def suite_of(rounds: Rounds, quick: bool) -> Any:
    """Return a pyperf suite with a benchmark per work and side. Each round is a value."""
    seconds_by_name = {
        f"{work.group}/{work.name}/{work.dtype}/{side}": times[side] for work, times in rounds.items() for side in SIDES
    }
    metadata: dict[str, Fact] = {"nk_bench": "against", "nk_quick": 1 if quick else ""}
    return suites.make(seconds_by_name, dict.fromkeys(seconds_by_name, metadata))


def main(arguments: Sequence[str]) -> int:
    """Compare both builds, write the samples and print the report; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench against", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("python", metavar="PYTHON", help="an interpreter that has the other build and NumPy installed")
    rounds_help = "worker processes per build (default: %(default)s)"
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=rounds_help)
    only_help = f"measure only this group of cases; can be repeated: {', '.join(GROUPS)}"
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="GROUP", help=only_help)
    parser.add_argument("--quick", action="store_true", help="fewer sizes and samples: 1 minute instead of 6")
    parser.add_argument("--json", metavar="FILE", type=writable, help="also write every round, in pyperf's format")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error(f"argument --rounds: must be a positive integer, got {options.rounds}")
    rounds: Rounds = {}
    works = works_to_time(options.only, options.quick)
    pythons, seconds = {"old": options.python, "new": sys.executable}, QUICK_SECONDS if options.quick else SECONDS
    with plain_errors(parser):
        with bar(Console(stderr=True)) as report_progress:
            begin = time.perf_counter()
            for completed_share in measure(pythons, works, options.rounds, seconds, rounds):
                elapsed = time.perf_counter() - begin
                report_progress(elapsed, elapsed / completed_share)
        if not rounds:
            raise Impossible("no case ran on both builds")
        if options.json:
            suite_file.save(suite_of(rounds, options.quick), options.json)
        print()
        tables.show(render(rounds))
    return 0
