"""Detect whether another thread gets the GIL during a call."""

import threading
import time


class Ticker:
    """A thread that counts how often it gets the GIL. It releases the GIL after each tick and requests it again."""

    def __enter__(self):
        self.ticks, self.stopped = 0, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        while not self.ticks:
            time.sleep(0.001)
        return self

    def run(self):
        while not self.stopped:
            self.ticks += 1
            time.sleep(0)  # releases the GIL and requests it again

    def __exit__(self, *error):
        self.stopped = True
        self.thread.join()

    def ticks_during(self, call):
        """Return the number of ticks during a call."""
        before = self.ticks
        call()
        return self.ticks - before

    def ever_ticks_during(self, call, seconds=20):
        """Return whether one of many calls has a tick. The operating system may be slow to wake a thread."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.ticks_during(call):
                return True
        return False
