from typing import Any, SupportsIndex, final

from nogil_kernels import sum_of_squares as sum_of_squares

__pyx_capi__: dict[str, object]

def sum_of_squares_plain(x: Any, *, gil: str = "auto", threads: Any = 1) -> Any: ...
def sum_of_squares_rows(x: Any, kept: SupportsIndex, out: Any, *, gil: str = "auto", threads: Any = 1) -> None: ...

@final
class Task:
    def __call__(self, i: SupportsIndex) -> None: ...
