"""Subinterpreters: kernels in interpreters with their own GIL, shared memory, and objects that must not be shared.

Each test runs in a fresh process. It uses concurrent.interpreters from Python 3.14 on, and before that the private
module below it.
"""

import sys
import textwrap

import pytest
from support import ABI3, EVERY_TEST, FREE_THREADED_NOW, python_prints

pytestmark = [
    pytest.mark.usefixtures("compiled_backend"),
    pytest.mark.skipif(sys.version_info < (3, 12), reason="interpreters have their own GIL from Python 3.12 on"),
    pytest.mark.skipif(ABI3, reason="the abi3 build has no kernels for subinterpreters"),
]

INTERPRETERS = """
    import mmap, os, sys, tempfile, threading, time
    if sys.version_info >= (3, 13):
        import _interpreters
    else:
        import _xxsubinterpreters as _interpreters

    class Interpreter:
        def __init__(self, gil="own"):
            if sys.version_info >= (3, 14) and gil == "own":
                from concurrent import interpreters
                self.whole = interpreters.create()
                self.id = self.whole.id
            elif sys.version_info >= (3, 13):
                self.id = _interpreters.create("isolated" if gil == "own" else "legacy")
            else:
                self.id = _interpreters.create(isolated=gil == "own")

        def run(self, code, **shared):
            "Run code with these names as globals. Raise its error here too."
            if sys.version_info >= (3, 14) and hasattr(self, "whole"):
                if shared:
                    self.whole.prepare_main(shared)
                self.whole.exec(code)
            elif sys.version_info >= (3, 13):
                if shared:
                    _interpreters.exec(self.id, "import _interpreters")  # the import lets memoryviews be passed
                    _interpreters.set___main___attrs(self.id, shared)
                error = _interpreters.exec(self.id, code)
                if error is not None:
                    raise RuntimeError(error.formatted)
            else:
                _interpreters.run_string(self.id, code, shared=shared or None)

        def start(self, code, **shared):
            thread = threading.Thread(target=self.run, args=(code,), kwargs=shared)
            thread.start()
            return thread

        def __enter__(self):
            return self

        def close(self, *_):
            self.whole.close() if hasattr(self, "whole") else _interpreters.destroy(self.id)

        __exit__ = close

    def shared_memory(size):
        "Return mapped memory and the name of its file, which OPEN maps in another interpreter, in every version."
        file, name = tempfile.mkstemp()
        os.ftruncate(file, size)
        memory = memoryview(mmap.mmap(file, size))
        os.close(file)
        return memory, name

    OPEN = '''
    import mmap, os
    with open(name, "r+b") as file:
        memory = memoryview(mmap.mmap(file.fileno(), 0))
    '''
    """

EVERY_TYPE = """
    import zlib
    import nogil_kernels

    def numbers(code, count):
        size = memoryview(bytearray(8)).cast(code).itemsize
        view = memoryview(bytearray(count * size)).cast(code)
        for i in range(count):
            view[i] = (i % 2 == 1) if code == "?" else i % 7 + 1 if code in "bhilqBHILQnN" else i / 8 - 3
        return view

    def matrix(code, n):
        return numbers(code, n * n).cast("B").cast(code, (n, n))

    for format in "?bBhHiIlLqQnNefd":
        for count in (0, 8, 1001):
            for gil in ("hold", "release", "auto"):
                total = nogil_kernels.sum_of_squares(numbers(format, count), gil=gil)
                print(format, count, gil, repr(total), flush=True)
        print(format, nogil_kernels.sum_of_squares(numbers(format, 1001)[::-3]), flush=True)
    for format in "iIlLqQfd":
        for n in (1, 4, 130):
            for gil in ("hold", "release", "auto"):
                c = matrix(format, n)
                nogil_kernels.matmul(matrix(format, n), matrix(format, n), out=c, gil=gil)
                print(format, n, gil, zlib.crc32(c), flush=True)
    """


def in_a_process(code, **variables):
    """Return the output of `code` in a process that has Interpreter, shared_memory and OPEN."""
    return python_prints(code, before=INTERPRETERS, NOGIL_KERNELS_BACKEND="compiled", **variables)


def in_an_interpreter(code):
    """Return the output of `code` in another interpreter of a process."""
    return in_a_process(f"with Interpreter() as other:\n    other.run({textwrap.dedent(code)!r})")


def test_kernels_return_the_same_results_in_every_interpreter():
    code = f"""
        code = {textwrap.dedent(EVERY_TYPE)!r}
        exec(code)
        print("other", flush=True)
        with Interpreter() as other:
            other.run(code)
    """
    main, other = in_a_process(code).split("other")
    assert main.strip() == other.strip()
    assert len(main.splitlines()) == 16 * 10 + 8 * 9


