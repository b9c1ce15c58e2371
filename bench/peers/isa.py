"""The same instruction set for everyone: what makes the peers leave out what our kernels are asked to leave out."""

import contextlib
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from nogil_kernels import build_info

VARIABLE = "NOGIL_KERNELS_ISA"
X86_64 = ("x86_64", "amd64")

# Instruction set -> OpenBLAS's name of a core that has no more than it, and LLVM's, for numba. Sources: OpenBLAS,
# README.md, "Setting the target at runtime"; numba, "Environment variables". The package blis takes AVX2 at most.
CORES = {"avx2": ("Haswell", "haswell"), "portable": ("Nehalem", "nehalem")}

# What NumPy and numkong call the sets beyond: prefixes of NumPy's dispatch targets, names of numkong's kernel families.
NUMPY_TARGETS = {"avx2": ("AVX512", "X86_V4"), "portable": ("AVX512", "X86_V4", "X86_V3", "AVX2", "FMA3")}
NUMKONG_AVX512 = ("skylake", "icelake", "genoa", "sapphire", "turin", "diamond", "sapphireamx", "graniteamx")
NUMKONG = {"avx2": NUMKONG_AVX512, "portable": (*NUMKONG_AVX512, "haswell", "alder", "sierra")}


def environment(isa: str) -> dict[str, str]:
    """The variables that hold our kernels and the peers to `isa`; libraries read them when they are loaded."""
    found = {VARIABLE: isa}
    if isa in CORES and platform.machine().lower() in X86_64:  # elsewhere portable code has all that the peers have
        found["OPENBLAS_CORETYPE"], found["NUMBA_CPU_NAME"] = CORES[isa]
        found["NUMBA_CPU_FEATURES"] = ""  # those of that core, not of this one
        shown: Any = np.show_config(mode="dicts")
        simd = shown["SIMD Extensions"]
        targets = simd.get("found", []) + simd.get("not found", [])  # whether this process has them or not
        found["NPY_DISABLE_CPU_FEATURES"] = " ".join(sorted(t for t in targets if t.startswith(NUMPY_TARGETS[isa])))
    return found


def hold_everyone(isa: str | None, experiment: str, arguments: Sequence[str]) -> None:
    """Start the experiment again with `environment`, and do not return, unless this process has it already."""
    isa = isa or os.environ.get(VARIABLE)
    if not isa:
        return
    wanted = environment(isa)
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        command, variables = [sys.executable, "-m", "bench", experiment, *arguments], os.environ | wanted
        if sys.platform == "win32":  # where execve ends this process at once, and the other runs on by itself
            raise SystemExit(subprocess.call(command, env=variables))
        os.execve(sys.executable, command, variables)


def hold_numkong() -> None:
    """The same for numkong, which has no variable."""
    with contextlib.suppress(ImportError):
        import numkong  # type: ignore[import-not-found, unused-ignore]

        for family in NUMKONG.get(str(build_info()["isa"]), ()):
            numkong.disable_capability(family)
