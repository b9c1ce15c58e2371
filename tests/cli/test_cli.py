"""The command `nogil-kernels` itself: its version, its help, and its errors for packages that are not installed."""

import pytest
from commands import run
from support import python_prints

pytest.importorskip("pyperf")
pytest.importorskip("rich")

import nogil_kernels
from nogil_kernels.cli import main

INSTALL = "pip install 'rich>=13' 'pyperf>=2.7' 'matplotlib>=3.8' 'psutil>=5.9' 'threadpoolctl>=3.2'"


def without(module):
    """Return code that runs the command as if `module` were not installed."""
    return f"import sys; sys.modules[{module!r}] = None; from nogil_kernels.cli import main; sys.exit(main())"


def test_version(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"nogil-kernels {nogil_kernels.__version__}\n"


def test_python_m_runs_the_same_command():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"nogil-kernels {nogil_kernels.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["compare", "report", "info"]),
        (["compare", "--help"], ["--quick", "--json FILE", "--executor", "--python", "sum_of_squares", "asyncio"]),
        (["report", "--help"], ["-o", "FILE"]),
    ],
)
def test_help_names_commands_and_options(arguments, words, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(arguments)
    text = capsys.readouterr().out
    assert all(word in text for word in words)


def test_no_command_shows_the_help(capsys):
    assert main([]) == 2
    assert "compare" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["compare", "--help"], ["new", "--help"]], ids=" ".join)
def test_help_imports_no_large_package(arguments):
    printed = python_prints(f"""
        import sys
        from nogil_kernels.cli import main
        try:
            main({arguments})
        finally:
            print(*sys.modules)
    """)
    modules = printed.splitlines()[-1].split()
    assert "nogil_kernels.scaffold" in modules
    assert not {"numpy", "rich", "matplotlib", "pyperf", "psutil"} & {*modules}


@pytest.mark.parametrize("module", ["pyperf", "rich"])
@pytest.mark.parametrize("command", [["compare", "--quick"], ["report", "file"]])
def test_a_missing_package_is_an_error_with_the_command_that_installs_it(module, command):
    done = run(*command, code=without(module))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"nogil-kernels {command[0]}: {module} is not installed. Run {INSTALL}.\n"


def test_only_drawing_needs_matplotlib(saved, tmp_path):
    assert run("report", str(saved), code=without("matplotlib")).returncode == 0
    done = run("report", str(saved), "-o", str(tmp_path / "plot.svg"), code=without("matplotlib"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"nogil-kernels report: matplotlib is not installed. Run {INSTALL}.\n"
