"""What peers has measured, case by case, out of its suite. Metadata of a benchmark:

nk_group, nk_case, nk_dtype, nk_size   which case
nk_peer                                who; the first peer of a case is ours
nk_flops, nk_bytes                     operations of an execution, and bytes of its operands
nk_error                               relative error of what it computed; for floating-point sums only
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from nogil_kernels.measure import samples
from nogil_kernels.measure.facts import Fact
from nogil_kernels.measure.samples import Interval

from ..timing import Samples

ONE, TWO = ", threads=1", ", threads=2"


@dataclass(frozen=True)
class Result:
    """A case's samples of every peer that took part."""

    group: str
    case: str
    dtype: str
    size: int
    flops: int
    bytes: int
    samples: Samples = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)

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
        return samples.interval(self.samples[peer])

    def fastest(self, peers: Collection[str]) -> str | None:
        """The one of these peers with the smallest median; None where none of them took part."""
        there = [peer for peer in peers if peer in self.samples]
        return min(there, key=lambda peer: self.seconds(peer).median, default=None)

    def ratio(self, peer: str) -> Interval:
        """How many times as fast as `peer` we are."""
        return samples.ratio(self.samples[peer], self.samples[self.own])

    def speed_up_ratio(self, peer: str) -> Interval:
        """Our speed-up by two threads as a share of that of `peer`; both names end in TWO."""
        return samples.ratio(self._speed_ups(self.own), self._speed_ups(peer))

    def _speed_ups(self, peer: str) -> list[float]:
        alone = self.samples[peer.replace(TWO, ONE)]
        return [one / two for one, two in zip(alone, self.samples[peer], strict=True)]

    def benchmark(self, peer: str) -> tuple[str, dict[str, Fact]]:
        """The name and the metadata of this peer's benchmark in a suite."""
        about = ("group", "case", "dtype", "size", "flops", "bytes")
        metadata: dict[str, Fact] = {"nk_peer": peer, **{f"nk_{name}": getattr(self, name) for name in about}}
        if peer in self.errors:
            metadata["nk_error"] = self.errors[peer]
        return f"{self.group}/{self.case}/{self.dtype}/{peer}", metadata


def from_suite(suite: Any) -> list[Result]:
    """The results that such a suite was made of, in their order."""
    found: dict[tuple[str, ...], Result] = {}
    for benchmark in suite:
        of = benchmark.get_metadata()
        key = of["nk_group"], of["nk_case"], of["nk_dtype"]
        result = found.setdefault(key, Result(*key, of["nk_size"], of["nk_flops"], of["nk_bytes"]))
        result.samples[of["nk_peer"]] = list(benchmark.get_values())
        if "nk_error" in of:
            result.errors[of["nk_peer"]] = of["nk_error"]
    return list(found.values())
