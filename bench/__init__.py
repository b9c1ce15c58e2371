"""Experiments that measure what the project claims. `python -m bench` lists them.

NAME.py says what is executed, NAME_report.py what follows from the samples, NAME_plot.py draws it; experiment.py, the
one command line of all of them, measures, shows and writes.
"""


class Impossible(Exception):
    """What an experiment cannot do here, and what would help: the command prints it without a traceback."""
