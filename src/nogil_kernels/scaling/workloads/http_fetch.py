"""Requests to a slow web server. Programs that fetch pages mostly wait."""

import subprocess
import sys
from functools import partial
from pathlib import Path

from ...workers.shared import Folder
from ...workers.worker import Call, Job
from . import WAITING, Unavailable, Workload

SERVER = Path(__file__).with_name("http_server.py")
HOST = "127.0.0.1"
TIMEOUT = 30.0  # seconds; only a dead server takes this long
REQUEST = b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % HOST.encode()


class HttpFetch(Workload):
    """Five requests: with urllib.request sequentially and in threads, or with asyncio's streams."""

    name = "http-fetch"
    ways = WAITING
    limit = ""
    simultaneous_calls = calls = 5
    SECONDS = 0.04  # typical of a nearby server; the computation is 1 to 2 % of this
    size = f"a request that is answered after {SECONDS * 1000:.0f} ms"

    def __init__(self, folder: Folder) -> None:
        self.server = subprocess.Popen(
            [sys.executable, "-P", SERVER, str(self.SECONDS)],  # -P: do not import from the folder of that file
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.server.stdout is not None
        if not (port := self.server.stdout.readline()):
            self.close()
            raise Unavailable(f"the web server did not start: exit status {self.server.returncode}")
        self.port = int(port)

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:{'stream_call' if way == 'asyncio' else 'urllib_call'}", (self.port,))

    def close(self) -> None:
        """Stop the server by closing its standard input."""
        self.server.communicate()


def urllib_call(port: int) -> Call:
    from urllib.request import ProxyHandler, build_opener

    opener = build_opener(ProxyHandler({}))  # ignores proxy variables, because the server is on this machine

    def fetch() -> None:
        with opener.open(f"http://{HOST}:{port}/", timeout=TIMEOUT) as response:
            check(response.status, response.read())

    return fetch


def stream_call(port: int) -> Call:
    return partial(fetch_stream, port)


async def fetch_stream(port: int) -> None:
    """Fetch the page. asyncio has no HTTP client, so this function writes the request itself."""
    import asyncio

    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(REQUEST)
        head, _, body = (await asyncio.wait_for(reader.read(), TIMEOUT)).partition(b"\r\n\r\n")
        check(int(head.split(maxsplit=2)[1]), body)
    finally:
        writer.close()
        await writer.wait_closed()


def check(status: int, body: bytes) -> None:
    """Raise OSError unless the response is complete."""
    if status != 200 or not body.endswith(b"\n"):
        raise OSError(f"expected status 200 and a complete body, got status {status} and {len(body)} bytes")
