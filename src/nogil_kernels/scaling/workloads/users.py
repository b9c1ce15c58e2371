"""A function of the user's own."""

from __future__ import annotations

from ..ways import imported
from ..worker import Job
from . import Workload


class Users(Workload):
    """A function that takes no arguments, found by its import path in every worker."""

    stays_on_core = False

    def __init__(self, path: str) -> None:
        imported(path)
        self.name = self.path = path

    def size(self, side: str) -> str:
        return f"{self.path.partition(':')[2]}()"

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job("nogil_kernels.scaling.worker:itself", (self.path,))

    def missing(self, way: str) -> str:
        if way in ("sequential", "threads", "asyncio") or self.importable:
            return ""
        return f"{self.path} cannot be imported there: move it to a module"

    @property
    def importable(self) -> bool:
        """Whether another process finds it by its name."""
        return not self.path.startswith("__main__:") and "<" not in self.path
