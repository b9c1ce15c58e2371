"""Pyperf suites, in which every report keeps its samples: making, writing and reading them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyperf  # type: ignore[import-untyped]  # it ships no types

from .facts import Fact

Benchmark = tuple[Sequence[float], Mapping[str, Fact]]
"""Seconds of each sample, and metadata: "name" is unique in a suite, the names of our own facts begin with nk_."""


def make(benchmarks: Iterable[Benchmark]) -> Any:
    """Return the pyperf.BenchmarkSuite of these samples. Empty facts are left out, as pyperf wants it."""
    common: Mapping[str, Fact] = {"perf_version": pyperf.__version__, "unit": "second"}
    runs = [
        pyperf.Run(
            seconds, metadata={k: fact for k, fact in {**common, **known}.items() if fact != ""}, collect_metadata=False
        )
        for seconds, known in benchmarks
    ]
    return pyperf.BenchmarkSuite([pyperf.Benchmark([run]) for run in runs])


def save(suite: Any, path: str | os.PathLike[str]) -> None:
    """Write a pyperf file, over an older one; gzipped if its name ends in .gz."""
    suite.dump(os.fspath(path), replace=True)


def load(path: str | os.PathLike[str]) -> Any:
    """Return the suite of a pyperf file. Raise OSError, and ValueError for a file of anything else."""
    try:
        return pyperf.BenchmarkSuite.load(os.fspath(path))
    except OSError:
        raise
    except Exception as error:  # KeyError, EOFError, zlib.error, ...: a file can be broken in many ways
        raise ValueError(f"{type(error).__name__}: {error}") from error
