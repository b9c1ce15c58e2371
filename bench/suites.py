"""Make, load and describe an experiment's samples: a pyperf suite with one benchmark per statement.

A value is the time of one execution in seconds. The i-th values of one batch were measured in the same round. The
metadata are the machine's facts, those that the experiment's report needs, and:

nk_bench        the experiment
nk_quick        1 with --quick, absent otherwise
nk_interrupted  1 if Ctrl-C ended the measurement, absent otherwise
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
    "nk_quick": "Measured with --quick: few sizes and rounds. Quote figures of a whole run only.",
    "nk_interrupted": "Interrupted: only the rounds before Ctrl-C are shown.",
}
NOISY = 1.25  # a change of the clock rate causes a smaller ratio; another program on the same core causes 2


def make(samples: Samples, metadata: Mapping[str, Mapping[str, Fact]]) -> Any:
    """Return the suite of `samples`, in seconds, with the machine's facts and the metadata of each benchmark."""
    machine = facts()
    return suite_file.make((values, {**machine, **metadata[name], "name": name}) for name, values in samples.items())


def load(path: str | Path, *names: str) -> Any:
    """Return the suite that one of the experiments `names` wrote to a file; raise Impossible for any other file."""
    try:
        suite = suite_file.load(path)
    except ValueError as error:
        raise Impossible(f"{path} is not a file of samples: {error}") from None
    if suite.get_metadata().get("nk_bench") not in names:
        raise Impossible(f"{path} was not written by `python -m bench {' or '.join(names)} --json`")
    return suite


def noise(suite: Any) -> float:
    """Return the variation of times between rounds: the third quartile of the ratios of all statements."""
    # The ratio of a statement is the third quartile of its times divided by the first.
    repeated_values = [values for benchmark in suite if len(values := benchmark.get_values()) > 1]
    quartiles = [statistics.quantiles(values, n=4) for values in repeated_values]
    ratios = sorted(high / low for low, _, high in quartiles if low > 0)
    return ratios[len(ratios) * 3 // 4] if ratios else 1.0


def heading(suite: Any) -> str:
    """Return lines with the machine, the versions that were measured, and warnings about the samples."""
    metadata = suite.get_metadata()
    kernels = " ".join(str(metadata[name]) for name in ("nk_backend", "nk_isa") if name in metadata)
    python, version = metadata["python_version"], metadata["nk_version"]
    lines = [f"{metadata['cpu_model_name']}; Python {python}; nogil-kernels {version}, {kernels}"]
    if "nk_peers" in metadata:
        lines.append(f"{metadata['nk_peers']}; OpenBLAS {metadata['nk_openblas']}")
    if "nk_compiler" in metadata:
        lines.append(f"{metadata['nk_compiler']}, {metadata['nk_flags']}")
    lines += [note for name, note in NOTES.items() if name in metadata]
    if (factor := noise(suite)) > NOISY:
        slow = f"slow rounds took at least {factor:.1f} times as long as fast ones"
        lines.append(f"The machine was not quiet: for a quarter of the statements, {slow}.")
    return "\n".join(lines)
