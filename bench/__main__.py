"""Lists the experiments, or runs one: `python -m bench NAME` is `python -m bench.NAME`, and says what is missing."""

import ast
import runpy
import sys
from pathlib import Path


def main() -> int:
    """Without a name, a line for each experiment."""
    found = experiments()
    if len(sys.argv) < 2:
        width = max(map(len, found))
        print("python -m bench NAME [--help]\n")
        for name, line in found.items():
            print(f"  {name:{width}}  {line}")
        return 0
    name = sys.argv.pop(1)
    if name not in found:
        print(f"bench: no experiment {name!r}; there are {', '.join(found)}", file=sys.stderr)
        return 2
    runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=True)
    return 0


def experiments() -> dict[str, str]:
    """The modules here that can be run, and the first line of what each says of itself."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'" for node in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ModuleNotFoundError as error:
        sys.exit(f"bench: {error}; pip install -e '.[bench]' brings what the experiments need")
