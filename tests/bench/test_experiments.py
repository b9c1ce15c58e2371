"""What all experiments share: one command line, files that show the same again, no tracebacks for errors and Ctrl-C."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import FREE_THREADED_NOW, environment, run_python

from bench import experiment, roofline, suites, tables, timing
from bench.__main__ import source
from bench.gemm import gemm_steps
from bench.overhead import overhead
from bench.peers import peers
from nogil_kernels.measure import suite_file

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {"peers": peers.main, "roofline": roofline.main, "overhead": overhead.main, "gemm_steps": gemm_steps.main}
each_command = pytest.mark.parametrize("name", COMMANDS)


def bench(*arguments, **variables):
    """`python -m bench` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "bench", *arguments],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refused(main, *arguments):
    """The status with which a command ends by itself."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return ended.value.code


# -- python -m bench ---------------------------------------------------------------------------------------------------


def test_every_experiment_is_listed_with_how_to_run_it():
    done = bench()
    assert done.returncode == 0, done.stderr
    listed = re.findall(r"^python -m bench (\w+) ?\S*(?: \.\.\.)?\n    (\S.+)$", done.stdout, re.MULTILINE)
    assert {name for name, _ in listed} == {*COMMANDS, "held_vs_released", "switches", "against", "docs"}
    for name, line in listed:
        assert f'"""{line}\n' in source(name).read_text(encoding="utf-8").replace('"""\n', "\n")


def test_an_unknown_experiment_is_an_error_that_names_the_others():
    done = bench("pears")
    assert done.returncode == 2
    assert "'pears'" in done.stderr
    assert "peers" in done.stderr


def test_an_experiment_without_options_says_what_it_is():
    done = bench("held_vs_released", "--help")
    assert done.returncode == 0
    assert "Do not quote these figures" in done.stdout


def test_a_missing_extra_is_named_with_the_command_that_brings_it():
    done = run_python(
        f"""
        import runpy, sys
        sys.path.insert(0, {str(ROOT)!r})
        sys.modules["rich"] = None
        sys.argv = ["bench", "overhead"]
        runpy.run_module("bench", run_name="__main__")
        """
    )
    assert done.returncode == 1
    assert "pip install -e '.[bench]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_compiled_kernels_an_experiment_says_why():
    done = bench("overhead", NOGIL_KERNELS_BACKEND="pure")
    assert done.returncode == 1
    assert done.stderr.startswith("python -m bench overhead: ")
    assert "NOGIL_KERNELS_BACKEND=pure" in done.stderr
    assert "Traceback" not in done.stderr


def test_peers_run_on_the_instruction_set_that_is_asked_for(compiled_backend, tmp_path):
    file = str(tmp_path / "sums.json")
    done = bench("peers", "--quick", "--only", "sums-types", "--isa", "portable", "--json", file)
    assert done.returncode == 0, done.stderr
    assert suites.load(file, "peers").get_metadata()["nk_isa"] == "portable"


def test_the_experiment_of_switches_finds_no_slice_of_a_hundred_bytecodes():
    done = bench("switches")
    assert done.returncode == 0, done.stderr
    if FREE_THREADED_NOW:
        assert "no GIL" in done.stdout
        return
    for line, interval in zip(done.stdout.splitlines(), (5, 1, 0.1), strict=True):
        assert line.startswith(f"switch interval {interval} ms")
        turns = int(line.split(" ms, ")[1].split()[0].replace(",", ""))
        assert turns > 100


# -- the command line --------------------------------------------------------------------------------------------------


@each_command
def test_help_names_the_same_options(name, capsys):
    assert refused(COMMANDS[name], "--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: python -m bench {name} ")
    for option in ("--quick", "--json FILE", "--from FILE"):
        assert option in shown
    assert ("-o FILE" in shown) == (name == "peers")


@each_command
@pytest.mark.parametrize("text", [None, "no JSON", "[]", "{}"])
def test_a_file_without_samples_is_an_error_that_names_it(name, text, tmp_path, capsys):
    file = tmp_path / "samples.json"
    if text is not None:
        file.write_text(text)
    assert refused(COMMANDS[name], "--from", str(file)) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"python -m bench {name}: ")
    assert str(file) in error


@each_command
def test_another_experiments_file_is_an_error_that_names_the_right_one(name, tmp_path, capsys):
    file = str(tmp_path / "other.json")
    suite_file.save(suites.make({"a": [1.0]}, {"a": {"nk_bench": "other"}}), file)
    assert refused(COMMANDS[name], "--from", file) == 1
    assert f"python -m bench {name} --json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        *((name, ["--json", "no/such/folder/a.json"], "cannot write") for name in COMMANDS),
        ("peers", ["-o", "no/such/folder/a.svg"], "cannot write"),
        ("peers", ["-o", "a.txt"], r"must end in \.svg"),
    ],
)
def test_what_cannot_be_written_is_an_error_before_anything_is_measured(name, arguments, says, capsys, monkeypatch):
    monkeypatch.setattr(experiment, "_measure", lambda *_: pytest.fail("measured"))
    assert refused(COMMANDS[name], *arguments) == 2
    assert re.search(says, capsys.readouterr().err)


def test_a_machine_that_was_not_quiet_is_told_of():
    def suite(*values):
        return suites.make(dict.fromkeys("abcd", values), {name: {"nk_bench": "any"} for name in "abcd"})

    assert suites.unrest(suite(*[1.0] * 8, 9.0)) == 1
    assert "not quiet" not in suites.heading(suite(1.0, 1.1, 1.0, 1.1))
    assert "not quiet: statements took up to 2.0 times" in suites.heading(suite(1.0, 2.0, 1.0, 2.0))


# -- Ctrl-C ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def quick(compiled_backend, monkeypatch):
    """Three rounds a statement, as few samples as tell something."""
    monkeypatch.setattr(timing, "MIN_ROUNDS", 6)
    monkeypatch.setattr(overhead, "QUICK_SECONDS", 0.0)


def test_only_whole_rounds_are_kept_when_ctrl_c_comes():
    def interrupt():
        if len(samples.get("one", ())) == 2:
            raise KeyboardInterrupt

    samples = {}
    with pytest.raises(KeyboardInterrupt):
        timing.sample({"one": "pass", "two": "interrupt()"}, {"interrupt": interrupt}, into=samples)
    assert [len(values) for values in samples.values()] == [2, 2]


def test_ctrl_c_shows_what_there_is_and_leaves_an_older_file(quick, monkeypatch, tmp_path, capsys):
    sample = timing.sample

    def sample_and_interrupt(*arguments):
        sample(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(timing, "sample", sample_and_interrupt)
    older = tmp_path / "older.json"
    older.write_text("older")
    assert overhead.main(["--quick", "--json", str(older)]) == 130
    shown = capsys.readouterr()
    assert "Interrupted" in shown.out
    assert "sum_of_squares(x)" in shown.out
    assert older.read_text() == "older"


def test_ctrl_c_before_the_first_sample_ends_the_command_quietly(quick, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(timing, "sample", interrupt)
    assert refused(overhead.main) == 130
    assert capsys.readouterr().out == ""


# -- overhead ----------------------------------------------------------------------------------------------------------


def test_the_overhead_is_shown_again_from_its_file(quick, tmp_path, capsys):
    file = str(tmp_path / "overhead.json")
    assert overhead.main(["--quick", "--json", file]) == 0
    measured = capsys.readouterr().out
    assert overhead.main(["--from", file]) == 0
    assert capsys.readouterr().out == measured
    assert all(stage in measured for stage in overhead.STAGES)


# -- roofline ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def roofline_file(compiled_backend, tmp_path_factory):
    """A suite of the roofline over caches so small that it is measured in a moment."""
    file = str(tmp_path_factory.mktemp("roofline") / "roofline.json")
    levels = [("L1", 1 << 14), ("L2", 1 << 17), ("L3", 1 << 20), ("memory", 3 << 20)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(roofline, "levels", lambda: levels)
        patch.setattr(roofline, "SIZES", (16, 64))
        patch.setattr(roofline, "QUICK_SECONDS", 0.0)
        patch.setattr(timing, "MIN_ROUNDS", 6)
        assert roofline.main(["--quick", "--json", file]) == 0
    return file


def test_the_roofline_shows_every_kernel_under_its_roof_from_the_file(roofline_file, capsys):
    assert roofline.main(["--from", roofline_file]) == 0
    shown = capsys.readouterr().out
    kept = roofline.Roofline(suites.load(roofline_file, "roofline"))
    assert len(kept.kernels) == 2 * (2 + 4 + 1)
    for level in ("L1", "L2", "L3", "memory"):
        assert f"reading {level}" in shown
    for kernel in kept.kernels:
        share, _ = kept.share(kernel)
        named = f" {kernel.name} {roofline.SHORT[kernel.dtype]} "
        assert 0 < share.low <= share.median <= share.high
        line = next(line for line in shown.splitlines() if tables.size(kernel.data) in line and line.startswith(named))
        assert f" {share.median:.0%} " in line
