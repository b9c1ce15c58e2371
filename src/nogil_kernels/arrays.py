"""The cold path of both backends: promotes, broadcasts, copies and allocates what is not a plain buffer.

A backend hands over what its kernel cannot take as it is, together with that kernel; the kernel gets it back as plain
ndarrays. NumPy is imported only where an ndarray is made or met.
"""

from __future__ import annotations

import operator

from . import pure
from .threads import workers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from numpy import dtype
    from numpy.typing import NDArray

    _Array: TypeAlias = NDArray[Any]

# The dtypes, by the characters that NumPy and the buffer protocol share.
INTEGERS = "?bBhHiIlLqQ"
FLOATS = "efd"
SQUARED = INTEGERS + FLOATS + "FD" + "O"
MULTIPLIED = SQUARED + "gG"

# What matmul's kernels have no instance for is multiplied in a wider type and then cast, with the result that its own
# type would have given: integers wrap around modulo 2**32 first, float16 is rounded once, a count of ones is true.
MULTIPLIED_AS = {"?": "i", "b": "i", "h": "i", "B": "I", "H": "I", "e": "f"}


def check_gil(gil: object) -> None:
    """Raise ValueError for anything but the three words that the GIL switch knows."""
    if not (isinstance(gil, str) and gil in ("auto", "release", "hold")):
        raise ValueError(f"gil must be 'auto', 'release' or 'hold', not {gil!r}")


def sum_of_squares(
    x: Any, axis: Any, gil: Any, threads: Any, total: Callable[..., Any], rows: Callable[..., Any]
) -> Any:
    """What the public function returns, for any x and axis.

    total(x, gil=..., threads=...) sums a plain ndarray of a dtype in SQUARED, 'O' excepted; rows(x, kept, out, gil=...,
    threads=...) writes the sums over all axes but the first `kept` to out. All else is summed by the twin.
    """
    check_gil(gil)
    workers(threads)
    exported = _exported(x)
    if exported is None and axis is None:
        return pure.sum_of_squares(x)
    array = _plain(_from_members(x) if exported is None else exported, "sum_of_squares", SQUARED)
    if axis is not None:
        return _sum_along(array, axis, lambda x, kept, out: rows(x, kept, out, gil=gil, threads=threads))
    if array.dtype.char == "O":
        return pure.sum_of_squares([array.tolist()])
    return total(array, gil=gil, threads=threads)


def matmul(a: Any, b: Any, out: Any, gil: Any, threads: Any, kernel: Callable[..., Any]) -> Any:
    """What the public function returns, for any a, b and out.

    kernel(a, b, out=..., gil=..., threads=...) multiplies plain ndarrays of one dtype, which is in MULTIPLIED and
    neither 'O' nor in MULTIPLIED_AS, into an out of the right shape that overlaps neither. The twin multiplies objects.
    """
    check_gil(gil)
    workers(threads)
    need_numpy(
        "matmul of anything but 2-D buffers of one format (i, I, l, L, q, Q, f or d) into a writable one given as out="
        " (such as memoryview(bytearray(8 * m * n)).cast('d', (m, n)))"
    )
    import numpy as np

    a, b = _factor(a), _factor(b)
    dtype = np.result_type(a.dtype, b.dtype)
    shape = pure.product_shape(a.shape, b.shape)
    target = None if out is None else _target(out, shape, dtype)
    with np.errstate(all="ignore"):  # floats overflow to inf without a word, as they do in the kernels
        if dtype.char == "O":
            product = _product_of_objects(a, b, shape)
        else:
            computed = np.dtype(MULTIPLIED_AS.get(dtype.char, dtype))
            a, b = np.require(a, computed, ["ALIGNED"]), np.require(b, computed, ["ALIGNED"])
            product = _room(target, shape, computed, a, b)
            kernel(a, b, out=product, gil=gil, threads=threads)
        if product is target and product.dtype == dtype:
            return out
        product = product.astype(dtype, copy=False)
        if target is not None:
            np.copyto(target, product, casting="same_kind")
            return out
    return product if shape else product[()]


