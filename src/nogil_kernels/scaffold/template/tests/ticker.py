"""Whether another thread gets the GIL during a call."""

import threading
import time


class Ticker:
    """Counts in a thread of its own whenever it gets the GIL, which it asks for all the time and gives up at once."""

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
            time.sleep(0)  # gives the GIL up and asks for it again

    def __exit__(self, *error):
        self.stopped = True
        self.thread.join()

    def ticks_during(self, call):
        before = self.ticks
        call()
        return self.ticks - before

    def ever_ticks_during(self, call, seconds=20):
        """Whether the count moves in one of many calls; the operating system may be slow to wake a thread."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if self.ticks_during(call):
                return True
        return False
