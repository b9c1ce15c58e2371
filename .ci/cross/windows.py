"""Windows: wheels for both processors; that for AMD64 is executed under Wine, by CPython's own python311.dll.

The DLL and its extension modules are those that Panda3D's wheel carries to freeze programs with; python.exe is three
lines that call Py_Main; the standard library is that of the Python which runs this, whose version has to be the same.
"""

import functools
import shutil
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import linux
import pefile
from downloads import PYTHON, debian, python_source, wheels
from parts import Outcome, passed, run, scratch
from zig import ZIG, Target, build, copy_of_tree, site_with, zig_version

DLL = f"python{PYTHON.replace('.', '')}"
PROCESSORS = {"amd64": ("x86_64", "i386:x86-64"), "arm64": ("aarch64", "arm64")}
# Wine 8 lacks C99's complex functions, which NumPy 2 calls for complex64.
PACKAGES = ("numpy < 2", "pytest", "hypothesis", "colorama")

PYTHON_EXE = """
#include <wchar.h>
__declspec(dllimport) int Py_Main(int argc, wchar_t **argv);
int wmain(int argc, wchar_t **argv) { return Py_Main(argc, argv); }
"""

# clang-cl without Microsoft's headers: Clang has its own but for these three functions.
STRING_H = """
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int strcmp(const char *a, const char *b);
"""
CL_FLAGS = ("/nologo", "/c", "/O2", "/std:c11", "/fp:contract", "/Zl", "/clang:-ffreestanding")
CL_ARCH = {"portable": (), "avx2": ("/arch:AVX2",), "avx512": ("/arch:AVX512",), "neon": ()}


def linked(machine: str) -> Callable[[Outcome], None]:
    """The wheel for one processor, not executed."""

    def part(outcome: Outcome) -> None:
        build(target(machine), outcome, copy_of_tree())

    return part


def target(machine: str) -> Target:
    """zig has MinGW's headers, whose long double is not Microsoft's: it is told to take that."""
    source = python_source()
    processor, _ = PROCESSORS[machine]
    long_double = ("-mlong-double-64",) if machine == "amd64" else ()
    return Target(
        f"{processor}-windows-gnu",
        f"win-{machine}",
        f".cp{PYTHON.replace('.', '')}-win_{machine}.pyd",
        ("-DMS_WIN64", "-I", source / "Include", "-I", source / "PC", *long_double),
        (import_library(machine),),
    )


def panda3d() -> Path:
    return wheels("windows-panda3d", ["win_amd64"], "panda3d") / "deploy_libs"


