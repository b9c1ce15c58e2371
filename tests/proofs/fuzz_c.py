"""Fuzz the C core and the compiled kernels with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.

    python tests/proofs/fuzz_c.py [SECONDS]    # for each run; the default of 360 makes half an hour

Each file of fuzz/ is a target. Its comment says what the fuzzer's bytes choose. Results are compared with plain loops.
`calls` runs once per instruction set; the other targets choose among all of the processor. The targets must first find
seeded faults within two minutes each. This needs clang with libFuzzer, and a Python with headers and its library. The
corpus stays in .fuzz_cache, and so do inputs that fail.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from faults import ROOT, SECOND_BUILD, Copy, Fault, without

CACHE = ROOT / ".fuzz_cache"
KERNELS = "src/nogil_kernels/compiled"
# Target -> the C files, compiled per instruction set or once, that are linked into it.
TARGETS = {"runs": ["runs"], "tiles": ["tiles", "narrow", "long_double"], "calls": []}
ISAS = ("portable", "avx2", "avx512", "neon")
SECONDS = 360
SECONDS_FOR_A_FAULT = 120  # most take a second, and none a minute on an idle core
# The kernels access memory by memcpy, at any address. Without checks for pointers and with calls instead of inlined
# checks, compiling takes a quarter of the time.
FLAGS = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-sanitize=alignment,pointer-overflow"
# Part of CC, because a command has CFLAGS twice, and clang accepts this option only once.
CALLS = "-mllvm -asan-instrumentation-with-call-threshold=0"

# Edits of setup.py: modules that no target uses, and those that only some targets use.
UNUSED = (
    *SECOND_BUILD,
    without("measure/limits", '(["measure/loops.c"]'),
    without("gil/sampler", "([]"),
)
USED = {
    "isa": without("compiled/isa/isa", "([]"),
    "sum_of_squares": without("compiled/sum_of_squares/sum_of_squares", "SUM_SOURCES"),
    "matmul": without("compiled/matmul/matmul", "MATMUL_SOURCES"),
}


class Detector(NamedTuple):
    """A fault that a target must find, the module that is built again with it, and the words of the report."""

    target: str
    module: str
    fault: Fault
    report: str


DETECTORS = (
    Detector(
        "runs",
        "sum_of_squares",
        Fault(f"{KERNELS}/sum_of_squares/runs.c", "value = 1; /* the carry */", "value = 0;"),
        r"WRONG, line \d+: word \d",
    ),
    Detector(
        "runs",
        "sum_of_squares",
        Fault(f"{KERNELS}/sum_of_squares/runs.c", "numbers = padded_batch;", "numbers = padded_batch - i + i;"),
        r"runtime error: index -\d+ out of bounds",
    ),
    Detector(
        "tiles",
        "matmul",
        Fault(
            f"{KERNELS}/matmul/tile.h",
            "(i / PARTS < rows ? i / PARTS : rows - 1) * a_row_stride",
            "i / PARTS * a_row_stride",
        ),
        "AddressSanitizer",
    ),
    Detector(
        "calls",  # the carry to the fourth axis from the end
        "sum_of_squares",
        Fault(
            f"{KERNELS}/sum_of_squares/chunks.pxd",
            "while axis > 0 and index[axis] == axes.shape[axis]:",
            "while axis > max(0, inner - 2) and index[axis] == axes.shape[axis]:",
        ),
        r"WRONG, line \d+|AddressSanitizer",
    ),
    Detector(
        "calls",  # buffers that overlap by less than an element
        "matmul",
        Fault(f"{KERNELS}/shared/buffers.pxd", "high[0] = low[0] + view.itemsize", "high[0] = low[0]"),
        r"WRONG, line \d+: out shares bytes",
    ),
)


def main(seconds=SECONDS):
    started = time.monotonic()
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        compiler = clang(name)
        original = Copy.of_project(
            Path(name, "original"),
            CC=f"{compiler} {CALLS}",
            CFLAGS=f"{FLAGS} -fsanitize=fuzzer-no-link",
            LDSHARED=f"{compiler} -shared",
        )
        for fault in UNUSED:
            original.apply(fault)
        build(original)
        for number, detector in enumerate(DETECTORS):
            must_find(detector, original.clone(Path(name, f"faulty-{number}")), compiler)
        failed = [run_name for target in TARGETS for run_name in fuzz(target, original, compiler, seconds)]
    print(f"{len(failed)} runs failed, after {(time.monotonic() - started) / 60:.0f} min")
    return len(failed) > 0


def clang(folder):
    """Return the command of a clang with libFuzzer and the sanitizers."""
    compiler = os.environ.get("CC") or shutil.which("clang") or ""
    command = [*shlex.split(compiler), *FLAGS.split(), "-fsanitize=fuzzer", "-x", "c", "-", "-o", Path(folder, "clang")]
    program = "int LLVMFuzzerTestOneInput(const char *data, long size) { return !data && size; }"
    if not compiler or subprocess.run(command, input=program, text=True, check=False).returncode:
        sys.exit("No clang with libFuzzer. Install it (Debian: apt-get install clang), or set CC to its path.")
    return compiler


def build(copy):
    if message := copy.build():
        sys.exit(message)


def link(target, copy, compiler):
    """Compile a target of fuzz/, without sanitizers, and link it with the objects of the build. Return the program."""
    program, compiler = copy.root / target, shlex.split(compiler)
    include = [f"-I{copy.root / 'src/nogil_kernels'}", f"-I{sysconfig.get_path('include')}"]
    source = copy.root / f"tests/proofs/fuzz/{target}.c"
    subprocess.run(
        [*compiler, "-O2", "-g", "-fsanitize=fuzzer-no-link", *include, "-c", source, "-o", f"{program}.o"], check=True
    )
    command = [*compiler, *FLAGS.split(), "-fsanitize=fuzzer", f"{program}.o", "-lm", "-o", program]
    command += [path for name in TARGETS[target] for path in copy.root.glob(f"build/temp.*/**/{name}.o")]
    if target == "calls":  # -rdynamic: the modules use functions of Python and of the sanitizers
        command += ["-rdynamic", *python_library()]
    subprocess.run(command, check=True)
    return program


def python_library():
    """Return the linker's options for embedding this Python."""
    settings = sysconfig.get_config_vars()
    if settings["Py_ENABLE_SHARED"]:
        return [Path(settings["LIBDIR"], settings["LDLIBRARY"]), f"-Wl,-rpath,{settings['LIBDIR']}"]
    return [Path(settings["LIBPL"], settings["LIBRARY"]), *settings["LIBS"].split(), *settings["SYSLIBS"].split()]


