"""Requests to a web server that takes its time: what a program that fetches pages mostly does is wait."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from ...workers.shared import Folder
from ...workers.worker import Call, Job
from . import WAITING, Unavailable, Workload

SERVER = Path(__file__).with_name("http_server.py")
HOST = "127.0.0.1"
PATIENCE = 30.0  # seconds for an answer: never reached but by a server that is gone
REQUEST = b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % HOST.encode()


class HttpFetch(Workload):
    """Five requests: one after the other and in threads by urllib.request, and by asyncio's streams."""

    name = "http-fetch"
    ways = WAITING
    limit = ""
    at_once = calls = 5
    SECONDS = 0.04  # that a near server takes; the work of a request is 1 to 2 % of it
    size = f"a request that is answered after {SECONDS * 1000:.0f} ms"

    def __init__(self, folder: Folder) -> None:
        self.server = subprocess.Popen(
            [sys.executable, "-P", SERVER, str(self.SECONDS)],  # -P: nothing is imported from beside that file
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.server.stdout is not None
        if not (port := self.server.stdout.readline()):
            self.close()
            raise Unavailable(f"its web server could not start: it ended with status {self.server.returncode}")
        self.port = int(port)

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:{'stream_call' if way == 'asyncio' else 'urllib_call'}", (self.port,))

    def close(self) -> None:
        """Close the server's standard input, which it ends with."""
        self.server.communicate()


def urllib_call(port: int) -> Call:
    from urllib.request import ProxyHandler, build_opener

    opener = build_opener(ProxyHandler({}))  # no proxy, whatever the environment says: the server is on this machine

    def fetch() -> None:
        with opener.open(f"http://{HOST}:{port}/", timeout=PATIENCE) as answer:
            check(answer.status, answer.read())

    return fetch


def stream_call(port: int) -> Call:
    return partial(fetch_stream, port)


async def fetch_stream(port: int) -> None:
    """HTTP by hand: asyncio brings no client, and this much of it is three lines."""
    import asyncio

    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(REQUEST)
        head, _, body = (await asyncio.wait_for(reader.read(), PATIENCE)).partition(b"\r\n\r\n")
        check(int(head.split(maxsplit=2)[1]), body)
    finally:
        writer.close()
        await writer.wait_closed()


def check(status: int, body: bytes) -> None:
    """Raise OSError unless that is a whole answer."""
    if status != 200 or not body.endswith(b"\n"):
        raise OSError(f"the server answered {status} with {len(body)} bytes")
