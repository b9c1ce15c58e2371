"""The compiled part of the build: a table of extensions, a table of instruction sets, one build_ext.

Everything else stands in pyproject.toml.
"""

import os
import platform
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCES = "src/your_kernels"

# Extension -> its Cython source, and the C sources that it has one instance of per instruction set.
EXTENSIONS = {
    "your_kernels.isa": ("isa.pyx", []),
    "your_kernels.kernels": ("kernels.pyx", ["simd.c"]),
}

# Processor family -> instruction set -> flags of GCC and Clang, flags of MSVC. isa.h tells which of them a machine has.
X86_64 = {
    "portable": ([], []),
    "avx2": (["-mavx2", "-mfma"], ["/arch:AVX2"]),
    "avx512": (["-mavx512f", "-mavx512vl", "-mfma", "-mprefer-vector-width=512"], ["/arch:AVX512"]),
}
OTHER = {"portable": ([], [])}  # on AArch64 that has NEON
INSTRUCTION_SETS = {"x86_64": X86_64, "amd64": X86_64}

# -O3 makes vectors of loops, in GCC of every age. -g0: debug symbols would be most of the wheel.
UNIX_FLAGS = ["-O3", "-ffp-contract=fast", "-g0", "-fvisibility=hidden"]
MSVC_FLAGS = ["/O2", "/fp:contract"]
LINK = ["-Wl,-s"] if sys.platform == "linux" else []

if sys.platform == "darwin":  # a universal Python would compile for two at once, an instruction set is of one
    os.environ["ARCHFLAGS"] = os.environ.get("ARCHFLAGS") or f"-arch {platform.machine()}"
    if os.environ["ARCHFLAGS"].count("-arch") != 1:
        sys.exit(f"ARCHFLAGS={os.environ['ARCHFLAGS']}: name one processor, and build once for each")


class BuildKernels(build_ext):
    """Compiles C sources once per instruction set, with its flags, and links them into their extension."""

    def build_extension(self, ext: Extension) -> None:
        msvc = self.compiler.compiler_type == "msvc"
        ext.extra_compile_args = MSVC_FLAGS if msvc else UNIX_FLAGS
        ext.extra_link_args = [] if msvc else LINK
        family = os.environ["ARCHFLAGS"].split()[-1] if sys.platform == "darwin" else self.plat_name.rpartition("-")[2]
        for isa, (unix_flags, msvc_flags) in INSTRUCTION_SETS.get(family, OTHER).items():
            for source in EXTENSIONS[ext.name][1]:
                ext.extra_objects += self.compiler.compile(
                    [f"{SOURCES}/{source}"],
                    output_dir=str(Path(self.build_temp, isa)),
                    macros=[("ISA", isa)],
                    extra_postargs=ext.extra_compile_args + (msvc_flags if msvc else unix_flags),
                )
        super().build_extension(ext)


headers = [str(path) for path in Path(SOURCES).glob("*.[ch]")]  # where one has changed, kernels.pyx is compiled again
modules = [Extension(name, [f"{SOURCES}/{pyx}"], depends=headers) for name, (pyx, _) in EXTENSIONS.items()]
setup(
    ext_modules=cythonize(modules, build_dir="build/cython", include_path=["src"]),  # else C files would lie in src/
    cmdclass={"build_ext": BuildKernels},
)
