"""docs/promises.md: its promises are in the documents, and its faults fit the code. proofs/promises.py proves them."""

import re
from pathlib import Path

import pytest
from promises import PAGE, Proof, entry, promises

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not (ROOT / "docs").exists(), reason="only a checkout has the documents")
PROMISES = promises()


def plain(text):
    """Return a text without marks for code and bold text, and with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"[`*]|\]\([^)]*\)|\[(?=\S)", "", text))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.promise)
def test_a_promise_is_a_sentence_of_its_source(promise):
    assert plain(promise.promise) in plain((ROOT / promise.source).read_text(encoding="utf-8"))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.promise)
def test_a_fault_can_be_seeded(promise):
    text = (ROOT / promise.fault.file).read_text(encoding="utf-8")
    assert promise.fault.applied_to(text) != text


def test_the_page_shows_all_promises():
    page = PAGE.read_text(encoding="utf-8")
    parts = [entry(promise, Proof("", 0), number) for number, promise in enumerate(PROMISES, 1)]
    shown = re.sub(r"after \d+ s", "after 0 s", page)
    assert [part for part in parts if part not in shown] == []
    assert page.count("\n## ") == len(PROMISES) >= 25
