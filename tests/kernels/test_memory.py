"""Memory: no call leaks it or keeps a buffer locked, and too little memory raises MemoryError."""

import array
import contextlib
import gc
import sys
import sysconfig

import numpy as np
import pytest
from support import python_prints

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux enforces RLIMIT_AS")
needs_malloc = pytest.mark.skipif(
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="objects of free-threaded builds come from mimalloc, which reserves a gigabyte",
)
LIMITED = """
    import gc, resource
    from concurrent.futures import ThreadPoolExecutor
    import numpy as np
    from nogil_kernels import matmul, sum_of_squares

    def size_of_this_process():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()

    def allow(more):
        soft = resource.RLIM_INFINITY if more is None else size_of_this_process() + more
        resource.setrlimit(resource.RLIMIT_AS, (soft, resource.RLIM_INFINITY))
"""


@pytest.fixture(autouse=True)
def no_garbage():
    """Collect garbage, so that reference counts do not depend on earlier tests."""
    gc.collect()


def bad_calls(kernels, buffer):
    """Return calls that fail at different points on a buffer of doubles of shape (4, 4)."""
    return [
        lambda: kernels.sum_of_squares(buffer, gil="no"),
        lambda: kernels.sum_of_squares(buffer, threads=0),
        lambda: kernels.sum_of_squares(buffer, threads="two"),
        lambda: kernels.sum_of_squares(buffer, axis=5),
        lambda: kernels.matmul(buffer, np.eye(3)),
        lambda: kernels.matmul(np.eye(3), buffer),
        lambda: kernels.matmul(buffer, buffer, out=np.zeros((3, 3))),
        lambda: kernels.matmul(buffer, buffer, out=np.zeros((4, 4), np.int64)),
        lambda: kernels.matmul(np.eye(4), np.eye(4), out=memoryview(bytes(128)).cast("d", (4, 4))),
        lambda: kernels.matmul(np.eye(3), np.eye(3), out=buffer),
        lambda: kernels.matmul(1j * np.eye(4), np.eye(4), out=buffer),
        lambda: kernels.matmul(np.eye(3, dtype=np.int32), buffer),
        lambda: kernels.matmul(buffer, buffer, gil="no"),
        lambda: kernels.matmul(buffer, buffer, threads=-1),
        lambda: kernels.matmul(buffer, object()),
        lambda: kernels.matmul(buffer, "text"),
        lambda: kernels.matmul("text", buffer),
        lambda: kernels.matmul(buffer, np.array([["a"] * 4] * 4)),
    ]


def run_all(kernels, buffer):
    """Run calls that succeed on a writable buffer of doubles of shape (4, 4), and `bad_calls`."""
    kernels.sum_of_squares(buffer)
    kernels.sum_of_squares(buffer, gil="release")
    kernels.sum_of_squares(buffer, threads=2)
    kernels.sum_of_squares(buffer, axis=0)
    kernels.matmul(buffer, buffer)
    kernels.matmul(buffer, buffer, gil="release", threads=2)
    kernels.matmul(buffer, np.eye(4, dtype=np.float32))
    kernels.matmul(np.eye(4, dtype=np.float32), buffer)
    kernels.matmul(np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32), out=buffer)
    kernels.matmul(np.eye(4, dtype=np.int8), buffer)
    kernels.matmul([[1, 2, 3, 4]], buffer)
    kernels.matmul(np.eye(4), np.eye(4), out=buffer)
    kernels.matmul(buffer, np.eye(4), out=buffer)
    for call in bad_calls(kernels, buffer):
        with pytest.raises((TypeError, ValueError)):
            call()


def test_no_call_keeps_a_buffer_locked(kernels):
    """A bytearray cannot grow while its buffer is exported."""
    memory = bytearray(128)
    with memoryview(memory) as whole, whole.cast("d", (4, 4)) as buffer:
        run_all(kernels, buffer)
    gc.collect()
    memory.append(1)
    assert len(memory) == 129


def test_no_call_keeps_an_array_locked(kernels):
    numbers = array.array("d", range(4))
    kernels.sum_of_squares(numbers)
    kernels.matmul(numbers, numbers)
    kernels.matmul(np.eye(4), numbers, out=numbers)
    with pytest.raises(ValueError, match="shape"):
        kernels.matmul(np.eye(3), numbers)
    gc.collect()
    numbers.append(1.0)
    assert len(numbers) == 5


def test_no_failed_call_keeps_a_buffer_locked(kernels):
    characters = bytearray(b"abcd")
    with memoryview(characters) as whole, whole.cast("c") as buffer:
        for call in (lambda: kernels.sum_of_squares(buffer), lambda: kernels.matmul(buffer, buffer)):
            with pytest.raises((TypeError, ValueError)):
                call()
    gc.collect()
    characters.append(1)
    assert len(characters) == 5


def test_no_call_leaks_a_reference(kernels):
    x = np.ones((4, 4))
    run_all(kernels, x)
    gc.collect()
    before = sys.getrefcount(x)
    for _ in range(20):
        run_all(kernels, x)
    gc.collect()
    assert sys.getrefcount(x) == before


