"""Matrix products, from three loops to the SIMD tile: what each idea gains.

docs/gemm.md walks through the steps. What this is not: a comparison of products as users call them. Steps take square
matrices of float64 in rows and check nothing; one thread runs. A call through ctypes costs some 0.3 us, which is seen
at n = 64 only.
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
from ..experiment import Batch, Timed
from .report import C_STEPS, NUMPY, PACKAGE, PEAK, PURE, render

SOURCE = Path(__file__).with_suffix(".c")
NATIVE = "-mcpu=native" if platform.machine() in ("aarch64", "arm64") else "-march=native"  # Clang's -march differs
FLAGS = ["-O3", NATIVE, "-ffp-contract=fast"]
SIZES, QUICK_SIZES = (64, 256, 1024), (64, 256)  # 32 KiB a matrix: L1; 512 KiB: L2; 8 MiB: L3
SECONDS, QUICK_SECONDS = 3.0, 0.5  # for each n
PURE_SIZE = 64  # the largest n for pure Python: 10 ms, and 64 times as much at the next
NAIVE_SIZE = 256  # the largest n for many rounds of naive: at 1024 one alone takes seconds
PEAK_COUNT = 1_000_000  # multiply-adds of vectors: a quarter of a millisecond or so

STATEMENTS = {
    PURE: "pure.matmul(a_list, b_list)",
    **{step: f"{step}(*arguments)" for step in C_STEPS},
    PACKAGE: "nogil_kernels.matmul(a, b, out=c)",
    NUMPY: "np.matmul(a, b, out=c)",
    PEAK: f"multiply_adds('float64', {PEAK_COUNT})",
}


def batches(options: argparse.Namespace) -> Generator[Batch]:
    """A batch for each n, of steps that were checked; naive is by itself where it takes seconds."""
    library = compile_steps()
    version = subprocess.run([*compiler(), "--version"], capture_output=True, text=True, check=True).stdout
    here: dict[str, Fact] = {"nk_compiler": version.splitlines()[0], "nk_flags": " ".join(FLAGS)}
    sizes, seconds = (QUICK_SIZES, QUICK_SECONDS) if options.quick else (SIZES, SECONDS)
    with threadpool_limits(1, user_api="blas"):
        for index, n in enumerate(sizes, 1):
            a, b = np.random.default_rng(n).uniform(-1, 1, (2, n, n))
            for step in C_STEPS:
                if not is_product(multiply(library, step, a, b), a, b):
                    raise Impossible(f"{step} at n = {n}: not the product; is {here['nk_compiler']} at fault?")
            c = np.empty_like(a)
            namespace = {step: library[step] for step in C_STEPS} | {"pure": pure, "np": np, "a": a, "b": b, "c": c}
            namespace |= {"nogil_kernels": nogil_kernels, "multiply_adds": multiply_adds}
            namespace |= {"a_list": a.tolist(), "b_list": b.tolist(), "arguments": arguments_of(a, b, c)}
            timed = {one.metadata["nk_step"]: one for one in statements(n, here)}
            if n > NAIVE_SIZE:
                yield Batch([timed.pop("naive")], namespace, 0.0, (index - 0.5) / len(sizes), once=True)
            yield Batch(list(timed.values()), namespace, seconds, index / len(sizes))


def statements(n: int, here: dict[str, Fact]) -> Iterator[Timed]:
    """Every step and mark at n; pure Python only where it ends soon."""
    for step, code in STATEMENTS.items():
        if step != PURE or n <= PURE_SIZE:
            flops = multiply_adds("float64", PEAK_COUNT) if step == PEAK else 2 * n**3
            yield Timed(f"{step}-{n}", code, {**here, "nk_step": step, "nk_n": n, "nk_flops": flops})


def compiler() -> list[str]:
    """The command of $CC, or of the compiler that Python was built with."""
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "")
    if not command:
        raise Impossible("no C compiler: this Python names none; set CC to the command of GCC or Clang")
    return command


def compile_steps() -> ctypes.CDLL:
    """gemm_steps.c, compiled for this processor and loaded; ctypes releases the GIL around its calls."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps what is loaded
        library = Path(folder, "gemm_steps.so")
        command = [*compiler(), *FLAGS, "-fPIC", "-shared", str(SOURCE), "-o", str(library)]
        try:
            subprocess.run(command, capture_output=True, text=True, check=True)
        except OSError as error:
            raise Impossible(
                f"no C compiler: {command[0]}: {error.strerror}; set CC to that of GCC or Clang"
            ) from error
        except subprocess.CalledProcessError as error:
            raise Impossible(
                f"the C compiler failed; GCC or Clang is needed\n{shlex.join(command)}\n{error.stderr}"
            ) from error
        return ctypes.CDLL(str(library))


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


main = experiment.Experiment(
    name="gemm_steps",
    about=__doc__ or "",
    quick="n up to 256, and fewer rounds: some seconds instead of half a minute",
    batches=batches,
    render=render,
).main
