"""What can be wrong with what is asked for."""


class Unknown(ValueError):
    """Nothing has that name, or the path of a function leads nowhere; the text says what there is."""


class Exited(RuntimeError):
    """The work called sys.exit."""


class Unavailable(RuntimeError):
    """A way or a workload that does not exist here; the text says why, and what to do."""
