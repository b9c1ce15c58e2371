"""Detect whether another thread gets the GIL during a call."""

import threading
import time


class Ticker:
    """A thread that counts how often it gets the GIL: after each tick it releases the GIL and requests it again."""

    def __enter__(self):
        self.ticks, self.stop_requested = 0, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        while not self.ticks:
            time.sleep(0.001)
        return self

    def run(self):
        while not self.stop_requested:
            self.ticks += 1
            time.sleep(0)  # releases the GIL and requests it again

    def __exit__(self, *error):
        self.stop_requested = True
        self.thread.join()

    def ticks_during(self, call):
        """Return the number of ticks during a call."""
        ticks_before = self.ticks
        call()
        return self.ticks - ticks_before

    def ever_ticks_during(self, call, seconds=20):
        """Return whether a tick came during any call. Repeat the call, as the system may be slow to wake a thread."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.ticks_during(call):
                return True
        return False
