"""The ways to run work: finding them, what they refuse, and errors that any process can be sent."""

import os
import pickle
import sys
from concurrent.futures.process import BrokenProcessPool

import made_functions
import pytest

from nogil_kernels import workers
from nogil_kernels.workers import worker
from nogil_kernels.workers.errors import Unavailable, Unknown


def test_a_way_that_nobody_knows_is_refused_with_those_that_there_are():
    with pytest.raises(Unknown, match=r"no way 'thread': name one of sequential, threads, pool, processes"):
        workers.find("thread")


@pytest.mark.parametrize("path", ["made_functions:nobody", "no_such_module:f", "made_functions:", ":squares", "."])
def test_a_path_that_leads_nowhere_is_refused(path):
    with pytest.raises(Unknown, match="name a function as package"):
        workers.imported(path)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(Unknown, match="made_functions:times is no function, but of type int"):
        workers.imported("made_functions:times")


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="InterpreterPoolExecutor is here")
def test_without_interpreters_the_way_says_since_when_there_are_some():
    with pytest.raises(Unavailable, match=r"came with Python 3\.14"):
        workers.find("interpreters")(2)


def test_sequential_work_has_one_worker():
    with pytest.raises(ValueError, match="sequential has one worker, not 2"):
        workers.find("sequential")(2)


def test_a_task_of_a_broken_pool_ends_with_an_error():
    pool = workers.find("pool")(1)
    try:
        with pytest.raises(BrokenProcessPool, match="in the middle of its work"):
            pool.submit(os._exit, 1).result(30)
    finally:
        pool.shutdown()


@pytest.mark.parametrize("kind", [SystemExit, made_functions.Unsendable])
def test_errors_of_workers_can_be_sent(kind):
    error = SystemExit(3) if kind is SystemExit else kind("this", "that")
    with pytest.raises(RuntimeError) as raised, worker.sendable():
        raise error
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_of_an_import_that_failed_the_first_cause_is_told():
    error = ImportError("a page of advice")
    error.__cause__ = ImportError("no such module")
    with pytest.raises(ImportError, match="no such module"), worker.sendable():
        raise error


def test_other_errors_of_workers_stay_as_they_are():
    with pytest.raises(LookupError), worker.sendable():
        made_functions.fails()
