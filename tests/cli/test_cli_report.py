"""`nogil-kernels report`: it prints saved reports, and refuses other files."""

from pathlib import Path

import pytest

pytest.importorskip("pyperf")
pytest.importorskip("rich")

from nogil_kernels.cli import main


def test_report_prints_the_same_text_each_time(saved, capsys):
    assert main(["report", str(saved)]) == 0
    first = capsys.readouterr().out
    assert "squares-python" in first
    assert main(["report", str(saved)]) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    "content",
    ["", "no JSON", "[]", "{}", "null", '{"version": "1.0"}', '{"version": "1.0", "benchmarks": []}', "\x00\xff"],
)
def test_a_file_without_a_report_is_refused(content, tmp_path, capsys):
    path = tmp_path / "broken.json"
    path.write_text(content, "latin-1")
    assert main(["report", str(path)]) == 2
    assert f"{str(path)!r} was not written by compare --json" in capsys.readouterr().err.replace("\n", "")


@pytest.mark.parametrize("name", ["cut.json.gz", "cut.json", "other.json"])
def test_a_truncated_file_and_a_file_of_pyperf_are_refused(name, saved, tmp_path, monkeypatch, capsys):
    import gzip

    import pyperf

    monkeypatch.chdir(tmp_path)
    whole = saved.read_bytes()
    Path("cut.json").write_bytes(whole[: len(whole) // 2])
    Path("cut.json.gz").write_bytes(gzip.compress(whole)[:-100])
    run = pyperf.Run([1.0], metadata={"name": "another"}, collect_metadata=False)
    pyperf.BenchmarkSuite([pyperf.Benchmark([run])]).dump("other.json")
    assert main(["report", name]) == 2
    assert f"{name!r} was not written by compare --json" in capsys.readouterr().err


def test_a_file_that_is_not_compressed_is_named_with_the_reason(tmp_path, capsys):
    path = tmp_path / "report.json.gz"
    path.write_text("{}")
    assert main(["report", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"nogil-kernels report: cannot read {str(path)!r}: Not a gzipped file")


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_an_unreadable_file_is_named(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["report", name]) == 2
    assert f"cannot read {name!r}: " in capsys.readouterr().err
