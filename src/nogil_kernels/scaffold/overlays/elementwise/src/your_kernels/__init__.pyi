from typing import Literal, TypeAlias

from typing_extensions import Buffer

__all__ = ["axpy", "backend"]

_Gil: TypeAlias = Literal["auto", "release", "hold"]

backend: str

def axpy(a: float, x: Buffer, y: Buffer, *, gil: _Gil = "auto") -> None: ...
