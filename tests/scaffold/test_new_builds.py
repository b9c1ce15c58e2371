"""Build projects that `new` created, and run their tests: one per kernel, of which one has SIMD.

NOGIL_KERNELS_TEST=every builds all variants. `nox -s new` does so on every Python.
"""

import functools
import io
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig

import pytest
from support import EVERY_TEST

from nogil_kernels.scaffold.answers import KERNELS

ALL = [(kernel, simd) for simd in (False, True) for kernel in KERNELS]
# Each file of the template is in one of these two variants.
VARIANTS = ALL if EVERY_TEST else [("reduction", False), ("elementwise", True)]
each_variant = pytest.mark.parametrize(("kernel", "simd"), VARIANTS)
one_variant = pytest.mark.parametrize(("kernel", "simd"), VARIANTS if EVERY_TEST else VARIANTS[-1:])  # for long tests
NAME = {"reduction": "sum_of_squares", "elementwise": "polyval"}


def run(folder, *arguments, **variables):
    """Run Python in `folder` with its `src` first on the path, and return the output. It must succeed."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("NOGIL_KERNELS_", "PYTHON"))}
    own = {name: value for name, value in own.items() if name not in ("CFLAGS", "LDFLAGS")} | variables
    process = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**own, "PYTHONPATH": str(folder / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stdout
    return process.stdout


def build(folder, *options, **variables):
    run(folder, "setup.py", "-q", "build_ext", "--inplace", *options, **variables)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return built(kernel, simd), which creates and builds a project once, and returns its folder."""
    for module, version in {"setuptools": "80", "Cython": "3.3"}.items():
        reason = f"{module} >= {version} is not installed: pip install -e '.[packaging]'"
        pytest.importorskip(module, version, reason=reason)

    @functools.cache
    def create(kernel, simd):
        folder = tmp_path_factory.mktemp("built") / "fast-hash"
        options = ["--kernel", kernel, *(["--simd"] if simd else []), "--into", folder]
        command = [sys.executable, "-m", "nogil_kernels", "new", "fast-hash", *options]
        subprocess.run(command, check=True, capture_output=True)
        build(folder)
        return folder

    return create


@one_variant
def test_a_project_passes_its_own_tests(built, kernel, simd):
    output = run(built(kernel, simd), "-m", "pytest", "-p", "no:cacheprovider")
    assert int(re.search(r"(\d+) passed", output)[1]) > 20
    assert "failed" not in output


@each_variant
def test_modules_are_compiled_in_place(built, kernel, simd):
    modules = list((built(kernel, simd) / "src/fast_hash").glob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}"))
    assert len(modules) == 1 + simd  # isa is the second one


@one_variant
def test_benchmarks_compare_three_ways_and_numpy(built, kernel, simd):
    output = run(built(kernel, simd), "bench/beside_numpy.py")
    lines = re.findall(r"^(\w+\.)?(\w+)\(.*\) +\d+\.\d{3} ns per element$", output, re.MULTILINE)
    assert lines[:2] == [("", NAME[kernel]), ("np.", "sum" if kernel == "reduction" else "polyval")]
    output = run(built(kernel, simd), "bench/held_vs_released.py")
    ways = re.findall(r"^(pure Python|GIL held|GIL released) .*\d+\.\d\dx$", output, re.MULTILINE)
    assert ways == ["pure Python", "GIL held", "GIL released"]


@each_variant
def test_metadata_have_the_version_of_the_package(built, kernel, simd):
    code = "import fast_hash; print(fast_hash.__version__)"
    assert run(built(kernel, simd), "setup.py", "--version") == run(built(kernel, simd), "-c", code) == "0.1.0\n"


@each_variant
def test_a_project_does_not_need_this_package_or_numpy(built, kernel, simd):
    blocked = "import sys; sys.modules['nogil_kernels'] = sys.modules['numpy'] = None; import fast_hash; "
    assert "fast-hash" in run(built(kernel, simd), "-c", blocked + "print(fast_hash.__file__)")


@pytest.mark.parametrize("error", ["AttributeError", "SystemError", "TypeError", "ValueError"])
def test_modules_of_two_builds_are_an_import_error_with_a_remedy(built, error):
    code = f"""
import importlib
def import_module(*name):
    raise {error}("C function has wrong signature")
importlib.import_module = import_module
import fast_hash
"""
    with pytest.raises(AssertionError, match="ImportError: C function has wrong signature"):
        run(built("reduction", False), "-c", code)