def need_numpy(what: str) -> None:
    """Raise ImportError, saying what needs NumPy, where it cannot be imported."""
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{what} needs NumPy: pip install numpy ({error})") from error


def _exported(x: Any) -> _Array | None:
    """An ndarray of the memory that x exports: as an array, buffer or DLPack tensor; None where it exports none."""
    pure.refuse_masked(x)
    if any(hasattr(x, name) for name in ("__array__", "__array_interface__", "__array_struct__")):
        need_numpy(f"turning {type(x).__name__} into an ndarray")
        import numpy as np

        return np.asarray(x)
    try:
        view = memoryview(x)
    except TypeError:
        return _from_dlpack(x) if hasattr(x, "__dlpack__") else None
    need_numpy(f"turning a buffer of format {view.format!r} into an ndarray")
    return _from_buffer(view)


def _from_buffer(view: memoryview) -> _Array:
    import numpy as np

    try:
        return np.asarray(view)
    except (NotImplementedError, ValueError) as error:
        raise TypeError(f"a buffer of format {view.format!r} holds no numbers that NumPy can read: {error}") from error


def _from_dlpack(x: Any) -> _Array:
    need_numpy("turning a DLPack tensor into an ndarray")
    import numpy as np

    try:
        array: _Array = np.from_dlpack(x)
    except (AttributeError, BufferError, RuntimeError, TypeError, ValueError) as error:
        raise TypeError(f"{type(x).__name__} exports no CPU memory: {error}; copy it to the CPU first") from error
    return array


def _from_members(x: Any) -> _Array:
    """An ndarray of what x iterates over, as numpy.asarray promotes a list."""
    members = list(pure.numbers_in(x))
    need_numpy("sum_of_squares with axis=")
    import numpy as np

    try:
        array, objects = np.asarray(members), np.asarray(members, object)
    except ValueError as error:
        raise ValueError(f"sum_of_squares with axis= takes rows of one length: {error}") from error
    _refuse_masked_within(members)
    # ints beyond 64 bits, or of both signs beyond 63, which numpy.asarray would round to float64
    too_long = array.dtype.kind == "f" and all(isinstance(member, int) for member in objects.flat)
    return objects if too_long else array


def _refuse_masked_within(x: Any) -> None:
    """Raise TypeError for a masked array at any depth of nested lists; types, since a row may have a million floats."""
    if isinstance(x, (list, tuple)):
        kinds = {*map(type, x)}
        if any(hasattr(kind, "dtype") or issubclass(kind, (list, tuple)) for kind in kinds):
            for member in x:
                pure.refuse_masked(member)
                _refuse_masked_within(member)


def _factor(x: Any) -> _Array:
    """One of matmul's operands as an ndarray; what is no array becomes one as numpy.asarray promotes it."""
    import numpy as np

    array = _exported(x)
    if array is None:
        try:
            array = np.asarray(x)
        except ValueError as error:
            raise ValueError(f"matmul takes nested lists whose rows are equally long: {error}") from error
        _refuse_masked_within(x)
        if array.ndim == 0 and array.dtype.char == "O":
            raise TypeError(f"matmul takes arrays, buffers and nested lists of numbers, not {type(x).__name__}")
    return _plain(array, "matmul", MULTIPLIED)


