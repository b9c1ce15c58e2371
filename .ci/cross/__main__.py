"""Builds and runs the package for other processors and systems, and says which of both it did: `nox -s cross`.

    python .ci/cross              all parts
    python .ci/cross aarch64      those named

A part for which something cannot be downloaded is left out with its reason; one that fails makes the exit status 1.
"""

import os
import shutil
import sys
import tempfile
import time
import traceback

import linux
import macos
import pyodide
import windows
from parts import Cannot, Outcome, Part

PARTS = [
    Part("here", "Linux, this machine", linux.here),
    Part("aarch64", "Linux, AArch64", linux.aarch64),
    Part("musl", "Linux, x86-64, musl", linux.musl),
    Part("windows-amd64", "Windows, AMD64", windows.part("amd64")),
    Part("windows-arm64", "Windows, ARM64", windows.part("arm64")),
    Part("macos-arm64", "macOS, arm64", macos.linked("aarch64-macos.11.0", "arm64")),
    Part("macos-x86_64", "macOS, x86_64", macos.linked("x86_64-macos.11.0", "x86_64")),
    Part("pyodide", "WebAssembly, pure wheel", pyodide.pure_wheel),
]
COLUMNS = ("target", "built_with", "linked", "executed", "ran", "state")


def main() -> int:
    wanted = sys.argv[1:] or [part.name for part in PARTS]
    if unknown := set(wanted) - {part.name for part in PARTS}:
        raise SystemExit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(p.name for p in PARTS)}")
    scratch = tempfile.mkdtemp(prefix="nogil-kernels-cross-")
    os.environ["NOGIL_KERNELS_CROSS_SCRATCH"] = scratch
    try:
        outcomes = [outcome_of(part) for part in PARTS if part.name in wanted]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    show(outcomes)
    return int(any(outcome.state.startswith("FAILED") for outcome in outcomes))


def outcome_of(part: Part) -> Outcome:
    outcome = Outcome(part.target)
    began = time.monotonic()
    try:
        part.run(outcome)
    except Cannot as reason:
        outcome.state = f"left out: {reason}"
    except Exception:
        traceback.print_exc()
        outcome.state = "FAILED, see above"
    print(f"{part.name}: {outcome.state}, {time.monotonic() - began:.0f} s", flush=True)
    return outcome


def show(outcomes: list[Outcome]) -> None:
    """A Markdown table: "executed" is the column that says what was proven by running it."""
    rows = [[str(getattr(outcome, column)) for column in COLUMNS] for outcome in outcomes]
    print("\n| " + " | ".join(name.replace("_", " ") for name in COLUMNS) + " |")
    print("|" + " --- |" * len(COLUMNS))
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    raise SystemExit(main())
