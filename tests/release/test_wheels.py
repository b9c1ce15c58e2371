"""Gates for what is uploaded: contents, size, symbols, and that building twice gives the same bytes."""

import platform
import sys
import tarfile
from pathlib import Path

import pytest
from gates import GLIBC, ROOT, members, run, sections_of

from nogil_kernels.scaffold import template

SOURCES = {".pyx", ".pxd", ".c", ".h"}
PRIVATE = {".pyx", ".c", ".o", ".so.debug", ".pdb"}  # headers and .pxd are for who builds on the kernels
BUDGET = 1_000_000  # bytes of one wheel: what everybody downloads


def test_the_sdist_holds_every_source_that_a_wheel_is_built_from(sdist):
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*") if path.suffix in SOURCES}
    headers = {name for name in sources if name.endswith((".h", ".pxd"))}
    assert len(headers) >= 10, f"the test looks in the wrong place: {headers}"
    assert sources <= packed, sources - packed
    assert {"pyproject.toml", "setup.py", "LICENSE", "README.md", "tests/conftest.py"} <= packed


def test_the_sdist_holds_nothing_that_was_built(sdist):
    with tarfile.open(sdist) as archive:
        built = [
            name for name in archive.getnames() if name.endswith((".so", ".pyd", ".o", ".pyc")) or "/build/" in name
        ]
    assert built == []


def test_metadata_renders(tool, sdist, each_wheel):
    assert "PASSED" in tool("twine", "check", "--strict", sdist, each_wheel)


def test_contents_are_what_a_wheel_should_hold(tool, each_wheel):
    tool("check-wheel-contents", "--config", ROOT / "pyproject.toml", each_wheel)


def test_no_source_is_in_a_wheel_but_the_template_of_new(each_wheel):
    scaffold = "nogil_kernels/scaffold/"
    content = members(each_wheel)
    copied = {f"{scaffold}{path}": text.encode() for path, text in template.load().items()}
    below = {name: data for name, data in content.items() if name.startswith(scaffold) and "/" in name[len(scaffold) :]}
    assert below == copied
    assert [name for name in content if name.endswith(tuple(PRIVATE)) and name not in copied] == []


@pytest.mark.parametrize("name", ["wheel", "portable_wheel"])
def test_a_compiled_wheel_keeps_to_its_budget(name, request):
    assert request.getfixturevalue(name).stat().st_size <= BUDGET


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF")
@pytest.mark.parametrize("name", ["wheel", "portable_wheel"])
def test_a_module_has_unwind_tables_and_names_but_no_debug_information(name, request):
    """Profilers read the tables and the names of functions; debug information would be 80 % of the wheel."""
    modules = {name: data for name, data in members(request.getfixturevalue(name)).items() if name.endswith(".so")}
    assert modules
    for module, data in modules.items():
        sections = sections_of(data)
        assert {".eh_frame", ".symtab"} <= sections, module
        assert not {name for name in sections if name.startswith(".debug")}, module


def test_a_wheel_is_the_same_to_the_last_byte_from_another_directory(wheel, rebuilt_wheel):
    one, other = members(wheel), members(rebuilt_wheel)
    assert [name for name in one if one[name] != other.get(name)] == []
    assert wheel.read_bytes() == rebuilt_wheel.read_bytes()


def test_a_wheel_runs_on_old_linux(tool, portable_wheel):
    shown = " ".join(tool("auditwheel", "show", portable_wheel).split())
    tag = shown.partition("consistent with the following platform tag: ")[2].split('"')[1]
    major, minor = tag.removeprefix("manylinux_").split("_")[:2]
    assert tag.endswith(platform.machine())
    assert (int(major), int(minor)) <= tuple(int(part) for part in GLIBC.split("."))


def test_the_twins_make_a_wheel_for_everything_else(twins_wheel):
    assert twins_wheel.name.endswith("-py3-none-any.whl")
    assert not [name for name in members(twins_wheel) if name.endswith((".so", ".pyd"))]


BACKENDS = {"wheel": "compiled", "portable_wheel": "compiled", "twins_wheel": "pure"}


@pytest.mark.parametrize("name", BACKENDS)
def test_the_sdist_becomes_a_wheel_that_works(name, request, tmp_path):
    built = request.getfixturevalue(name)
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", tmp_path / "site", built)
    code = (
        "import nogil_kernels as n; print(n.__file__, n.build_info()['backend'],"
        "n.sum_of_squares(range(10_000_000)), n.matmul([[1, 2], [3, 4]], [[5, 6], [7, 8]]))"
    )
    printed = run(
        sys.executable, "-W", "ignore", "-c", code, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site")
    ).splitlines()[0]
    assert Path(printed.split()[0]).is_relative_to(tmp_path / "site")
    assert printed.split()[1:3] == [BACKENDS[name], "333333283333335000000"]
