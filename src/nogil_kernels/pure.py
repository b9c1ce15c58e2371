"""The twins: both kernels in plain Python, the reference that the compiled ones are tested against.

They take numbers in nested sequences and give back Python numbers and nested lists, for any type of number that can be
multiplied and added: integers, Fraction and Decimal stay as exact as Python keeps them. Nothing is imported.
"""


def sum_of_squares(x):
    """sum(abs(z)**2 for z in x), for the numbers z in x, however deeply nested.

    x is a list, tuple, range, iterator or other iterable of numbers or again of iterables, or a memoryview of any
    number of dimensions. NumPy's scalars and arrays in it are first made Python numbers, long double excepted.

    How it sums, and what comes out:

    - ints and bools: exactly, to an int;
    - floats: each square is rounded once and the squares are joined in order by Neumaier's compensated summation, so
      that with n floats abs(result - truth) <= (2*u + 2*(n*u)**2) * truth, u = 2**-53, where no square underflows:
      2 ulp at most for n up to 2**25. inf and nan come out as of a plain sum;
    - complex numbers: as two floats each, the real and the imaginary part;
    - any other type of number: z*z, or z.real*z.real + z.imag*z.imag for a complex type, added by + in order.

    Where types are mixed each kind is summed on its own and the sums are added at the end. 0 where x is empty.

    Raises TypeError for what is not a number: text, bytes, None, a dict, a date.

    >>> sum_of_squares(range(10_000))
    333283335000
    >>> sum_of_squares([[3, 4], (n for n in [12, 84])])
    7225
    >>> sum_of_squares([1.5, 2 + 1j])
    7.25
    """
    whole, high, low, floats, rest = 0, 0.0, 0.0, False, None
    opened = [numbers_in(x)]
    while opened:
        for value in opened[-1]:
            if type(value) is float:
                square = value * value
                total = high + square
                low += (high - total) + square if high >= square else (square - total) + high
                high, floats = total, True
            elif isinstance(value, int):
                whole += value * value
            elif (inner := _members(value)) is not None:
                opened.append(inner)
                break
            else:
                square = _square(value)
                rest = square if rest is None else rest + square
        else:
            opened.pop()
        if len(opened) > 100:
            raise ValueError("sum_of_squares: x is nested more than 100 deep; does it contain itself?")
    return _joined(whole, high + low if high - high == 0 else high, floats, rest)  # inf and nan have made `low` nan


def matmul(a, b):
    """C := A @ B, C[..., i, j] = sum(A[..., i, p] * B[..., p, j] for p in range(k)).

    a and b are nested sequences of numbers (lists, tuples, ranges, arrays, memoryviews) of shapes (..., m, k) and
    (..., k, n); the leading axes broadcast against each other. A sequence of numbers, of shape (k,), is one row where
    it stands for a and one column where it stands for b, and C has no axis for it. C is a nested list, or a number
    where both are of shape (k,). Nested sequences that are empty lose the length of inner ones: [] has the shape (0,).

    Products are added in the order of p, without compensation: with u = 2**-53 each float of C is off by at most
    k*u / (1 - k*u) times the sum of its products' magnitudes, for complex numbers by less than three times that.
    Integers, Fraction and what else is exact stays exact; nothing wraps around. Where k is 0, C is 0.

    Raises ValueError, naming both shapes, where they do not fit, and TypeError for text.

    >>> matmul([[1, 2], [3, 4]], [[5, 6], [7, 8]])
    [[19, 22], [43, 50]]
    >>> matmul([1, 2], [3, 4])
    11
    >>> matmul([[[1]], [[2]]], [[3, 4]])
    [[[3, 4]], [[6, 8]]]
    """
    a, a_shape = _nested(a)
    b, b_shape = _nested(b)
    product_shape(a_shape, b_shape)
    return _product(a, len(a_shape), b, len(b_shape))


