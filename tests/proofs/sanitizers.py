"""Run the tests of the kernels under sanitizers. Before that, each sanitizer must report a seeded fault.

    python tests/proofs/sanitizers.py asan [PYTHON]   # AddressSanitizer and UndefinedBehaviorSanitizer
    python tests/proofs/sanitizers.py tsan PYTHON     # ThreadSanitizer, on a free-threaded Python built with it

The program copies the project, makes a virtual environment of PYTHON, and builds the kernels with GCC's sanitizers. The
faults show that the sanitizers are on: a build without them would pass every test. For tsan, the prefix of PYTHON must
contain suppressions.txt, a copy of Tools/tsan/suppressions_free_threading.txt of CPython's sources.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from faults import SECOND_BUILD, Copy, Fault

PACKAGES = ("setuptools >= 80", "Cython >= 3.3", "numpy >= 1.26", "pytest >= 8", "hypothesis >= 6.100")
KERNELS = "src/nogil_kernels/compiled"
CONCURRENCY = "tests/kernels/test_concurrency.py"
FORK = "ThreadSanitizer ends a child that starts threads after a fork"


class Detector(NamedTuple):
    """A fault, tests that run the faulty line, and the words that the sanitizer must print."""

    fault: Fault
    tests: tuple
    report: str


class Sanitizer(NamedTuple):
    """The compiler's options, the environment of the tests, the tests, the excluded ones, and the seeded faults.

    -O1: with -O3, the compiler takes three times as long.
    """

    options: str
    variables: dict
    tests: tuple
    excluded: dict  # file or test -> reason
    detectors: tuple


ASAN = Sanitizer(
    options="-O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined",
    variables={
        # detect_leaks=0: the interpreter does not free all memory at exit. allocator_may_return_null=1: some tests
        # request more memory than the machine has. malloc: Python's own allocator takes large arenas, in which an
        # access beyond a buffer would not be detected.
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
    },
    tests=("tests/kernels", "-m", "kernels", "-k", "compiled"),
    excluded={"tests/kernels/test_longest_hold.py": "measures time, and the checks make kernels slower"},
    detectors=(
        Detector(
            Fault(
                f"{KERNELS}/sum_of_squares/runs.c",
                "for (; i + LANES <= n; i += LANES) two_sum(",
                "for (; i < n; i += LANES) two_sum(",
            ),
            ("tests/kernels/test_sum_of_squares.py", "-k", "compiled and every_dtype_and_length"),
            "ERROR: AddressSanitizer: heap-buffer-overflow",
        ),
        Detector(
            Fault(
                f"{KERNELS}/sum_of_squares/runs.c",
                "return value < 0 ? 0 - (uint32_t)value : (uint32_t)value;",
                "return (uint32_t)(value < 0 ? -value : value);",
            ),
            ("tests/kernels/test_sum_of_squares.py", "-k", "compiled and extreme_integers"),
            "runtime error: negation of -2147483648 cannot be represented",
        ),
    ),
)
TSAN = Sanitizer(
    options="-O1 -fsanitize=thread",
    variables={},  # see variables_of
    tests=(*(f"tests/kernels/test_{name}.py" for name in ("threads", "gil", "concurrency")), "-k", "compiled"),
    excluded={
        f"{CONCURRENCY}::test_a_child_that_is_forked_during_calls_computes": FORK,
        f"{CONCURRENCY}::test_a_child_can_pass_an_inherited_executor_whose_threads_are_gone": FORK,
        f"{CONCURRENCY}::test_python_exits_while_daemon_threads_are_inside_kernels": (
            "CPython 3.13 without a GIL prints an error if it exits while a daemon thread starts another thread"
        ),
    },
    detectors=(
        Detector(
            Fault(f"{KERNELS}/sum_of_squares/chunks.pxd", "set_row(&p.overflow, row)", "p.overflow = row"),
            ("tests/kernels/test_threads.py", "-k", "compiled and rows_that_overflow"),
            "WARNING: ThreadSanitizer: data race",
        ),
    ),
)
SANITIZERS = {"asan": ASAN, "tsan": TSAN}
QUIET = {"TSAN_OPTIONS": "report_bugs=0"}  # for programs other than the tests


def variables_of(name, python):
    """Return the part of the tests' environment that depends on GCC or on Python."""
    if name == "asan":
        libraries = [printed("gcc", f"-print-file-name={library}.so") for library in ("libasan", "libubsan")]
        return {"LD_PRELOAD": " ".join(libraries)}
    suppressions = Path(printed(python, "-c", "import sys; print(sys.base_prefix)"), "suppressions.txt")
    if not suppressions.exists():
        sys.exit(f"{suppressions} is missing. Copy Tools/tsan/suppressions_free_threading.txt of CPython to this path.")
    return {"TSAN_OPTIONS": f"halt_on_error=1:suppressions={suppressions}"}


