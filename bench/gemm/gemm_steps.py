"""Matrix products, from three loops to the SIMD tile: the speed-up of each step over the one before.

docs/gemm.md explains the steps. They are not comparable with the functions that users call: they run on one thread,
take square row-major matrices of float64, and check no argument. A call through ctypes costs about 0.3 us, which
matters at n = 64 only.
"""

import argparse
import ctypes
import os
import platform
import shlex
import subprocess
import sysconfig
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

import nogil_kernels
from nogil_kernels import pure
from nogil_kernels.measure.ceiling import multiply_adds
from nogil_kernels.measure.facts import Fact

from .. import Impossible, experiment
from ..experiment import Batch, Statement
from .report import C_STEPS, NUMPY, PACKAGE, PEAK, PURE, render

SOURCE = Path(__file__).with_suffix(".c")
NATIVE = "-mcpu=native" if platform.machine() in ("aarch64", "arm64") else "-march=native"  # Clang needs -mcpu on ARM
FLAGS = ["-O3", NATIVE, "-ffp-contract=fast"]
SIZES, QUICK_SIZES = (64, 256, 1024), (64, 256)  # a matrix has 32 KiB, 512 KiB or 8 MiB
SECONDS, QUICK_SECONDS = 3.0, 0.5  # per n
PURE_SIZE = 64  # the largest n for pure Python: 10 ms, but 64 times as long at n = 256
NAIVE_SIZE = 256  # the largest n for many rounds of naive: one execution at n = 1024 takes seconds
PEAK_COUNT = 1_000_000  # steps of 12 or 16 multiply-adds of vectors: 2 to 4 ms

STATEMENTS = {
    PURE: "pure.matmul(a_list, b_list)",
    **{step: f"{step}(*arguments)" for step in C_STEPS},
    PACKAGE: "nogil_kernels.matmul(a, b, out=c)",
    NUMPY: "np.matmul(a, b, out=c)",
    PEAK: f"multiply_adds('float64', {PEAK_COUNT})",
}


def batches(options: argparse.Namespace) -> Generator[Batch]:
    """Check all steps, and yield a batch per n. If naive takes seconds, it has a batch of its own."""
    library = compile_steps()
    version = subprocess.run([*compiler(), "--version"], capture_output=True, text=True, check=True).stdout
    build: dict[str, Fact] = {"nk_compiler": version.splitlines()[0], "nk_flags": " ".join(FLAGS)}
    sizes, seconds = (QUICK_SIZES, QUICK_SECONDS) if options.quick else (SIZES, SECONDS)
    with threadpool_limits(1, user_api="blas"):
        for index, n in enumerate(sizes, 1):
            a, b = np.random.default_rng(n).uniform(-1, 1, (2, n, n))
            for step in C_STEPS:
                if not is_product(multiply(library, step, a, b), a, b):
                    raise Impossible(f"{step} computes a wrong product at n = {n}, compiled by {build['nk_compiler']}")
            c = np.empty_like(a)
            namespace = {step: library[step] for step in C_STEPS} | {"pure": pure, "np": np, "a": a, "b": b, "c": c}
            namespace |= {"nogil_kernels": nogil_kernels, "multiply_adds": multiply_adds}
            namespace |= {"a_list": a.tolist(), "b_list": b.tolist(), "arguments": arguments_of(a, b, c)}
            statement_by_step = {statement.metadata["nk_step"]: statement for statement in statements(n, build)}
            if n > NAIVE_SIZE:
                yield Batch([statement_by_step.pop("naive")], namespace, 0.0, (index - 0.5) / len(sizes), once=True)
            yield Batch(list(statement_by_step.values()), namespace, seconds, index / len(sizes))


def statements(n: int, build: dict[str, Fact]) -> Iterator[Statement]:
    """Yield the statement of each step and reference at n. Pure Python is skipped if it would take too long."""
    for step, code in STATEMENTS.items():
        if step != PURE or n <= PURE_SIZE:
            flops = multiply_adds("float64", PEAK_COUNT) if step == PEAK else 2 * n**3
            yield Statement(f"{step}-{n}", code, {**build, "nk_step": step, "nk_n": n, "nk_flops": flops})


def compiler() -> list[str]:
    """Return the command in $CC, or the command of the compiler that Python was built with."""
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "")
    if not command:
        raise Impossible("no C compiler: CC is not set, and this Python names none. Set CC to GCC or Clang.")
    return command


def compile_steps() -> ctypes.CDLL:
    """Compile gemm_steps.c for this processor, and load it. ctypes releases the GIL around calls of its functions."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows cannot delete a loaded library
        library = Path(folder, "gemm_steps.so")
        command = [*compiler(), *FLAGS, "-fPIC", "-shared", str(SOURCE), "-o", str(library)]
        try:
            subprocess.run(command, capture_output=True, text=True, check=True)
        except OSError as error:
            raise Impossible(f"no C compiler: {command[0]}: {error.strerror}. Set CC to GCC or Clang.") from error
        except subprocess.CalledProcessError as error:
            message = f"the C compiler failed. Set CC to GCC or Clang.\n{shlex.join(command)}\n{error.stderr}"
            raise Impossible(message) from error
        return ctypes.CDLL(str(library))


def multiply(library: ctypes.CDLL, step: str, a: Any, b: Any) -> Any:
    """Return A @ B, computed by a step of the C file."""
    c = np.full_like(a, np.nan)
    library[step](*arguments_of(a, b, c))
    return c


def arguments_of(a: Any, b: Any, c: Any) -> tuple[Any, ...]:
    """Return n, A, B and C as ctypes objects, to be reused: creating them takes longer than a call."""
    return ctypes.c_ssize_t(len(a)), *(ctypes.c_void_p(matrix.ctypes.data) for matrix in (a, b, c))


def is_product(c: Any, a: Any, b: Any) -> bool:
    """Return whether each element of C is within the error of two sums of n products, in any order."""
    bound = 2 * len(a) * 2.0**-53 * (np.abs(a) @ np.abs(b))
    return bool(np.all(np.abs(c - a @ b) <= bound))


main = experiment.Experiment(
    name="gemm_steps",
    docstring=__doc__ or "",
    quick_help="n up to 256, and fewer rounds: a few seconds instead of half a minute",
    batches=batches,
    render=render,
).main
