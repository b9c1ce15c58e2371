"""The child process in which workers run: its messages, what it says when it ends, and that nothing of it remains."""

import json
import os
import sys
from contextlib import closing

import pytest
from commands import killed
from support import needs_proc, remaining_processes, running_processes

from nogil_kernels.scaling.rows import Row, Sample
from nogil_kernels.scaling.run import children
from nogil_kernels.scaling.run.children import Broken, Child, Here, ThisInterpreter
from nogil_kernels.scaling.run.request import Request
from nogil_kernels.workers.errors import Unavailable, Unknown
from nogil_kernels.workers.isolated import Isolated
from nogil_kernels.workers.pythons import PythonError

REQUEST = Request(["squares-python"], ["threads"], [2], is_first=False)
ROWS = [Row("a", "", "", way, workers, 2, "", "") for way, workers in (("sequential", 1), ("threads", 2))]
SLEEPS = [("user_functions:sleeps//", 100), ("user_functions:sleeps// serial", 100)]
"""A sample of this number of calls takes 25 s."""

needs_sh = pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")


@pytest.fixture
def started(monkeypatch):
    """Return the list of the processes that a test starts. None of them may run at its end."""
    processes = []

    class Listed(Isolated):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            processes.append(self.process)

    monkeypatch.setattr(children, "Isolated", Listed)
    monkeypatch.setattr(children, "PATIENCE", 0.1)
    yield processes
    assert processes
    assert all(process.returncode is not None for process in processes)


def start(*command, folder):
    return Child(command, {**os.environ}, REQUEST, folder)


# Programs that are not our child


@needs_sh
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo garbage; exec sleep 60", "'garbage'"),
        ("echo 5; exec sleep 60", "'5'"),
        ("echo; exec sleep 60", "''"),
        (r"printf '\377\n'; exec sleep 60", "'\N{REPLACEMENT CHARACTER}'"),
        (f"echo {50 * 'x'}; exec sleep 60", repr(40 * "x")),
    ],
)
def test_a_program_that_is_no_child_of_ours_is_ended(script, reason, started, folder):
    with pytest.raises(PythonError) as raised:
        start("/bin/sh", "-c", f"read request; {script}", folder=folder)
    assert str(raised.value) == f"sh sent an invalid message: {reason}"


@needs_sh
@pytest.mark.parametrize(
    ("script", "reason", "doing"),
    [
        ("echo late >&2; exit 4", "the process ended with status 4: late", ("", "")),
        ("exit 4", "the process ended with status 4", ("", "")),
        ("kill -9 $$", "the process was killed by SIGKILL", ("", "")),
        ("printf half; exit 4", "the process ended with status 4", ("", "")),
        ("""echo '{"doing": ["a", ""]}'; exit 3""", "the process ended with status 3", ("a", "")),
        (
            """echo '{"doing": ["a", ""]}'; echo '{"doing": ["b", "threads"]}'; kill -11 $$""",
            "the process was killed by SIGSEGV",
            ("b", "threads"),
        ),
    ],
)
def test_a_process_that_ends_while_preparing_says_how_and_what_it_was_doing(script, reason, doing, started, folder):
    with pytest.raises(Broken) as raised:
        start("/bin/sh", "-c", f"read request; {script}", folder=folder)
    assert str(raised.value) == reason
    assert (raised.value.workload, raised.value.way) == doing


@needs_sh
@pytest.mark.parametrize("error", [Unknown, Unavailable])
def test_an_error_of_the_child_is_raised_here(error, started, folder):
    message = json.dumps({"error": error.__name__, "text": "no such name"})
    with pytest.raises(error, match=r"\Ano such name\Z"):
        start("/bin/sh", "-c", f"read request; echo '{message}'; exec sleep 60", folder=folder)


FAKE = """
import json, os, sys
def send(message):
    print(json.dumps(message), flush=True)
json.loads(input())
send({"doing": ["a", "threads"]})
send({"rows": [{"workload": "a", "side": "", "setting": "", "way": way, "workers": workers, "calls": 2, "size": "",
                "limit": ""} for way, workers in (("sequential", 1), ("threads", 2))], "notes": ["a note"]})
for line in sys.stdin:
    for index in json.loads(line):
        FAIL
        send([index, {"seconds": 1.0 + index, "p99": 2.0} if index else "LookupError: gone"])
    send({"a": ["the current folder"]})
"""


def test_a_child_sends_its_rows_and_then_a_sample_or_a_reason_for_each_row(started, folder):
    with closing(start(sys.executable, "-c", FAKE.replace("FAIL", ""), folder=folder)) as child:
        assert child.rows == ROWS
        assert child.description == {"notes": ["a note"]}
        assert child.changes() == {}
        for _ in range(2):
            samples = [(ROWS[1], Sample(2.0, p99=2.0)), (ROWS[0], "LookupError: gone")]
            assert [*child.samples(ROWS[::-1])] == samples
            assert child.changes() == {"a": ["the current folder"]}


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("index and os._exit(7)", "the process ended with status 7"),
        ("index and sys.exit('no memory')", "the process ended with status 1: no memory"),
    ],
)
def test_a_process_that_ends_in_a_sample_says_how_and_keeps_the_earlier_samples(failure, reason, started, folder):
    samples = []
    with closing(start(sys.executable, "-c", FAKE.replace("FAIL", failure), folder=folder)) as child:
        with pytest.raises(Broken) as raised:
            samples.extend(child.samples(ROWS))
        assert str(raised.value) == reason
        assert (raised.value.workload, raised.value.way) == ("a", "threads")
        with pytest.raises(Broken):
            samples.extend(child.samples(ROWS[:1]))
    assert samples == [(ROWS[0], "LookupError: gone")]


# Children of this interpreter


def test_only_functions_without_a_path_run_in_this_process(started, folder):
    for in_process, kind in ((True, Here), (False, Child)):
        with closing(ThisInterpreter(in_process).start(REQUEST, folder)) as workers:
            assert isinstance(workers, kind)
            assert [row.way for row in workers.rows] == ["sequential", "threads"]
            assert all(isinstance(sample, Sample) for _, sample in workers.samples(workers.rows))


@needs_proc
@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends only the process itself")
def test_close_ends_the_process_and_its_workers_during_a_sample(started, folder):
    request = Request(["user_functions:sleeps"], ["pool", "processes"], [2], is_first=False, calls=SLEEPS)
    with closing(ThisInterpreter(False).start(request, folder)) as child:
        group = started[0].pid
        assert len(running_processes(group)) > 4
        child._send([1])
    assert remaining_processes(group) == []


def test_the_child_sends_what_is_unknown(started, folder):
    with pytest.raises(Unknown, match=r"cannot import user_functions:nobody: .* has no attribute 'nobody'"):
        ThisInterpreter(False).start(Request(["user_functions:nobody"], ["threads"], [2]), folder)


@needs_proc
def test_no_process_remains_if_the_parent_is_killed_during_a_sample(folder):
    code = f"""
        from nogil_kernels.scaling.run import children
        from nogil_kernels.scaling.run.request import Request
        from nogil_kernels.workers.shared import Folder
        request = Request(["user_functions:sleeps"], ["pool", "processes"], [2], is_first=False, calls={SLEEPS})
        child = children.ThisInterpreter(False).start(request, Folder({str(folder.path)!r}))
        child._send([1])
        print(child._process.process.pid, flush=True)
        input()
    """
    with killed(code, PYTHONPATH=os.pathsep.join(sys.path)) as (process, group):
        assert len(running_processes(int(group))) > 4
    assert remaining_processes(process.pid) == []
    assert remaining_processes(int(group)) == []
