"""A fixture for the tests of a start: functions of the user that have no import path."""

import pytest

from nogil_kernels.workers import worker


@pytest.fixture
def local(monkeypatch):
    """Return a function that registers functions by name, as a request does. They are forgotten at the end."""
    monkeypatch.setattr(worker, "local_functions", {})
    monkeypatch.setattr("nogil_kernels.scaling.workloads.users.local_functions", worker.local_functions)

    def register(**functions):
        names = {f"local:{name}": function for name, function in functions.items()}
        worker.local_functions.update(names)
        return [*names]

    return register
