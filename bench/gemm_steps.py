"""Matrix multiplication from three loops to the SIMD tile: what each idea gains. docs/gemm.md walks through the steps.

What this is not: a comparison of products as users call them. Steps take square matrices of float64 in rows and check
nothing; one thread runs. A call through ctypes costs some 0.3 us, which is seen at n = 64 only.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import shlex
import subprocess
import sys
import sysconfig
import tempfile
import timeit
from pathlib import Path
from typing import Any

import numpy as np
import pyperf  # type: ignore[import-untyped]  # it ships no types
from rich.console import Console
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

import nogil_kernels
from nogil_kernels import pure
from nogil_kernels.measure.facts import facts

from . import timing
from .gemm_report import C_STEPS, DOCS, NUMPY, PACKAGE, PEAK, PURE, Report, plot, render, suite_of, with_table

SOURCE = Path(__file__).with_suffix(".c")
NATIVE = "-mcpu=native" if platform.machine() in ("aarch64", "arm64") else "-march=native"  # Clang's -march differs
FLAGS = ["-O3", NATIVE, "-ffp-contract=fast"]
SIZES, QUICK_SIZES = (64, 256, 1024), (64, 256)  # 32 KiB a matrix: L1; 512 KiB: L2; 8 MiB: L3
PURE_SIZE = 64  # the largest n for pure Python: 10 ms, and 64 times as much at the next
NAIVE_SIZE = 256  # the largest n for many rounds of naive: at 1024 one alone takes seconds
PEAK_COUNT = 1_000_000  # multiply-adds of vectors: a quarter of a millisecond or so


class NoSteps(Exception):
    """gemm_steps.c could not be compiled, or a step of it computes something else."""


# ---- compile ----


def compiler() -> list[str]:
    """The command of $CC, or of the compiler that Python was built with."""
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "")
    if not command:
        raise NoSteps("no C compiler: this Python names none; set CC to the command of GCC or Clang")
    return command


def compile_steps() -> ctypes.CDLL:
    """gemm_steps.c, compiled for this processor and loaded; ctypes releases the GIL around its calls."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps what is loaded
        library = Path(folder, "gemm_steps.so")
        command = [*compiler(), *FLAGS, "-fPIC", "-shared", str(SOURCE), "-o", str(library)]
        try:
            subprocess.run(command, capture_output=True, text=True, check=True)
        except OSError as error:
            raise NoSteps(f"no C compiler: {command[0]}: {error.strerror}; set CC to that of GCC or Clang") from error
        except subprocess.CalledProcessError as error:
            raise NoSteps(
                f"the C compiler failed; GCC or Clang is needed\n{shlex.join(command)}\n{error.stderr}"
            ) from error
        return ctypes.CDLL(str(library))


def compiler_name() -> str:
    """What the compiler calls itself."""
    done = subprocess.run([*compiler(), "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


# ---- check ----


def multiply(library: ctypes.CDLL, step: str, a: Any, b: Any) -> Any:
    """A @ B by one step of the C file."""
    c = np.full_like(a, np.nan)
    library[step](*arguments_of(a, b, c))
    return c


def arguments_of(a: Any, b: Any, c: Any) -> tuple[Any, ...]:
    """n, A, B and C as C takes them; made once, since making them takes longer than the call."""
    return ctypes.c_ssize_t(len(a)), *(ctypes.c_void_p(matrix.ctypes.data) for matrix in (a, b, c))


def is_product(c: Any, a: Any, b: Any) -> bool:
    """Whether each element is off by no more than two sums of n products, in any order, can be."""
    bound = 2 * len(a) * 2.0**-53 * (np.abs(a) @ np.abs(b))
    return bool(np.all(np.abs(c - a @ b) <= bound))


# ---- time ----


def measure(sizes: tuple[int, ...], seconds: float) -> Report:
    """Check every step and sample all of them in turn, for about `seconds` at each n."""
    from nogil_kernels.measure.ceiling import multiply_adds

    library = compile_steps()
    here = facts() | {"nk_compiler": compiler_name(), "nk_flags": " ".join(FLAGS), "perf_version": pyperf.__version__}
    peak_flops = multiply_adds("float64", PEAK_COUNT)
    samples, flops = {}, {}
    with threadpool_limits(1, user_api="blas"):
        for n in sizes:
            a, b = np.random.default_rng(n).uniform(-1, 1, (2, n, n))
            for step in C_STEPS:
                if not is_product(multiply(library, step, a, b), a, b):
                    raise NoSteps(f"{step} at n = {n}: not the product")
            for step, values in sample(library, multiply_adds, a, b, seconds).items():
                samples[step, n] = values
                flops[step, n] = peak_flops if step == PEAK else 2 * n**3
    return Report(suite_of(samples, flops, here))


def sample(library: ctypes.CDLL, multiply_adds: Any, a: Any, b: Any, seconds: float) -> timing.Samples:
    """Seconds per execution of every step and mark."""
    n, c = len(a), np.empty_like(a)
    statements = {step: f"{step}(*arguments)" for step in C_STEPS}
    statements |= {
        PACKAGE: "nogil_kernels.matmul(a, b, out=c)",
        NUMPY: "np.matmul(a, b, out=c)",
        PEAK: f"multiply_adds('float64', {PEAK_COUNT})",
    }
    if n <= PURE_SIZE:
        statements = {PURE: "pure.matmul(a_list, b_list)", **statements}
    namespace: dict[str, Any] = {step: library[step] for step in C_STEPS}
    namespace |= {"arguments": arguments_of(a, b, c), "multiply_adds": multiply_adds, "pure": pure, "np": np}
    namespace |= {"a": a, "b": b, "c": c, "a_list": a.tolist(), "b_list": b.tolist(), "nogil_kernels": nogil_kernels}
    if n <= NAIVE_SIZE:
        return timing.sample(statements, namespace, seconds)
    once = timeit.timeit(statements.pop("naive"), globals=namespace, number=1)
    return {"naive": [once], **timing.sample(statements, namespace, seconds)}


# ---- the command ----


def parser() -> argparse.ArgumentParser:
    """Arguments of `python -m bench gemm_steps`."""
    options = argparse.ArgumentParser(prog="python -m bench gemm_steps", description=(__doc__ or "").splitlines()[0])
    source = options.add_mutually_exclusive_group()
    source.add_argument("--quick", action="store_true", help="n up to 256, in some seconds")
    source.add_argument("--from", dest="load", metavar="FILE", help="show what --json wrote, and measure nothing")
    source.add_argument("--docs", metavar="FILE", help="put the table of what --json wrote into docs/gemm.md")
    options.add_argument("--json", metavar="FILE", help="write every sample, as a pyperf suite")
    options.add_argument("-o", "--output", metavar="FILE", help="write a plot: .svg, .png or .pdf")
    return options


def main(arguments: list[str]) -> int:
    """Measure or load, show, and write what is asked for."""
    options = parser().parse_args(arguments)
    if options.docs:
        text = with_table(DOCS.read_text(encoding="utf-8"), Report.load(options.docs))
        DOCS.write_text(text, encoding="utf-8")
        return 0
    try:
        if options.load:
            report = Report.load(options.load)
        else:
            report = measure(QUICK_SIZES, 0.5) if options.quick else measure(SIZES, 3.0)
    except NoSteps as error:
        print(f"gemm_steps: {error}", file=sys.stderr)
        return 1
    Console().print(render(report))
    if options.json:
        report.suite.dump(options.json, replace=True)
    if options.output:
        plot(report, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
