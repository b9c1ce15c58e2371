"""Errors of matmul, which leave out unchanged."""

import numpy as np
import pytest
from operands import dtype_name

pytestmark = pytest.mark.kernels

BAD_SHAPES = [
    ((2, 3), (4, 5)),
    ((3,), (4,)),
    ((3,), (4, 5)),
    ((4, 5), (4,)),
    ((6, 2, 3), (7, 3, 2)),
    ((2, 6, 2, 3), (7, 3, 2)),
    ((2, 0), (3, 2)),
]


@pytest.mark.parametrize("shapes", BAD_SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16, object], ids=dtype_name)
def test_shapes_that_do_not_fit_raise_an_error_with_both_shapes(kernels, dtype, shapes):
    a, b = np.zeros(shapes[0], dtype), np.zeros(shapes[1], dtype)
    with pytest.raises(ValueError, match=r"\(.*\)") as caught:
        kernels.matmul(a, b)
    assert all(str(shape) in str(caught.value) for shape in shapes)
    if dtype is not object:
        with pytest.raises(ValueError, match=r"shape|dimension"):
            kernels.matmul(a, b, out=np.zeros((2, 2), dtype))


@pytest.mark.parametrize("operands", [(np.array(2.0), np.ones(3)), (np.ones(3), np.array(2.0)), (3, 4), (2.5, [1, 2])])
def test_scalars_raise_value_error_as_in_numpy(kernels, operands):
    with pytest.raises(ValueError, match="dimension"):
        kernels.matmul(*operands)


@pytest.mark.parametrize("bad", [None, object(), {1}, {}, {"a": 1}])
def test_objects_without_numbers_raise_type_error(kernels, bad):
    for operands in ((bad, np.eye(2)), (np.eye(2), bad)):
        with pytest.raises(TypeError, match=type(bad).__name__):
            kernels.matmul(*operands)


def test_masked_arrays_raise_type_error(kernels):
    masked = np.ma.array([[1.0]], mask=[[True]])
    for operands in ((masked, masked), (np.ones((1, 1)), masked), ([masked[0]], [[1.0]]), ([[[1.0]]], [[masked[0]]])):
        with pytest.raises(TypeError, match="mask"):
            kernels.matmul(*operands)
    with pytest.raises(TypeError, match="mask"):
        kernels.matmul(np.ones((1, 1)), np.ones((1, 1)), out=masked)


def test_a_ragged_list_raises_value_error(kernels):
    for b in ([[1], [2]], np.eye(2)):
        with pytest.raises(ValueError, match=r"a is ragged: a\[0\] has shape \(2,\).*equal length"):
            kernels.matmul([[1, 2], [3]], b)


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (2,), (), (4,), (0, 2)], ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16], ids=dtype_name)
def test_out_of_the_wrong_shape_raises_an_error_and_is_unchanged(kernels, dtype, shape):
    a, out = np.ones((2, 2), dtype), np.full(shape, 7, dtype)
    with pytest.raises(ValueError, match="out") as caught:
        kernels.matmul(a, a, out=out)
    assert str(shape) in str(caught.value)
    assert "(2, 2)" in str(caught.value)
    assert (out == 7).all()


@pytest.mark.parametrize(
    ("dtype", "out_dtype"),
    [(np.float64, np.int64), (np.complex64, np.float32), (np.float32, np.bool_), (np.float64, "M8[s]")],
)
def test_out_of_the_wrong_dtype_raises_an_error_and_is_unchanged(kernels, dtype, out_dtype):
    out = np.ones((2, 2), np.int64).astype(out_dtype)
    before = out.copy()
    with pytest.raises(TypeError):
        kernels.matmul(np.full((2, 2), 3, dtype), np.ones((2, 2), dtype), out=out)
    np.testing.assert_array_equal(out, before)


@pytest.mark.parametrize("out", [[[0.0, 0.0], [0.0, 0.0]], "out", 5, object()])
def test_out_without_a_buffer_raises_type_error(kernels, out):
    with pytest.raises(TypeError):
        kernels.matmul(np.eye(2), np.eye(2), out=out)


def test_options_are_keyword_only(kernels):
    a = np.eye(2)
    for operands, options in (((a, a, a, "auto"), {}), ((a,), {}), ((a, a), {"casting": "safe"})):
        with pytest.raises(TypeError):
            kernels.matmul(*operands, **options)
    assert kernels.matmul(a=a, b=a).tolist() == [[1.0, 0.0], [0.0, 1.0]]
