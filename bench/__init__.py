"""Experiments that measure what the project claims. `python -m bench` lists them.

An experiment is one file, or a folder if it needs several. experiment.py has the command line that they share.
"""


class Impossible(Exception):
    """An experiment cannot run here. The message gives the reason and a remedy, and is printed without a traceback."""
