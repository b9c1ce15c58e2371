"""The one place that decides what a value is: a number, an array or a collection. Both kernels and backends use it.

NumPy is imported only when a value needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Literal, TypeAlias

    from numpy.typing import NDArray

    _Kind: TypeAlias = Literal["number", "array", "sequence", "iterator"]

BUILTIN = frozenset({bool, int, float, complex})
MEMBER_METHODS = ("__iter__", "__getitem__", "__len__", "__array_ufunc__", "__buffer__", "nnz", "__getattr__")
EXPORTS = ("__array__", "__array_interface__", "__array_struct__", "__dlpack__")
MAX_DEPTH = 100
BLOCK = 1 << 20  # members that are looked at in one step: 15 ms

# The formats that a memoryview can read on every supported version of Python.
READABLE = frozenset("?bBhHiIlLqQnNfd")


class Element:
    """The place of an element in an operand. Its text is written only for errors: x[1][0], or x[1, 0] in an array."""

    __slots__ = ("collection", "index")

    def __init__(self, collection: object, index: int | tuple[int, ...]) -> None:
        self.collection, self.index = collection, index

    def __str__(self) -> str:
        index = self.index if isinstance(self.index, tuple) else (self.index,)
        return f"{self.collection}[{', '.join(map(str, index))}]"


def read(value: Any, place: object, is_operand: bool = False) -> tuple[_Kind, Any]:
    """Return what a value is, and the value as such: a number, an ndarray or memoryview, a sequence, or an iterable.

    A value of several kinds is of the first kind in the order of the numbered comments. str(place) is its place, for
    errors. An operand itself may be bytes, and is an array even if it has no dimensions. An element of an operand with
    no dimensions is a number.

    Raise TypeError for all other values, and if reading the numbers would lose a part of the meaning.
    """
    cls = type(value)
    if cls in BUILTIN:
        return "number", value
    if cls is list or cls is tuple:
        return "sequence", value
    numpy: Any = sys.modules.get("numpy")
    ndarray, scalar = getattr(numpy, "ndarray", ()), getattr(numpy, "generic", ())
    if isinstance(value, str) or (isinstance(value, bytes) and not is_operand):
        raise _error(value, place, "Convert text to numbers, for example by float(text).")
    if isinstance(value, type):
        raise error_of_element(value, place)

    # 1. ndarrays and buffers. NumPy's scalars are buffers, too, but they are numbers.
    if cls is ndarray:
        return _array(value, place, is_operand)
    if isinstance(value, scalar):
        return ("array", _numeric(numpy.asarray(value), place)) if is_operand else ("number", _number(value, place))
    if not isinstance(value, (int, float, complex, ndarray)) and (view := _view(value)) is not None:
        return _array(view if view.format in READABLE else _from_view(view), place, is_operand)

    # 2. numbers
    for builtin in (int, float, complex):
        if isinstance(value, builtin):
            is_plain = cls.__mul__ is builtin.__mul__
            return "number", builtin(value) if is_plain else value  # type: ignore[arg-type]
    if is_number_type(cls):
        return "number", value

    # 3. mappings, masked arrays and sparse matrices
    if _is_mapping(value):
        raise _error(value, place, f"Pass list({place}.values()).", "a mapping", " without labels")
    if is_masked(value):
        raise _error_of_mask(value, place)
    if hasattr(cls, "nnz"):
        dense = "toarray" if hasattr(cls, "toarray") else "todense"
        raise _error(value, place, f"Pass {place}.{dense}().", "a sparse matrix")

    # 4. values with units, and subclasses of ndarray with another meaning
    is_subclass = isinstance(value, ndarray) and cls.__array_ufunc__ is not numpy.ndarray.__array_ufunc__
    if is_subclass or _has_unit(value):
        if _has_no_axes(value):
            return "number", value
        raise _error_of_unit(value, place)

    # 5. other arrays
    if isinstance(value, ndarray):
        return _array(numpy.asarray(value), place, is_operand)
    if any(hasattr(cls, name) for name in EXPORTS):
        array = _exported(value, place)
        keeps_its_type = array.ndim == 0 and not is_operand and _multiplies(cls)
        return ("number", value) if keeps_its_type else _array(array, place, is_operand)

    # 6. sequences and other iterables, and numbers of other types
    if not _has_no_axes(value):
        if isinstance(members := _list_of(value), list):  # a matrix of mpmath yields its numbers, without their rows
            return "sequence", members
        is_sequence = hasattr(cls, "__len__") and hasattr(cls, "__getitem__") and iter(value) is not value
        return ("sequence", value if cls is range else list(value)) if is_sequence else ("iterator", value)
    if not _multiplies(cls):
        raise error_of_element(value, place)
    return "number", value


class Rows:
    """Read sequences as nested lists of equal rows.

    If python_numbers is true, the lists contain only numbers, and NumPy's numbers become Python's. Otherwise they may
    contain ndarrays, and NumPy's numbers keep their dtype.
    """

    def __init__(self, *, accept_iterators: bool, python_numbers: bool) -> None:
        self.accept_iterators = accept_iterators
        self.python_numbers = python_numbers
        self.types: set[type] = set()  # of all numbers and arrays that have been read

    def read(self, x: Any, place: object) -> tuple[Any, tuple[int, ...]]:
        """Return a sequence as nested sequences, and its shape.

        Raise ValueError if it is ragged, and TypeError for an iterator in it, unless iterators are accepted.
        """
        types: set[type] = set()  # takes a fifth of the time of the sum
        for start in range(0, len(x), BLOCK):  # signal handlers run between two blocks
            types.update(map(type, x[start : start + BLOCK]))
        if types <= BUILTIN or all(map(is_number_type, types)):
            if self.python_numbers and not types <= BUILTIN:
                x, types = as_python_numbers(x)
            self.types |= types
            return x, (len(x),)
        members: list[Any] = []
        shape: tuple[int, ...] = ()
        for index, value in enumerate(x):
            member_shape: tuple[int, ...]
            if type(value) in (list, tuple) and (types := {*map(type, value)}) <= BUILTIN:  # skips read() for speed
                self.types |= types
                member, member_shape = value, (len(value),)
            else:
                member, member_shape = self._read_member(value, Element(place, index))
            if index == 0:
                shape = member_shape
            elif member_shape != shape:
                raise ValueError(
                    f"{place} is ragged: {place}[0] has shape {shape}, {place}[{index}] has shape {member_shape}, "
                    "expected rows of equal length. Pad the rows, or pass them one by one."
                )
            members.append(member)
        return members, (len(members), *shape)

    def _read_member(self, value: Any, element: Element) -> tuple[Any, tuple[int, ...]]:
        kind, member = read(value, element)
        if kind == "iterator":
            member = list_of_iterator(member, element, self.accept_iterators)
        elif kind == "array" and self.python_numbers:
            member = member.tolist()
        elif kind == "array":
            member = as_ndarray(member)
        elif kind == "number" and not self.python_numbers and type(member) in BUILTIN and hasattr(value, "dtype"):
            member = value
        if isinstance(member, list) or kind == "sequence":
            check_depth(element)
            return self.read(member, element)
        self.types.add(type(member))
        return member, member.shape if kind == "array" else ()


def is_number_type(cls: type) -> bool:
    """Return whether every value of a type is a number: Python's and NumPy's, and others that have no members."""
    numpy = sys.modules.get("numpy")
    if cls in BUILTIN or issubclass(cls, (getattr(numpy, "number", ()), getattr(numpy, "bool_", ()))):
        return cls is not getattr(numpy, "timedelta64", None)
    if issubclass(cls, (int, float, complex, Mapping)) or not _multiplies(cls):
        return False
    return not any(hasattr(cls, name) for name in (*MEMBER_METHODS, *EXPORTS))


def _multiplies(cls: type) -> bool:
    """Return whether values of a type have `*`. hasattr would also see that of its metaclass, as ctypes has."""
    return any("__mul__" in vars(base) for base in cls.__mro__)


def as_python_numbers(numbers: Sequence[Any]) -> tuple[list[Any], set[type]]:
    """Return numbers of types for which is_number_type() is true with NumPy's numbers as Python's, and their types.

    long double stays as it is, since Python has no such number.
    """
    members = [number.item() if hasattr(number, "dtype") else number for number in numbers]
    return members, {*map(type, members)}


def list_of_iterator(x: Any, place: object, is_accepted: bool) -> list[Any]:
    """Return the items of an iterator, or raise TypeError if it is not accepted."""
    if not is_accepted:
        raise _error(x, place, f"Pass list({place}).", expected=" in arrays, buffers or nested lists")
    return list(x)


def check_depth(element: Element) -> None:
    """Raise ValueError if an element is nested too deep, which it is in a list that contains itself."""
    place, depth = element.collection, 1
    while isinstance(place, Element):
        place, depth = place.collection, depth + 1
    if depth > MAX_DEPTH:
        raise ValueError(f"{place} is nested more than {MAX_DEPTH} levels deep. Check that it does not contain itself.")


def places(place: object, shape: tuple[int, ...]) -> Iterator[object]:
    """Yield the places of the elements of nested lists of this shape, in order."""
    if not shape:
        yield place
    for index in range(shape[0] if shape else 0):
        yield from places(Element(place, index), shape[1:])


def elements(array: NDArray[Any], place: object) -> Iterator[tuple[object, Any]]:
    """Yield the place and the value of each element of an array of objects."""
    from itertools import product

    indices = product(*map(range, array.shape))
    for index, value in zip(indices, array.reshape(-1).tolist(), strict=True):
        yield Element(place, index) if index else place, value


def check_factors(array: NDArray[Any], place: object) -> None:
    """Raise TypeError unless `*` multiplies all elements of an array of objects. It repeats lists, for example."""
    if {*map(type, array.reshape(-1).tolist())} <= BUILTIN:
        return
    for element, value in elements(array, place):
        kind, _ = read(value, element)
        if kind != "number" and not hasattr(type(value), "__sub__"):
            raise _error(value, element, "Pass nested lists, or an array of numbers.")


def _is_mapping(value: object) -> bool:
    """Return whether a value yields keys: a Mapping, or a class with the methods of one that is not a DataFrame."""
    cls = type(value)
    has_methods = all(hasattr(cls, name) for name in ("keys", "values", "__getitem__"))
    return isinstance(value, Mapping) or (has_methods and not any(hasattr(cls, name) for name in EXPORTS))


def is_masked(value: object) -> bool:
    """Return whether a value has a mask: a masked array of NumPy, astropy or dask."""
    cls = type(value)
    if any(base.__name__ == "MaskedArray" for base in cls.__mro__) or (hasattr(cls, "mask") and hasattr(cls, "filled")):
        return True
    return type(getattr(value, "_meta", None)).__name__ == "MaskedArray"  # the type of the blocks of a dask array


def need_numpy(reason: str) -> None:
    """Raise ImportError with this reason if NumPy cannot be imported."""
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{reason}: {error}. Run `pip install numpy`.") from error


def error_of_number(x: object, place: object) -> TypeError:
    """Return the error for an operand that is a single number."""
    return _error(x, place, f"Pass [{place}].", expected=" in a buffer, array, sequence or iterator")


def error_of_element(x: object, place: object) -> TypeError:
    """Return the error for a value that is not a number."""
    return _error(x, place, "Remove it, or replace it by a number.")


def _error_of_mask(value: object, place: object) -> TypeError:
    advice = f"Pass {place}.filled(0) or {place}.compressed()."
    advice = advice if hasattr(value, "filled") else "Replace the masked elements by numbers first."
    return _error(value, place, advice, "a masked array")


def _error_of_unit(value: object, place: object) -> TypeError:
    names = [name for name in ("magnitude", "value", "values") if hasattr(value, name)]
    plain = f"{place}.{names[0]}" if names else f"numpy.asarray({place})"
    return _error(value, place, f"Pass {plain}.", "an array with a unit or another meaning", " alone")


def _error(value: object, place: object, advice: str, kind: str = "", expected: str = "") -> TypeError:
    """Return the error for a value that is not readable as numbers."""
    try:
        text = kind or repr(value)
    except Exception:  # the repr of a foreign type may fail
        text = "unreadable"
    text = text if len(text) <= 60 else f"{text[:56]} ..."
    return TypeError(f"{place} is {text}: got {type(value).__name__}, expected numbers{expected}. {advice}")


def _has_unit(value: Any) -> bool:
    """Return whether a value with its own ufuncs has a unit. A column of a DataFrame may be named `unit`, too."""
    units = (getattr(value, name, None) for name in ("units", "unit"))
    return hasattr(type(value), "__array_ufunc__") and any(
        unit is not None and not hasattr(unit, "__array__") for unit in units
    )


def _has_no_axes(value: Any) -> bool:
    """Return whether a value is a single one: it is not iterable, or has no dimensions."""
    try:
        iter(value)
        return bool(value.ndim == 0)
    except TypeError:
        return True
    except AttributeError:
        return False


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
    return read(array[()], place)


def _numeric(array: NDArray[Any], place: object) -> NDArray[Any]:
    """Return the array. Raise TypeError if it has text, dates or a structured type."""
    if array.dtype.kind not in "biufcO":
        raise TypeError(f"{place} has dtype {array.dtype}, expected numbers. Convert it, for example by astype(float).")
    return array


def _number(scalar: Any, place: object) -> Any:
    """Return a NumPy scalar as a Python number. Return long double as it is, since Python has no such number."""
    return _numeric(scalar, place).item()


def _view(value: Any) -> memoryview | None:
    try:
        return memoryview(value)
    except TypeError:
        return None


def _from_view(view: memoryview) -> NDArray[Any]:
    """Return an ndarray over a buffer."""
    need_numpy(f"reading a buffer of format {view.format!r} needs NumPy")
    import numpy as np

    try:
        return np.asarray(view)
    except (NotImplementedError, ValueError) as error:
        raise TypeError(f"NumPy cannot read a buffer of format {view.format!r}: {error}") from error


def _from_dlpack(x: Any, place: object) -> NDArray[Any]:
    import numpy as np

    try:
        return np.from_dlpack(x)
    except (AttributeError, BufferError, RuntimeError, TypeError, ValueError) as error:
        advice = "Only tensors in CPU memory are supported. Copy others to the CPU."
        raise TypeError(f"cannot read {place} as numbers: got {type(x).__name__}: {error}. {advice}") from error


def as_ndarray(array: Any) -> NDArray[Any]:
    """Return an ndarray over an array that read() has returned."""
    return _from_view(array) if isinstance(array, memoryview) else array


ABOUT_CODE = (DeprecationWarning, PendingDeprecationWarning, ResourceWarning)
_exporting: ContextVar[bool] = ContextVar("_exporting", default=False)


class _WhileExporting(type):
    """The type of a category that contains every warning about the numbers while an array is exported."""

    def __subclasscheck__(cls, category: type) -> bool:
        return _exporting.get() and not issubclass(category, ABOUT_CODE)


class _AnyWarning(Warning, metaclass=_WhileExporting):
    """A category for a filter that does nothing in other contexts.

    warnings.catch_warnings() would change the filters of all threads, and leave them changed if two threads overlap.
    """


_FILTER = ("error", None, _AnyWarning, None, 0)  # as warnings.simplefilter("error", _AnyWarning) stores it


def _exported(value: Any, place: object) -> NDArray[Any]:
    """Return the array that a value exports. Raise TypeError instead of a warning, such as one about a lost unit."""
    name = type(value).__name__
    need_numpy(f"reading {name} as an array needs NumPy")
    import warnings

    import numpy as np

    filters = getattr(warnings, "_get_filters", lambda: warnings.filters)()  # since 3.14 those of the context
    if filters[:1] != [_FILTER]:
        warnings.simplefilter("error", _AnyWarning)
    token = _exporting.set(True)
    try:
        if hasattr(value, "__array__"):
            array = value.__array__()
        else:
            array = np.asarray(value) if not hasattr(value, "__dlpack__") else _from_dlpack(value, place)
    except Warning as warning:
        if isinstance(warning, ABOUT_CODE):  # the program's own filters made it an error
            raise
        advice = "Convert it to plain numbers first."
        raise TypeError(
            f"{place} is not plain numbers: got {name} with the warning {str(warning).rstrip('.')!r}. {advice}"
        ) from warning
    finally:
        _exporting.reset(token)
    if is_masked(array):
        raise _error_of_mask(value, place)
    return np.asarray(array)
