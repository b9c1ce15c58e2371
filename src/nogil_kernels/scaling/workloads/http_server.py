"""A web server on this machine that answers every request after a while: `python http_server.py SECONDS`.

It prints its port, and ends when its standard input does: so it never outlives who started it, not even one that was
killed. It needs the standard library alone, and is run as a file: no package has to be found for it.
"""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches it, too; first, as imports take a while

import asyncio
import os
import sys

HOST = "127.0.0.1"
BODY = b"nogil\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"


async def serve(seconds: float) -> None:
    """Answer after so many seconds, until the standard input ends."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(seconds)
            writer.write(ANSWER % (len(BODY), BODY))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # nobody waits for the answer any more
        finally:
            writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    os._exit(0)  # the system closes what is open; ended by asyncio, 3.11 prints which requests it cancelled


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
