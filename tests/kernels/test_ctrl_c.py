"""Ctrl-C ends a long call soon, and no thread of the call runs after it."""

import signal
import sys

import pytest
from support import python_prints, run_python

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither alarms nor kill() for Ctrl-C")

LONG_CALLS = {
    "range": "sum_of_squares(range(10**12), {options})",
    "array": "sum_of_squares(np.broadcast_to(1.5, (10**6, 10**6)), {options})",
    "axis": "sum_of_squares(np.broadcast_to(1.5, (10**6, 10**6)), axis=1, {options})",
    "matmul": "matmul(np.broadcast_to(1.5, (4000, 10**5)), np.broadcast_to(1.5, (10**5, 4000)), {options})",
}


@pytest.mark.parametrize("options", ["gil='hold'", "gil='release'", "gil='release', threads=2"])
@pytest.mark.parametrize("call", ["range", "array", "axis", "matmul"])
def test_ctrl_c_ends_a_call_that_would_take_minutes(compiled_backend, call, options):
    """An alarm replaces Ctrl-C, because a thread that sends SIGINT cannot run while the kernel holds the GIL."""
    code = f"""
        import signal, time
        import numpy as np
        from nogil_kernels import matmul, sum_of_squares

        signal.signal(signal.SIGALRM, signal.default_int_handler)
        sum_of_squares(np.ones(100))
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        started = time.monotonic()
        try:
            {LONG_CALLS[call].format(options=options)}
        except KeyboardInterrupt:
            print("interrupted", time.monotonic() - started < 20)
    """
    assert python_prints(code, NOGIL_KERNELS_BACKEND="compiled", timeout=60) == "interrupted True"


def test_ctrl_c_during_shared_work_is_raised_after_the_last_write(compiled):
    code = f"""
        import os, signal, threading, time
        import numpy as np
        import nogil_kernels

        a, out = np.ones((900, 900)), np.zeros((900, 900))
        nogil_kernels.matmul(a, a, out=out, threads=2)

        def interrupt():
            time.sleep(0.3)
            os.kill(os.getpid(), {int(signal.SIGINT)})

        timer = threading.Thread(target=interrupt)
        try:
            timer.start()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                nogil_kernels.matmul(a, a, out=out, threads=2)
        except KeyboardInterrupt:
            out[:] = 5
            time.sleep(0.2)
            print("interrupted", bool((out == 5).all()))
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join(10)
        print(threading.active_count())
    """
    process = run_python(code, NOGIL_KERNELS_BACKEND=compiled.name)
    assert process.stdout.split() == ["interrupted", "True", "1"], process.stderr
