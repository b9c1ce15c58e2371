"""Which wheels there are: a list in the tree, compared with what cibuildwheel would build."""

import re
import tomllib
from pathlib import Path

import pytest
from gates import ROOT

IDENTIFIERS = Path(__file__).with_name("identifiers.txt")
WORKFLOW = ROOT / ".github" / "workflows" / "wheels.yml"
BUILT = ("linux", "macos", "windows")
TWINS = ("pyodide", "android", "ios")  # listed, too: that they get no wheel of their own is a decision


def configuration():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def jobs():
    yaml = pytest.importorskip("yaml", reason="pyyaml is not installed: pip install -e '.[packaging]'")
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]


def test_cibuildwheel_builds_what_the_list_says(tool):
    """After an intended change: write `listed` to identifiers.txt, and the diff shows the effect of the change."""
    listed = ""
    for name in BUILT + TWINS:
        pythons = {}
        for identifier in tool("cibuildwheel", "--print-build-identifiers", "--platform", name).split():
            python, _, platform = identifier.partition("-")
            pythons.setdefault(platform, []).append(python)
        listed += f"# {name}\n" + "".join(f"{platform}: {' '.join(each)}\n" for platform, each in pythons.items())
    assert listed == IDENTIFIERS.read_text(encoding="utf-8")


def test_every_python_of_the_classifiers_has_wheels():
    listed = set(re.findall(r" cp3(\d+)t?\b", IDENTIFIERS.read_text(encoding="utf-8")))
    classifiers = "\n".join(configuration()["project"]["classifiers"])
    assert listed == set(re.findall(r"Python :: 3\.(\d+)$", classifiers, re.MULTILINE))


def test_the_workflow_has_a_job_for_every_architecture():
    settings = configuration()["tool"]["cibuildwheel"]
    wanted = [arch for name in BUILT for arch in settings[name]["archs"]]
    native = [entry["arch"] for entry in jobs()["wheels"]["strategy"]["matrix"]["include"]]
    assert sorted(native + jobs()["emulated"]["strategy"]["matrix"]["arch"]) == sorted(wanted)


def test_the_workflow_runs_the_cibuildwheel_that_made_the_list():
    (required,) = (
        requirement.removeprefix("cibuildwheel == ")
        for requirement in configuration()["project"]["optional-dependencies"]["packaging"]
        if requirement.startswith("cibuildwheel")
    )
    used = re.findall(r"uses: pypa/cibuildwheel@[0-9a-f]{40} # v(.+)", WORKFLOW.read_text(encoding="utf-8"))
    assert len(used) == 2
    assert set(used) == {required}, "pyproject.toml's extra packaging and wheels.yml name different versions"
