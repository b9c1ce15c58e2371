"""A crew: where a worker fails, and at the end, nobody waits at a gate."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from nogil_kernels.workers.crew import Crew
from nogil_kernels.workers.gate import NotEnoughWorkers
from nogil_kernels.workers.shared import mapped


def test_an_error_in_one_worker_sends_the_others_home():
    barrier = threading.Barrier(2, timeout=10)

    def work():
        if barrier.wait() == 0:
            raise LookupError("one of two")
        opening.wait(1)

    with closing(Crew()) as crew, ThreadPoolExecutor(2) as threads:
        opening = crew.gates.next(2)
        begin = time.monotonic()
        with pytest.raises(LookupError, match="one of two"):
            crew.results([threads.submit(work), threads.submit(work)])
        assert time.monotonic() - begin < 5


def test_who_waits_at_a_gate_is_sent_home_at_the_end():
    crew = Crew()
    opening, errors = crew.gates.next(2), []

    def wait():
        try:
            opening.wait(0)
        except NotEnoughWorkers as error:
            errors.append(str(error))

    waiting = threading.Thread(target=wait)
    waiting.start()
    while mapped(opening.path)[0] != opening.sample:
        time.sleep(0.001)
    crew.close()
    waiting.join(10)
    assert "of 2 workers began their part" in errors[0]
