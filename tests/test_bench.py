"""The benches run as they are, and the one that is copied into other projects stays copyable."""

import ast
import re
import subprocess
import sys
from pathlib import Path

HELD_VS_RELEASED = Path(__file__).resolve().parent.parent / "bench" / "held_vs_released.py"


def test_held_vs_released_prints_a_line_for_each_way():
    done = subprocess.run([sys.executable, HELD_VS_RELEASED], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [re.split(r"  +", line)[0] for line in lines] == ["pure Python", "GIL held", "GIL released"]
    assert all(re.fullmatch(r".+  1 thread +[\d.]+ s   \d threads +[\d.]+ s   [\d.]+x", line) for line in lines)


def test_held_vs_released_fits_a_screen_and_names_the_package_in_one_line():
    lines = HELD_VS_RELEASED.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 50
    assert len([line for line in lines if "nogil" in line]) == 1


def test_held_vs_released_imports_the_standard_library_and_the_package_only():
    tree = ast.parse(HELD_VS_RELEASED.read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {module for module in modules if module.partition(".")[0] not in sys.stdlib_module_names} == {
        "nogil_kernels"
    }
