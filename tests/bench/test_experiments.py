"""The command line of the experiments: options, files, Ctrl-C, and errors without tracebacks."""

import re
from pathlib import Path

import pytest
from support import FREE_THREADED_NOW, completed, run_python

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
    """Run `python -m bench` in a new process; return the completed process."""
    return completed("-W", "error", "-m", "bench", *arguments, variables=variables, timeout=120, cwd=ROOT)


def exit_status(main, *arguments):
    """Return the status of the SystemExit that a command raises."""
    with pytest.raises(SystemExit) as raised:
        main(list(arguments))
    return raised.value.code


def test_every_experiment_is_listed_with_how_to_run_it():
    process = bench()
    assert process.returncode == 0, process.stderr
    listed = re.findall(r"^python -m bench (\w+)(?: .+)?\n    (\S.+)$", process.stdout, re.MULTILINE)
    assert {name for name, _ in listed} == {
        *COMMANDS,
        "held_vs_released",
        "switches",
        "against",
        "probe_accuracy",
        "doc_runs",
        "stop_the_world",
        "interrupts",
        "docs",
    }
    for name, line in listed:
        assert f'"""{line}\n' in source(name).read_text(encoding="utf-8").replace('"""\n', "\n")


def test_an_unknown_experiment_is_an_error_that_names_the_others():
    process = bench("pears")
    assert process.returncode == 2
    assert "'pears'" in process.stderr
    assert "peers" in process.stderr


def test_help_of_a_script_without_options_is_its_docstring():
    process = bench("held_vs_released", "--help")
    assert process.returncode == 0
    assert "Do not quote these figures" in process.stdout


def test_without_the_extra_bench_the_error_has_the_command_that_installs_it():
    process = run_python(f"""
        import runpy, sys
        sys.path.insert(0, {str(ROOT)!r})
        sys.modules["rich"] = None
        sys.argv = ["bench", "overhead"]
        runpy.run_module("bench", run_name="__main__")
    """)
    assert process.returncode == 1
    assert "pip install -e '.[bench]'" in process.stderr
    assert "Traceback" not in process.stderr


def test_without_compiled_kernels_the_error_has_the_reason():
    process = bench("overhead", NOGIL_KERNELS_BACKEND="pure")
    assert process.returncode == 1
    assert process.stderr.startswith("python -m bench overhead: ")
    assert "NOGIL_KERNELS_BACKEND=pure" in process.stderr
    assert "Traceback" not in process.stderr


def test_peers_runs_on_the_instruction_set_of_its_option(compiled_backend, tmp_path):
    file = str(tmp_path / "sums.json")
    process = bench("peers", "--quick", "--only", "sums-types", "--isa", "portable", "--json", file)
    assert process.returncode == 0, process.stderr
    assert suites.load(file, "peers").get_metadata()["nk_isa"] == "portable"


def test_a_slice_between_two_switches_is_longer_than_100_iterations():
    process = bench("switches")
    assert process.returncode == 0, process.stderr
    if FREE_THREADED_NOW:
        assert "without a GIL" in process.stdout
        return
    for line, interval in zip(process.stdout.splitlines(), (5, 1, 0.1), strict=True):
        assert line.startswith(f"switch interval {interval} ms")
        assert int(line.split(" ms, ")[1].split()[0].replace(",", "")) > 100


@each_command
def test_all_experiments_share_their_options(name, capsys):
    assert exit_status(COMMANDS[name], "--help") == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"usage: python -m bench {name} ")
    for option in ("--quick", "--json FILE", "--from FILE"):
        assert option in printed
    assert ("-o FILE" in printed) == (name == "peers")


@each_command
@pytest.mark.parametrize("text", [None, "no JSON", "[]", "{}"])
def test_a_file_without_samples_is_an_error_that_names_it(name, text, tmp_path, capsys):
    file = tmp_path / "samples.json"
    if text is not None:
        file.write_text(text)
    assert exit_status(COMMANDS[name], "--from", str(file)) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"python -m bench {name}: ")
    assert str(file) in error