def run(program, copy, *options, isa=""):
    """Run a target, and return the completed process."""
    variables = {
        "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=64",  # Python keeps memory until it exits
        "NOGIL_KERNELS_ISA": isa,
        "PYTHONHOME": sys.base_prefix,
        "PYTHONMALLOC": "malloc",  # so that ASan sees the end of every object
    }
    limits = ("-max_len=160", "-len_control=0", "-timeout=60", "-rss_limit_mb=4000", "-print_final_stats=1")
    return copy.run(str(program), *limits, *options, **variables)


def must_find(detector, copy, compiler):
    """Exit if a target does not find a fault."""
    for edit in (detector.fault, *(edit for module, edit in USED.items() if module != detector.module)):
        copy.apply(edit)
    build(copy)
    program = link(detector.target, copy, compiler)
    started = time.monotonic()
    process = run(program, copy, f"-max_total_time={SECONDS_FOR_A_FAULT}", "-artifact_prefix=fault-")
    report = re.search(detector.report, process.stderr)
    if not process.returncode or not report:
        sys.exit(f"{process.stderr[-3000:]}\n{detector.target} does not find a seeded fault: {detector.fault}")
    print(f"{detector.target} finds a fault in {detector.fault.file} within {time.monotonic() - started:.0f} s:")
    print(
        f"  - {detector.fault.old}\n  + {detector.fault.new}\n  {report.string[report.start() :].splitlines()[0]}",
        flush=True,
    )


def fuzz(target, copy, compiler, seconds):
    """Run a target, `calls` once for each instruction set. Yield the name of each run that fails."""
    program = link(target, copy, compiler)
    for isa in ISAS if target == "calls" else ("",):
        if isa and run(program, copy, "-runs=1", isa=isa).returncode:
            print(f"{target}-{isa} does not start: this processor lacks the instruction set", flush=True)
            continue
        name = f"{target}-{isa}" if isa else target
        corpus = CACHE / name
        corpus.mkdir(exist_ok=True)
        process = run(program, copy, f"-max_total_time={seconds}", f"-artifact_prefix={corpus}-", corpus, isa=isa)
        executions = re.search(r"number_of_executed_units: (\d+)", process.stderr)
        coverage = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", process.stderr)
        print(
            name, executions and executions[1], "executions, (coverage, features, corpus):", coverage[-1:], flush=True
        )
        if process.returncode:
            print(process.stderr[-5000:])
            yield name


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
