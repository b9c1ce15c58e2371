"""threads=: the same bits for every number of threads, no deadlock, and an executor is used as it is."""

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

from nogil_kernels.threads import share, workers

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
    """Executors of one, two and five threads."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(ThreadPoolExecutor(count)) for count in (1, 2, 5)]


def wide_range(size, seed=12):
    """Values whose sum depends on the order in which they are added."""
    rng = np.random.default_rng(seed)
    return np.ldexp(rng.standard_normal(size), rng.integers(-30, 30, size).astype(np.int32))


# The same bits


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


def test_a_sum_does_not_depend_on_where_the_array_lies(kernels):
    size = 300_007 if kernels.name == "compiled" else 1001
    memory = np.zeros(size + 64)
    results = set()
    for start in (0, 1, 2, 3, 5, 8, 13):
        x = memory[start : start + size]
        x[:] = wide_range(size)
        results.add(kernels.sum_of_squares(x))
        results.add(kernels.sum_of_squares(x, threads=2))
    assert len(results) == 1


def test_ranges_and_lists_take_threads_too(kernels, executors):
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


def test_long_work_does_run_on_the_threads_of_the_executor(compiled):
    """An executor that counts: were the work never shared, all else here would pass as well."""
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
    assert after_small == after_matmul, "two submits cost more than a small call: it stays on the caller"


def test_no_thread_stays_behind(kernels):
    before = threading.active_count()
    kernels.sum_of_squares(np.ones(2_000_000 if kernels.name == "compiled" else 1000), threads=3)
    kernels.matmul(np.ones((200, 200)), np.ones((200, 200)), threads=3) if kernels.name == "compiled" else None
    assert threading.active_count() == before


# No deadlock


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


def test_an_executor_whose_workers_are_all_busy_elsewhere_delays_nobody(kernels):
    size = 3_000_000 if kernels.name == "compiled" else 1000
    busy, done = threading.Barrier(3), threading.Event()

    def occupy():
        busy.wait(60)
        done.wait(60)

    with ThreadPoolExecutor(2) as executor:
        others = [executor.submit(occupy) for _ in range(2)]
        busy.wait(60)
        assert kernels.sum_of_squares(np.ones(size), threads=executor) == size
        assert not any(other.done() for other in others)
        done.set()


def test_two_threads_may_call_at_once_on_the_same_inputs(kernels):
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


# What threads= may be


BAD_COUNTS = [0, -1, -100]
AN_OBJECT = pytest.param(object(), id="object()")  # its repr has an address, which differs from process to process
BAD_THREADS = ["2", 1.5, 2.0, None, [2], AN_OBJECT, ThreadPoolExecutor, np.array([2, 3])]


@pytest.mark.parametrize("threads", BAD_COUNTS)
def test_less_than_one_thread_is_refused(kernels, threads):
    for call in every_call(kernels).values():
        with pytest.raises(ValueError, match=rf"threads.*{threads}"):
            call(threads=threads)


@pytest.mark.parametrize("threads", BAD_THREADS, ids=repr)
def test_what_is_neither_a_number_nor_an_executor_is_refused(kernels, threads):
    for call in every_call(kernels).values():
        with pytest.raises(TypeError, match=r"threads.*ThreadPoolExecutor"):
            call(threads=threads)


@pytest.mark.parametrize("name", ["ProcessPoolExecutor", "InterpreterPoolExecutor", "ThreadPool"])
def test_any_other_pool_is_refused_and_both_are_named(kernels, name):
    """An interpreter pool is refused though its class is derived from ThreadPoolExecutor."""
    if name == "InterpreterPoolExecutor" and sys.version_info < (3, 14):
        pytest.skip("interpreter pools came with Python 3.14")
    with getattr(multiprocessing.pool if name == "ThreadPool" else concurrent.futures, name)(1) as pool:
        for call in every_call(kernels).values():
            with pytest.raises(TypeError, match=rf"ThreadPoolExecutor.*{name}"):
                call(threads=pool)


def test_a_subclass_of_the_thread_executor_is_taken(kernels):
    with Counting(2) as executor:
        assert kernels.sum_of_squares(np.ones(10), threads=executor) == 10.0


def test_an_executor_that_was_shut_down_says_so(compiled):
    executor = ThreadPoolExecutor(2)
    executor.shutdown()
    out = np.full((400, 400), 7.0)
    with pytest.raises(RuntimeError, match="shutdown"):
        compiled.sum_of_squares(np.ones(4_000_000), threads=executor)
    with pytest.raises(RuntimeError, match="shutdown"):
        compiled.matmul(np.ones((400, 400)), np.ones((400, 400)), out=out, threads=executor)
    assert (out == 7).all()


def test_more_threads_than_there_is_work_for_are_no_error(kernels):
    assert kernels.sum_of_squares(np.ones(10), threads=1000) == 10.0
    assert kernels.sum_of_squares(array.array("d", []), threads=1000) == 0.0
    assert kernels.matmul(np.eye(2), np.eye(2), threads=1000).tolist() == [[1.0, 0.0], [0.0, 1.0]]


# share() itself


def test_workers_counts_the_threads_of_an_int_or_an_executor(executors):
    assert [workers(threads) for threads in [1, 2, 7, np.int64(3), *executors]] == [1, 2, 7, 3, 1, 2, 5]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 100])
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_share_runs_every_task_once(threads, count):
    seen = []
    share(seen.append, count, threads)
    assert sorted(seen) == list(range(count))


def test_share_runs_on_the_caller_and_on_others_at_the_same_time():
    """Two tasks that wait for each other can only end when both run at once."""
    meeting, ran_on = threading.Barrier(2), []

    def task(index):
        meeting.wait(60)
        ran_on.append(threading.get_ident())

    share(task, 2, 2)
    assert threading.get_ident() in ran_on
    assert len(set(ran_on)) == 2


def test_share_raises_what_a_task_on_another_thread_raised_after_all_have_ended():
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
def test_share_waits_for_what_runs_and_drops_what_has_not_begun_when_the_caller_is_interrupted(error):
    begun, ended = threading.Event(), []

    def task(index):
        if index == 0:
            assert begun.wait(60)
            raise error("the caller")
        begun.set()
        time.sleep(0.1)
        ended.append(index)

    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(error, match="the caller"):
            share(task, 50, executor)
        assert ended, "what ran was not waited for"
        assert len(ended) < 49, "what had not begun was not cancelled"
        before = list(ended)
        assert executor.submit(str, 5).result(timeout=60) == "5"
    assert ended == before, "a task ran on after share() had raised"


def test_share_on_a_busy_executor_runs_everything_on_the_caller():
    done, ran_on = threading.Event(), []
    with ThreadPoolExecutor(1) as executor:
        other = executor.submit(done.wait, 60)
        share(lambda index: ran_on.append(threading.get_ident()), 10, executor)
        assert set(ran_on) == {threading.get_ident()}
        assert len(ran_on) == 10
        done.set()
        assert other.result(timeout=60)


class Closing(ThreadPoolExecutor):
    """An executor that is shut down after its first task was submitted."""

    def submit(self, *args, **kwargs):
        future = super().submit(*args, **kwargs)
        self.shutdown(wait=False)
        return future


def test_what_an_executor_no_longer_takes_the_caller_does():
    seen = []
    share(seen.append, 20, Closing(4))
    assert sorted(seen) == list(range(20))


def test_ctrl_c_while_the_caller_waits_is_raised_once_all_have_ended():
    begun, ended = threading.Event(), []

    def task(index):
        if index:
            begun.set()
            time.sleep(0.5)
            ended.append(index)
        else:
            begun.wait(60)
            threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()

    with pytest.raises(KeyboardInterrupt), ThreadPoolExecutor(2) as executor:
        share(task, 2, executor)
    assert ended == [1]


def test_rows_are_shared_whatever_their_length(compiled):
    rng = np.random.default_rng(8)
    for shape in ((600_000, 8), (4000, 1000), (3, 1_500_000)):
        x = rng.standard_normal(shape)
        alone = compiled.sum_of_squares(x, axis=1)
        with Counting(2) as executor:
            shared = compiled.sum_of_squares(x, axis=1, threads=executor)
        assert executor.submitted
        assert shared.tobytes() == alone.tobytes()
