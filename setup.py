"""The compiled part of the build: a table of extensions, a table of instruction sets, one build_ext.

pyproject.toml has everything else.
"""

import os
import platform
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError, ExecError, PlatformError

PACKAGE = "src/nogil_kernels"

# Extension -> the C files that are compiled once per instruction set. subinterpreters/ builds both kernels again, for
# interpreters with their own GIL.
RUNS = ["compiled/sum_of_squares/runs.c"]
TILES = ["compiled/matmul/tiles.c", "compiled/matmul/narrow.c"]
EXTENSIONS = {
    "compiled/isa/isa": [],
    "compiled/sum_of_squares/sum_of_squares": RUNS,
    "compiled/matmul/matmul": TILES,
    "compiled/subinterpreters/sum_of_squares": RUNS,
    "compiled/subinterpreters/matmul": TILES,
    "measure/limits": ["measure/loops.c"],
}
# Module -> the C file that is compiled once for all of them.
ONCE = {"matmul": ["compiled/matmul/long_double.c"]}

# NOGIL_KERNELS_BUILD=abi3: the limited API of 3.11, the first with buffers. subinterpreters/ needs 3.12, so it is absent.
LIMITED_API = "0x030B0000"

# Processor family -> instruction set -> flags of GCC and Clang, flags of MSVC. They come last, after the flags of the
# person who builds: with -march=native in CFLAGS, the portable instance would otherwise not be portable.
X86_64 = {
    "portable": (["-march=x86-64"], []),
    "avx2": (["-march=x86-64", "-mavx2", "-mfma", "-mf16c"], ["/arch:AVX2"]),
    "avx512": (
        ["-march=x86-64", *["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma", "-mf16c"]]
        + ["-mprefer-vector-width=512"],
        ["/arch:AVX512"],
    ),
}
AARCH64 = {"portable": (["-march=armv8-a"], []), "neon": (["-march=armv8-a"], [])}
OTHER = {"portable": ([], [])}
INSTRUCTION_SETS = {"x86_64": X86_64, "amd64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}

# -ffp-contract=fast: with -std=c11 GCC does not fuse a multiplication and an addition into one FMA, half the speed.
# -g0: Python's own flags often ask for debug information, 80 % of a wheel. CFLAGS=-g brings it back.
UNIX_FLAGS = ["-std=c11", "-O3", "-g0", "-ffp-contract=fast", "-fno-math-errno", "-fvisibility=hidden"]
# Frame pointers, so that profilers and debuggers see through the kernels (PEP 831).
if sys.platform != "win32":
    UNIX_FLAGS += ["-fno-omit-frame-pointer"]
    if platform.machine() in ("x86_64", "aarch64", "arm64"):
        UNIX_FLAGS += ["-mno-omit-leaf-frame-pointer"]
MSVC_FLAGS = ["/O2", "/std:c11", "/fp:contract"]
CLANG_PROCESSORS = {"win-amd64": "x86_64", "win-arm64": "aarch64", "win32": "i686"}

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "auto_pickle": False,
    "autotestdict": False,
    "binding": False,  # builtin functions, which are the fastest to call
    "embedsignature": True,
    "embedsignature.format": "clinic",  # the format that inspect.signature reads
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
    """Compile the tiles once per instruction set, with its flags, and link them into their extension."""

    def run(self) -> None:
        try:
            super().run()
        except (CCompilerError, ExecError, PlatformError) as error:
            raise SystemExit(NO_COMPILER.format(reason=error)) from error

    def build_extensions(self) -> None:
        """Replace MSVC's cl by clang-cl where there is one: it has vectors, and MSVC links its objects."""
        self.msvc = self.compiler.compiler_type == "msvc"
        self.clang_cl = self.msvc and shutil.which("clang-cl")
        if self.clang_cl:
            if not self.compiler.initialized:
                self.compiler.initialize(self.plat_name)
            self.compiler.cc = self.clang_cl
            self.compiler.compile_options.remove("/GL")  # intermediate code that only cl reads
            self.compiler.compile_options.append(f"--target={CLANG_PROCESSORS[self.plat_name]}-pc-windows-msvc")
        elif self.msvc:
            self.warn("no clang-cl on PATH, and MSVC has no vectors: these kernels will be slow. LLVM has clang-cl.")
        super().build_extensions()

    def build_extension(self, ext: Extension) -> None:
        name = ext.name.removeprefix("nogil_kernels.").replace(".", "/")
        ext.extra_compile_args = self.flags()
        ext.extra_link_args = shlex.split(os.environ.get("LDFLAGS", ""))
        ext.extra_objects = [instance for source in EXTENSIONS[name] for instance in self.instances(source)]
        super().build_extension(ext)

    def instances(self, source: str) -> list[str]:
        """Compile one C file for each instruction set, and return the objects."""
        family = os.environ["ARCHFLAGS"].split()[-1] if sys.platform == "darwin" else self.plat_name.rpartition("-")[2]
        objects: list[str] = []
        for isa, flags in INSTRUCTION_SETS.get(family, OTHER).items():
            folder, macros = str(Path(self.build_temp, isa)), [("NK_ISA", isa)]
            objects += self.compiler.compile([f"{PACKAGE}/{source}"], folder, macros, extra_postargs=self.flags(*flags))
        return objects

    def flags(self, unix_flags: Sequence[str] = (), msvc_flags: Sequence[str] = ()) -> list[str]:
        """Return our flags, then the builder's, which win, then those of an instruction set."""
        if self.msvc and not self.clang_cl:
            return [*MSVC_FLAGS, *msvc_flags]
        flags = [*UNIX_FLAGS, *shlex.split(os.environ.get("CFLAGS", "")), *unix_flags]
        return [f"/clang:{flag}" for flag in flags] if self.clang_cl else flags  # with /fp:contract it makes no FMA


def numpy_headers() -> dict[str, list]:
    """Return the settings that let a kernel read an ndarray by the inline functions of NumPy's headers.

    No symbol of NumPy is linked, and NumPy 1.26 works at run time. Where NumPy has no wheels, and in the abi3 build,
    ndarrays are read by the buffer protocol.
    """
    try:
        import numpy
    except ImportError:
        return {}
    versions = [(f"NPY_{use}", "NPY_1_25_API_VERSION") for use in ("TARGET_VERSION", "NO_DEPRECATED_API")]
    return {"include_dirs": [PACKAGE, numpy.get_include()], "define_macros": [("NK_NUMPY_HEADERS", "1"), *versions]}


def extensions(abi3: bool) -> list[Extension]:
    from Cython.Build import cythonize

    settings = {"include_dirs": [PACKAGE], "define_macros": [("Py_LIMITED_API", LIMITED_API)]} if abi3 else {}
    settings = settings or numpy_headers() or {"include_dirs": [PACKAGE]}
    modules = [
        Extension(
            f"nogil_kernels.{name.replace('/', '.')}",
            [f"{PACKAGE}/{source}" for source in (f"{name}.pyx", *ONCE.get(Path(name).name, []))],
            depends=[str(path) for path in Path(PACKAGE).glob("[cm]*/**/*.[ch]")],
            py_limited_api=abi3,
            **settings,
        )
        for name in EXTENSIONS
        if not (abi3 and "subinterpreters" in name)
    ]
    return cythonize(modules, build_dir="build/cython", compiler_directives=DIRECTIVES, include_path=["src"])


def main() -> None:
    wanted = os.environ.get("NOGIL_KERNELS_BUILD", "compiled")
    if wanted not in ("compiled", "abi3", "pure"):
        raise SystemExit(f"NOGIL_KERNELS_BUILD={wanted}: set it to compiled (the default), abi3 or pure")
    abi3 = wanted == "abi3"
    if abi3 and sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise SystemExit("NOGIL_KERNELS_BUILD=abi3: this free-threaded Python has no stable ABI; unset the variable")
    # A folder of its own: the modules of an earlier build for one version must not get into the wheel for all.
    options = {"bdist_wheel": {"py_limited_api": "cp311"}, "build": {"build_base": "build/abi3"}} if abi3 else {}
    setup(
        ext_modules=[] if wanted == "pure" else extensions(abi3),
        cmdclass={"build_ext": BuildKernels},
        options=options,
    )


main()
