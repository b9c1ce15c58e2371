"""What to say when an optional extra of the package is not installed."""

from importlib import import_module


class MissingExtra(ImportError):
    """An optional extra is not installed; the text is the command that installs it."""


def require(extra: str, *modules: str) -> None:
    """Import `modules`, or raise MissingExtra with the one command that brings them: that of `extra`.

    Only a module's own absence is reported so. One that is there and fails to import keeps its own error.
    """
    for module in modules:
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            raise MissingExtra(f"pip install 'nogil-kernels[{extra}]'") from None
