"""The request: the options of `compare`, which are checked before anything runs."""

import functools
import math
import sys
from pathlib import Path

import pytest
import user_functions

from nogil_kernels.measure import machine
from nogil_kernels.scaling import compare
from nogil_kernels.scaling.rows import worker_counts
from nogil_kernels.scaling.run import comparison
from nogil_kernels.scaling.run.request import other_pythons, request_of
from nogil_kernels.scaling.workloads import WORKLOADS
from nogil_kernels.workers import WAYS, pythons, worker
from nogil_kernels.workers.errors import Unknown
from nogil_kernels.workers.gate import MAX_WORKERS

SQUARES = "user_functions:squares"
FOLDER = Path(user_functions.__file__).parent
NO_GIL_BUILD = pythons.is_free_threaded()


def request(workloads="squares-python", **options):
    defaults = dict.fromkeys(("ways", "workers"), None) | dict.fromkeys(("weak", "quick", "beside_python"), False)
    return request_of(workloads, **{**defaults, "executors": (), **options})


@pytest.fixture(autouse=True)
def no_local_functions():
    """Forget the functions that a test has registered."""
    yield
    worker.local_functions.clear()


# Defaults


def test_all_workloads_ways_and_numbers_of_workers_are_the_default(monkeypatch):
    monkeypatch.setattr(machine, "usable_cores", lambda: 8)
    everything = request(None)
    assert everything.workloads == [*WORKLOADS]
    assert everything.ways == [*WAYS]
    assert everything.workers == [2, 4, 8]
    assert everything.tries_more
    assert request(None, quick=True).workers == [2, 8]


def test_there_are_no_rows_for_several_workers_on_one_core(monkeypatch):
    monkeypatch.setattr(machine, "usable_cores", lambda: 1)
    assert request().workers == []


@pytest.mark.parametrize(
    ("cores", "counts", "quick"),
    [
        (1, [1], False),
        (2, [1, 2], False),
        (3, [1, 2, 3], False),
        (6, [1, 2, 4, 6], False),
        (8, [1, 2, 4, 8], False),
        (12, [1, 2, 4, 8, 12], False),
        (63, [1, 2, 4, 63], False),
        (64, [1, 2, 4, 8, 16, 32, 64], False),
        (64, [1, 2, 64], True),
    ],
)
def test_worker_counts_double_up_to_the_number_of_cores_or_are_at_most_three(cores, counts, quick):
    assert worker_counts(cores, quick) == counts


def test_equal_shares_need_few_calls():
    for cores in range(1, 300):
        assert 4 * cores % math.lcm(*worker_counts(cores, quick=False)) == 0


# Values


def test_single_values_need_no_list():
    single = request(SQUARES, ways="threads", workers=3, executors="loky:get_reusable_executor")
    assert single.workloads == [SQUARES]
    assert single.ways == ["threads", "loky:get_reusable_executor"]
    assert single.workers == [3]
    assert not single.tries_more
    assert request(user_functions.squares).workloads == [SQUARES]


def test_values_that_occur_again_count_once():
    twice = request(
        ["sleep", SQUARES, "sleep", user_functions.squares],
        ways=["threads", "threads"],
        workers=[4, 2, 4],
        executors=["loky:get_reusable_executor"] * 2,
    )
    assert twice.workloads == ["sleep", SQUARES]
    assert twice.ways == ["threads", "loky:get_reusable_executor"]
    assert twice.workers == [2, 4]


def test_workloads_may_come_from_an_iterator():
    assert request(iter(["sleep", "counter"])).workloads == ["sleep", "counter"]


def test_an_executor_may_be_given_as_a_way():
    assert request(ways=["threads", "loky:get_reusable_executor"]).ways == ["threads", "loky:get_reusable_executor"]


@pytest.mark.parametrize("most", [1, MAX_WORKERS])
def test_the_limits_of_the_number_of_workers_are_allowed(most):
    assert request(workers=most).workers == [most]


