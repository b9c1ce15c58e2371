"""The one place that decides what a value is: a number, an array or a collection. Both kernels and backends use it.

NumPy is imported only when a value needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import chain

from .blocks import BLOCK, blocks, blocks_of_array, lists_of_array, types_in
from .exports import exported, need_numpy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Literal, TypeAlias

    from numpy.typing import NDArray

    _Kind: TypeAlias = Literal["number", "array", "sequence", "iterator"]

BUILTIN = frozenset({bool, int, float, complex})
MEMBER_ATTRIBUTES = ("__iter__", "__getitem__", "__len__", "__array_ufunc__", "__buffer__", "nnz", "__getattr__")
ARRAY_EXPORTS = ("__array__", "__array_interface__", "__array_struct__", "__dlpack__")
MAX_DEPTH = 100

# The formats that a memoryview can read on every supported version of Python.
READABLE = frozenset("?bBhHiIlLqQnNfd")


class Element:
    """The place of an element in an operand. Its text is written only for errors.

    Without a shape it is x[5]. With one, the index counts the elements of an array: x[1, 0], or just x without axes.
    """

    __slots__ = ("collection", "index", "shape")

    def __init__(self, collection: object, index: int, shape: tuple[int, ...] | None = None) -> None:
        self.collection, self.index, self.shape = collection, index, shape

    def __str__(self) -> str:
        indices = [self.index] if self.shape is None else indices_of(self.index, self.shape)
        return f"{self.collection}[{', '.join(map(str, indices))}]" if indices else str(self.collection)


def indices_of(index: int, shape: tuple[int, ...]) -> list[int]:
    """Return the indices along each axis of the element number `index` of an array."""
    indices = []
    for size in reversed(shape):
        index, along_axis = divmod(index, size)
        indices.append(along_axis)
    return indices[::-1]


def read(value: Any, place: object, is_operand: bool = False) -> tuple[_Kind, Any]:
    """Return the kind of a value, and the value in the form of that kind.

    That is a number, an ndarray or memoryview, a sequence, or an iterator.

    A value of several kinds is of the first kind in the order of the numbered comments. str(place) is its place, for
    errors. An operand itself may be bytes, and is an array even if it has no dimensions. An element of an operand with
    no dimensions is a number.

    Raise TypeError for all other values, and if the numbers alone would lose a mask, a unit or labels.
    """
    cls = type(value)
    if cls in BUILTIN:
        return "number", value
    if cls is list or cls is tuple:
        return "sequence", value
    if getattr(value, "__class__", cls) is not cls:  # its type does not show whether it has a mask, a unit or labels
        raise _error(value, place, "Pass the object that it stands for.", "a proxy or a mock")
    numpy: Any = sys.modules.get("numpy")
    ndarray, scalar = getattr(numpy, "ndarray", ()), getattr(numpy, "generic", ())
    if hasattr(cls, "casefold") or (isinstance(value, bytes) and (isinstance(value, scalar) or not is_operand)):
        raise _error(value, place, "Convert text to numbers, for example by float(text).")
    if isinstance(value, type):
        raise error_of_element(value, place)

    # 1. ndarrays and buffers. NumPy's scalars are buffers, too, but they are numbers.
    if cls is ndarray:
        return _array(value, place, is_operand)
    if isinstance(value, scalar):
        _numeric(value, place)
        return ("array", numpy.asarray(value)) if is_operand else ("number", value.item())  # keeps long double
    if not isinstance(value, (int, float, complex, ndarray)) and (view := view_of(value)) is not None:
        return _array(view if is_readable(view) else from_view(view, value, place), place, is_operand)

    # 2. numbers
    for builtin in (int, float, complex):
        if isinstance(value, builtin):
            is_plain = cls.__mul__ is builtin.__mul__
            return "number", builtin(value) if is_plain else value  # type: ignore[arg-type]
    if is_number_type(cls):
        return "number", value

    # 3. mappings, masked arrays and sparse matrices
    if _is_mapping(value):
        raise _error(value, place, f"Pass list({place}.values()).", "a mapping", "plain numbers")
    if is_masked(value):
        raise _error_of_mask(value, place)
    if hasattr(cls, "nnz"):
        dense = "toarray" if hasattr(cls, "toarray") else "todense"
        raise _error(value, place, f"Pass {place}.{dense}().", "a sparse matrix")

    # 4. values with units, and subclasses of ndarray with another meaning
    if _means_more(value):
        if _iterator(value) is None:
            return "number", value
        raise _error_of_unit(value, place)

    # 5. other arrays
    if isinstance(value, ndarray):
        return _array(numpy.asarray(value), place, is_operand)
    if any(hasattr(cls, name) for name in ARRAY_EXPORTS) or isinstance(
        getattr(value, "__array_interface__", None), dict
    ):
        array = exported(value, place)
        if is_masked(array):
            raise _error_of_mask(value, place)
        if _means_more(array):
            raise _error_of_unit(value, place)
        array = sys.modules["numpy"].asarray(array)
        keeps_its_type = array.ndim == 0 and not is_operand and _has(cls, "__mul__")
        return ("number", value) if keeps_its_type else _array(array, place, is_operand)

    # 6. sequences and other iterables, and numbers of other types
    is_enum = hasattr(cls, "__members__")  # a Flag yields itself
    if not is_enum and (iterator := _iterator(value)) is not None:
        if isinstance(members := _list_of(value), list):  # a matrix of mpmath yields its numbers, without their rows
            return "sequence", members
        if cls is range and value and (value[-1] - value[0]) // value.step >= sys.maxsize:
            raise OverflowError(f"{place} is {value} of more than {sys.maxsize} numbers. Pass a shorter range.")
        if not (_has(cls, "__len__") and _has(cls, "__getitem__")) or iterator is value:
            return "iterator", iterator
        return "sequence", value if cls is range else [*chain.from_iterable(blocks(iterator))]
    if is_enum or not _has(cls, "__mul__"):
        raise error_of_element(value, place)
    return "number", value


class Rows:
    """Read sequences as nested lists of equal rows, which may contain arrays.

    If python_numbers is true, NumPy's numbers become Python's, and the elements of arrays of objects are read, too.
    """

    def __init__(self, *, accept_iterators: bool, python_numbers: bool) -> None:
        self.accept_iterators = accept_iterators
        self.python_numbers = python_numbers
        self.types: set[type] = set()  # of all numbers and arrays that have been read

    def read(self, x: Any, place: object) -> tuple[Any, tuple[int, ...]]:
        """Return a sequence as nested sequences, and its shape.

        Raise ValueError if it is ragged, and TypeError for an iterator in it, unless iterators are accepted.
        """
        types = types_in(x, len(x))  # takes a fifth as long as the sum
        if types <= BUILTIN or all(map(is_number_type, types)):
            if self.python_numbers and not types <= BUILTIN:  # NumPy's numbers become Python's, except for long double
                scalar = getattr(sys.modules.get("numpy"), "generic", ())
                x = [number.item() if isinstance(number, scalar) else number for number in x]
                types = {type(number) for number in x}
            self.types |= types
            return x, (len(x),)
        members: list[Any] = []
        shape: tuple[int, ...] = ()
        may_have_lists = depth(place) + 1 < MAX_DEPTH
        for index, value in enumerate(x):
            member_shape: tuple[int, ...]
            is_short_list = type(value) in (list, tuple) and len(value) <= BLOCK and may_have_lists
            if is_short_list and (types := {*map(type, value)}) <= BUILTIN:  # skips read() for speed
                self.types |= types
                member, member_shape = value, (len(value),)
            else:
                member, member_shape = self._read_member(value, Element(place, index))
            if index == 0:
                shape = member_shape
            elif member_shape != shape:
                advice = f", or pass iter({place})" if self.accept_iterators and self.python_numbers else ""
                raise ValueError(
                    f"{place} is ragged: {place}[0] has shape {shape}, {place}[{index}] has shape {member_shape}, "
                    f"expected rows of equal length. Pad the rows{advice}."
                )
            members.append(member)
        return members, (len(members), *shape)

    def _read_member(self, value: Any, element: Element) -> tuple[Any, tuple[int, ...]]:
        numpy = sys.modules.get("numpy")
        with_dtype = getattr(numpy, "ndarray", ()), getattr(numpy, "generic", ())
        kind, member = read(value, element)
        if kind == "iterator":
            kind, member = "sequence", list_of_iterator(member, value, element, self.accept_iterators)
        elif kind == "array" and not self.python_numbers:
            member = as_ndarray(member)
        elif kind == "array" and getattr(member, "dtype", None) == "O":
            kind, member = "sequence", lists_of_array(member)
        elif not self.python_numbers and type(member) in BUILTIN and isinstance(value, with_dtype):
            member = value
        if kind == "sequence":
            check_depth(element)
            return self.read(member, element)
        self.types.add(member.dtype.type if isinstance(member, with_dtype) else type(member))
        return member, member.shape if kind == "array" else ()


def is_number_type(cls: type) -> bool:
    """Return whether every value of a type is a number: Python's and NumPy's, and others that have no members."""
    numpy = sys.modules.get("numpy")
    if cls in BUILTIN or issubclass(cls, (getattr(numpy, "number", ()), getattr(numpy, "bool_", ()))):
        return cls is not getattr(numpy, "timedelta64", None)
    if issubclass(cls, (int, float, complex, Mapping)) or not _has(cls, "__mul__"):
        return False
    return not any(hasattr(cls, name) for name in (*MEMBER_ATTRIBUTES, *ARRAY_EXPORTS))


def _has(cls: type, method: str) -> bool:
    """Return whether values of a type have a method.

    hasattr(cls, "__mul__") is also true if only the metaclass has it, as with ctypes: `c_int * 3`.
    """
    return any(method in vars(base) for base in cls.__mro__)


def list_of_iterator(iterator: Iterator[Any], x: Any, place: object, is_accepted: bool) -> list[Any]:
    """Return the items of x from its iterator, or raise TypeError if iterators are not accepted."""
    if not is_accepted:
        raise _error(x, place, f"Pass list({place}).", expected="numbers in arrays, buffers or nested lists")
    return [*chain.from_iterable(blocks(iterator))]


def depth(place: object) -> int:
    """Return the number of collections around the element at a place."""
    return 1 + depth(place.collection) if isinstance(place, Element) else 0


def check_depth(element: Element) -> None:
    """Raise ValueError if a collection is nested too deep, which it is in a list that contains itself."""
    place: object = element
    if depth(place) >= MAX_DEPTH:
        while isinstance(place, Element):
            place = place.collection
        raise ValueError(f"{place} is nested more than {MAX_DEPTH} levels deep. Check that it does not contain itself.")


def elements(array: NDArray[Any], place: object) -> Iterator[tuple[Element, Any]]:
    """Yield the place and the value of each element of an array of objects."""
    for index, value in enumerate(chain.from_iterable(blocks_of_array(array))):
        yield Element(place, index, array.shape), value


def check_factors(array: NDArray[Any], place: object) -> None:
    """Raise TypeError unless `*` multiplies all elements of an array of objects. It repeats lists, for example."""
    types = types_in(chain.from_iterable(blocks_of_array(array)), array.size)
    for element, value in () if types <= BUILTIN else elements(array, place):
        kind, _ = read(value, element)
        if kind != "number" and not hasattr(type(value), "__sub__"):
            raise _error(value, element, "Pass nested lists, or an array of numbers.")


def _is_mapping(value: object) -> bool:
    """Return whether a value yields keys: a Mapping, or a class with the methods of one that is not a DataFrame."""
    cls = type(value)
    has_methods = all(hasattr(cls, name) for name in ("keys", "values", "__getitem__"))
    return isinstance(value, Mapping) or (has_methods and not any(hasattr(cls, name) for name in ARRAY_EXPORTS))


def is_masked(value: object) -> bool:
    """Return whether a value has a mask: a masked array of NumPy, astropy or dask."""
    cls = type(value)
    if any(base.__name__ == "MaskedArray" for base in cls.__mro__) or (hasattr(cls, "mask") and hasattr(cls, "filled")):
        return True
    return type(getattr(value, "_meta", None)).__name__ == "MaskedArray"  # the type of the blocks of a dask array


def error_of_number(x: object, place: object) -> TypeError:
    """Return the error for an operand that is a single number."""
    return _error(x, place, f"Pass [{place}].", expected="numbers in a buffer, array, sequence or iterator")


def error_of_element(x: object, place: object) -> TypeError:
    """Return the error for a value that is not a number."""
    return _error(x, place, "Remove it, or replace it by a number.")


def _error_of_mask(value: object, place: object) -> TypeError:
    is_one_element = getattr(value, "ndim", None) == 0
    has_filled = hasattr(value, "filled") and not is_one_element
    advice = f"Pass {place}.filled(0)." if has_filled else "Replace the masked elements by numbers first."
    return _error(value, place, advice, "a masked array")


def _error_of_unit(value: object, place: object) -> TypeError:
    names = [name for name in ("magnitude", "value", "values") if hasattr(value, name)]
    plain = f"{place}.{names[0]}" if names else f"numpy.asarray({place})"
    return _error(value, place, f"Pass {plain}.", "an array with a unit or another meaning", "plain numbers")


def _error(value: object, place: object, advice: str, kind: str = "", expected: str = "numbers") -> TypeError:
    """Return the error for a value that is not readable as numbers."""
    return TypeError(f"{place} is {kind or _text(value)}: got {type(value).__name__}, expected {expected}. {advice}")


def _text(value: Any) -> str:
    """Return at most 60 characters that show a value, in a short time."""
    from reprlib import repr as short_repr

    try:
        size = len(value) if _has(type(value), "__len__") else 0
        if size > 60:  # reprlib sorts whole sets
            return f"a collection of {size} elements"
        text = short_repr(value) if size else repr(value)
    except Exception:  # the methods of a foreign type may fail, and the repr of an int of more than 4300 digits
        return "a value whose repr fails"
    return text if len(text) <= 60 else f"{text[:56]} ..."


def _means_more(value: Any) -> bool:
    """Return whether a value has a unit, or is of a subclass of ndarray with its own ufuncs.

    A column of a DataFrame may be named `unit`, too.
    """
    cls = type(value)
    ndarray: Any = getattr(sys.modules.get("numpy"), "ndarray", ())
    if isinstance(value, ndarray) and cls.__array_ufunc__ is not ndarray.__array_ufunc__:
        return True
    units = (getattr(value, name, None) for name in ("units", "unit"))
    return hasattr(cls, "__array_ufunc__") and any(
        unit is not None and not hasattr(unit, "__array__") for unit in units
    )


def _iterator(value: Any) -> Iterator[Any] | None:
    """Return an iterator, or None for a single value: it is not iterable, or has no dimensions."""
    try:
        return None if getattr(value, "ndim", None) == 0 else iter(value)
    except TypeError:
        return None


def _list_of(value: Any) -> object:
    """Return value.tolist(), or None if there is no such method."""
    try:
        return value.tolist()
    except (AttributeError, TypeError):
        return None


def _array(array: Any, place: object, is_operand: bool) -> tuple[_Kind, Any]:
    """Return an ndarray or memoryview as an array, or as a number if it is an element of an operand and has no axes."""
    if not isinstance(array, memoryview):
        _numeric(array, place)
    if array.ndim or is_operand:
        return "array", array
    element = Element(place, 0, ())
    check_depth(element)
    return read(array[()], element)


def _numeric(array: Any, place: object) -> Any:
    """Return an ndarray or a scalar of NumPy. Raise TypeError if it has text, dates or a structured type."""
    if array.dtype.kind not in "biufcO":
        kind, names = array.dtype.kind, array.dtype.names
        advice = "Convert it, for example by astype(" + ("'int64')." if kind in "mM" else "float).")
        advice = f"Pass a field, such as {place}[{names[0]!r}]." if names else advice
        raise TypeError(f"{place} has dtype {array.dtype}, expected numbers. {advice}")
    return array


def view_of(value: Any) -> memoryview | None:
    """Return a memoryview of a value, or None if it has no buffer."""
    try:
        return memoryview(value)
    except (BufferError, TypeError, ValueError):
        return None


def is_readable(view: memoryview) -> bool:
    """Return whether a memoryview can read its own numbers. That of a union has format "B", but larger elements."""
    return view.format in READABLE and view.itemsize == memoryview(b"").cast(view.format).itemsize  # type: ignore[call-overload]


def from_view(view: memoryview, value: Any, place: object) -> NDArray[Any]:
    """Return an ndarray over the buffer of a value. Raise TypeError if NumPy cannot read its format."""
    need_numpy(f"reading a buffer of format {view.format!r} needs NumPy")
    import numpy as np

    try:
        if view.format not in READABLE or is_readable(view):
            return np.asarray(view)
    except (NotImplementedError, ValueError):
        pass
    kind = f"a buffer of format {view.format!r} with {view.itemsize} bytes per element"
    raise _error(value, place, "Pass an array of numbers.", kind)


def as_ndarray(array: Any) -> NDArray[Any]:
    """Return an ndarray over an array that read() has returned."""
    return from_view(array, array, "x") if isinstance(array, memoryview) else array