@pytest.mark.parametrize("first", ["main", "other"])
def test_each_interpreter_imports_its_build_in_either_order(first):
    code = f"""
        inside = '''
        import nogil_kernels, sys
        info = nogil_kernels.build_info()
        print(info["backend"], info["isa"] in info["isas_available"], flush=True)
        print(sorted(name for name in sys.modules if name.endswith(".matmul")), flush=True)
        '''.replace("\\n        ", "\\n")
        with Interpreter() as other:
            for interpreter in {("main", "other") if first == "main" else ("other", "main")!r}:
                exec(inside) if interpreter == "main" else other.run(inside)
    """
    main = ["compiled True", "['nogil_kernels.compiled.matmul', 'nogil_kernels.compiled.matmul.matmul']"]
    other = ["compiled True", "['nogil_kernels.compiled.subinterpreters.matmul']"]
    assert in_a_process(code).splitlines() == (main + other if first == "main" else other + main)


def test_measure_limits_works_in_every_interpreter():
    code = "from nogil_kernels.measure import limits; print(limits.read(bytes(99), 1), flush=True)"
    assert in_an_interpreter(code).split() == ["99"]


def test_kernels_of_an_interpreter_do_not_import_numpy():
    code = """
        import array, sys
        import nogil_kernels
        view = memoryview(array.array("d", range(16))).cast("B").cast("d", (4, 4))
        c = memoryview(bytearray(16 * 8)).cast("d", (4, 4))
        nogil_kernels.sum_of_squares(view)
        nogil_kernels.matmul(view, view, out=c, threads=2)
        print("numpy" in sys.modules, flush=True)
    """
    assert in_an_interpreter(code) == "False"


def test_an_interpreter_reads_and_writes_shared_memory_in_place():
    code = """
        import nogil_kernels
        memory, name = shared_memory(3 * 100 * 100 * 8)
        a, b, c = (memory[i * 80_000 : (i + 1) * 80_000].cast("d", (100, 100)) for i in range(3))
        for i in range(100):
            a[i, i], b[i, 99 - i] = 2.0, i
        with Interpreter() as other:
            other.run(OPEN + '''if True:
                import nogil_kernels
                a, b, c = (memory[i * 80_000 : (i + 1) * 80_000].cast("d", (100, 100)) for i in range(3))
                nogil_kernels.matmul(a, b, out=c)
                print(nogil_kernels.sum_of_squares(c), flush=True)
            ''', name=name)
            print(nogil_kernels.sum_of_squares(c), c[7, 92])
            c[0, 0] = 1000.0
            other.run("print(nogil_kernels.sum_of_squares(c), flush=True)")
        os.unlink(name)
    """
    squares = 4.0 * sum(i * i for i in range(100))
    assert in_a_process(code).split() == [str(squares), str(squares), "14.0", str(squares + 1e6)]


@pytest.mark.skipif(sys.version_info < (3, 13), reason="memoryviews can be passed to interpreters from Python 3.13 on")
@pytest.mark.parametrize("owner", ["array.array('d', [0.0] * 900)", "bytearray(7200)", "mmap.mmap(-1, 7200)"])
def test_a_memoryview_passed_to_an_interpreter_is_the_memory_of_its_owner(owner):
    code = f"""
        import array, mmap
        owner = {owner}
        memory = memoryview(owner).cast("B").cast("d", (30, 30))
        memory[3, 4] = 5.0
        with Interpreter() as other:
            other.run('''if True:
                import nogil_kernels
                print(nogil_kernels.sum_of_squares(memory), flush=True)
                diagonal = memoryview(bytearray(7200)).cast("d", (30, 30))
                for i in range(30):
                    diagonal[i, i] = i
                copy = memoryview(bytes(memory)).cast("d", (30, 30))
                nogil_kernels.matmul(diagonal, copy, out=memory)
            ''', memory=memory)
            print(memory[3, 4], memoryview(owner).cast("B").cast("d")[94])
    """
    assert in_a_process(code).split() == ["25.0", "15.0", "15.0"]


