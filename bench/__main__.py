"""Runs an experiment, or lists them all."""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """`python -m bench NAME ...` runs bench/NAME.py's main; without a name, a line for each."""
    found = experiments()
    if not arguments:
        width = max(map(len, found))
        print("python -m bench NAME [--help]\n")
        for name, line in found.items():
            print(f"  {name:{width}}  {line}")
        return 0
    name, *rest = arguments
    if name not in found:
        print(f"bench: no experiment {name!r}; there are {', '.join(found)}", file=sys.stderr)
        return 2
    run: Callable[[list[str]], int] = import_module(f"bench.{name}").main
    return run(rest)


def experiments() -> dict[str, str]:
    """The modules here that have a function `main`, and the first line of what they say of themselves."""
    found = {}
    for path in sorted(HERE.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
