"""The elements of large operands in blocks, between which Python runs the handlers of signals."""

from __future__ import annotations

from itertools import chain, islice
from math import prod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

BLOCK = 1 << 14  # elements that Python or NumPy handles in one step, within 1 ms


def blocks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield the items of an iterable in lists of at most BLOCK, between which Python runs the handlers of signals."""
    iterator = iter(values)
    while block := list(islice(iterator, BLOCK)):
        yield block


def parts(nested: Any, shape: tuple[int, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield indices of an array of this shape in C order, and the elements there: an ndarray or nested sequence.

    A part has at most BLOCK elements. An empty row counts as an element.
    """
    row_size = prod(max(1, size) for size in shape[1:])
    if not shape:
        yield (), nested
    elif row_size > BLOCK:
        for row_index, row in enumerate(nested):
            for index, part in parts(row, shape[1:]):
                yield (row_index, *index), part
    else:
        rows = BLOCK // row_size
        for start in range(0, shape[0], rows):
            yield (slice(start, start + rows),), nested[start : start + rows]


def blocks_of_array(array: Any) -> Iterator[list[Any]]:
    """Yield the elements of an ndarray or memoryview in C order, in lists of at most BLOCK."""
    if isinstance(array, memoryview):  # has slices without NumPy only if it has one axis
        data = array.cast("B") if array.c_contiguous and array.nbytes else memoryview(array.tobytes())
        flat = data.cast(array.format)  # type: ignore[call-overload]
        for start in range(0, len(flat), BLOCK):
            yield flat[start : start + BLOCK].tolist()
    elif array.size <= BLOCK:
        yield array.reshape(-1).tolist()
    else:
        for _, part in parts(array, array.shape):
            yield part.reshape(-1).tolist()


def leaves(nested: Any, ndim: int) -> Iterator[Any]:
    """Yield the elements of nested sequences, which may contain arrays, in C order."""
    if ndim == 0:
        yield nested
    elif hasattr(nested, "tolist"):
        yield from chain.from_iterable(blocks_of_array(nested))
    else:
        for member in nested:
            yield from leaves(member, ndim - 1)


def types_in(elements: Iterable[Any], count: int) -> set[type]:
    """Return the types of `count` elements, in steps of BLOCK."""
    types: set[type] = set()
    iterator = map(type, elements)
    for _ in range(0, count, BLOCK):
        types.update(islice(iterator, BLOCK))
    return types


def lists_of_array(array: Any) -> Any:
    """Return array.tolist(), but let Python run the handlers of signals between two blocks."""
    if array.nbytes <= BLOCK or not array.ndim:
        return array.tolist()
    elements = [*chain.from_iterable(blocks_of_array(array))]
    for size in reversed(array.shape[1:]):
        elements = [elements[start : start + size] for start in range(0, len(elements), size)]
    return elements
