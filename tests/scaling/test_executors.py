"""Executors of other packages as ways: loky and Dask."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from support import run_python

pytest.importorskip("pyperf")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CODE = """
    import sys
    from nogil_kernels.scaling import compare
    sys.path.insert(0, {folder!r})
    report = compare(["squares-python", "matmul"], ways=["threads"], executors=[{factory!r}], workers=[2], seconds=0.1)
    for row in report.block("squares-python"):
        print(row.way, row.workers, min(row.values) > 0)
    print([note for note in report.notes if {factory!r} in note])
"""


@pytest.mark.parametrize(
    ("package", "factory"), [("loky", "loky:get_reusable_executor"), ("distributed", "dask_executor:make")]
)
def test_an_executor_of_another_package_is_a_way(package, factory):
    if find_spec(package) is None:  # importing it here would change pickle for all tests
        pytest.skip(f"{package} is not installed; the extra dev contains it")
    process = run_python(CODE.format(folder=str(EXAMPLES), factory=factory), "-W", "default", timeout=120)
    expected = ["sequential 1 True", "threads 2 True", f"{factory} 2 True", "[]"]
    assert process.stdout.splitlines() == expected, process.stderr
    assert "Traceback" not in process.stderr
