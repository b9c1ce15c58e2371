from typing import Any, SupportsIndex, final

from nogil_kernels import matmul as matmul

__pyx_capi__: dict[str, object]

def matmul_plain(a: Any, b: Any, *, out: Any, gil: str = "auto", threads: Any = 1) -> Any: ...

@final
class Task:
    def __call__(self, i: SupportsIndex) -> None: ...
    def stop(self) -> None: ...
