"""The facts of machine, interpreter and package that every report carries, under pyperf's names where it has one."""

import os
import platform
import re
import sys
import threading
import warnings
from collections.abc import Mapping
from datetime import datetime

from .. import __version__, build_info
from . import machine, power

Fact = str | int | float

FOLDERS = re.compile(r"""(?<![^\s'"(])(?:[A-Za-z]:)?[^\s'"(]*[/\\](?=[^/\\]+$)""")  # up to the last slash of a word


def facts() -> dict[str, Fact]:
    """What a report's numbers hold for: metadata that pyperf knows by name, and ours, whose names begin with nk_.

    A fact that does not apply or that the system does not tell is absent. The host's name and every path are left out:
    reports are made to be shown.
    """
    found = {
        "date": datetime.now().isoformat(sep=" ", timespec="seconds"),
        **_of_package(),
        **_of_python(),
        **_of_machine(),
        **_of_blas(),
    }
    return {name: fact for name, fact in found.items() if fact is not None}


def _of_package() -> Mapping[str, Fact | None]:
    build = build_info()
    isas = build["isas_available"]
    assert isinstance(isas, tuple | list)
    return {
        "nk_version": __version__,
        "nk_backend": str(build["backend"]),
        "nk_backend_reason": _line(build["backend_reason"]),
        "nk_isa": _line(build["isa"]),
        "nk_isas_available": " ".join(isas) or None,
        "nk_kernels_compiler": _line(build["compiler"]),
        "nk_kernels_abi3": 1 if build["abi3"] else None,
        "nk_numpy": _line(getattr(sys.modules.get("numpy"), "__version__", None)),
    }


def _of_python() -> Mapping[str, Fact | None]:
    return {
        "python_implementation": sys.implementation.name,
        "python_version": platform.python_version(),
        "nk_free_threaded_build": int(bool(build_info()["free_threaded_build"])),
        "nk_gil_enabled": int(machine.gil_enabled()),
        "nk_python_gil": _asked_of_gil(),
        "nk_switch_interval": sys.getswitchinterval(),
        "nk_debug_build": 1 if hasattr(sys, "gettotalrefcount") else None,
        "nk_watched_by": ", ".join(_watchers()) or None,
    }


def _asked_of_gil() -> str | None:
    """What the command line or the environment asks of the GIL; the first goes before the other."""
    if (asked := sys._xoptions.get("gil")) is not None:
        return f"-X gil={asked}"
    asked = None if sys.flags.ignore_environment else os.environ.get("PYTHON_GIL")
    return f"PYTHON_GIL={asked}" if asked in ("0", "1") else None  # nothing else means anything


def _watchers() -> list[str]:
    """Tracers, profilers and the like that are told of every line or call of Python code."""
    functions = {
        "sys.settrace": sys.gettrace(),
        "sys.setprofile": sys.getprofile(),
        "threading.settrace": threading.gettrace(),
        "threading.setprofile": threading.getprofile(),
    }
    found = [name for name, function in functions.items() if function is not None]
    monitoring = getattr(sys, "monitoring", None)  # 3.12+
    if monitoring is not None:
        found += [f"sys.monitoring: {tool}" for i in range(6) if (tool := monitoring.get_tool(i)) is not None]
    return found


def _of_machine() -> Mapping[str, Fact | None]:
    kept_to = machine.affinity()
    battery = power.on_battery()
    return {
        "platform": platform.platform(aliased=True),
        "cpu_model_name": machine.cpu_name(),
        "cpu_count": os.cpu_count(),
        "cpu_affinity": machine.format_cpu_list(kept_to) if kept_to else None,
        "nk_quota_cores": machine.cgroup_quota(),
        "nk_usable_cores": machine.usable_cores(),
        "nk_physical_cores": machine.physical_cores(),
        "nk_l1d_bytes": machine.cache_bytes(1),
        "nk_l2_bytes": machine.l2_bytes(),
        "nk_l3_bytes": machine.cache_bytes(3),
        "load_avg_1min": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "nk_governor": power.governor(kept_to or ()),
        "nk_on_battery": None if battery is None else int(battery),
    }


def _of_blas() -> Mapping[str, Fact | None]:
    """The BLAS libraries that are loaded by now, and the threads that a call of one may take."""
    try:
        import threadpoolctl  # type: ignore[import-untyped]
    except ImportError:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of mixed OpenMP runtimes, which are none of ours
        pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    if not pools:
        return {}
    return {
        "nk_blas": "; ".join(dict.fromkeys(map(_pool, pools))),
        "nk_blas_threads": max(int(pool["num_threads"]) for pool in pools),
    }


def _pool(pool: Mapping[str, object]) -> str:
    """One library as "openblas 0.3.34 SkylakeX, 2 threads"; not its path."""
    library = [str(pool[name]) for name in ("internal_api", "version", "architecture") if pool.get(name)]
    threads = pool["num_threads"]
    return f"{' '.join(library)}, {threads} thread{'' if threads == 1 else 's'}"


def _line(text: object) -> str | None:
    """On one line, as pyperf wants it, and files without their folders; None for nothing."""
    words = (FOLDERS.sub("", word) for word in str(text).split()) if text else ()
    return " ".join(words) or None
