"""A local web server that delays every response: `python http_server.py SECONDS`.

It prints its port and exits at the end of its standard input, so it exits with its parent even if that is killed. It
runs as a file and needs only the standard library.
"""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C also reaches this process. The imports below take time.

import asyncio
import os
import sys

HOST = "127.0.0.1"
BODY = b"nogil\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"


async def serve(seconds: float) -> None:
    """Respond after `seconds`, until the standard input ends."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(seconds)
            writer.write(RESPONSE % (len(BODY), BODY))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has disconnected
        finally:
            writer.close()

    server = await asyncio.start_server(respond, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    os._exit(0)  # Shutting down asyncio in Python 3.11 would print the cancelled requests.


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
