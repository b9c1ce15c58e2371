"""Which backend runs is chosen once, at import, so each test takes a new process."""

import os
import subprocess
import sys

import pytest

SHOW = "import your_kernels; print(your_kernels.backend, your_kernels.kernels.__name__)"


def run(code, choice):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "YOUR_KERNELS_BACKEND": choice},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("choice", "module"), [("", "kernels"), ("compiled", "kernels"), ("pure", "pure")])
def test_the_variable_chooses(choice, module):
    assert run(SHOW, choice).stdout.split() == [choice or "compiled", f"your_kernels.{module}"]


def test_any_other_choice_is_an_error_that_says_what_to_do():
    assert "YOUR_KERNELS_BACKEND=fast: set it to compiled or pure" in run(SHOW, "fast").stderr


def test_compiled_kernels_that_are_missing_are_an_error_that_says_what_to_do():
    code = f"import sys; sys.modules['your_kernels.kernels'] = None; {SHOW}"
    assert "YOUR_KERNELS_BACKEND=pure" in run(code, "").stderr
    assert run(code, "pure").returncode == 0
