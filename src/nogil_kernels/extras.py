"""The error for an optional extra that is not installed."""

from importlib import import_module


class MissingExtra(ImportError):
    """An optional extra is not installed. The message names the missing module and the command that installs it."""


def require(extra: str, *modules: str) -> None:
    """Import `modules`. Raise MissingExtra, with the command that installs `extra`, if one of them is missing.

    An installed module that fails to import keeps its own error.
    """
    for module in modules:
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            command = f"pip install 'nogil-kernels[{extra}]', or in a clone pip install '.[{extra}]'"
            raise MissingExtra(f"{module} is not installed. Run {command}.") from None