def test_a_file_is_imported_by_the_name_of_its_module(monkeypatch):
    monkeypatch.chdir(FOLDER.parent)
    from_file = request([f"./{FOLDER.name}/user_functions.py:{name}" for name in ("squares", "sleeps")])
    assert from_file.workloads == [SQUARES, "user_functions:sleeps"]
    assert from_file.files == [("user_functions", str(FOLDER / "user_functions.py"))]


def test_two_files_of_one_name_are_refused(tmp_path):
    (tmp_path / "user_functions.py").touch()
    with pytest.raises(Unknown, match=r"user_functions.py' has the same name; rename one of them"):
        request([f"{FOLDER}/user_functions.py:squares", f"{tmp_path}/user_functions.py:squares"])


def test_beside_python_the_convoy_is_the_default():
    assert request(None, beside_python=True).workloads == ["convoy"]
    assert request([SQUARES, "convoy"], beside_python=True).workloads == [SQUARES, "convoy"]


# Names of functions


def decorated(function):
    @functools.wraps(function)
    def call():
        return function()

    return call


class Adder:
    def add(self):
        return sum(range(100))


def test_a_function_of_a_module_is_named_by_its_import_path():
    named = request([user_functions.squares, user_functions.sleeps])
    assert named.workloads == [SQUARES, "user_functions:sleeps"]
    assert not named.pickled
    assert worker.local_functions == {}


def test_two_lambdas_have_two_names_and_stay_in_this_process():
    first, second = (lambda: 1), (lambda: 2)
    named = request([first, second, first])
    assert len(named.workloads) == 2
    assert [worker.local_functions[name] for name in named.workloads] == [first, second]
    assert not named.pickled


@pytest.mark.parametrize("is_first", [True, False])
def test_a_function_and_its_decorated_version_have_two_names(is_first):
    functions = [user_functions.squares, decorated(user_functions.squares)]
    names = request(functions if is_first else functions[::-1]).workloads
    assert sorted(names) == [SQUARES, f"{SQUARES} (2)"]
    assert worker.user_function(f"{SQUARES} (2)") is functions[1]
    assert worker.user_function(SQUARES) is user_functions.squares


def test_a_partial_and_its_function_have_two_names():
    for given in (user_functions.squares, SQUARES):
        assert request([functools.partial(user_functions.squares), given]).workloads == [f"{SQUARES} (2)", SQUARES]


@pytest.mark.parametrize(
    "functions",
    [
        pytest.param([functools.partial(pow, 2, 3), functools.partial(pow, 2, 4)], id="partials"),
        pytest.param([Adder().add, Adder().add], id="bound methods"),
    ],
)
def test_partials_and_bound_methods_are_pickled_under_names_of_their_own(functions):
    named = request(functions)
    assert len({*named.workloads}) == 2
    assert [name for name, _ in named.pickled] == named.workloads
    assert [worker.unpickled(digits)() for _, digits in named.pickled] == [function() for function in functions]
    assert worker.local_functions == {}


def test_a_function_that_takes_too_much_memory_is_not_pickled():
    large = functools.partial(len, bytes((1 << 24) + 1))
    named = request(large)
    assert not named.pickled
    assert worker.local_functions == {named.workloads[0]: large}


def test_an_object_whose_pickling_fails_stays_in_this_process():
    class Callable:
        def __reduce__(self):
            raise ZeroDivisionError

        def __call__(self):
            """Do nothing."""

    named = request(Callable())
    assert not named.pickled
    assert [*worker.local_functions] == named.workloads


# What is refused


@pytest.fixture
def nothing_runs(monkeypatch):
    """Fail if a measurement begins."""
    monkeypatch.setattr(comparison, "measure", lambda *arguments: pytest.fail("a measurement began"))


