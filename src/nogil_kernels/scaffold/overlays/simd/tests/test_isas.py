"""The kernels' tests once more on every other instruction set: it is chosen at import, so each takes a new process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from your_kernels import isa

HERE = Path(__file__).resolve()
OTHERS = [name for name in isa.available if name != isa.chosen]
NONE = pytest.param("none", marks=pytest.mark.skip(reason=f"this machine has {isa.chosen} alone"))


def run(name, *arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, isa.VARIABLE: name},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", OTHERS or [NONE])
def test_the_kernels_pass_their_tests_on_the_isa(name):
    """All but those of the twins: `-k compiled` would leave out what asks for the fixture of that name."""
    done = run(name, "-m", "pytest", "-k", "not pure", "--ignore", HERE, "-p", "no:cacheprovider", HERE.parent)
    assert done.returncode == 0, done.stdout


SHOW = "from your_kernels import isa; print(isa.chosen)"


@pytest.mark.parametrize("name", isa.available)
def test_the_variable_chooses(name):
    assert run(name, "-c", SHOW).stdout.strip() == name


def test_an_isa_that_this_machine_lacks_is_an_error_that_names_those_it_has():
    assert f"sse9: this machine has {', '.join(isa.available)};" in run("sse9", "-c", SHOW).stdout
