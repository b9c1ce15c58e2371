"""The public functions of the pure backend. Their kernels are the pure-Python twins.

The docstrings of sum_of_squares and matmul are written here. tests/helpers/copy_docstrings.py copies them to the
.pyx files. They are not assigned at import, because that needs Cython's binding=True, which adds 4 ns to the 45 ns of a
short call.
"""

from __future__ import annotations

from . import arrays, pure
from .blocks import parts
from .operands import is_readable, view_of
from .threads import worker_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Return the warning for the first call. backend.py sets this if the user did not choose this backend.
notice: Callable[[], str] | None = None


def sum_of_squares(x: Any, *, axis: Any = None, gil: str = "auto", threads: Any = 1) -> Any:
    """Return sum(abs(z)**2 for z in x), over all numbers z in x or along some axes.

    Parameters
    ----------
    x : buffer, array, range, or collection of numbers
        One of: a buffer or array of bool, signed or unsigned integers, float16, float32, float64, complex64 or
        complex128, with any number of dimensions and any strides, which is read in place; an object in CPU memory with
        `__array__`, `__array_interface__` or `__dlpack__`; a range; a list, tuple, iterator or array of objects, whose
        elements are numbers or any of these. Plain Python sums the last group, so int, Fraction and Decimal stay exact.
        The members of a list must have equal shapes. Those of an iterator may differ.
    axis : int or tuple of ints, optional
        The axes to sum over. None, the default, sums over all axes.
    gil : {"auto", "release", "hold"}, optional
        "release" always releases the GIL, and "hold" never does. "auto", the default, holds the GIL for the whole call
        if threads is 1 and the work is at most a fixed amount, because a release could then cost more than it gains.
        Otherwise it releases the GIL. The three values run the same machine code. Where plain Python does the work, gil
        is ignored and the GIL is not released. On a free-threaded build "hold" means that the calling thread stays
        attached until another thread stops the world, for example for a garbage collection. Then the rest of the call
        runs detached. On the pure backend the value has no effect.
    threads : int or concurrent.futures.ThreadPoolExecutor, optional
        The threads that share the work if it has at least 24 MiB (8 MiB with an executor). An int starts threads for
        this call and ends them before it returns. The result has the same bits for every number of threads. On the pure
        backend, and for calls that hold a GIL, the value has no effect.

    Returns
    -------
    int, float or numpy.ndarray
        With axis=None, an exact int for bool and integers of any size, and a float for floats and complex numbers; 0 if
        x is empty. A number of another type, also one with a unit, keeps its type. With axis, an ndarray, or a NumPy
        scalar if no axis is left: int64 for bool and signed integers, uint64 for unsigned integers, float64 for floats
        and complex numbers, objects for objects.

    Raises
    ------
    TypeError
        If x has text, None, dates, a structured type, a mask, a mapping, a sparse matrix, a proxy, or an array with a
        unit; if x is an array of long double, or has long double and axis= is used; if the conversion of an element
        warns; or if axis or threads has a wrong type. The message names the element, as in "x[2] is None".
    ValueError
        If a list is ragged or nested more than 100 levels deep, if x does not have an axis
        (numpy.exceptions.AxisError), if axis names an axis twice, if gil is unknown, or if threads is below 1.
    OverflowError
        If a result with axis= does not fit into 64 bits, or if x has floats and the sum of its ints exceeds float64.
    MemoryError
        If the partial sums do not fit into memory.

    Notes
    -----
    A float result is usually within 2 units in the last place (ulp) of the exact sum, and always within 7 ulp for
    float64 and complex128, 11 ulp for float16, float32 and complex64, also if single squares underflow. A sum this
    close to 2**1024 can be inf. abs(z) is inf if a part of z is infinite, also if the other part is nan. Any other nan
    makes the sum nan. Arrays cause no floating-point warnings. A thread that flushes subnormal numbers to 0 loses those
    in x and in the result. float32 is converted to float64 before it is squared. TwoSum adds partial sums without error
    (Knuth, The Art of Computer Programming, volume 2, section 4.2.2).

    Examples
    --------
    >>> from nogil_kernels import sum_of_squares
    >>> sum_of_squares(range(10_000_000)) == 333333283333335000000
    True
    >>> sum_of_squares(bytes([3, 4]))
    25
    >>> import numpy as np
    >>> sum_of_squares(np.array([[1.5, 2.0], [0.5, 1.0]]), axis=0)
    array([2.5, 5. ])
    """
    _warn_once()
    view = _readable(x) if axis is None else None
    if view is None:
        return arrays.sum_of_squares(x, axis, gil, threads, _sum_of_squares_plain, _sum_of_squares_rows)
    arrays.check_gil(gil)
    worker_count(threads)
    total = pure.sum_of_members("array", view)
    return float(total) if view.format in arrays.FLOATS else total  # an empty sum is the int 0