def elf(folder):
    """Return the module `kernels` of a project, read by pyelftools."""
    from elftools.elf import elffile

    (module,) = (folder / "src/fast_hash").glob(f"kernels{sysconfig.get_config_var('EXT_SUFFIX')}")
    return elffile.ELFFile(io.BytesIO(module.read_bytes()))


MOV_FRAME_POINTER = {"x64": bytes.fromhex("4889e5"), "AArch64": bytes.fromhex("fd030091")}


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF")
@each_variant
def test_the_users_flags_win_and_frame_pointers_are_kept(built, tmp_path, kernel, simd):
    """CFLAGS and LDFLAGS add symbols, debug information and a build id. Unwind tables exist without them too."""
    pytest.importorskip("elftools", reason="pyelftools is not installed: see the extra packaging")
    folder = shutil.copytree(built(kernel, simd), tmp_path / "fast-hash")
    plain = {section.name for section in elf(folder).iter_sections()}
    assert ".eh_frame" in plain
    assert plain & {".symtab", ".debug_info"} == set()
    build(folder, "--force", CFLAGS="-g", LDFLAGS="-Wl,--build-id=0xc0ffee")
    module = elf(folder)
    assert module.get_section_by_name(".debug_info")
    (note,) = module.get_section_by_name(".note.gnu.build-id").iter_notes()
    assert note["n_desc"] == "c0ffee"
    name = NAME[kernel] if simd else f"__pyx_f_9fast_hash_7kernels_{NAME[kernel]}_nogil"
    loops = module.get_section_by_name(".symtab").get_symbol_by_name(name)
    if module.get_machine_arch() not in MOV_FRAME_POINTER:
        pytest.skip("passed so far; MOV_FRAME_POINTER lacks this processor")
    assert len(loops) >= 1 + simd
    for loop in loops:
        module.stream.seek(next(module.address_offsets(loop["st_value"])))
        assert MOV_FRAME_POINTER[module.get_machine_arch()] in module.stream.read(loop["st_size"])


@pytest.mark.skipif(sys.platform == "win32", reason="MSVC takes other flags, and setuptools gives it none of CFLAGS")
@pytest.mark.parametrize(
    ("variable", "flag", "reason"),
    [
        ("CFLAGS", "-ffast-math", "-ffast-math gives other results for NaN"),
        ("CPPFLAGS", "-ffinite-math-only", "-ffast-math gives other results for NaN"),
        (
            "LDFLAGS",
            "-ffast-math",
            "LDFLAGS or LDSHARED has -ffast-math: before GCC 13, it turns tiny numbers to zero",
        ),
        ("LDSHARED", "gcc -shared -Ofast", "LDFLAGS or LDSHARED has -Ofast"),
    ],
)
def test_fast_math_stops_the_build_with_a_reason(built, tmp_path, variable, flag, reason):
    folder = shutil.copytree(built("reduction", False), tmp_path / "fast-hash")
    with pytest.raises(AssertionError, match=reason):
        build(folder, "--force", **{variable: flag})


@pytest.mark.skipif(
    platform.machine() != "x86_64" or sys.platform == "win32", reason="flags of GCC and Clang for x86-64"
)
def test_flags_of_an_instruction_set_replace_those_of_the_user(built, tmp_path):
    """With -march=native, -mavx512f and -mbmi2, the portable object has no AVX or BMI2: a macro would stop the build.

    CFLAGS also has -fPIE, with which objects of programs are compiled, but not those of modules.
    """
    folder = shutil.copytree(built("elementwise", True), tmp_path / "fast-hash")
    file = folder / "src/fast_hash/simd.c"
    newer = "(defined(__AVX__) || defined(__BMI2__))"
    check = f"#define IS_portable 1\n#if PASTE(IS, ISA) && {newer}\n#error not portable\n#endif\n"
    file.write_text(f'#include "simd.h"\n{check}{file.read_text(encoding="utf-8")}', encoding="utf-8")
    build(folder, "--force", CFLAGS="-march=native -mavx512f -mbmi2 -fPIE")
    run(folder, "-m", "pytest", "-p", "no:cacheprovider", "tests/test_kernels.py", FAST_HASH_ISA="portable")


