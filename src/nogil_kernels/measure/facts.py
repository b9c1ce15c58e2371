"""The facts of machine, interpreter and package that every report carries, under pyperf's names where it has one."""

import os
import platform
import sys
from datetime import datetime

from .. import __version__, build_info
from . import machine

Fact = str | int | float


def facts() -> dict[str, Fact]:
    """What a report's numbers hold for: metadata that pyperf knows by name, and ours, whose names begin with nk_.

    The host's name is left out: reports are made to be shown.
    """
    build = build_info()
    found: dict[str, Fact | None] = {
        "date": datetime.now().isoformat(sep=" ", timespec="seconds"),
        "platform": platform.platform(aliased=True),
        "python_implementation": sys.implementation.name,
        "python_version": platform.python_version(),
        "cpu_model_name": machine.cpu_name(),
        "cpu_count": os.cpu_count(),
        "load_avg_1min": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "nk_version": __version__,
        "nk_backend": str(build["backend"]),
        "nk_backend_reason": " ".join(str(build["backend_reason"] or "").split()) or None,
        "nk_isa": str(build["isa"]) if build["isa"] else None,
        "nk_gil_enabled": int(machine.gil_enabled()),
        "nk_usable_cores": machine.usable_cores(),
        "nk_l2_bytes": machine.l2_bytes(),
        "nk_switch_interval": sys.getswitchinterval(),
    }
    return {name: fact for name, fact in found.items() if fact is not None}
