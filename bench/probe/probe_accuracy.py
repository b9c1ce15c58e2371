"""Compare what `nogil_kernels.gil` reads, decides and forecasts with the truth.

Experiments: fractions (known hold fractions), slow_down (by the sampler), verdicts (on five calls), assertions
(assert_releases_gil), speed_ups (beside their forecasts), other_tools (what they read).
"""

import argparse
import importlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nogil_kernels.gil import probing
from nogil_kernels.measure import facts, machine

from .. import Impossible, tables
from ..experiment import plain_errors

EXPERIMENTS = {"fractions": 1, "slow_down": 25, "verdicts": 3, "assertions": 20, "speed_ups": 5, "other_tools": 1}
"""Experiment -> how many times it measures each call, without --times."""
DEFAULT = ("fractions", "other_tools")


def main(arguments: Sequence[str]) -> int:
    """Run the experiments that the arguments name, and print their tables; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench probe_accuracy", description=__doc__)
    experiments_help = f"{', '.join(EXPERIMENTS)} (default: {' '.join(DEFAULT)})"
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT", help=experiments_help)
    parser.add_argument("--busy", action="store_true", help="run an endless Python loop per core in other processes")
    parser.add_argument("--times", type=int, metavar="N", help="repetitions (default: those of each experiment)")
    options = parser.parse_args(arguments)
    if unknown := set(options.experiments) - set(EXPERIMENTS):
        parser.error(f"unknown experiment {min(unknown)!r}, expected one of {', '.join(EXPERIMENTS)}")
    if options.times is not None and options.times < 1:
        parser.error(f"--times must be a positive integer, got {options.times}")
    with plain_errors(parser):
        if not probing.native_works():
            raise Impossible("the native sampler does not work here. Install a build that has it: not pure, not abi3.")
        print(heading(), flush=True)
        with busy_cores(machine.usable_cores() if options.busy else 0):
            for name in options.experiments or DEFAULT:
                experiment = importlib.import_module(f".{name}", __package__)
                print()
                tables.show(experiment.run(options.times or EXPERIMENTS[name]))
    return 0


def heading() -> str:
    """Return the Python version, the state of the GIL, the processor and the number of cores."""
    known = facts.facts()
    gil, processor = ("off", "on")[bool(known["nk_gil_enabled"])], known.get("cpu_model_name", "unknown processor")
    return f"Python {known['python_version']}, GIL {gil}; {processor}; {known['nk_usable_cores']} cores"


@contextmanager
def busy_cores(loops: int) -> Iterator[None]:
    """Run endless loops of Python, each in its own process."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        if loops:
            time.sleep(0.5)  # until the processes have started
            print(f"busy: an endless Python loop in each of {loops} other processes", flush=True)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
