"""A saved report for the tests of several commands."""

import pytest
from commands import SHORT

from nogil_kernels.cli import main


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return the path of a saved report."""
    path = tmp_path_factory.mktemp("report") / "report.json"
    assert main(["compare", *SHORT, "--json", str(path)]) == 0
    return path
