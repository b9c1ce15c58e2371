"""Make, write and read pyperf suites, which store the samples of every report."""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyperf  # type: ignore[import-untyped]  # it ships no types

from .facts import Fact
from .files import replaced

Benchmark = tuple[Sequence[float], Mapping[str, Fact]]
"""(values in seconds, metadata). The value of "name" is unique in a suite. Keys not in pyperf begin with nk_."""


def make(benchmarks: Iterable[Benchmark]) -> Any:
    """Return a pyperf.BenchmarkSuite with one run per value. Omit empty facts, which pyperf does not accept."""
    common: Mapping[str, Fact] = {"perf_version": pyperf.__version__, "unit": "second"}
    suite = []
    for values, metadata in benchmarks:
        facts = {name: fact for name, fact in {**common, **metadata}.items() if fact != ""}
        suite.append(
            pyperf.Benchmark([pyperf.Run([value], metadata=facts, collect_metadata=False) for value in values])
        )
    return pyperf.BenchmarkSuite(suite)


def save(suite: Any, path: str | os.PathLike[str]) -> None:
    """Write a pyperf file and replace an existing one. Compress with gzip if the name ends in .gz."""
    with replaced(path) as target:
        suite.dump(target, replace=True)


def save_elsewhere(suite: Any) -> str:
    """Write a pyperf file to the temporary folder, and return its path."""
    descriptor, path = tempfile.mkstemp(prefix="nogil-kernels-", suffix=".json")
    os.close(descriptor)
    try:
        save(suite, path)
    except OSError:
        os.unlink(path)
        raise
    return path


def load(path: str | os.PathLike[str]) -> Any:
    """Return the suite of a pyperf file. Raise OSError if it cannot be read, ValueError if it is not a pyperf file."""
    try:
        return pyperf.BenchmarkSuite.load(os.fspath(path))
    except OSError:
        raise
    except Exception as error:  # broken files raise KeyError, EOFError, zlib.error and others
        raise ValueError(f"{type(error).__name__}: {error}") from error
