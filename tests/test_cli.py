"""The command `nogil-kernels`: what it prints, where, and the exit status."""

import json
import os
import subprocess
import sys
import time

import pytest

import nogil_kernels
from nogil_kernels import build_info
from nogil_kernels.cli import main


def run(*arguments, code=None, **variables):
    """The command in a fresh interpreter, every warning an error."""
    program = ["-m", "nogil_kernels"] if code is None else ["-c", code]
    return subprocess.run(
        [sys.executable, "-W", "error", *program, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def without(module):
    """Code that runs the command as if `module` were not installed."""
    return f"import sys; sys.modules[{module!r}] = None; from nogil_kernels.cli import main; sys.exit(main())"


@pytest.fixture
def short(monkeypatch):
    """A comparison of one round."""
    pytest.importorskip("pyperf")
    pytest.importorskip("rich")
    monkeypatch.setattr("nogil_kernels.scaling.QUICK_SECONDS", 0.01)


def test_version(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"nogil-kernels {nogil_kernels.__version__}\n"


def test_python_m_is_the_same_command():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"nogil-kernels {nogil_kernels.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "said"), [(["--help"], ["compare", "info"]), (["compare", "--help"], ["--quick", "--json FILE"])]
)
def test_help_names_what_there_is(arguments, said, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(arguments)
    text = capsys.readouterr().out
    assert all(word in text for word in said)


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 2
    assert "compare" in capsys.readouterr().err


def test_info_prints_text_and_as_json_the_same_facts(capsys):
    assert main(["info"]) == 0
    text = capsys.readouterr().out
    assert main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["facts"]
    assert (facts["nk_version"], facts["nk_backend"]) == (nogil_kernels.__version__, build_info()["backend"])
    assert all(str(facts[name]) in text for name in ("nk_version", "nk_backend", "python_version", "cpu_model_name"))


@pytest.mark.parametrize("module", ["pyperf", "rich"])
def test_without_the_extra_compare_prints_the_one_command_that_installs_it(module):
    done = run("compare", "--quick", code=without(module))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "pip install 'nogil-kernels[bench]'\n"


def test_compare_prints_a_table_and_writes_what_it_was_drawn_from(short, tmp_path, capsys):
    path = tmp_path / "report.json"
    assert main(["compare", "--quick", "--json", str(path)]) == 0
    text = capsys.readouterr()
    assert "sum_of_squares on threads" in text.out
    assert str(path) in text.err.replace("\n", "")
    assert "\x1b" not in text.out + text.err
    assert {"version", "benchmarks", "metadata"} <= json.loads(path.read_text()).keys()


@pytest.mark.parametrize("path", ["", "no/such/folder/report.json", "."])
def test_a_file_that_cannot_be_written_is_refused_before_measuring(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nogil_kernels.scaling.compare", lambda **options: pytest.fail("measured"))
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["compare", "--json", path])
    assert f"cannot write '{path}': " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_without_a_sample_ends_quietly(monkeypatch, capsys, short):
    def interrupt(**options):
        raise KeyboardInterrupt

    monkeypatch.setattr("nogil_kernels.scaling.compare", interrupt)
    assert main(["compare", "--quick"]) == 130
    assert "Traceback" not in capsys.readouterr().err


INTERRUPT_THE_THIRD_SAMPLE = """
import signal, sys, threading
from nogil_kernels.cli import main
from nogil_kernels.scaling import runner

sample, samples = runner.sample, []

def interrupted(way, calls, total):
    samples.append(total > len(calls))  # as many calls as workers only warm up
    if samples.count(True) == 3:
        threading.Timer(0.01, signal.pthread_kill, [threading.main_thread().ident, signal.SIGINT]).start()
    return sample(way, calls, total)

runner.sample = interrupted
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to one thread there")
def test_ctrl_c_prints_and_writes_what_there_is(tmp_path):
    pytest.importorskip("pyperf")
    pytest.importorskip("rich")
    path = tmp_path / "report.json"
    done = run("compare", "--json", str(path), code=INTERRUPT_THE_THIRD_SAMPLE)
    assert done.returncode == 130, done.stderr
    assert "Interrupted" in done.stdout
    assert "Traceback" not in done.stderr
    assert json.loads(path.read_text())["metadata"]["nk_interrupted"] == 1


def test_quick_ends_within_ten_seconds(tmp_path):
    pytest.importorskip("pyperf")
    pytest.importorskip("rich")
    begin = time.monotonic()
    done = run("compare", "--quick", PYTHONIOENCODING="ascii")
    assert time.monotonic() - begin < 10
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "matmul on threads" in done.stdout
