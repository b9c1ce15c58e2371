"""ndarrays, which NumPy's inline functions read, give the same results as their memoryviews."""

import gc
import mmap
import queue
import sys
import threading
import tracemalloc

import numpy as np
import pytest
from support import FREE_THREADED_NOW, laid_out, python_prints, reads_structs, switch_interval

pytestmark = pytest.mark.kernels

PLAIN = "?bBhHiIlLqQnNpPefdgFDG"
SHAPES = [(), (1,), (5,), (0,), (3, 5), (5, 1), (0, 5), (2, 3, 5), (1,) * 30]


def values(shape, code):
    """Return numbers that are so small that every sum of their products is exact."""
    return np.asarray(np.arange(int(np.prod(shape))).reshape(shape) % 3, code)


def variants(a):
    """Yield arrays with the dtype of a, in all the memory layouts that an ndarray can have."""
    yield from (a, a.T, *(laid_out(a, layout) for layout in ("Fortran order", "unaligned", "read-only")))
    yield np.broadcast_to(a, (4, *a.shape)) if a.ndim < 30 else a
    if a.ndim:
        wide = np.repeat(a, 3, axis=-1)
        yield from (a[::-1], a[..., ::-1], wide[..., ::3], wide[..., 1::3][::-1], a[:0], a[1:1])


def outcome(function, *operands):
    """Return whether the result is an array, its dtype and its values, or the type of the error."""
    try:
        result = function(*operands)
    except (TypeError, ValueError) as error:
        return type(error)
    return isinstance(result, np.ndarray), getattr(result, "dtype", None), np.asarray(result).tolist()


@pytest.mark.parametrize("code", PLAIN)
def test_an_ndarray_of_any_dtype_and_layout_gives_the_result_of_its_memoryview(kernels, code):
    for shape in SHAPES:
        for x in variants(values(shape, code)):
            y = x[..., None] if x.ndim > 1 else x
            view = memoryview(x)
            assert outcome(kernels.sum_of_squares, x) == outcome(kernels.sum_of_squares, view)
            assert outcome(kernels.matmul, x, y) == outcome(kernels.matmul, view, memoryview(y))
            if x.ndim > 1:
                assert outcome(kernels.matmul, x.swapaxes(-1, -2), x) == outcome(np.matmul, x.swapaxes(-1, -2), x)


@pytest.mark.parametrize("code", PLAIN)
def test_foreign_byte_order_gives_the_result_of_native_byte_order(kernels, code):
    x = values((3, 3), code)
    swapped = x.astype(x.dtype.newbyteorder())
    assert outcome(kernels.sum_of_squares, swapped) == outcome(kernels.sum_of_squares, x)
    for operands in ((x, x), (swapped, x), (x, swapped), (swapped, swapped)):
        assert outcome(kernels.matmul, *operands) == outcome(np.matmul, x, x)
    out = np.zeros_like(swapped)
    assert kernels.matmul(x, x, out=out) is out
    assert out.tolist() == kernels.matmul(x, x).tolist()


@pytest.mark.parametrize(
    "bad",
    [
        np.array([["a"]]),
        np.array([[b"a"]]),
        np.array([[b"abcdefg"]]),
        np.array([["2026-01-01"]], "M8[D]"),
        np.array([[1]], "m8[s]"),
        np.array([[1]], "m8[ns]"),
        np.zeros((1, 1), [("a", "f8")]),
        np.zeros((1, 1), [("a", "f8"), ("b", "i4")]),
        np.zeros((1, 1), "V8"),
        np.ma.array([[1.0]], mask=[[True]]),
        np.zeros((1, 1), [("a", "f8")]).view(np.recarray),
        [["a"]],
        *(np.zeros((1, 1), "T") for _ in range(int(np.__version__[0]) - 1)),  # StringDType, since NumPy 2
    ],
    ids=lambda bad: f"{type(bad).__name__} {getattr(bad, 'dtype', '')}",
)
def test_arrays_without_numbers_raise_type_error(kernels, bad):
    out = np.full((1, 1), 7.0)
    for operands in ((bad, bad), (bad, out), (out, bad)):
        with pytest.raises(TypeError):
            kernels.matmul(*operands)
        with pytest.raises(TypeError):
            kernels.matmul(*operands, out=out)
    with pytest.raises(TypeError, match=r"sum_of_squares|dtype|format|number|mask"):
        kernels.sum_of_squares(bad)
    assert out.tolist() == [[7.0]]


