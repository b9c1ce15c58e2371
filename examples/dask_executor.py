"""Dask's worker processes as another way that `compare` measures.

    pip install distributed
    nogil-kernels compare squares-python --executor dask_executor:make    # in this folder

The executor that `Client.get_executor` returns leaves its cluster running at shutdown. This one closes its cluster.
"""

from distributed import Client, LocalCluster
from distributed.cfexecutor import ClientExecutor


class DaskExecutor(ClientExecutor):
    """The workers of a cluster on this machine, each a process with one thread."""

    def __init__(self, workers: int) -> None:
        self.cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        self.client = Client(self.cluster)
        super().__init__(self.client, pure=False)  # otherwise Dask would not run a task with the same arguments again

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut down the executor, then the cluster."""
        super().shutdown(wait)
        self.client.close()
        self.cluster.close()


def make(workers: int) -> DaskExecutor:
    """Return an executor for `compare`."""
    return DaskExecutor(workers)