def matmul(a: Any, b: Any, out: Any = None, *, gil: str = "auto", threads: Any = 1) -> Any:
    """Return C = A @ B, where C[..., i, j] = sum(A[..., i, p] * B[..., p, j] for p in range(k)), as numpy.matmul.

    Parameters
    ----------
    a, b : array, buffer or nested list
        Numbers of any dtype with any strides, read in place, of shapes (..., m, k) and (..., k, n). The leading axes
        broadcast against each other. An a of shape (k,) is one row, and a b of shape (k,) is one column; C has no axis
        for it. Mixed dtypes are promoted and integers wrap around, as in NumPy. Plain Python multiplies objects.
    out : ndarray or writable buffer, optional
        The memory for C, of C's shape, with any strides. NumPy's rule "same_kind" must allow a cast from C's dtype. out
        may overlap a and b. Without NumPy installed, a, b and out must be 2-D buffers of one format.
    gil : {"auto", "release", "hold"}, optional
        "release" always releases the GIL, and "hold" never does. "auto", the default, holds the GIL for the whole call
        if threads is 1 and the work is at most a fixed amount, because a release could then cost more than it gains.
        Otherwise it releases the GIL. The three values run the same machine code. Where plain Python does the work, gil
        is ignored and the GIL is not released. On a free-threaded build "hold" means that the calling thread stays
        attached until another thread stops the world, for example for a garbage collection. Then the rest of the call
        runs detached. On the pure backend the value has no effect.
    threads : int or concurrent.futures.ThreadPoolExecutor, optional
        The threads that share the work if it takes at least about 3 ms (1 ms with an executor). An int starts threads
        for this call and ends them before it returns. The result has the same bits for every number of threads. On the
        pure backend, and for calls that hold a GIL, the value has no effect.

    Returns
    -------
    numpy.ndarray, scalar or out
        out if it is given. Otherwise a new ndarray, or a scalar if a and b both have shape (k,). Unlike numpy.matmul,
        the function returns an ndarray for operands of a subclass, and refuses subclasses that define their own ufuncs.

    Raises
    ------
    ValueError
        If a list is ragged or nested more than 100 levels deep, if the shapes of a and b do not fit, if out is
        read-only or has another shape, if gil is unknown, or if threads is below 1. A message about shapes contains
        both.
    TypeError
        If an operand has text, None, dates, a structured type, a mask, a mapping, a sparse matrix, a proxy, an
        iterator, or an array with a unit; or if out or threads has a wrong type. The message names the element, as in
        "a[0][1] is None".
    MemoryError
        If the workspace does not fit into memory.

    Notes
    -----
    The error of a float is at most about k * (u * (|A| @ |B|) + s / 2), and 3 times this for complex numbers. u is the
    dtype's unit roundoff, half a unit in the last place of 1, and s its smallest subnormal number. A partial sum can
    overflow to inf although C would be finite. The product of x+yi and v+wi is xv-yw + (xw+yv)i, also if a part is
    infinite or nan; numpy.matmul can give nan instead. Unlike numpy.matmul, there are no floating-point warnings.

    A call that raises leaves out as it was, except in two cases: a signal handler raises an exception, such as
    KeyboardInterrupt, or a MemoryError is raised in a call with several threads, on the pure backend, or with an out
    that overlaps an operand or has another dtype than C. Then out can have a part of C. The loops are from Goto and van
    de Geijn, "Anatomy of high-performance matrix multiplication", 2008.

    Examples
    --------
    >>> from nogil_kernels import matmul
    >>> matmul([[1, 2], [3, 4]], [[5, 6], [7, 8]])
    array([[19, 22],
           [43, 50]])
    >>> c = memoryview(bytearray(4 * 8)).cast("B").cast("d", (2, 2))
    >>> a = memoryview(bytearray(4 * 8)).cast("B").cast("d", (2, 2))
    >>> a[0, 0] = a[1, 1] = 3.0
    >>> matmul(a, a, out=c).tolist()
    [[9.0, 0.0], [0.0, 9.0]]
    """
    _warn_once()
    a_view, b_view, out_view = (_matrix(operand) for operand in (a, b, out))
    if not (a_view and b_view and out_view and a_view.format == b_view.format == out_view.format):
        return arrays.matmul(a, b, out, gil, threads, _matmul_plain)
    arrays.check_gil(gil)
    worker_count(threads)
    arrays.check_out(out_view.shape, not out_view.readonly, pure.product_shape(a_view.shape, b_view.shape))
    for i, row in enumerate(_wrapped(pure.matmul(a_view, b_view), out_view.format, out_view.itemsize)):
        for j, value in enumerate(row):
            out_view[i, j] = value
    return out