def refused(arguments, text):
    return pytest.param(arguments, text, id=text[:40])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        refused({"workloads": "squares-pyton"}, "unknown workload 'squares-pyton': expected one of squares-python, "),
        refused({"workloads": "squares-pyton"}, "; did you mean 'squares-python'?"),
        refused({"workloads": ["sleep", "xyz"]}, "or module:function, or ./file.py:function"),
        refused({"workloads": []}, "no workload to measure"),
        refused({"workloads": "a\nb:work"}, r"must have printable characters only, got 'a\nb:work'"),
        refused({"executors": "a:b\nc"}, r"an executor must be package.module:factory, got 'a:b\nc'"),
        refused({"pythons": ""}, "cannot measure '': expected the path of an interpreter"),
        refused({"workloads": "./missing.py:f"}, "cannot import './missing.py:f': no file './missing.py'"),
        refused({"ways": "thread"}, "unknown way 'thread': expected one of sequential, threads, pool, processes"),
        refused({"ways": ["thread"]}, "or package.module:factory; did you mean 'threads'?"),
        refused({"executors": "loky"}, "an executor must be package.module:factory, got 'loky'"),
        refused({"executors": ["threads"]}, "an executor must be package.module:factory, got 'threads'"),
        refused({"workers": 0}, "workers must be from 1 to 4096, got 0"),
        refused({"workers": [2, -1]}, "workers must be from 1 to 4096, got 2, -1"),
        refused({"workers": MAX_WORKERS + 1}, "workers must be from 1 to 4096, got 4097"),
        refused({"workers": []}, "workers must be from 1 to 4096, got none"),
        refused({"workloads": "sleep", "beside_python": True}, "must be a function or convoy, got 'sleep'"),
        refused({"pythons": "/nope"}, "cannot measure '/nope': No such file or directory"),
        refused({"pythons": ["/nope"]}, "cannot measure '/nope': "),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_runs(arguments, text, nothing_runs):
    with pytest.raises(Unknown) as raised:
        compare(**{"workloads": ["sleep"]} | arguments)
    assert text in str(raised.value)


@pytest.mark.parametrize("seconds", [0, -1.0])
def test_seconds_must_be_positive(seconds, nothing_runs):
    with pytest.raises(ValueError, match="seconds must be positive, got"):
        compare("sleep", seconds=seconds)


def test_a_distant_name_has_no_suggestion():
    with pytest.raises(Unknown, match=r"./file\.py:function\Z"):
        request("xyz")


@pytest.mark.parametrize("options", [{"ways": "thread"}, {"pythons": "/nope"}])
def test_a_refused_request_forgets_its_functions(options, nothing_runs):
    with pytest.raises(Unknown):
        compare([lambda: 1, functools.partial(pow, 2, 3)], **options)
    assert worker.local_functions == {}


@pytest.mark.skipif(NO_GIL_BUILD, reason="a free-threaded interpreter is measured with its GIL in the other state")
def test_this_interpreter_is_measured_anyway():
    with pytest.raises(Unknown, match="it is this interpreter, which is measured anyway"):
        other_pythons(sys.executable)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"workloads": 7}, "a workload must be a name, a path or a function, got 7"),
        ({"workloads": ["squares-python", None]}, "a workload must be a name, a path or a function, got None"),
        ({"workloads": b"x"}, "a workload must be a name, a path or a function, got b'x'"),
        ({"ways": b"x"}, "expected a name or several, got b'x'"),
        ({"workers": "2"}, "workers must be an integer or several, got '2'"),
        ({"workers": [2.5]}, r"workers must be an integer or several, got \[2.5\]"),
        ({"ways": 3}, "expected a name or several, got 3"),
        ({"executors": 3}, "expected a name or several, got 3"),
    ],
)
def test_values_of_other_types_are_refused(arguments, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        request(**arguments)


def test_the_search_path_is_restored():
    before = ["", *sys.path]
    sys.path[:] = before
    compare(lambda: sum(range(100)), ways="threads", workers=2, seconds=0.05)
    after = sys.path[:]
    del sys.path[0]
    assert after == before
