"""Nested lists, iterators and arrays of objects: which are read or refused, and the place that an error names."""

import collections
import datetime
import itertools
import weakref
from fractions import Fraction

import numpy as np
import pytest
from operands import WithArray, objects


@pytest.mark.parametrize(
    ("x", "place"),
    [
        ([1, 2, None], "x[2] is None"),
        ([[1, 2], ["a", 3]], "x[1][0] is 'a'"),
        ([1, 2, None].__iter__, "x[2] is None"),
        ([*range(5000), None].__iter__, "x[5000] is None"),
        ([[1, 2], [1, None]].__iter__, "x[1][1] is None"),
        (objects([[1, 2], [None, 3]]), "x[1, 0] is None"),
        ([[1, 2], [3, datetime.timedelta(1)]], "x[1][1] is datetime.timedelta(days=1)"),
        ([[[1.5], [Fraction(1)]], [[2], [b"c"]]], "x[1][1][0] is b'c'"),
        (5, "x is 5"),
        (Fraction(1, 2), "x is Fraction(1, 2)"),
    ],
)
def test_the_error_names_the_element(kernels, x, place):
    with pytest.raises(TypeError) as caught:
        kernels.sum_of_squares(x() if callable(x) else x)
    assert str(caught.value).startswith(f"{place}: got ")
    assert ", expected numbers" in str(caught.value)


@pytest.mark.parametrize(
    ("a", "place"),
    [
        ([[1, None]], "a[0][1] is None: got NoneType"),
        (objects([[1, [2]]]), "a[0, 1] is [2]: got list"),
        ((n for n in [1, 2]), "a is <generator"),
        ([[1, 2], {3, 4}], "a[1] is {3, 4}: got set"),
    ],
)
def test_the_error_of_matmul_names_the_element(kernels, a, place):
    with pytest.raises(TypeError) as caught:
        kernels.matmul(a, [1, 2])
    assert str(caught.value).startswith(place)


RAGGED = [
    [[1, 2], [3]],
    ([1.5], (2.5, 3.5)),
    [1, [2, 3]],
    [[2, 3], 1],
    [[1, 2], [[1], [2]]],
    [[], [1]],
    [np.ones(2), np.ones(3)],
    [np.array(1.0), np.ones(1)],
    [[[1, 2], [3, 4]], [[1, 2], [3]]],
    [WithArray([1, 2]), [3]],
]


@pytest.mark.parametrize("x", RAGGED, ids=repr)
def test_ragged_lists_are_refused_everywhere(kernels, x):
    for call in (
        lambda: kernels.sum_of_squares(x),
        lambda: kernels.sum_of_squares(x, axis=0),
        lambda: kernels.matmul(x, np.ones(2)),
        lambda: kernels.matmul(np.ones(2), x),
    ):
        with pytest.raises(ValueError, match=r"is ragged: .* has shape \(.*\), .* has shape \(.*\)"):
            call()


def test_the_remedy_for_ragged_rows_works(kernels):
    x = [[1, 2], [3]]
    with pytest.raises(ValueError, match=r"Pad the rows, or pass iter\(x\)\."):
        kernels.sum_of_squares(x)
    assert kernels.sum_of_squares(iter(x)) == 14
    for call in (lambda: kernels.sum_of_squares(x, axis=0), lambda: kernels.matmul(x, [1])):
        with pytest.raises(ValueError, match=r"Pad the rows\.$"):
            call()


def test_the_items_of_an_iterator_can_differ_in_shape(kernels):
    assert kernels.sum_of_squares(iter([[1, 2], [3], 4, np.ones((2, 2))])) == 34
    assert kernels.sum_of_squares([[3, 4], (n for n in [12, 84])]) == 7225


def test_the_items_of_an_iterator_are_not_stored(kernels):
    alive = []

    class Chunk(WithArray):
        def __del__(self):
            alive.remove(id(self))

    def chunks():
        for _ in range(20):
            chunk = Chunk([1.0])
            alive.append(id(chunk))
            assert len(alive) <= 3
            yield chunk
            del chunk

    assert kernels.sum_of_squares(chunks()) == 20


def test_the_items_after_many_numbers_are_not_stored(kernels):
    alive = weakref.WeakSet()

    def chunks():
        for _ in range(20):
            chunk = WithArray([1.0])
            alive.add(chunk)
            assert len(alive) <= 3
            yield chunk
            del chunk

    numbers = [0.0] * 2000
    assert kernels.sum_of_squares(itertools.chain(numbers, chunks(), numbers, chunks())) == 40


def test_the_iterator_of_an_iterable_is_created_once(kernels):
    class Numbers:
        calls = 0

        def __iter__(self):
            self.calls += 1
            return iter([3, 4])

    class Sized(Numbers):
        def __len__(self):
            return 2

    class Indexed(Sized):
        def __getitem__(self, index):
            return [3, 4][index]

    for cls in (Numbers, Sized, Indexed):
        for wrap in (lambda x: x, lambda x: [x], lambda x: iter([x])):
            x = cls()
            assert kernels.sum_of_squares(wrap(x)) == 25
            assert x.calls == 1


