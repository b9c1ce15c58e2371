from typing import Literal, TypeAlias

from typing_extensions import Buffer

__all__ = ["backend", "matmul"]

_Gil: TypeAlias = Literal["auto", "release", "hold"]

backend: str

def matmul(a: Buffer, b: Buffer, out: Buffer, *, gil: _Gil = "auto") -> None: ...
