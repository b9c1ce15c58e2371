"""Dask's processes as one more way for `compare`.

    pip install distributed
    nogil-kernels compare squares-python --executor dask_executor:make    # in this folder

`Client.get_executor` is an executor of concurrent.futures. It does not own its cluster, so ending one ends both here.
"""

from distributed import Client, LocalCluster
from distributed.cfexecutor import ClientExecutor


class DaskExecutor(ClientExecutor):
    """The workers of a cluster on this machine, each a process with one thread."""

    def __init__(self, workers: int) -> None:
        self.cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        self.client = Client(self.cluster)
        super().__init__(self.client, pure=False)  # or a task with the same arguments would not run again

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the tasks, then the cluster."""
        super().shutdown(wait)
        self.client.close()
        self.cluster.close()


def make(workers: int) -> DaskExecutor:
    """The factory."""
    return DaskExecutor(workers)
