"""Prove each promise of the documents: its test passes, and fails if a fault is seeded.

    python tests/proofs/promises.py               # prove all promises, and write docs/promises.md
    python tests/proofs/promises.py --only bits   # prove the promises with this word, and keep the page as it is

promises.toml lists the promises. Each has the sentence, its source, a test and a fault. The fault is seeded into a
copy of the project. It shows that the test can fail.
"""

import argparse
import re
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from faults import PYTHON_ONLY, ROOT, Copy, Fault, workers

PAGE = ROOT / "docs/promises.md"
TIMEOUT = 120  # seconds for one test; a fault can make it wait forever

HEADER = """# Promises, each with its proof

`nox -s promises` wrote this page. For each promise of the README, the other documents and the docstrings, it ran a
test, which passed. Then it seeded one fault into a copy of the project, built the copy, and ran the test again, which
failed. So each test notices at least this fault.

| Run | |
| --- | --- |
"""


class Promise(NamedTuple):
    """One sentence of the documents, and its proof."""

    promise: str
    source: str
    test: str
    fault: Fault

    def command(self):
        """Return the command that runs the test."""
        return f"pytest {self.test}"


class Proof(NamedTuple):
    """What happened when the test ran on the faulty copy."""

    failure: str
    seconds: float


def promises():
    """Return the promises of promises.toml, in its order."""
    entries = tomllib.loads((Path(__file__).parent / "promises.toml").read_text(encoding="utf-8"))["promise"]
    return [Promise(**{**entry, "fault": Fault(**entry["fault"])}) for entry in entries]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a word of the promises to prove")
    parser.add_argument("--jobs", type=int, default=2, help="promises that are proved at the same time")
    options = parser.parse_args()
    chosen = [promise for promise in promises() if options.only in promise.promise]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, workers(options.jobs) as pool:
        original = Copy.of_project(Path(folder) / "original")
        if message := original.build():
            sys.exit(message)
        proofs = list(pool.map(lambda promise: prove(promise, original), chosen))
        if not options.only and all(proofs):
            PAGE.write_text(page(chosen, proofs, original, (time.monotonic() - started) / 60), encoding="utf-8")
    print(f"{sum(map(bool, proofs))} of {len(proofs)} promises are proved")
    return not all(proofs)


def prove(promise, original):
    """Return the proof of a promise. Print the reason and return None if there is none."""
    with tempfile.TemporaryDirectory() as folder:
        copy = original.clone(Path(folder) / "copy")
        failure = failure_of(copy, promise)
        if failure:
            print(f"NO PROOF  {promise.promise}\n          fails without the fault: {failure}", flush=True)
            return None
        copy.apply(promise.fault)
        if Path(promise.fault.file).suffix not in PYTHON_ONLY and (message := copy.build()):
            print(f"NO PROOF  {promise.promise}\n          the fault does not compile: {message[-500:]}", flush=True)
            return None
        started = time.monotonic()
        failure = failure_of(copy, promise)
    print(f"{'proved' if failure else 'NO PROOF'}  {promise.promise}\n          {failure or 'passes'}", flush=True)
    return Proof(failure, time.monotonic() - started) if failure else None


def failure_of(copy, promise):
    """Return how the test of a promise fails in a copy, or an empty string. Exit if the test does not exist."""
    try:
        process = copy.test(*shlex.split(promise.test), timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"no end after {TIMEOUT} s"
    if process.returncode in (2, 4, 5) or (process.returncode == 0 and " passed" not in process.stdout):
        sys.exit(f"no test ran for {promise.test}:\n{process.stdout[-2000:]}{process.stderr[-500:]}")
    if not process.returncode:
        return ""
    if process.returncode < 0 or process.returncode > 128:
        return f"the process ends by signal {abs(process.returncode) % 128}"
    errors = re.findall(r"^E  +(\S.*)", process.stdout, re.MULTILINE)
    return errors[0] if errors else f"exit status {process.returncode}"


def page(chosen, proofs, original, minutes):
    """Return docs/promises.md."""
    facts = {
        "Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "Commit": git("rev-parse", "--short", "HEAD") + (" and local changes" if git("status", "--porcelain") else ""),
        "Versions": versions(original),
        "Time": f"{minutes:.0f} minutes",
    }
    table = "".join(f"| {name} | {fact} |\n" for name, fact in facts.items())
    return HEADER + table + "".join(entry(*pair, i) for i, pair in enumerate(zip(chosen, proofs, strict=True), 1))


def entry(promise, proof, number):
    """Return one promise as Markdown: the sentence, the command, the fault as a difference, and the failure."""
    difference = [f"-{line}" for line in promise.fault.old.splitlines()]
    difference += [f"+{line}" for line in promise.fault.new.splitlines()]
    return "\n".join(
        [
            f"\n## {number}. {promise.promise}\n",
            f"From [{promise.source}](../{promise.source}). Tested by:\n",
            f"    {promise.command()}\n",
            f"It fails after {proof.seconds:.0f} s with this fault in",
            f"[{promise.fault.file}](../{promise.fault.file}):\n",
            "```diff",
            *difference,
            "```",
            "",
        ]
    )


def versions(original):
    """Return the versions of Python, NumPy and pytest, the processor and the instruction set."""
    code = """if True:
        import numpy, platform, pytest
        from nogil_kernels import build_info
        from nogil_kernels.measure.machine import cpu_name
        print(f"CPython {platform.python_version()}, NumPy {numpy.__version__}, pytest {pytest.__version__},",
              f"{cpu_name()}, {build_info()['isa']}")
    """
    return original.run(sys.executable, "-c", code).stdout.strip()


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
