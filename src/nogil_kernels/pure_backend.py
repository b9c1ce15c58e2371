"""The public functions of the pure backend: those of the compiled one, with kernels built on the twins."""

from __future__ import annotations

from . import arrays, pure
from .threads import workers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

notice = ""  # said once, at the first call: `backend` sets it where nobody has asked for this backend

# What a memoryview reads by itself, on every supported version of Python.
READABLE = frozenset(arrays.INTEGERS + "nNfd")
BLOCK = 4096  # numbers made Python objects at a time: some 130 kB


def sum_of_squares(x: Any, *, axis: Any = None, gil: str = "auto", threads: Any = 1) -> Any:
    """sum(abs(z)**2 for z in x), over all numbers z in x or over some of its axes.

    x is a buffer or an array of bool, of any signed or unsigned integer, of float16, float32, float64, complex64 or
    complex128, with any number of dimensions and any strides, read where it lies; anything with `__array__`,
    `__array_interface__` or `__dlpack__` (in the CPU's memory); a range; or a list, tuple, iterator or array of
    objects, which plain Python sums: int, Fraction and Decimal stay exact.

    axis: None for all numbers, an int or a tuple of ints for the axes to sum over.
    gil: "auto" holds the GIL for work of some tens of microseconds at most, for which releasing it could cost more than
    it gives, and releases it for more; "release" always, "hold" never releases it. All three run the same machine code.
    On a free-threaded build "hold" means to stay attached, and threads run side by side all the same. On the pure
    backend it is checked and has no effect.
    threads: an int, or a concurrent.futures.ThreadPoolExecutor, to share work of 24 MiB or more, 8 with an
    executor. An int starts threads for this call and ends them with it. The result is the same to the last bit for
    every number of threads. On the pure backend it is checked and has no effect.

    Returns, with axis=None, an exact int for bool and integers of any size, and for floats and complex numbers a float
    within 2 units in the last place of the truth: float32 is converted to float64 before it is squared, and partial
    sums are joined without error by TwoSum (Knuth, The Art of Computer Programming, volume 2, section 4.2.2). 0 where x
    is empty. With axis, an ndarray: int64 for bool and signed integers, uint64 for unsigned ones, float64 for floats
    and complex numbers, objects for objects.

    Raises TypeError for text, dates, structured types, long double and masked arrays; numpy.exceptions.AxisError or
    ValueError for axes that x does not have or that are named twice; OverflowError where a result with axis= does not
    fit into 64 bits; ValueError for an unknown gil and for threads below 1; MemoryError where there is no room for the
    partial sums.

    >>> from nogil_kernels import sum_of_squares
    >>> sum_of_squares(range(10_000_000)) == 333333283333335000000
    True
    >>> sum_of_squares(bytes([3, 4]))
    25
    >>> import numpy as np
    >>> sum_of_squares(np.array([[1.5, 2.0], [0.5, 1.0]]), axis=0)
    array([2.5, 5. ])
    """
    _say_notice()
    view = _readable(x) if axis is None else None
    if view is None:
        return arrays.sum_of_squares(x, axis, gil, threads, _total, _rows)
    arrays.check_gil(gil)
    workers(threads)
    total = pure.sum_of_squares(view)
    return float(total) if view.format in arrays.FLOATS else total  # an empty sum says nothing of its type


