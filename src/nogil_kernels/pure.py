"""Both kernels in pure Python (the twins). The tests compare the compiled kernels with them.

They take nested sequences of numbers and return Python numbers and nested lists. Any type of number that can be
multiplied and added works. Integers, Fraction and Decimal stay as exact as in Python. The module imports nothing.
"""

INFINITY = float("inf")


def sum_of_squares(x):
    """Return sum(abs(z)**2 for z in x), where the numbers z may be nested.

    Parameters
    ----------
    x : iterable or memoryview
        A list, tuple, range, iterator or other iterable, whose members are numbers or such iterables again; or a
        memoryview of any number of dimensions. NumPy's numbers in x become Python's, except for long double.

    Returns
    -------
    int, float or another number
        An exact int for ints and bools, a float for floats and complex numbers, and the type of z*z for other types of
        number. If x has several of these groups, the result is the sum of the groups' sums. If x is empty, it is 0.

    Raises
    ------
    TypeError
        If x has something that is not a number: text, bytes, None, a dict, a date.
    ValueError
        If x is nested more than 100 levels deep.
    OverflowError
        If x has floats and the sum of its ints exceeds float64.

    Notes
    -----
    Each square of a float is rounded once, and Neumaier's compensated summation adds the squares in order. Squares
    that could underflow are added as exact integers. For n floats, abs(result - truth) <=
    (2*u + 2*(n*u)**2) * truth with u = 2**-53: at most 2 ulp for n up to 2**25. A complex number counts as two floats,
    or as inf if a part is infinite. inf and nan give the same result as in a plain sum of abs(z)**2. Other numbers are
    added by + in order, as z*z, or as z.real*z.real + z.imag*z.imag if their type is complex.

    Examples
    --------
    >>> sum_of_squares(range(10_000))
    333283335000
    >>> sum_of_squares([[3, 4], (n for n in [12, 84])])
    7225
    >>> sum_of_squares([1.5, 2 + 1j])
    7.25
    """
    int_sum, high, low, tiny_sum, has_floats, other_sum = 0, 0.0, 0.0, 0, False, None
    iterators = [numbers_in(x)]
    while iterators:
        for value in iterators[-1]:
            if type(value) is float:
                square = value * value
                if square < 1e-290 and value:  # squares below 2**-1022 lose bits
                    tiny_sum += int(value * 2.0**537 * 2.0**537) ** 2  # every float is an integer times 2**-1074
                else:
                    total = high + square
                    low += (high - total) + square if high >= square else (square - total) + high
                    high = total
                has_floats = True
            elif isinstance(value, int):
                int_sum += value * value
            elif (members := _members(value)) is not None:
                iterators.append(members)
                break
            else:
                square = _square(value)
                other_sum = square if other_sum is None else other_sum + square
        else:
            iterators.pop()
        if len(iterators) > 100:
            raise ValueError("x is nested more than 100 levels deep. Check that x does not contain itself.")
    float_sum = high + (low + tiny_sum / 2**2148) if high - high == 0 else high  # inf and nan make `low` nan
    return _total(int_sum, float_sum, has_floats, other_sum)