def product_shape(a, b):
    """The shape of A @ B for the shapes of A and B; ValueError where they do not fit.

    >>> product_shape((5, 1, 2, 3), (4, 3, 7))
    (5, 4, 2, 7)
    """
    if not a or not b:
        raise ValueError(f"matmul needs operands of one dimension or more, not shapes {a} and {b}; use * for scalars")
    k = b[-2] if len(b) > 1 else b[0]
    if a[-1] != k:
        raise ValueError(f"matmul: shapes {a} and {b} do not fit: a has {a[-1]} columns, b has {k} rows")
    stack, other = (list(a[:-2]), b[:-2]) if len(a) >= len(b) else (list(b[:-2]), a[:-2])
    for axis in range(-len(other), 0):
        if stack[axis] == 1:
            stack[axis] = other[axis]
        elif other[axis] not in (1, stack[axis]):
            raise ValueError(f"matmul: shapes {a} and {b} do not fit: stacks {a[:-2]} and {b[:-2]} do not broadcast")
    return (*stack, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


def refuse_masked(x):
    """Raise TypeError for NumPy's masked arrays, which are known by name: nothing is imported here."""
    if any(kind.__name__ == "MaskedArray" for kind in type(x).__mro__):
        raise TypeError("masked arrays are refused, their mask would be ignored: pass x.filled(0) or x.compressed()")


def numbers_in(x):
    """An iterator over the members of what sum_of_squares takes; TypeError for all else, a single number among it."""
    members = None if isinstance(x, (int, float, complex)) else _members(x)
    if members is None:
        raise _no_numbers(x)
    return members


def _members(value):
    """An iterator over what a value consists of; None for a number that is neither float nor complex."""
    if isinstance(value, (str, bytes, dict)):
        raise _no_numbers(value)
    if isinstance(value, complex):
        return iter((float(value.real), float(value.imag)))
    plain = float(value) if isinstance(value, float) else _plain(value)
    if plain is not value:
        return iter((plain,))
    try:
        return iter(value)
    except TypeError:
        return None


def _square(value):
    """abs(value)**2 for a number that is neither int, float nor complex."""
    real = getattr(value, "real", value)
    try:
        return value * value if type(real) is type(value) else real * real + value.imag * value.imag
    except TypeError as error:
        raise _no_numbers(value) from error


def _no_numbers(value):
    """The error for what holds no numbers."""
    name = type(value).__name__
    return TypeError(f"sum_of_squares takes buffers, arrays, sequences and iterators of numbers, not {name}")


def _joined(whole, total, floats, rest):
    """The sum of the exact ints, the floats where there were any, and the rest where it is not None."""
    if floats:
        total, whole = (total + whole, 0) if whole else (total, 0)
        rest = total if rest is None else rest + total
    if rest is None:
        return whole
    return rest + whole if whole else rest


def _nested(x):
    """x as nested lists of numbers, and its shape."""
    x = _plain(x)
    if isinstance(x, (str, bytes)):
        raise TypeError(f"matmul needs numbers, not {type(x).__name__}")
    if not isinstance(x, (list, tuple, range)):
        return x, ()
    rows = [_nested(row) for row in x]
    shapes = {shape for _, shape in rows}
    if len(shapes) > 1:
        raise ValueError(f"matmul needs rows of one shape; an operand's rows have the shapes {sorted(shapes)}")
    return [row for row, _ in rows], (len(rows), *(shapes.pop() if shapes else ()))


def _product(a, a_ndim, b, b_ndim):
    """A @ B for nested lists of fitting shapes: one matrix product for each pair in the stacks."""
    if a_ndim > 2 and a_ndim > b_ndim:
        return [_product(matrix, a_ndim - 1, b, b_ndim) for matrix in a]
    if b_ndim > 2 and b_ndim > a_ndim:
        return [_product(a, a_ndim, matrix, b_ndim - 1) for matrix in b]
    if a_ndim > 2:
        a, b = (a * len(b), b) if len(a) == 1 else (a, b * len(a) if len(b) == 1 else b)
        return [_product(left, a_ndim - 1, right, b_ndim - 1) for left, right in zip(a, b, strict=True)]
    rows = [a] if a_ndim == 1 else a
    columns = [b] if b_ndim == 1 else list(zip(*b, strict=True))
    c = [[_dot(row, column) for column in columns] for row in rows]
    if b_ndim == 1:
        c = [row[0] for row in c]
    return c[0] if a_ndim == 1 else c


def _dot(row, column):
    """row[0]*column[0] + row[1]*column[1] + ... in that order; 0 where there is nothing to add."""
    pairs = zip(row, column, strict=True)
    total = 0
    for x, y in pairs:  # no 0 is added to the first product: not every type of number takes one
        total = x * y
        break
    for x, y in pairs:
        total += x * y
    return total


def _plain(value):
    """Arrays, memoryviews and NumPy's scalars as nested lists and Python numbers; any other value as it is."""
    dtype = getattr(value, "dtype", None)
    if dtype is not None:
        refuse_masked(value)
    if getattr(dtype, "kind", "O") not in "biufcO":  # `tolist` would make ints of some dates
        raise TypeError(f"sum_of_squares and matmul take numbers, not dtype {dtype}")
    if getattr(dtype, "char", "O") in "gG" or not hasattr(value, "tolist"):  # long double has no Python number
        return value
    return value.tolist()
