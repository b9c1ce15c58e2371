"""Restrict the kernels and the peers to the same instruction set (ISA)."""

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

# ISA -> the names in OpenBLAS, and in LLVM (for numba), of a processor core that has no larger ISA. Sources:
# OpenBLAS, README.md, "Setting the target at runtime"; numba, "Environment variables".
CORES = {"avx2": ("Haswell", "haswell"), "portable": ("Nehalem", "nehalem")}

# ISA -> the larger ISAs, which are switched off: prefixes of NumPy's dispatch targets, and kernel families of numkong.
NUMPY_TARGETS = {"avx2": ("AVX512", "X86_V4"), "portable": ("AVX512", "X86_V4", "X86_V3", "AVX2", "FMA3")}
NUMKONG_AVX512 = ("skylake", "icelake", "genoa", "sapphire", "turin", "diamond", "sapphireamx", "graniteamx")
NUMKONG = {"avx2": NUMKONG_AVX512, "portable": (*NUMKONG_AVX512, "haswell", "alder", "sierra")}


def environment(isa: str) -> dict[str, str]:
    """Return the variables that restrict the kernels and the peers to `isa`. Libraries read them when they load."""
    variables = {VARIABLE: isa}
    # Only x86-64 needs restrictions: on AArch64, portable code uses NEON too.
    if isa in CORES and platform.machine().lower() in X86_64:
        variables["OPENBLAS_CORETYPE"], variables["NUMBA_CPU_NAME"] = CORES[isa]
        variables["NUMBA_CPU_FEATURES"] = ""  # only the features of the named core, not those of this processor
        config: Any = np.show_config(mode="dicts")
        simd = config["SIMD Extensions"]
        # A target is in "not found" if this process has already disabled it.
        targets = simd.get("found", []) + simd.get("not found", [])
        disabled = sorted(target for target in targets if target.startswith(NUMPY_TARGETS[isa]))
        variables["NPY_DISABLE_CPU_FEATURES"] = " ".join(disabled)
    return variables


def restart_with_isa(isa: str | None, experiment: str, arguments: Sequence[str]) -> None:
    """Restart this process with the variables of `environment(isa)`, unless they are set already."""
    isa = isa or os.environ.get(VARIABLE)
    if not isa:
        return
    required = environment(isa)
    if any(os.environ.get(name) != value for name, value in required.items()):
        command, variables = [sys.executable, "-m", "bench", experiment, *arguments], os.environ | required
        if sys.platform == "win32":  # on Windows execve returns to the shell at once, while the new process still runs
            raise SystemExit(subprocess.call(command, env=variables))
        os.execve(sys.executable, command, variables)


def restrict_numkong() -> None:
    """Restrict numkong, which reads no environment variable."""
    with contextlib.suppress(ImportError):
        import numkong  # type: ignore[import-not-found, unused-ignore]

        for family in NUMKONG.get(str(build_info()["isa"]), ()):
            numkong.disable_capability(family)