def test_plain_python_multiplies_objects_in_an_array(kernels):
    x = np.array([[2**80, 1], [1, 0]], object)
    assert kernels.matmul(x, x).tolist() == (x @ x).tolist()
    assert kernels.sum_of_squares(x) == 2**160 + 2


def test_subclasses_and_memory_maps_give_the_result_of_an_array(kernels, tmp_path):
    x = values((4, 4), "d")
    mapped = np.memmap(tmp_path / "x", "d", "w+", shape=x.shape)
    mapped[...] = x
    expected = (x @ x).tolist()
    for y in (mapped, x.view(type("Subclass", (np.ndarray,), {})), x.view(np.matrix)):  # the kernels request a buffer
        assert kernels.sum_of_squares(y) == kernels.sum_of_squares(x)
        assert np.asarray(kernels.matmul(y, x)).tolist() == np.asarray(kernels.matmul(x, y)).tolist() == expected
        out = y.copy()
        assert kernels.matmul(x, x, out=out) is out
        assert np.asarray(out).tolist() == expected


def test_memory_of_another_object_is_read_and_written_in_place(kernels):
    x = values((3, 3), "d")
    with mmap.mmap(-1, 4096) as pages:
        for memory in (bytearray(x.nbytes + 4), pages):
            y = np.ndarray(x.shape, "d", buffer=memory, offset=4)
            y[...] = x
            assert kernels.sum_of_squares(y) == kernels.sum_of_squares(x)
            assert kernels.matmul(y, y).tolist() == (x @ x).tolist()
            assert kernels.matmul(x, x, out=y) is y
            assert bytes(memory[4 : 4 + x.nbytes]) == (x @ x).tobytes()
            del y
    y = np.frombuffer(x.tobytes(), "d").reshape(x.shape)  # read-only, because bytes are
    assert kernels.matmul(y, y).tolist() == (x @ x).tolist()
    with pytest.raises((TypeError, ValueError), match=r"read-only|writable"):
        kernels.matmul(x, x, out=y)


@pytest.mark.parametrize("code", PLAIN)
def test_a_read_only_out_raises_an_error_and_is_unchanged(kernels, code):
    x = values((2, 2), code)
    out = np.full_like(x, 1)
    before = out.tobytes()
    out.flags.writeable = False
    for view in (out, out.T, out[::-1], np.broadcast_to(out[:1], (2, 2))):
        with pytest.raises((TypeError, ValueError), match=r"read-only|writable"):
            kernels.matmul(x, x, out=view)
    assert out.tobytes() == before
    out.flags.writeable = True
    kernels.matmul(x, x, out=out)
    assert out.tolist() == np.matmul(x, x).tolist()


def test_numpy_warns_of_a_write_to_a_broadcast_array(kernels):
    x = np.ones((2, 2))
    out, _ = np.broadcast_arrays(np.zeros((2, 2)), np.zeros((1, 2, 2)))  # the elements of this out do not overlap
    with pytest.warns((DeprecationWarning, FutureWarning), match="writ"):
        kernels.matmul(x, x[None], out=out)
    assert out.tolist() == [[[2.0, 2.0], [2.0, 2.0]]]


@pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")
def test_a_changed_dtype_or_shape_is_used_by_the_next_call(kernels):
    x = np.arange(8.0)
    assert kernels.sum_of_squares(x) == 140
    x.dtype = np.int64
    assert kernels.sum_of_squares(x) == sum(int(n) ** 2 for n in np.arange(8.0).view(np.int64))
    x.dtype = np.dtype("d").newbyteorder()
    assert kernels.sum_of_squares(x) == sum(float(n) ** 2 for n in x)
    x.dtype = np.float64
    x.shape = (2, 4)
    assert kernels.matmul(x, x.T).tolist() == [[14, 38], [38, 126]]
    x.shape = (4, 2)
    assert kernels.matmul(x, [1, 1]).tolist() == [1, 5, 9, 13]
    x.strides = (8, 8)
    assert kernels.matmul(x, [1, 1]).tolist() == [1, 3, 5, 7]
    x.dtype = [("real", "f8")]
    with pytest.raises(TypeError):
        kernels.sum_of_squares(x)


