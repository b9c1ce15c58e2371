"""Statements, and functions by their path."""

import itertools
import json
import sys
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

from nogil_kernels.gil import target


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Return a folder with files of functions. sys.path and sys.modules are restored."""
    (tmp_path / "nk_neighbour.py").write_text("ANSWER = 42\n")
    job = "class Job:\n    @staticmethod\n    def answer():\n        return nk_neighbour.ANSWER\n"
    (tmp_path / "nk_jobs.py").write_text(f"import nk_neighbour\n{job}number = 3\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    return tmp_path


def test_a_path_names_a_function_or_a_method():
    assert target.from_text("json:dumps") is json.dumps
    assert target.from_text("json.decoder:JSONDecoder.decode") is json.JSONDecoder.decode


def test_a_file_in_another_folder_imports_its_neighbour(files):
    assert target.from_text(f"{files}/nk_jobs.py:Job.answer")() == 42


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("nk_jobs.py:number", TypeError, "nk_jobs.py:number must be a function, got int"),
        ("nk_jobs.py:nothing", AttributeError, "nothing"),
        ("missing.py:work", FileNotFoundError, "no file .*missing.py"),
        ("nk_missing:work", ModuleNotFoundError, "nk_missing"),
    ],
)
def test_a_path_to_no_function_is_an_error(text, error, message, files):
    with pytest.raises(error, match=message):
        target.from_text(f"{files}/{text}" if ".py" in text else text)


def test_a_statement_may_have_several_lines_and_keeps_its_names():
    call = target.from_text("for i in range(3):\n    total += i\nresults.append(total)", "total, results = 0, []")
    assert [call(), call()] == [None, None]
    assert target.from_text("results + [1]", "results = [0]")() == [0, 1]


@pytest.mark.parametrize(("text", "setup"), [("1", "1 / 0"), ("x =", "pass"), ("1", "x ="), ("  1;\n2", "pass")])
def test_a_setup_that_raises_and_code_that_is_none_are_errors(text, setup):
    with pytest.raises((ZeroDivisionError, SyntaxError)):
        target.from_text(text, setup)


def test_a_statement_does_not_inherit_future_imports():
    assert target.from_text("f.__annotations__", "def f(x: int): pass")() == {"x": int}


@pytest.mark.parametrize(
    ("text", "message"),
    [("len", "does not call it. Write len"), ("jobs.py", "names no function. Write jobs.py:function")],
)
def test_a_forgotten_call_is_an_error(text, message):
    with pytest.raises(TypeError, match=message):
        target.from_text(text)()


def test_each_thread_of_a_statement_has_its_own_names():
    """As in `file = open(path); file.close()`, which fails if another thread replaces the file in between."""
    call = target.from_text("numbers.append(number := number + 1) or numbers[:]", "number, numbers = 0, []")
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(call).result() == [1]
        assert call() == [1, 1]
        assert executor.submit(call).result() == [1, 1, 2]


async def lazy_numbers():
    yield 1


@pytest.mark.parametrize("lazy", [lazy_numbers, lambda: itertools.repeat(1), lambda: zip([], [], strict=True)])
def test_a_lazy_result_of_any_kind_is_refused(lazy):
    with pytest.raises(TypeError, match="computed nothing yet"):
        target.check_result(lazy())


@pytest.mark.parametrize("result", [None, [], "text", range(3), {}.keys(), types.SimpleNamespace()])
def test_a_complete_result_is_accepted(result):
    target.check_result(result)