def matmul(a, b):
    """Return C = A @ B, with C[..., i, j] = sum(A[..., i, p] * B[..., p, j] for p in range(k)).

    Parameters
    ----------
    a, b : nested sequences of numbers
        Lists, tuples, ranges, arrays or memoryviews of shapes (..., m, k) and (..., k, n). The leading axes broadcast
        against each other. An a of shape (k,) is one row, and a b of shape (k,) is one column. C has no axis for them.
        An empty sequence has the shape (0,), because the length of inner sequences is unknown.

    Returns
    -------
    list or number
        C as nested lists, or a number if a and b both have shape (k,). If k is 0, all elements are 0.

    Raises
    ------
    ValueError
        If the shapes do not fit. The message contains both shapes.
    TypeError
        If a or b has text.

    Notes
    -----
    Products are added in the order of p, without compensation. With u = 2**-53, the error of a float in C is at most
    k*u / (1 - k*u) times the sum of its products' magnitudes, plus k * 2**-1075 if products underflow, and less than 3
    times this for complex numbers. Integers and Fraction stay exact. Integers do not wrap around.

    Examples
    --------
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
    """Return the shape of A @ B for the shapes of A and B. Raise ValueError if they do not fit.

    >>> product_shape((5, 1, 2, 3), (4, 3, 7))
    (5, 4, 2, 7)
    """
    if not a or not b:
        raise ValueError(f"matmul needs operands with at least 1 dimension, got shapes {a} and {b}. Use * for scalars.")
    k = b[-2] if len(b) > 1 else b[0]
    if a[-1] != k:
        raise ValueError(f"matmul: shapes {a} and {b} do not fit: a has {a[-1]} columns, b has {k} rows")
    longer_stack, shorter_stack = (list(a[:-2]), b[:-2]) if len(a) >= len(b) else (list(b[:-2]), a[:-2])
    for axis in range(-len(shorter_stack), 0):
        if longer_stack[axis] == 1:
            longer_stack[axis] = shorter_stack[axis]
        elif shorter_stack[axis] not in (1, longer_stack[axis]):
            raise ValueError(f"matmul: shapes {a} and {b} do not fit: stacks {a[:-2]} and {b[:-2]} do not broadcast")
    return (*longer_stack, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


def refuse_masked(x):
    """Raise TypeError for NumPy's masked arrays, recognized by their class's name. This module imports nothing."""
    if any(base.__name__ == "MaskedArray" for base in type(x).__mro__):
        raise TypeError("got a masked array, whose mask would be ignored. Pass x.filled(0) or x.compressed().")


def numbers_in(x):
    """Return an iterator over the members of x. Raise TypeError if x is a number or not a collection of numbers."""
    members = None if isinstance(x, (int, float, complex)) else _members(x)
    if members is None:
        raise _error_of_sum(x)
    return members


def _members(value):
    """Return an iterator over the members or parts of a value. Return None for a number that has no parts."""
    if isinstance(value, (str, bytes, dict)):
        raise _error_of_sum(value)
    if isinstance(value, complex):
        parts = float(value.real), float(value.imag)
        return iter((INFINITY,) if INFINITY in map(abs, parts) else parts)  # abs(z) is inf, also if a part is nan
    plain_value = float(value) if isinstance(value, float) else _plain(value)
    if plain_value is not value:
        return iter((plain_value,))
    try:
        return iter(value)
    except TypeError:
        return None


def _square(value):
    """Return abs(value)**2 for a number that is neither int, float nor complex."""
    real = getattr(value, "real", value)
    try:
        if type(real) is type(value):
            return value * value
        squares = real * real, value.imag * value.imag
        return squares[squares.index(INFINITY)] if INFINITY in squares else squares[0] + squares[1]
    except TypeError as error:
        raise _error_of_sum(value) from error


def _error_of_sum(value):
    """Return the error for a value without numbers."""
    name = type(value).__name__
    return TypeError(f"sum_of_squares needs a buffer, array, sequence or iterator of numbers, got {name}")


def _total(int_sum, float_sum, has_floats, other_sum):
    """Return the sum of the ints, of the floats if there are any, and of other numbers if their sum is not None."""
    if has_floats:
        float_sum, int_sum = (float_sum + int_sum, 0) if int_sum else (float_sum, 0)
        other_sum = float_sum if other_sum is None else other_sum + float_sum
    if other_sum is None:
        return int_sum
    return other_sum + int_sum if int_sum else other_sum


def _nested(x):
    """Return x as nested lists of numbers, and its shape."""
    x = _plain(x)
    if isinstance(x, (str, bytes)):
        raise TypeError(f"matmul needs numbers, got {type(x).__name__}")
    if not isinstance(x, (list, tuple, range)):
        return x, ()
    rows = [_nested(row) for row in x]
    shapes = {shape for _, shape in rows}
    if len(shapes) > 1:
        raise ValueError(f"matmul needs rows of equal length, got rows of the shapes {sorted(shapes)}")
    return [row for row, _ in rows], (len(rows), *(shapes.pop() if shapes else ()))


def _product(a, a_ndim, b, b_ndim):
    """Return A @ B for nested lists of fitting shapes: one matrix product per pair of matrices in the stacks."""
    if a_ndim > 2 and a_ndim > b_ndim:
        return [_product(matrix, a_ndim - 1, b, b_ndim) for matrix in a]
    if b_ndim > 2 and b_ndim > a_ndim:
        return [_product(a, a_ndim, matrix, b_ndim - 1) for matrix in b]
    if a_ndim > 2:
        a, b = (a * len(b), b) if len(a) == 1 else (a, b * len(a) if len(b) == 1 else b)
        return [_product(a_matrix, a_ndim - 1, b_matrix, b_ndim - 1) for a_matrix, b_matrix in zip(a, b, strict=True)]
    rows = [a] if a_ndim == 1 else a
    columns = [b] if b_ndim == 1 else list(zip(*b, strict=True))
    c = [[_dot(row, column) for column in columns] for row in rows]
    if b_ndim == 1:
        c = [row[0] for row in c]
    return c[0] if a_ndim == 1 else c


def _dot(row, column):
    """Return row[0]*column[0] + row[1]*column[1] + ..., added in this order. Return 0 for empty operands."""
    pairs = zip(row, column, strict=True)
    total = 0
    for x, y in pairs:  # the sum does not start from 0, because not every type of number can be added to 0
        total = x * y
        break
    for x, y in pairs:
        total += x * y
    return total


def _plain(value):
    """Convert arrays, memoryviews and NumPy's scalars to nested lists and Python numbers. Return other values as is."""
    dtype = getattr(value, "dtype", None)
    if dtype is not None:
        refuse_masked(value)
    if getattr(dtype, "kind", "O") not in "biufcO":  # refuses dates: tolist would turn some of them into ints
        raise TypeError(f"sum_of_squares and matmul need numbers, got dtype {dtype}")
    if getattr(dtype, "char", "O") in "gG" or not hasattr(value, "tolist"):  # long double has no Python number
        return value
    return value.tolist()