@pytest.mark.parametrize("shape", [(5, 5), (5,)])
def test_no_call_keeps_a_reference_to_its_result(kernels, shape):
    x, out = np.ones(shape), np.ones(shape if len(shape) == 2 else ())
    result = kernels.matmul(x, x)
    new_array = np.ones(3)
    assert sys.getrefcount(result) == sys.getrefcount(new_array)
    assert kernels.matmul(x, x, out=out) is out
    gc.collect()
    before = sys.getrefcount(out)
    for _ in range(50):
        kernels.matmul(x, x, out=out)
    assert sys.getrefcount(out) == before


def test_no_call_leaks_the_objects_of_an_array(kernels):
    class Number:
        """A number of an unknown type, which the pure-Python twin computes with."""

        def __mul__(self, other):
            return 1

        def __add__(self, other):
            return 1

        __radd__ = __add__

    number, numbers = Number(), None
    before = sys.getrefcount(number)
    for _ in range(20):
        numbers = [number] * 5
        kernels.sum_of_squares(numbers)
        kernels.sum_of_squares(np.array(numbers, object))
        kernels.matmul(np.array([numbers], object), np.array([numbers], object).T)
        with contextlib.suppress(TypeError):
            kernels.sum_of_squares([number, "text"])
    del numbers
    gc.collect()
    assert sys.getrefcount(number) == before


def limited_python_prints(code, kernels, **variables):
    return python_prints(code, before=LIMITED, NOGIL_KERNELS_BACKEND=kernels.name, OMP_NUM_THREADS="1", **variables)


@linux_only
@pytest.mark.parametrize("threads", [1, 2])
def test_many_calls_need_no_more_memory_than_a_few(kernels, threads):
    """The limit is less than 50 leaked workspaces of the size of a matrix."""
    side, size = (400, 200_000) if kernels.name == "compiled" else (12, 2000)
    code = f"""
        a, x = np.ones(({side}, {side})), np.ones({size})
        out, f = np.empty_like(a), np.ones(({side}, {side}), np.float32)
        def calls():
            matmul(a, a.T, out=out, threads={threads})
            matmul(a, f, threads={threads})
            matmul(a, a[::-1], out=out.T, threads={threads})
            matmul(out, out, out=out, threads={threads})
            sum_of_squares(x, threads={threads})
            sum_of_squares(x[::-2].astype(">f8"), threads={threads})
            out[...] = 1
        for _ in range(5):
            calls()
        before = size_of_this_process()
        for _ in range(50):
            calls()
        print((size_of_this_process() - before) // a.nbytes)
    """
    assert int(limited_python_prints(code, kernels, MALLOC_ARENA_MAX="2")) < 25


@linux_only
@needs_malloc
@pytest.mark.parametrize(
    ("dtype", "gil"), [("float32", "release"), ("float64", "hold"), ("complex128", "release"), ("int64", "hold")]
)
def test_too_little_memory_for_the_workspace_raises_memory_error(compiled, dtype, gil):
    code = f"""
        a = np.ones((1200, 1200), {dtype!r})
        out = np.full_like(a, 7)
        matmul(a[:200, :200], a[:200, :200])
        gc.collect()
        allow(0)
        try:
            matmul(a, a, out=out, gil={gil!r})
        except MemoryError:
            out_is_unchanged = bool((out[::100, ::100] == 7).all())
            allow(None)
            matmul(a, a, out=out, gil={gil!r})
            print("MemoryError", out_is_unchanged, bool((out == 1200).all()))
    """
    assert limited_python_prints(code, compiled) == "MemoryError True True"


@linux_only
@needs_malloc
def test_too_little_memory_on_a_helper_thread_raises_memory_error(compiled):
    code = """
        a = np.ones((1200, 1200))
        out = np.full_like(a, 7)
        with ThreadPoolExecutor(2) as executor:
            matmul(a[:200, :200], a[:200, :200], threads=executor)
            list(executor.map(str, range(50)))
            allow(0)
            try:
                matmul(a, a, out=out, threads=executor)
            except MemoryError:
                allow(None)
                matmul(a, a, out=out, threads=executor)
                print("MemoryError", bool((out == 1200).all()))
    """
    assert limited_python_prints(code, compiled, MALLOC_ARENA_MAX="1") == "MemoryError True"


@linux_only
def test_too_little_memory_for_the_result_raises_memory_error(kernels):
    code = """
        column = np.ones((20_000, 1))
        matmul(column[:2], column[:2].T)
        sum_of_squares(column[:2], axis=0)
        allow(100_000_000)
        table = np.broadcast_to(1.0, (30_000, 20_000))
        for call in (lambda: matmul(column, column.T), lambda: sum_of_squares(table, axis=())):
            try:
                call()
            except MemoryError:
                print("MemoryError")
        print(sum_of_squares(column[:10], axis=0).tolist())
    """
    assert limited_python_prints(code, kernels).split() == ["MemoryError", "MemoryError", "[10.0]"]
