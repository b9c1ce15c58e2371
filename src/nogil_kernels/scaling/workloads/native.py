"""The native ceiling: C loops without Python objects, measured in the same rounds on the same cores.

The GIL does not affect their speed-up, so it is what the machine allows.
"""

from functools import partial

from ... import backend
from ...measure import ceiling
from ...workers.worker import Call, Job
from . import MEMORY, Unavailable, Workload

NATIVE = "native-"


def is_native(workload: str) -> bool:
    """Return whether the name is that of a native ceiling, and not of a function such as "native-code:f"."""
    return workload.startswith(NATIVE) and ":" not in workload


READ_BYTES = 1 << 23  # as much as file-read reads


class Native(Workload):
    """Multiply-adds or memory reads. The pure backend uses a hash of the standard library for arithmetic."""

    ways = ("sequential", "threads")

    def __init__(self, limit: str) -> None:
        self.limit = limit
        self.name = NATIVE + limit
        if limit == MEMORY and backend.backend == "pure":
            raise Unavailable("the memory ceiling needs the compiled backend")

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:read_call" if self.limit == MEMORY else f"{ceiling.__name__}:arithmetic_call")


def read_call() -> Call:
    """Return a call that reads a buffer larger than L2."""
    return partial(ceiling.loops().read, bytearray(b"\1") * READ_BYTES, 4, prefetch=True)
