"""Experiments that measure what the project claims. `python -m bench` lists them.

An experiment is a file, or a folder where it needs more than one; experiment.py is the command line that they share.
"""


class Impossible(Exception):
    """What an experiment cannot do here, and what would help: the command prints it without a traceback."""
