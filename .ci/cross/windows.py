"""Windows: wheels for both processors; that for AMD64 is executed under Wine, by CPython's own python311.dll.

The DLL and its extension modules are those that Panda3D's wheel carries to freeze programs with; python.exe is three
lines that call Py_Main; the standard library is that of the Python which runs this, whose version has to be the same.
"""

import functools
import os
import shutil
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import linux
import pefile
from downloads import PYTHON, debian, python_source, wheels
from parts import Outcome, run, scratch
from zig import ZIG, Target, build, copy_of_tree, site_with, words

COMPILE_TILES = Path(__file__).with_name("compile_tiles.py")
DLL = f"python{PYTHON.replace('.', '')}"
PROCESSORS = {"amd64": ("x86_64", "i386:x86-64"), "arm64": ("aarch64", "arm64")}
# Wine 8 lacks C99's complex functions, which NumPy 2 calls for complex64.
PACKAGES = ("numpy < 2", "pytest", "hypothesis", "colorama")

PYTHON_EXE = """
#include <wchar.h>
__declspec(dllimport) int Py_Main(int argc, wchar_t **argv);
int wmain(int argc, wchar_t **argv) { return Py_Main(argc, argv); }
"""

# What the tiles and Clang's own headers ask of Microsoft's, which are not to be had from a registry.
MICROSOFTS_HEADERS = {
    "string.h": """
        #include <stddef.h>
        void *memcpy(void *to, const void *from, size_t n);
        void *memset(void *to, int value, size_t n);
        int strcmp(const char *a, const char *b);
    """,
    "stdlib.h": "",
    "malloc.h": """
        #include <stddef.h>
        void *_aligned_malloc(size_t size, size_t alignment);
        void _aligned_free(void *block);
    """,
}


def part(machine: str) -> Callable[[Outcome], None]:
    """The wheel for one processor: modules from zig's MinGW target, tiles as setup.py has clang-cl compile them.

    That for AMD64 is executed, on every instruction set of this machine.
    """

    def of_machine(outcome: Outcome) -> None:
        windows, tree = target(machine), copy_of_tree()
        wheel = build(windows, outcome, tree)
        isa = link_tiles(windows, tree)
        outcome.built_with = f"{clang_cl_version()} (tiles), {outcome.built_with} (the rest)"
        if machine == "amd64":
            site = site_with(wheel, wheels("windows-packages", ["win_amd64"], *PACKAGES))
            shutil.copy(isa, site / "nogil_kernels/compiled")
            outcome.executed = "Wine, AMD64"
            python = functools.partial(wine, windows_python(site))
            _, isas = linux.build_info(python, tree)
            outcome.ran = linux.core_tests(python, isas, tree)

    return of_machine


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


def link_tiles(windows: Target, tree: Path) -> Path:
    """The module `isa` once more, with clang-cl's tiles, which have Microsoft's ABI and not MinGW's."""
    tiles = tiles_by_clang_cl(tree, windows.platform)
    (modules,) = tree.glob("build/temp.*/build/cython/src/nogil_kernels/compiled")
    isa = scratch() / f"isa{windows.suffix}"
    runtime = scratch() / "runtime.c"
    runtime.write_text("int _fltused = 1;")  # a mark of Microsoft's runtime that MinGW's has not
    zig = (*ZIG, "cc", "-target", windows.triple, "-shared", "-o", isa)
    run(*zig, runtime, modules / "isa.o", *tiles, *windows.link_flags)
    return isa


def clang_cl_version() -> str:
    return f"clang-cl {run(*ZIG, 'clang', '--version').split()[2]}"


def tiles_by_clang_cl(tree: Path, platform: str) -> list[Path]:
    """Clang is inside zig; told by --driver-mode=cl it is clang-cl, which setup.py looks for on PATH.

    /Zl, /GS-: the objects name none of Microsoft's libraries, nor the guard of the stack in them, which are not here.
    """
    headers, programs = scratch(), scratch()
    for name, text in MICROSOFTS_HEADERS.items():
        (headers / name).write_text(text)
    own = Path(run(sys.executable, "-c", "import ziglang; print(ziglang.__path__[0])").strip(), "lib", "include")
    options = words(*ZIG, "clang", "--driver-mode=cl", "/Zl", "/GS-", "-imsvc", own, "-imsvc", headers)
    (programs / "clang-cl").write_text(f'#!/bin/sh\nexec {options} "$@"\n')
    (programs / "clang-cl").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    objects = run(sys.executable, COMPILE_TILES, platform, cwd=tree, PATH=path).splitlines()
    return [tree / name for name in objects if name.endswith(".obj")]


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
