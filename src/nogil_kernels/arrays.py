"""The path for operands that are not plain buffers, for both backends: convert, broadcast, copy and allocate.

A backend passes its operands and its kernel to a function here, which calls the kernel with plain ndarrays. NumPy is
imported only when an ndarray is needed.
"""

from __future__ import annotations

import operator
from itertools import chain

from . import pure
from .blocks import blocks_of_array, leaves, lists_of_array, parts
from .exports import need_numpy
from .operands import (
    BUILTIN,
    Element,
    Rows,
    as_ndarray,
    check_factors,
    error_of_number,
    from_view,
    is_masked,
    list_of_iterator,
    read,
    view_of,
)
from .threads import worker_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    from numpy import dtype
    from numpy.typing import NDArray

    _Array: TypeAlias = NDArray[Any]

# The dtypes by their one-letter codes, which NumPy and the buffer protocol share.
INTEGERS = "?bBhHiIlLqQ"
FLOATS = "efd"
SUM_DTYPES = INTEGERS + FLOATS + "FD" + "O"
MATMUL_DTYPES = SUM_DTYPES + "gG"

# matmul has no kernel for these types. They are multiplied in a wider type, and the product is cast, with the same
# result: integers modulo 2**32, then modulo their own range; float16 rounded once; bool True if the sum is above 0.
COMPUTED_AS = {"?": "i", "b": "i", "h": "i", "B": "I", "H": "I", "e": "f"}


def check_gil(gil: object) -> None:
    """Raise ValueError unless gil is one of the three words of the GIL switch."""
    if not (isinstance(gil, str) and gil in ("auto", "release", "hold")):
        raise ValueError(f"gil must be 'auto', 'release' or 'hold', got {gil!r}")


def sum_of_squares(
    x: Any, axis: Any, gil: Any, threads: Any, plain: Callable[..., Any], rows: Callable[..., Any]
) -> Any:
    """Return the result of the public function for any x and axis.

    plain(x, gil=..., threads=...) sums an ndarray that can be read in place; its dtype is in SUM_DTYPES and is not 'O'.
    rows(x, kept, out, gil=..., threads=...) sums over all axes after the first `kept` ones and writes to out. The
    pure-Python twin sums lists, iterators and objects.
    """
    check_gil(gil)
    worker_count(threads)
    kind, value = read(x, "x", is_operand=True)
    if kind != "array":
        if axis is None:
            return pure.sum_of_members(kind, value)
        if kind == "number":
            raise error_of_number(x, "x")
        need_numpy("sum_of_squares with axis= needs NumPy")
        members = list_of_iterator(value, x, "x", True) if kind == "iterator" else value
        array = _stacked(members, "x", accept_iterators=True, keep_ints=True)
    else:
        array = as_ndarray(value)
    array = _native(array, "sum_of_squares", SUM_DTYPES)
    if axis is not None:
        return _sum_along(array, axis, lambda x, kept, out: rows(x, kept, out, gil=gil, threads=threads))
    if array.dtype.char == "O":
        return pure.sum_of_members("array", array)
    return plain(array, gil=gil, threads=threads)


def matmul(a: Any, b: Any, out: Any, gil: Any, threads: Any, plain: Callable[..., Any]) -> Any:
    """Return the result of the public function for any a, b and out.

    plain(a, b, out=..., gil=..., threads=...) multiplies plain ndarrays of one dtype, which is in MATMUL_DTYPES and
    neither 'O' nor in COMPUTED_AS. Its out has the right shape and overlaps neither operand. The pure-Python twin
    multiplies objects.
    """
    check_gil(gil)
    worker_count(threads)
    need_numpy(
        "matmul needs NumPy unless a, b and out are 2-D buffers of one format (i, I, l, L, q, Q, f or d), such as"
        " out=memoryview(bytearray(8 * m * n)).cast('d', (m, n))"
    )
    import numpy as np

    a, b = _factor(a, "a"), _factor(b, "b")
    dtype = np.result_type(a.dtype, b.dtype)
    shape = pure.product_shape(a.shape, b.shape)
    out_array = None if out is None else _out_array(out, shape, dtype)
    with np.errstate(all="ignore"):  # floats overflow to inf without a warning, as in the kernels
        if dtype.char == "O":
            product = _product_of_objects(a, b, shape)
        else:
            kernel_dtype = np.dtype(COMPUTED_AS.get(dtype.char, dtype))
            a, b = _converted(a, kernel_dtype), _converted(b, kernel_dtype)
            product = _kernel_output(out_array, shape, kernel_dtype, a, b)
            plain(a, b, out=product, gil=gil, threads=threads)
        if product is out_array and product.dtype == dtype:
            return out
        product = _converted(product, dtype)
        if out_array is not None:
            _copy(out_array, product)
            return out
    return product if shape else product[()]


