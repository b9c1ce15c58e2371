"""The answers of `new`: from options, git's configuration, and questions on a terminal."""

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
    options = ["--author", "Zoë O'Neil", "--email", "zoe@example.net", "--repo", "zoe/hash"]
    assert new("fast-hash", "--kernel", "elementwise", "--simd", *options).status == 0
    answers = answers_of(here / "fast-hash")
    assert (answers.kernel, answers.simd, answers.repo) == ("elementwise", True, "zoe/hash")
    assert (answers.author, answers.email) == ("Zoë O'Neil", "zoe@example.net")
    assert f"Copyright (c) {answers.year} Zoë O'Neil" in (here / "fast-hash/LICENSE").read_text(encoding="utf-8")
    assert "https://github.com/zoe/hash" in (here / "fast-hash/pyproject.toml").read_text(encoding="utf-8")


def test_author_email_and_owner_come_from_git(new, here, own_git):
    own_git.write_text(GIT)
    result = new("fast-hash")
    answers = answers_of(here / "fast-hash")
    assert (answers.author, answers.email) == ("Jane Doe", "jane@example.net")
    assert (answers.repo, answers.kernel, answers.simd) == ("janedoe/fast-hash", "reduction", False)
    assert b"placeholder" not in result.out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no current folder")
def test_git_is_read_in_the_target_folder_if_the_current_one_was_removed(new, here, own_git, tmp_path):
    own_git.write_text(GIT)
    here.rmdir()
    new("fast-hash", "--into", tmp_path / "work" / "fast-hash")
    assert answers_of(tmp_path / "work" / "fast-hash").author == "Jane Doe"


def test_options_override_git(new, here, own_git):
    own_git.write_text(GIT)
    new("fast-hash", "--author", "Somebody", "--repo", "some/where")
    answers = answers_of(here / "fast-hash")
    assert (answers.author, answers.email, answers.repo) == ("Somebody", "jane@example.net", "some/where")


def test_placeholders_are_listed_with_their_files(new, here):
    out = new("fast-hash").out.decode()
    for word in ("Your Name", "you@example.org", "your-name"):
        (line,) = [line for line in out.splitlines() if line.startswith(f'Replace the placeholder "{word}" in ')]
        assert "pyproject.toml" in line


def test_without_git_placeholders_are_used(new, here, monkeypatch):
    monkeypatch.setenv("PATH", str(here))
    assert new("fast-hash").status == 0
    assert answers_of(here / "fast-hash").author == "Your Name"


def test_answers_that_contain_words_of_the_template_are_not_replaced(new, here):
    new("fast-hash", "--author", "your_kernels", "--repo", "your-kernels/YOUR_KERNELS")
    text = (here / "fast-hash/pyproject.toml").read_text(encoding="utf-8")
    assert 'name = "your_kernels"' in text
    assert "github.com/your-kernels/YOUR_KERNELS" in text


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--kernel", "fft", "kernel must be reduction or elementwise, got 'fft'"),
        ("--author", "", "one line of printable characters, got ''"),
        ("--author", "Jane\nDoe", "one line"),
        ("--author", "J\u202eane", "printable"),
        ("--email", "", "email must be an address"),
        ("--email", "jane", "email must be an address"),
        ("--repo", "", "OWNER/NAME"),
        ("--repo", "jane/..", "OWNER/NAME"),
        ("--repo", "jane/hash.git", "OWNER/NAME"),
        ("--repo", "git@github.com:jane/hash.git", "OWNER/NAME"),
        ("--into", "", "--into must be a folder with a printable name, got ''"),
        ("--into", "~nobody-of-that-name/x", "--into must be a folder"),
        ("--into", "a\nb", r"--into must be a folder with a printable name, got 'a\nb'"),
        ("--email", "jane@x y", "email must be an address"),
        ("--repo", "jane", "OWNER/NAME"),
        ("--repo", "https://github.com/jane/hash", "OWNER/NAME"),
    ],
)
def test_an_invalid_answer_is_refused_in_one_line(new, here, option, value, reason):
    result = new("fast-hash", option, value)
    assert (result.status, result.out, result.err.count("\n")) == (2, b"", 1)
    assert reason in result.err
    assert not list(here.iterdir())


