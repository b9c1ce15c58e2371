"""Crew: after an error and at the end, no worker waits at a gate."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from nogil_kernels.workers.crew import Crew
from nogil_kernels.workers.gate import NotEnoughWorkers
from nogil_kernels.workers.shared import mapped


def test_an_error_in_one_worker_aborts_the_others(folder):
    barrier = threading.Barrier(2, timeout=10)

    def work():
        if barrier.wait() == 0:
            raise LookupError("one of two")
        gate.wait(1)

    with closing(Crew(folder)) as crew, ThreadPoolExecutor(2) as threads:
        gate = crew.gates.next(2)
        begin = time.monotonic()
        with pytest.raises(LookupError, match="one of two"):
            crew.results([threads.submit(work), threads.submit(work)])
        assert time.monotonic() - begin < 5


def test_close_aborts_waiting_workers(folder):
    crew = Crew(folder)
    gate, errors = crew.gates.next(2), []

    def wait():
        try:
            gate.wait(0)
        except NotEnoughWorkers as error:
            errors.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    while mapped(gate.path)[0] != gate.sample:
        time.sleep(0.001)
    crew.close()
    thread.join(10)
    assert "of 2 workers reached the gate" in errors[0]
