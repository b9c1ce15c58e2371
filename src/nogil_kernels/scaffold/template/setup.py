"""The compiled part of the build: a table of extensions. Everything else stands in pyproject.toml."""

import sys

from Cython.Build import cythonize
from setuptools import Extension, setup

# Extension -> its sources.
EXTENSIONS = {
    "your_kernels.kernels": ["src/your_kernels/kernels.pyx"],
}

# -O3 makes vectors of loops, in GCC of every age. -g0: debug symbols would be most of the wheel.
COMPILE = ["/O2"] if sys.platform == "win32" else ["-O3", "-g0", "-fvisibility=hidden"]
LINK = ["-Wl,-s"] if sys.platform == "linux" else []

modules = [
    Extension(name, sources, extra_compile_args=COMPILE, extra_link_args=LINK) for name, sources in EXTENSIONS.items()
]
setup(ext_modules=cythonize(modules, build_dir="build/cython"))  # else the C files would lie in src/, and in the wheel
