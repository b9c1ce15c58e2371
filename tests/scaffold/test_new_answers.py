"""`new` and its answers: options, git's configuration, questions on a terminal and nowhere else."""

import os
import select
import subprocess
import sys
import time

import pytest
from trees import answers_of

from nogil_kernels.cli import INTERRUPTED

CTRL_C, CTRL_D = b"\x03", b"\x04"
GIT = "[user]\n\tname = Jane Doe\n\temail = jane@example.net\n[github]\n\tuser = janedoe\n"


def test_options_are_answers(new, here):
    told = ["--author", "Zoë O'Neil", "--email", "zoe@example.net", "--repo", "zoe/hash"]
    assert new("fast-hash", "--kernel", "elementwise", "--simd", *told).status == 0
    answers = answers_of(here / "fast-hash")
    assert (answers.kernel, answers.simd, answers.repo) == ("elementwise", True, "zoe/hash")
    assert (answers.author, answers.email) == ("Zoë O'Neil", "zoe@example.net")
    assert f"Copyright (c) {answers.year} Zoë O'Neil" in (here / "fast-hash/LICENSE").read_text(encoding="utf-8")
    assert "https://github.com/zoe/hash" in (here / "fast-hash/pyproject.toml").read_text(encoding="utf-8")


def test_git_knows_author_email_and_owner(new, here, own_git):
    own_git.write_text(GIT)
    done = new("fast-hash")
    answers = answers_of(here / "fast-hash")
    assert (answers.author, answers.email) == ("Jane Doe", "jane@example.net")
    assert (answers.repo, answers.kernel, answers.simd) == ("janedoe/fast-hash", "reduction", False)
    assert b"To be filled in" not in done.out


def test_options_come_before_git(new, here, own_git):
    own_git.write_text(GIT)
    new("fast-hash", "--author", "Somebody", "--repo", "some/where")
    answers = answers_of(here / "fast-hash")
    assert (answers.author, answers.email, answers.repo) == ("Somebody", "jane@example.net", "some/where")


def test_what_nobody_said_is_named_with_its_files(new, here):
    out = new("fast-hash").out.decode()
    for word in ("Your Name", "you@example.org", "your-name"):
        (line,) = [line for line in out.splitlines() if line.startswith(f'To be filled in: "{word}" in ')]
        assert "pyproject.toml" in line


def test_without_git_nothing_is_known(new, here, monkeypatch):
    monkeypatch.setenv("PATH", str(here))
    assert new("fast-hash").status == 0
    assert answers_of(here / "fast-hash").author == "Your Name"


def test_words_of_the_template_in_an_answer_stay_as_they_are(new, here):
    new("fast-hash", "--author", "your_kernels", "--repo", "your-kernels/YOUR_KERNELS")
    text = (here / "fast-hash/pyproject.toml").read_text(encoding="utf-8")
    assert 'name = "your_kernels"' in text
    assert "github.com/your-kernels/YOUR_KERNELS" in text


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--kernel", "fft", "reduction, elementwise"),
        ("--author", "", "author"),
        ("--author", 'Jane "J" Doe', "double quotes"),
        ("--author", "Jane\nDoe", "one line"),
        ("--author", "back\\slash", "backslashes"),
        ("--email", "jane", "no email address"),
        ("--email", "jane@x y", "no email address"),
        ("--repo", "jane", "OWNER/NAME"),
        ("--repo", "https://github.com/jane/hash", "OWNER/NAME"),
    ],
)
def test_an_answer_is_refused_in_one_line(new, here, option, value, reason):
    done = new("fast-hash", option, value)
    assert (done.status, done.out, done.said.count("\n")) == (2, b"", 1)
    assert reason in done.said
    assert not list(here.iterdir())


def test_without_a_terminal_nothing_is_asked(new, here):
    done = new()
    assert (done.status, done.out) == (2, b"")
    assert done.said == "nogil-kernels new: no NAME, and no terminal to ask for one on\n"


