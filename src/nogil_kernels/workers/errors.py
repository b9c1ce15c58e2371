"""What can be wrong with what is asked for."""


class Unknown(ValueError):
    """Nothing has that name, or the path of a function leads nowhere; the text says what there is."""


class Exited(RuntimeError):
    """The work called sys.exit."""


class Unavailable(RuntimeError):
    """A way or a workload that does not exist here; the text says why, and what to do."""


def one_line(error: BaseException) -> str:
    """The error in at most one line of a note."""
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, (Unavailable, Exited)) else f"{type(error).__name__}: {text}"
