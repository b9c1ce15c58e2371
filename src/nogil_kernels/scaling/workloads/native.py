"""The native ceiling: loops of C that never touch Python, on the same cores in the same minute.

What threads gain by them is what the machine gives to threads that never meet; the GIL plays no part.
"""

from __future__ import annotations

from functools import partial

from ... import backend
from ...measure import ceiling
from ...workers.worker import Call, Job
from . import MEMORY, Unavailable, Workload

NATIVE = "native-"

# A call takes some 2 ms: so long that getting the GIL back in between is nothing.
MULTIPLY_ADDS = 300_000
HASHED_BYTES = 1_500_000
READ_BYTES = 1 << 23  # as much as file-read reads


class Native(Workload):
    """Multiply-adds in registers, or reading from memory; on the pure backend, the C of the standard library."""

    ways = ("sequential", "threads")

    def __init__(self, limit: str) -> None:
        self.limit = limit
        self.name = NATIVE + limit
        pure = backend.backend == "pure"
        if limit == MEMORY and pure:
            raise Unavailable("memory is read by compiled loops")
        self.make = "read_call" if limit == MEMORY else "hash_call" if pure else "multiply_add_call"

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:{self.make}")


def multiply_add_call() -> Call:
    """Multiply-adds that no other one waits for."""
    return partial(ceiling.loops().multiply_adds, "float64", MULTIPLY_ADDS)


def read_call() -> Call:
    """Reading a buffer that is beyond L2."""
    return partial(ceiling.loops().read, bytearray(b"\1") * READ_BYTES, 4, prefetch=True)


def hash_call() -> Call:
    """A hash, for which hashlib releases the GIL."""
    from hashlib import blake2b

    return partial(blake2b, bytes(HASHED_BYTES))
