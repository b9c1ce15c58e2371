"""Sections of documents that are written from recorded suites: the text between two marks."""

from pathlib import Path

from . import Impossible

ROOT = Path(__file__).resolve().parent.parent
README, DOCS, RESULTS = ROOT / "README.md", ROOT / "docs", ROOT / "bench" / "results"


def with_section(text: str, name: str, section: str) -> str:
    """The document with this text between the marks of that name; Impossible where they are missing."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise Impossible(f"the document needs the lines {begin.rstrip()} and {end}, around the section that is written")
    return f"{before}{begin}{section}{end}{after}"
