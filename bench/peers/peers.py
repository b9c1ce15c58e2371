"""Compare the kernels with other packages, and the results with the goals.

All peers run on one thread, except in the groups whose names end in "threads". cases.py has their statements.
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

SECONDS, QUICK_SECONDS = 1.0, 0.1  # per case
# Seconds to sleep before a sample: OpenBLAS's idle threads spin, and slowed other statements by a tenth after 0.1 s.
OPENBLAS_SPINS = 0.25
PACKAGES = ("numpy", "scipy", "numba", "bottleneck", "numkong", "blis")

Missing = dict[str, str]


def batches(options: argparse.Namespace) -> Generator[Batch]:
    """Return the batches of the cases that the options select. Peers that cannot be imported are skipped."""
    isa.restrict_all(options.isa, "peers", options.arguments)
    isa.restrict_numkong()
    selected = [case for case in cases.cases(options.quick) if not options.only or case.group in options.only]
    on_one_thread = [case for case in selected if not case.group.endswith("threads")]
    if machine.usable_cores() < 2 and on_one_thread != selected:
        print("skipped two threads: this process may use one core only", file=sys.stderr)
        selected = on_one_thread
    if not selected:
        raise Impossible("no case is left to measure")
    missing = find_missing(selected)
    for name, reason in missing.items():
        print(f"skipped {name}: {reason}", file=sys.stderr)
    return in_order(selected, missing, QUICK_SECONDS if options.quick else SECONDS)


def in_order(selected: Sequence[cases.Case], missing: Missing, seconds: float) -> Generator[Batch]:
    """Yield a batch per case. OpenBLAS is limited to one thread while a batch is sampled."""
    facts, done = peers_facts(), 0.0
    total = sum(expected_seconds(case, seconds) for case in selected)
    for case in selected:
        done += expected_seconds(case, seconds)
        with ExitStack() as one_thread:
            yield batch(case, missing, seconds, done / total, facts, one_thread)


def batch(
    case: cases.Case, missing: Missing, seconds: float, done: float, facts: dict[str, Fact], one_thread: ExitStack
) -> Batch:
    """Execute each statement of a case once; return the batch. A peer that fails is added to `missing`."""
    inputs = case.inputs()
    result = Result(case.group, case.name, case.dtype, case.size, *cases.work(inputs))
    statements = {name: statement for name, statement in case.statements.items() if name not in missing}
    values = {}
    for name in list(statements):
        try:
            prepare(name, inputs, result.flops)
            one_thread.enter_context(threadpoolctl.threadpool_limits(1))  # again, because the import loads libraries
            values[name] = eval(statements[name], inputs)
        except Exception as error:
            missing[name] = f"{case.group}, {case.name}, {case.dtype}: {type(error).__name__}: {error}"
            print(f"skipped {name}: {missing[name]}", file=sys.stderr)
            del statements[name]
    if case.group in cases.FLOAT_SUMS:
        exact = exact_sum(inputs["x"])
        computed = {name: value for name, value in values.items() if not name.startswith("ceiling")}
        result.errors.update({name: float(abs(value - exact) / exact) for name, value in computed.items()})
    timed = []
    for name, statement in statements.items():
        benchmark, metadata = result.benchmark(name)
        timed.append(Timed(benchmark, statement, facts | metadata))
    return Batch(timed, inputs, seconds, done, OPENBLAS_SPINS if case.group == "matmul-threads" else 0.0)


def exact_sum(x: Any) -> Any:
    """Return the sum of squares in long double, which has a precision of at least 64 bits on most machines."""
    chunks = (x[i : i + cases.CHUNK].astype(np.longdouble) for i in range(0, x.size, cases.CHUNK))
    return sum(np.sum(chunk * chunk) for chunk in chunks)


def prepare(peer: str, inputs: dict[str, Any], flops: int) -> None:
    """Bind the names in the statement of a peer."""
    exec(import_of(peer), inputs)
    if peer == "ceiling":
        multiply_adds: Callable[[str, int], int] = inputs["multiply_adds"]
        inputs["steps"] = round(flops / multiply_adds(inputs["dtype"], 1))


def expected_seconds(case: cases.Case, seconds: float) -> float:
    """Return an estimate of the time of a case: its rounds at 20 GFLOP/s and 5 GB/s."""
    shapes_only = case.inputs(lambda *shape: np.broadcast_to(np.zeros((), case.dtype), shape))
    flops, size = cases.work(shapes_only)
    per_round = len(case.statements) * max(timing.SAMPLE_SECONDS, flops / 20e9 + size / 5e9)
    return per_round * min(max(seconds / per_round, timing.MIN_ROUNDS), timing.MAX_ROUNDS)


def find_missing(selected: Sequence[cases.Case]) -> Missing:
    """Return the peers that cannot be imported, and the reasons."""
    missing: Missing = {}
    for name in dict.fromkeys(name for case in selected for name in case.statements):
        try:
            exec(import_of(name), {})
        except ImportError as error:
            missing[name] = f'{error}. Run pip install -e ".[peers]"' if getattr(error, "name", None) else str(error)
    return missing


def import_of(peer: str) -> str:
    """Return the line of IMPORTS of a peer: that of its whole name, or that of the part before the comma."""
    return cases.IMPORTS.get(peer) or cases.IMPORTS[peer.partition(",")[0]]


def peers_facts() -> dict[str, Fact]:
    """Return the versions of the peers, and the core for which OpenBLAS has chosen its kernels."""
    versions = []
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            versions.append(f"{package} {version(package)}")
    blas = [f"{i['version']} {i['architecture']}" for i in threadpoolctl.threadpool_info() if "architecture" in i]
    return {"nk_peers": ", ".join(versions), "nk_openblas": ", ".join(dict.fromkeys(blas)) or "none"}


def add_options(parser: argparse.ArgumentParser) -> None:
    groups = f"measure this group of cases only; can be repeated: {', '.join(cases.GROUPS)}"
    parser.add_argument("--only", action="append", choices=list(cases.GROUPS), metavar="GROUP", help=groups)
    parser.add_argument("--isa", help="restrict all packages to this instruction set: avx512, avx2, portable, ...")


main = experiment.Experiment(
    name="peers",
    about=__doc__ or "",
    quick="fewer rounds and sizes: half a minute instead of 3 minutes",
    batches=batches,
    render=report.render,
    draw=plot.draw,
    add_options=add_options,
).main
