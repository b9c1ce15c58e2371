"""Build the extensions: a table of extensions, a table of instruction sets, and a build_ext that compiles them."""

import copy
import os
import platform
import re
import shlex
import shutil
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError, ExecError, PlatformError
from setuptools.modified import newer_group

PACKAGE = "src/nogil_kernels"

# Extension -> (C files compiled once per instruction set, C files compiled once)
INTERRUPTS = "compiled/shared/interrupts.c"
SUM_SOURCES = ["compiled/sum_of_squares/runs.c"], [INTERRUPTS]
MATMUL_SOURCES = (
    ["compiled/matmul/tiles.c", "compiled/matmul/narrow.c"],
    [INTERRUPTS, "compiled/matmul/long_double.c"],
)
EXTENSIONS = {
    "compiled/isa/isa": ([], []),
    "compiled/sum_of_squares/sum_of_squares": SUM_SOURCES,
    "compiled/matmul/matmul": MATMUL_SOURCES,
    "compiled/subinterpreters/sum_of_squares": SUM_SOURCES,  # the kernels again, for interpreters with their own GIL
    "compiled/subinterpreters/matmul": MATMUL_SOURCES,
    "measure/limits": (["measure/loops.c"], [INTERRUPTS]),
    "gil/sampler": ([], ["gil/watch.c", "gil/clocks.c"]),
}

