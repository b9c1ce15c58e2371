"""Kernels in many threads at once, in a child after a fork, and in daemon threads when Python exits.

NOGIL_KERNELS_TEST=every runs more rounds, as `nox -s concurrency` does.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support import EVERY_TEST, run_python, switch_interval

THREADS = 200
ROUNDS = 50 if EVERY_TEST else 1
WAYS = [{"gil": gil, "threads": threads} for gil in ("auto", "release", "hold") for threads in (1, 2, "executor")]


def bits(kernels, operands, **options):
    """Return the bits of results on different paths."""
    x, a, wide = operands
    results = (
        kernels.sum_of_squares(x, **options),
        kernels.sum_of_squares(x[::-3], **options),
        kernels.sum_of_squares(a, axis=0, **options),
        kernels.matmul(a, a[::-1], **options),
        kernels.matmul(a.T, a, out=np.full_like(a, 7), **options),
        kernels.matmul(a[:, :50].astype("i8"), a[:50].astype("i8"), **options),
        kernels.sum_of_squares(wide, **options) if wide is not None else 0,
    )
    return b"".join(np.asarray(result).tobytes() for result in results)


def operands(seed, size, side, wide=None):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(size), rng.standard_normal((side, side)), wide


def test_two_hundred_threads_get_the_right_bits(kernels):
    """Half of the threads have their own arrays. All threads call with the shared ones, of which one is long."""
    size, side = (20_000, 130) if kernels.name == "compiled" else (50, 5)
    row = np.random.default_rng(1).standard_normal(size)
    shared = operands(0, size, side, np.broadcast_to(row, (250 if kernels.name == "compiled" else 2, size)))
    private = [operands(seed, size, side) for seed in range(THREADS // 2)]
    expected = [bits(kernels, own) for own in private]
    expected_of_shared = bits(kernels, shared)
    wrong, start = [], threading.Barrier(THREADS)

    def work(index):
        options = dict(WAYS[index % len(WAYS)])
        if options["threads"] == "executor":
            options["threads"] = executor
        start.wait(60)
        for _ in range(ROUNDS):
            if index < len(private) and bits(kernels, private[index], **options) != expected[index]:
                wrong.append((index, "private"))
            if bits(kernels, shared, **options) != expected_of_shared:
                wrong.append((index, "shared"))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(THREADS)]
    with ThreadPoolExecutor(2) as executor, switch_interval(1e-6):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


# What the processes below import, and a function that computes on all paths.
KERNELS = """
    import contextlib, faulthandler, os, sys, threading, time
    from concurrent.futures import ThreadPoolExecutor
    import numpy as np
    from nogil_kernels import matmul, sum_of_squares

    faulthandler.dump_traceback_later(100, exit=True)  # a hang ends with the stacks of all threads
    a = np.random.default_rng(3).standard_normal((500, 500))
    x = np.broadcast_to(a, (20, 500, 500))

    def results(threads):
        totals = sum_of_squares(x, threads=threads), sum_of_squares(a.T[::2], gil="release", threads=threads)
        return totals, matmul(a, a.T[::-1], gil="release", threads=threads).tobytes()

    expected = results(1)
    executor = ThreadPoolExecutor(2)

    def work(threads):
        with contextlib.suppress(RuntimeError):  # Python shuts executors down when it exits
            while True:
                assert results(threads) == expected
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_that_is_forked_during_calls_computes(compiled):
    code = f"""
        faulthandler.cancel_dump_traceback_later()  # a child would wait for the thread that would dump
        for threads in (1, 1, 2, executor):
            threading.Thread(target=work, args=(threads,), daemon=True).start()
        for _ in range({200 if EVERY_TEST else 6}):
            time.sleep(0.003)
            child = os.fork()
            if child == 0:
                faulthandler.dump_traceback_later(60, exit=True)
                with ThreadPoolExecutor(2) as own:
                    is_right = all(results(threads) == expected for threads in (1, 2, own))
                os._exit(0 if is_right else 3)
            status = os.waitpid(child, 0)[1]
            if status != 0:
                os._exit(os.waitstatus_to_exitcode(status) & 255)
        os._exit(0)
    """
    process = run_python(
        code, "-W", "ignore", before=KERNELS, timeout=600, NOGIL_KERNELS_BACKEND=compiled.name, OMP_NUM_THREADS="1"
    )
    assert process.returncode == 0, process.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_can_pass_an_inherited_executor_whose_threads_are_gone(compiled):
    code = """
        assert results(executor) == expected
        list(executor.map(str, range(20)))
        faulthandler.cancel_dump_traceback_later()
        child = os.fork()
        if child == 0:
            faulthandler.dump_traceback_later(60, exit=True)
            os._exit(0 if results(executor) == expected else 3)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    process = run_python(code, "-W", "ignore", before=KERNELS, NOGIL_KERNELS_BACKEND=compiled.name)
    assert process.stdout.split() == ["0"], process.stderr


# The calls of daemon threads. Python waits for the threads of an executor, so no long call has an executor.
CALLS = {
    "sum": "sum_of_squares(np.broadcast_to(1.5, 10**11), gil='release')",
    "product": "matmul(np.broadcast_to(1.5, (600, 10**7)), np.broadcast_to(1.5, (10**7, 600)), gil='release')",
    "shared sum": "sum_of_squares(np.broadcast_to(1.5, 10**11), threads=2)",
    "short calls": "work(1)",
    "shared calls": "work(2)",
    "calls on an executor": "work(executor)",
}


@pytest.mark.parametrize("call", CALLS)
def test_python_exits_while_daemon_threads_are_inside_kernels(compiled, call):
    """The state of a thread is freed before its kernel ends. glibc overwrites freed memory, so using it fails."""
    code = f"""
        import atexit

        class Slow:
            def __del__(self, sleep=time.sleep):
                sleep(0.05)

        slow = Slow()  # is deleted when the states of the threads have been freed
        atexit.register(lambda: print(results(2) == expected))
        for _ in range(4):
            threading.Thread(target=lambda: {CALLS[call]}, daemon=True).start()
        time.sleep(0.05)
    """
    variables = {"NOGIL_KERNELS_BACKEND": "compiled", "MALLOC_PERTURB_": "255", "OMP_NUM_THREADS": "1"}
    for _ in range(20 if EVERY_TEST else 1):
        process = run_python(code, before=KERNELS, **variables)
        assert (process.returncode, process.stdout.strip(), process.stderr) == (0, "True", "")
