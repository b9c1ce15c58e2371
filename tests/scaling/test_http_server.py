"""The local web server of http-fetch is reachable from this machine only."""

import os
import socket
from contextlib import closing
from pathlib import Path

from support import needs_proc

from nogil_kernels.scaling.workloads.http_fetch import HttpFetch

LISTENS = "0A"  # the state TCP_LISTEN in /proc/PID/net/tcp
FAMILIES = {"tcp": socket.AF_INET, "tcp6": socket.AF_INET6}


def listening(process):
    """Return the addresses and ports on which a process listens."""
    links = [os.readlink(path) for path in Path(f"/proc/{process}/fd").iterdir()]
    addresses = set()
    for table, family in FAMILIES.items():
        for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTENS and f"socket:[{inode}]" in links:
                address, port = local.split(":")
                words = [bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8)]
                addresses.add((socket.inet_ntop(family, b"".join(words)), int(port, 16)))
    return addresses


@needs_proc
def test_the_web_server_listens_on_the_loopback_address_only(folder):
    with closing(HttpFetch(folder)) as workload:
        assert listening(workload.server.pid) == {("127.0.0.1", workload.port)}
