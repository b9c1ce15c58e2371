"""Which backend runs is chosen once, at import, so each test takes a new process."""

import os
import subprocess
import sys

import pytest

VARIABLE = "YOUR_KERNELS_BACKEND"
SHOW = "import your_kernels as it; print(it.backend, it._backend.kernels.__name__)"
MISSING = f"import sys; sys.modules['your_kernels.kernels'] = None; {SHOW}"


def run(code, choice):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, VARIABLE: choice},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("choice", "module"), [("", "kernels"), ("compiled", "kernels"), ("pure", "pure")])
def test_the_variable_chooses(choice, module):
    backend, name = run(SHOW, choice).stdout.split()
    assert backend == (choice or "compiled")
    assert name == f"your_kernels.{module}"


def test_any_other_choice_is_an_error_that_says_what_to_do():
    assert f"{VARIABLE}=fast: set it to compiled or pure" in run(SHOW, "fast").stderr


def test_compiled_kernels_that_are_missing_are_an_error_that_says_what_to_do():
    assert f"{VARIABLE}=pure" in run(MISSING, "").stderr
    assert run(MISSING, "pure").returncode == 0
