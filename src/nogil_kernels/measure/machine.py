"""The machine's facts: cores that may be used, the caches of one of them, the processor's name, the GIL."""

import os
import platform
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# What a core has had at least since about 2019; half of it still is a call that outweighs a hand-over of the GIL.
L2_FALLBACK = 1 << 20


def usable_cores() -> int:
    """The cores that this process may use: its affinity, cut to the whole cores of its cgroup's quota; at least 1."""
    cores = len(_affinity())
    if hasattr(os, "process_cpu_count"):  # 3.13+: affinity too, and obeys PYTHON_CPU_COUNT and -X cpu_count
        cores = os.process_cpu_count() or cores
    quota = cgroup_quota()
    return cores if quota is None else max(1, min(cores, int(quota)))


def affinity() -> frozenset[int] | None:
    """The numbers of the cores that this process is kept to; None where the system keeps none."""
    return _affinity() if hasattr(os, "sched_getaffinity") else None


def _affinity() -> frozenset[int]:
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def physical_cores(cpus: Path = Path("/sys/devices/system/cpu")) -> int | None:
    """How many cores the affinity's hardware threads belong to; None where the system does not tell.

    Two hardware threads of one core share its arithmetic units: both together compute little faster than one.
    """
    if sys.platform == "win32":
        return _cores_of_records(_records_windows())
    if sys.platform == "darwin":
        cores = _sysctl("hw.physicalcpu")
        return int(cores) if cores.isdecimal() else None
    try:
        return len({(cpus / f"cpu{cpu}/topology/thread_siblings_list").read_text() for cpu in _affinity()})
    except OSError:
        return None


def cgroup_quota(mount: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float | None:
    """The tightest limit on processor time, in cores, of this process's cgroup and all above it; None without one."""
    try:
        lines = own.read_text().splitlines()
    except OSError:  # not Linux
        return None
    limits = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            limits += [_quota(folder / "cpu.max") for folder in _up(mount, path)]
        elif "cpu" in controllers.split(","):
            folders = _up(mount / "cpu", path)
            limits += [_quota(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us") for folder in folders]
    return min((limit for limit in limits if limit is not None), default=None)


def _up(mount: Path, path: str) -> Iterator[Path]:
    """The folder of a cgroup and of every one above it. In a container some are hidden; reading those gives nothing."""
    parts = Path(path).parts[1:]
    for depth in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:depth])


def _quota(*files: Path) -> float | None:
    """Quota and period: in one file of cgroups version 2, in two of version 1. No quota is "max", or -1."""
    try:
        quota, period = " ".join(file.read_text() for file in files).split()
        return None if quota in ("max", "-1") else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def l2_bytes() -> int:
    """The L2 cache that one worker can count on; L2_FALLBACK where the system does not tell."""
    return cache_bytes(2) or L2_FALLBACK


def cache_bytes(level: int) -> int | None:
    """The data cache of that level that one worker can count on; None where there is none, or the system does not tell.

    A cache's bytes divided by the usable cores that share it: the smallest over the usable cores. A virtual machine
    tells of the L3 of its host, whatever its own share of that is.
    """
    if sys.platform == "win32":
        return _cache_of_records(_records_windows(), level)
    if sys.platform == "darwin":
        return _cache_macos(level)
    return _cache_linux(level)


def _cache_linux(level: int, cpus: Path = Path("/sys/devices/system/cpu")) -> int | None:
    usable = _affinity()
    shares = []
    for cpu in usable:
        for cache in (cpus / f"cpu{cpu}" / "cache").glob("index*"):
            try:
                kind = (cache / "type").read_text().strip()
                if (cache / "level").read_text().strip() == str(level) and kind != "Instruction":
                    size = int((cache / "size").read_text().strip().removesuffix("K")) << 10
                    sharers = usable & parse_cpu_list((cache / "shared_cpu_list").read_text())
                    shares.append(size // max(1, len(sharers)))
            except (OSError, ValueError):  # some virtual machines show a cache but not its size
                continue
    return min(shares, default=None)


def parse_cpu_list(text: str) -> frozenset[int]:
    """The set that "0-3,8" writes."""
    cpus: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return frozenset(cpus)


def format_cpu_list(cpus: Iterable[int]) -> str:
    """A set of numbers as Linux writes it, "0-3,8"."""
    ranges: list[list[int]] = []
    for cpu in sorted(cpus):
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _cache_macos(level: int) -> int | None:
    # Apple's chips share one L2 among the cores of a cluster; perflevel0 is the fast cores' kind.
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
    """The value of a macOS system setting; "" where there is no such setting."""
    reply = subprocess.run(["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, check=False)
    return reply.stdout.strip()


def _records_windows() -> bytes:
    """Windows' array of SYSTEM_LOGICAL_PROCESSOR_INFORMATION; empty where it gives none."""
    if sys.platform != "win32":
        return b""
    import ctypes

    query = ctypes.windll.kernel32.GetLogicalProcessorInformation
    length = ctypes.c_ulong(0)
    query(None, ctypes.byref(length))  # fails, and says how much room it needs
    records = ctypes.create_string_buffer(length.value)
    return records.raw if query(records, ctypes.byref(length)) else b""


# processor mask, relationship, then a union aligned to 8: level, associativity, line, size, type of a cache
_RECORD = struct.Struct("@Pi0qBBHIi4x")


def _unpacked(records: bytes) -> Iterator[tuple[int, ...]]:
    return _RECORD.iter_unpack(records[: len(records) // _RECORD.size * _RECORD.size])


def _cores_of_records(records: bytes) -> int | None:
    return sum(relationship == 0 for _, relationship, *_ in _unpacked(records)) or None  # RelationProcessorCore


def _cache_of_records(records: bytes, level: int) -> int | None:
    """The smallest share of a cache of that level in Windows' records."""
    shares = [
        size // max(1, mask.bit_count())
        for mask, relationship, found, _, _, size, kind in _unpacked(records)
        if relationship == 2 and found == level and kind != 1  # RelationCache, and no CacheInstruction
    ]
    return min(shares, default=None)


def cpu_name() -> str:
    """The processor's name as its maker writes it; its architecture where the system does not tell."""
    try:
        name = _cpu_name_of_system()
    except OSError:
        name = ""
    return " ".join((name or platform.processor() or platform.machine() or "unknown").split())


def _cpu_name_of_system() -> str:
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
    """Whether the GIL is on now. On a free-threaded build an import or PYTHON_GIL=1 can have switched it on."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())
