"""Gates of a release for this project and for the projects that `nogil-kernels new` generates."""

from pathlib import Path

import pytest
from gates import ROOT, members, run, sections_of, unpack

from nogil_kernels.cli import main

VARIANTS = ("reduction", "elementwise", "reduction-simd", "elementwise-simd")
two_variants = pytest.mark.parametrize("project", ["reduction", "elementwise-simd"], indirect=True)  # builds are slow
ANSWERS = ["--author", "Jane Doe", "--email", "jane@example.net", "--repo", "jane/fast-hash"]


@pytest.fixture(scope="module", params=["this project", *VARIANTS])
def project(request, tmp_path_factory):
    """This project, and a generated project of each variant in a git repository, because repo-review runs git."""
    if request.param == "this project":
        return ROOT
    folder = tmp_path_factory.mktemp(request.param) / "fast-hash"
    kernel, _, simd = request.param.partition("-")
    options = ["--kernel", kernel, *(["--simd"] if simd else [])]
    assert main(["new", "fast-hash", *options, *ANSWERS, "--into", str(folder)]) == 0
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    return folder


def workflows(project):
    return sorted((project / ".github/workflows").glob("*.yml"))


def test_pyproject_and_its_tables_of_tools_are_valid(tool, project):
    pytest.importorskip("validate_pyproject_schema_store", reason="this package has the schemas of tools' tables")
    tool("validate-pyproject", project / "pyproject.toml", VALIDATE_PYPROJECT_NO_NETWORK="1")


def test_workflows_and_dependabot_yml_are_valid(tool, project):
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows(project))
    tool("check-jsonschema", "--builtin-schema", "vendor.dependabot", project / ".github/dependabot.yml")


def test_actionlint_passes(tool, project):
    tool("actionlint", *workflows(project))


def test_zizmor_finds_no_security_problem(tool, project):
    tool("zizmor", "--offline", "--no-progress", "--persona", "pedantic", project / ".github")


def test_the_repository_follows_scientific_pythons_guide(tool, project):
    tool("repo-review", project)


def test_cibuildwheel_lists_at_least_ten_wheels_per_platform(tool, project):
    for platform in ("linux", "macos", "windows"):
        assert len(tool("cibuildwheel", "--print-build-identifiers", "--platform", platform, project).split()) >= 10


@pytest.fixture(scope="module")
def released(build, project, tmp_path_factory):
    """The sdist of a project, and a wheel built from it by this machine's compiler."""
    sdist = build(project, tmp_path_factory.mktemp("sdist"), "--sdist")
    tree = unpack(sdist, tmp_path_factory.mktemp("unpacked"))
    return sdist, build(tree, tmp_path_factory.mktemp("wheel"), "--wheel")


@two_variants
def test_metadata_is_valid(tool, released):
    assert "PASSED" in tool("twine", "check", "--strict", *released)


@two_variants
def test_a_wheel_has_modules_but_no_sources(tool, project, released):
    _, wheel = released
    tool("check-wheel-contents", "--config", project / "pyproject.toml", wheel)
    names = members(wheel)
    assert not [name for name in names if name.endswith((".pyx", ".c", ".o"))]
    assert {Path(name).suffix for name in names} >= {".py", ".pyi", ".pxd", ".typed"}


@two_variants
def test_a_wheel_has_no_debug_information(released):
    modules = {name: data for name, data in members(released[1]).items() if name.endswith(".so")}
    if not modules:
        pytest.skip("modules are not ELF files on this system")
    for module, data in modules.items():
        sections = sections_of(data)
        assert ".dynsym" in sections
        assert not {name for name in sections if name.startswith(".debug") or name == ".symtab"}, module