def printed(*command):
    process = subprocess.run(command, capture_output=True, text=True, env=os.environ | QUIET, check=False)
    if process.returncode:
        sys.exit(
            f"{process.stderr}If ThreadSanitizer complains about memory mappings, prefix the command by setarch -R."
        )
    return process.stdout.strip()


def main(name, python=sys.executable):
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        sanitizer = SANITIZERS[name]
        sanitizer.variables.update(variables_of(name, python))
        python = environment(Path(folder, "environment"), python)
        original = Copy.of_project(Path(folder, "original"))
        for fault in SECOND_BUILD:
            original.apply(fault)
        build(original, python, sanitizer)
        faulty = original.clone(Path(folder, "faulty"))
        for detector in sanitizer.detectors:
            faulty.apply(detector.fault)
        build(faulty, python, sanitizer)
        for detector in sanitizer.detectors:
            check(detector, faulty, python, sanitizer)
        excluded = [word for test in sanitizer.excluded for word in ("--deselect", test)]
        command = pytest(python, *sanitizer.tests, *excluded)
        variables = os.environ | sanitizer.variables | {"PYTHONPATH": str(original.root / "src")}
        status = subprocess.run(command, cwd=original.root, env=variables, check=False).returncode
    print(f"{name}: exit status {status} after {(time.monotonic() - started) / 60:.0f} min")
    return status


def environment(folder, python):
    """Make a virtual environment with PACKAGES. Return its Python."""
    for command in (
        [python, "-m", "venv", folder],
        [folder / "bin/python", "-m", "pip", "install", "--quiet", "--prefer-binary", *PACKAGES],
    ):
        subprocess.run(command, env=os.environ | QUIET, check=True)
    return str(folder / "bin/python")


def build(copy, python, sanitizer):
    """Build the kernels of a copy with the sanitizer. Exit with the compiler's messages if that fails."""
    process = copy.run(
        *(python, "setup.py", "-q", "build_ext", "--inplace"),
        CFLAGS=sanitizer.options,
        LDFLAGS=sanitizer.options,
        **QUIET,
    )
    if process.returncode:
        sys.exit(process.stdout + process.stderr)


def pytest(python, *arguments):
    return [python, "-m", "pytest", "-p", "no:cacheprovider", *arguments]


def check(detector, faulty, python, sanitizer):
    """Exit with a message if the sanitizer does not report the fault."""
    command = pytest(python, "-x", "--capture=no", *detector.tests)
    process = faulty.run(*command, timeout=600, **sanitizer.variables)
    text = process.stdout + process.stderr
    if process.returncode == 0 or detector.report not in text:
        sys.exit(f"{text[-3000:]}\nThe sanitizer is off: a seeded fault did not cause {detector.report!r}:\n{detector}")
    reported = text[text.index(detector.report) :].splitlines()[0]
    print(
        f"seeded into {detector.fault.file}:\n  - {detector.fault.old}\n  + {detector.fault.new}\n  {reported}",
        flush=True,
    )


if __name__ == "__main__":
    if sys.argv[1:2] not in (["asan"], ["tsan"]) or (sys.argv[1] == "tsan" and len(sys.argv) < 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:3]))
