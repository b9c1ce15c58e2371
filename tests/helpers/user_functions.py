"""Functions that tests pass to `compare` as "user_functions:name". The workers of every way import them from here."""

import contextlib
import hashlib
import importlib.util
import io
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import parent_process
from pathlib import Path

times = 0
received = set()


def squares():
    return sum(i * i for i in range(500))


def sleeps():
    """Take so long that a sample takes a second."""
    import time

    time.sleep(0.5)


def returns_an_unpicklable_value():
    return squares() and (lambda: None)


def prints():
    print('["not", "an", "answer"]')
    print("nor is this", flush=True)


def changes_the_current_folder():
    os.chdir(os.sep)
    squares()


def imports_nothing_heavy():
    """Raise if a worker process or interpreter has imported a package that it does not need."""
    heavy = {"numpy", "scipy", "rich", "pyperf", "psutil", "matplotlib", "argparse", "asyncio"} & sys.modules.keys()
    if heavy and "pytest" not in sys.modules:
        raise ImportWarning(f"imported in a worker: {sorted(heavy)}")
    squares()


def forks_in_processes():
    if parent_process() and "a child" not in received:
        received.add("a child")
        process = os.fork()
        if not process:
            os._exit(0)
        os.waitpid(process, 0)
    squares()


def creates_a_file_when_measured():
    """Create a file some rounds after warming up. Calibration and a first round are 12,000 calls on a fast machine."""
    global times
    times += 1
    if times == 30_000 and not parent_process():
        Path(os.environ["MARKER_FILE"]).touch()
    squares()


def fails():
    raise LookupError("nothing there")


async def is_async():
    """Return a coroutine when called."""


def is_a_generator():
    """Return a generator when called."""
    yield


def takes_arguments(x, y=2):
    """Require an argument."""


def exits():
    sys.exit(3)


def ends_its_process():
    os._exit(4)


def leaves_a_process_and_ends():
    import time

    if not os.fork():
        time.sleep(60)
        os._exit(0)
    os._exit(4)


class Unsendable(Exception):
    """An exception that pickle can write but not read."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


def fails_unsendably():
    raise Unsendable("this", "that")


def fails_in_processes():
    if parent_process():
        raise Unsendable("this", "that")
    squares()


def exits_in_processes():
    if parent_process():
        sys.exit(3)
    squares()


def is_killed_in_processes_later():
    """Kill the worker process in its own twentieth call, after it has warmed up."""
    global times
    times += 1
    if parent_process() and times == 20:
        os.kill(os.getpid(), signal.SIGKILL)
    squares()


def ends_its_process_in_other_interpreters():
    """End the process in a sample, if this interpreter does not have the packages of the tests."""
    if is_sampled() and not importlib.util.find_spec("pytest"):
        os._exit(7)
    squares()


def one_thread(workers):
    return ThreadPoolExecutor(1)


def no_executor(workers):
    raise OSError(f"no {workers} workers today")


def takes_gil(gil="hold"):
    received.add(gil)
    squares()


def naps():
    import time

    time.sleep(0.005)


async def waits_async():
    import asyncio

    await asyncio.sleep(0.005)


def is_sampled():
    """Return whether the main thread of this process takes a sample. Preparing comes before that."""
    frame = sys._current_frames()[threading.main_thread().ident]
    while frame and frame.f_code.co_name != "take":
        frame = frame.f_back
    return frame is not None


def ends_its_process_in_a_sample():
    if is_sampled() and "pytest" not in sys.modules:
        os._exit(7)
    squares()


def crashes_in_threads():
    if threading.current_thread() is not threading.main_thread():
        import ctypes

        ctypes.string_at(0)
    squares()


def fails_in_threads():
    if threading.current_thread() is not threading.main_thread():
        raise LookupError("not in threads")
    squares()


def reads_stdin():
    assert sys.stdin.read() == ""
    squares()


def prints_much():
    print("many lines\n" * 10_000)


def replaces_the_standard_streams():
    sys.stdout = sys.stderr = io.StringIO()
    squares()


def closes_the_standard_streams():
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        with contextlib.suppress(ValueError):  # another thread closes it at this moment
            stream.close()
    squares()


def changes_the_switch_interval():
    sys.setswitchinterval(0.006)
    squares()


def changes_a_signal_handler():
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    squares()


def changes_the_affinity():
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    squares()


at_import = os.getcwd(), sys.getswitchinterval(), signal.getsignal(signal.SIGTERM)
cores_at_import = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0


def needs_an_unchanged_process():
    """Raise if another function has changed this process, and changes were not restored."""
    now = os.getcwd(), sys.getswitchinterval(), signal.getsignal(signal.SIGTERM)
    assert now == at_import, f"{now} instead of {at_import}"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    assert cores == cores_at_import, f"{cores} cores instead of {cores_at_import}"
    assert not any(getattr(stream, "closed", True) for stream in (sys.stdin, sys.stdout, sys.stderr))
    assert not isinstance(sys.stdout, io.StringIO)
    print(end="", flush=True)
    squares()


def burns_on_a_thread_of_its_own():
    thread = threading.Thread(target=hashlib.sha256, args=(ZEROS,))
    thread.start()
    hashlib.sha256(ZEROS)
    thread.join()


ZEROS = bytes(1 << 24)


class Squares:
    """An object whose method takes no arguments."""

    def __init__(self, count):
        self.count = count

    def total(self):
        return sum(i * i for i in range(self.count))
