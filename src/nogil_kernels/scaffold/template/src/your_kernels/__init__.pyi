from typing import Literal, TypeAlias

from typing_extensions import Buffer

__all__ = ["backend", "sum_of_squares"]

_Gil: TypeAlias = Literal["auto", "release", "hold"]

backend: str

def sum_of_squares(x: Buffer, *, gil: _Gil = "auto") -> float: ...
