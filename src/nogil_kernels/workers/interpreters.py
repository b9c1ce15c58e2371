"""Subinterpreters of this process. Each has its own GIL."""

import sys
from concurrent.futures import Executor

from .errors import Unavailable

if sys.version_info >= (3, 14):
    from concurrent.futures import InterpreterPoolExecutor

    class Interpreters(InterpreterPoolExecutor):
        """concurrent.futures.InterpreterPoolExecutor."""

        def __init__(self, workers: int) -> None:
            search = f"import sys; sys.path[:] = {sys.path!r}"  # as in this interpreter
            super().__init__(workers, thread_name_prefix="nogil-kernels", initializer=exec, initargs=(search,))

else:

    class Interpreters(Executor):
        def __init__(self, workers: int) -> None:
            raise Unavailable("InterpreterPoolExecutor needs Python 3.14 or newer")
