"""The wheels of a release: identifiers.txt, cibuildwheel, the classifiers and the workflow have the same ones."""

import re
import tomllib
from pathlib import Path

from gates import ROOT, loaded

IDENTIFIERS = Path(__file__).with_name("identifiers.txt")
WORKFLOW = ROOT / ".github" / "workflows" / "wheels.yml"
COMPILED = ("linux", "macos", "windows")
PURE = ("pyodide", "android", "ios")  # identifiers.txt lists them without any Python: they get the pure-Python wheel


def configuration():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def jobs():
    return loaded(WORKFLOW)["jobs"]


def test_cibuildwheel_builds_the_wheels_in_identifiers_txt(tool):
    """After an intended change, write `listing` to identifiers.txt. Its diff shows the effect of the change."""
    listing = ""
    for name in COMPILED + PURE:
        pythons = {}
        for identifier in tool("cibuildwheel", "--print-build-identifiers", "--platform", name).split():
            python, _, platform = identifier.partition("-")
            pythons.setdefault(platform, []).append(python)
        listing += f"# {name}\n" + "".join(f"{platform}: {' '.join(each)}\n" for platform, each in pythons.items())
    assert listing == IDENTIFIERS.read_text(encoding="utf-8")


def test_the_pythons_of_the_classifiers_are_those_with_wheels():
    listed = set(re.findall(r" cp3(\d+)t?\b", IDENTIFIERS.read_text(encoding="utf-8")))
    classifiers = "\n".join(configuration()["project"]["classifiers"])
    assert listed == set(re.findall(r"Python :: 3\.(\d+)$", classifiers, re.MULTILINE))


def test_the_workflow_has_a_job_for_every_architecture():
    settings = configuration()["tool"]["cibuildwheel"]
    required = [arch for name in COMPILED for arch in settings[name]["archs"]]
    native = [entry["arch"] for entry in jobs()["wheels"]["strategy"]["matrix"]["include"]]
    assert sorted(native + jobs()["emulated"]["strategy"]["matrix"]["arch"]) == sorted(required)


def test_workflow_and_pyproject_have_the_same_version_of_cibuildwheel():
    (required,) = (
        requirement.removeprefix("cibuildwheel == ")
        for requirement in configuration()["project"]["optional-dependencies"]["packaging"]
        if requirement.startswith("cibuildwheel")
    )
    used = re.findall(r"uses: pypa/cibuildwheel@[0-9a-f]{40} # v(.+)", WORKFLOW.read_text(encoding="utf-8"))
    assert len(used) == 2
    assert set(used) == {required}, "pyproject.toml's extra packaging and wheels.yml name different versions"