def test_an_iterator_with_a_length_is_read_once(kernels):
    assert kernels.sum_of_squares(np.nditer(np.arange(5))) == 30
    assert kernels.sum_of_squares([np.nditer(np.arange(5)), [0, 0, 0, 0, 1]]) == 31
    assert kernels.sum_of_squares(np.nditer(np.arange(5)), axis=0) == 30


def scalar(value):
    """Return an array of objects without dimensions."""
    array = np.empty((), object)
    array[()] = value
    return array


@pytest.mark.parametrize("options", [{}, {"axis": ()}], ids=["whole", "axis"])
def test_the_element_of_an_array_without_dimensions_is_read(kernels, options):
    for value in ([3, 4], np.array([3, 4]), (n for n in [3, 4])):
        assert kernels.sum_of_squares(scalar(value), **options) == 25
    assert kernels.sum_of_squares([scalar([3, 4])]) == 25
    with pytest.raises(TypeError, match=r"^x is None"):
        kernels.sum_of_squares(scalar(None), **options)


def test_an_array_that_contains_itself_is_refused(kernels):
    x = scalar(None)
    x[()] = x
    for call in (
        lambda: kernels.sum_of_squares(x),
        lambda: kernels.sum_of_squares([x]),
        lambda: kernels.sum_of_squares(x, axis=()),
        lambda: kernels.matmul([x], [1]),
    ):
        with pytest.raises(ValueError, match="is nested more than 100 levels deep"):
            call()


def nested(depth, wrap):
    x = wrap([3, 4])
    for _ in range(depth - 1):
        x = wrap([x])
    return x


@pytest.mark.parametrize("wrap", [list, tuple, iter, collections.deque])
def test_100_levels_are_read_and_101_are_refused(kernels, wrap):
    assert kernels.sum_of_squares(nested(100, wrap)) == 25
    with pytest.raises(ValueError, match="x is nested more than 100 levels deep"):
        kernels.sum_of_squares(nested(101, wrap))
    if wrap is not iter:
        with pytest.raises(ValueError, match="a is nested more than 100 levels deep"):
            kernels.matmul(nested(101, wrap), [1])


def test_a_range_of_too_many_numbers_is_refused(kernels):
    for call in (
        lambda: kernels.sum_of_squares(range(10**30)),
        lambda: kernels.sum_of_squares(range(10**30), axis=0),
        lambda: kernels.matmul(range(10**30), [1]),
    ):
        with pytest.raises(OverflowError, match=r"^[xa] is range\(.*more than \d+ numbers. Pass a shorter range."):
            call()


def test_arrays_of_64_dimensions_are_read(kernels):
    if np.lib.NumpyVersion(np.__version__) < "2.0.0":
        pytest.skip("NumPy 1 has at most 32 dimensions")
    x = np.full((1,) * 63 + (2,), 3.0)
    for array in (x, x[..., ::-1], x.astype(object)):
        assert kernels.sum_of_squares(array) == 18
        assert kernels.sum_of_squares(array, axis=63).shape == (1,) * 63
        assert kernels.matmul(array, np.ones(2)).ravel().tolist() == [6.0]


@pytest.mark.parametrize(
    "x",
    [
        [1] * 70_000 + [1.5],
        [[1.5] * 70_000, [2] * 70_000],
        [[1.5]] * 70_000,
        [range(70_000), np.ones(70_000, "i4")],
        [np.ones((2, 40_000), "f4")[:, ::-1]] * 2,
        [[2**63] * 70_000 + [-(2**70)]],
    ],
    ids=["mixed", "long rows", "many rows", "range and array", "slices", "large ints"],
)
def test_lists_longer_than_a_block_are_converted_as_numpy_converts_them(kernels, x):
    array = np.asarray(x)
    expected = (array.astype(object) ** 2).sum()
    assert kernels.sum_of_squares(x) == pytest.approx(expected, rel=1e-15)
    assert kernels.sum_of_squares(x, axis=tuple(range(array.ndim))) == pytest.approx(expected, rel=1e-15)
    product = kernels.matmul(x, np.ones(array.shape[-1], "i1"))
    assert product.dtype == array.dtype
    np.testing.assert_allclose(product.astype(float), np.matmul(array, np.ones(array.shape[-1], "i1")).astype(float))


def test_buffers_longer_than_a_block_are_read(kernels):
    x = np.arange(90_000.0).reshape(2, 45_000)
    expected = kernels.sum_of_squares(range(90_000))
    for view in (memoryview(x), memoryview(x.T), memoryview(x[:, ::-1]), memoryview(x.copy(order="F"))):
        assert kernels.sum_of_squares(view) == pytest.approx(expected)
        assert kernels.sum_of_squares([view]) == pytest.approx(expected)
