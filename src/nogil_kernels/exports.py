"""Arrays that objects export by `__array__`, `__array_interface__` or DLPack, without losing what they mean."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

ABOUT_CODE = (DeprecationWarning, PendingDeprecationWarning, ResourceWarning)
_exporting: ContextVar[list[bool]] = ContextVar("_exporting")  # not empty while this thread or task exports an array


class _WhileExporting(type):
    """The type of _AnyWarning. While this thread or task exports an array, all warnings are subclasses of _AnyWarning.

    Those about code are not, because they say nothing about the numbers.
    """

    def __subclasscheck__(cls, category: type) -> bool:
        return bool(_exporting.get(())) and not issubclass(category, ABOUT_CODE)


class _AnyWarning(Warning, metaclass=_WhileExporting):
    """The category of a filter that makes warnings errors, and that stays. It does nothing outside of an export.

    warnings.catch_warnings() would change the filters of all threads, and leave them changed if two threads overlap.
    """


_FILTER = ("error", None, _AnyWarning, None, 0)  # as warnings.simplefilter("error", _AnyWarning) stores it


def need_numpy(reason: str) -> None:
    """Raise ImportError with this reason if NumPy cannot be imported."""
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{reason}: {error}. Run `pip install numpy`.") from error


def exported(value: Any, place: object) -> NDArray[Any]:
    """Return the array that a value exports. Raise TypeError instead of a warning, such as one about a lost unit."""
    name = type(value).__name__
    need_numpy(f"reading {name} as an array needs NumPy")
    import warnings

    import numpy as np

    filters = getattr(warnings, "_get_filters", lambda: warnings.filters)()  # since 3.14 those of the context
    if filters[:1] != [_FILTER]:
        warnings.simplefilter("error", _AnyWarning)
    is_exporting, before = [True], None
    try:
        before = _exporting.set(is_exporting)
        if hasattr(value, "__array__"):
            array = value.__array__()
        elif hasattr(value, "__dlpack__"):
            array = _from_dlpack(value, place)
        else:
            array = np.asarray(value)
    except Warning as warning:
        if isinstance(warning, ABOUT_CODE):  # the program's own filters made it an error
            raise
        advice = "Convert it to plain numbers first."
        raise TypeError(
            f"{place} is not plain numbers: got {name} with the warning {str(warning).rstrip('.')!r}. {advice}"
        ) from warning
    finally:
        is_exporting.clear()  # needs no memory, but reset() does
        if before is not None:
            _exporting.reset(before)
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{place}.__array__() returned {type(array).__name__}, expected an ndarray. Correct {name}.")
    return array


def _from_dlpack(x: Any, place: object) -> NDArray[Any]:
    import numpy as np

    try:
        return np.from_dlpack(x)
    except (AttributeError, BufferError, RuntimeError, TypeError, ValueError) as error:
        advice = "Only tensors in CPU memory are supported. Copy others to the CPU."
        raise TypeError(f"cannot read {place} as numbers: got {type(x).__name__}: {error}. {advice}") from error
