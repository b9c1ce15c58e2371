"""The values of gil=, and when other threads run."""

import threading
import time

import numpy as np
import pytest
from support import FREE_THREADED_BUILD, FREE_THREADED_NOW, every_call, python_prints, switch_interval

COMPILED_MODULES = ["isa", "sum_of_squares", "matmul"]
needs_gil = pytest.mark.skipif(FREE_THREADED_NOW, reason="no GIL to hold or release in this interpreter")
CALLS = list(every_call(None))


@pytest.mark.parametrize("call", CALLS)
def test_every_value_of_gil_gives_the_same_result(kernels, call):
    results = [np.asarray(every_call(kernels)[call](gil=gil)).tolist() for gil in ("auto", "release", "hold")]
    assert results[0] == results[1] == results[2] == np.asarray(every_call(kernels)[call]()).tolist()


@pytest.mark.parametrize("gil", ["no", "", "Release", "held", None, True, False, 1, b"hold", ["auto"]])
@pytest.mark.parametrize("call", CALLS)
def test_any_other_value_of_gil_raises_an_error_that_names_all_three(kernels, call, gil):
    with pytest.raises(ValueError, match="gil must be") as caught:
        every_call(kernels)[call](gil=gil)
    for name in ("'auto'", "'release'", "'hold'", repr(gil)):
        assert name in str(caught.value)


def test_a_value_of_gil_need_not_be_the_interned_string(kernels):
    for gil in ("auto", "release", "hold"):
        assert kernels.sum_of_squares(np.ones(3), gil="".join(list(gil))) == 3.0


def test_an_unknown_gil_leaves_out_unchanged(kernels):
    out = np.full((2, 2), 7.0)
    with pytest.raises(ValueError, match="gil"):
        kernels.matmul(np.eye(2), np.eye(2), out=out, gil="maybe")
    assert (out == 7).all()


class Ticker:
    """A thread that counts how often it gets the GIL. It always requests the GIL, and releases it at once."""

    def __enter__(self):
        self.ticks, self.stopped = 0, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        while not self.ticks:
            time.sleep(0.001)
        return self

    def run(self):
        while not self.stopped:
            self.ticks += 1
            time.sleep(0)  # releases the GIL and requests it again

    def __exit__(self, *error):
        self.stopped = True
        self.thread.join()

    def ticks_during(self, call):
        before = self.ticks
        call()
        return self.ticks - before

    def ever_ticks_during(self, call, seconds=20):
        """Return whether the count increases during one of many calls. The system may be slow to wake the thread."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if self.ticks_during(call):
                return True
        return False


def long_calls(kernels):
    """Return calls of some 10 ms each on different code paths. For each of them "auto" has to release the GIL."""
    x = np.ones(4_000_000)
    ints = np.ones(4_000_000, np.int64)
    table = np.ones((2000, 2000))
    a, stack = np.ones((500, 500)), np.ones((400, 50, 50))
    out = np.empty_like(a)
    return {
        "floats": lambda gil: kernels.sum_of_squares(x, gil=gil),
        "integers": lambda gil: kernels.sum_of_squares(ints, gil=gil),
        "strided floats": lambda gil: kernels.sum_of_squares(x[::2], gil=gil),
        "axis": lambda gil: kernels.sum_of_squares(table, axis=1, gil=gil),
        "range": lambda gil: kernels.sum_of_squares(range(10_000_000), gil=gil),
        "matmul": lambda gil: kernels.matmul(a, a, out=out, gil=gil),
        "matmul of a stack": lambda gil: kernels.matmul(stack, stack, gil=gil),
    }


LONG_CALLS = ["floats", "integers", "strided floats", "axis", "range", "matmul", "matmul of a stack"]


# With a switch interval of an hour, Python does not force a thread to release the GIL. A single tick during a call that
# holds the GIL is therefore an error.
@needs_gil
@pytest.mark.parametrize("gil", ["release", "auto"])
@pytest.mark.parametrize("call", LONG_CALLS)
def test_another_thread_runs_while_a_long_kernel_releases_the_gil(compiled, call, gil):
    work = long_calls(compiled)[call]
    work(gil)
    with switch_interval(3600), Ticker() as ticker:
        assert ticker.ever_ticks_during(lambda: work(gil))


@needs_gil
@pytest.mark.parametrize("call", LONG_CALLS)
def test_no_other_thread_runs_while_a_kernel_holds_the_gil(compiled, call):
    work = long_calls(compiled)[call]
    work("hold")
    with switch_interval(3600), Ticker() as ticker:
        assert [ticker.ticks_during(lambda: work("hold")) for _ in range(3)] == [0, 0, 0]


@needs_gil
@pytest.mark.parametrize(("gil", "ticks", "seconds"), [("auto", False, 1), ("release", True, 20)])
def test_short_work_releases_the_gil_only_with_gil_release(compiled, gil, ticks, seconds):
    x, a, out = np.ones(16), np.ones((4, 4)), np.empty((4, 4))

    def many_short_calls():
        for _ in range(2000):
            compiled.sum_of_squares(x, gil=gil)
            compiled.sum_of_squares(range(10), gil=gil)
            compiled.matmul(a, a, gil=gil)
            compiled.matmul(a, a, out=out, gil=gil)

    many_short_calls()
    with switch_interval(3600), Ticker() as ticker:  # for 1 s or more: one batch may end too soon
        assert ticker.ever_ticks_during(many_short_calls, seconds) is ticks


@needs_gil
def test_the_twin_never_releases_the_gil(kernels):
    """On the compiled backend too, plain Python sums a list, and gil="release" has no effect."""
    values = [1.5] * 5000
    kernels.sum_of_squares(values, gil="release")
    with switch_interval(3600), Ticker() as ticker:
        assert ticker.ticks_during(lambda: kernels.sum_of_squares(values, gil="release")) == 0


def test_hold_and_release_give_the_same_bits(kernels):
    size = 1_000_003 if kernels.name == "compiled" else 5003
    x = np.random.default_rng(11).standard_normal(size)
    a = x[: 60 * 60].reshape(60, 60) if kernels.name == "compiled" else x[:100].reshape(10, 10)
    assert kernels.sum_of_squares(x, gil="hold") == kernels.sum_of_squares(x, gil="release")
    assert kernels.matmul(a, a, gil="hold").tobytes() == kernels.matmul(a, a, gil="release").tobytes()


@pytest.mark.skipif(not FREE_THREADED_BUILD, reason="only a free-threaded build could have its GIL switched back on")
@pytest.mark.parametrize("module", COMPILED_MODULES)
def test_importing_each_module_keeps_the_gil_off(module, compiled_backend):
    code = f"import sys, nogil_kernels.compiled.{module}; print(sys._is_gil_enabled())"
    assert python_prints(code) == "False"


@pytest.mark.skipif(not FREE_THREADED_BUILD, reason="only a free-threaded build could have its GIL switched back on")
def test_importing_and_calling_the_package_keeps_the_gil_off(compiled_backend):
    code = """
        import sys
        import nogil_kernels
        nogil_kernels.sum_of_squares([1, 2])
        nogil_kernels.sum_of_squares(memoryview(bytes(10)), threads=2)
        print(sys._is_gil_enabled(), nogil_kernels.build_info()["gil"])
    """
    enabled, gil = python_prints(code).split(maxsplit=1)
    assert enabled == "False"
    assert "disabled" in gil
