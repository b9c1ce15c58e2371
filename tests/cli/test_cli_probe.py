"""`nogil-kernels probe`: options, output, exit status."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from support import environment, needs_proc, remaining_processes, running_processes

from nogil_kernels.cli import main
from nogil_kernels.gil import probing

needs_native = pytest.mark.skipif(not probing.native_works(), reason="this build has no native sampler")
FAST = ["--limit", "0.5", "--no-parallel"]


@needs_native
def test_one_target_prints_the_whole_report(capsys):
    assert main(["probe", "--limit", "1", "-s", "import time", "time.sleep(0.005)"]) == 0
    output = capsys.readouterr().out
    assert output.startswith(("Waits, with the GIL released: held", "Attached "))
    assert "2 threads: forecast 2.0x, measured" in output


@needs_native
def test_several_targets_give_a_line_each(capsys):
    assert main(["probe", *FAST, "-s", "import time", "time.sleep(0.005)", "sum(range(10_000))"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(("time.sleep(0.005): Waits", "time.sleep(0.005): Attached "))
    assert second.startswith("sum(range(10_000)): ")


@needs_native
def test_json_has_the_fields(capsys):
    assert main(["probe", *FAST, "--json", "sum(range(10_000))"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "held"
    assert {"hold_fraction", "interval", "states", "longest_hold", "seconds_per_call", "held_by_others"} <= {*report}


@needs_native
@pytest.mark.parametrize(("expected", "status"), [("held", 0), ("released", 1)])
def test_expect_sets_the_exit_status(expected, status, capsys):
    assert main(["probe", *FAST, "--expect", expected, "sum(range(10_000))"]) == status
    assert ("expected released, got held" in capsys.readouterr().err) == bool(status)


def test_a_target_that_fails_shows_its_own_traceback(capsys):
    assert main(["probe", "1 / 0"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "ZeroDivisionError: division by zero" in captured.err
    assert "'1 / 0' failed: no report" in captured.err


@pytest.mark.parametrize("setup", ["import", "1 / 0"])
def test_a_setup_that_fails_is_named(setup, capsys):
    assert main(["probe", "-s", setup, "1"]) == 2
    assert capsys.readouterr().err.endswith("nogil-kernels probe: the setup of '1' failed: no report\n")


def test_an_interpreter_with_a_newline_in_its_name_is_an_error_in_one_line(capsys):
    assert main(["probe", "1", "--python", "/a\nb"]) == 2
    assert capsys.readouterr().err == "nogil-kernels probe: cannot use --python 'a\\nb': No such file or directory\n"


def test_a_function_of_the_setup_that_fails_is_a_failure_of_the_target(capsys):
    assert main(["probe", "-s", "def work(): 1 / 0", "work()"]) == 2
    assert capsys.readouterr().err.endswith("nogil-kernels probe: 'work()' failed: no report\n")


def test_one_target_that_fails_does_not_stop_the_others(capsys):
    assert main(["probe", *FAST, "--json", "--expect", "held", "1 / 0", "sum(range(10_000))"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["calls"] > 0
    assert "'1 / 0' failed: no report" in captured.err


def test_several_setups_are_one(capsys):
    assert main(["probe", *FAST, "-s", "def f():", "-s", "    return sum(range(100))", "f()"]) == 0


def test_an_interpreter_that_does_not_work_is_an_error(capsys, tmp_path):
    assert main(["probe", "--python", str(tmp_path / "python3.99"), "1"]) == 2
    error = "nogil-kernels probe: cannot use --python python3.99: No such file or directory\n"
    assert capsys.readouterr() == ("", error)


def test_no_parallel_excludes_other_interpreters(capsys):
    assert main(["probe", *FAST, "--python", sys.executable, "1"]) == 2
    assert "--python runs two calls at once, and --no-parallel forbids it" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["0", "nan", "inf", "soon"])
def test_a_limit_is_a_positive_number_of_seconds(limit, capsys):
    with pytest.raises(SystemExit):
        main(["probe", "--limit", limit, "1"])
    assert "must be a positive number" in capsys.readouterr().err


@needs_proc
@pytest.mark.parametrize("setup", ["pass", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"])
def test_ctrl_c_ends_the_target_and_prints_nothing(setup, tmp_path):
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'w').write(str(os.getpid()) + '\\n')\nwhile True: pass"
    process = subprocess.Popen(
        [sys.executable, "-m", "nogil_kernels", "probe", "--limit", "60", "-s", f"import os; {setup}", code],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        give_up = time.monotonic() + 60
        while not (mark.exists() and mark.read_text()) and time.monotonic() < give_up:
            time.sleep(0.02)
        child = int(mark.read_text())
        assert child in running_processes(child)
        os.kill(process.pid, signal.SIGINT)
        output = process.communicate(timeout=30)
    assert (process.returncode, *output) == (130, "", "")
    assert remaining_processes(child) == []
