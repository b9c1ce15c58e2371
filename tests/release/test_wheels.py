"""Gates for the uploaded files: contents, size, symbols, tags, and identical bytes when built twice."""

import platform
import sys
import tarfile
from pathlib import Path

import pytest
from gates import GLIBC, ROOT, members, run, sections_of

from nogil_kernels.scaffold import template

SOURCES = {".pyx", ".pxd", ".c", ".h"}
PRIVATE = {".pyx", ".c", ".o", ".so.debug", ".pdb"}
MAX_BYTES = 1_000_000  # the largest download of a wheel


def test_the_sdist_has_every_source_of_a_wheel(sdist):
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*") if path.suffix in SOURCES}
    headers = {name for name in sources if name.endswith((".h", ".pxd"))}
    assert len(headers) >= 10, f"the folder of this test is wrong: {headers}"
    assert sources <= packed, sources - packed
    assert {"pyproject.toml", "setup.py", "LICENSE", "README.md", "tests/conftest.py"} <= packed


def test_the_sdist_has_no_built_files(sdist):
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert [name for name in names if name.endswith((".so", ".pyd", ".o", ".pyc")) or "/build/" in name] == []


def test_metadata_is_valid(tool, sdist, each_wheel):
    assert "PASSED" in tool("twine", "check", "--strict", sdist, each_wheel)


def test_check_wheel_contents_passes(tool, each_wheel):
    tool("check-wheel-contents", "--config", ROOT / "pyproject.toml", each_wheel)


def test_a_wheel_has_no_sources_except_those_of_the_template(each_wheel):
    scaffold = "nogil_kernels/scaffold/"
    content = members(each_wheel)
    copied = {f"{scaffold}{path}": text.encode() for path, text in template.load().items()}
    below = {name: data for name, data in content.items() if name.startswith(scaffold) and "/" in name[len(scaffold) :]}
    assert below == copied
    assert [name for name in content if name.endswith(tuple(PRIVATE)) and name not in copied] == []


@pytest.mark.parametrize("name", ["wheel", "portable_wheel"])
def test_a_compiled_wheel_has_at_most_1_mb(name, request):
    assert request.getfixturevalue(name).stat().st_size <= MAX_BYTES


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF")
@pytest.mark.parametrize("name", ["wheel", "portable_wheel"])
def test_a_module_has_unwind_tables_and_symbol_names_but_no_debug_information(name, request):
    """Profilers need the tables and the names. Debug information would be 80 % of the wheel."""
    modules = {name: data for name, data in members(request.getfixturevalue(name)).items() if name.endswith(".so")}
    assert modules
    for module, data in modules.items():
        sections = sections_of(data)
        assert {".eh_frame", ".symtab"} <= sections, module
        assert not {name for name in sections if name.startswith(".debug")}, module


def test_wheels_built_in_two_directories_are_identical(build, unpacked, wheel, tmp_path):
    rebuilt_wheel = build(unpacked("sources_with_a_longer_name"), tmp_path / "rebuilt", "--wheel")
    files, rebuilt_files = members(wheel), members(rebuilt_wheel)
    assert [name for name in files if files[name] != rebuilt_files.get(name)] == []
    assert wheel.read_bytes() == rebuilt_wheel.read_bytes()


def test_the_portable_wheel_needs_no_newer_glibc(tool, portable_wheel):
    output = " ".join(tool("auditwheel", "show", portable_wheel).split())
    tag = output.partition("consistent with the following platform tag: ")[2].split('"')[1]
    major, minor = tag.removeprefix("manylinux_").split("_")[:2]
    assert tag.endswith(platform.machine())
    assert (int(major), int(minor)) <= tuple(int(part) for part in GLIBC.split("."))


def test_the_pure_wheel_is_for_every_platform(pure_wheel):
    assert pure_wheel.name.endswith("-py3-none-any.whl")
    assert not [name for name in members(pure_wheel) if name.endswith((".so", ".pyd"))]


BACKENDS = {"wheel": "compiled", "portable_wheel": "compiled", "pure_wheel": "pure"}


@pytest.mark.parametrize("name", BACKENDS)
def test_an_installed_wheel_runs_with_its_backend(name, request, tmp_path):
    built, site = request.getfixturevalue(name), tmp_path / "site"
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", site, built)
    code = (
        "import nogil_kernels as n; print(n.__file__, n.build_info()['backend'],"
        "n.sum_of_squares(range(10_000_000)), n.matmul([[1, 2], [3, 4]], [[5, 6], [7, 8]]))"
    )
    printed = run(sys.executable, "-W", "ignore", "-c", code, cwd=tmp_path, PYTHONPATH=str(site))
    file, backend, total = printed.splitlines()[0].split()[:3]
    assert Path(file).is_relative_to(site)
    assert (backend, total) == (BACKENDS[name], "333333283333335000000")
