"""Known hold fractions, read by this probe and by other tools. Each tool watches a process that runs PROGRAM."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import RenderableType

from .. import Impossible, tables
from . import fractions

TRUTHS = (0.0, 0.1, 0.5, 0.9, 1.0)
PERIOD = 2e-3  # seconds
SECONDS = 2.0  # of a process
NOTE = (
    "py-spy and profiling.sampling: samples of a run that shows only the GIL's owner, divided by those of a run that"
    " shows all"
)
PROGRAM = """
import os, sys
from nogil_kernels.gil import sampler

def alternate(held, released, times):
    for _ in range(times):  # Python runs between two periods, so other threads can get the GIL there
        sampler.alternate(held, released, 1)

arguments = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
if "gilknocker" not in sys.argv:
    alternate(*arguments)
else:
    from gilknocker import KnockKnock
    knocker = KnockKnock(100, 10_000, 1_000)  # us: take the GIL every 100 for 10_000, pause for 1_000
    knocker.start()
    alternate(*arguments)
    print(knocker.contention_metric, flush=True)
    os._exit(0)  # the thread of gilknocker 0.4 can abort a normal exit: "FATAL: exception not rethrown"
"""


def watched(truth: float, *command: str, option: str = "") -> str:
    """Run PROGRAM by a command. Return the file `stacks` that the command writes, or what PROGRAM prints."""
    numbers = PERIOD * truth, PERIOD * (1 - truth), round(SECONDS / PERIOD)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "program.py").write_text(PROGRAM, encoding="utf-8")
        arguments = [*command, "program.py", *map(str, numbers), option]
        process = subprocess.run(arguments, capture_output=True, text=True, cwd=folder, timeout=60, check=False)
        if process.returncode:
            errors = re.findall(r"^\w*Error: .+", process.stderr, re.MULTILINE)
            raise Impossible([*errors, f"exit status {process.returncode}"][0])
        stacks = Path(folder, "stacks")
        return stacks.read_text(encoding="utf-8") if stacks.exists() else process.stdout


def share(truth: float, command: Sequence[str], with_gil: Sequence[str], *end: str) -> float:
    """Return the ratio of two runs' samples of `alternate`: with the options `with_gil`, and without."""
    counts = []
    for options in (with_gil, ()):
        lines = watched(truth, *command, "-o", "stacks", *options, *end).splitlines()
        counts.append(sum(int(line.split()[-1]) for line in lines if "alternate" in line))
    if not counts[1]:
        raise Impossible("no sample shows the function")
    return counts[0] / counts[1]


def gilknocker(truth: float) -> float:
    """Return the contention that gilknocker measures in its own process, by taking the GIL."""
    return float(watched(truth, sys.executable, option="gilknocker"))


def py_spy(truth: float) -> float:
    """Return the share of py-spy's samples in which the thread has the GIL."""
    command = shutil.which("py-spy", path=os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]))
    if command is None:
        raise Impossible("not installed")
    return share(truth, [command, "record", "--rate", "250", "--format", "raw"], ["--gil"], "--", sys.executable)


def sampling_profiler(truth: float) -> float:
    """Return the share of the samples of CPython's profiler in which the thread has the GIL."""
    if sys.version_info < (3, 15):
        raise Impossible("needs Python 3.15")
    return share(truth, [sys.executable, "-m", "profiling.sampling", "run", "--collapsed"], ["--mode", "gil"])


TOOLS = {"gilknocker": gilknocker, "py-spy": py_spy, "profiling.sampling": sampling_profiler}


def run(times: int) -> Iterator[RenderableType]:
    """Yield a row per tool and repetition, and a line per tool that cannot run."""
    table = tables.table("tool", *(f"{truth:g}" for truth in TRUTHS))
    for _ in range(times):
        reports = [fractions.read(PERIOD, truth) for truth in TRUTHS]
        table.add_row("nogil_kernels", *(f"{report.hold_fraction or 0:.3f}" for report in reports))
    skipped = []
    for name, read in TOOLS.items():
        try:
            for _ in range(times):
                table.add_row(name, *[f"{read(truth):.3f}" for truth in TRUTHS])
        except (Impossible, subprocess.TimeoutExpired) as error:
            skipped.append(f"skipped {name}: {error}")
    yield tables.titled(f"Hold fraction by truth, with a period of {PERIOD * 1e3:g} ms", table)
    yield tables.note("\n".join([NOTE, *skipped]))
