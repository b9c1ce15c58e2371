"""The template of `new` differs from this project's files only as listed here."""

import re
import tomllib
from pathlib import Path

import pytest

from nogil_kernels.scaffold import answers, template, words

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not (ROOT / "setup.py").exists(), reason="needs a checkout")

# Step of a workflow -> why the template's differs.
OWN_STEPS = {
    "Lint": "here zizmor is one of the gates of a release",
    "Test, with NumPy": "this project requires NumPy, a new one does not",
    "docker/setup-qemu-action": "one job there has native machines and QEMU",
}

# Setting -> why the template's differs.
OWN_SETTINGS = {
    "tool.ruff.extend-exclude": "overlays are parts of projects",
    "tool.mypy.exclude": "template and overlays are not part of the package",
    "tool.mypy.mypy_path": "a project may be inside another one",
    "tool.mypy.explicit_package_bases": "as above",
    "tool.mypy.overrides": "packages without types that this project is compared with",
    "tool.pytest.ini_options.testpaths": "here tests/test_docs.py runs the documents",
    "tool.pytest.ini_options.addopts": "as above",
    "tool.pytest.ini_options.pythonpath": "bench/ is a package here",
    "tool.cibuildwheel.skip": "this project has a wheel of the twins for the skipped platforms",
    "tool.cibuildwheel.test-sources": "there the README is a test",
    "tool.cibuildwheel.test-requires": "tests here need hypothesis",
    "tool.cibuildwheel.test-extras": "only pytest",
    "tool.cibuildwheel.test-environment.PIP_ONLY_BINARY": "tests here need NumPy",
    "tool.cibuildwheel.test-command": "here `info` prints what was built",
    "tool.cibuildwheel.windows.before-build": "vector types here, which MSVC does not support",
    "tool.cibuildwheel.overrides": "NumPy has no wheels for the processors of QEMU",
}
TABLES = ("ruff", "mypy", "pytest", "cython-lint", "cibuildwheel", "check-wheel-contents")


def texts(folder):
    """Return path -> text of the template's files whose path contains `folder`, with this project's name."""
    return {
        path: text.replace("your_kernels", "nogil_kernels").replace("your-kernels", "nogil-kernels")
        for path, text in template.load().items()
        if folder in path
    }


def steps(workflow):
    """Yield name (or action) and text of each step of a workflow."""
    for text in re.findall(r"^      - (?:name|uses): .*\n(?:^ {8}.*\n)*", workflow, re.MULTILINE):
        yield re.match(r"\s*- (?:name|uses): ([^@\n]+)", text)[1], text


def our_workflows():
    return [path.read_text(encoding="utf-8") for path in ROOT.glob(".github/workflows/*.yml")]


def test_steps_of_workflows_are_the_same():
    ours = {text for workflow in our_workflows() for _, text in steps(workflow)}
    theirs = [step for text in texts(".github/workflows/").values() for step in steps(text)]
    assert len(theirs) > 15
    assert {name for name, text in theirs if text not in ours} == OWN_STEPS.keys()


def test_actions_have_the_same_versions():
    """Dependabot updates only this project's workflows. Copy its updates to the template."""
    used = re.compile(r"uses: (.+)")
    ours = {action for workflow in our_workflows() for action in used.findall(workflow)}
    theirs = {action for text in texts(".github/workflows/").values() for action in used.findall(text)}
    assert len(theirs) >= 5
    assert theirs <= ours