def matmul(a: Any, b: Any, *, out: Any = None, gil: str = "auto", threads: Any = 1) -> Any:
    """C := A @ B, C[..., i, j] = sum(A[..., i, p] * B[..., p, j] for p in range(k)), as numpy.matmul.

    a, of shape (..., m, k), and b, of shape (..., k, n), are arrays, buffers or nested lists of any numeric dtype and
    any strides, read where they lie. Their leading axes broadcast against each other; a of shape (k,) is one row and b
    of shape (k,) one column, for which C has no axis. Mixed dtypes are promoted and integers wrap around as in NumPy;
    arrays of objects are multiplied by plain Python.

    out: an ndarray, or a writable buffer, of C's shape with any strides, to which C's dtype can be cast by NumPy's rule
    "same_kind"; it may overlap a and b. Without NumPy installed, a, b and out must be 2-D buffers of one format.
    gil: "auto" holds the GIL for work of some tens of microseconds at most, for which releasing it could cost more than
    it gives, and releases it for more; "release" always, "hold" never releases it. All three run the same machine code.
    On a free-threaded build "hold" means to stay attached, and threads run side by side all the same. On the pure
    backend it is checked and has no effect.
    threads: an int, or a concurrent.futures.ThreadPoolExecutor, to share work of some 3 ms or more, 1 ms with an
    executor. An int starts threads for this call and ends them with it. The result is the same to the last bit for
    every number of threads. On the pure backend it is checked and has no effect.

    Returns out where it is given, else a new ndarray, or a scalar where a and b are both of shape (k,). Floats are off
    by at most about k * u * (|A| @ |B|), u being half a unit in the last place of the dtype.

    Raises ValueError, naming both shapes, where they do not fit, for an out that is read-only or of another shape, for
    an unknown gil and for threads below 1; TypeError for text, dates, structured types, masked arrays and an out of the
    wrong type; MemoryError where there is no room for the workspace. a, b and out are then as they were.

    The loops are those of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.

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
    _say_notice()
    left, right, target = (_matrix(one) for one in (a, b, out))
    if not (left and right and target and left.format == right.format == target.format):
        return arrays.matmul(a, b, out, gil, threads, _multiply)
    arrays.check_gil(gil)
    workers(threads)
    arrays.check_out(target.shape, not target.readonly, pure.product_shape(left.shape, right.shape))
    for i, row in enumerate(_wrapped(pure.matmul(left, right), target.format, target.itemsize)):
        for j, value in enumerate(row):
            target[i, j] = value
    return out


def _total(x: Any, *, gil: str, threads: Any) -> Any:
    """The kernel of sum_of_squares for one sum over a plain ndarray."""
    total = pure.sum_of_squares(x.flat[start : start + BLOCK].tolist() for start in range(0, x.size, BLOCK))
    return total if x.dtype.char in arrays.INTEGERS else float(total)


def _rows(x: Any, kept: int, out: Any, *, gil: str, threads: Any) -> None:
    """The kernel of sum_of_squares for sums over all axes of a plain ndarray but the first `kept`, written to out."""
    for i in range(len(out) if kept else 0):
        _rows(x[i, ...], kept - 1, out[i, ...], gil=gil, threads=threads)
    if not kept:
        total = _total(x, gil=gil, threads=threads)
        try:
            out[()] = total
        except OverflowError:
            raise OverflowError(
                f"a sum of squares is {total}, more than {out.dtype} holds; use axis=None, or floats"
            ) from None


def _multiply(a: Any, b: Any, *, out: Any, gil: str, threads: Any) -> None:
    """The kernel of matmul for plain ndarrays: the twin's numbers, rounded or wrapped around to the dtype of out."""
    if a.size and b.size:
        product = pure.matmul(a.tolist(), b.tolist())
        out[...] = _wrapped(product, out.dtype.char, out.itemsize)
    else:
        out[...] = 0


def _wrapped(values: Any, char: str, itemsize: int) -> Any:
    """Integers, in nested lists, modulo 2**bits; floats as they are."""
    if isinstance(values, list):
        return [_wrapped(value, char, itemsize) for value in values]
    if not isinstance(values, int):
        return values
    modulus = 1 << 8 * itemsize
    values %= modulus
    return values - modulus if char.islower() and 2 * values >= modulus else values


def _readable(x: Any) -> memoryview | None:
    """A memoryview of x where Python reads its numbers without NumPy's help."""
    if hasattr(x, "__array__"):  # also what exports a buffer that is not what it stands for: masked arrays, dates
        return None
    try:
        view = memoryview(x)
    except TypeError:
        return None
    return view if view.format in READABLE else None


def _matrix(x: Any) -> memoryview | None:
    """A memoryview of x where it is a matrix that matmul multiplies as it is, without NumPy's help."""
    view = _readable(x)
    fits = view is not None and view.ndim == 2 and view.nbytes > 0 and view.format not in arrays.MULTIPLIED_AS
    return view if fits else None


def _say_notice() -> None:
    """Warn, once, that this backend runs without having been asked for."""
    global notice
    if notice:
        import warnings

        text, notice = notice, ""
        warnings.warn(text, RuntimeWarning, stacklevel=3)