@each_command
def test_the_file_of_another_experiment_is_an_error_that_names_the_right_command(name, tmp_path, capsys):
    file = str(tmp_path / "other.json")
    suite_file.save(suites.make({"a": [1.0]}, {"a": {"nk_bench": "other"}}), file)
    assert exit_status(COMMANDS[name], "--from", file) == 1
    assert f"python -m bench {name} --json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        *((name, ["--json", "no/such/folder/a.json"], "cannot write") for name in COMMANDS),
        ("peers", ["-o", "no/such/folder/a.svg"], "cannot write"),
        ("peers", ["-o", "a.txt"], r"must end in \.svg"),
    ],
)
def test_a_file_that_cannot_be_written_is_an_error_before_measuring(name, arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(experiment, "_measure", lambda *_: pytest.fail("measured"))
    assert exit_status(COMMANDS[name], *arguments) == 2
    assert re.search(message, capsys.readouterr().err)


def test_the_heading_warns_of_a_machine_that_was_not_quiet():
    def suite(*values):
        return suites.make(dict.fromkeys("abcd", values), {name: {"nk_bench": "any"} for name in "abcd"})

    assert suites.noise(suite(*[1.0] * 8, 9.0)) == 1
    assert "not quiet" not in suites.heading(suite(1.0, 1.1, 1.0, 1.1))
    assert "slow rounds took at least 2.0 times as long" in suites.heading(suite(1.0, 2.0, 1.0, 2.0))


@pytest.fixture
def quick(compiled_backend, monkeypatch):
    """Take six rounds only, the fewest that have a 95 % interval."""
    monkeypatch.setattr(timing, "MIN_ROUNDS", 6)
    monkeypatch.setattr(overhead, "QUICK_SECONDS", 0.0)


def test_after_ctrl_c_the_samples_are_those_of_complete_rounds():
    def interrupt():
        if len(samples.get("one", ())) == 2:
            raise KeyboardInterrupt

    samples = {}
    with pytest.raises(KeyboardInterrupt):
        timing.sample({"one": "pass", "two": "interrupt()"}, {"interrupt": interrupt}, into=samples)
    assert [len(values) for values in samples.values()] == [2, 2]


def test_ctrl_c_shows_the_complete_rounds_and_keeps_an_existing_file(quick, monkeypatch, tmp_path, capsys):
    sample = timing.sample

    def sample_and_interrupt(*arguments):
        sample(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(timing, "sample", sample_and_interrupt)
    existing = tmp_path / "existing.json"
    existing.write_text("older")
    assert overhead.main(["--quick", "--json", str(existing)]) == 130
    printed = capsys.readouterr()
    assert "Interrupted" in printed.out
    assert "sum_of_squares(x)" in printed.out
    assert existing.read_text() == "older"


def test_ctrl_c_before_the_first_sample_ends_the_command_without_output(quick, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(timing, "sample", interrupt)
    assert exit_status(overhead.main) == 130
    assert capsys.readouterr().out == ""


def test_overhead_shows_its_file_as_it_showed_the_measurement(quick, tmp_path, capsys):
    file = str(tmp_path / "overhead.json")
    assert overhead.main(["--quick", "--json", file]) == 0
    printed = capsys.readouterr().out
    assert overhead.main(["--from", file]) == 0
    assert capsys.readouterr().out == printed
    assert all(stage in printed for stage in overhead.STAGES)


@pytest.fixture(scope="module")
def roofline_file(compiled_backend, tmp_path_factory):
    """Measure the roofline of small arrays, which takes a moment; return its file."""
    file = str(tmp_path_factory.mktemp("roofline") / "roofline.json")
    levels = [("L1", 1 << 14), ("L2", 1 << 17), ("L3", 1 << 20), ("memory", 3 << 20)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(roofline, "levels", lambda: levels)
        patch.setattr(roofline, "SIZES", (16, 64))
        patch.setattr(roofline, "QUICK_SECONDS", 0.0)
        patch.setattr(timing, "MIN_ROUNDS", 6)
        assert roofline.main(["--quick", "--json", file]) == 0
    return file


def test_the_roofline_shows_every_kernel_with_its_share_of_the_roof(roofline_file, capsys):
    assert roofline.main(["--from", roofline_file]) == 0
    lines = capsys.readouterr().out.splitlines()
    stored = roofline.Roofline(suites.load(roofline_file, "roofline"))
    assert len(stored.kernels) == 2 * (2 + 4 + 1)
    for level in ("L1", "L2", "L3", "memory"):
        assert any(f"reading {level}" in line for line in lines)
    for kernel in stored.kernels:
        share, _ = stored.share(kernel)
        name = f" {kernel.name} {roofline.SHORT[kernel.dtype]} "
        assert 0 < share.low <= share.median <= share.high
        line = next(line for line in lines if tables.size(kernel.data_bytes) in line and line.startswith(name))
        assert f" {share.median:.0%} " in line
