"""The option --skipped runs exactly the tests that the last run skipped."""

import shutil
from pathlib import Path

from support import completed

TESTS = """
import os
import pytest


def test_passes():
    pass


def test_in_a_test():
    os.environ.get("TOOL") or pytest.skip("no tool")


@pytest.mark.skipif("TOOL" not in os.environ, reason="no tool")
def test_by_a_mark():
    pass


@pytest.mark.xfail
def test_fails_as_expected():
    raise AssertionError
"""
FILE = """
import os
import pytest

if "TOOL" not in os.environ:
    pytest.skip("no tool", allow_module_level=True)


def test_in_a_file():
    pass
"""


def test_skipped_runs_exactly_the_tests_that_the_last_run_skipped(tmp_path):
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_tests.py").write_text(TESTS)
    (tmp_path / "test_file.py").write_text(FILE)

    def run(*options, **variables):
        return completed("-m", "pytest", "-v", *options, variables=variables, cwd=tmp_path).stdout

    assert "1 passed, 3 skipped, 1 xfailed" in run()
    output = run("--skipped", TOOL="yes")
    assert "3 passed, 2 deselected" in output
    assert all(f"::{name} PASSED" in output for name in ("test_in_a_test", "test_by_a_mark", "test_in_a_file"))
