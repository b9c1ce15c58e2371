from typing import Literal, TypeAlias

from typing_extensions import Buffer

__all__ = ["backend", "polyval"]

_Gil: TypeAlias = Literal["auto", "release", "hold"]

backend: str

def polyval(c: Buffer, x: Buffer, out: Buffer, *, gil: _Gil = "auto") -> None: ...