def _factor(x: Any, name: str) -> _Array:
    """Return an operand of matmul as an ndarray."""
    kind, value = read(x, name, is_operand=True)
    if kind == "iterator":
        value = list_of_iterator(value, x, name, False)
    if kind == "array":
        array = as_ndarray(value)
    elif kind == "number":
        array = _objects([value], ())  # product_shape refuses it, as NumPy does
    else:
        array = _stacked(value, name, accept_iterators=False, keep_ints=False)
    if array.dtype.char == "O":
        check_factors(array, name)
    return _native(array, "matmul", MATMUL_DTYPES)


def _stacked(x: Any, name: str, *, accept_iterators: bool, keep_ints: bool) -> _Array:
    """Return a sequence as numpy.asarray does, but keep numbers of other types as they are: as objects.

    If keep_ints is true and numpy.asarray would round ints to float64, return objects, too.
    """
    import numpy as np

    reader = Rows(accept_iterators=accept_iterators, python_numbers=False)
    nested, shape = reader.read(x, name)
    if not all(issubclass(member_type, (np.generic, np.ndarray)) for member_type in reader.types - BUILTIN):
        return _objects(leaves(nested, len(shape)), shape)
    converted = [(index, part, np.asarray(part)) for index, part in parts(nested, shape)]
    dtype = np.result_type(*(array.dtype for _, _, array in converted)) if converted else np.dtype(float)
    # NumPy rounds ints to float64 if one needs uint64 and another one fits int64
    if keep_ints and dtype.kind == "f" and all(issubclass(cls, (int, np.integer, np.bool_)) for cls in reader.types):
        dtype = np.dtype(object if reader.types else float)
    if len(converted) == 1 and converted[0][2].dtype == dtype:
        return converted[0][2]
    whole = np.empty(shape, dtype)
    for index, part, array in converted:
        keeps_values = array.dtype == dtype or array is part
        _copy(whole[(*index, ...)], array if keeps_values else np.asarray(part, dtype))
    return whole


def _objects(values: Iterable[Any], shape: tuple[int, ...]) -> _Array:
    """Return an array of these objects. numpy.asarray would convert or unfold some of them."""
    import numpy as np

    array: _Array = np.empty(shape, object)
    flat = array.reshape(-1)
    for index, value in enumerate(values):
        flat[index] = value
    return array


def _native(array: _Array, function: str, accepted: str) -> _Array:
    """Return the array in native byte order. Raise TypeError if its dtype is not accepted."""
    if array.dtype.char not in accepted:
        dtypes = "bool, integers, float16, float32, float64, complex64, complex128"
        wider = ", long double" if "g" in accepted else ""
        raise TypeError(
            f"{function} takes {dtypes}{wider} and objects that are numbers, got dtype {array.dtype}. "
            "Convert the array by x.astype(...)."
        )
    return _converted(array, array.dtype.newbyteorder("="))


def _converted(array: _Array, dtype: dtype[Any]) -> _Array:
    """Return the array with this dtype, aligned, and copied only if necessary."""
    import numpy as np

    if array.dtype == dtype and array.flags.aligned:
        return array
    # "K" would choose a layout for broadcast arrays in which each part touches all pages
    copy: _Array = np.empty(array.shape, dtype, "F" if array.flags.fnc else "C")
    _copy(copy, array)
    return copy


def _copy(target: _Array, source: _Array) -> None:
    """Copy an array in parts, between which Python runs the handlers of signals."""
    import numpy as np

    axes = sorted(range(target.ndim), key=lambda axis: -abs(target.strides[axis]))  # the order in memory
    target, source = target.transpose(axes), source.transpose(axes)
    for index, part in parts(source, source.shape):
        np.copyto(target[(*index, ...)], part, casting="unsafe")


def _sum_along(array: _Array, axis: Any, rows: Callable[[_Array, int, _Array], Any]) -> _Array:
    """Return the sums over the given axes, as an ndarray over the other axes."""
    import numpy as np

    summed_axes = _axes(axis, array.ndim)
    kept_axes = [index for index in range(array.ndim) if index not in summed_axes]
    axes = (*kept_axes, *summed_axes)
    transposed = array.transpose(axes)
    shape = transposed.shape[: len(kept_axes)]
    if array.dtype.char == "O":
        positions = np.arange(array.size).reshape(array.shape).transpose(axes)
        sums = _objects(
            (
                _sum_of_objects(positions[(*index, ...)], transposed[(*index, ...)], array.shape)
                for index in np.ndindex(shape)
            ),
            shape,
        )
        return sums if shape else sums[()]
    sums = np.empty(shape, {"b": np.int64, "i": np.int64, "u": np.uint64}.get(array.dtype.kind, np.float64))
    rows(transposed, len(kept_axes), sums)
    return sums if shape else sums[()]


