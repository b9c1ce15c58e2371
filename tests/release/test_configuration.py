"""Gates for the workflows and .gitattributes. test_new_release.py has the gates for generated projects too."""

import re

import pytest
from gates import ROOT, loaded

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)


def test_generated_plots_and_baselines_are_marked_as_generated():
    lines = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    patterns = [line.split()[0] for line in lines if line.endswith(" linguist-generated -diff")]
    generated = [path.relative_to(ROOT) for name in ("docs/**/*.svg", "bench/**/*.json") for path in ROOT.glob(name)]
    assert len(generated) >= 5, "the folders of this test are wrong"
    assert [path for path in generated if not any(path.match(pattern) for pattern in patterns)] == []


@each_workflow
def test_every_action_is_pinned_and_has_its_version_in_a_comment(workflow):
    for line in re.findall(r"uses: (.+)", workflow.read_text(encoding="utf-8")):
        assert line.startswith("$/") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_all_uses_of_an_action_have_the_same_version():
    used = set(re.findall(r"uses: ([^@\s]+)@(\w+) # (v.+)", "\n".join(path.read_text() for path in WORKFLOWS)))
    assert len({action for action, _, _ in used}) == len(used), sorted(used)


@each_workflow
def test_a_workflow_has_no_permissions_and_every_job_has_a_timeout(workflow):
    content = loaded(workflow)
    assert content["permissions"] == {}
    assert "concurrency" in content
    for name, job in content["jobs"].items():
        assert "permissions" in job, name
        assert "timeout-minutes" in job or "uses" in job, name


def test_only_the_sdist_job_checks_out_the_sources():
    jobs = loaded(GITHUB / "workflows" / "wheels.yml")["jobs"]
    for name in ("wheels", "emulated", "pure"):
        assert jobs[name]["needs"] == "sdist"
    uses = {name: [step.get("uses", "") for step in job["steps"]] for name, job in jobs.items()}
    assert [name for name in uses if any(use.startswith("actions/checkout@") for use in uses[name])] == ["sdist"]


def test_publishing_needs_built_and_attested_files():
    jobs = loaded(GITHUB / "workflows" / "release.yml")["jobs"]
    assert jobs["attest"]["needs"] == "build"
    for name in ("publish", "rehearse"):
        job = jobs[name]
        assert job["needs"] == "attest"
        assert job["permissions"] == {"id-token": "write"}
        assert job["environment"]["name"]
        assert [step["uses"].partition("@")[0] for step in job["steps"]] == [
            "actions/download-artifact",
            "pypa/gh-action-pypi-publish",
        ]