def _plain(array: _Array, function: str, accepted: str) -> _Array:
    """The array in native byte order, copied only where it is not; TypeError for a dtype that is not accepted."""
    if array.dtype.char not in accepted:
        kinds = "bool, integers, float16, float32, float64, complex64, complex128"
        wider = ", long double" if "g" in accepted else ""
        raise TypeError(
            f"{function} takes {kinds}{wider} and objects that are numbers, not dtype {array.dtype}; "
            "convert it with x.astype(...)"
        )
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _sum_along(array: _Array, axis: Any, rows: Callable[[_Array, int, _Array], Any]) -> _Array:
    """Sums over the given axes, as an ndarray over the others."""
    import numpy as np

    summed = _axes(axis, array.ndim)
    kept = [axis for axis in range(array.ndim) if axis not in summed]
    moved = array.transpose(*kept, *summed)
    shape = moved.shape[: len(kept)]
    if array.dtype.char == "O":
        sums: _Array = np.empty(shape, object)
        for index in np.ndindex(shape):
            sums[index] = pure.sum_of_squares([moved[(*index, ...)].tolist()])
        return sums
    sums = np.empty(shape, {"b": np.int64, "i": np.int64, "u": np.uint64}.get(array.dtype.kind, np.float64))
    rows(moved, len(kept), sums)
    return sums


def _axes(axis: Any, ndim: int) -> list[int]:
    """The axes that `axis`, an int or a tuple of ints, names, counted from 0."""
    import numpy as np

    try:
        axes = [operator.index(one) for one in (axis if isinstance(axis, tuple) else (axis,))]
    except TypeError:
        raise TypeError(f"axis must be None, an int or a tuple of ints, not {axis!r}") from None
    for one in axes:
        if not -ndim <= one < ndim:
            raise np.exceptions.AxisError(one, ndim)
    axes = [one % ndim for one in axes]
    if len(set(axes)) < len(axes):
        raise ValueError(f"duplicate value in axis={axis!r} for {ndim} dimensions")
    return axes


def _target(out: Any, shape: tuple[int, ...], dtype: dtype[Any]) -> _Array:
    """`out` as an ndarray of its memory, once it has turned out fit for a product of that shape and dtype."""
    import numpy as np

    if not isinstance(out, np.ndarray):
        try:
            view = memoryview(out)
        except TypeError:
            raise TypeError(f"out must be an ndarray or a writable buffer, not {type(out).__name__}") from None
        target = _from_buffer(view)
    else:
        target = np.asarray(_exported(out))
    check_out(target.shape, target.flags.writeable, shape)
    if not np.can_cast(dtype, target.dtype, "same_kind"):
        raise TypeError(f"out has dtype {target.dtype}, to which the product's {dtype} cannot be cast by same_kind")
    return target


def check_out(shape: Any, writable: bool, wanted: tuple[int, ...]) -> None:
    """Raise ValueError where out has another shape than the product, or is read-only."""
    if not writable:
        raise ValueError("out is read-only; pass a writable array or none")
    if shape != wanted:
        raise ValueError(f"out has shape {shape}, the product has shape {wanted}")


def _room(target: _Array | None, shape: tuple[int, ...], dtype: dtype[Any], a: _Array, b: _Array) -> _Array:
    """Where the kernel writes a product of that dtype: the target if it can take it as it is, else a new array."""
    import numpy as np

    if target is None or target.dtype != dtype or not target.flags.aligned or _overlaps_itself(target):
        return np.empty(shape, dtype)  # what overlaps itself cannot hold sums in progress
    overlaps = np.may_share_memory(target, a) or np.may_share_memory(target, b)
    return np.empty(shape, dtype) if overlaps else target


def _product_of_objects(a: _Array, b: _Array, shape: tuple[int, ...]) -> _Array:
    """The twin's product as an array of objects; nested lists could not say the shape of an empty one."""
    import numpy as np

    product: _Array = np.zeros(shape, object)
    if a.size and b.size:
        product[...] = pure.matmul(a.tolist(), b.tolist())
    return product


def _overlaps_itself(array: _Array) -> bool:
    """Whether elements may share bytes: not if each stride passes over all that the smaller ones reach."""
    reach = array.itemsize
    for stride, size in sorted((abs(stride), size) for stride, size in zip(array.strides, array.shape, strict=True)):
        if array.size and size > 1:
            if stride < reach:
                return True
            reach += (size - 1) * stride
    return False
