"""If the disk is full, the samples of an experiment, which takes minutes, are saved in the temporary folder."""

import errno
import os

import pytest

from bench import experiment, suites, tables
from nogil_kernels.measure import suite_file


def fail(*arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("full", ["--json", "stdout"])
def test_samples_are_saved_elsewhere_if_they_cannot_be_written_or_printed(full, tmp_path, monkeypatch, capsys):
    suite = suites.make({"a": [1.0]}, {"a": {"nk_bench": "fake"}})
    example = experiment.Experiment("fake", "An example.\n", "", lambda options: iter(()), lambda suite: [])
    monkeypatch.setattr(suite_file.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(experiment, "_measure", lambda *arguments: suite)
    monkeypatch.setattr(suites, "heading", lambda suite: "")
    if full == "stdout":
        monkeypatch.setattr(tables, "show", fail)
        with pytest.raises(SystemExit, match=r"^1$"):
            example.main([])
    else:
        save = suite_file.save
        monkeypatch.setattr(suite_file, "save", lambda suite, path: fail() if path == "/x.json" else save(suite, path))
        monkeypatch.setattr(experiment, "writable", str)
        assert example.main(["--json", "/x.json"]) == 1
    (path,) = tmp_path.iterdir()
    assert suite_file.load(path).get_benchmark_names() == ["a"]
    assert f"saved the samples to {path}" in capsys.readouterr().err