# Processor family -> {instruction set: flags}. A compiler that is a script may add -march. -mno-sse3 removes all newer
# vector instructions from `portable`, and -mno-avx512f those of AVX-512 from `avx2`.
AVX2 = "-mno-avx512f -mavx2 -mfma -mf16c"
AVX512 = "-mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mf16c -mprefer-vector-width=512"
X86_64 = {"portable": "-mno-sse3", "avx2": AVX2, "avx512": AVX512}
AARCH64 = {"portable": "", "neon": ""}
FAMILIES = {"x86_64": X86_64, "amd64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}
# -march=..., -mcpu=..., and flags for single instructions, such as -mbmi2 or -msse4.1, but not -m64, -mtune=... or
# -mno-sse4. The user's are dropped for files that are compiled per instruction set. Otherwise they would put
# instructions of newer processors into `portable`.
INSTRUCTION_FLAG = re.compile(r"-m((arch|cpu)=.*|(?!llvm|\d\d)\w[\w.]*(-\d+)?)")

# -ffp-contract=fast: otherwise -std=c11 stops GCC from using FMAs, and the kernels are half as fast. -g0: Python's
# flags often include -g, and debug information is 80 % of a wheel. CFLAGS=-g overrides -g0.
FLAGS = "-std=c11 -g0 -ffp-contract=fast -fno-math-errno -fvisibility=hidden"
# Frame pointers let profilers and debuggers unwind the stack through a kernel (PEP 831). Windows uses tables instead.
FRAME_POINTERS = "" if sys.platform == "win32" else "-fno-omit-frame-pointer -mno-omit-leaf-frame-pointer"
MSVC_FLAGS = "/O2 /std:c11 /fp:contract"
MSVC_INSTRUCTION_SETS = {"avx2": "/arch:AVX2", "avx512": "/arch:AVX512"}

# binding=False makes builtin functions, the fastest to call. inspect.signature can read the signature format "clinic".
DISABLED_DIRECTIVES = ("binding", "boundscheck", "wraparound", "initializedcheck", "auto_pickle", "autotestdict")
DIRECTIVES = dict.fromkeys(DISABLED_DIRECTIVES, False) | {"language_level": 3, "cdivision": True}
DIRECTIVES |= {"embedsignature": True, "embedsignature.format": "clinic"}

# The user's flags. In setuptools, CC, CFLAGS and LDSHARED replace those of Python. CPPFLAGS and LDFLAGS are added.
VARIABLES = ("CC", "CPPFLAGS", "CFLAGS", "LDSHARED", "LDFLAGS")
USER_FLAGS = {name: os.environ.get(name, sysconfig.get_config_var(name) or "") for name in VARIABLES}
# Flags with which the compiler rounds differently, deletes the error terms of compensated sums, or assumes that no
# number is NaN, infinite or -0. With -Ofast, -ffast-math and -funsafe-math-optimizations, GCC before version 13 also
# links code that flushes subnormals to zero in the whole process. vector.h checks macros: a script may add flags.
INEXACT_FLAG = re.compile(
    r"-Ofast|-f(fast-math|unsafe-math-optimizations|associative-math|reciprocal-math|finite-math-only|no-signed-zeros|"
    r"no-honor-(nans|infinities)|single-precision-constant|approx-func|denormal-fp-math.*=.*(sign|zero).*)|"
    r"-ff?p-model=(fast|aggressive).*|-mfpmath=(?!sse$).*|-mdaz-ftz|-mrecip.*|-mpc(32|64)"
)

FAILED = """
The build of nogil-kernels failed: {reason}
The compiler's messages are above.{flags}
If the C compiler or the headers of Python are missing, install both (Debian, Ubuntu: gcc python3-dev; Fedora: gcc
python3-devel; macOS: xcode-select --install; Windows: the C++ build tools of Visual Studio, and LLVM for fast kernels),
or set NOGIL_KERNELS_BUILD=pure to install the kernels in pure Python."""

if sys.platform == "darwin":  # a universal Python asks for two families, but an instruction set's flags fit one
    os.environ["ARCHFLAGS"] = os.environ.get("ARCHFLAGS") or f"-arch {platform.machine()}"
    if os.environ["ARCHFLAGS"].count("-arch") != 1:
        sys.exit(f"ARCHFLAGS={os.environ['ARCHFLAGS']} must name one family, like -arch arm64. Build once per family.")

BUILD = os.environ.get("NOGIL_KERNELS_BUILD") or "compiled"
if BUILD not in ("compiled", "abi3", "pure"):
    sys.exit(f"NOGIL_KERNELS_BUILD must be compiled (the default), abi3 or pure, got {BUILD!r}")
ABI3 = BUILD == "abi3"
if ABI3 and sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit("NOGIL_KERNELS_BUILD=abi3: this free-threaded Python has no stable ABI. Unset the variable.")
# compiled/shared/ndarrays.h reads ndarrays with inline functions of NumPy's headers. abi3 reads their buffers instead.
HEADERS, MACROS = [], [("Py_LIMITED_API", "0x030B0000")] if ABI3 else []
if find_spec("numpy") and not ABI3:
    import numpy

    HEADERS = [numpy.get_include()]
    MACROS = [(f"NPY_{macro}", "NPY_1_25_API_VERSION") for macro in ("TARGET_VERSION", "NO_DEPRECATED_API")]
    MACROS += [("NK_NUMPY_HEADERS", "1")]


def refuse_inexact_flags() -> None:
    """Exit with a message if the user's flags would make results wrong, or cannot be parsed."""
    for variable, text in USER_FLAGS.items():
        try:
            inexact = [flag for flag in shlex.split(text) if INEXACT_FLAG.fullmatch(flag)]
        except ValueError as error:
            sys.exit(f"{variable} must be words as in a shell, got {text!r}: {error}")
        if inexact:
            sys.exit(
                f"nogil-kernels cannot be built with {inexact[0]}: its results for infinities, NaN, tiny numbers and "
                f"long sums would be wrong. Remove {inexact[0]} from {variable}, which is {text!r}."
            )


class BuildKernels(build_ext):
    """Compile some C files once per instruction set, and link all their objects into the extension."""

    def run(self) -> None:
        try:
            super().run()
        except (CCompilerError, ExecError, PlatformError) as error:
            reason = re.sub(r"('\['[^']*').*\]", r"\1 ...]", str(error))  # the whole command is above
            variables = ", ".join(f"{name}={os.environ[name]!r}" for name in VARIABLES if name in os.environ)
            flags = f" The environment changes the command: {variables}. Try without them." if variables else ""
            raise SystemExit(FAILED.format(reason=reason, flags=flags)) from error

    def build_extensions(self) -> None:
        """Choose the instruction sets of the processor family. On Windows use clang-cl if it is installed."""
        family = os.environ["ARCHFLAGS"].split()[-1] if sys.platform == "darwin" else self.plat_name.rpartition("-")[2]
        self.family_is_known, self.instruction_sets = family in FAMILIES, FAMILIES.get(family, {"portable": ""})
        self.msvc = self.compiler.compiler_type == "msvc"
        self.clang_cl = self.msvc and shutil.which("clang-cl")
        if self.clang_cl:  # cl has no GNU vector types, and MSVC's linker accepts clang-cl's objects
            self.compiler.initialize(self.plat_name)
            self.compiler.cc = self.clang_cl
            self.compiler.compile_options.remove("/GL")  # clang-cl cannot make the intermediate code of /GL
            processor = self.plat_name.removeprefix("win-").replace("win32", "i686")
            self.compiler.compile_options.append(f"--target={processor}-pc-windows-msvc")
        elif self.msvc:
            self.warn("the kernels will be slow: MSVC has no GNU vector types. Install LLVM, and add clang-cl to PATH.")
        # setuptools compares only the dates of files. Flags and macros that changed are a reason to build again, too.
        settings, stamp = ascii((USER_FLAGS, MACROS)), Path(self.build_temp, "settings")
        if not stamp.exists() or stamp.read_text() != settings:
            self.force = True
            stamp.unlink(missing_ok=True)  # if this build fails, the next one compiles everything, too
        self.parallel = self.parallel or os.cpu_count()
        # Compile these first: extensions share the objects, and would compile some of them twice at the same time.
        objects = sorted({item for ext in self.extensions for item in self.objects_of(ext)})
        with ThreadPoolExecutor(self.parallel) as pool:
            self.objects = dict(zip(objects, pool.map(self.compile, *zip(*objects, strict=True)), strict=True))
        super().build_extensions()
        stamp.write_text(settings)

    def copy_extensions_to_source(self) -> None:
        """Also delete older modules that Python prefers: it imports x.cpython-313.so if there is an x.abi3.so, too."""
        for ext in self.extensions:
            path = Path(self.get_ext_fullpath(ext.name))
            name, dot, suffix = path.name.partition(".")
            for other in EXTENSION_SUFFIXES[: EXTENSION_SUFFIXES.index(dot + suffix)]:
                path.with_name(name + other).unlink(missing_ok=True)
        super().copy_extensions_to_source()

    def objects_of(self, ext: Extension) -> list[tuple[str, str]]:
        """Return the C file and the instruction set of each object. Files that are compiled once have the set ""."""
        per_isa, once = EXTENSIONS[ext.name.removeprefix("nogil_kernels.").replace(".", "/")]
        return [(source, isa) for source in per_isa for isa in self.instruction_sets] + [
            (source, "") for source in once
        ]

    def build_extension(self, ext: Extension) -> None:
        # A `# distutils:` line adds a macro for subinterpreters. abi3 builds do not support these, so they drop it.
        ext.define_macros = [*([] if ABI3 else ext.define_macros), *MACROS]
        ext.extra_compile_args = self.flags()
        ext.extra_objects = [self.objects[item] for item in self.objects_of(ext)]
        super().build_extension(ext)

    def compile(self, source: str, isa: str) -> str:
        """Compile a C file, if it or one of its headers is newer than the object; return the object."""
        compiler, folder = copy.copy(self.compiler), str(Path(self.build_temp, isa))
        if isa and not self.msvc:
            compiler.compiler_so = self.without_instruction_flags(compiler.compiler_so)
        (path,) = compiler.object_filenames([f"{PACKAGE}/{source}"], output_dir=folder)
        if self.force or newer_group(inputs(source), path):
            macros = [("NK_ISA", isa)] if isa else MACROS
            compiler.compile([f"{PACKAGE}/{source}"], folder, macros, extra_postargs=self.flags(isa))
        return path

    def without_instruction_flags(self, flags: list[str]) -> list[str]:
        """Return flags for every instruction set. A family without a table keeps the user's."""
        return [flag for flag in flags if not (self.family_is_known and INSTRUCTION_FLAG.fullmatch(flag))]

    def flags(self, isa: str = "") -> list[str]:
        """Return FLAGS, CFLAGS, -fPIC and the flags of the instruction set. Later flags override earlier ones."""
        if self.msvc and not self.clang_cl:
            return [*MSVC_FLAGS.split(), *MSVC_INSTRUCTION_SETS.get(isa, "").split()]
        cflags = os.environ.get("CFLAGS", "")
        level = "-O3" if isa else "-O2"  # -O3 vectorizes loops in C, but makes short calls of Cython modules slower
        flags = shlex.split(f"{level} {FLAGS} {FRAME_POINTERS if self.family_is_known else ''} {cflags}")
        flags = self.without_instruction_flags(flags) if isa else flags
        flags += (sysconfig.get_config_var("CCSHARED") or "").split()  # CFLAGS may have -fPIE, which is for programs
        flags += self.instruction_sets.get(isa, "").split()
        return [f"/clang:{flag}" for flag in flags] if self.clang_cl else flags  # with MSVC's flags, no FMAs


def inputs(*files: str) -> list[str]:
    """Return these files, the headers that they may include, and this file, which has the flags."""
    folders = {"compiled/isa", "compiled/shared", *map(os.path.dirname, files)}
    headers = [str(path) for folder in sorted(folders) for path in sorted(Path(PACKAGE, folder).glob("*.h"))]
    return [*(f"{PACKAGE}/{file}" for file in files), *headers, "setup.py"]


def extensions() -> list[Extension]:
    from Cython.Build import cythonize

    common_settings = {"include_dirs": [PACKAGE, *HEADERS], "py_limited_api": ABI3}
    modules = [
        Extension(
            f"nogil_kernels.{name.replace('/', '.')}",
            [f"{PACKAGE}/{name}.pyx"],
            depends=inputs(f"{name}.pyx", *per_isa, *once),
            **common_settings,
        )
        for name, (per_isa, once) in EXTENSIONS.items()
        if not (ABI3 and name.startswith(("compiled/subinterpreters", "gil")))  # these are for one version of CPython
    ]
    return cythonize(modules, build_dir="build/cython", compiler_directives=DIRECTIVES, include_path=["src"])


if BUILD != "pure":
    refuse_inexact_flags()
setup(
    ext_modules=[] if BUILD == "pure" else extensions(),
    cmdclass={"build_ext": BuildKernels},
    # abi3 has its own build folder, so that its wheel has no modules of a build for one version.
    options={"bdist_wheel": {"py_limited_api": "cp311"}, "build": {"build_base": "build/abi3"}} if ABI3 else {},
)
