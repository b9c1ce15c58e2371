"""`python -m nogil_kernels`: the same as the command `nogil-kernels`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
