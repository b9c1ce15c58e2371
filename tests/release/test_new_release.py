"""Gates of a release for this project and for the projects that `nogil-kernels new` generates."""

from pathlib import Path

import pytest
from gates import ROOT, members, run, sections_of, unpack

from nogil_kernels.cli import main

VARIANTS = ("reduction", "elementwise", "reduction-simd", "elementwise-simd")
ANSWERS = ["--author", "Jane Doe", "--email", "jane@example.net", "--repo", "jane/fast-hash"]
OURS = "this project"
each_project = pytest.mark.parametrize("project", [OURS, *VARIANTS], indirect=True)
TWO_VARIANTS = ("reduction", "elementwise-simd")  # every file of the template is in one of them
two_variants = pytest.mark.parametrize("project", TWO_VARIANTS, indirect=True)  # builds are slow


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """This project, and a generated project of each variant in a git repository, because repo-review runs git."""
    folders = {OURS: ROOT}
    for variant in VARIANTS:
        folder = folders[variant] = tmp_path_factory.mktemp(variant) / "fast-hash"
        kernel, _, simd = variant.partition("-")
        options = ["--kernel", kernel, *(["--simd"] if simd else [])]
        assert main(["new", "fast-hash", *options, *ANSWERS, "--into", str(folder)]) == 0
        run("git", "init", "--quiet", cwd=folder)
        run("git", "add", "--all", cwd=folder)
    return folders


@pytest.fixture(scope="module")
def project(request, projects):
    return projects[request.param]


@pytest.fixture(scope="module")
def workflows(projects):
    """The workflows of all projects."""
    files = [path for folder in projects.values() for path in sorted((folder / ".github/workflows").glob("*.yml"))]
    assert len(files) > 2 * len(VARIANTS)
    return files


# These tools take seconds to start, so one process checks all projects. The output names the invalid file.


def test_pyproject_and_its_tables_of_tools_are_valid(tool, projects):
    pytest.importorskip("validate_pyproject_schema_store", reason="this package has the schemas of tools' tables")
    files = [folder / "pyproject.toml" for folder in projects.values()]
    assert tool("validate-pyproject", *files, VALIDATE_PYPROJECT_NO_NETWORK="1").count("Valid ") == len(files)


def test_workflows_and_dependabot_yml_are_valid(tool, projects, workflows):
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    updates = [folder / ".github/dependabot.yml" for folder in projects.values()]
    tool("check-jsonschema", "--builtin-schema", "vendor.dependabot", *updates)


def test_actionlint_passes(tool, workflows):
    tool("actionlint", *workflows)


def test_zizmor_finds_no_security_problem(tool, projects):
    folders = [folder / ".github" for folder in projects.values()]
    tool("zizmor", "--offline", "--no-progress", "--persona", "pedantic", *folders)


def test_the_repositories_follow_scientific_pythons_guide(tool, projects):
    """It takes 4 seconds for each. It reads no kernel, so two variants show all that it reads."""
    tool("repo-review", *(projects[name] for name in (OURS, *TWO_VARIANTS)))


@each_project
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