def _sum_of_objects(positions: _Array, objects: _Array, shape: tuple[int, ...]) -> Any:
    """Return the sum of squares of objects, for which `positions` has their positions in an x of this shape."""
    pairs = zip(*[chain.from_iterable(blocks_of_array(array)) for array in (positions, objects)], strict=True)
    return pure.sum_of_elements((Element("x", position, shape), value) for position, value in pairs)


def _axes(axis: Any, ndim: int) -> list[int]:
    """Return the axes in `axis`, an int or a tuple of ints, as a list of numbers from 0 on."""
    import numpy as np

    indices = axis if isinstance(axis, tuple) else (axis,)
    try:
        if any(isinstance(index, bool) for index in indices):
            raise TypeError
        axes = [operator.index(index) for index in indices]
    except TypeError:
        raise TypeError(f"axis must be None, an int or a tuple of ints, got {axis!r}") from None
    for index in axes:
        if not -ndim <= index < ndim:
            raise np.exceptions.AxisError(index, ndim)
    axes = [index % ndim for index in axes]
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis must name each of the {ndim} axes at most once, got {axis!r}")
    return axes


def _out_array(out: Any, shape: tuple[int, ...], dtype: dtype[Any]) -> _Array:
    """Return `out` as an ndarray. Raise an error if it cannot hold a product of this shape and dtype."""
    import numpy as np

    if is_masked(out):
        raise TypeError(f"out is a masked array: got {type(out).__name__}, expected an ndarray. Pass out.data.")
    if not isinstance(out, np.ndarray):
        view = view_of(out)
        if view is None:
            raise TypeError(f"out must be an ndarray or a writable buffer, got {type(out).__name__}")
        out = from_view(view, out, "out")
    check_out(out.shape, out.flags.writeable, shape)
    if out.dtype.kind not in "biufcO" or not np.can_cast(dtype, out.dtype, "same_kind"):
        raise TypeError(  # in NumPy's words
            f"Cannot cast ufunc 'matmul' output from {dtype!r} to {out.dtype!r} with casting rule 'same_kind'. "
            "Pass an array of the product's dtype."
        )
    array: _Array = read(out, "out", is_operand=True)[1]  # refuses an array with a unit
    return array


def check_out(shape: Any, writable: bool, product_shape: tuple[int, ...]) -> None:
    """Raise ValueError if out is read-only or does not have the shape of the product."""
    if not writable:
        raise ValueError("out is read-only. Pass a writable array, or omit out.")
    if shape != product_shape:
        raise ValueError(
            f"non-broadcastable out: got shape {shape}, expected {product_shape}, the shape of the product. "
            "Pass an array of that shape, or omit out."
        )


def _kernel_output(out_array: _Array | None, shape: tuple[int, ...], dtype: dtype[Any], a: _Array, b: _Array) -> _Array:
    """Return out_array if the kernel can write a product of this dtype to it, and a new array otherwise."""
    import numpy as np

    # The kernel adds partial sums to its output, so no two elements may share memory.
    if out_array is None or out_array.dtype != dtype or not out_array.flags.aligned or _overlaps_itself(out_array):
        return np.empty(shape, dtype)
    overlaps = np.may_share_memory(out_array, a) or np.may_share_memory(out_array, b)
    return np.empty(shape, dtype) if overlaps else out_array


def _product_of_objects(a: _Array, b: _Array, shape: tuple[int, ...]) -> _Array:
    """Return the twin's product as an array of objects, which keeps the shape of an empty product. Lists lose it."""
    import numpy as np

    if not (a.size and b.size):
        return np.zeros(shape, object)
    return _objects(leaves(pure.product(lists_of_array(a), a.ndim, lists_of_array(b), b.ndim), len(shape)), shape)


def _overlaps_itself(array: _Array) -> bool:
    """Return False if each stride is at least the bytes that the axes with smaller strides span, else True."""
    reach = array.itemsize
    for stride, size in sorted((abs(stride), size) for stride, size in zip(array.strides, array.shape, strict=True)):
        if array.size and size > 1:
            if stride < reach:
                return True
            reach += (size - 1) * stride
    return False
