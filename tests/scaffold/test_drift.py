"""What this project and the template of `new` share stays the same: each difference is one of those named here."""

import re
import tomllib
from pathlib import Path

import pytest

from nogil_kernels.scaffold import answers, kinds, template

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "setup.py").exists(), reason="the template is compared with a checkout, and these tests lie elsewhere"
)

# Step of a workflow -> why the template's is another one.
OWN_STEPS = {
    "Install": "macOS would compile this project's tiles for two processor families at once",
    "Lint": "zizmor is one of the gates of a release here, and these are tests",
    "Test, with NumPy": "this project needs NumPy, and a new one reads its arrays",
    "docker/setup-qemu-action": "one job there has machines of both kinds",
}

# Setting -> why the template's is another one.
OWN_SETTINGS = {
    "tool.ruff.extend-exclude": "overlays are parts of projects",
    "tool.mypy.exclude": "template and overlays are no part of the package",
    "tool.mypy.mypy_path": "a project may lie in another one",
    "tool.mypy.explicit_package_bases": "as above",
    "tool.mypy.overrides": "packages without types that this project is compared with",
    "tool.pytest.ini_options.testpaths": "tests/test_docs.py looks at the documents here",
    "tool.pytest.ini_options.addopts": "as above",
    "tool.pytest.ini_options.pythonpath": "bench/ is a package here",
    "tool.cibuildwheel.skip": "this project has a wheel of the twins, for what has no threads either",
    "tool.cibuildwheel.test-sources": "the README is a test there",
    "tool.cibuildwheel.test-requires": "hypothesis, which tests here need",
    "tool.cibuildwheel.test-extras": "pytest alone",
    "tool.cibuildwheel.test-environment.PIP_ONLY_BINARY": "NumPy, which tests here need",
    "tool.cibuildwheel.test-command": "`info` says what was built",
    "tool.cibuildwheel.windows.before-build": "vectors are spelled out here, which MSVC does not read",
    "tool.cibuildwheel.overrides": "NumPy has no wheels for QEMU's processors",
}
TABLES = ("ruff", "mypy", "pytest", "cython-lint", "cibuildwheel", "check-wheel-contents")


def texts(folder):
    """The template's files in a folder of every kind: path -> text, with the words of this project."""
    return {
        path: text.replace("your_kernels", "nogil_kernels").replace("your-kernels", "nogil-kernels")
        for path, text in template.load().items()
        if folder in path
    }


def steps(workflow):
    """The steps of a workflow: the name, or the action, and the whole text."""
    for text in re.findall(r"^      - (?:name|uses): .*\n(?:^ {8}.*\n)*", workflow, re.MULTILINE):
        yield re.match(r"\s*- (?:name|uses): ([^@\n]+)", text)[1], text


def our_workflows():
    return [path.read_text(encoding="utf-8") for path in ROOT.glob(".github/workflows/*.yml")]


def test_steps_of_workflows_are_those_of_this_project():
    ours = {text for workflow in our_workflows() for _, text in steps(workflow)}
    theirs = [step for text in texts(".github/workflows/").values() for step in steps(text)]
    assert len(theirs) > 15
    assert {name for name, text in theirs if text not in ours} == OWN_STEPS.keys()


def test_actions_are_those_of_this_project():
    """Dependabot sees this project's workflows and not the template's: what it updates here is to be updated there."""
    used = re.compile(r"uses: (.+)")
    ours = {action for workflow in our_workflows() for action in used.findall(workflow)}
    theirs = {action for text in texts(".github/workflows/").values() for action in used.findall(text)}
    assert len(theirs) >= 5
    assert theirs <= ours


