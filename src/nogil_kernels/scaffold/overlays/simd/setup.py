"""Build the extensions, and their C sources once per instruction set. All other settings are in pyproject.toml.

docs/why.md and docs/simd.md explain each flag. On Linux and macOS, the user's CFLAGS and LDFLAGS come after these flags
and override them. The flags of an instruction set come last, and replace INSTRUCTION_FLAGs.
"""

import copy
import os
import platform
import re
import shlex
import sys
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCES = "src/your_kernels"

# Extension -> Cython source, C sources that are compiled once per instruction set.
EXTENSIONS = {
    "your_kernels.isa": ("isa.pyx", []),
    "your_kernels.kernels": ("kernels.pyx", ["simd.c"]),
}

# Processor family -> {instruction set: (flags of GCC and Clang, flags of MSVC)}. isa.h detects what a machine supports.
X86_64 = {
    "portable": (["-mno-sse3"], []),
    "avx2": (["-mno-avx512f", "-mavx2", "-mfma"], ["/arch:AVX2"]),
    "avx512": (["-mavx512f", "-mavx512vl", "-mfma", "-mprefer-vector-width=512"], ["/arch:AVX512"]),
}
AARCH64 = {"portable": ([], []), "neon": ([], [])}  # NEON is part of AArch64: both names have the same code
OTHER = {"portable": ([], [])}
INSTRUCTION_SETS = {"x86_64": X86_64, "amd64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}
INSTRUCTION_FLAG = re.compile(r"-m((arch|cpu)=.*|(?!llvm|\d\d)\w[\w.]*(-\d+)?)")  # but not -m64, -mtune=..., -mno-...

if sys.platform == "win32":
    COMPILE, LINK = ["/O2", "/fp:contract"], []
else:
    CFLAGS, LDFLAGS, LDSHARED = (shlex.split(os.environ.get(name, "")) for name in ("CFLAGS", "LDFLAGS", "LDSHARED"))
    if inexact := {"-Ofast", "-ffast-math", "-funsafe-math-optimizations"}.intersection(LDFLAGS + LDSHARED):
        sys.exit(f"LDFLAGS or LDSHARED has {min(inexact)}: before GCC 13, it turns tiny numbers to zero. Remove it.")
    COMPILE = ["-O3", "-g0", "-fvisibility=hidden", "-fno-omit-frame-pointer", "-ffp-contract=fast"]
    if platform.machine() in ("x86_64", "aarch64", "arm64"):
        COMPILE += ["-mno-omit-leaf-frame-pointer"]
    strips_symbols = sys.platform == "linux" and not any(flag.startswith("-g") for flag in CFLAGS)
    PIC = (sysconfig.get_config_var("CCSHARED") or "").split()
    COMPILE, LINK = [*COMPILE, *CFLAGS, *PIC], [*["-Wl,-s"] * strips_symbols, *LDFLAGS]

if sys.platform == "darwin":
    os.environ["ARCHFLAGS"] = os.environ.get("ARCHFLAGS") or f"-arch {platform.machine()}"
    if os.environ["ARCHFLAGS"].count("-arch") != 1:
        sys.exit(f"ARCHFLAGS={os.environ['ARCHFLAGS']} must name one family, like -arch arm64. Build once per family.")


def without_instruction_flags(flags: list[str]) -> list[str]:
    return [flag for flag in flags if not INSTRUCTION_FLAG.fullmatch(flag)]


class BuildKernels(build_ext):
    """Compile C sources once per instruction set, with its flags, and link them into their extension."""

    def build_extension(self, ext: Extension) -> None:
        msvc = self.compiler.compiler_type == "msvc"
        family = os.environ["ARCHFLAGS"].split()[-1] if sys.platform == "darwin" else self.plat_name.rpartition("-")[2]
        compiler, compile_flags = copy.copy(self.compiler), COMPILE
        if family in INSTRUCTION_SETS and not msvc:
            compiler.compiler_so, compile_flags = map(without_instruction_flags, (compiler.compiler_so, COMPILE))
        for isa, (unix_flags, msvc_flags) in INSTRUCTION_SETS.get(family, OTHER).items():
            for source in EXTENSIONS[ext.name][1]:
                ext.extra_objects += compiler.compile(
                    [f"{SOURCES}/{source}"],
                    output_dir=str(Path(self.build_temp, isa)),
                    macros=[("ISA", isa)],
                    extra_postargs=[*compile_flags, *(msvc_flags if msvc else unix_flags)],
                )
        super().build_extension(ext)


headers = [str(path) for path in Path(SOURCES).glob("*.[ch]")]
modules = [
    Extension(name, [f"{SOURCES}/{pyx}"], depends=headers, extra_compile_args=COMPILE, extra_link_args=LINK)
    for name, (pyx, _) in EXTENSIONS.items()
]
setup(
    ext_modules=cythonize(modules, build_dir="build/cython", include_path=["src"]),
    cmdclass={"build_ext": BuildKernels},
)
