from array import array
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, Protocol, Self, SupportsIndex, TypeAlias, TypedDict, TypeVar, overload, type_check_only

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Buffer

from . import gil as gil
from . import measure as measure
from . import pure as pure
from . import scaling as scaling

__all__ = ["__version__", "build_info", "matmul", "pure", "sum_of_squares"]

__version__: str

_Gil: TypeAlias = Literal["auto", "release", "hold"]
_Threads: TypeAlias = SupportsIndex | ThreadPoolExecutor
_Axis: TypeAlias = SupportsIndex | tuple[SupportsIndex, ...]
_Exact = TypeVar("_Exact", Fraction, Decimal)
_Out = TypeVar("_Out", bound=Buffer | _Array)

@type_check_only
class _Array(Protocol):
    def __array__(self) -> NDArray[Any]: ...

@type_check_only
class _Tensor(Protocol):
    def __dlpack__(self) -> Any: ...
    def __dlpack_device__(self) -> Any: ...

@type_check_only
class _BuildInfo(TypedDict):
    backend: Literal["compiled", "pure"]
    backend_reason: str
    isa: str | None
    isas_available: tuple[str, ...]
    compiler: str | None
    abi3: bool | None
    version: str
    python: str
    free_threaded_build: bool
    gil: Literal["enabled", "disabled", "enabled, cannot be disabled"]

@type_check_only
class _Number(Protocol):  # str is none, because text cannot be multiplied by text
    def __mul__(self, other: Self, /) -> Any: ...

# Nested up to 5 levels. A recursive type would contain str, whose elements are str.
_Element: TypeAlias = complex | _Number | Buffer | _Array | _Tensor
_Row: TypeAlias = Sequence[_Element]
_Stack: TypeAlias = Sequence[
    _Element | _Row | Sequence[_Row] | Sequence[Sequence[_Row]] | Sequence[Sequence[Sequence[_Row]]]
]
_Items: TypeAlias = Iterable[
    _Element | Iterable[_Element] | Iterable[Iterable[_Element]] | Iterable[Iterable[Iterable[_Element]]]
]
_Numbers: TypeAlias = Buffer | _Array | _Tensor | _Items
_Factor: TypeAlias = Buffer | _Array | _Tensor | _Stack

@overload
def sum_of_squares(
    x: range | bytes | bytearray | array[int] | list[int] | tuple[int, ...] | NDArray[np.integer[Any] | np.bool_],
    *,
    axis: None = None,
    gil: _Gil = "auto",
    threads: _Threads = 1,
) -> int: ...
@overload
def sum_of_squares(
    x: array[float] | list[float] | list[complex] | tuple[complex, ...] | NDArray[np.inexact[Any]],
    *,
    axis: None = None,
    gil: _Gil = "auto",
    threads: _Threads = 1,
) -> float: ...
@overload
def sum_of_squares(
    x: Iterable[_Exact], *, axis: None = None, gil: _Gil = "auto", threads: _Threads = 1
) -> _Exact | Literal[0]: ...
@overload
def sum_of_squares(x: _Numbers, *, axis: None = None, gil: _Gil = "auto", threads: _Threads = 1) -> Any: ...
@overload
def sum_of_squares(x: _Numbers, *, axis: _Axis, gil: _Gil = "auto", threads: _Threads = 1) -> Any: ...
@overload
def matmul(a: _Factor, b: _Factor, out: None = None, *, gil: _Gil = "auto", threads: _Threads = 1) -> Any: ...
@overload
def matmul(a: _Factor, b: _Factor, out: _Out, *, gil: _Gil = "auto", threads: _Threads = 1) -> _Out: ...
def build_info() -> _BuildInfo: ...
