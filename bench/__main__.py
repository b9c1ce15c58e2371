"""List the experiments, or run one: `python -m bench NAME`."""

import ast
import importlib
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent
EXPERIMENTS = {
    "held_vs_released": "",
    "switches": "",
    "stop_the_world": "",
    "interrupts": "",
    "peers": "[--quick]",
    "roofline": "[--quick]",
    "overhead": "[--quick]",
    "gemm_steps": "[--quick]",
    "against": "PYTHON",
    "probe_accuracy": "[EXPERIMENT ...] [--busy] [--times N]",
    "doc_runs": "",
    "docs": "FILE ...",
}
"""Experiment -> its arguments in the usage line. Experiments without arguments are short scripts, made to be read."""

FOOTER = """
Experiments with [--quick] or PYTHON: --json FILE stores every sample, and --help shows all options."""


def main(arguments: list[str]) -> int:
    """Run an experiment, or list them; return the exit status."""
    if not arguments or arguments[0] in ("-h", "--help"):
        for name, usage in EXPERIMENTS.items():
            print(f"python -m bench {name} {usage}".rstrip(), f"    {docstring_lines(name)[0]}", sep="\n")
        print(FOOTER)
        return 0
    name, *experiment_arguments = arguments
    if name not in EXPERIMENTS:
        print(f"bench: unknown experiment {name!r}, expected one of {', '.join(EXPERIMENTS)}", file=sys.stderr)
        return 2
    if EXPERIMENTS[name]:
        module = ".".join(source(name).relative_to(HERE.parent).with_suffix("").parts)
        return int(importlib.import_module(module).main(experiment_arguments))
    if experiment_arguments:
        print(f"usage: python -m bench {name}", *docstring_lines(name), sep="\n")
        return 0 if experiment_arguments[0] in ("-h", "--help") else 2
    runpy.run_path(str(source(name)), run_name="__main__")
    return 0


def source(name: str) -> Path:
    """Return the file of an experiment: NAME.py in bench/ or in one of its folders."""
    return next(HERE.rglob(f"{name}.py"))


def docstring_lines(name: str) -> list[str]:
    """Return the lines of an experiment's docstring. Parse the file: packages that its import needs may be missing."""
    return (ast.get_docstring(ast.parse(source(name).read_text(encoding="utf-8"))) or "").splitlines()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:  # for example, the disk is full
        sys.exit(f"bench: {error}")
    except ModuleNotFoundError as error:
        sys.exit(f"bench: {error}. The experiments need the extra bench: pip install -e '.[bench]'")