def settings(table, prefix=""):
    """Every setting below a table, by its whole name."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from settings(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def pyprojects():
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return ours, tomllib.loads(texts("template/pyproject.toml")["template/pyproject.toml"])


def test_settings_of_tools_are_those_of_this_project():
    """No more and no fewer differ than are named above: an excuse that nobody needs would hide the next difference."""
    ours, theirs = (
        {name: value for table in TABLES for name, value in settings(pyproject["tool"][table], f"tool.{table}.")}
        for pyproject in pyprojects()
    )
    assert {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)} == OWN_SETTINGS.keys()


def test_what_is_needed_is_needed_in_the_same_versions():
    ours, theirs = pyprojects()
    needed = [name for name in ours["build-system"]["requires"] if not name.startswith("numpy")]  # its headers
    assert theirs["build-system"] == ours["build-system"] | {"requires": needed}
    assert theirs["project"]["requires-python"] == ours["project"]["requires-python"]
    assert set(template.requirements(theirs)) <= set(template.requirements(ours))


def test_a_classifier_is_one_of_this_project():
    ours, theirs = ({*pyproject["project"]["classifiers"]} for pyproject in pyprojects())
    assert {name for name in theirs - ours if "Development Status" not in name} == set()


def test_held_vs_released_differs_in_the_numbers_that_it_reads():
    ours = (ROOT / "bench/held_vs_released.py").read_text(encoding="utf-8").splitlines()
    ((_, theirs),) = texts("bench/held_vs_released.py").items()
    assert kinds.DATA in theirs
    differing = [line for line in theirs.splitlines() if line not in ours]
    assert differing == kinds.DATA.splitlines()
    assert len(ours) == len(theirs.splitlines())


def test_isa_h_is_the_same_without_its_prefix():
    """Whichever of the two is changed, the other one is to be made of it again."""
    (ours,) = (ROOT / "src/nogil_kernels/compiled").rglob("isa.h")
    ((_, theirs),) = texts("your_kernels/isa.h").items()
    assert theirs == ours.read_text(encoding="utf-8").replace("NK_", "").replace("nk_", "")


@pytest.mark.parametrize("kernel", kinds.KINDS)
def test_with_simd_the_function_around_the_loops_is_the_same(kernel):
    """From its `def` on: the arguments, what is checked, and the two branches of the GIL switch."""
    projects = [template.render(template.load(), answers.Answers("x", kernel, simd)) for simd in (False, True)]
    plain, simd = (project["src/x/kernels.pyx"].partition("\n\ndef ") for project in projects)
    assert plain[2]
    assert plain[2] == simd[2]


def test_both_setups_take_the_flags_of_the_person_who_builds_alike():
    """But for -ffp-contract, and what MSVC calls it, which the C sources of simd.c need."""
    block = re.compile(r'^if sys\.platform == "win32":\n.*?\n\n', re.MULTILINE | re.DOTALL)
    plain, simd = (block.search(text)[0] for _, text in sorted(texts("setup.py").items(), reverse=True))
    assert plain == simd.replace(', "/fp:contract"', "").replace(', "-ffp-contract=fast"', "")


@pytest.mark.parametrize("simd", [False, True])
def test_every_flag_is_explained_once_and_every_explained_thing_is_there(simd):
    """Comments of setup.py, settings and documents cannot drift apart: the reasons stand in the documents alone."""
    project = template.render(template.load(), answers.Answers("your-kernels", simd=simd))
    documents = project.get("docs/simd.md", "") + project["docs/why.md"].partition("## What is not here")[0]
    heads = re.findall(r"^- ((?:`[^`]*`|[^`:])*):", documents, re.MULTILINE)
    explained = re.findall(r"`([^`]+)`", " ".join(heads))
    flags = re.findall(r'"(-[fgmOW][^" ]+)"', project["setup.py"])
    of_a_set = re.compile(r"-m(avx|fma)")  # instructions, in the table of instruction sets
    assert len(flags) >= 6
    assert {flag for flag in flags if not of_a_set.match(flag) and explained.count(flag) != 1} == set()
    files = "".join(text for path, text in project.items() if not path.startswith("docs/")) + " ".join(project)
    assert len(explained) > 20
    assert [span for span in explained if span not in files] == []


def test_ignored_files_are_those_of_this_project():
    ours = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert set(texts("template/.gitignore")["template/.gitignore"].split()) <= set(ours)


def test_the_licence_is_the_same_but_for_its_owner():
    def words(text):
        return re.sub(r"^Copyright .*$", "", text, flags=re.MULTILINE)

    assert words(texts("template/LICENSE")["template/LICENSE"]) == words((ROOT / "LICENSE").read_text(encoding="utf-8"))


def test_dependabots_file_is_the_same_but_for_its_comment():
    ours = (ROOT / ".github/dependabot.yml").read_text(encoding="utf-8")
    theirs = texts(".github/dependabot.yml")["template/.github/dependabot.yml"]
    assert ours.split("\n", 1)[1] == theirs.split("\n", 1)[1]


def test_the_processor_that_is_built_for_is_found_as_here():
    found = re.compile(r"family = .+|os\.environ\[\"ARCHFLAGS\"\] = .+|sys\.exit\(f\"ARCHFLAGS.+")
    ours = found.findall((ROOT / "setup.py").read_text(encoding="utf-8"))
    theirs = [found.findall(text) for path, text in texts("setup.py").items() if "simd" in path]
    assert len(ours) == 3
    assert theirs == [ours]
