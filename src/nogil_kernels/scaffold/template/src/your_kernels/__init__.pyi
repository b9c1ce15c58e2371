from typing import Literal, TypeAlias

from typing_extensions import Buffer

__all__ = ["__version__", "backend", "sum_of_squares"]

_Gil: TypeAlias = Literal["auto", "release", "hold"]

__version__: str
backend: str

def sum_of_squares(x: Buffer, *, gil: _Gil = "auto") -> float: ...
