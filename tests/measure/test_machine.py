"""The machine: usable cores, quotas and caches, on each operating system."""

import struct

import pytest
from fake_facts import files

from nogil_kernels.measure import affinity, machine


def test_this_machine_has_cores_an_l2_cache_and_a_name():
    assert machine.usable_cores() >= 1
    assert machine.l2_bytes() >= 1 << 16
    assert machine.cpu_name()


@pytest.mark.parametrize(
    ("own", "texts", "quota"),
    [
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "150000 100000"}, 1.5),
        ("0::/a/b\n", {"cpu.max": "400000 100000"}, 4),
        ("0::/\n", {"cpu.max": "max 100000"}, None),
        ("4:cpu,cpuacct:/a\n0::/\n", {"cpu/a/cpu.cfs_quota_us": "50000", "cpu/a/cpu.cfs_period_us": "100000"}, 0.5),
        ("4:cpu:/hidden\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("0::/a\n", {}, None),
        (None, {}, None),
    ],
)
def test_the_lowest_quota_of_all_cgroups_counts(own, texts, quota, tmp_path):
    files(tmp_path, texts if own is None else texts | {"own": own})
    assert machine.cgroup_quota(tmp_path, tmp_path / "own") == quota


@pytest.mark.parametrize(("quota", "cores"), [(None, 8), (2.5, 2), (0.5, 1), (16.0, 8)])
def test_the_quota_is_rounded_down_to_whole_cores(quota, cores, monkeypatch):
    monkeypatch.setattr(affinity, "cores_or_all", lambda: frozenset(range(8)))
    monkeypatch.setattr(machine.os, "process_cpu_count", lambda: 8, raising=False)
    monkeypatch.setattr(machine, "cgroup_quota", lambda: quota)
    assert machine.usable_cores() == cores


def test_a_cache_is_divided_by_the_number_of_usable_cores_that_share_it(tmp_path, monkeypatch):
    monkeypatch.setattr(affinity, "cores_or_all", lambda: frozenset({0, 1, 8}))
    caches = (("1", "Data", "48K"), ("1", "Instruction", "16K"), ("2", "Unified", "2048K"))
    for cpu, sharers in ((0, "0-1"), (1, "0-1"), (8, "8,9")):
        for index, cache in enumerate(caches):
            texts = zip(("level", "type", "size", "shared_cpu_list"), (*cache, sharers), strict=True)
            files(tmp_path / f"cpu{cpu}/cache/index{index}", {name: f"{text}\n" for name, text in texts})
    assert [machine._cache_linux(level, tmp_path) for level in (1, 2, 3)] == [24 << 10, 1 << 20, None]
    assert machine._cache_linux(2, tmp_path / "absent") is None


def test_caches_are_read_from_the_records_of_windows():
    record = struct.Struct("@Pi0qBBHIi4x")
    core = record.pack(3, 0, 1, 0, 0, 0, 0)
    data, code = record.pack(3, 2, 1, 8, 64, 48 << 10, 2), record.pack(3, 2, 1, 8, 64, 16 << 10, 1)
    l2 = record.pack(3, 2, 2, 8, 64, 2 << 20, 0)
    sizes = [machine._parse_cache(core + data + code + l2 + b"rest", level) for level in (1, 2, 3)]
    assert sizes == [24 << 10, 1 << 20, None]
