"""A full disk: a file that cannot be written keeps its old content, and the report is printed."""

import json
from pathlib import Path

import pytest
from support import run_python

pytest.importorskip("pyperf")
pytest.importorskip("rich")
pytest.importorskip("matplotlib")
pytest.importorskip("resource", reason="this system has no limit for the size of a file")

CODE = """
    import json, resource, sys
    from nogil_kernels import scaling
    from nogil_kernels.cli import main
    from nogil_kernels.scaling.report import Report
    path, bytes_allowed, arguments = json.loads({arguments!r})
    report = Report.load(path)
    scaling.compare = lambda *arguments, **options: report
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_allowed, resource.RLIM_INFINITY))
    sys.exit(main(arguments))
"""
NAMES = ("report.json", "page.html", "plot.svg", "plot.png", "plot.pdf")


@pytest.mark.parametrize("bytes_allowed", [0, 2000], ids=["full", "nearly full"])
def test_files_on_a_full_disk_keep_their_content(bytes_allowed, saved, tmp_path):
    temporary, folder = tmp_path / "temporary", tmp_path / "folder"
    temporary.mkdir()
    folder.mkdir()
    paths = [str(folder / name) for name in NAMES]
    for path in paths:
        Path(path).write_text("old")
    arguments = ["compare", "--json", paths[0], *(word for path in paths[1:] for word in ("-o", path))]
    code = CODE.format(arguments=json.dumps([str(saved), bytes_allowed, arguments]))
    done = run_python(code, "-W", "ignore", TMPDIR=str(temporary), MPLCONFIGDIR=str(tmp_path))
    assert done.returncode == 1, done.stderr
    assert "2 threads" in done.stdout
    for path in paths:
        assert f"cannot write {path!r}: File too large" in done.stderr
    assert "cannot save the samples elsewhere: " in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name: path.read_text() for path in folder.iterdir()} == dict.fromkeys(NAMES, "old")
    assert [*temporary.iterdir()] == []
