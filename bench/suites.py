"""What a bench keeps: a pyperf suite, one benchmark for each thing it timed, from which everything shown is made."""

from collections.abc import Mapping
from typing import Any

import pyperf  # type: ignore[import-untyped]  # it ships no types

from nogil_kernels.measure.facts import Fact, facts

from .timing import Samples


def make(samples: Samples, metadata: Mapping[str, Mapping[str, Fact]]) -> Any:
    """The suite of `samples`, in seconds, with the machine's facts and each one's own, whose names begin with nk_."""
    here = {**facts(), "perf_version": pyperf.__version__, "unit": "second"}
    return pyperf.BenchmarkSuite(
        [
            pyperf.Benchmark(
                [pyperf.Run(values, metadata={**here, **metadata[name], "name": name}, collect_metadata=False)]
            )
            for name, values in samples.items()
        ]
    )


def save(suite: Any, path: str) -> None:
    """Write the file that `load` reads, over an older one."""
    suite.dump(path, replace=True)


def load(path: str, kind: str) -> Any:
    """The suite of a file that a bench of that kind (`nk_bench`) wrote; ValueError for another one's."""
    suite = pyperf.BenchmarkSuite.load(path)
    if suite.get_metadata().get("nk_bench") != kind:
        raise ValueError(f"{path} was not written by `python -m bench {kind} --json`")
    return suite


def heading(suite: Any) -> str:
    """One line on where it was measured."""
    known = suite.get_metadata()
    kernels = " ".join(str(known[name]) for name in ("nk_backend", "nk_isa") if name in known)
    return (
        f"{known['cpu_model_name']}; Python {known['python_version']}; nogil-kernels {known['nk_version']}, {kernels}"
    )
