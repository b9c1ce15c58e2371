"""The affinity, on systems that have none or forbid it."""

import os

import pytest

from nogil_kernels.measure import affinity, machine


@pytest.fixture(params=["missing", "forbidden"])
def without_affinity(request, monkeypatch):
    def forbidden(*arguments):
        raise PermissionError(1, "Operation not permitted")

    for name in ("sched_getaffinity", "sched_setaffinity"):
        if request.param == "missing":
            monkeypatch.delattr(os, name, raising=False)
        else:
            monkeypatch.setattr(os, name, forbidden, raising=False)


@pytest.mark.usefixtures("without_affinity")
def test_without_affinity_every_core_is_usable(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    monkeypatch.setattr(machine, "cgroup_quota", lambda: None)
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    assert affinity.cores() is None
    assert machine.usable_cores() == 3


@pytest.mark.usefixtures("without_affinity")
def test_without_affinity_workers_run_on_any_core():
    with affinity.pinned([0]):
        assert affinity.cores() is None
