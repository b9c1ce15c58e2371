"""The compiled part of the build: a table of extensions, a table of instruction sets, one build_ext.

Beside it, the archive of the template that `nogil-kernels new` copies. Everything else stands in pyproject.toml.
"""

import os
import platform
import runpy
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import CCompilerError, ExecError, PlatformError

PACKAGE = "nogil_kernels.compiled"
SOURCES = "src/nogil_kernels/compiled"
TILES = f"{SOURCES}/tiles"
SCAFFOLD = "src/nogil_kernels/scaffold"

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
INSTRUCTION_SETS = {"x86_64": X86_64, "x64": X86_64, "amd64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}

# -ffp-contract=fast: with -std=c11 GCC would not join a multiplication and an addition into one FMA, half the speed.
# -g0: debug symbols would make up 80 % of the wheel.
UNIX_FLAGS = ["-std=c11", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fvisibility=hidden", "-g0"]
MSVC_FLAGS = ["/O2", "/std:c11", "/fp:contract"]
UNIX_LINK_FLAGS = ["-Wl,-s"] if sys.platform == "linux" else []

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
"C++ build tools" of Visual Studio) and the headers of Python (python3-dev, python3-devel), or ask for the pure build:
    NOGIL_KERNELS_BUILD=pure pip install .
"""


def target_machine() -> str:
    """The processor family that is built for."""
    if sys.platform == "darwin":  # a universal Python would compile for two families at once; the tiles are for one
        return os.environ.setdefault("ARCHFLAGS", f"-arch {platform.machine()}").split()[-1]
    if sys.platform == "win32":
        return os.environ.get("VSCMD_ARG_TGT_ARCH", platform.machine()).lower()
    return platform.machine()


TARGET = target_machine()


class BuildKernels(build_ext):
    """Compiles the tiles once per instruction set, with its flags, and links them into their extension."""

    def run(self) -> None:
        try:
            super().run()
        except (CCompilerError, ExecError, PlatformError) as error:
            raise SystemExit(NO_COMPILER.format(reason=error)) from error

    def build_extension(self, ext: Extension) -> None:
        msvc = self.compiler.compiler_type == "msvc"
        common = MSVC_FLAGS if msvc else UNIX_FLAGS
        ext.extra_compile_args = common
        ext.extra_link_args = [] if msvc else UNIX_LINK_FLAGS
        name = ext.name.removeprefix(f"{PACKAGE}.")
        for isa, (unix_flags, msvc_flags) in INSTRUCTION_SETS.get(TARGET, OTHER).items():
            ext.extra_objects += self.compiler.compile(
                [f"{TILES}/{source}" for source in EXTENSIONS[name]],
                output_dir=str(Path(self.build_temp, isa)),
                macros=[("NK_ISA", isa)],
                extra_postargs=common + (msvc_flags if msvc else unix_flags),
                depends=ext.depends,
            )
        super().build_extension(ext)


class BuildModules(build_py):
    """Puts the template into the wheel, as one file: its modules are no part of this package."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:  # there `new` reads the folders
            archive = runpy.run_path(f"{SCAFFOLD}/archive.py")
            content = archive["pack"](archive["collect"](Path(SCAFFOLD)))
            Path(self.build_lib, SCAFFOLD.removeprefix("src/"), "template.zip").write_bytes(content)


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
    setup(
        ext_modules=extensions() if wanted == "compiled" else [],
        cmdclass={"build_ext": BuildKernels, "build_py": BuildModules},
    )


main()
