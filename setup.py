"""The compiled part of the build: a table of extensions, a table of instruction sets, one build_ext.

Everything else stands in pyproject.toml.
"""

import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Sequence
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
    "own_gil.sum_of_squares": (),
    "own_gil.matmul": (),
}

# For NOGIL_KERNELS_BUILD=abi3: the limited API of 3.11, the first with buffers. own_gil/ is left out: that takes 3.12.
LIMITED_API = "0x030B0000"

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
# -fno-unroll-loops: Clang unrolls what it likes, a quarter of its code; what should be unrolled says NK_UNROLL.
# -g0: debug symbols would make up 80 % of the wheel.
UNIX_FLAGS = ["-std=c11", "-ffp-contract=fast", "-fno-math-errno", "-fno-unroll-loops", "-fvisibility=hidden"]
UNIX_FLAGS += ["-g0"]
if sys.platform != "win32":  # where neither is a choice: there exceptions need the tables
    # -fno-plt: calls to Python without a detour, and without the detours' code: 1 kB for each module.
    # Unwind tables are read by debuggers and profilers alone: 2 kB for each module.
    UNIX_FLAGS += ["-fno-plt", "-fno-asynchronous-unwind-tables"]
MSVC_FLAGS = ["/O2", "/std:c11", "/fp:contract"]
# Symbols in one table, not two, and no id by which to find debug symbols that nobody has.
UNIX_LINK_FLAGS = ["-Wl,-s,--hash-style=gnu,--build-id=none"] if sys.platform == "linux" else []
CLANG_PROCESSORS = {"win-amd64": "x86_64", "win-arm64": "aarch64", "win32": "i686"}

# What is not -O2, since a wheel may weigh 400 kB. -O3 makes code a third larger, and pays where the compiler has to
# find the vectors. -Os copies even 64 bytes by a loop of microcode: a 4 x 4 product by such a tile took 250 ns, not 90.
OPTIMISED = {
    "sum_of_squares.c": "-O3",
    "matmul": "-O3",  # 5 ns of 90
    "isa": "-Os",
    "own_gil.sum_of_squares": "-Os",
    "own_gil.matmul": "-Os",
}
# And what of Cython's there is an alternative to, where nobody counts nanoseconds: 2 kB for each module.
SMALL_CODE = {
    "CYTHON_FAST_THREAD_STATE": "0",
    "CYTHON_UNPACK_METHODS": "0",
    "CYTHON_USE_PYLONG_INTERNALS": "0",
    "CYTHON_USE_UNICODE_INTERNALS": "0",
}

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "auto_pickle": False,
    "autotestdict": False,
    "binding": False,  # builtin functions; Cython's own kind would add 7 kB to each module
    "embedsignature": True,
    "embedsignature.format": "clinic",  # what inspect.signature reads
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
    os.environ["ARCHFLAGS"] = os.environ.get("ARCHFLAGS") or f"-arch {platform.machine()}"
    if os.environ["ARCHFLAGS"].count("-arch") != 1:
        sys.exit(f"ARCHFLAGS={os.environ['ARCHFLAGS']}: name one processor, and build once for each")


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
        name = ext.name.removeprefix(f"{PACKAGE}.")
        ext.extra_compile_args = self.flags(name)
        if ext.py_limited_api:
            ext.define_macros = [("Py_LIMITED_API", LIMITED_API)]  # and not what isa.pyx asks for
        elif OPTIMISED.get(name) == "-Os":
            ext.define_macros += SMALL_CODE.items()
        ext.extra_link_args = [] if self.msvc else UNIX_LINK_FLAGS
        ext.extra_objects += self.compile_tiles(ext)
        super().build_extension(ext)

    def compile_tiles(self, ext: Extension) -> list[str]:
        family = os.environ["ARCHFLAGS"].split()[-1] if sys.platform == "darwin" else self.plat_name.rpartition("-")[2]
        objects: list[str] = []
        for isa, flags in INSTRUCTION_SETS.get(family, OTHER).items():
            for source in EXTENSIONS[ext.name.removeprefix(f"{PACKAGE}.")]:
                objects += self.compiler.compile(
                    [f"{TILES}/{source}"],
                    output_dir=str(Path(self.build_temp, isa)),
                    macros=[("NK_ISA", isa)],
                    extra_postargs=self.flags(source, *flags),
                )
        return objects

    def flags(self, part: str, unix_flags: Sequence[str] = (), msvc_flags: Sequence[str] = ()) -> list[str]:
        """clang-cl is given Clang's flags: MSVC's /fp:contract has it make no FMA at all."""
        if self.msvc and not self.clang_cl:
            return [*MSVC_FLAGS, *msvc_flags]
        flags = [*UNIX_FLAGS, OPTIMISED.get(part, "-O2"), *unix_flags]
        return [f"/clang:{flag}" for flag in flags] if self.clang_cl else flags


def extensions(abi3: bool) -> list[Extension]:
    from Cython.Build import cythonize

    tiles = [str(path) for path in Path(TILES).iterdir()]
    modules = [
        Extension(
            f"{PACKAGE}.{name}",
            [f"{SOURCES}/{name.replace('.', '/')}.pyx"],
            include_dirs=[SOURCES],
            depends=tiles,
            py_limited_api=abi3,
        )
        for name in EXTENSIONS
        if not (abi3 and name.startswith("own_gil."))
    ]
    return cythonize(modules, build_dir="build/cython", compiler_directives=DIRECTIVES, include_path=["src"])


def main() -> None:
    wanted = os.environ.get("NOGIL_KERNELS_BUILD", "compiled")
    if wanted not in ("compiled", "abi3", "pure"):
        raise SystemExit(f"NOGIL_KERNELS_BUILD={wanted}: say compiled (the default), abi3 or pure")
    abi3 = wanted == "abi3"
    if abi3 and sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise SystemExit("NOGIL_KERNELS_BUILD=abi3: no stable ABI serves this free-threaded Python; leave it unset")
    setup(
        ext_modules=[] if wanted == "pure" else extensions(abi3),
        cmdclass={"build_ext": BuildKernels},
        options={"bdist_wheel": {"py_limited_api": "cp311"}} if abi3 else {},
    )


main()
