"""Threads of a concurrent.futures.ThreadPoolExecutor."""

from concurrent.futures import ThreadPoolExecutor


class Threads(ThreadPoolExecutor):
    """concurrent.futures.ThreadPoolExecutor."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, thread_name_prefix="nogil-kernels")
