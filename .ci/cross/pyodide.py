"""The pure wheel in a browser's Python: WebAssembly, by way of node."""

import sys

from downloads import npm
from parts import Outcome, run
from zig import copy_of_tree

SCRIPT = """
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

try {
  const python = await loadPyodide();
  python.unpackArchive(new Uint8Array(readFileSync(process.argv[2])), "wheel", { extractDir: "/wheel" });
  console.log(python.runPython(readFileSync(process.argv[3], "utf8")));
} catch (error) {
  console.log(error.message);
  process.exit(1);
}
"""

CALLS = """
import array, sys
sys.path.insert(0, "/wheel")
from nogil_kernels import build_info, matmul, sum_of_squares

assert build_info()["backend"] == "pure", build_info()
assert sum_of_squares(range(1_000_000)) == 333332833333500000
assert sum_of_squares(array.array("d", [1.5, -2.0])) == 6.25
a, b = (memoryview(array.array("d", values)).cast("B").cast("d", (2, 2)) for values in ([1, 2, 3, 4], [5, 6, 7, 8]))
product = memoryview(bytearray(32)).cast("d", (2, 2))
matmul(a, b, out=product)
assert product.tolist() == [[19, 22], [43, 50]], product.tolist()
f"Python {sys.version.split()[0]} on {sys.platform}: both kernels"
"""


def pure_wheel(outcome: Outcome) -> None:
    """Builds the wheel that needs no compiler, and calls both kernels where there is no NumPy and no thread."""
    packages = npm("pyodide")
    tree = copy_of_tree()
    run(sys.executable, "setup.py", "--quiet", "bdist_wheel", cwd=tree, NOGIL_KERNELS_BUILD="pure")
    (wheel,) = (tree / "dist").glob("*-py3-none-any.whl")
    outcome.built_with, outcome.linked = "no compiler", "none needed"
    (tree / "calls.py").write_text(CALLS)
    (tree / "run.mjs").write_text(SCRIPT)
    (tree / "node_modules").symlink_to(packages / "node_modules")
    outcome.ran = run("node", "run.mjs", wheel, "calls.py", cwd=tree).strip().splitlines()[-1]
    outcome.executed = "Pyodide in node"
