"""Every project that `new` can make: what it holds, and that nothing of this one is left in it."""

import ast
import itertools
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from trees import files_of

from nogil_kernels.scaffold import answers, kinds, template

HERE = Path(template.__file__).parent
KINDS = list(itertools.product(answers.KERNELS, [False, True]))
LONG = "as-long-a-name-as-lines-are-laid-out-for"
NAMES = {name: name.replace("-", "_") for name in ("a1", "zz-top", LONG)}
SIMD = {False: [], True: ["--simd"]}


def project(kernel, simd, name="fast-hash", **more):
    return template.render(template.load(), answers.Answers(name=name, kernel=kernel, simd=simd, **more))


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}{'-simd' * kind[1]}")
def kind(request):
    """A kernel, and whether it has an instance for each instruction set."""
    return request.param


def test_a_project_has_all_that_this_one_is_an_example_of(kind):
    files = project(*kind)
    wanted = {
        *("pyproject.toml", "setup.py", "README.md", "LICENSE", "CHANGELOG.md", "MANIFEST.in", ".gitignore"),
        *("src/fast_hash/__init__.py", "src/fast_hash/py.typed", "bench/held_vs_released.py", ".github/dependabot.yml"),
    }
    assert wanted - files.keys() == set()
    for suffix in (".pyx", ".pxd", ".pyi"):
        assert any(path.startswith("src/fast_hash/") and path.endswith(suffix) for path in files), suffix
    assert any("with nogil:" in text for path, text in files.items() if path.endswith((".pyx", ".pxd")))
    assert {path.split("/")[2] for path in files if path.startswith(".github/workflows/")} >= {
        "tests.yml",
        "wheels.yml",
    }


def test_nothing_is_left_of_this_project_nor_of_the_templates_own_name(new, here, kind):
    kernel, simd = kind
    told = ["--author", "Jane Doe", "--email", "jane@example.net", "--repo", "jane/fast-hash"]
    assert new("fast-hash", "--kernel", kernel, *SIMD[simd], *told).status == 0
    left = re.compile(r"nogil[-_]kernels|\bnk_|your[-_]?(kernels|name|repository)|you@example", re.IGNORECASE)
    for path, text in files_of(here / "fast-hash").items():
        assert left.search(path) is None, path
        assert left.search(text) is None, path


def test_a_name_changes_names_and_nothing_else(kind):
    """Read back by its own words, a project is the template: no answer was put where another one belongs."""
    there = project(*kind, name="qq-x", author="AA BB", email="e@f", repo="o-w/r-n", year=1999)
    back = {"o-w/r-n": "your-name/your-kernels", "o-w": "your-name", "r-n": "your-repository", "qq-x": "your-kernels"}
    back |= {"qq_x": "your_kernels", "QQ_X": "YOUR_KERNELS", "AA BB": "Your Name", "e@f": "you@example.org"}
    there["LICENSE"] = there["LICENSE"].replace("1999", "2026")
    again = {template.replaced(path, back): template.replaced(text, back) for path, text in there.items()}
    source, words = template.load(), kinds.KINDS[kind[0]] or {"": ""}
    assert again
    for path, text in again.items():
        chosen = [source[f"{folder}/{path}"] for folder in folders(*kind) if f"{folder}/{path}" in source]
        assert text == template.replaced(chosen[-1], words)


@pytest.mark.parametrize("kernel", [kernel for kernel in kinds.KINDS if kinds.KINDS[kernel]])
def test_every_word_of_a_kind_stands_in_a_file_that_it_shares(kernel):
    texts = [text for path, text in template.load().items() if path.startswith(("template/", "overlays/simd/"))]
    for word in kinds.KINDS[kernel]:
        assert [text for text in texts if word in text], word
    for path, text in project(kernel, True).items():
        assert "sum_of_squares" not in text, path


def folders(kernel, simd):
    """The template's folders that a project is made of."""
    return ["template", f"overlays/{kernel}", *(["overlays/simd", f"overlays/simd-{kernel}"] if simd else [])]


def test_every_file_of_the_template_is_in_some_project():
    used = {f"{folder}/" for kind in KINDS for folder in folders(*kind)}
    assert [path for path in template.load() if not path.startswith(tuple(used))] == []


def test_every_kind_is_a_project_of_its_own():
    made = [frozenset(project(*kind).items()) for kind in KINDS]
    assert len(set(made)) == len(KINDS)


def test_the_template_needs_no_more_than_text_with_plain_names(kind):
    """No modes, no links, no letters beyond ASCII in a path, no spaces: what Windows and every archive can hold."""
    for path, text in project(*kind, name="x" * 40).items():
        assert re.fullmatch(r"[A-Za-z0-9._/-]+", path), path
        assert len(path) < 120, path
        assert "\r" not in text, path
        assert text.endswith("\n") or not text, path
    modes = {path: (HERE / path).stat().st_mode & 0o111 for path in template.load()}
    assert sys.platform == "win32" or not any(modes.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_project_is_what_its_own_pyproject_says(kind, name):
    files = project(*kind, name=name)
    metadata = tomllib.loads(files["pyproject.toml"])
    assert metadata["project"]["name"] == name
    assert NAMES[name] in metadata["tool"]["setuptools"]["package-data"]
    assert {path.split("/")[1] for path in files if path.startswith("src/")} == {NAMES[name]}
    for path, text in files.items():
        if path.endswith(".py"):
            ast.parse(text)


@pytest.fixture(scope="module")
def all_of_them(tmp_path_factory):
    """A folder with every kind of project, under a short, a late and a long name."""
    root = tmp_path_factory.mktemp("projects")
    for name, (kernel, simd) in itertools.product(NAMES, KINDS):
        for path, text in project(kernel, simd, name=name).items():
            file = root / f"{name}-{kernel}{'-simd' * simd}" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
    return root


LINT = ["ruff check --no-cache", "ruff format --check --no-cache", "cython-lint --max-line-length=120"]


@pytest.mark.parametrize("command", LINT)
def test_lint_finds_nothing_whatever_the_name(all_of_them, command):
    tool, *arguments = command.split()
    program = shutil.which(tool, path=sysconfig.get_path("scripts"))
    if program is None:
        pytest.skip(f"{tool} is not installed: pip install -e '.[dev]'")
    where = [path.name for path in all_of_them.iterdir() if tool == "ruff" or path.name.startswith(LONG)]
    done = subprocess.run([program, *arguments, *where], cwd=all_of_them, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_windows_makes_of_the_lines_is_undone(tmp_path, monkeypatch):
    for path, text in template.load().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.replace("\n", "\r\n").encode())
    before = template.load()
    monkeypatch.setattr(template, "files", lambda package: tmp_path)
    assert template.load() == before
