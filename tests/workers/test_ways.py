"""The ways to run work: finding them, rejected arguments, and errors that can be pickled."""

import os
import pickle
import sys
from concurrent.futures.process import BrokenProcessPool

import pytest
import user_functions

from nogil_kernels import workers
from nogil_kernels.workers import worker
from nogil_kernels.workers.errors import Unavailable, Unknown


def test_an_unknown_way_is_rejected_with_the_valid_names():
    with pytest.raises(Unknown, match=r"unknown way 'thread': expected one of sequential, threads, pool, processes"):
        workers.find_way("thread")


@pytest.mark.parametrize(
    "path", ["user_functions:nobody", "no_such_module:f", "user_functions:", ":squares", ".", ".x:f"]
)
def test_a_path_that_does_not_exist_is_rejected(path):
    with pytest.raises(Unknown, match="expected package"):
        workers.import_callable(path)


def test_an_object_that_is_not_callable_is_rejected():
    with pytest.raises(Unknown, match="user_functions:times must be a function, got int"):
        workers.import_callable("user_functions:times")


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python has InterpreterPoolExecutor")
def test_interpreters_raise_unavailable_before_python_3_14():
    with pytest.raises(Unavailable, match=r"needs Python 3\.14"):
        workers.find_way("interpreters")(2)


def test_sequential_accepts_one_worker_only():
    with pytest.raises(ValueError, match="sequential must have 1 worker, got 2"):
        workers.find_way("sequential")(2)


def test_a_task_of_a_broken_pool_raises():
    with workers.find_way("pool")(1) as pool, pytest.raises(BrokenProcessPool, match="while its task was running"):
        pool.submit(os._exit, 1).result(30)


@pytest.mark.parametrize("error", [SystemExit(3), user_functions.Unsendable("this", "that")])
def test_errors_of_workers_can_be_pickled(error):
    with pytest.raises(RuntimeError) as raised, worker.picklable_errors():
        raise error
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_a_failed_import_is_replaced_by_its_first_cause():
    error = ImportError("a page of advice")
    error.__cause__ = ImportError("no such module")
    with pytest.raises(ImportError, match="no such module"), worker.picklable_errors():
        raise error


def test_other_errors_of_workers_are_not_changed():
    with pytest.raises(LookupError), worker.picklable_errors():
        user_functions.fails()
