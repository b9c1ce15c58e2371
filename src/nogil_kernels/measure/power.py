"""What may hold the clock down: the governor of the cores' frequency, and running on battery."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path


def governor(cpus: Iterable[int], root: Path = Path("/sys/devices/system/cpu")) -> str | None:
    """Who sets those cores' frequency on Linux, as "powersave (intel_pstate)"; None where the system does not tell."""
    found = set()
    for cpu in cpus:
        folder = root / f"cpu{cpu}" / "cpufreq"
        try:
            kind, driver = ((folder / f"scaling_{what}").read_text().strip() for what in ("governor", "driver"))
        except OSError:  # most virtual machines
            continue
        found.add(f"{kind} ({driver})")
    return ", ".join(sorted(found)) or None


def on_battery(supplies: Path = Path("/sys/class/power_supply")) -> bool | None:
    """Whether the machine runs on its battery; None where it has none, or the system does not tell."""
    if sys.platform == "win32":
        return _battery_of_record(_record_windows())
    if sys.platform == "darwin":
        reply = subprocess.run(["/usr/bin/pmset", "-g", "ps"], capture_output=True, text=True, check=False)
        return _battery_of_pmset(reply.stdout)
    return _battery_linux(supplies)


def _battery_linux(supplies: Path) -> bool | None:
    """A battery of the machine, and not of a mouse, says whether it is being emptied."""
    states = []
    for supply in supplies.glob("*"):
        try:
            if (supply / "type").read_text().strip() != "Battery":
                continue
            scope = supply / "scope"
            if scope.exists() and scope.read_text().strip() == "Device":
                continue
            states.append((supply / "status").read_text().strip())
        except OSError:
            continue
    return "Discharging" in states if states else None


def _battery_of_pmset(text: str) -> bool | None:
    """What macOS' `pmset -g ps` says: a line "Now drawing from ...", then one for each battery."""
    return "Battery Power" in text.partition("\n")[0] if "InternalBattery" in text else None


def _record_windows() -> bytes:
    if sys.platform != "win32":
        return b""
    import ctypes

    record = ctypes.create_string_buffer(12)
    return record.raw if ctypes.windll.kernel32.GetSystemPowerStatus(record) else b""


def _battery_of_record(record: bytes) -> bool | None:
    """Windows' SYSTEM_POWER_STATUS: its first byte is 0 on battery and 1 on mains, its second 128 without a battery."""
    return None if len(record) < 2 or record[0] > 1 or record[1] & 128 else record[0] == 0
