"""The choice of the backend. It is made at import, so each test starts a new process."""

import os
import subprocess
import sys

import pytest

VARIABLE = "YOUR_KERNELS_BACKEND"
SHOW = "import your_kernels as pkg; print(pkg.backend, pkg._backend.kernels.__name__)"
MISSING = f"import sys; sys.modules['your_kernels.kernels'] = None; {SHOW}"


def run(code, choice):
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, VARIABLE: choice}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("choice", "module"), [("", "kernels"), ("compiled", "kernels"), ("pure", "pure")])
def test_the_variable_selects_the_backend(choice, module):
    backend, name = run(SHOW, choice).stdout.split()
    assert backend == (choice or "compiled")
    assert name == f"your_kernels.{module}"


def test_another_choice_is_an_error():
    assert f"{VARIABLE} must be compiled or pure, got 'fast'" in run(SHOW, "fast").stderr


def test_missing_compiled_kernels_are_an_error_with_a_remedy():
    assert f"{VARIABLE}=pure" in run(MISSING, "").stderr
    assert run(MISSING, "pure").returncode == 0
