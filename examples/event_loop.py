"""Two coroutines that stall their event loop, for `nogil-kernels probe ./examples/event_loop.py:FUNCTION`."""

import hashlib
import json

DATA = bytes(100_000_000)
ROWS = [{"id": i, "square": i * i} for i in range(150_000)]


async def digest() -> str:
    """Release the GIL, but block the event loop. `await asyncio.to_thread(hashlib.sha256, DATA)` does not block it."""
    return hashlib.sha256(DATA).hexdigest()


async def text() -> str:
    """Hold the GIL."""
    return json.dumps(ROWS)