@pytest.mark.parametrize(
    "gil", ["own", pytest.param("shared", marks=pytest.mark.skipif(FREE_THREADED_NOW, reason="the GIL is disabled"))]
)
def test_the_main_interpreter_runs_while_another_one_holds_its_own_gil(gil):
    code = f"""
        import nogil_kernels
        memory, name = shared_memory(8)
        other = Interpreter({gil!r})
        other.run("import nogil_kernels")
        x = memoryview(bytes(8000)).cast("d")
        began = last = time.perf_counter()
        thread = other.start(OPEN + '''if True:
            nogil_kernels.sum_of_squares(range(1_500_000_000), gil="hold")
            memory[0] = 1
        ''', name=name)
        longest = 0.0
        has_ended = False
        while not has_ended:
            has_ended = memory[0]
            nogil_kernels.sum_of_squares(x, gil="hold")
            time.sleep(0)  # CPython 3.12 sends the request for a shared GIL to the wrong interpreter
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
        thread.join()
        other.close()
        os.unlink(name)
        print(longest / (last - began))
    """
    longest_wait = float(in_a_process(code))
    if gil == "own":
        assert longest_wait < 0.4, "the main interpreter did not run kernels all the time"
    else:
        assert longest_wait > 0.4, "the main interpreter did not wait for the other one"


def test_threads_of_an_interpreter_share_the_work():
    code = """
        inside = '''if True:
            import _thread, array
            import nogil_kernels
            x = array.array("d", range(5_000_000))
            a = memoryview(array.array("d", range(800 * 800))).cast("B").cast("d", (800, 800))
            started_threads = []
            name = "start_joinable_thread" if hasattr(_thread, "start_joinable_thread") else "start_new_thread"
            start = getattr(_thread, name)
            setattr(_thread, name, lambda *a, **k: (started_threads.append(a), start(*a, **k))[1])
            for threads in (1, 2):
                c = memoryview(bytearray(800 * 800 * 8)).cast("d", (800, 800))
                nogil_kernels.matmul(a, a, out=c, threads=threads)
                print(nogil_kernels.sum_of_squares(x, threads=threads), nogil_kernels.sum_of_squares(c), flush=True)
            setattr(_thread, name, start)
            print(len(started_threads), flush=True)
        '''
        with Interpreter() as other:
            other.run(inside)
            other.start(inside).join()  # on a thread that this interpreter did not start
    """
    lines = in_a_process(code).splitlines()
    assert len(lines) == 6
    assert len({lines[i] for i in (0, 1, 3, 4)}) == 1
    assert min(int(lines[2]), int(lines[5])) >= 2


def test_two_interpreters_can_import_and_compute_at_the_same_time():
    code = """
        for _ in range(10):
            both = Interpreter(), Interpreter()
            threads = [interpreter.start('''if True:
                import nogil_kernels
                view = memoryview(bytearray(200 * 200 * 8)).cast("d", (200, 200))
                c = memoryview(bytearray(200 * 200 * 8)).cast("d", (200, 200))
                view[199, 199] = 3.0
                for _ in range(20):
                    nogil_kernels.matmul(view, view, out=c)
                    assert nogil_kernels.sum_of_squares(c) == 81.0
                print("right", flush=True)
            ''') for interpreter in both]
            for thread, interpreter in zip(threads, both):
                thread.join()
                interpreter.close()
    """
    assert in_a_process(code).count("right") == 20


def test_interpreters_leak_no_buffer():
    code = f"""
        count = {50 if EVERY_TEST else 12}
        import psutil
        process = psutil.Process()

        def growth(code, count):
            with Interpreter() as other:
                other.run(code)
            before = process.memory_info().rss
            for _ in range(count):
                with Interpreter() as other:
                    other.run(code)
            return (process.memory_info().rss - before) / count

        buffers = '''if True:
            import array, os, threading
            x = memoryview(bytearray(1000 * 1000 * 8)).cast("d", (1000, 1000))
            c = memoryview(bytearray(1000 * 1000 * 8)).cast("d", (1000, 1000))
        '''
        kernels = buffers + '''
            import nogil_kernels
            nogil_kernels.matmul(x, x, out=c)
            nogil_kernels.sum_of_squares(x)
        '''
        print(growth(buffers, count), growth(kernels, count))
    """
    without, with_kernels = map(float, in_a_process(code).split())
    # CPython keeps the heap of an interpreter, some 2.5 MB, if an object outlives it. Objects of Cython modules do, and
    # on 3.13 objects of CPython too. A matrix here has 8 MB, so the limit of 4 MB shows that none is leaked.
    assert with_kernels - without < 4e6, f"{with_kernels} bytes per interpreter, {without} without kernels"


