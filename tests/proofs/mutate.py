"""Mutation: change one token of the kernels, threads.py or arrays.py, and expect that a test fails.

    python tests/proofs/mutate.py               # 50 mutants of seed 0
    python tests/proofs/mutate.py --seed 7      # 50 others
    python tests/proofs/mutate.py --only 12     # show the twelfth mutant of the seed, and test it alone

Every comparison, constant, stride, carry and lock is a site. The seed shuffles all sites, and the first 50 that change
the machine code are tested, each in its own copy of the project: one module is built again, and the tests of kernels
and threads run until one fails. The exit status is 1 if fewer than 48 mutants are caught.

equivalent.toml lists mutants that no test can notice, because they change only the speed, or nothing. Each has its
reason. They are skipped.
"""

import argparse
import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

from faults import PYTHON_ONLY, ROOT, SECOND_BUILD, Copy, workers

MUTANTS, CAUGHT = 50, 48
PACKAGE = "src/nogil_kernels"
FOLDERS = [f"{PACKAGE}/compiled/{folder}" for folder in ("sum_of_squares", "matmul", "shared")]
EQUIVALENT = tomllib.loads((Path(__file__).parent / "equivalent.toml").read_text())["mutant"]

# Tests that notice most mutants within seconds come first. Tests that measure time come last, and a failure of these
# counts if it happens twice, because two mutants are tested at the same time.
FIRST = [
    "tests/kernels/test_properties.py",
    "tests/kernels/test_special_values.py",
    "tests/kernels/test_threads.py",
    "tests/kernels/test_schedules.py",
]
TIMED = ["tests/kernels/test_ctrl_c.py", "tests/kernels/test_gil.py"]
EXCLUDED = ["tests/kernels/test_longest_hold.py", "tests/kernels/test_profilers.py"]
WITHOUT_OTHER_ISAS = ["--ignore=tests/kernels/test_isas.py"]  # for code that is compiled once for all of them
REST = ["tests/kernels", *(f"--ignore={file}" for file in FIRST + TIMED + EXCLUDED)]
TIMEOUT = 600  # seconds for each of these three runs of pytest; without a fault, a run takes at most a third of it

STRINGS_AND_COMMENTS = {
    "python": r'"""(?s:.*?)"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*',
    "c": r'/\*(?s:.*?)\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|^#(?!define)(?:\\\n|[^\n])*|^#define \w+(?:\([^)]*\))?',
}
COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
OPERATORS = {"+": "-", "-": "+", "*": "+", "//": "*", "%": "//", "+=": "-=", "-=": "+="}
STRIDES = {"row_stride": "column_stride", "column_stride": "row_stride"}
LINES_OF = {"stride": r"stride|itemsize", "carry": r"carry|index\[|words\[|rounded|\blo\b"}
LOCKS = r"\block|acquire|atomic|running|\bstop|owners|interrupted|_pool|errors"


class Mutant(NamedTuple):
    """One replacement of text[start:end] in a file."""

    file: str
    kind: str
    start: int
    end: int
    new: str

    def applied_to(self, text):
        return text[: self.start] + self.new + text[self.end :]

    def lines(self):
        """Return the number of the line, the line before, the line, and the line with the change."""
        text = (ROOT / self.file).read_text()
        index = text.count("\n", 0, self.start)
        old, new = text.splitlines(), self.applied_to(text).splitlines()
        previous = old[index - 1] if index else ""
        return index + 1, previous.strip(), old[index].strip(), new[index].strip()

    def __str__(self):
        number, _, old, new = self.lines()
        return f"{self.file.removeprefix(PACKAGE + '/')}:{number} ({self.kind})\n      - {old}\n      + {new}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="number of the only mutant to test")
    parser.add_argument("--jobs", type=int, default=2, help="mutants that are tested at the same time")
    options = parser.parse_args()
    started = time.monotonic()
    mutants = all_mutants()
    print(f"{len(mutants)} possible mutants; seed {options.seed}", flush=True)
    random.Random(options.seed).shuffle(mutants)
    candidates = iter([mutant for mutant in mutants if not reason_why_equivalent(mutant)])
    if options.only:
        candidates = itertools.islice(candidates, options.only - 1, options.only)
    with tempfile.TemporaryDirectory() as folder:
        original = Copy.of_project(Path(folder) / "original", CFLAGS="-O1")
        if message := original.build():
            sys.exit(message)
        for fault in SECOND_BUILD:
            original.apply(fault)
        os.utime(original.root / "setup.py", (0, 0))  # a new date would be a reason to compile everything
        results = test_all(candidates, original, 1 if options.only else MUTANTS, options.jobs)
    missed = [mutant for mutant, failure in results if not failure]
    print(f"{len(results) - len(missed)} of {len(results)} caught in {(time.monotonic() - started) / 60:.0f} min")
    return len(missed) > MUTANTS - CAUGHT


def all_mutants():
    files = [
        path for folder in FOLDERS for path in (ROOT / folder).iterdir() if path.suffix in (".pyx", ".pxd", ".c", ".h")
    ]
    files += [ROOT / PACKAGE / name for name in ("threads.py", "arrays.py")]
    return [mutant for path in sorted(files) for mutant in mutants_of(path)]


