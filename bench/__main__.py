"""Lists the experiments, or runs one: `python -m bench NAME`."""

import ast
import runpy
import sys
from pathlib import Path

EXPERIMENTS = {
    "held_vs_released": "",
    "switches": "",
    "peers": "[--quick]",
    "roofline": "[--quick]",
    "overhead": "[--quick]",
    "gemm_steps": "[--quick]",
    "readme": "FILE ...",
}
"""What can be run, and with what."""

MORE = """
--json FILE keeps every sample, --from FILE shows them again, -o FILE draws them;
python -m bench NAME --help says more."""


def main() -> int:
    """Without a name, the list."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        for name, usage in EXPERIMENTS.items():
            print(f"python -m bench {name} {usage}".rstrip(), f"    {about(name)[0]}", sep="\n")
        print(MORE)
        return 0
    name, *rest = arguments
    if name not in EXPERIMENTS:
        print(f"bench: no experiment {name!r}; there are {', '.join(EXPERIMENTS)}", file=sys.stderr)
        return 2
    if rest and not EXPERIMENTS[name]:  # nothing to be told: a script that is to be read
        print(f"usage: python -m bench {name}", *about(name), sep="\n")
        return 0 if rest[0] in ("-h", "--help") else 2
    del sys.argv[1]
    runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=True)
    return 0


def about(name: str) -> list[str]:
    """What the experiment says of itself; it is not imported for that, so what it needs may be missing."""
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").splitlines()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        sys.exit(f"bench: {error}; pip install -e '.[bench]' brings what the experiments need")