@reads_structs
@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python code can export buffers since Python 3.12 (PEP 688)")
@pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")
def test_an_operand_that_another_one_changes_is_read_with_its_new_dtype(kernels):
    class Meddler:
        """An object that changes the dtype of `a` when its buffer is requested."""

        def __buffer__(self, flags):
            a.dtype = np.int64
            return memoryview(np.ones((2, 1), np.float64))

    a = np.array([[1.0, 2.0]])
    bits = a.view(np.int64).copy()
    assert kernels.matmul(a, Meddler()).tolist() == (bits @ np.ones((2, 1))).tolist()


def kept_after(call, arrays):
    """Return the bytes per array that remain allocated after `call`: NumPy stores the format at the first export."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for array in arrays:
            call(array)
        return (tracemalloc.get_traced_memory()[0] - before) / len(arrays)
    finally:
        tracemalloc.stop()


@reads_structs
def test_buffers_of_ndarrays_are_not_requested_once_their_type_is_known(compiled):
    out = np.zeros((2, 2))
    for call in (compiled.sum_of_squares, lambda x: compiled.matmul(x, x, out=out)):
        call(out.copy())
        assert kept_after(call, [np.eye(2) for _ in range(200)]) < 10
    assert kept_after(memoryview, [np.eye(2) for _ in range(200)]) > 40


def test_many_threads_can_make_the_first_call_at_the_same_time(kernels):
    code = """
        import sys, threading
        import numpy as np
        from nogil_kernels import matmul, sum_of_squares

        sys.setswitchinterval(1e-6)
        start, wrong_seeds = threading.Barrier(8), []

        def call(seed):
            x = np.random.default_rng(seed).integers(0, 9, (5, 5)).astype("f4")
            expected = np.matmul(x, x).tolist(), float((x * x).sum())
            start.wait()
            for _ in range(300):
                if (matmul(x, x).tolist(), sum_of_squares(x)) != expected:
                    wrong_seeds.append(seed)

        threads = [threading.Thread(target=call, args=(seed,)) for seed in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(wrong_seeds)
    """
    assert python_prints(code, NOGIL_KERNELS_BACKEND=kernels.name) == "[]"


RESIZED = {
    "sum": (lambda kernels, x: kernels.sum_of_squares(x, gil="release"), 4_000_000),
    "a": (lambda kernels, x: kernels.matmul(x, np.broadcast_to(2.0, (1000, 1000)), gil="release"), (1000, 1000)),
    "b": (lambda kernels, x: kernels.matmul(np.broadcast_to(2.0, (1000, 1000)), x, gil="release"), (1000, 1000)),
    "out": (
        lambda kernels, x: kernels.matmul(*2 * [np.broadcast_to(2.0, (1000, 1000))], out=x, gil="release") is x,
        (1000, 1000),
    ),
}


@pytest.mark.skipif(FREE_THREADED_NOW, reason="without a GIL the array can be resized before the call begins")
@pytest.mark.parametrize("operand", RESIZED)
def test_operands_cannot_be_resized_while_a_call_has_released_the_gil(compiled, operand):
    """Since Python 3.14 a call borrows its arguments, so NumPy may not count a reference of the running call.

    Each thread has one reference to the array. NumPy up to 2.3.5 then resizes it if the kernel has none.
    """
    function, shape = RESIZED[operand]
    arrays, ended = queue.SimpleQueue(), []

    def call():
        x = np.ones(shape)
        arrays.put(x)
        function(compiled, x)
        ended.append(True)

    with switch_interval(60):  # this thread gets the GIL when the kernel has released it, or when the call has ended
        for _ in range(20):
            ended.clear()
            thread = threading.Thread(target=call)
            thread.start()
            x = arrays.get(timeout=60)
            try:
                x.resize(1)
            except ValueError:
                was_refused = not ended
            else:
                was_refused = False
                assert ended, "the array was resized during the call"
            thread.join()
            if was_refused:
                return
    pytest.fail("no call was running")
