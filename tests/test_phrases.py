"""Plain English: no text of the project has a phrase that readers had to read twice. They are listed in phrases.txt."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("src/nogil_kernels", "tests", "bench", "docs", "examples", ".github")
SUFFIXES = {".py", ".pyi", ".pyx", ".pxd", ".c", ".h", ".md", ".toml", ".yml", ".in"}
LIST = Path(__file__).with_name("phrases.txt")
# What `compare` prints has words of its own. These files make and test it, and documents quote it between these marks.
PRINTERS = {"sentences.py", "table.py", "test_report.py"}
PRINTED = re.compile(r"<!-- compare \S+: begin -->.*?<!-- compare", re.DOTALL)


def phrases():
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [phrase for line in lines for phrase in line.split(" / ")]


def texts():
    """The words of every text file: (path, text without line breaks and comment signs)."""
    files = [*ROOT.glob("*"), *ROOT.glob(".ci/*"), *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))]
    for path in files:
        if (path.suffix in SUFFIXES or path.parent.name == ".ci") and path.name not in PRINTERS:
            text = PRINTED.sub("", path.read_text(encoding="utf-8"))
            yield path.relative_to(ROOT), re.sub(r"\s+(?:(?:#|\*|//)\s+)?", " ", text)


def found(phrase):
    return re.compile(rf"\b{re.escape(phrase)}\b", re.IGNORECASE)


def test_no_text_has_a_phrase_that_readers_had_to_read_twice():
    patterns = {phrase.lower(): found(phrase) for phrase in phrases()}
    assert patterns
    matches = [
        f"{path}: {text[max(0, match.start() - 30) : match.end() + 30]}"
        for path, text in texts()
        for lower in [text.lower()]
        for phrase, pattern in patterns.items()
        if phrase in lower  # much faster than the search for whole words
        for match in pattern.finditer(text)
    ]
    assert matches == []


def test_a_phrase_is_found_across_lines_and_comment_signs(tmp_path, monkeypatch):
    phrase = phrases()[0]
    first, *rest = phrase.split()
    (tmp_path / "some.py").write_text(f"# {first.upper()}\n    # {' '.join(rest)} here\n", encoding="utf-8")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    ((_, text),) = texts()
    assert found(phrase).search(text)
