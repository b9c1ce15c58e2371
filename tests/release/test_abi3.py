"""The abi3 build: one wheel for every CPython from 3.11 on."""

import sys
import sysconfig

import pytest
from gates import members, run

pytestmark = pytest.mark.skipif(
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")), reason="free-threaded Pythons have no stable ABI"
)


@pytest.fixture(scope="module")
def abi3_wheel(build, built_tree, wheel, tmp_path_factory):
    """The abi3 wheel, built in the tree in which the wheel for this Python was built before."""
    return build(built_tree, tmp_path_factory.mktemp("abi3_wheel"), "--wheel", NOGIL_KERNELS_BUILD="abi3")


def test_the_names_of_wheel_and_modules_have_the_abi3_tag(abi3_wheel):
    assert "-cp311-abi3-" in abi3_wheel.name
    modules = {name.split("/")[-1] for name in members(abi3_wheel) if name.endswith((".so", ".pyd"))}
    suffix = ".pyd" if sys.platform == "win32" else ".abi3.so"
    assert modules == {f"{name}{suffix}" for name in ("isa", "limits", "matmul", "sum_of_squares")}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has one suffix for all modules")
def test_an_abi3_build_in_place_deletes_the_modules_that_python_prefers(abi3_wheel, built_tree):
    folder = built_tree / "src/nogil_kernels/compiled/isa"
    older = folder / f"isa{sysconfig.get_config_var('EXT_SUFFIX')}"
    older.touch()
    build = (sys.executable, "setup.py", "-q", "build_ext", "--inplace")
    run(*build, cwd=built_tree, NOGIL_KERNELS_BUILD="abi3")
    assert [path.name for path in folder.glob("*.so")] == ["isa.abi3.so"]


def test_modules_use_only_the_stable_abi_of_3_11(tool, abi3_wheel):
    summary = " ".join(tool("abi3audit", "--strict", "--summary", abi3_wheel).split())
    assert "0 ABI version mismatches and 0 ABI violations found" in summary


def test_the_wheel_runs_and_build_info_names_abi3(abi3_wheel, tmp_path):
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", tmp_path / "site", abi3_wheel)
    code = (
        "import nogil_kernels as n; print(n.build_info()['backend'], n.build_info()['abi3'],"
        "n.sum_of_squares(range(10_000_000)), n.matmul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).tolist())"
    )
    printed = run(sys.executable, "-W", "error", "-c", code, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert printed.strip() == "compiled True 333333283333335000000 [[19, 22], [43, 50]]"