STEP = re.compile(
    r"(?P<how>Append to|A new file,|In) `(?P<path>[^`]+)`"
    r"(?:, (?P<where>\w+)(?: the line| place of) `(?P<what>[^`]+)`)?:"
    r"\n\n```\w+\n(?P<code>.*?)```\n",
    re.DOTALL,
)


def with_code(text, where, what, code):
    """Return `text` with `code` after or before the line `what`, or in place of the function `what`."""
    if where == "in":
        function = re.compile(rf"^cdef \w+ {what}\(.*?\n(?=\n\n)", re.DOTALL | re.MULTILINE)
        changed, times = function.subn(lambda _: code, text)
    else:
        both = f"{what}\n{code}" if where == "after" else f"{code}{what}\n"
        changed, times = text.replace(f"{what}\n", both), text.count(f"{what}\n")
    assert times == 1, f"{what}: {times} times"
    return changed


def follow(document, folder):
    """Apply a document's blocks of code to the files named above them, and return its commands."""
    paths = []
    for step in STEP.finditer(document):
        file, code = folder / step["path"], step["code"]
        assert file.exists() == (step["how"] != "A new file,"), file
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if step["how"] == "Append to":
            code = f"{text}\n\n{code}"
        elif step["how"] == "In":
            code = with_code(text, step["where"], step["what"], code)
        file.write_text(code, encoding="utf-8")
        paths.append(step["path"])
    assert len(paths) == document.count("\n```\n") > 4, f"a block of code without a file: {paths}"
    words = re.sub(r"```.*?```", "", document, flags=re.DOTALL)
    return [command for line in re.findall(r"^    (.+)$", words, re.MULTILINE) for command in line.split(" && ")]


def require_scripts(*names):
    """Skip the test, before it builds anything, if a program is not installed in this environment."""
    for name in names:
        if shutil.which(name, path=sysconfig.get_path("scripts")) is None:
            pytest.skip(f"{name} is not installed: pip install -e '.[dev]'")


@pytest.mark.parametrize(("kernel", "simd"), ALL if EVERY_TEST else ALL[:1])
def test_the_documented_steps_add_a_kernel_of_any_name(built, tmp_path, kernel, simd):
    """Only ruff, which sorts imports, distinguishes names. So the first name is only linted, not built and tested."""
    require_scripts("ruff", "cython-lint", "mypy")
    for name in ("aaa", "zzz"):
        folder = shutil.copytree(built(kernel, simd), tmp_path / name)
        document = (folder / "docs/add_a_kernel.md").read_text(encoding="utf-8")
        commands = follow(document.replace("add_scaled", name).replace("ADD_SCALED", name.upper()), folder)
        install, *others = map(shlex.split, commands)
        assert install == ["pip", "install", "-e", ".[dev]"]
        if name == "aaa":
            others = [command for command in others if command[0] == "ruff"]
            assert len(others) == 2
        else:
            build(folder)
        for program, *arguments in others:
            if program == "python":
                run(folder, *arguments)
            else:
                run(folder, "-m", program.replace("cython-lint", "cython_lint.cython_lint"), *arguments)


@pytest.mark.skipif(not EVERY_TEST, reason="builds and tests twice, in 20 seconds: set NOGIL_KERNELS_TEST=every")
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_documented_steps_move_a_loop_to_c(built, tmp_path, kernel):
    """Then its tests run on every instruction set: an error in one of them fails a test."""
    folder = shutil.copytree(built(kernel, True), tmp_path / "fast-hash")
    for document in ("docs/add_a_kernel.md", "docs/simd.md"):
        follow((folder / document).read_text(encoding="utf-8"), folder)
    build(folder)
    run(folder, "-m", "pytest", "-p", "no:cacheprovider")
    if run(folder, "-c", "from fast_hash import isa; print(*isa.available)").split() == ["portable"]:
        pytest.skip("passed so far; this machine has no other instruction set")
    file = folder / "src/fast_hash/simd.c"
    loop = "    for (ptrdiff_t i = 0; i < n; i++) out[i] = x[i] +"
    before, loop, after = file.read_text(encoding="utf-8").partition(loop)
    file.write_text(f"{before}#ifndef __AVX2__\n    n = 0;\n#endif\n{loop}{after}", encoding="utf-8")
    build(folder)
    with pytest.raises(AssertionError, match=r"FAILED tests/test_isas\.py"):
        run(folder, "-m", "pytest", "-p", "no:cacheprovider", "-x", "tests/test_isas.py")