def settings(table, prefix=""):
    """Yield full name and value of every setting in a table."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from settings(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def pyprojects():
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return ours, tomllib.loads(texts("template/pyproject.toml")["template/pyproject.toml"])


def test_settings_of_tools_are_the_same():
    """OWN_SETTINGS has no unneeded entries, which would hide a later difference."""
    ours, theirs = (
        {name: value for table in TABLES for name, value in settings(pyproject["tool"][table], f"tool.{table}.")}
        for pyproject in pyprojects()
    )
    assert {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)} == OWN_SETTINGS.keys()


def test_requirements_have_the_same_versions():
    ours, theirs = pyprojects()
    requires = [name for name in ours["build-system"]["requires"] if not name.startswith("numpy")]  # its headers
    assert theirs["build-system"] == ours["build-system"] | {"requires": requires}
    assert theirs["project"]["requires-python"] == ours["project"]["requires-python"]
    assert set(template.requirements(theirs)) <= set(template.requirements(ours))


def test_classifiers_are_the_same():
    ours, theirs = ({*pyproject["project"]["classifiers"]} for pyproject in pyprojects())
    assert {name for name in theirs - ours if "Development Status" not in name} == set()


def test_held_vs_released_differs_only_in_its_data():
    ours = (ROOT / "bench/held_vs_released.py").read_text(encoding="utf-8").splitlines()
    ((_, theirs),) = texts("bench/held_vs_released.py").items()
    assert words.DATA in theirs
    differing = [line for line in theirs.splitlines() if line not in ours]
    assert differing == words.DATA.splitlines()
    assert len(ours) == len(theirs.splitlines())


def test_isa_h_is_the_same_without_its_prefix():
    """After a change to one of them, copy it to the other."""
    (ours,) = (ROOT / "src/nogil_kernels/compiled").rglob("isa.h")
    ((_, theirs),) = texts("your_kernels/isa.h").items()
    assert theirs == ours.read_text(encoding="utf-8").replace("NK_", "").replace("nk_", "")


@pytest.mark.parametrize("kernel", answers.KERNELS)
def test_with_simd_the_python_function_is_the_same(kernel):
    """From `def` on: the arguments, the checks, and the two branches of the GIL switch."""
    projects = [template.render(template.load(), answers.Answers("x", kernel, simd)) for simd in (False, True)]
    plain, simd = (project["src/x/kernels.pyx"].partition("\n\ndef ") for project in projects)
    assert plain[2]
    assert plain[2] == simd[2]


def test_both_setups_treat_the_users_flags_the_same():
    """Apart from -ffp-contract and /fp:contract, which simd.c needs."""
    block = re.compile(r'^if sys\.platform == "win32":\n.*?\n\n', re.MULTILINE | re.DOTALL)
    plain, simd = (block.search(text)[0] for _, text in sorted(texts("setup.py").items(), reverse=True))
    assert plain == simd.replace(', "/fp:contract"', "").replace(', "-ffp-contract=fast"', "")


@pytest.mark.parametrize("simd", [False, True])
def test_every_flag_is_explained_once_and_every_explained_word_exists(simd):
    """Only the documents explain flags and settings, so comments cannot contradict them."""
    project = template.render(template.load(), answers.Answers("your-kernels", simd=simd))
    documents = project["docs/why.md"].partition("## What is not here")[0]
    documents += project.get("docs/simd.md", "").partition("## Why it is done this way")[2]
    heads = re.findall(r"^- ((?:`[^`]*`|[^`:])*):", documents, re.MULTILINE)
    explained = re.findall(r"`([^`]+)`", " ".join(heads))
    flags = re.findall(r'"(-[fgmOW][^" (]+)"', project["setup.py"])
    of_a_set = re.compile(r"-m(avx|fma)")  # instructions, in the table of instruction sets
    assert len(flags) >= 6
    assert {flag for flag in flags if not of_a_set.match(flag) and explained.count(flag) != 1} == set()
    files = "".join(text for path, text in project.items() if not path.startswith("docs/")) + " ".join(project)
    assert len(explained) > 20
    assert [span for span in explained if span not in files] == []


def test_ignored_files_are_the_same():
    ours = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert set(texts("template/.gitignore")["template/.gitignore"].split()) <= set(ours)


def test_the_licence_differs_only_in_its_owner():
    def words(text):
        return re.sub(r"^Copyright .*$", "", text, flags=re.MULTILINE)

    assert words(texts("template/LICENSE")["template/LICENSE"]) == words((ROOT / "LICENSE").read_text(encoding="utf-8"))


def test_dependabots_file_differs_only_in_its_comment():
    ours = (ROOT / ".github/dependabot.yml").read_text(encoding="utf-8")
    theirs = texts(".github/dependabot.yml")["template/.github/dependabot.yml"]
    assert ours.split("\n", 1)[1] == theirs.split("\n", 1)[1]


def test_setup_detects_the_processor_family_the_same():
    line = re.compile(r"family = .+|os\.environ\[\"ARCHFLAGS\"\] = .+|sys\.exit\(f\"ARCHFLAGS.+")
    ours = line.findall((ROOT / "setup.py").read_text(encoding="utf-8"))
    theirs = [line.findall(text) for path, text in texts("setup.py").items() if "simd" in path]
    assert len(ours) == 3
    assert theirs == [ours]
