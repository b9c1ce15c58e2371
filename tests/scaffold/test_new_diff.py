"""`new --diff` prints what a newer template would change in a project: a patch that leaves the user's edits alone."""

import random
import shutil
import subprocess

import pytest
from trees import files_of

from nogil_kernels.scaffold import answers, record, template
from nogil_kernels.scaffold.patches import patch

BASE = template.render(template.load(), answers.Answers(name="fast-hash"))
README = BASE["README.md"].replace(b"fast-hash", b"your-kernels").replace(b"fast_hash", b"your_kernels")
HEAD, TAIL = b"# From the template\n", b"\nMine, and only mine.\n"


@pytest.fixture
def project(new, here, git):
    """A project in a repository; nothing of it is committed."""
    new("fast-hash", "--into", ".")
    git("init", "--quiet")
    return here


@pytest.fixture
def committed(project, git):
    """A project in a repository, committed as it was made."""
    git("add", "--all")
    git("commit", "--quiet", "--message", "As it was made")
    return project


def applied(new, git, *options):
    """Apply what --diff prints; then there is nothing more to change."""
    done = new("--diff")
    assert done.status == 0
    git("apply", *options, given=done.out)
    again = new("--diff")
    assert (again.out, again.said.splitlines()[0]) == (b"", "Nothing to change.")
    return done


def test_nothing_changes_in_a_project_of_today(new, project):
    done = new("--diff")
    assert (done.status, done.out, done.said) == (0, b"", "Nothing to change.\n")


def test_nothing_changes_where_git_writes_the_lines_of_windows(new, project):
    for path, content in files_of(project).items():
        (project / path).write_bytes(content.replace(b"\n", b"\r\n"))
    assert new("--diff").out == b""


def test_what_the_user_edits_is_no_change(new, project):
    (project / "README.md").write_bytes(TAIL)
    (project / "setup.py").unlink()
    (project / "of_my_own.py").write_text("pass\n")
    assert new("--diff").out == b""


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("README.md", HEAD + README),
        ("README.md", README + b"no end of line"),
        ("README.md", b""),
        ("README.md", None),
        ("README.md", b"\0now binary\n" + README),
        ("docs/new.md", b"your-kernels has a new file\n"),
        ("docs/empty.md", b""),
        ("src/your_kernels/logo.bin", bytes(range(256)) * 9),
        ("src/your_kernels/py.typed", b"partial\n"),  # was empty
        ("src/your_kernels/py.typed", None),
    ],
)
def test_a_newer_template_is_a_patch(new, newer, project, git, path, content):
    before = files_of(project)
    newer(path, content)
    patched = applied(new, git).out
    wanted = template.render(template.load(), answers.Answers(name="fast-hash"))
    assert {name: text for name, text in files_of(project).items() if name != record.NAME} == wanted
    git("apply", "--reverse", given=patched)
    assert files_of(project) == before


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
def test_a_patch_is_one_for_those_without_git_too(new, newer, project):
    newer("README.md", HEAD + README)
    newer("docs/new.md", b"new\n")
    done = new("--diff")
    subprocess.run(["patch", "-p1"], input=done.out, cwd=project, check=True, capture_output=True)
    assert new("--diff").out == b""
    assert (project / "README.md").read_bytes().startswith(HEAD)


def test_edits_are_merged_where_git_has_the_file_as_it_was_made(new, newer, committed, git):
    with (committed / "README.md").open("ab") as readme:
        readme.write(TAIL)
    git("commit", "--all", "--quiet", "--message", "Mine")
    newer("README.md", HEAD + README)
    done = applied(new, git, "--3way")
    assert TAIL.strip() not in done.out
    assert "Edited here, too, and to be merged: README.md\n" in done.said
    assert (committed / "README.md").read_bytes() == HEAD + BASE["README.md"] + TAIL


def test_edits_in_the_same_lines_are_a_conflict_of_git(new, newer, committed, git):
    (committed / "README.md").write_bytes(TAIL + BASE["README.md"])
    git("commit", "--all", "--quiet", "--message", "Mine")
    newer("README.md", HEAD + README)
    with pytest.raises(AssertionError, match="conflicts"):
        git("apply", "--3way", given=new("--diff").out)
    merged = (committed / "README.md").read_bytes()
    assert b"<<<<<<<" in merged
    assert HEAD in merged
    assert TAIL in merged


