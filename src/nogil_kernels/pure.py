"""Both kernels in pure Python (the twins). The tests compare the compiled kernels with them.

They take nested sequences of numbers and return Python numbers and nested lists. Any type of number that can be
multiplied and added works. Integers, Fraction and Decimal stay as exact as in Python.
"""

import sys
from cmath import isfinite
from itertools import chain, compress, count, groupby, repeat
from operator import length_hint

from .blocks import BLOCK, blocks, blocks_of_array, leaves, lists_of_array
from .operands import (
    BUILTIN,
    Element,
    Rows,
    check_depth,
    check_factors,
    elements,
    error_of_element,
    error_of_number,
    indices_of,
    list_of_iterator,
    read,
)

_INFINITY = float("inf")
_INTS, _FLOATS = frozenset({int, bool}), frozenset({float})


def sum_of_squares(x):
    """Return sum(abs(z)**2 for z in x), where the numbers z may be nested.

    Parameters
    ----------
    x : iterable or memoryview
        A list, tuple, range, iterator or other iterable, whose members are numbers or such iterables again; an array;
        or a buffer of any number of dimensions. The members of a list must have equal shapes. Those of an iterator may
        differ. NumPy's numbers in x become Python's, except for long double.

    Returns
    -------
    int, float or another number
        An exact int for ints and bools, a float for floats and complex numbers, and the type of z*z for other types of
        number. If x has several of these groups, the result is the sum of the groups' sums. If x is empty, it is 0.

    Raises
    ------
    TypeError
        If x has something that is not a number: text, None, a mapping, a date, a mask, an array with a unit.
    ValueError
        If a list is ragged, or if x is nested more than 100 levels deep.
    OverflowError
        If x has floats and the sum of its ints exceeds float64.

    Notes
    -----
    Each square of a float is rounded once, and Neumaier's compensated summation adds the squares in order. Squares
    below 1e-290 are added exactly, as integers in units of 2**-2148. For n floats, abs(result - truth) <=
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
    return sum_of_members(*read(x, "x", is_operand=True))


def sum_of_members(kind, members):
    """Return the sum of squares of an operand for which read() has returned this kind and these members."""
    if kind == "number":
        if not hasattr(type(members), "__array_ufunc__"):
            raise error_of_number(members, "x")
        kind, members = "sequence", [members]  # a quantity with a unit is a number and an array, as NumPy's scalars are
    sums = _Sums()
    _add_members(sums, kind, members, "x")
    return sums.total()


def sum_of_elements(pairs):
    """Return the sum of squares of elements of an array of objects, from pairs of their places and values."""
    sums = _Sums()
    _add_elements(sums, pairs)
    return sums.total()


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
        If a or b has something that is not a number, or an iterator.

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
    a, a_shape = _nested(a, "a")
    b, b_shape = _nested(b, "b")
    product_shape(a_shape, b_shape)
    return product(a, len(a_shape), b, len(b_shape))


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


class _Sums:
    """The sums of the squares of ints, of floats and of other numbers. high + low is the compensated sum of floats."""

    def __init__(self):
        self.int_sum, self.high, self.low, self.tiny_sum, self.has_floats, self.other_sum = 0, 0.0, 0.0, 0, False, None

    def add(self, numbers, types, place, shape=()):
        """Add the squares of numbers of these types: the elements of nested lists of this shape, at a place."""
        if types <= _INTS:
            for block in blocks(numbers):
                self.int_sum += sum([number * number for number in block])
        elif types <= _FLOATS:
            self._add_floats(numbers)
        else:
            for start, block in zip(count(0, BLOCK), blocks(numbers)):
                self._add_mixed(block, start, place, shape)

    def _add_floats(self, numbers):
        high, low = self.high, self.low
        for value in numbers:
            square = value * value
            if square < 1e-290 and value:  # squares below 2**-1022 lose bits
                self.tiny_sum += int(value * 2.0**537 * 2.0**537) ** 2  # every float is an integer times 2**-1074
                continue
            total = high + square
            low += (high - total) + square if high >= square else (square - total) + high
            high = total
        self.high, self.low, self.has_floats = high, low, True

    def _add_mixed(self, numbers, start, place, shape):
        floats = []
        for index, value in enumerate(numbers, start):
            number_type = type(value)
            if number_type is float:
                floats.append(value)
            elif number_type in _INTS:
                self.int_sum += value * value
            elif number_type is complex:
                parts = value.real, value.imag
                floats += (
                    (_INFINITY,) if _INFINITY in map(abs, parts) else parts
                )  # abs(z) is inf, also if a part is nan
            else:
                square = _square(value)
                if square is None:
                    for along_axis in indices_of(index, shape):
                        place = Element(place, along_axis)
                    raise error_of_element(value, place)
                self.other_sum = square if self.other_sum is None else self.other_sum + square
        if floats:
            self._add_floats(floats)

    def total(self):
        """Return the sum of the ints, of the floats if there are any, and of the other numbers if there are any."""
        int_sum, other_sum = self.int_sum, self.other_sum
        if self.has_floats:
            high, low = self.high, self.low
            low += self.tiny_sum / 2**2148
            float_sum = high + low if high - high == 0 else high  # inf and nan make `low` nan
            float_sum, int_sum = (float_sum + int_sum, 0) if int_sum else (float_sum, 0)
            other_sum = float_sum if other_sum is None else other_sum + float_sum
        if other_sum is None:
            return int_sum
        return other_sum + int_sum if int_sum else other_sum


def _add_members(sums, kind, members, place):
    """Add the squares of all numbers in an array, a sequence or another iterable."""
    if kind == "iterator":
        _add_items(sums, members, place)
    elif kind == "array" and getattr(members, "dtype", None) == "O":
        _add_elements(sums, elements(members, place))
    elif kind == "array":
        for block in blocks_of_array(members):
            sums.add(block, {*map(type, block[:1])}, place)
    else:
        reader = Rows(accept_iterators=True, python_numbers=True)
        nested, shape = reader.read(members, place)
        if reader.types <= BUILTIN:
            for _ in shape[1:]:
                nested = chain.from_iterable(nested)
        else:
            nested = leaves(nested, len(shape))
        sums.add(nested, reader.types, place, shape)


def _add_items(sums, iterator, place):
    """Add the squares of the items of an iterator. They may differ in shape, and are not stored."""
    countdown = repeat(True, sys.maxsize)  # compress takes one from it for each item
    for cls, items in groupby(compress(iterator, countdown), type):
        if cls in BUILTIN:
            sums.add(items, {cls}, place)
        else:
            _add_elements(sums, ((Element(place, sys.maxsize - 1 - length_hint(countdown)), item) for item in items))


def _add_elements(sums, pairs):
    """Add the squares of elements, which are given as pairs of a place and a value."""
    for place, value in pairs:
        kind, members = read(value, place)
        if kind == "number":
            sums.add((members,), {type(members)}, place)
        else:
            check_depth(place)
            _add_members(sums, kind, members, place)


def _square(value):
    """Return abs(value)**2 for a number that is neither int, float nor complex, or None if it cannot be multiplied."""
    real, imag = getattr(value, "real", value), getattr(value, "imag", 0)
    try:
        if isinstance(value, (int, float)) or (type(real) is type(value) and _is_zero(imag)):
            return value * value
        squares = real * real, imag * imag
        return squares[squares.index(_INFINITY)] if _INFINITY in squares else squares[0] + squares[1]
    except TypeError:
        return None


def _is_zero(imag):
    try:
        return not imag
    except (TypeError, ValueError):  # the truth of a value with a unit may be undefined
        return False


def _nested(x, place):
    """Return x as nested lists of numbers, and its shape."""
    kind, members = read(x, place, is_operand=True)
    if kind == "number":
        return members, ()
    if kind == "array":
        if getattr(members, "dtype", None) == "O":
            check_factors(members, place)
        return lists_of_array(members), tuple(members.shape)
    if kind == "iterator":
        members = list_of_iterator(members, x, place, False)
    nested, shape = Rows(accept_iterators=False, python_numbers=True).read(members, place)
    return _lists(nested, len(shape)), shape


def _lists(nested, ndim):
    """Return nested sequences, which may contain arrays, as nested sequences of numbers."""
    if hasattr(nested, "tolist"):
        return lists_of_array(nested)
    return nested if ndim == 1 else [_lists(member, ndim - 1) for member in nested]


def product(a, a_ndim, b, b_ndim):
    """Return A @ B for nested lists of fitting shapes: one matrix product per pair of matrices in the stacks.

    Elements can be anything that has `*` and `+`, such as arrays.
    """
    if a_ndim > 2 and a_ndim > b_ndim:
        return [product(matrix, a_ndim - 1, b, b_ndim) for matrix in a]
    if b_ndim > 2 and b_ndim > a_ndim:
        return [product(a, a_ndim, matrix, b_ndim - 1) for matrix in b]
    if a_ndim > 2:
        a, b = (a * len(b), b) if len(a) == 1 else (a, b * len(a) if len(b) == 1 else b)
        return [product(a_matrix, a_ndim - 1, b_matrix, b_ndim - 1) for a_matrix, b_matrix in zip(a, b, strict=True)]
    rows = [a] if a_ndim == 1 else a
    columns = [b] if b_ndim == 1 else [[row[j] for row in b] for j in range(len(b[0]) if b else 0)]
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
        total = total + x * y  # += could change a product that is an operand
    return total if type(total) is not complex or isfinite(total) else _dot_by_formula(row, column)


def _dot_by_formula(row, column):
    """Return a complex dot product by the documented formula. Since Python 3.14, `*` can give inf instead of nan."""
    total = 0j
    for x, y in zip(row, column, strict=True):
        total += complex(x.real * y.real - x.imag * y.imag, x.real * y.imag + x.imag * y.real)
    return total