def test_interpreters_begin_and_end_while_kernels_run_in_them_and_in_the_main_one():
    """NOGIL_KERNELS_TEST=every starts a hundred interpreters."""
    inside = """if True:
        import array, threading
        import nogil_kernels
        x = array.array("d", [1.5]) * 3_200_000  # long enough for two threads
        a = memoryview(array.array("d", [2.0]) * 250_000).cast("B").cast("d", (500, 500))
        c = memoryview(bytearray(8 * 250_000)).cast("d", (500, 500))
        wrong_results = []
        def compute(rounds):
            for _ in range(rounds):
                for threads in (1, 2):
                    nogil_kernels.matmul(a, a, out=c, threads=threads)
                    results = c[0, 0], c[499, 499], nogil_kernels.sum_of_squares(x, threads=threads)
                    if results != (2000.0, 2000.0, 7_200_000.0):
                        wrong_results.append(results)
        thread = threading.Thread(target=compute, args=(1,))
        thread.start()
        compute(1)
        thread.join()
        print(wrong_results, flush=True)
    """
    code = f"""
        inside = {textwrap.dedent(inside)!r}
        exec(inside)
        thread = threading.Thread(target=compute, args=(10**9,), daemon=True)
        thread.start()
        for _ in range({50 if EVERY_TEST else 5}):
            with Interpreter() as first, Interpreter() as second:
                threads = [interpreter.start(inside) for interpreter in (first, second)]
                for thread in threads:
                    thread.join()
        print(wrong_results)
    """
    assert in_a_process(code).splitlines() == ["[]"] * (2 * (50 if EVERY_TEST else 5) + 2)


def test_an_error_does_not_affect_other_interpreters():
    code = """
        import nogil_kernels
        with Interpreter() as first, Interpreter() as second:
            for bad in ("sum_of_squares(b'a', gil='?')", "sum_of_squares(b'a', threads=0)",
                        "matmul(b'', b'', out=b'')"):
                try:
                    first.run("import nogil_kernels; nogil_kernels." + bad)
                except Exception as error:
                    print(str(error).strip().splitlines()[0].replace("<class '", "").partition(":")[0])
            for interpreter in (first, second):
                interpreter.run("import nogil_kernels; print(nogil_kernels.sum_of_squares(b'abc'), flush=True)")
        print(nogil_kernels.sum_of_squares(b"abc"))
    """
    *errors, first, second, main = in_a_process(code).splitlines()
    assert len(errors) == 3
    assert all("Error" in error for error in errors)
    assert (first, second, main) == ("28814",) * 3


def test_the_instruction_set_is_chosen_once_per_process():
    code = """
        import nogil_kernels
        os.environ["NOGIL_KERNELS_ISA"] = nogil_kernels.build_info()["isas_available"][-1]
        with Interpreter() as other:
            other.run("import nogil_kernels; print(nogil_kernels.build_info()['isa'], flush=True)")
        os.environ["NOGIL_KERNELS_ISA"] = "sse9"
        with Interpreter() as other:
            try:
                other.run("import nogil_kernels")
            except Exception as error:
                print("sse9" in str(error))
    """
    assert in_a_process(code, NOGIL_KERNELS_ISA="portable").split() == ["portable", "True"]


def test_an_interpreter_with_the_shared_gil_computes_and_then_the_main_one_does():
    code = """
        inside = "import nogil_kernels; print(nogil_kernels.sum_of_squares(b'abc', gil='release'), flush=True)"
        for _ in range(2):
            with Interpreter("shared") as other:
                other.run(inside)
            exec(inside)
    """
    assert in_a_process(code).split() == ["28814"] * 4


@pytest.mark.skipif(sys.version_info < (3, 14), reason="InterpreterPoolExecutor came with Python 3.14")
def test_a_pool_of_interpreters_runs_the_public_functions_on_memoryviews():
    code = """
        import nogil_kernels
        from concurrent.futures import InterpreterPoolExecutor
        c = memoryview(bytearray(2 * 2 * 8)).cast("d", (2, 2))
        a = memoryview(bytearray(2 * 2 * 8)).cast("d", (2, 2))
        a[0, 0] = a[1, 1] = 3.0
        with InterpreterPoolExecutor(2) as pool:
            print([pool.submit(nogil_kernels.sum_of_squares, a).result() for _ in range(4)])
            pool.submit(multiply, a, c).result()
        print(c.tolist())
    """
    script = "def multiply(a, c):\n    import nogil_kernels\n    nogil_kernels.matmul(a, a, out=c)\n"
    printed = in_a_process(textwrap.indent(script, "        ") + code)
    assert printed.splitlines() == ["[18.0, 18.0, 18.0, 18.0]", "[[9.0, 0.0], [0.0, 9.0]]"]


@pytest.mark.skipif(not FREE_THREADED_NOW, reason="this build has no free threading")
def test_interpreters_keep_the_gil_off():
    code = """
        import nogil_kernels
        with Interpreter() as other:
            other.run("import nogil_kernels, sys; print(sys._is_gil_enabled(), flush=True)")
        print(sys._is_gil_enabled())
    """
    assert in_a_process(code).split() == ["False", "False"]
