"""Compiles the tiles as setup.py does on Windows, in a tree that is the current folder, and prints the objects' names.

    python compile_tiles.py win-arm64

What runs is setup.py's own command and setuptools' class for MSVC; only that there is no MSVC has to be kept from it.
"""

import sys
from unittest import mock

import setuptools  # noqa: F401 - first, since it puts its own distutils in the place of Python's

# isort: split
from distutils.compilers.C import msvc
from distutils.core import run_setup

build = run_setup("setup.py", stop_after="commandline").get_command_obj("build_ext")
build.plat_name = sys.argv[1]
build.ensure_finalized()
build.compiler = msvc.Compiler()
with mock.patch.object(msvc, "_get_vc_env", return_value={"path": ""}):
    build.choose_compiler()
for extension in build.extensions:
    for name in build.compile_tiles(extension):
        print(name)