@pytest.mark.parametrize("has_git", [True, False])
def test_edits_that_git_cannot_tell_from_the_rest_are_left_out(new, newer, project, git, monkeypatch, has_git):
    with (project / "README.md").open("ab") as readme:
        readme.write(TAIL)
    newer("README.md", HEAD + README)
    newer("LICENSE", HEAD)
    with monkeypatch.context() as without:
        if not has_git:
            without.setenv("PATH", str(project))
        done = new("--diff")
    assert "Left out: README.md: edited here, and git does not have it as it was made\n" in done.said
    git("apply", given=done.out)
    assert (project / "LICENSE").read_bytes() == HEAD
    assert (project / "README.md").read_bytes() == BASE["README.md"] + TAIL
    assert new("--diff").out == b""  # told once


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("mine.md", HEAD, "made here, and the template has one of that name now"),
        ("setup.py", HEAD, "removed here, and changed in the template"),
        ("README.md", None, "edited here, and no longer in the template"),
    ],
)
def test_what_has_no_patch_is_left_out_with_a_reason(new, newer, committed, git, path, content, reason):
    (committed / "mine.md").write_text("mine\n")
    (committed / "README.md").write_text("mine\n")
    (committed / "setup.py").unlink()
    before = files_of(committed)
    newer(path, content)
    assert f"Left out: {path}: {reason}\n" in applied(new, git).said
    after = files_of(committed)
    assert {**after, record.NAME: b""} == {**before, record.NAME: b""}


def test_what_is_there_already_is_no_change(new, newer, project, git):
    (project / "README.md").write_bytes(HEAD)
    newer("README.md", HEAD)
    done = applied(new, git)
    assert done.out.count(b"diff --git") == 1  # the record


def test_another_answer_is_a_patch(new, project, git, here):
    told = ["--kernel", "gemm", "--author", "Zoë", "--repo", "zoe/hash"]
    done = new("--diff", *told)
    git("apply", given=done.out)
    assert new("--diff").out == b""
    after = files_of(project)
    kept = record.load(after.pop(record.NAME)).answers
    assert (kept.kernel, kept.author, kept.email, kept.repo) == ("gemm", "Zoë", "you@example.org", "zoe/hash")
    assert after == template.render(template.load(), kept)


def test_a_folder_can_be_named(new, newer, project, tmp_path, monkeypatch):
    newer("README.md", HEAD)
    inside = new("--diff").out
    monkeypatch.chdir(tmp_path)
    assert new("--diff", "--into", project).out == inside != b""


@pytest.mark.parametrize(
    ("arguments", "kept", "reason"),
    [
        ([], None, "has no .template.toml"),
        (["fast-hash"], None, "leave out NAME"),
        (["--dry-run"], None, "leave out NAME"),
        (["--author", '"'], "", "double quotes"),
        (["--into", "setup.py"], "", "setup.py"),
        ([], b"version = ", "cannot be read"),
        ([], b"\xff", "cannot be read"),
        ([], b"", "cannot be read"),
        ([], (b'kernel = "reduction"', b'kernel = "fft"'), "'fft' is no kernel"),
        ([], (b"simd = false", b'simd = "no"'), "should be of type bool"),
        ([], (b'name = "fast-hash"', b'name = "../../etc"'), "no name for pip"),
        ([], (b'version = "', b'version = "9'), "update this first"),
        ([], (b"[files]", b"files = 1 #"), "cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(new, project, arguments, kept, reason):
    path = project / record.NAME
    if kept is None:
        path.unlink()
    elif kept != "":
        path.write_bytes(path.read_bytes().replace(*kept) if isinstance(kept, tuple) else kept)
    done = new("--diff", *arguments)
    assert (done.status, done.out, done.said.count("\n")) == (2, b"", 1)
    assert reason in done.said


def test_git_makes_of_the_old_files_the_new_ones(here, git):
    """Two hundred random changes in one patch: lines of all ends, empty files, binary ones, none at all."""
    chance = random.Random(2026)
    lines = [b"one\n", b"two\n", b"three\r\n", b"\n", b"\f\n", b"a\rb\n", b"\xff\xfe\n", b"\xe2\x80\xa8\n", b" no end"]

    def content():
        kind = chance.random()
        if kind < 0.1:
            return None
        if kind < 0.2:
            return chance.randbytes(chance.randrange(2000)) + b"\0"
        body = b"".join(chance.choices(lines[:-1], k=chance.randrange(30)))
        return body + chance.choice([b"", b"", lines[-1]])

    changed = {f"folder{n % 7}/file{n}": (content(), content()) for n in range(200)}
    changed = {path: pair for path, pair in changed.items() if pair[0] != pair[1]}
    for path, (old, _) in changed.items():
        if old is not None:
            (here / path).parent.mkdir(exist_ok=True)
            (here / path).write_bytes(old)
    git("apply", "--whitespace=nowarn", given=b"".join(patch(path, *pair) for path, pair in changed.items()))
    assert files_of(here) == {path: new for path, (_, new) in changed.items() if new is not None}
