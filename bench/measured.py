"""Samples as a pyperf suite, one benchmark for each case and peer, and back again. Metadata beside the machine's facts:

nk_group, nk_case, nk_dtype, nk_size   which case
nk_peer                                who; the first peer of a case is ours
nk_flops, nk_bytes                     operations of an execution, and bytes of its operands
nk_quick                               1 where few sizes were asked for; else absent
nk_interrupted                         1 where Ctrl-C ended the measuring; else absent

A value is the time of one execution in seconds. The i-th values of a case's peers were taken in the same round.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nogil_kernels.measure.facts import Fact

from . import suites, timing
from .timing import Interval

KIND = "peers"


@dataclass(frozen=True)
class Result:
    """A case's samples of every peer that took part."""

    group: str
    case: str
    dtype: str
    size: int
    flops: int
    bytes: int
    samples: timing.Samples

    @property
    def own(self) -> str:
        """Our own name in this case; what the others are compared with."""
        return next(iter(self.samples))

    @property
    def rivals(self) -> list[str]:
        """The peers that do the same work, without the machine's limits."""
        return [peer for peer in self.samples if peer != self.own and not peer.startswith("ceiling")]

    def seconds(self, peer: str) -> Interval:
        """The time of one execution."""
        return timing.median(self.samples[peer])

    def fastest(self, peers: Collection[str]) -> str | None:
        """The one of these peers with the smallest median; None where none of them took part."""
        there = [peer for peer in peers if peer in self.samples]
        return min(there, key=lambda peer: self.seconds(peer).median, default=None)

    def ratio(self, peer: str) -> Interval:
        """How many times as fast as `peer` we are."""
        return timing.ratio(self.samples[peer], self.samples[self.own])


def to_suite(results: Iterable[Result], facts: Mapping[str, Fact]) -> Any:
    """A pyperf.BenchmarkSuite of these results; `facts` are more than the machine's own."""
    samples: timing.Samples = {}
    metadata: dict[str, Mapping[str, Fact]] = {}
    for result in results:
        for peer, values in result.samples.items():
            name = f"{result.group}/{result.case}/{result.dtype}/{peer}"
            samples[name] = values
            metadata[name] = {
                **facts,
                "nk_bench": KIND,
                "nk_group": result.group,
                "nk_case": result.case,
                "nk_dtype": result.dtype,
                "nk_size": result.size,
                "nk_peer": peer,
                "nk_flops": result.flops,
                "nk_bytes": result.bytes,
            }
    return suites.make(samples, metadata)


def from_suite(suite: Any) -> list[Result]:
    """The results that such a suite was made of, in their order."""
    found: dict[tuple[str, ...], Result] = {}
    for benchmark in suite:
        of = benchmark.get_metadata()
        key = of["nk_group"], of["nk_case"], of["nk_dtype"]
        result = found.setdefault(key, Result(*key, of["nk_size"], of["nk_flops"], of["nk_bytes"], {}))
        result.samples[of["nk_peer"]] = list(benchmark.get_values())
    return list(found.values())


def load(path: str) -> Any:
    """The suite in a file; ValueError where another bench has written it."""
    return suites.load(path, KIND)
