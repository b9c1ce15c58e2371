"""What an experiment keeps: a pyperf suite, one benchmark for each statement, from which everything shown is made.

A value is the time of one execution in seconds; the i-th values of one batch were taken in the same round. Metadata
beside the machine's facts, and beside what each experiment's report needs:

nk_bench        the experiment
nk_quick        1 with --quick; else absent
nk_interrupted  1 where Ctrl-C ended the measuring; else absent
"""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nogil_kernels.measure import suite_file
from nogil_kernels.measure.facts import Fact, facts

from . import Impossible
from .timing import Samples

NOTES = {
    "nk_quick": "A quick look: few sizes and rounds. Quote figures of a whole run only.",
    "nk_interrupted": "Interrupted: this is what there was by then.",
}
UNREST = 1.25  # clocks differ by less, for heavy instructions too; a core that is shared with one other program, by 2


def make(samples: Samples, metadata: Mapping[str, Mapping[str, Fact]]) -> Any:
    """Return the suite of `samples`, in seconds, with the machine's facts and each benchmark's own."""
    here = facts()
    return suite_file.make((values, {**here, **metadata[name], "name": name}) for name, values in samples.items())


def load(path: str | Path, *names: str) -> Any:
    """Return the suite that one of these experiments wrote to a file; raise Impossible for any other file."""
    try:
        suite = suite_file.load(path)
    except ValueError as error:
        raise Impossible(f"{path} is not a file of samples: {error}") from None
    if suite.get_metadata().get("nk_bench") not in names:
        raise Impossible(f"{path} was not written by `python -m bench {' or '.join(names)} --json`")
    return suite


def unrest(suite: Any) -> float:
    """Return how far apart the middle half of a statement's samples lie, as a factor; for 3 of 4 statements, closer."""
    several = [values for benchmark in suite if len(values := benchmark.get_values()) > 1]
    quartiles = [statistics.quantiles(values, n=4) for values in several]
    spreads = sorted(high / low for low, _, high in quartiles if low > 0)
    return spreads[len(spreads) * 3 // 4] if spreads else 1.0


def heading(suite: Any) -> str:
    """Return where and of what it was measured, and what the reader has to know about it; a line for each."""
    known = suite.get_metadata()
    kernels = " ".join(str(known[name]) for name in ("nk_backend", "nk_isa") if name in known)
    lines = [
        f"{known['cpu_model_name']}; Python {known['python_version']}; nogil-kernels {known['nk_version']}, {kernels}"
    ]
    if "nk_peers" in known:
        lines.append(f"{known['nk_peers']}; OpenBLAS {known['nk_openblas']}")
    if "nk_compiler" in known:
        lines.append(f"{known['nk_compiler']}, {known['nk_flags']}")
    lines += [note for mark, note in NOTES.items() if mark in known]
    if (factor := unrest(suite)) > UNREST:
        lines.append(f"The machine was not quiet: statements took up to {factor:.1f} times as long in other rounds.")
    return "\n".join(lines)
