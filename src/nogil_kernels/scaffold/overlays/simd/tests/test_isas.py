"""Run the tests on each other instruction set. Each needs a new process, since the choice is made at import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from your_kernels import isa

HERE = Path(__file__).resolve()
OTHERS = [name for name in isa.available if name != isa.chosen]
SKIPPED = pytest.param("none", marks=pytest.mark.skip(reason=f"this machine has only {isa.chosen}"))


def run(name, *arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, isa.VARIABLE: name},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", OTHERS or [SKIPPED])
def test_the_kernels_pass_their_tests_on_the_isa(name):
    """Skip the twins by `not pure`: `-k compiled` would skip tests without that word in their ids."""
    process = run(name, "-m", "pytest", "-k", "not pure", "--ignore", HERE, "-p", "no:cacheprovider", HERE.parent)
    assert process.returncode == 0, process.stdout


SHOW = "from your_kernels import isa; print(isa.chosen)"


@pytest.mark.parametrize("name", isa.available)
def test_the_variable_chooses(name):
    assert run(name, "-c", SHOW).stdout.strip() == name


def test_an_unavailable_isa_is_an_error_with_the_available_ones():
    output = run("sse9", "-c", SHOW).stdout
    assert output.endswith(f"must be one of {', '.join(isa.available)} on this machine, got 'sse9'\n")
