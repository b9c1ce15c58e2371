"""Two reasons for low clock rates: the frequency governor, and running on battery."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path


def governor(cpus: Iterable[int], root: Path = Path("/sys/devices/system/cpu")) -> str | None:
    """Return the frequency governors of these cores, as "powersave (intel_pstate)", or None if unknown. Linux only."""
    governors = set()
    for cpu in cpus:
        folder = root / f"cpu{cpu}" / "cpufreq"
        try:
            name, driver = ((folder / f"scaling_{file}").read_text().strip() for file in ("governor", "driver"))
        except OSError:  # most virtual machines have no such files
            continue
        governors.add(f"{name} ({driver})")
    return ", ".join(sorted(governors)) or None


def on_battery(supplies: Path = Path("/sys/class/power_supply")) -> bool | None:
    """Return whether the machine runs on battery, or None if it has no battery or the state is unknown."""
    if sys.platform == "win32":
        return _battery_of_record(_record_windows())
    if sys.platform == "darwin":
        reply = subprocess.run(["/usr/bin/pmset", "-g", "ps"], capture_output=True, text=True, check=False)
        return _battery_of_pmset(reply.stdout)
    return _battery_linux(supplies)


def _battery_linux(supplies: Path) -> bool | None:
    """Return whether a battery is discharging. Batteries of devices such as a mouse do not count."""
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
    """Parse the output of macOS' `pmset -g ps`: a line "Now drawing from ...", then one line per battery."""
    return "Battery Power" in text.partition("\n")[0] if "InternalBattery" in text else None


def _record_windows() -> bytes:
    if sys.platform != "win32":
        return b""
    import ctypes

    record = ctypes.create_string_buffer(12)
    return record.raw if ctypes.windll.kernel32.GetSystemPowerStatus(record) else b""


def _battery_of_record(record: bytes) -> bool | None:
    """Parse Windows' SYSTEM_POWER_STATUS. Byte 0 is 0 on battery and 1 on mains; byte 1 is 128 without a battery."""
    return None if len(record) < 2 or record[0] > 1 or record[1] & 128 else record[0] == 0
