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


def remove_current_folder() -> None:
    """Remove the current folder from sys.path: its json.py would replace Python's. Commands that need it add it."""
    try:
        if not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):
            del sys.path[0]
    except OSError:  # the current folder was removed, and Python has not added it
        pass


if __name__ == "__main__":
    remove_current_folder()
    sys.exit(main())
