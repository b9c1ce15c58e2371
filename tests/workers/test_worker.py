"""What a worker does: errors that any process can be sent."""

import pickle

import made_functions
import pytest

from nogil_kernels.workers import worker


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
