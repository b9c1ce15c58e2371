"""Run the command `nogil-kernels` as `python -m nogil_kernels`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