def mutants_of(path):
    """Yield the mutants of a file. Strings, comments and preprocessor conditions stay as they are."""
    language = "c" if path.suffix in (".c", ".h") else "python"
    text = path.read_text()
    code = re.sub(STRINGS_AND_COMMENTS[language], blank, text, flags=re.MULTILINE)
    file = str(path.relative_to(ROOT))

    def replaced(kind, pattern, replacements):
        for match in re.finditer(pattern, code):
            for new in replacements(match):
                yield Mutant(file, kind, match.start(), match.end(), new)

    yield from replaced("comparison", r"(?<= )(<=?|>=?|==|!=)(?= )", lambda match: [COMPARISONS[match[0]]])
    yield from replaced("constant", r"(?<!except -)(?<![\w.\"])\d+(?![\w.\"])", lambda match: neighbours(int(match[0])))
    for name in STRIDES:
        yield from replaced("stride", rf"\b{name}\b(?! *=[^=])", lambda match: [STRIDES[match[0]]])
    yield from replaced("stride", r"\b\w+(?:\.|->)itemsize\b(?! *=[^=]|,.*=)", lambda match: ["1"])
    for kind, pattern in LINES_OF.items():
        for line in re.finditer(rf"^.*(?:{pattern}).*$", code, re.MULTILINE):
            for match in re.finditer(r"(?<= )(//|[-+*%]|[-+]=)(?= )", line[0]):
                start = line.start() + match.start()
                yield Mutant(file, kind, start, start + len(match[0]), OPERATORS[match[0]])
    for line in re.finditer(r"^ +(\S.*)$", code, re.MULTILINE):
        kinds = [
            kind for kind, pattern in (("carry", LINES_OF["carry"]), ("lock", LOCKS)) if re.search(pattern, line[1])
        ]
        if kinds and is_statement(line[1], language):
            yield Mutant(file, kinds[0], line.start(1), line.end(1), "pass" if language == "python" else ";")


def blank(match):
    """Return spaces in place of a string or comment, so that positions stay the same."""
    return re.sub(r"[^\n]", " ", match[0])


def neighbours(number):
    return [str(number + 1), str(number - 1)] if number else ["1"]


def is_statement(line, language):
    """Return whether a line is one complete assignment or call."""
    if any(line.count(left) != line.count(right) for left, right in ("()", "[]", "{}")):
        return False
    ending = r";" if language == "c" else r"[^:,\\]"
    return bool(
        re.fullmatch(rf"(?!cdef|return|raise|import|from|def)[\w.\[\]>*()-]+ ?([-+]?= .*|\(.*\)){ending}?", line)
    )


def reason_why_equivalent(mutant):
    """Return the reason in equivalent.toml, or None."""
    previous, old, new = mutant.lines()[1:]
    for entry in EQUIVALENT:
        texts = (("after", previous), ("line", old), ("changed", new))
        if mutant.file.endswith(entry["file"]) and all(re.search(entry.get(key, ""), text) for key, text in texts):
            return entry["reason"]
    return None


def test_all(candidates, original, count, jobs):
    """Test mutants until `count` have compiled. Return pairs of mutant and failure, which is empty for a missed one."""
    results = []
    with workers(jobs) as pool:
        # At the same time, as mutants are tested.
        baseline = list(pool.map(lambda _: failure_of(original), range(jobs)))
        if any(baseline):
            sys.exit(f"the tests fail without a fault: {baseline}")
        while len(results) < count and (
            batch := list(itertools.islice(candidates, min(jobs * 4, count - len(results))))
        ):
            for mutant, failure in pool.map(lambda mutant: (mutant, tested(mutant, original)), batch):
                if failure is not None:
                    results.append((mutant, failure))
                    print(f"{len(results):3} {failure or 'MISSED'}\n    {mutant}", flush=True)
    return results


def tested(mutant, original):
    """Return the failure that a mutant causes, or an empty string if it causes none.

    Return None if it does not compile, or to the same machine code, as in a declaration or in a branch of another
    processor (Papadakis and others, "Trivial compiler equivalence", 2015).
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = original.clone(Path(folder) / "mutant")
        path = copy.root / mutant.file
        text = mutant.applied_to(path.read_text())
        path.write_text(text)
        try:
            if path.suffix in PYTHON_ONLY:
                compile(text, mutant.file, "exec")
            elif copy.build() or modules(copy) == modules(original):
                return None
        except SyntaxError:
            return None
        return failure_of(copy, path.suffix in (".c", ".h"))


def modules(copy):
    """Return the bytes of the built kernels."""
    return [
        path.read_bytes()
        for path in sorted(copy.root.glob(f"{PACKAGE}/compiled/*/*.*"))
        if path.suffix in (".so", ".pyd")
    ]


def failure_of(copy, is_per_isa=True):
    """Return the first failure of the tests in a copy, or an empty string."""
    for arguments in (FIRST, REST if is_per_isa else REST + WITHOUT_OTHER_ISAS, TIMED):
        failure = failure_in(copy, arguments)
        if failure and (arguments is not TIMED or failure_in(copy, arguments)):
            return failure
    return ""


def failure_in(copy, arguments):
    """Return the first failure of these tests, or an empty string."""
    try:
        process = copy.test(*arguments, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"no end after {TIMEOUT} s"
    failures = re.findall(r"^(?:FAILED|ERROR) (.*)", process.stdout, re.MULTILINE)
    return (failures or [f"exit status {process.returncode}"])[0][:200] if process.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
