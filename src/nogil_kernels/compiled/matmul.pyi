from typing import Any, SupportsIndex, final

from nogil_kernels import matmul as matmul

def matmul_plain(a: Any, b: Any, *, out: Any, gil: str = "auto", threads: Any = 1) -> Any: ...

@final
class Task:
    def __call__(self, i: SupportsIndex) -> None: ...
