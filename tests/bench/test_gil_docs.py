"""What README.md and docs/gil.md show of a comparison."""

from pathlib import Path

import pytest

from nogil_kernels.scaling.report import Report

ROOT = Path(__file__).parents[2]
BASELINE = ROOT / "bench" / "results" / "compare-epyc.json"


@pytest.fixture(scope="module")
def documents():
    """The module that writes them; it draws, too."""
    pytest.importorskip("matplotlib")
    from bench import docs

    return docs


@pytest.mark.parametrize("document", ["README.md", "docs/gil.md"])
def test_a_document_shows_the_baseline_as_the_command_prints_it(document, documents):
    text = (ROOT / document).read_text(encoding="utf-8")
    assert documents.SECTION.findall(text)
    assert documents.with_compare_sections(text, Report.load(BASELINE)) == text


def test_a_section_of_a_workload_that_was_not_measured_is_refused(documents):
    from bench import Impossible

    text = "<!-- compare pears: begin -->\n<!-- compare pears: end -->\n"
    with pytest.raises(Impossible, match="workload 'pears', which the report does not have"):
        documents.with_compare_sections(text, Report.load(BASELINE))


def test_docs_takes_a_comparison_among_other_baselines(documents, tmp_path, monkeypatch):
    for name in ("README", "GIL"):
        path = tmp_path / f"{name}.md"
        path.write_text("<!-- compare counter: begin -->\nold\n<!-- compare counter: end -->\n")
        monkeypatch.setattr(documents, name, path)
    monkeypatch.setattr(documents, "DOCS", tmp_path)
    assert documents.main([str(BASELINE)]) == 0
    for name in ("README", "GIL"):
        text = (tmp_path / f"{name}.md").read_text()
        assert "counter += 1" in text
        assert "old" not in text
    assert (tmp_path / "compare-epyc.svg").stat().st_size > 0
