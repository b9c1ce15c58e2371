"""The results of `peers`: one per case, read from a suite. Metadata of a benchmark:

nk_group, nk_case, nk_dtype, nk_size   the case
nk_peer                                the peer; the first one of a case is nogil_kernels
nk_flops, nk_bytes                     operations per execution, and bytes of the operands
nk_error                               relative error of the result, for floating-point sums only
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
    """The samples of a case, for each peer that executed it."""

    group: str
    case: str
    dtype: str
    size: int
    flops: int
    bytes: int
    samples: Samples = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)

    @property
    def own_name(self) -> str:
        """The peer name of nogil_kernels in this case."""
        return next(iter(self.samples))

    @property
    def rivals(self) -> list[str]:
        """The peers other than nogil_kernels and the machine's ceilings."""
        return [peer for peer in self.samples if peer != self.own_name and not peer.startswith("ceiling")]

    def seconds(self, peer: str) -> Interval:
        """Return the time of one execution."""
        return samples.interval(self.samples[peer])

    def fastest(self, peers: Collection[str]) -> str | None:
        """Return the peer with the smallest median, or None if none of `peers` has samples."""
        sampled = [peer for peer in peers if peer in self.samples]
        return min(sampled, key=lambda peer: self.seconds(peer).median, default=None)

    def ratio(self, peer: str) -> Interval:
        """Return the speed-up of nogil_kernels over `peer`."""
        return samples.ratio(self.samples[peer], self.samples[self.own_name])

    def speed_up_ratio(self, peer: str) -> Interval:
        """Return the speed-up of nogil_kernels by two threads divided by that of `peer`. Both names end in TWO."""
        return samples.ratio(self._speed_ups(self.own_name), self._speed_ups(peer))

    def _speed_ups(self, peer: str) -> list[float]:
        seconds_on_one_thread = self.samples[peer.replace(TWO, ONE)]
        pairs = zip(seconds_on_one_thread, self.samples[peer], strict=True)
        return [one_thread / two_threads for one_thread, two_threads in pairs]

    def benchmark(self, peer: str) -> tuple[str, dict[str, Fact]]:
        """Return the name and the metadata of a peer's benchmark."""
        fields = ("group", "case", "dtype", "size", "flops", "bytes")
        metadata: dict[str, Fact] = {"nk_peer": peer, **{f"nk_{name}": getattr(self, name) for name in fields}}
        if peer in self.errors:
            metadata["nk_error"] = self.errors[peer]
        return f"{self.group}/{self.case}/{self.dtype}/{peer}", metadata


def from_suite(suite: Any) -> list[Result]:
    """Return the results in a suite of `peers`, in its order."""
    results: dict[tuple[str, ...], Result] = {}
    for benchmark in suite:
        metadata = benchmark.get_metadata()
        peer, key = metadata["nk_peer"], (metadata["nk_group"], metadata["nk_case"], metadata["nk_dtype"])
        size_flops_bytes = (metadata[name] for name in ("nk_size", "nk_flops", "nk_bytes"))
        result = results.setdefault(key, Result(*key, *size_flops_bytes))
        result.samples[peer] = list(benchmark.get_values())
        if "nk_error" in metadata:
            result.errors[peer] = metadata["nk_error"]
    return list(results.values())
