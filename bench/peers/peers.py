"""Compare the kernels with other packages, and the results with the goals.

All peers run on one thread, except in the groups whose names end in "threads". cases.py has their statements.
"""

import argparse
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import threadpoolctl  # type: ignore[import-untyped]

from nogil_kernels.measure import machine
from nogil_kernels.measure.facts import Fact

from .. import Impossible, experiment, timing
from ..experiment import Batch, Statement
from . import cases, isa, plot, report
from .measured import Result

SECONDS, QUICK_SECONDS = 1.0, 0.1  # per case
# Seconds to sleep before a sample. OpenBLAS's idle threads spin for a while: after a sleep of 0.1 s they still slowed
# other statements by a tenth.
OPENBLAS_SLEEP_SECONDS = 0.25
PACKAGES = ("numpy", "scipy", "numba", "bottleneck", "numkong", "blis")

SkipReasons = dict[str, str]  # peer -> reason


def batches(options: argparse.Namespace) -> Generator[Batch]:
    """Return the batches of the cases that the options select. Peers that cannot be imported are skipped."""
    isa.restart_with_isa(options.isa, "peers", options.arguments)
    isa.restrict_numkong()
    selected = [case for case in cases.cases(options.quick) if not options.only or case.group in options.only]
    on_one_thread = [case for case in selected if not case.group.endswith("threads")]
    if machine.usable_cores() < 2 and on_one_thread != selected:
        print("skipped the groups of two threads: this process may use only one core", file=sys.stderr)
        selected = on_one_thread
    if not selected:
        raise Impossible("no case is left to measure")
    skip_reasons = find_missing(selected)
    for name, reason in skip_reasons.items():
        print(f"skipped {name}: {reason}", file=sys.stderr)
    return in_order(selected, skip_reasons, QUICK_SECONDS if options.quick else SECONDS)


def in_order(selected: Sequence[cases.Case], skip_reasons: SkipReasons, seconds: float) -> Generator[Batch]:
    """Yield a batch per case. OpenBLAS is limited to one thread while a batch is sampled."""
    completed_share = 0.0
    total = sum(expected_seconds(case, seconds) for case in selected)
    for case in selected:
        completed_share += expected_seconds(case, seconds)
        with ExitStack() as blas_limits:
            yield batch(case, skip_reasons, seconds, completed_share / total, blas_limits)


def batch(
    case: cases.Case, skip_reasons: SkipReasons, seconds: float, completed_share: float, blas_limits: ExitStack
) -> Batch:
    """Execute each statement of a case once; return the batch. A peer that fails is added to `skip_reasons`."""
    inputs = case.inputs()
    result = Result(case.group, case.name, case.dtype, case.size, *cases.operations_and_bytes(inputs))
    statements = {name: statement for name, statement in case.statements.items() if name not in skip_reasons}
    result_by_peer = {}
    for name in list(statements):
        try:
            prepare(name, inputs, result.flops)
            # Set again for each peer, because its import may have loaded another BLAS.
            blas_limits.enter_context(threadpoolctl.threadpool_limits(1))
            result_by_peer[name] = eval(statements[name], inputs)
        except Exception as error:
            skip_reasons[name] = f"{case.group}, {case.name}, {case.dtype}: {type(error).__name__}: {error}"
            print(f"skipped {name}: {skip_reasons[name]}", file=sys.stderr)
            del statements[name]
    if case.group in cases.FLOAT_SUMS:
        exact = exact_sum(inputs["x"])
        computed = {name: value for name, value in result_by_peer.items() if not name.startswith("ceiling")}
        result.errors.update({name: float(abs(value - exact) / exact) for name, value in computed.items()})
    batch_statements = []
    for name, statement in statements.items():
        benchmark, metadata = result.benchmark(name)
        batch_statements.append(Statement(benchmark, statement, peers_facts() | metadata))
    sleep_seconds = OPENBLAS_SLEEP_SECONDS if case.group == "matmul-threads" else 0.0
    return Batch(batch_statements, inputs, seconds, completed_share, sleep_seconds)


def exact_sum(x: Any) -> Any:
    """Return the sum of squares in long double, which has a precision of at least 64 bits on most machines."""
    chunks = (x[i : i + cases.CHUNK].astype(np.longdouble) for i in range(0, x.size, cases.CHUNK))
    return sum(np.sum(chunk * chunk) for chunk in chunks)


def prepare(peer: str, inputs: dict[str, Any], flops: int) -> None:
    """Import the names that the peer's statement uses, and bind `steps` for the ceiling."""
    exec(import_of(peer), inputs)
    if peer == "ceiling":
        multiply_adds: Callable[[str, int], int] = inputs["multiply_adds"]
        inputs["steps"] = round(flops / multiply_adds(inputs["dtype"], 1))


def expected_seconds(case: cases.Case, seconds: float) -> float:
    """Return an estimate of the time of a case: its rounds at 20 GFLOP/s and 5 GB/s."""
    # Arrays without memory of their own: only shapes and sizes are read.
    shapes_only = case.inputs(lambda *shape: np.broadcast_to(np.zeros((), case.dtype), shape))
    flops, operand_bytes = cases.operations_and_bytes(shapes_only)
    per_round = len(case.statements) * max(timing.SAMPLE_SECONDS, flops / 20e9 + operand_bytes / 5e9)
    return per_round * min(max(seconds / per_round, timing.MIN_ROUNDS), timing.MAX_ROUNDS)


def find_missing(selected: Sequence[cases.Case]) -> SkipReasons:
    """Return the peers that cannot be imported, and the reasons."""
    skip_reasons: SkipReasons = {}
    for name in dict.fromkeys(name for case in selected for name in case.statements):
        try:
            exec(import_of(name), {})
        except ImportError as error:
            remedy = '. Run pip install -e ".[peers]"' if getattr(error, "name", None) else ""
            skip_reasons[name] = f"{error}{remedy}"
    return skip_reasons


def import_of(peer: str) -> str:
    """Return the import statement of a peer, by its whole name or by the part before the comma."""
    return cases.IMPORTS.get(peer) or cases.IMPORTS[peer.partition(",")[0]]


@cache
def peers_facts() -> dict[str, Fact]:
    """Return the versions of the peers, and the core for which OpenBLAS has chosen its kernels."""
    versions = []
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            versions.append(f"{package} {version(package)}")
    libraries = [library for library in threadpoolctl.threadpool_info() if "architecture" in library]
    blas = [f"{library['version']} {library['architecture']}" for library in libraries]
    return {"nk_peers": ", ".join(versions), "nk_openblas": ", ".join(dict.fromkeys(blas)) or "none"}


def add_options(parser: argparse.ArgumentParser) -> None:
    only_help = f"measure only this group of cases; can be repeated: {', '.join(cases.GROUPS)}"
    parser.add_argument("--only", action="append", choices=list(cases.GROUPS), metavar="GROUP", help=only_help)
    parser.add_argument("--isa", help="restrict all packages to this instruction set: avx512, avx2, portable, ...")


main = experiment.Experiment(
    name="peers",
    docstring=__doc__ or "",
    quick_help="fewer rounds and sizes: half a minute instead of 3 minutes",
    batches=batches,
    render=report.render,
    draw=plot.draw,
    add_options=add_options,
).main
