"""Projects that `new` made are built, and pass their own tests: one of each kind, and one with SIMD.

NOGIL_KERNELS_TEST=every builds all of them. `nox -s new` does that on every Python, in environments of their own.
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

from nogil_kernels.scaffold.answers import KERNELS

EVERY = [(kernel, simd) for simd in (False, True) for kernel in KERNELS]
KINDS = EVERY if os.environ.get("NOGIL_KERNELS_TEST") == "every" else EVERY[:3]


def run(folder, *arguments, **variables):
    """What Python prints in `folder`, whose `src` is the first place where it looks; it has to end well."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("NOGIL_KERNELS_", "PYTHON"))}
    ours = {name: value for name, value in ours.items() if name not in ("CFLAGS", "LDFLAGS")} | variables
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**ours, "PYTHONPATH": str(folder / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def build(folder, *options, **variables):
    run(folder, "setup.py", "-q", "build_ext", "--inplace", *options, **variables)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """built(kernel, simd): a project of that kind, built where it lies, once."""
    for module, version in {"setuptools": "80", "Cython": "3.3"}.items():
        pytest.importorskip(module, version, reason=f"{module} >= {version} is not here: pip install -e '.[packaging]'")

    @functools.cache
    def made_as(kernel, simd):
        folder = tmp_path_factory.mktemp("built") / "fast-hash"
        options = ["--kernel", kernel, *(["--simd"] if simd else []), "--into", folder]
        command = [sys.executable, "-m", "nogil_kernels", "new", "fast-hash", *options]
        subprocess.run(command, check=True, capture_output=True)
        build(folder)
        return folder

    return made_as


@pytest.mark.parametrize(("kernel", "simd"), KINDS)
def test_a_project_passes_its_own_tests(built, kernel, simd):
    said = run(built(kernel, simd), "-m", "pytest", "-p", "no:cacheprovider")
    assert int(re.search(r"(\d+) passed", said)[1]) > 20
    assert "failed" not in said


@pytest.mark.parametrize(("kernel", "simd"), KINDS)
def test_its_modules_are_compiled_where_they_lie(built, kernel, simd):
    modules = list((built(kernel, simd) / "src/fast_hash").glob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}"))
    assert len(modules) == 1 + simd  # and the one that chooses the instruction set


@pytest.mark.parametrize("kernel", KERNELS)
def test_its_benchmark_shows_three_ways(built, kernel):
    said = run(built(kernel, False), "bench/held_vs_released.py")
    assert re.findall(r"^(pure Python|GIL held|GIL released) .*\d+\.\d\dx$", said, re.MULTILINE) == [
        "pure Python",
        "GIL held",
        "GIL released",
    ]


@pytest.mark.parametrize("kernel", KERNELS)
def test_it_needs_nothing_of_this_package(built, kernel):
    """Imported where this package cannot be, its modules come from its own folder and from Python's."""
    blocked = "import sys; sys.modules['nogil_kernels'] = sys.modules['numpy'] = None; import fast_hash; "
    said = run(built(kernel, False), "-c", blocked + "print(fast_hash.__file__)")
    assert "fast-hash" in said


def elf(folder):
    """The module `kernels` of a project, as pyelftools reads it."""
    elffile = pytest.importorskip("elftools.elf.elffile", reason="pyelftools is not installed: see the extra packaging")
    (module,) = (folder / "src/fast_hash").glob(f"kernels{sysconfig.get_config_var('EXT_SUFFIX')}")
    return elffile.ELFFile(io.BytesIO(module.read_bytes()))


MOV_FRAME_POINTER = {"x64": bytes.fromhex("4889e5"), "AArch64": bytes.fromhex("fd030091")}


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF")
@pytest.mark.parametrize("simd", [False, True])
def test_the_flags_of_the_person_who_builds_win_and_profilers_find_their_way(built, tmp_path, simd):
    """Symbols, debug information and a build id where they are asked for; unwind tables and frame pointers always."""
    folder = shutil.copytree(built("reduction", simd), tmp_path / "fast-hash")
    plain = {section.name for section in elf(folder).iter_sections()}
    assert ".eh_frame" in plain
    assert plain & {".symtab", ".debug_info"} == set()
    build(folder, "--force", CFLAGS="-g", LDFLAGS="-Wl,--build-id=0xc0ffee")
    module = elf(folder)
    assert module.get_section_by_name(".debug_info")
    (note,) = module.get_section_by_name(".note.gnu.build-id").iter_notes()
    assert note["n_desc"] == "c0ffee"
    name = "sum_of_squares" if simd else "__pyx_f_9fast_hash_7kernels_sum_of_squares_nogil"
    loops = module.get_section_by_name(".symtab").get_symbol_by_name(name)
    if module.get_machine_arch() not in MOV_FRAME_POINTER:
        pytest.skip("up to there it works, but nobody has written here how this processor sets a frame pointer")
    assert len(loops) >= 1 + simd
    for loop in loops:
        module.stream.seek(next(module.address_offsets(loop["st_value"])))
        assert MOV_FRAME_POINTER[module.get_machine_arch()] in module.stream.read(loop["st_size"])


@pytest.mark.skipif(sys.platform == "win32", reason="MSVC takes other flags, and setuptools gives it none of CFLAGS")
def test_fast_math_stops_the_build_with_a_sentence(built, tmp_path):
    folder = shutil.copytree(built("reduction", False), tmp_path / "fast-hash")
    with pytest.raises(AssertionError, match="-ffast-math gives other results for NaN"):
        build(folder, "--force", CFLAGS="-ffast-math")


@pytest.mark.skipif(
    platform.machine() != "x86_64" or sys.platform == "win32", reason="flags of GCC and Clang for x86-64"
)
def test_flags_of_an_instruction_set_come_last(built, tmp_path):
    """-march=native leaves the portable instance portable: the macro of AVX would stop the build."""
    folder = shutil.copytree(built("reduction", True), tmp_path / "fast-hash")
    file = folder / "src/fast_hash/simd.c"
    look = "#define IS_portable 1\n#if PASTE(IS, ISA) && defined(__AVX__)\n#error not portable\n#endif\n"
    file.write_text(f'#include "simd.h"\n{look}{file.read_text(encoding="utf-8")}', encoding="utf-8")
    build(folder, "--force", CFLAGS="-march=native")
    run(folder, "-m", "pytest", "-p", "no:cacheprovider", "tests/test_kernels.py", FAST_HASH_ISA="portable")


STEP = re.compile(
    r"(?P<how>Append to|A new file,|In) `(?P<path>[^`]+)`"
    r"(?:, (?P<where>\w+)(?: the line| place of) `(?P<what>[^`]+)`)?:"
    r"\n\n```\w+\n(?P<code>.*?)```\n",
    re.DOTALL,
)


def with_code(text, where, what, code):
    """A file's text with code after or before a line of it, or in place of the function of that name."""
    if where == "in":
        function = re.compile(rf"^cdef \w+ {what}\(.*?\n(?=\n\n)", re.DOTALL | re.MULTILINE)
        changed, times = function.subn(lambda _: code, text)
    else:
        both = f"{what}\n{code}" if where == "after" else f"{code}{what}\n"
        changed, times = text.replace(f"{what}\n", both), text.count(f"{what}\n")
    assert times == 1, f"{what}: {times} times"
    return changed


def follow(document, folder):
    """Do what a document says with its blocks of code, each in the file that the line above it names; the commands."""
    done = []
    for step in STEP.finditer(document):
        file, code = folder / step["path"], step["code"]
        assert file.exists() == (step["how"] != "A new file,"), file
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if step["how"] == "Append to":
            code = f"{text}\n\n{code}"
        elif step["how"] == "In":
            code = with_code(text, step["where"], step["what"], code)
        file.write_text(code, encoding="utf-8")
        done.append(step["path"])
    assert len(done) == document.count("\n```\n") > 4, f"a block of code stands under no file: {done}"
    words = re.sub(r"```.*?```", "", document, flags=re.DOTALL)
    return [command for line in re.findall(r"^    (.+)$", words, re.MULTILINE) for command in line.split(" && ")]


@pytest.mark.parametrize(("kernel", "simd"), KINDS[:1] if KINDS != EVERY else EVERY)
def test_a_kernel_is_added_as_the_document_says(built, tmp_path, kernel, simd):
    folder = shutil.copytree(built(kernel, simd), tmp_path / "fast-hash")
    commands = follow((folder / "docs/add_a_kernel.md").read_text(encoding="utf-8"), folder)
    install, *others = commands
    assert install == 'pip install -e ".[dev]"'
    build(folder)
    for command in others:
        program, *arguments = shlex.split(command)
        module = arguments[1] if program == "python" else program
        if shutil.which(module.partition(".")[0], path=sysconfig.get_path("scripts")) is None:
            pytest.skip(f"up to there it works, but {module} is not installed: pip install -e '.[dev]'")
        module = module.replace("cython-lint", "cython_lint.cython_lint")
        run(folder, "-m", module, *arguments[2 * (program == "python") :])


@pytest.mark.parametrize("kernel", KERNELS if KINDS == EVERY else KERNELS[:1])
def test_its_loop_is_moved_to_c_as_the_document_says(built, tmp_path, kernel):
    """And is then tested on every instruction set: where another than the best computes nonsense, a test fails."""
    folder = shutil.copytree(built(kernel, True), tmp_path / "fast-hash")
    for document in ("docs/add_a_kernel.md", "docs/simd.md"):
        follow((folder / document).read_text(encoding="utf-8"), folder)
    build(folder)
    run(folder, "-m", "pytest", "-p", "no:cacheprovider")
    if run(folder, "-c", "from fast_hash import isa; print(*isa.available)").split() == ["portable"]:
        pytest.skip("up to there it works, but this machine has no other instruction set")
    file = folder / "src/fast_hash/simd.c"
    before, last, after = file.read_text(encoding="utf-8").rpartition("    return total;\n")
    file.write_text(f"{before}#ifndef __AVX2__\n    total = 42;\n#endif\n{last}{after}", encoding="utf-8")
    build(folder)
    with pytest.raises(AssertionError, match=r"FAILED tests/test_isas\.py"):
        run(folder, "-m", "pytest", "-p", "no:cacheprovider")
