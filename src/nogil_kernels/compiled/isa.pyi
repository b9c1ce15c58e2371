from typing import Any, SupportsIndex

__pyx_capi__: dict[str, object]

available: tuple[str, ...]
chosen: str
compiler: str
is_abi3: bool
is_main_interpreter: bool

def multiply_adds(dtype: str, count: SupportsIndex) -> int: ...
def read(buffer: Any, streams: SupportsIndex, *, prefetch: bool = False, passes: SupportsIndex = 1) -> int: ...
