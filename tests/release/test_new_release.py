"""The gates of a release that this project passes, and so do the projects that `nogil-kernels new` makes."""

from pathlib import Path

import pytest
from gates import ROOT, members, run, sections_of, unpack

from nogil_kernels.cli import main

KINDS = ("reduction", "elementwise", "reduction-simd", "elementwise-simd")
two_kinds = pytest.mark.parametrize("project", ["reduction", "elementwise-simd"], indirect=True)  # a build takes time
ANSWERS = ["--author", "Jane Doe", "--email", "jane@example.net", "--repo", "jane/fast-hash"]


@pytest.fixture(scope="module", params=["this project", *KINDS])
def project(request, tmp_path_factory):
    """This project, and one of each kind in a repository: repo-review asks git for its files."""
    if request.param == "this project":
        return ROOT
    folder = tmp_path_factory.mktemp(request.param) / "fast-hash"
    kernel, _, simd = request.param.partition("-")
    kind = ["--kernel", kernel, *(["--simd"] if simd else [])]
    assert main(["new", "fast-hash", *kind, *ANSWERS, "--into", str(folder)]) == 0
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    return folder


def workflows(project):
    return sorted((project / ".github/workflows").glob("*.yml"))


def test_pyproject_is_valid_tables_of_tools_included(tool, project):
    pytest.importorskip("validate_pyproject_schema_store", reason="the tables of tools have their schemas there")
    tool("validate-pyproject", project / "pyproject.toml", VALIDATE_PYPROJECT_NO_NETWORK="1")


def test_workflows_and_dependabots_file_follow_their_schemas(tool, project):
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows(project))
    tool("check-jsonschema", "--builtin-schema", "vendor.dependabot", project / ".github/dependabot.yml")


def test_workflows_have_no_mistakes(tool, project):
    tool("actionlint", *workflows(project))


def test_workflows_have_no_known_weakness(tool, project):
    tool("zizmor", "--offline", "--no-progress", "--persona", "pedantic", project / ".github")


def test_the_repository_is_laid_out_as_scientific_python_advises(tool, project):
    tool("repo-review", project)


def test_cibuildwheel_reads_its_table(tool, project):
    for platform in ("linux", "macos", "windows"):
        assert len(tool("cibuildwheel", "--print-build-identifiers", "--platform", platform, project).split()) >= 10


@pytest.fixture(scope="module")
def released(build, project, tmp_path_factory):
    """The sdist of a project, and the wheel that this machine's compiler makes of that sdist."""
    sdist = build(project, tmp_path_factory.mktemp("sdist"), "--sdist")
    tree = unpack(sdist, tmp_path_factory.mktemp("unpacked"))
    return sdist, build(tree, tmp_path_factory.mktemp("wheel"), "--wheel")


@two_kinds
def test_metadata_renders(tool, released):
    assert "PASSED" in tool("twine", "check", "--strict", *released)


@two_kinds
def test_a_wheel_holds_modules_and_no_sources(tool, project, released):
    _, wheel = released
    tool("check-wheel-contents", "--config", project / "pyproject.toml", wheel)
    names = members(wheel)
    assert not [name for name in names if name.endswith((".pyx", ".c", ".o"))]
    assert {Path(name).suffix for name in names} >= {".py", ".pyi", ".pxd", ".typed"}


@two_kinds
def test_a_wheel_has_no_symbols_for_debuggers(released):
    modules = {name: data for name, data in members(released[1]).items() if name.endswith(".so")}
    if not modules:
        pytest.skip("the modules of this system are not ELF")
    for module, data in modules.items():
        sections = sections_of(data)
        assert ".dynsym" in sections
        assert not {name for name in sections if name.startswith(".debug") or name == ".symtab"}, module