@pytest.fixture
def on_terminal(here):
    """on_terminal(arguments, *typed): what is seen of the command on a terminal of its own; it ends with `status`.

    `typed` holds what is typed at each question, as soon as it has been asked.
    """
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals to test with")

    def run(arguments, *typed, status=0):
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "nogil_kernels", "new", *arguments]
        with subprocess.Popen(command, preexec_fn=lambda: os.login_tty(theirs)) as process:
            os.close(theirs)
            seen, left = b"", list(typed)
            try:
                while part := select.select([ours], [], [], 30)[0] and os.read(ours, 4096):
                    seen += part
                    if seen.endswith(b": "):
                        assert left, seen
                        if left[0] == CTRL_C:  # a signal between the prompt and the wait for a key waits for the key
                            time.sleep(0.2)
                        os.write(ours, left.pop(0))
            except OSError:  # how Linux says that nobody has the terminal open any more
                pass
            finally:
                os.close(ours)  # whoever still asks is told that there is nobody
        assert not left, seen
        assert process.returncode == status, seen
        return seen.decode()

    return run


def test_everything_is_asked_for_where_there_is_no_name(on_terminal, here):
    typed = [b"fast-hash\n", b"elementwise\n", b"yes\n", b"Jane Doe\n", b"jane@example.net\n", b"jane/hash\n"]
    on_terminal([], *typed)
    answers = answers_of(here / "fast-hash")
    assert (answers.name, answers.kernel, answers.simd) == ("fast-hash", "elementwise", True)
    assert (answers.author, answers.email, answers.repo) == ("Jane Doe", "jane@example.net", "jane/hash")


def test_enter_takes_what_git_knows(on_terminal, here, own_git):
    own_git.write_text(GIT)
    on_terminal([], b"fast-hash\n", *[b"\n"] * 5)
    answers = answers_of(here / "fast-hash")
    assert (answers.kernel, answers.simd) == ("reduction", False)
    assert (answers.author, answers.email, answers.repo) == ("Jane Doe", "jane@example.net", "janedoe/fast-hash")


def test_with_a_name_only_what_is_known_from_nowhere_is_asked_for(on_terminal, here, own_git):
    own_git.write_text("[user]\n\tname = Jane Doe\n")
    seen = on_terminal(["fast-hash", "--email", "jane@example.net"], b"jane/hash\n")
    assert "Repository" in seen
    assert "Author" not in seen
    assert "Kernel" not in seen
    assert answers_of(here / "fast-hash").repo == "jane/hash"


def test_with_all_of_it_known_nothing_is_asked(on_terminal, here, own_git):
    own_git.write_text(GIT)
    on_terminal(["fast-hash"])


def test_an_answer_that_will_not_do_is_asked_for_again(on_terminal, here, own_git):
    own_git.write_text(GIT)
    typed = [b"json\n", b"fast-hash\n", b"fft\n", b"elementwise\n", b"perhaps\n", b"no\n", b"\n", b"nobody\n"]
    seen = on_terminal([], *typed, b"\n", b"\n")
    assert "standard library" in seen
    assert "'fft' is no kernel" in seen
    assert "yes or no" in seen
    assert "no email address" in seen
    assert answers_of(here / "fast-hash").kernel == "elementwise"


def test_a_folder_that_will_not_do_is_refused_before_more_is_asked(on_terminal, here):
    (here / "fast-hash").mkdir()
    (here / "fast-hash/work").touch()
    seen = on_terminal([], b"fast-hash\n", status=2)
    assert "Author" not in seen


@pytest.mark.parametrize(("typed", "status"), [(CTRL_D, 2), (CTRL_C, INTERRUPTED)], ids=["D", "C"])
def test_ctrl_d_and_ctrl_c_end_the_questions(on_terminal, here, typed, status):
    seen = on_terminal([], b"fast-hash\n", typed, status=status)
    assert "Traceback" not in seen
    assert not list(here.iterdir())
