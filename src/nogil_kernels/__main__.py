"""Run the command `nogil-kernels` as `python -m nogil_kernels`."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current folder, whose json.py would replace Python's; commands that need it add it
    from .cli import main

    sys.exit(main())
