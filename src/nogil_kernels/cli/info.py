"""`nogil-kernels info`: the facts that every report contains, and warnings about this machine."""

import argparse
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec

from ..measure.facts import Fact, facts
from ..measure.gil_watch import watch
from ..measure.machine_warnings import warnings_of
from ..measure.noise import noise

WIDTH = 79  # fits a terminal of 80 columns
INDENT = 20

Lines = Iterator[tuple[str, str]]
"""Pairs of a name and its value."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `info` to its parser."""
    parser.description = (
        "Show the kernels in use, the state of Python and its GIL, the machine and NumPy's BLAS libraries. Warnings say"
        " what would make a measurement unreliable, and what to do about it. Takes half a second."
    )
    parser.add_argument("--json", action="store_true", help="print the facts and warnings as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Collect the facts, print them, and return the exit status."""
    known = collect()
    warnings = warnings_of(known)
    print(json.dumps({"facts": known, "warnings": warnings}, indent=2) if options.json else as_text(known, warnings))
    return 0


def collect() -> dict[str, Fact]:
    """Return all facts, in about half a second. Import NumPy, which loads a BLAS and may switch the GIL on."""
    with watch() as gil, suppress(ImportError):  # the pure backend works without NumPy
        import numpy  # noqa: F401
    return {**facts(), **gil.facts(), **noise()}


def as_text(known: Mapping[str, Fact], warnings: Sequence[str]) -> str:
    """Return groups of facts, then the warnings, at most WIDTH characters wide."""
    groups = {"Kernels": _kernels, "Python and GIL": _python, "Machine": _machine, "BLAS": _blas}
    blocks = []
    for title, group in groups.items():
        blocks.append("\n".join([title, *(_wrapped(f"  {name:{INDENT - 2}}", text) for name, text in group(known))]))
    blocks.append("Warnings" if warnings else "No warnings.")
    blocks += [_wrapped("  ", sentence) for sentence in warnings]
    return "\n\n".join(blocks)


def _wrapped(head: str, text: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _kernels(known: Mapping[str, Fact]) -> Lines:
    yield "nogil-kernels", str(known["nk_version"])
    reason = f" ({known['nk_backend_reason']})" if "nk_backend_reason" in known else ""
    yield "backend", f"{known['nk_backend']}{reason}"
    if "nk_isa" in known:
        yield "instruction set", f"{known['nk_isa']} (available: {known['nk_isas_available']})"
        yield "compiler", str(known["nk_kernels_compiler"])
    if "nk_kernels_abi3" in known:
        yield "build", "abi3: slower calls, and no compiled kernels in subinterpreters"


def _python(known: Mapping[str, Fact]) -> Lines:
    build = "free-threaded build" if known["nk_free_threaded_build"] else "build with a GIL"
    debug = ", debug" if "nk_debug_build" in known else ""
    yield "Python", f"{known['python_implementation']} {known['python_version']}, {build}{debug}"
    yield "GIL", _gil(known)
    if "nk_python_gil" in known:
        yield "GIL requested", str(known["nk_python_gil"])
    yield "switch interval", f"{float(known['nk_switch_interval']) * 1e3:g} ms"
    if "nk_watched_by" in known:
        yield "watched by", str(known["nk_watched_by"])


def _gil(known: Mapping[str, Fact]) -> str:
    if not known["nk_free_threaded_build"]:
        return "on, cannot be switched off"
    if not known["nk_gil_enabled"]:
        return "off"
    if known["nk_gil_before"]:
        return "on"
    return f"on: importing {known.get('nk_gil_enabled_by', 'NumPy')} switched it on"


def _machine(known: Mapping[str, Fact]) -> Lines:
    yield "system", str(known["platform"])
    yield "processor", str(known["cpu_model_name"])
    yield "usable cores", f"{known['nk_usable_cores']} of {known.get('cpu_count', 'an unknown number')}"
    if "nk_physical_cores" in known:
        yield "physical cores", str(known["nk_physical_cores"])
    yield "affinity", str(known.get("cpu_affinity", "unknown on this system"))
    yield "cgroup quota", f"{known['nk_quota_cores']:g} cores" if "nk_quota_cores" in known else "none"
    levels = {name: known.get(f"nk_{name.lower()}_bytes") for name in ("L1d", "L2", "L3")}
    yield "caches per worker", ", ".join(f"{name} {_size(int(size))}" for name, size in levels.items() if size)
    if "load_avg_1min" in known:
        yield "load, 1 minute", f"{float(known['load_avg_1min']):.2f}"
    if "nk_native_speed_up" in known:
        yield "2 native threads", f"{float(known['nk_native_speed_up']):.2f} times as fast as one at arithmetic"
    if "nk_steal" in known:
        yield "steal", f"{float(known['nk_steal']):.0%} of the time was taken by the host"
    if "nk_governor" in known:
        yield "governor", str(known["nk_governor"])
    if "nk_on_battery" in known:
        yield "power", "battery" if known["nk_on_battery"] else "mains"


def _size(size: int) -> str:
    return f"{size / 2**20:.4g} MiB" if size >= 1 << 20 else f"{size / 2**10:.4g} KiB"


def _blas(known: Mapping[str, Fact]) -> Lines:
    yield "NumPy", str(known.get("nk_numpy", "cannot be imported"))
    if "nk_blas" in known:
        for library in str(known["nk_blas"]).split("; "):
            yield "library", library
    elif find_spec("threadpoolctl"):
        yield "library", "none that threadpoolctl recognizes"
    else:
        yield "library", "unknown without threadpoolctl: pip install 'nogil-kernels[bench]'"