NAMES = [
    *(
        "CORP\\jane",
        'Kenneth "Elf" S',
        "O'Neil",
        "Zoë",
        "山田太郎",
        "Jane 🎉",
        "Doe, Jane",
        "Jane (Corp)",
        "J; D",
        "J: D",
    ),
    *(
        "$HOME",
        "100%",
        "{name}",
        "Jane # Doe",
        "\\",
        '"',
        "'''",
        '"""',
        "Jane\\",
        "Jane <j@x>",
        "=?utf-8?q?x?=",
        "x" * 300,
    ),
    *(
        "Jane\tDoe",
        " Jane ",
        "Jane\nDoe",
        "J\xa0D",
        "J\u202eane",
        "J\x7fD",
        "\ufeffJane",
        "a\\nb",
        "\\u0041",
        "your_kernels",
    ),
]
EMAILS = [
    *("root@localhost", "jane@example", "jane", "<jane@example.org>", "jänë@example.org", "jane@[127.0.0.1]"),
    *("jane@münchen.de", "jane+x@example.org", "12345+jane@users.noreply.github.com", "a'b@example.org", "%{}@x.org"),
    *("jane@example..org", ".jane@example.org", "jane.@x.org", "jane@-x.org", "jane@ex_ample.org", "a,b@example.org"),
    *("a:b@example.org", "a@b@example.org", "jane@example.org.", "(x)jane@example.org", "jane\\@x.org", "jane@e.org;"),
    *("jane@127.0.0.1", "jane@x.y", "🎉@example.org", '"j d"@example.org', "j@x.org\u200b", "x" * 70 + "@example.org"),
]


@pytest.mark.parametrize(("key", "values"), [("name", NAMES), ("email", EMAILS)])
def test_setuptools_accepts_each_project_with_values_of_git(key, values, new, here, own_git, monkeypatch):
    """A value is in the metadata and the licence, or is refused with its origin before anything is written."""
    setuptools = pytest.importorskip("setuptools", "80")
    pyprojecttoml = pytest.importorskip("setuptools.config.pyprojecttoml")
    option = {"name": "author", "email": "email"}[key]
    for index, value in enumerate(values):
        project = here / f"project{index}"
        own_git.unlink(missing_ok=True)
        subprocess.run(["git", "config", "--file", own_git, f"user.{key}", value], check=True)
        result = new("fast-hash", "--into", project)
        if result.status:
            assert result.err.endswith(f", from git's user.{key}. Use --{option}\n"), value
            assert not project.exists()
            continue
        monkeypatch.chdir(project)
        metadata = pyprojecttoml.apply_configuration(setuptools.Distribution(), "pyproject.toml").metadata
        assert getattr(answers_of(project), option) == " ".join(value.split())
        assert metadata.author_email
        if key == "name":
            assert f" {' '.join(value.split())}\n" in (project / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("value", ["CORP\\jane", 'Kenneth "Elf" S', "O'Neil", "山田太郎", "jane@münchen.de", "a_b"])
def test_usual_values_of_git_are_accepted(value, new, here, own_git):
    key = "user.email" if "@" in value else "github.user" if "_" in value else "user.name"
    subprocess.run(["git", "config", "--file", own_git, key, value], check=True)
    assert new("fast-hash").status == 0


def test_an_owner_that_github_does_not_allow_is_refused_with_its_origin(new, here, own_git):
    own_git.write_text("[github]\n\tuser = jane doe\n")
    result = new("fast-hash")
    message = "repo must be OWNER/NAME, got 'jane doe/fast-hash', from git's github.user. Use --repo"
    assert (result.status, result.err) == (2, f"nogil-kernels new: {message}\n")


def test_an_option_replaces_a_value_of_git_that_would_be_refused(new, here, own_git):
    own_git.write_text("[user]\n\temail = root@localhost\n")
    assert new("fast-hash", "--email", "jane@example.org").status == 0


def test_a_value_in_another_encoding_is_refused(new, here, own_git):
    own_git.write_bytes(b"[user]\n\tname = Jos\xe9\n")
    assert "from git's user.name" in new("fast-hash").err


@pytest.mark.parametrize("configuration", ["[user\nname", "[user]\n\tname\n", "[user]\n\tname =\n"])
def test_a_configuration_without_values_or_with_errors_gives_placeholders(configuration, new, here, own_git):
    own_git.write_text(configuration)
    assert new("fast-hash").status == 0
    assert answers_of(here / "fast-hash").author == "Your Name"


def test_without_a_terminal_nothing_is_asked(new, here):
    result = new()
    assert (result.status, result.out) == (2, b"")
    assert result.err == "nogil-kernels new: NAME is missing, and without a terminal the command cannot ask for it\n"


@pytest.fixture
def on_terminal(here):
    """Return on_terminal(arguments, *typed), which runs the command on a new terminal and returns its output.

    `typed` are the inputs, one per question. The command must exit with `status`.
    """
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals to test with")

    def run(arguments, *typed, status=0):
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "nogil_kernels", "new", *arguments]
        with subprocess.Popen(command, preexec_fn=lambda: os.login_tty(theirs)) as process:
            os.close(theirs)
            output, inputs = b"", list(typed)
            try:
                while data := select.select([ours], [], [], 30)[0] and os.read(ours, 4096):
                    output += data
                    if output.endswith(b": "):
                        assert inputs, output
                        if inputs[0] == CTRL_C:  # input() handles a signal only once it waits for a key
                            time.sleep(0.2)
                        os.write(ours, inputs.pop(0))
            except OSError:  # Linux raises an error once the other end is closed
                pass
            finally:
                os.close(ours)  # ends a question that still waits
        assert not inputs, output
        assert process.returncode == status, output
        return output.decode()

    return run


