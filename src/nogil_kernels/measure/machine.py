"""Facts about the machine: usable cores, cache sizes, the processor's name, and whether the GIL is on."""

import os
import platform
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from . import affinity

# If the size of L2 is unknown: a typical one. L2 has 0.25 to 2 MiB.
L2_FALLBACK = 1 << 20


def usable_cores() -> int:
    """Return the number of cores that affinity and cgroup quota (rounded down) allow, at least 1."""
    cores = len(affinity.cores_or_all())
    if hasattr(os, "process_cpu_count"):  # 3.13+: affinity, PYTHON_CPU_COUNT and -X cpu_count
        with suppress(OSError):
            cores = os.process_cpu_count() or cores
    quota = cgroup_quota()
    return cores if quota is None else max(1, min(cores, int(quota)))


def physical_cores(cpus: Path = Path("/sys/devices/system/cpu")) -> int | None:
    """Return the number of physical cores among the usable hardware threads, or None if unknown.

    Hardware threads of one core share its arithmetic units, so two of them compute little faster than one.
    """
    if sys.platform == "win32":
        return _parse_cores(_windows_records())
    if sys.platform == "darwin":
        number = _sysctl("hw.physicalcpu")
        return int(number) if number.isdecimal() else None
    try:
        cores = affinity.cores_or_all()
        return len({(cpus / f"cpu{core}/topology/thread_siblings_list").read_text() for core in cores})
    except OSError:
        return None


def cgroup_quota(mount: Path = Path("/sys/fs/cgroup"), cgroup_file: Path = Path("/proc/self/cgroup")) -> float | None:
    """Return the lowest CPU limit, in cores, of this process's cgroup and its ancestors, or None without a limit."""
    try:
        lines = cgroup_file.read_text().splitlines()
    except OSError:  # not Linux
        return None
    limits = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            limits += [_read_quota(folder / "cpu.max") for folder in _with_ancestors(mount, path)]
        elif "cpu" in controllers.split(","):
            folders = _with_ancestors(mount / "cpu", path)
            limits += [_read_quota(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us") for folder in folders]
    return min((limit for limit in limits if limit is not None), default=None)


def _with_ancestors(mount: Path, path: str) -> Iterator[Path]:
    """Yield the folders of a cgroup and its ancestors. In a container, some of them do not exist."""
    parts = Path(path).parts[1:]
    for depth in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:depth])


def _read_quota(*files: Path) -> float | None:
    """Return quota / period: one file in cgroups v2, two in v1. "max" or -1 means no quota."""
    try:
        quota, period = " ".join(file.read_text() for file in files).split()
        return None if quota in ("max", "-1") else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def l2_bytes() -> int:
    """Return the bytes of L2 cache per worker, or L2_FALLBACK if unknown."""
    return cache_bytes(2) or L2_FALLBACK


def cache_bytes(level: int) -> int | None:
    """Return the bytes of data cache of this level that one worker has, or None if absent or unknown.

    A cache is divided by the usable cores that share it, and the smallest share counts. A virtual machine reports the
    whole L3 of its host.
    """
    if sys.platform == "win32":
        return _parse_cache(_windows_records(), level)
    if sys.platform == "darwin":
        return _cache_macos(level)
    return _cache_linux(level)


def _cache_linux(level: int, cpus: Path = Path("/sys/devices/system/cpu")) -> int | None:
    usable = affinity.cores_or_all()
    shares = []
    for cpu in usable:
        for cache in (cpus / f"cpu{cpu}" / "cache").glob("index*"):
            try:
                cache_type = (cache / "type").read_text().strip()
                if (cache / "level").read_text().strip() == str(level) and cache_type != "Instruction":
                    cache_size = int((cache / "size").read_text().strip().removesuffix("K")) << 10
                    sharers = usable & parse_cpu_list((cache / "shared_cpu_list").read_text())
                    shares.append(cache_size // max(1, len(sharers)))
            except (OSError, ValueError):  # some virtual machines list a cache without its size
                continue
    return min(shares, default=None)


def parse_cpu_list(text: str) -> frozenset[int]:
    """Parse a list of cores in Linux' format, such as "0-3,8"."""
    cpus: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return frozenset(cpus)


def format_cpu_list(cpus: Iterable[int]) -> str:
    """Format core numbers as Linux does, such as "0-3,8"."""
    ranges: list[list[int]] = []
    for cpu in sorted(cpus):
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _cache_macos(level: int) -> int | None:
    # On Apple's chips, the cores of a cluster share one L2. perflevel0 means the fast cores.
    name = {1: "l1dcachesize", 2: "l2cachesize", 3: "l3cachesize"}[level]
    try:
        sharers = 1 if level == 1 else int(_sysctl(f"hw.perflevel0.cpusperl{level}"))
        return int(_sysctl(f"hw.perflevel0.{name}")) // sharers
    except (OSError, ValueError):
        pass
    try:
        return int(_sysctl(f"hw.{name}"))
    except (OSError, ValueError):
        return None


def _sysctl(name: str) -> str:
    """Return the value of a macOS system setting, or "" if the setting does not exist."""
    return subprocess.run(["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, check=False).stdout.strip()


def _windows_records() -> bytes:
    """Return Windows' array of SYSTEM_LOGICAL_PROCESSOR_INFORMATION, or b"" if the query fails."""
    if sys.platform != "win32":
        return b""
    import ctypes

    query = ctypes.windll.kernel32.GetLogicalProcessorInformation
    length = ctypes.c_ulong(0)
    query(None, ctypes.byref(length))  # this call fails, but stores the required length
    records = ctypes.create_string_buffer(length.value)
    return records.raw if query(records, ctypes.byref(length)) else b""


# One record: processor mask, relationship, then a union aligned to 8 bytes. For a cache the union has level,
# associativity, line size, size and type.
_RECORD = struct.Struct("@Pi0qBBHIi4x")


def _unpack(records: bytes) -> Iterator[tuple[int, ...]]:
    return _RECORD.iter_unpack(records[: len(records) // _RECORD.size * _RECORD.size])


def _parse_cores(records: bytes) -> int | None:
    return sum(relationship == 0 for _, relationship, *_ in _unpack(records)) or None  # RelationProcessorCore


def _parse_cache(records: bytes, level: int) -> int | None:
    """Return the smallest share of a data cache of this level in Windows' records."""
    shares = [
        size // max(1, mask.bit_count())
        for mask, relationship, cache_level, _, _, size, cache_type in _unpack(records)
        if relationship == 2 and cache_level == level and cache_type != 1  # RelationCache, but not CacheInstruction
    ]
    return min(shares, default=None)


def cpu_name() -> str:
    """Return the processor's model name, or its architecture if the name is unknown."""
    try:
        name = _system_cpu_name()
    except OSError:
        name = ""
    return " ".join((name or platform.processor() or platform.machine() or "unknown").split())


def _system_cpu_name() -> str:
    if sys.platform == "win32":
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
            return str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
    if sys.platform == "darwin":
        return _sysctl("machdep.cpu.brand_string")
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2]
    return ""


def gil_enabled() -> bool:
    """Return whether the GIL is on. Imports and PYTHON_GIL=1 can switch it on in a free-threaded build."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())
