"""What this project and the template of `new` share stays the same: each difference is one of those named here."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from nogil_kernels.scaffold import template

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "setup.py").exists(), reason="the template is compared with a checkout, and these tests lie elsewhere"
)

# Step of a workflow -> why the template's is another one.
OWN_STEPS = {
    "Install": "the tiles of this project are for one processor family, and macOS would compile for two",
    "Types": "the template's job goes on to test",
    "Test, with NumPy": "NumPy is a requirement here, and only looked at there",
    "Build and test": "a wheel of the twins is all that this project has for other machines",
    "The tag is the version": "release.yml has it after attesting",
    "docker/setup-qemu-action": "one job there has machines of both kinds",
}

# Setting -> why the template's is another one.
OWN_SETTINGS = {
    "tool.ruff.extend-exclude": "overlays are parts of projects",
    "tool.mypy.exclude": "as above",
    "tool.mypy.mypy_path": "a project may lie in another one",
    "tool.mypy.explicit_package_bases": "as above",
    "tool.mypy.overrides": "peers without types",
    "tool.pytest.ini_options.testpaths": "the README is tested by tests/test_docs.py here",
    "tool.pytest.ini_options.addopts": "as above",
    "tool.pytest.ini_options.pythonpath": "bench/ is a package here",
    "tool.pytest.ini_options.log_level": "nothing here logs",
    "tool.cibuildwheel.test-sources": "the README, as above",
    "tool.cibuildwheel.test-requires": "hypothesis",
    "tool.cibuildwheel.test-extras": "as above",
    "tool.cibuildwheel.test-environment": "NumPy",
    "tool.cibuildwheel.test-command": "`info` says what was built",
    "tool.cibuildwheel.overrides": "NumPy has no wheels for QEMU's processors",
    "tool.setuptools.packages.find.namespaces": "the template has no folder that is none",
}


def texts(folder):
    """The template's files in a folder of every kind: path -> text, with the words of this project."""
    return {
        path: content.decode().replace("your_kernels", "nogil_kernels").replace("your-kernels", "nogil-kernels")
        for path, content in template.load().items()
        if folder in path
    }


def steps(workflow):
    """The steps of a workflow: the name, or the action, and the whole text."""
    for text in re.findall(r"^      - (?:.*\n)(?:^ {8}.*\n)*", workflow, re.MULTILINE):
        named = re.match(r"\s*- (?:name: (.+)|uses: ([^@]+)@)", text)
        yield named[1] or named[2], text


def test_steps_of_workflows_are_those_of_this_project():
    ours = {
        text for path in ROOT.glob(".github/workflows/*.yml") for _, text in steps(path.read_text(encoding="utf-8"))
    }
    theirs = [step for text in texts(".github/workflows/").values() for step in steps(text)]
    assert len(theirs) > 15
    own = {name for name, text in theirs if text not in ours}
    assert own <= OWN_STEPS.keys()
    assert any(text in ours for name, text in theirs if name not in OWN_STEPS)


def test_actions_are_those_of_this_project():
    """Dependabot sees this project's workflows and not the template's: what it updates here is to be updated there."""
    used = re.compile(r"uses: (\S+@\w+ # v.+)")
    ours = {action for path in ROOT.glob(".github/workflows/*.yml") for action in used.findall(path.read_text("utf-8"))}
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
    """This project's pyproject.toml and the template's."""
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return ours, tomllib.loads(texts("template/pyproject.toml")["template/pyproject.toml"])


@pytest.mark.parametrize(
    "table", ["setuptools", "ruff", "mypy", "pytest", "cython-lint", "cibuildwheel", "check-wheel-contents"]
)
def test_settings_of_tools_are_those_of_this_project(table):
    ours, theirs = (dict(settings(pyproject["tool"][table], f"tool.{table}.")) for pyproject in pyprojects())
    differing = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    assert {name for name in differing if "package-data" not in name and "dynamic" not in name} <= OWN_SETTINGS.keys()


def test_no_difference_is_excused_that_there_is_not():
    """A list of excuses that nobody needs any more would hide the next difference."""
    ours, theirs = (dict(settings(pyproject["tool"], "tool.")) for pyproject in pyprojects())
    assert [name for name in OWN_SETTINGS if ours.get(name) == theirs.get(name)] == []
    shared = {
        text for path in ROOT.glob(".github/workflows/*.yml") for _, text in steps(path.read_text(encoding="utf-8"))
    }
    own = {name for text in texts(".github/workflows/").values() for name, step in steps(text) if step not in shared}
    assert OWN_STEPS.keys() == own


def test_what_is_needed_is_needed_in_the_same_versions():
    ours, theirs = pyprojects()
    assert theirs["build-system"] == ours["build-system"]
    assert theirs["project"]["requires-python"] == ours["project"]["requires-python"]
    wanted = [{*sum(pyproject["project"]["optional-dependencies"].values(), [])} for pyproject in (ours, theirs)]
    assert wanted[1]
    assert wanted[1] <= wanted[0] | set(ours["project"]["dependencies"])


def test_a_classifier_is_one_of_this_project():
    ours, theirs = ({*pyproject["project"]["classifiers"]} for pyproject in pyprojects())
    assert {name for name in theirs - ours if "Development Status" not in name} == set()


def test_held_vs_released_differs_in_what_is_called():
    """From `seconds` on it is the same file, and so is what it says that it is not."""
    ours = (ROOT / "bench/held_vs_released.py").read_text(encoding="utf-8")
    rest = ours.index("def seconds")
    disclaimer = ours[ours.index("What this is not") : ours.index("from nogil_kernels")]
    found = [text for path, text in texts("bench/held_vs_released.py").items()]
    assert len(found) == 3
    for text in found:
        assert text.endswith(ours[rest:])
        assert disclaimer in text


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


def test_instruction_sets_are_built_as_here():
    ours = functions((ROOT / "setup.py").read_text(encoding="utf-8"))
    theirs = functions(texts("overlays/simd/setup.py")["overlays/simd/setup.py"])
    assert ours["target_machine"] == theirs["target_machine"]


def functions(text):
    """Functions of a module by their names: what they do, without comments."""
    return {node.name: ast.dump(node) for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
