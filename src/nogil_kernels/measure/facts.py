"""Facts about the machine, interpreter and package, for every report. A fact has pyperf's name if pyperf has one."""

import os
import platform
import re
import sys
import threading
import warnings
from collections.abc import Mapping
from datetime import datetime

from .. import __version__, build_info
from . import affinity, machine, power

try:
    import threadpoolctl  # type: ignore[import-untyped]  # here, before sys.path has the folders of the user
except ImportError:
    threadpoolctl = None

Fact = str | int | float

FOLDERS = re.compile(r"""(?<![^\s'"(])(?:[A-Za-z]:)?[^\s'"(]*[/\\](?=[^/\\]+$)""")  # the folders before a file name


def facts() -> dict[str, Fact]:
    """Return the facts that a report's numbers depend on. Names that pyperf does not have begin with nk_.

    Facts that do not apply or are unknown are absent. The host name and all paths are omitted, because reports are
    published.
    """
    all_facts = {
        "date": datetime.now().isoformat(sep=" ", timespec="seconds"),
        **_package_facts(),
        **_python_facts(),
        **_machine_facts(),
        **_blas_facts(),
    }
    return {name: fact for name, fact in all_facts.items() if fact is not None}


def _package_facts() -> Mapping[str, Fact | None]:
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


def _python_facts() -> Mapping[str, Fact | None]:
    return {
        "python_implementation": sys.implementation.name,
        "python_version": platform.python_version(),
        "nk_free_threaded_build": int(bool(build_info()["free_threaded_build"])),
        "nk_gil_enabled": int(machine.gil_enabled()),
        "nk_python_gil": _gil_option(),
        "nk_switch_interval": sys.getswitchinterval(),
        "nk_debug_build": 1 if hasattr(sys, "gettotalrefcount") else None,
        "nk_watched_by": ", ".join(_watchers()) or None,
    }


def _gil_option() -> str | None:
    """Return the GIL setting of the command line, or of the environment if the command line has none."""
    if (option := sys._xoptions.get("gil")) is not None:
        return f"-X gil={option}"
    variable = None if sys.flags.ignore_environment else os.environ.get("PYTHON_GIL")
    return f"PYTHON_GIL={variable}" if variable in ("0", "1") else None  # CPython accepts no other value


def _watchers() -> list[str]:
    """Return the names of active tracers, profilers and monitoring tools."""
    functions = {
        "sys.settrace": sys.gettrace(),
        "sys.setprofile": sys.getprofile(),
        "threading.settrace": threading.gettrace(),
        "threading.setprofile": threading.getprofile(),
    }
    active_names = [name for name, function in functions.items() if function is not None]
    monitoring = getattr(sys, "monitoring", None)  # 3.12+
    if monitoring is not None:
        active_names += [f"sys.monitoring: {tool}" for i in range(6) if (tool := monitoring.get_tool(i)) is not None]
    return active_names


def _machine_facts() -> Mapping[str, Fact | None]:
    cores = affinity.cores()
    battery = power.on_battery()
    return {
        "platform": platform.platform(aliased=True),
        "cpu_model_name": machine.cpu_name(),
        "cpu_count": os.cpu_count(),
        "cpu_affinity": machine.format_cpu_list(cores) if cores else None,
        "nk_quota_cores": machine.cgroup_quota(),
        "nk_usable_cores": machine.usable_cores(),
        "nk_physical_cores": machine.physical_cores(),
        "nk_l1d_bytes": machine.cache_bytes(1),
        "nk_l2_bytes": machine.l2_bytes(),
        "nk_l3_bytes": machine.cache_bytes(3),
        "load_avg_1min": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "nk_governor": power.governor(cores or ()),
        "nk_on_battery": None if battery is None else int(battery),
    }


def _blas_facts() -> Mapping[str, Fact | None]:
    """Return the BLAS libraries that are loaded now, and the most threads that one call uses."""
    if threadpoolctl is None:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # threadpoolctl warns about mixed OpenMP runtimes
        libraries = [library for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]
    if not libraries:
        return {}
    return {
        "nk_blas": "; ".join(dict.fromkeys(map(_describe_blas, libraries))),
        "nk_blas_threads": max(int(library["num_threads"]) for library in libraries),
    }


def _describe_blas(library: Mapping[str, object]) -> str:
    """Describe one library without its path: "openblas 0.3.34 SkylakeX, 2 threads"."""
    words = [str(library[name]) for name in ("internal_api", "version", "architecture") if library.get(name)]
    threads = library["num_threads"]
    return f"{' '.join(words)}, {threads} thread{'' if threads == 1 else 's'}"


def _line(text: object) -> str | None:
    """Return the text on one line, as pyperf requires, with folders removed from paths. Return None if it is empty."""
    words = (FOLDERS.sub("", word) for word in str(text).split()) if text else ()
    return " ".join(words) or None
