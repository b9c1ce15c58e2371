"""The compiled part of the build: a table of extensions, a table of instruction sets, one build_ext.

Everything else stands in pyproject.toml.
"""

import os
import platform
import shutil
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError, ExecError, PlatformError

PACKAGE = "nogil_kernels.compiled"
SOURCES = "src/nogil_kernels/compiled"
TILES = f"{SOURCES}/tiles"

# Extension -> the C sources in tiles/ that it has one instance of per instruction set. `isa` hands them to the kernels;
# those are built twice from one source, in own_gil/ for interpreters with a GIL of their own.
EXTENSIONS = {
    "isa": ("sum_of_squares.c", "matmul.c", "limits.c"),
    "sum_of_squares": (),
    "matmul": (),
    "limits": (),
    "own_gil.sum_of_squares": (),
    "own_gil.matmul": (),
    "own_gil.limits": (),
}

# Processor family -> instruction set -> flags of GCC and Clang, flags of MSVC. tiles/isa.h chooses one at import.
X86_64 = {
    "portable": ([], []),
    "avx2": (["-mavx2", "-mfma", "-mf16c"], ["/arch:AVX2"]),
    "avx512": (
        ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma", "-mf16c", "-mprefer-vector-width=512"],
        ["/arch:AVX512"],
    ),
}
AARCH64 = {"portable": ([], []), "neon": ([], [])}
OTHER = {"portable": ([], [])}
INSTRUCTION_SETS = {"x86_64": X86_64, "amd64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}

# -ffp-contract=fast: with -std=c11 GCC would not join a multiplication and an addition into one FMA, half the speed.
# -g0: debug symbols would make up 80 % of the wheel.
UNIX_FLAGS = ["-std=c11", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fvisibility=hidden", "-g0"]
MSVC_FLAGS = ["/O2", "/std:c11", "/fp:contract"]
UNIX_LINK_FLAGS = ["-Wl,-s"] if sys.platform == "linux" else []
CLANG_PROCESSORS = {"win-amd64": "x86_64", "win-arm64": "aarch64", "win32": "i686"}

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "auto_pickle": False,
    "autotestdict": False,
}

NO_COMPILER = """
nogil-kernels needs a C compiler to build its kernels, and none worked here:
    {reason}
Install one (Debian, Ubuntu: apt install gcc; Fedora: dnf install gcc; macOS: xcode-select --install; Windows: the
"C++ build tools" of Visual Studio, and LLVM for speed) and the headers of Python (python3-dev, python3-devel), or ask
for the pure build:
    NOGIL_KERNELS_BUILD=pure pip install .
"""


if sys.platform == "darwin":  # a universal Python would compile for two families at once; the tiles are for one
    os.environ.setdefault("ARCHFLAGS", f"-arch {platform.machine()}")


class BuildKernels(build_ext):
    """Compiles the tiles once per instruction set, with its flags, and links them into their extension."""

    def run(self) -> None:
        try:
            super().run()
        except (CCompilerError, ExecError, PlatformError) as error:
            raise SystemExit(NO_COMPILER.format(reason=error)) from error

    def build_extensions(self) -> None:
        self.choose_compiler()
        super().build_extensions()

    def choose_compiler(self) -> None:
        """clang-cl in the place of MSVC's cl, where there is one: it has vectors, and MSVC links its objects."""
        self.msvc = self.compiler.compiler_type == "msvc"
        self.clang_cl = self.msvc and shutil.which("clang-cl")
        if self.clang_cl:
            if not self.compiler.initialized:
                self.compiler.initialize(self.plat_name)
            self.compiler.cc = self.clang_cl
            self.compiler.compile_options.remove("/GL")  # intermediate code of cl's own
            self.compiler.compile_options.append(f"--target={CLANG_PROCESSORS[self.plat_name]}-pc-windows-msvc")
        elif self.msvc:
            self.warn("no clang-cl on PATH, and MSVC has no vectors: these kernels will be slow. LLVM has clang-cl.")

    def build_extension(self, ext: Extension) -> None:
        ext.extra_compile_args = self.flags([], [])
        ext.extra_link_args = [] if self.msvc else UNIX_LINK_FLAGS
        ext.extra_objects += self.compile_tiles(ext)
        super().build_extension(ext)

    def compile_tiles(self, ext: Extension) -> list[str]:
        family = os.environ["ARCHFLAGS"].split()[-1] if sys.platform == "darwin" else self.plat_name.rpartition("-")[2]
        objects: list[str] = []
        for isa, flags in INSTRUCTION_SETS.get(family, OTHER).items():
            objects += self.compiler.compile(
                [f"{TILES}/{source}" for source in EXTENSIONS[ext.name.removeprefix(f"{PACKAGE}.")]],
                output_dir=str(Path(self.build_temp, isa)),
                macros=[("NK_ISA", isa)],
                extra_postargs=self.flags(*flags),
                depends=ext.depends,
            )
        return objects

    def flags(self, unix_flags: list[str], msvc_flags: list[str]) -> list[str]:
        """clang-cl is given Clang's flags: MSVC's /fp:contract has it make no FMA at all."""
        if self.msvc and not self.clang_cl:
            return MSVC_FLAGS + msvc_flags
        return [f"/clang:{flag}" if self.clang_cl else flag for flag in UNIX_FLAGS + unix_flags]


def extensions() -> list[Extension]:
    from Cython.Build import cythonize

    tiles = [str(path) for path in Path(TILES).iterdir()]
    modules = [
        Extension(
            f"{PACKAGE}.{name}", [f"{SOURCES}/{name.replace('.', '/')}.pyx"], include_dirs=[SOURCES], depends=tiles
        )
        for name in EXTENSIONS
    ]
    return cythonize(modules, build_dir="build/cython", compiler_directives=DIRECTIVES, include_path=["src"])


def main() -> None:
    wanted = os.environ.get("NOGIL_KERNELS_BUILD", "compiled")
    if wanted not in ("compiled", "pure"):
        raise SystemExit(f"NOGIL_KERNELS_BUILD={wanted}: say compiled (the default) or pure")
    setup(ext_modules=extensions() if wanted == "compiled" else [], cmdclass={"build_ext": BuildKernels})


main()