def test_without_a_name_everything_is_asked(on_terminal, here):
    typed = [b"fast-hash\n", b"elementwise\n", b"yes\n", b"Jane Doe\n", b"jane@example.net\n", b"jane/hash\n"]
    on_terminal([], *typed)
    answers = answers_of(here / "fast-hash")
    assert (answers.name, answers.kernel, answers.simd) == ("fast-hash", "elementwise", True)
    assert (answers.author, answers.email, answers.repo) == ("Jane Doe", "jane@example.net", "jane/hash")


def test_enter_accepts_the_values_from_git(on_terminal, here, own_git):
    own_git.write_text(GIT)
    on_terminal([], b"fast-hash\n", *[b"\n"] * 5)
    answers = answers_of(here / "fast-hash")
    assert (answers.kernel, answers.simd) == ("reduction", False)
    assert (answers.author, answers.email, answers.repo) == ("Jane Doe", "jane@example.net", "janedoe/fast-hash")


def test_with_a_name_only_missing_answers_are_asked(on_terminal, here, own_git):
    own_git.write_text("[user]\n\tname = Jane Doe\n")
    output = on_terminal(["fast-hash", "--email", "jane@example.net"], b"jane/hash\n")
    assert "GitHub repository" in output
    assert "Author" not in output
    assert "Example kernel" not in output
    assert answers_of(here / "fast-hash").repo == "jane/hash"


def test_with_a_name_and_gits_values_nothing_is_asked(on_terminal, here, own_git):
    own_git.write_text(GIT)
    on_terminal(["fast-hash"])


def test_an_invalid_answer_is_asked_again(on_terminal, here, own_git):
    own_git.write_text(GIT)
    typed = [b"json\n", b"fast-hash\n", b"fft\n", b"elementwise\n", b"perhaps\n", b"no\n", b"\n", b"nobody\n"]
    output = on_terminal([], *typed, b"\n", b"\n")
    assert "standard library" in output
    assert "kernel must be reduction or elementwise, got 'fft'" in output
    assert "answer yes or no" in output
    assert "email must be an address" in output
    assert answers_of(here / "fast-hash").kernel == "elementwise"


def test_an_occupied_folder_is_refused_before_further_questions(on_terminal, here):
    (here / "fast-hash").mkdir()
    (here / "fast-hash/work").touch()
    assert "Author" not in on_terminal([], b"fast-hash\n", status=2)


@pytest.mark.parametrize(("typed", "status"), [(CTRL_D, 2), (CTRL_C, INTERRUPTED)], ids=["D", "C"])
def test_ctrl_d_and_ctrl_c_end_the_questions(on_terminal, here, typed, status):
    output = on_terminal([], b"fast-hash\n", typed, status=status)
    assert "Traceback" not in output
    assert not list(here.iterdir())
