"""Subinterpreters of this process. Each has its own GIL."""

import sys
from concurrent.futures import Executor

from .errors import Unavailable
from .search_path import for_start

if sys.version_info >= (3, 14):
    from concurrent.futures import InterpreterPoolExecutor

    class Interpreters(InterpreterPoolExecutor):
        """An InterpreterPoolExecutor whose interpreters find this package. worker.first_task sets their sys.path."""

        def __init__(self, workers: int) -> None:
            set_path_code = f"import sys; sys.path[:] = {for_start()!r}"
            super().__init__(workers, thread_name_prefix="nogil-kernels", initializer=exec, initargs=(set_path_code,))

else:

    class Interpreters(Executor):
        def __init__(self, workers: int) -> None:
            raise Unavailable("InterpreterPoolExecutor needs Python 3.14 or newer")
