"""Our kernels against other packages', in turns; what was measured beside the goals.

Everybody has one thread, where nothing else is said; OpenBLAS is held to it. What a peer executes stands in cases.py.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import threadpoolctl  # type: ignore[import-untyped]
from rich.console import Console

from nogil_kernels import build_info
from nogil_kernels.cli import INTERRUPTED, writable
from nogil_kernels.measure import machine
from nogil_kernels.measure.facts import Fact
from nogil_kernels.scaling.progress import bar

from . import cases, isa, measured, plots, suites, tables, timing

SECONDS, QUICK_SECONDS = 1.0, 0.1  # of samples in a case
OPENBLAS_SPINS = 0.05  # seconds: its threads spin for 2**26 cycles after a call, 30 ms or so
PACKAGES = ("numpy", "scipy", "numba", "bottleneck", "numkong", "blis")
REMEDY = 'pip install -e ".[peers]"'

Missing = dict[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure or load, show, save; INTERRUPTED where Ctrl-C ended the measuring."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(arguments)
    if options.source:
        found = measured.load(options.source)
    elif build_info()["backend"] == "pure":
        raise SystemExit("bench peers: this is about the compiled kernels, and the pure backend is in use")
    else:
        isa.hold_everyone(options.isa, "bench.peers", arguments)
        found = measure(options.only or list(cases.GROUPS), options.quick, Console(stderr=True))
    tables.show(found, console())
    if options.json:
        suites.save(found, options.json)
    if options.output:
        plots.draw(measured.from_suite(found), found.get_metadata(), options.output)
    return INTERRUPTED if "nk_interrupted" in found.get_metadata() else 0


def console() -> Console:
    """Where the tables go; without a terminal as wide as they like."""
    out = Console()
    return out if out.is_terminal else Console(width=tables.WIDE)


def parser() -> argparse.ArgumentParser:
    asks = argparse.ArgumentParser(prog="python -m bench peers", description=(__doc__ or "").partition("\n")[0])
    asks.add_argument("--only", action="append", choices=list(cases.GROUPS), metavar="GROUP", help=_groups())
    asks.add_argument("--isa", help="hold our kernels and the peers to an instruction set: avx512, avx2, portable, ...")
    asks.add_argument("--quick", action="store_true", help="fewer rounds and sizes, for a look: half a minute")
    asks.add_argument("--json", metavar="FILE", type=writable, help="write every sample, in pyperf's format")
    asks.add_argument("--from", dest="source", metavar="FILE", help="show such a file again, and measure nothing")
    asks.add_argument("-o", "--output", metavar="FILE", type=writable, help="draw plots: FILE.svg or FILE.png")
    return asks


def _groups() -> str:
    return "one group of cases, can be repeated: " + ", ".join(cases.GROUPS)


def measure(groups: Sequence[str], quick: bool, console: Console) -> Any:
    """The suite of everything in these groups, or of what there is when Ctrl-C comes."""
    wanted = [case for case in cases.cases(quick) if case.group in groups]
    here = peers_facts() | ({"nk_quick": 1} if quick else {})
    if machine.usable_cores() < 2 and any(case.group.endswith("threads") for case in wanted):
        console.print("two threads: left out, this process may use one core only")
        wanted = [case for case in wanted if not case.group.endswith("threads")]
    isa.hold_numkong()
    missing = find_missing(wanted)
    results: list[measured.Result] = []
    try:
        with bar(console) as told:
            begin, done = time.perf_counter(), 0.0
            all_of_it = sum(expected_seconds(case, quick) for case in wanted)
            for case in wanted:
                results.append(run(case, missing, QUICK_SECONDS if quick else SECONDS))
                done += expected_seconds(case, quick)
                over = time.perf_counter() - begin
                told(over, over * all_of_it / done)
    except KeyboardInterrupt:
        if not results:
            raise
        here["nk_interrupted"] = 1
    for name, reason in missing.items():
        console.print(f"{name}: left out, {reason}", markup=False)
    return measured.to_suite(results, here)


def expected_seconds(case: cases.Case, quick: bool) -> float:
    """How long a case takes, roughly: its rounds at 20 GFLOP/s and 5 GB/s."""
    shapes_only = case.inputs(lambda *shape: np.broadcast_to(np.zeros((), case.dtype), shape))
    flops, size = cases.work(shapes_only)
    a_round = len(case.statements) * max(timing.SAMPLE_SECONDS, flops / 20e9 + size / 5e9)
    rounds = (QUICK_SECONDS if quick else SECONDS) / a_round
    return a_round * min(max(rounds, timing.MIN_ROUNDS), timing.MAX_ROUNDS)


def find_missing(wanted: Sequence[cases.Case]) -> Missing:
    """The peers that cannot be imported, and why."""
    missing: Missing = {}
    for name in dict.fromkeys(name for case in wanted for name in case.statements):
        try:
            exec(import_of(name), {})
        except ImportError as error:
            missing[name] = f"{error}; {REMEDY}" if getattr(error, "name", None) else str(error)
    return missing


def import_of(peer: str) -> str:
    """The line of IMPORTS for this peer: by its whole name, or by what stands before the comma."""
    return cases.IMPORTS.get(peer) or cases.IMPORTS[peer.partition(",")[0]]


def run(case: cases.Case, missing: Missing, seconds: float) -> measured.Result:
    """The samples of one case. A peer that fails is added to `missing`."""
    inputs = case.inputs()
    flops, size = cases.work(inputs)
    statements = {name: statement for name, statement in case.statements.items() if name not in missing}
    with ExitStack() as one_thread:
        for name in list(statements):
            try:
                prepare(name, inputs, flops)
                one_thread.enter_context(threadpoolctl.threadpool_limits(1))  # of what this import has loaded, too
                exec(statements[name], inputs)
            except Exception as error:
                missing[name] = f"{case.group}, {case.name}, {case.dtype}: {type(error).__name__}: {error}"
                del statements[name]
        rest = OPENBLAS_SPINS if case.group.endswith("threads") else 0.0
        samples = timing.sample(statements, inputs, seconds, rest)
    return measured.Result(case.group, case.name, case.dtype, case.size, flops, size, samples)


def prepare(peer: str, inputs: dict[str, Any], flops: int) -> None:
    """Bind what the peer's statement names."""
    exec(import_of(peer), inputs)
    if peer == "ceiling":
        multiply_adds: Callable[[str, int], int] = inputs["multiply_adds"]
        inputs["steps"] = round(flops / multiply_adds(inputs["dtype"], 1))


def peers_facts() -> dict[str, Fact]:
    """The peers' versions, and which kernels OpenBLAS has chosen."""
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    blas = [f"{i['version']} {i['architecture']}" for i in threadpoolctl.threadpool_info() if "architecture" in i]
    return {"nk_peers": ", ".join(versions), "nk_openblas": ", ".join(dict.fromkeys(blas)) or "none"}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before there was anything to show
        sys.exit(INTERRUPTED)
    except (OSError, ValueError) as error:  # a file that is none of ours, or that nothing can be drawn of
        sys.exit(f"bench peers: {error}")
