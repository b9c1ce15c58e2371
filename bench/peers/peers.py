"""Our kernels against other packages', in turns; what was measured beside the goals.

Everybody has one thread, where nothing else is said; OpenBLAS is held to it. What a peer executes stands in cases.py.
"""

import argparse
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import threadpoolctl  # type: ignore[import-untyped]

from nogil_kernels.measure import machine
from nogil_kernels.measure.facts import Fact

from .. import Impossible, experiment, timing
from ..experiment import Batch, Timed
from . import cases, isa, plot, report
from .measured import Result

SECONDS, QUICK_SECONDS = 1.0, 0.1  # of samples in a case
OPENBLAS_SPINS = 0.25  # seconds: for so long its idle threads were seen to slow down others, at 0.1 still by a tenth
PACKAGES = ("numpy", "scipy", "numba", "bottleneck", "numkong", "blis")

Missing = dict[str, str]


def batches(options: argparse.Namespace) -> Generator[Batch]:
    """A batch for each case that is asked for, without the peers that are missing."""
    isa.hold_everyone(options.isa, "peers", options.arguments)
    isa.hold_numkong()
    wanted = [case for case in cases.cases(options.quick) if not options.only or case.group in options.only]
    on_one_thread = [case for case in wanted if not case.group.endswith("threads")]
    if machine.usable_cores() < 2 and on_one_thread != wanted:
        print("two threads: left out, this process may use one core only", file=sys.stderr)
        wanted = on_one_thread
    if not wanted:
        raise Impossible("nothing is left to measure")
    missing = find_missing(wanted)
    for name, reason in missing.items():
        print(f"{name}: left out, {reason}", file=sys.stderr)
    return in_order(wanted, missing, QUICK_SECONDS if options.quick else SECONDS)


def in_order(wanted: Sequence[cases.Case], missing: Missing, seconds: float) -> Generator[Batch]:
    """The cases' batches, each with OpenBLAS held to one thread as long as it is sampled."""
    here, done = peers_facts(), 0.0
    all_of_it = sum(expected_seconds(case, seconds) for case in wanted)
    for case in wanted:
        done += expected_seconds(case, seconds)
        with ExitStack() as one_thread:
            yield batch(case, missing, seconds, done / all_of_it, here, one_thread)


def batch(
    case: cases.Case, missing: Missing, seconds: float, done: float, here: dict[str, Fact], one_thread: ExitStack
) -> Batch:
    """A case's statements, each executed once. A peer that fails is added to `missing`."""
    inputs = case.inputs()
    result = Result(case.group, case.name, case.dtype, case.size, *cases.work(inputs))
    statements = {name: statement for name, statement in case.statements.items() if name not in missing}
    values = {}
    for name in list(statements):
        try:
            prepare(name, inputs, result.flops)
            one_thread.enter_context(threadpoolctl.threadpool_limits(1))  # of what this import has loaded, too
            values[name] = eval(statements[name], inputs)
        except Exception as error:
            missing[name] = f"{case.group}, {case.name}, {case.dtype}: {type(error).__name__}: {error}"
            print(f"{name}: left out, {missing[name]}", file=sys.stderr)
            del statements[name]
    if case.group in cases.FLOAT_SUMS:
        exact = exact_sum(inputs["x"])
        computed = {name: value for name, value in values.items() if not name.startswith("ceiling")}
        result.errors.update({name: float(abs(value - exact) / exact) for name, value in computed.items()})
    timed = []
    for name, statement in statements.items():
        benchmark, metadata = result.benchmark(name)
        timed.append(Timed(benchmark, statement, here | metadata))
    return Batch(timed, inputs, seconds, done, OPENBLAS_SPINS if case.group == "matmul-threads" else 0.0)


def exact_sum(x: Any) -> Any:
    """The sum of squares in long doubles, which have 64 bits or more on most machines, joined in pairs."""
    chunks = (x[i : i + cases.CHUNK].astype(np.longdouble) for i in range(0, x.size, cases.CHUNK))
    return sum(np.sum(chunk * chunk) for chunk in chunks)


def prepare(peer: str, inputs: dict[str, Any], flops: int) -> None:
    """Bind what the peer's statement names."""
    exec(import_of(peer), inputs)
    if peer == "ceiling":
        multiply_adds: Callable[[str, int], int] = inputs["multiply_adds"]
        inputs["steps"] = round(flops / multiply_adds(inputs["dtype"], 1))


def expected_seconds(case: cases.Case, seconds: float) -> float:
    """How long a case takes, roughly: its rounds at 20 GFLOP/s and 5 GB/s."""
    shapes_only = case.inputs(lambda *shape: np.broadcast_to(np.zeros((), case.dtype), shape))
    flops, size = cases.work(shapes_only)
    a_round = len(case.statements) * max(timing.SAMPLE_SECONDS, flops / 20e9 + size / 5e9)
    return a_round * min(max(seconds / a_round, timing.MIN_ROUNDS), timing.MAX_ROUNDS)


def find_missing(wanted: Sequence[cases.Case]) -> Missing:
    """The peers that cannot be imported, and why."""
    missing: Missing = {}
    for name in dict.fromkeys(name for case in wanted for name in case.statements):
        try:
            exec(import_of(name), {})
        except ImportError as error:
            missing[name] = f'{error}; pip install -e ".[peers]"' if getattr(error, "name", None) else str(error)
    return missing


def import_of(peer: str) -> str:
    """The line of IMPORTS for this peer: by its whole name, or by what stands before the comma."""
    return cases.IMPORTS.get(peer) or cases.IMPORTS[peer.partition(",")[0]]


def peers_facts() -> dict[str, Fact]:
    """The peers' versions, and which kernels OpenBLAS has chosen."""
    versions = []
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            versions.append(f"{package} {version(package)}")
    blas = [f"{i['version']} {i['architecture']}" for i in threadpoolctl.threadpool_info() if "architecture" in i]
    return {"nk_peers": ", ".join(versions), "nk_openblas": ", ".join(dict.fromkeys(blas)) or "none"}


def add_options(parser: argparse.ArgumentParser) -> None:
    groups = f"one group of cases, can be repeated: {', '.join(cases.GROUPS)}"
    parser.add_argument("--only", action="append", choices=list(cases.GROUPS), metavar="GROUP", help=groups)
    parser.add_argument("--isa", help="hold all of them to an instruction set: avx512, avx2, portable, ...")


main = experiment.Experiment(
    name="peers",
    about=__doc__ or "",
    quick="fewer rounds and sizes: half a minute instead of three",
    batches=batches,
    render=report.render,
    draw=plot.draw,
    add_options=add_options,
).main
