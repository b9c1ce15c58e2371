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

Lines = Iterator[tuple[str, str]]  # pairs of a name and its value


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `info` to its parser."""
    parser.description = (
        "Show the kernels in use, the state of Python and its GIL, the machine and NumPy's BLAS libraries."
        " Warnings name what would make a measurement unreliable, and the remedy. Takes half a second."
    )
    parser.add_argument("--json", action="store_true", help="print the facts and warnings as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Collect the facts, print them, and return the exit status."""
    all_facts = collect()
    warnings = warnings_of(all_facts)
    as_json = json.dumps({"facts": all_facts, "warnings": warnings}, indent=2)
    print(as_json if options.json else as_text(all_facts, warnings))
    return 0


def collect() -> dict[str, Fact]:
    """Return all facts in half a second. Import NumPy first: it loads a BLAS library and may switch the GIL on."""
    with watch() as gil, suppress(ImportError):  # the pure backend works without NumPy
        import numpy  # noqa: F401
    return {**facts(), **gil.facts(), **noise()}


def as_text(all_facts: Mapping[str, Fact], warnings: Sequence[str]) -> str:
    """Return groups of facts, then the warnings, at most WIDTH characters wide."""
    groups = {"Kernels": _kernels, "Python and GIL": _python, "Machine": _machine, "BLAS": _blas}
    blocks = []
    for title, group in groups.items():
        lines = [_wrapped(f"  {name:{INDENT - 2}}", text) for name, text in group(all_facts)]
        blocks.append("\n".join([title, *lines]))
    blocks.append("Warnings" if warnings else "No warnings.")
    blocks += [_wrapped("  ", sentence) for sentence in warnings]
    return "\n\n".join(blocks)


def _wrapped(head: str, text: str) -> str:
    blank = " " * len(head)
    return textwrap.fill(
        text, WIDTH, initial_indent=head, subsequent_indent=blank, break_long_words=False, break_on_hyphens=False
    )


def _kernels(all_facts: Mapping[str, Fact]) -> Lines:
    yield "nogil-kernels", str(all_facts["nk_version"])
    reason = f" ({all_facts['nk_backend_reason']})" if "nk_backend_reason" in all_facts else ""
    yield "backend", f"{all_facts['nk_backend']}{reason}"
    if "nk_isa" in all_facts:
        yield "instruction set", f"{all_facts['nk_isa']} (available: {all_facts['nk_isas_available']})"
        yield "compiler", str(all_facts["nk_kernels_compiler"])
    if "nk_kernels_abi3" in all_facts:
        yield "build", "abi3: slower calls, and no compiled kernels in subinterpreters"


def _python(all_facts: Mapping[str, Fact]) -> Lines:
    build = "free-threaded build" if all_facts["nk_free_threaded_build"] else "build with a GIL"
    debug = ", debug" if "nk_debug_build" in all_facts else ""
    yield "Python", f"{all_facts['python_implementation']} {all_facts['python_version']}, {build}{debug}"
    yield "GIL", _gil(all_facts)
    if "nk_python_gil" in all_facts:
        yield "GIL requested", str(all_facts["nk_python_gil"])
    yield "switch interval", f"{float(all_facts['nk_switch_interval']) * 1e3:g} ms"
    if "nk_watched_by" in all_facts:
        yield "watched by", str(all_facts["nk_watched_by"])


def _gil(all_facts: Mapping[str, Fact]) -> str:
    if not all_facts["nk_free_threaded_build"]:
        return "on, cannot be switched off"
    if not all_facts["nk_gil_enabled"]:
        return "off"
    if all_facts["nk_gil_before"]:
        return "on"
    return f"on: importing {all_facts.get('nk_gil_enabled_by', 'NumPy')} switched it on"


def _machine(all_facts: Mapping[str, Fact]) -> Lines:
    yield "system", str(all_facts["platform"])
    yield "processor", str(all_facts["cpu_model_name"])
    yield "usable cores", f"{all_facts['nk_usable_cores']} of {all_facts.get('cpu_count', 'an unknown number')}"
    if "nk_physical_cores" in all_facts:
        yield "physical cores", str(all_facts["nk_physical_cores"])
    yield "affinity", str(all_facts.get("cpu_affinity", "unknown on this system"))
    yield "cgroup quota", f"{all_facts['nk_quota_cores']:g} cores" if "nk_quota_cores" in all_facts else "none"
    levels = {name: all_facts.get(f"nk_{name.lower()}_bytes") for name in ("L1d", "L2", "L3")}
    yield "caches per worker", ", ".join(f"{name} {_size(int(size))}" for name, size in levels.items() if size)
    if "load_avg_1min" in all_facts:
        yield "load, 1 minute", f"{float(all_facts['load_avg_1min']):.2f}"
    if "nk_native_speed_up" in all_facts:
        yield "2 native threads", f"{float(all_facts['nk_native_speed_up']):.2f} times as fast as one at arithmetic"
    if "nk_steal" in all_facts:
        yield "steal", f"the host took {float(all_facts['nk_steal']):.0%} of the CPU time"
    if "nk_governor" in all_facts:
        yield "governor", str(all_facts["nk_governor"])
    if "nk_on_battery" in all_facts:
        yield "power", "battery" if all_facts["nk_on_battery"] else "mains"


def _size(size: int) -> str:
    return f"{size / 2**20:.4g} MiB" if size >= 1 << 20 else f"{size / 2**10:.4g} KiB"


def _blas(all_facts: Mapping[str, Fact]) -> Lines:
    yield "NumPy", str(all_facts.get("nk_numpy", "cannot be imported"))
    if "nk_blas" in all_facts:
        for library in str(all_facts["nk_blas"]).split("; "):
            yield "library", library
    elif find_spec("threadpoolctl"):
        yield "library", "none that threadpoolctl recognizes"
    else:
        yield "library", "unknown without threadpoolctl: pip install threadpoolctl"