def import_library(machine: str) -> Path:
    """What a linker has to know of Python's DLL: the names that it exports, on either processor the same."""
    dll = pefile.PE(panda3d() / f"{DLL}.dll", fast_load=True)
    dll.parse_data_directories(directories=[pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_EXPORT"]])
    names = [symbol.name.decode() for symbol in dll.DIRECTORY_ENTRY_EXPORT.symbols if symbol.name]
    folder = scratch()
    definition, library = folder / f"{DLL}.def", folder / f"{DLL}.lib"
    definition.write_text("\n".join([f"LIBRARY {DLL}.dll", "EXPORTS", *names, ""]))
    run(*ZIG, "dlltool", "-m", PROCESSORS[machine][1], "-d", definition, "-l", library)
    return library


@functools.cache
def built_for_amd64() -> tuple[Target, Path, Path]:
    """The target, the tree that it was built in, and a site-packages with the wheel: two parts share them."""
    tree, windows = copy_of_tree(), target("amd64")
    return windows, tree, site_with(build(windows, Outcome(""), tree), packages())


def amd64(outcome: Outcome) -> None:
    """The wheel of zig's MinGW target under Wine, on every instruction set of this machine."""
    windows, tree, site = built_for_amd64()
    outcome.built_with, outcome.linked = f"{zig_version()}, {windows.triple}", "yes"
    outcome.ran = tests_under_wine(outcome, site, tree)


def clang_cl(outcome: Outcome) -> None:
    """The same with tiles that clang-cl compiled, for Microsoft's ABI, with MSVC's flags of setup.py."""
    windows, tree, mingw = built_for_amd64()
    outcome.built_with = f"tiles: {clang_cl_version()}; modules: {zig_version()}, {windows.triple}"
    tiles = compile_by_clang_cl(tree, "x86_64", ("portable", "avx2", "avx512"))
    site = scratch() / "site-packages"
    shutil.copytree(mingw, site)
    (modules,) = tree.glob("build/temp.*/build/cython/src/nogil_kernels/compiled")
    module = site / "nogil_kernels/compiled" / f"isa{windows.suffix}"
    run(*ZIG, "cc", "-target", windows.triple, "-shared", "-o", module, modules / "isa.o", *tiles, *windows.link_flags)
    outcome.linked = "yes"
    outcome.ran = tests_under_wine(outcome, site, tree)


def clang_cl_arm64(outcome: Outcome) -> None:
    """The tiles for ARM64 as clang-cl compiles them: objects only."""
    compile_by_clang_cl(copy_of_tree(), "aarch64", ("portable", "neon"))
    outcome.built_with, outcome.linked = f"tiles: {clang_cl_version()}", "objects only"


def clang_cl_version() -> str:
    return f"clang-cl {run(*ZIG, 'clang', '--version').split()[2]}"


def compile_by_clang_cl(tree: Path, processor: str, isas: tuple[str, ...]) -> list[Path]:
    """Clang is inside zig; told by --driver-mode=cl it is clang-cl."""
    folder = scratch()
    (folder / "string.h").write_text(STRING_H)
    own = Path(run(sys.executable, "-c", "import ziglang; print(ziglang.__path__[0])").strip(), "lib", "include")
    cl = (*ZIG, "clang", "--driver-mode=cl", f"--target={processor}-pc-windows-msvc", *CL_FLAGS, "-imsvc", own)
    objects = []
    for isa in isas:
        for source in sorted((tree / "src/nogil_kernels/compiled/tiles").glob("*.c")):
            objects.append(folder / f"{source.stem}-{isa}.obj")
            run(*cl, "-imsvc", folder, *CL_ARCH[isa], f"-DNK_ISA={isa}", f"/Fo{objects[-1]}", source)
    return objects


def packages() -> Path:
    return wheels("windows-packages", ["win_amd64"], *PACKAGES)


def tests_under_wine(outcome: Outcome, site: Path, tree: Path) -> str:
    """The core of the tests on every instruction set that the kernels find there."""
    python = windows_python(site)
    ask = "from nogil_kernels import build_info as b; print(*b()['isas_available'])"
    isas = wine(python, "-c", ask, cwd=tree).split()
    outcome.executed = "Wine, AMD64"
    ran = []
    for isa in isas:
        variables = {"NOGIL_KERNELS_BACKEND": "compiled", "NOGIL_KERNELS_ISA": isa}
        output = wine(python, *linux.PYTEST, "-m", "kernels", "-k", "compiled", *linux.CORE, cwd=tree, **variables)
        ran.append(f"{isa}: {passed(output)}")
    return "; ".join(ran)


def windows_python(site: Path) -> Path:
    """A folder laid out as Python's on Windows."""
    folder = scratch()
    left_out = shutil.ignore_patterns("site-packages", "test")
    shutil.copytree(sysconfig.get_path("stdlib"), folder / "Lib", ignore=left_out)
    (folder / "Lib" / "site-packages").symlink_to(site)
    (folder / "DLLs").mkdir()
    for file in panda3d().iterdir():
        if file.suffix == ".pyd" or file.name.startswith(("libffi", "libcrypto", "libssl", "sqlite3")):
            shutil.copy(file, folder / "DLLs")
        elif file.name.lower().startswith(("python3", "vcruntime")):
            shutil.copy(file, folder)
    shutil.copy(zlib(wine_folder()), folder)
    (folder / "python.c").write_text(PYTHON_EXE)
    run(*ZIG, "cc", "-target", "x86_64-windows-gnu", "-municode", "-o", folder / "python.exe", folder / "python.c",
        import_library("amd64"))  # fmt: skip
    return folder / "python.exe"


def wine(*command: object, cwd: Path, **variables: str) -> str:
    """What a Windows program prints, in a prefix of Wine's that is made once for each run."""
    programs = wine_folder() / "usr/lib/wine"
    quiet = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}
    prefix = {"WINEPREFIX": str(scratch().parent / "wine-prefix")}
    return run(programs / "wine64", *command, cwd=cwd, **quiet, **prefix, **variables)


def wine_folder() -> Path:
    """Debian's Wine, where two things have to be found at other places than Debian's: wineserver and zlib."""
    folder = debian("wine", "amd64", "wine64", "libwine", "libz-mingw-w64", dependencies=False)
    server = folder / "usr/lib/wine/wineserver"  # a script that looks for another one below /
    if not server.is_symlink():
        server.unlink()
        server.symlink_to("wineserver64")
        shutil.copy(zlib(folder), folder / "usr/lib/x86_64-linux-gnu/wine/x86_64-windows")
    return folder


def zlib(wine_folder: Path) -> Path:
    """A DLL that Wine's user32.dll asks for, and looks for beside the program."""
    return wine_folder / "usr/x86_64-w64-mingw32/lib/zlib1.dll"
