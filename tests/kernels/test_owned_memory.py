"""The memory of a call: an operand cannot be resized or freed while a thread of the call may use it."""

import array
import mmap
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support import EVERY_TEST, FREE_THREADED_NOW

from nogil_kernels import threads as sharing

SIDE = 512
ITEMS = 4 * 1024 * 1024  # 32 MiB of float64, which threads share
PARTIAL_SUMS = 56 * 10**10 // 2**17
SECONDS = 5 if EVERY_TEST else 0.02  # the least time of a test


class Interrupted(BaseException):
    """What ends a call while a helper may still run a task."""


@pytest.fixture
def tasks(monkeypatch):
    """Yield a list that gets the tasks of shared calls. The calls raise Interrupted, and run no task."""
    tasks = []

    def share(task, *_):
        tasks.append(task)
        raise Interrupted

    monkeypatch.setattr(sharing, "share", share)
    return tasks


def matrix(columns=SIDE):
    return np.ones((SIDE, columns))


# A call, and the bytes that its task has to keep: those of its operands, its result and its partial sums.
SHARED = {
    "contiguous": (lambda kernels: kernels.sum_of_squares(np.ones(ITEMS), threads=2), 8 * ITEMS),
    "strided": (lambda kernels: kernels.sum_of_squares(np.ones(ITEMS)[::2], threads=2), 8 * ITEMS),
    "float16": (lambda kernels: kernels.sum_of_squares(np.ones(4 * ITEMS, "f2"), threads=2), 8 * ITEMS),
    # 56 bytes per chunk of 128 Ki numbers
    "partial sums": (lambda kernels: kernels.sum_of_squares(np.broadcast_to(1.5, 10**10), threads=2), PARTIAL_SUMS),
    "partial sums of a range": (lambda kernels: kernels.sum_of_squares(range(10**10), threads=2), PARTIAL_SUMS),
    "axis": (lambda kernels: kernels.sum_of_squares(np.ones((ITEMS // 4, 4)), axis=1, threads=2), 10 * ITEMS),
    "result of axis": (
        lambda kernels: kernels.sum_of_squares(np.broadcast_to(1.5, (ITEMS, 4)), axis=1, threads=2),
        8 * ITEMS,
    ),
    "partial sums of axis": (
        lambda kernels: kernels.sum_of_squares(np.broadcast_to(1.5, (100, 10**8)), axis=1, threads=2),
        PARTIAL_SUMS,
    ),
    "a": (
        lambda kernels: kernels.matmul(matrix(4 * SIDE), np.broadcast_to(1.5, (4 * SIDE, SIDE)), threads=2),
        10 << 20,
    ),
    "b": (lambda kernels: kernels.matmul(np.broadcast_to(1.5, (SIDE, SIDE)), matrix(4 * SIDE), threads=2), 16 << 20),
    "result": (lambda kernels: kernels.matmul(*2 * [np.broadcast_to(1.5, (SIDE, SIDE))], threads=2), 2 << 20),
    "out": (lambda kernels: kernels.matmul(*2 * [np.broadcast_to(1.5, 2 * [SIDE])], out=matrix(), threads=2), 2 << 20),
    "converted": (lambda kernels: kernels.matmul(matrix().astype("f4"), matrix(), threads=2), 6 << 20),
}


@pytest.mark.parametrize("name", SHARED)
def test_a_task_keeps_its_memory_when_the_call_has_ended(compiled, tasks, name):
    call, expected = SHARED[name]
    tracemalloc.start()
    try:
        with pytest.raises(Interrupted):
            call(compiled)
        with_task = tracemalloc.get_traced_memory()[0]
        tasks.clear()
        kept = with_task - tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert expected <= kept < 1.2 * expected


BUFFERS = {
    "bytearray": (lambda: bytearray(ITEMS * 8), lambda buffer: buffer.append(0)),
    "array.array": (lambda: array.array("b", [0]) * (ITEMS * 8), lambda buffer: buffer.append(0)),
    "mmap.close": (lambda: mmap.mmap(-1, ITEMS * 8), lambda buffer: buffer.close()),
    "mmap.resize": (lambda: mmap.mmap(-1, ITEMS * 8), lambda buffer: buffer.resize(100)),
}


@pytest.mark.parametrize("name", BUFFERS)
def test_a_buffer_cannot_be_resized_or_closed_before_its_tasks_are_gone(compiled, tasks, name):
    build, change = BUFFERS[name]
    buffer = build()
    with pytest.raises(Interrupted):
        compiled.sum_of_squares(buffer, threads=2)
    with pytest.raises(BufferError):
        change(buffer)
    tasks.clear()
    change(buffer)


def product_into(kernels, view):
    a = matrix()
    return kernels.matmul(a, a, out=view.cast("d", (SIDE, SIDE)), threads=2)


@pytest.mark.parametrize(
    "call", [lambda kernels, view: kernels.sum_of_squares(view, threads=2), product_into], ids=["x", "out"]
)
def test_a_released_memoryview_leaves_its_memory_to_the_tasks(compiled, tasks, call):
    memory = bytearray(ITEMS * 8 if call is not product_into else SIDE * SIDE * 8)
    with memoryview(memory) as view, pytest.raises(Interrupted):
        call(compiled, view)
    with pytest.raises(BufferError):
        memory.append(0)
    tasks.clear()
    memory.append(0)


OPERANDS = {
    "bytearray": (lambda: bytearray(ITEMS * 8), lambda x: x.append(0)),
    "array.array": (lambda: array.array("d", [0.0]) * ITEMS, lambda x: x.append(0)),
    "mmap.close": (lambda: mmap.mmap(-1, ITEMS * 8), lambda x: x.close()),
    "memoryview": (lambda: memoryview(bytearray(ITEMS * 8)), lambda x: x.release()),
    "ndarray.resize": (lambda: np.ones(ITEMS), lambda x: x.resize(1)),
    "ndarray.shape": (lambda: np.ones(ITEMS), lambda x: setattr(x, "shape", (2, -1))),
}
CALLS = {
    "sum": lambda kernels, x: kernels.sum_of_squares(x, gil="release"),
    "shared sum": lambda kernels, x: kernels.sum_of_squares(x, threads=2),
    "sum of a slice": lambda kernels, x: kernels.sum_of_squares(memoryview(x)[::-2], gil="release"),
    "dot product": lambda kernels, x: kernels.matmul(x, x, gil="release"),
}


def fits(name, call):
    """Return whether the operand has numbers that can be multiplied."""
    return call != "dot product" or "array." in name


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")
@pytest.mark.parametrize(("name", "call"), [(name, call) for name in OPERANDS for call in CALLS if fits(name, call)])
def test_another_thread_cannot_change_an_operand_during_a_call(compiled, name, call):
    """The change is refused, or it does no harm: it comes before the call has taken the operand, or after its end."""
    build, change = OPERANDS[name]
    expected = CALLS[call](compiled, build())
    may_succeed = name == "ndarray.shape" or (name, call) == ("memoryview", "sum of a slice") or FREE_THREADED_NOW
    refused, start = 0, time.monotonic()
    with ThreadPoolExecutor(1) as executor:
        while (seconds := time.monotonic() - start) < SECONDS or not (refused or may_succeed or seconds > 30):
            x = build()
            begins = threading.Event()
            future = executor.submit(lambda x=x, begins=begins: begins.set() or CALLS[call](compiled, x))
            begins.wait(60)
            time.sleep(0.001 * FREE_THREADED_NOW)  # with a GIL, this thread continues when the kernel releases it
            while not future.done():
                try:
                    change(x)
                except (BufferError, ValueError):
                    refused += 1
                else:
                    break
            error = future.exception(timeout=60)
            if error is None:
                assert future.result() == expected
            else:  # the operand was closed, or its shape was changed, before the call
                assert isinstance(error, ValueError | TypeError), error
    assert refused or may_succeed
