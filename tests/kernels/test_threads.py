"""threads=: the same bits for every number of threads, no deadlock, and the errors."""

import array
import concurrent.futures
import contextlib
import multiprocessing.pool
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support import Counting, every_call, laid_out

from nogil_kernels.threads import share, worker_count

THREADS = [2, 3, 7]
SUM_SIZES = [0, 1, 2, 1000, 2048, 2049, 65_536, 65_537, 300_007, 1_000_003, 3_000_017]
MATMUL_SHAPES = [
    ((1, 1), (1, 1)),
    ((127, 127), (127, 127)),
    ((300, 301), (301, 299)),
    ((301, 17), (17, 5)),
    ((5, 17), (17, 1301)),
    ((1, 1301), (1301, 1)),
    ((1301, 1), (1, 301)),
    ((65, 2053), (2053, 63)),
    ((1024, 512), (512,)),
    ((512,), (512, 1024)),
    ((100_003,), (100_003,)),
    ((7, 65, 40), (40, 66)),
    ((2, 3, 70, 71), (3, 71, 72)),
    ((300, 20, 20), (300, 20, 20)),
    ((0, 5), (5, 3)),
    ((300, 0), (0, 300)),
]


@pytest.fixture
def executors():
    """Yield executors of 1, 2 and 5 threads."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(ThreadPoolExecutor(count)) for count in (1, 2, 5)]


def wide_range(size, seed=12):
    """Return values whose sum depends on the order of the additions."""
    rng = np.random.default_rng(seed)
    return np.ldexp(rng.standard_normal(size), rng.integers(-30, 30, size).astype(np.int32))


@pytest.mark.parametrize("size", SUM_SIZES)
def test_a_sum_has_the_same_bits_for_every_number_of_threads(kernels, executors, size):
    x = wide_range(size if kernels.name == "compiled" else min(size, 3001))
    pairs = x[: x.size // 2 * 2].view(np.complex128)
    for view in (x, x[::-1], x[::2], x.astype(np.float32), pairs, x.astype(np.int64)):
        alone = kernels.sum_of_squares(view)
        for threads in [*THREADS, *executors]:
            result = kernels.sum_of_squares(view, threads=threads)
            assert result == alone
            assert type(result) is type(alone)


def test_rows_that_overflow_in_several_threads_raise_an_error(kernels, executors):
    rows, columns = (3000, 700) if kernels.name == "compiled" else (3, 7)
    x = np.full((rows, columns), 2**40)
    for threads in [1, *THREADS, *executors]:
        with pytest.raises(OverflowError, match=str(columns * 2**80)):
            kernels.sum_of_squares(x, axis=1, threads=threads)


@pytest.mark.parametrize("layout", ["C order", "Fortran order", "part of a wider array", "last axis backwards"])
@pytest.mark.parametrize("shape", [(1000, 1003), (1003, 997), (3, 400_001), (400_001, 3), (50, 60, 333)])
def test_a_sum_over_several_axes_has_the_same_bits_for_every_number_of_threads(kernels, executors, shape, layout):
    if kernels.name == "pure":
        shape = tuple(min(side, 17) for side in shape)
    x = laid_out(wide_range(int(np.prod(shape))).reshape(shape), layout)
    alone = kernels.sum_of_squares(x)
    rows = kernels.sum_of_squares(x, axis=-1)
    columns = kernels.sum_of_squares(x, axis=0)
    for threads in [*THREADS, *executors]:
        assert kernels.sum_of_squares(x, threads=threads) == alone
        assert kernels.sum_of_squares(x, axis=-1, threads=threads).tobytes() == rows.tobytes()
        assert kernels.sum_of_squares(x, axis=0, threads=threads).tobytes() == columns.tobytes()


def test_a_sum_does_not_depend_on_the_address_of_the_array(kernels):
    size = 300_007 if kernels.name == "compiled" else 1001
    memory = np.zeros(size + 64)
    results = set()
    for start in (0, 1, 2, 3, 5, 8, 13):
        x = memory[start : start + size]
        x[:] = wide_range(size)
        results.add(kernels.sum_of_squares(x))
        results.add(kernels.sum_of_squares(x, threads=2))
    assert len(results) == 1


def test_ranges_and_lists_accept_threads(kernels, executors):
    numbers = range(1_000_001 if kernels.name == "compiled" else 1001)
    truth = sum(i * i for i in numbers)
    for threads in [1, *THREADS, *executors]:
        assert kernels.sum_of_squares(numbers, threads=threads) == truth
        assert kernels.sum_of_squares([1, 2.5], threads=threads) == 7.25


@pytest.mark.parametrize("shapes", MATMUL_SHAPES, ids=str)
def test_a_product_has_the_same_bits_for_every_number_of_threads(kernels, executors, shapes):
    if kernels.name == "pure":
        shapes = tuple(tuple(min(side, 9) for side in shape) for shape in shapes)
    rng = np.random.default_rng(13)
    a, b = (rng.standard_normal(shape) for shape in shapes)
    for dtype in (np.float64, np.float32, np.complex64, np.int64, np.uint8):
        x, y = (100 * a).astype(dtype) if dtype != np.uint8 else (a > 0).astype(dtype), b.astype(np.int8).astype(dtype)
        if np.dtype(dtype).kind in "fc":
            y = b.astype(dtype)
        alone = np.asarray(kernels.matmul(x, y))
        for threads in [*THREADS, *executors]:
            result = np.asarray(kernels.matmul(x, y, threads=threads))
            assert result.tobytes() == alone.tobytes()
            out = np.full(alone.shape, 7, alone.dtype, order="F")
            assert kernels.matmul(x, y, out=out, threads=threads) is out
            np.testing.assert_array_equal(out, alone)


@pytest.mark.parametrize("layouts", [("Fortran order", "C order"), ("backwards", "every third element")], ids=str)
def test_strided_products_have_the_same_bits_for_every_number_of_threads(kernels, executors, layouts):
    side = 257 if kernels.name == "compiled" else 7
    rng = np.random.default_rng(14)
    a, b = (laid_out(rng.standard_normal((side, side)), layout) for layout in layouts)
    alone = kernels.matmul(a, b)
    for threads in [*THREADS, *executors]:
        assert kernels.matmul(a, b, threads=threads).tobytes() == alone.tobytes()


def test_only_long_work_runs_on_the_threads_of_the_executor(compiled):
    """The other tests would pass too if no work were shared."""
    with Counting(2) as executor:
        compiled.sum_of_squares(np.ones(4_000_000), threads=executor)
        after_sum = executor.submitted
        compiled.matmul(np.ones((400, 400)), np.ones((400, 400)), threads=executor)
        after_matmul = executor.submitted
        compiled.sum_of_squares(np.ones(100), threads=executor)
        compiled.matmul(np.ones((4, 4)), np.ones((4, 4)), threads=executor)
        after_small = executor.submitted
    assert after_sum > 0
    assert after_matmul > after_sum
    assert after_small == after_matmul, "small work was shared, although two submits cost more"


def test_a_call_from_inside_the_only_worker_of_its_executor_completes(kernels):
    size, side = (3_000_000, 300) if kernels.name == "compiled" else (1000, 5)
    x, a = np.ones(size), np.ones((side, side))
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(kernels.sum_of_squares, x, threads=executor).result(timeout=60) == size
        product = executor.submit(kernels.matmul, a, a, threads=executor).result(timeout=60)
    assert (product == side).all()


def test_calls_from_inside_every_worker_of_their_executor_complete(kernels):
    size = 2_000_000 if kernels.name == "compiled" else 1000
    x = np.ones(size)
    with ThreadPoolExecutor(2) as executor:
        futures = [executor.submit(kernels.sum_of_squares, x, threads=executor) for _ in range(8)]
        assert [future.result(timeout=60) for future in futures] == [size] * 8


def test_a_call_does_not_wait_for_a_busy_executor(kernels):
    size = 3_000_000 if kernels.name == "compiled" else 1000
    all_busy, finish = threading.Barrier(3), threading.Event()

    def occupy():
        all_busy.wait(60)
        finish.wait(60)

    with ThreadPoolExecutor(2) as executor:
        others = [executor.submit(occupy) for _ in range(2)]
        all_busy.wait(60)
        assert kernels.sum_of_squares(np.ones(size), threads=executor) == size
        assert not any(other.done() for other in others)
        finish.set()


def test_several_threads_can_use_the_same_operands_at_the_same_time(kernels):
    side, size = (300, 500_000) if kernels.name == "compiled" else (6, 1000)
    rng = np.random.default_rng(15)
    a, b, x = rng.standard_normal((side, side)), rng.standard_normal((side, side)), rng.standard_normal(size)
    product, total = kernels.matmul(a, b), kernels.sum_of_squares(x)
    start = threading.Barrier(4)

    def work(threads):
        start.wait(60)
        for _ in range(8):
            assert kernels.matmul(a, b, gil="release", threads=threads).tobytes() == product.tobytes()
            assert kernels.sum_of_squares(x, gil="release", threads=threads) == total

    with ThreadPoolExecutor(4) as executor, ThreadPoolExecutor(2) as shared:
        for future in [executor.submit(work, threads) for threads in (1, 1, 2, shared)]:
            future.result(timeout=120)


AN_OBJECT = pytest.param(object(), id="object()")  # its repr has an address, which is different in every process
BAD_THREADS = ["2", 1.5, 2.0, None, [2], AN_OBJECT, ThreadPoolExecutor, np.array([2, 3])]


@pytest.mark.parametrize("threads", [0, -1, -100])
def test_less_than_one_thread_raises_value_error(kernels, threads):
    for call in every_call(kernels).values():
        with pytest.raises(ValueError, match=rf"threads.*{threads}"):
            call(threads=threads)


@pytest.mark.parametrize("threads", BAD_THREADS, ids=repr)
def test_threads_of_other_types_raise_type_error(kernels, threads):
    for call in every_call(kernels).values():
        with pytest.raises(TypeError, match=r"threads.*ThreadPoolExecutor"):
            call(threads=threads)


@pytest.mark.parametrize("name", ["ProcessPoolExecutor", "InterpreterPoolExecutor", "ThreadPool"])
def test_other_pools_raise_an_error_that_names_them(kernels, name):
    """InterpreterPoolExecutor raises an error although it is a subclass of ThreadPoolExecutor."""
    if name == "InterpreterPoolExecutor" and sys.version_info < (3, 14):
        pytest.skip("interpreter pools came with Python 3.14")
    with getattr(multiprocessing.pool if name == "ThreadPool" else concurrent.futures, name)(1) as pool:
        for call in every_call(kernels).values():
            with pytest.raises(TypeError, match=rf"ThreadPoolExecutor.*{name}"):
                call(threads=pool)


def test_a_subclass_of_the_thread_executor_is_accepted(kernels):
    with Counting(2) as executor:
        assert kernels.sum_of_squares(np.ones(10), threads=executor) == 10.0


def test_an_executor_that_was_shut_down_raises_its_error(compiled):
    executor = ThreadPoolExecutor(2)
    executor.shutdown()
    out = np.full((400, 400), 7.0)
    with pytest.raises(RuntimeError, match="shutdown"):
        compiled.sum_of_squares(np.ones(4_000_000), threads=executor)
    with pytest.raises(RuntimeError, match="shutdown"):
        compiled.matmul(np.ones((400, 400)), np.ones((400, 400)), out=out, threads=executor)
    assert (out == 7).all()


def test_more_threads_than_work_are_accepted(kernels):
    assert kernels.sum_of_squares(np.ones(10), threads=1000) == 10.0
    assert kernels.sum_of_squares(array.array("d", []), threads=1000) == 0.0
    assert kernels.matmul(np.eye(2), np.eye(2), threads=1000).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_workers_counts_the_threads_of_an_int_or_an_executor(executors):
    assert [worker_count(threads) for threads in [1, 2, 7, np.int64(3), *executors]] == [1, 2, 7, 3, 1, 2, 5]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 100])
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_share_runs_every_task_once(threads, count):
    indices = []
    share(indices.append, count, threads)
    assert sorted(indices) == list(range(count))


def test_share_runs_tasks_on_the_caller_and_a_helper_at_the_same_time():
    """Two tasks that wait for each other can only end if both run at the same time."""
    both_run, thread_ids = threading.Barrier(2), []

    def task(index):
        both_run.wait(60)
        thread_ids.append(threading.get_ident())

    share(task, 2, 2)
    assert threading.get_ident() in thread_ids
    assert len(set(thread_ids)) == 2


def test_share_raises_the_error_of_a_helper_after_all_tasks_have_ended():
    running, ended = threading.Event(), []

    def task(index):
        if index == 1:
            running.set()
            raise LookupError("task one")
        running.wait(60)
        time.sleep(0.05)
        ended.append(index)

    with ThreadPoolExecutor(2) as executor, pytest.raises(LookupError, match="task one"):
        share(task, 2, executor)
    assert ended == [0]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_share_waits_for_running_tasks_and_cancels_the_others_after_an_error(error):
    started, ended = threading.Event(), []

    def task(index):
        if index == 0:
            assert started.wait(60)
            raise error("the caller")
        started.set()
        time.sleep(0.1)
        ended.append(index)

    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(error, match="the caller"):
            share(task, 50, executor)
        assert ended, "share() did not wait for a running task"
        assert len(ended) < 49, "share() did not cancel the other tasks"
        before = list(ended)
        assert executor.submit(str, 5).result(timeout=60) == "5"
    assert ended == before, "a task still ran after share() had raised"


def test_share_runs_all_tasks_on_the_caller_if_the_executor_is_busy():
    finish, thread_ids = threading.Event(), []
    with ThreadPoolExecutor(1) as executor:
        other = executor.submit(finish.wait, 60)
        share(lambda index: thread_ids.append(threading.get_ident()), 10, executor)
        assert set(thread_ids) == {threading.get_ident()}
        assert len(thread_ids) == 10
        finish.set()
        assert other.result(timeout=60)


class Closing(ThreadPoolExecutor):
    """An executor that shuts down after the first submit."""

    def submit(self, *args, **kwargs):
        future = super().submit(*args, **kwargs)
        self.shutdown(wait=False)
        return future


def test_share_runs_the_rest_on_the_caller_if_the_executor_shuts_down():
    indices = []
    share(indices.append, 20, Closing(4))
    assert sorted(indices) == list(range(20))


def test_the_caller_works_alone_if_no_thread_can_be_started(kernels, monkeypatch):
    def start(*_, **__):
        raise RuntimeError("can't start new thread")

    expected = kernels.sum_of_squares(np.ones(4_000_000 if kernels.name == "compiled" else 100))
    monkeypatch.setattr(threading.Thread, "start", start)
    for name in ("start_new_thread", "start_joinable_thread"):  # the second one is new in 3.13
        monkeypatch.setattr(f"_thread.{name}", start, raising=False)
    with ThreadPoolExecutor(2) as executor:
        for threads in (2, executor):
            indices = []
            share(indices.append, 20, threads)
            assert sorted(indices) == list(range(20))
            assert kernels.sum_of_squares(np.ones(int(expected)), threads=threads) == expected


def test_ctrl_c_while_the_caller_waits_is_raised_after_all_tasks_have_ended():
    started, ended = threading.Event(), []

    def task(index):
        if index:
            started.set()
            time.sleep(0.5)
            ended.append(index)
        else:
            started.wait(60)
            threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()

    with pytest.raises(KeyboardInterrupt), ThreadPoolExecutor(2) as executor:
        share(task, 2, executor)
    assert ended == [1]


def test_rows_of_any_length_are_shared(compiled):
    rng = np.random.default_rng(8)
    for shape in ((600_000, 8), (4000, 1000), (3, 1_500_000)):
        x = rng.standard_normal(shape)
        alone = compiled.sum_of_squares(x, axis=1)
        with Counting(2) as executor:
            shared = compiled.sum_of_squares(x, axis=1, threads=executor)
        assert executor.submitted
        assert shared.tobytes() == alone.tobytes()
