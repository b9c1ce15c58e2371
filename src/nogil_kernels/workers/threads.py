"""Threads of a concurrent.futures.ThreadPoolExecutor."""

from concurrent.futures import ThreadPoolExecutor


class Threads(ThreadPoolExecutor):
    """A ThreadPoolExecutor that is created from a number of workers."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, thread_name_prefix="nogil-kernels")
