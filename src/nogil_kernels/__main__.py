"""Run the command `nogil-kernels`, also as `python -m nogil_kernels`."""

import os
import sys


def main() -> int:
    """Run the command line and return the exit status. Ctrl-C during the imports prints no traceback."""
    try:
        from .cli import main as run
    except KeyboardInterrupt:
        return 130  # see cli.outputs.INTERRUPTED
    return run()


if __name__ == "__main__":
    try:
        if not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):
            del sys.path[0]  # the current folder, whose json.py would replace Python's; commands that need it add it
    except OSError:  # that folder was removed, and Python has not added it
        pass
    sys.exit(main())
