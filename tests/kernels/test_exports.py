"""Objects that export arrays: the protocol by which they are read, and their warnings and errors."""

import sys
import threading
import warnings

import numpy as np
import pytest
from operands import Warns, WithArray, objects

from nogil_kernels.exports import _exporting

ARRAY = np.array([3.0, 4.0])


class Interface:
    """An array by an attribute of the object, as those of numpy.lib.stride_tricks."""

    def __init__(self, array):
        self.__array_interface__ = array.__array_interface__
        self.array = array


def test_an_array_that_the_object_itself_exports_is_read(kernels):
    x = Interface(ARRAY)
    assert kernels.sum_of_squares(x) == 25
    assert kernels.sum_of_squares([x, [1, 1]]) == 27
    assert kernels.matmul(x, x) == 25


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes have __buffer__ since Python 3.12")
@pytest.mark.parametrize("error", [BufferError, ValueError])
def test_an_array_without_a_buffer_is_read(kernels, error):
    class Closed(WithArray):
        def __buffer__(self, flags):
            raise error("the buffer is closed")

    assert kernels.sum_of_squares(Closed([3.0, 4.0])) == 25
    assert kernels.sum_of_squares([Closed([3.0, 4.0])]) == 25


def test_warnings_of_threads_that_export_arrays_leave_no_filter_behind(kernels):
    """warnings.catch_warnings() is not safe in threads: two that overlap leave the filters of the first one."""
    wrong = []

    def call():
        for _ in range(200):
            if kernels.sum_of_squares([WithArray([3.0, 4.0])]) != 25:
                wrong.append(1)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    with warnings.catch_warnings():
        warnings.simplefilter("default", append=False)
        with pytest.warns(UserWarning, match="of the program"):
            warnings.warn("of the program", stacklevel=1)
    assert wrong == []


def test_a_warning_is_an_error_even_if_the_program_ignores_warnings(kernels):
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(TypeError, match="with the warning"):
                kernels.sum_of_squares([Warns(UserWarning)])
            warnings.warn("still ignored", stacklevel=1)


def test_a_signal_handler_that_raises_during_an_export_leaves_warnings_as_they_were(kernels, monkeypatch):
    """The handler can also run after the context variable is set and before the export."""

    class Interrupted(WithArray):
        def __array__(self, dtype=None, copy=None):
            raise KeyboardInterrupt

    class Setting:
        """A context variable that a signal interrupts right after it was set."""

        def __init__(self, variable):
            self.get, self.variable = variable.get, variable

        def set(self, value):
            self.variable.set(value)
            raise KeyboardInterrupt

    for variable in (_exporting, Setting(_exporting)):
        monkeypatch.setattr("nogil_kernels.exports._exporting", variable)
        with pytest.raises(KeyboardInterrupt):
            kernels.sum_of_squares([Interrupted([1.0])])
        with pytest.warns(UserWarning, match="of the program"):
            warnings.warn("of the program", stacklevel=1)


def test_the_error_of_an_array_method_is_raised(kernels):
    class Broken(WithArray):
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        kernels.sum_of_squares([Broken([1.0])])


def test_pandas_is_read_by_its_values(kernels):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pd.DataFrame({"units": [1.0, 1.0], "unit": [1.0, 1.0], "price": [1.0, 1.0]})
    series = pd.Series([3, 4], index=[7, 8])
    for x in (frame, [frame], iter([frame]), objects([[frame]])):
        assert kernels.sum_of_squares(x) == 6
    assert kernels.sum_of_squares(frame, axis=0).tolist() == [2.0, 2.0, 2.0]
    assert kernels.sum_of_squares([series, series]) == 50
    assert kernels.matmul(frame, frame.T).tolist() == [[3.0, 3.0], [3.0, 3.0]]
    with pytest.raises(TypeError, match=r"x\[1\] is 'b'"):
        kernels.sum_of_squares(pd.Series([1, "b"]))
