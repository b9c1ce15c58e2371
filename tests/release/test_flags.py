"""CFLAGS and LDFLAGS override the project's flags, but not the flags of an instruction set."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from gates import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads ELF")
BUILD = (sys.executable, "setup.py", "-q", "build_ext")


@pytest.fixture(scope="module")
def built(unpacked):
    """A tree whose modules are built with CFLAGS and LDFLAGS."""
    if not shutil.which("objdump") or not shutil.which("readelf"):
        pytest.skip("binutils is not installed")
    tree = unpacked("flags")
    run(*BUILD, cwd=tree, CFLAGS="-g -march=native", LDFLAGS="-Wl,--build-id=sha1")
    return tree


def test_cflags_add_debug_information_and_ldflags_a_build_id(built):
    modules = [*built.glob("build/lib*/**/*.so")]
    assert len(modules) == 7
    for module in modules:
        sections = run("readelf", "--sections", "--wide", module)
        assert ".debug_info" in sections
        assert ".note.gnu.build-id" in sections


def test_the_portable_objects_use_no_avx_registers(built):
    registers = {isa: set() for isa in ("portable", "avx2", "avx512")}
    for isa, used in registers.items():
        for instance in built.glob(f"build/temp*/{isa}/**/*.o"):
            used.update(re.findall(r"%(ymm|zmm)", run("objdump", "--disassemble", instance)))
    if not registers["avx512"]:
        pytest.skip("only x86-64 has these registers")
    assert registers["portable"] == set()
    assert registers["avx2"] == {"ymm"}


def test_fast_math_stops_the_build_with_a_reason(unpacked):
    environment = {**os.environ, "CFLAGS": "-ffast-math"}
    process = subprocess.run(
        BUILD, cwd=unpacked("fast_math"), env=environment, capture_output=True, text=True, check=False
    )
    assert process.returncode != 0
    assert "-ffast-math deletes the error terms of compensated sums" in process.stderr
