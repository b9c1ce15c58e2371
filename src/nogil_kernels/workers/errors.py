"""Errors of ways and workloads."""


class Unknown(ValueError):
    """A name or an import path does not exist. The text says what was expected."""


class Exited(RuntimeError):
    """The measured function called sys.exit."""


class Unavailable(RuntimeError):
    """A way or workload does not work in this environment. The text gives the reason and the remedy."""


def one_line(error: BaseException) -> str:
    """Return the error as one line of at most 200 characters, for a note."""
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, (Unavailable, Exited)) else f"{type(error).__name__}: {text}"
