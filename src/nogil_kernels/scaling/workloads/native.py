"""The native ceiling: C loops without Python objects, measured in the same rounds on the same cores.

The GIL does not affect their speed-up, so it is what the machine allows.
"""

from functools import partial

from ... import backend
from ...measure import ceiling
from ...workers.worker import Call, Job
from . import MEMORY, Unavailable, Workload

NATIVE = "native-"

# A call takes about 1 ms, so that taking the GIL back between calls is negligible.
MULTIPLY_ADDS = 300_000
HASHED_BYTES = 1_500_000
READ_BYTES = 1 << 23  # as much as file-read reads


class Native(Workload):
    """Multiply-adds or memory reads. The pure backend uses a hash of the standard library for arithmetic."""

    ways = ("sequential", "threads")

    def __init__(self, limit: str) -> None:
        self.limit = limit
        self.name = NATIVE + limit
        pure = backend.backend == "pure"
        if limit == MEMORY and pure:
            raise Unavailable("the memory ceiling needs the compiled backend")
        self.make = "read_call" if limit == MEMORY else "hash_call" if pure else "multiply_add_call"

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:{self.make}")


def multiply_add_call() -> Call:
    """Return a call that does independent multiply-adds."""
    return partial(ceiling.loops().multiply_adds, "float64", MULTIPLY_ADDS)


def read_call() -> Call:
    """Return a call that reads a buffer larger than L2."""
    return partial(ceiling.loops().read, bytearray(b"\1") * READ_BYTES, 4, prefetch=True)


def hash_call() -> Call:
    """Return a call that computes a hash, for which hashlib releases the GIL."""
    from hashlib import blake2b

    return partial(blake2b, bytes(HASHED_BYTES))