def _sum_of_squares_plain(x: Any, *, gil: str, threads: Any) -> Any:
    """Return the sum of squares of a plain ndarray."""
    total = pure.sum_of_members("array", x)
    return total if x.dtype.char in arrays.INTEGERS else float(total)


def _sum_of_squares_rows(x: Any, kept_ndim: int, out: Any, *, gil: str, threads: Any) -> None:
    """Sum the squares of a plain ndarray over all axes after the first `kept_ndim`, and write the sums to out."""
    for i in range(len(out) if kept_ndim else 0):
        _sum_of_squares_rows(x[i, ...], kept_ndim - 1, out[i, ...], gil=gil, threads=threads)
    if not kept_ndim:
        total = _sum_of_squares_plain(x, gil=gil, threads=threads)
        try:
            out[()] = total
        except OverflowError:
            raise OverflowError(
                f"the sum of squares {total} does not fit {out.dtype}. Use axis=None, or floats."
            ) from None


def _matmul_plain(a: Any, b: Any, *, out: Any, gil: str, threads: Any) -> None:
    """Multiply plain ndarrays with the pure-Python twin. Round the product to out's dtype, or wrap it around."""
    if a.size and b.size:
        for index, part in parts(pure.matmul(a, b), out.shape):
            out[index] = _wrapped(part, out.dtype.char, out.itemsize)
    else:
        out[...] = 0


def _wrapped(values: Any, type_code: str, itemsize: int) -> Any:
    """Wrap integers in nested lists around, modulo 2**bits. Return floats as they are, with 0.0 for -0.0."""
    if isinstance(values, list):
        return [_wrapped(value, type_code, itemsize) for value in values]
    if not isinstance(values, int):
        return values + type(values)()  # the kernels start from 0, so their sum of -0.0 is 0.0
    modulus = 1 << 8 * itemsize
    values %= modulus
    return values - modulus if type_code.islower() and 2 * values >= modulus else values


def _readable(x: Any) -> memoryview | None:
    """Return a memoryview of x if its numbers can be read without NumPy, and None otherwise."""
    if hasattr(x, "__array__"):  # the buffers of some of these show less than they mean: masked arrays, dates
        return None
    view = view_of(x)
    return view if view is not None and is_readable(view) else None


def _matrix(x: Any) -> memoryview | None:
    """Return a memoryview of x if it is a matrix that matmul can multiply without NumPy, and None otherwise."""
    view = _readable(x)
    is_matrix = view is not None and view.ndim == 2 and view.nbytes > 0 and view.format not in arrays.COMPUTED_AS
    return view if is_matrix else None


def _warn_once() -> None:
    """Warn at the first call if the user did not choose this backend."""
    global notice
    if notice:
        import warnings

        text, notice = notice(), None
        warnings.warn(text, RuntimeWarning, stacklevel=3)
