"""All projects that `new` can create: their files, names and documents."""

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
from fake_facts import files as write_files
from trees import files_of

from nogil_kernels.scaffold import answers, template, words

HERE = Path(template.__file__).parent
VARIANTS = list(itertools.product(answers.KERNELS, [False, True]))
LONG = "as-long-a-name-as-lines-are-laid-out-for"
NAMES = {name: name.replace("-", "_") for name in ("a1", "zz-top", LONG)}


def project(kernel, simd, name="fast-hash", **more):
    return template.render(template.load(), answers.Answers(name=name, kernel=kernel, simd=simd, **more))


@pytest.fixture(params=VARIANTS, ids=lambda variant: f"{variant[0]}{'-simd' * variant[1]}")
def variant(request):
    """A kernel, and whether it is compiled once per instruction set."""
    return request.param


def test_a_project_has_all_parts_of_an_extension(variant):
    files = project(*variant)
    expected = {
        *("pyproject.toml", "setup.py", "README.md", "LICENSE", "CHANGELOG.md", "MANIFEST.in", ".gitignore"),
        *("src/fast_hash/__init__.py", "src/fast_hash/py.typed", "bench/held_vs_released.py", ".github/dependabot.yml"),
        *(".github/workflows/tests.yml", ".github/workflows/wheels.yml"),
    }
    assert expected - files.keys() == set()
    for suffix in (".pyx", ".pxd", ".pyi"):
        assert any(path.startswith("src/fast_hash/") and path.endswith(suffix) for path in files), suffix
    assert any("with nogil:" in text for path, text in files.items() if path.endswith((".pyx", ".pxd")))


def test_no_name_of_this_project_or_of_the_template_remains(new, here, variant):
    kernel, simd = variant
    options = ["--author", "Jane Doe", "--email", "jane@example.net", "--repo", "jane/fast-hash", *["--simd"] * simd]
    assert new("fast-hash", "--kernel", kernel, *options).status == 0
    names = re.compile(r"nogil[-_]kernels|\bnk_|your[-_]?(kernels|name|repository)|you@example", re.IGNORECASE)
    for path, text in files_of(here / "fast-hash").items():
        assert names.search(path) is None, path
        assert names.search(text) is None, path


def test_answers_replace_only_their_placeholders(variant):
    """Replacing the answers by the placeholders again gives the template."""
    files = project(*variant, name="qq-x", author="AA BB", email="e@f.gh", repo="o-w/r-n", year=1999)
    back = {"o-w/r-n": "your-name/your-kernels", "o-w": "your-name", "r-n": "your-repository", "qq-x": "your-kernels"}
    back |= {"qq_x": "your_kernels", "QQ_X": "YOUR_KERNELS", "AA BB": "Your Name", "e@f.gh": "you@example.org"}
    files["LICENSE"] = files["LICENSE"].replace("1999", "2026")
    restored = {template.replaced(path, back): template.replaced(text, back) for path, text in files.items()}
    source, of_variant = template.load(), words_of(*variant) or {"": ""}
    assert restored
    for path, text in restored.items():
        versions = [source[f"{folder}/{path}"] for folder in folders(*variant) if f"{folder}/{path}" in source]
        assert text == template.replaced(versions[-1], of_variant)


def words_of(kernel, simd):
    """Return the words that are replaced in shared files."""
    return {**(words.SIMD_WORDS if simd else {}), **words.WORDS[kernel]}


def test_every_word_of_a_variant_is_in_a_shared_file(variant):
    texts = [text for path, text in template.load().items() if path.startswith(("template/", "overlays/simd/"))]
    for word in words_of(*variant):
        assert [text for text in texts if word in text], word
    for path, text in project(*variant).items():
        assert ("sum_of_squares" if variant[0] != "reduction" else "polyval") not in text, path


def test_documents_mention_only_files_of_their_project(variant):
    """Paths in links and prose. Bare names may be in any folder. add_a_kernel.md creates a test."""
    files = project(*variant)
    known = {*files, "docs", "LICENSE", "tests/test_add_scaled.py", *(path.split("/")[-1] for path in files)}
    paths = re.compile(
        r"(?<![\w.:/-])(?:https://github.com/your-name/fast-hash/(?:blob|tree)/main/)?((?:[\w-]+/)*[\w-]+\.\w+)"
    )
    suffixes = {*(Path(path).suffix for path in files if "." in path), ".c", ".h"}
    for path in files:
        if path.endswith(".md"):
            mentioned = [word for word in paths.findall(files[path]) if Path(word).suffix in suffixes]
            mentioned += re.findall(r"/(?:blob|tree)/main/([^)>]+)", files[path])
            assert len(mentioned) > 3 or path == "CHANGELOG.md"
            assert [word for word in mentioned if word not in known] == [], path


def test_the_document_lists_every_file_with_the_examples_name(variant):
    files = project(*variant)
    name = {"reduction": "sum_of_squares", "elementwise": "polyval"}[variant[0]]
    section = files["docs/add_a_kernel.md"].partition("## Replace the example")[2].partition("\n## ")[0]
    section += files.get("docs/simd.md", "").partition("To replace the example")[2].partition("\n")[0]
    listed = {span.split("/")[-1] for span in re.findall(r"`([^`]+\.\w+)`", section)}
    assert listed == {path.split("/")[-1] for path, text in files.items() if name in text and path[:5] != "docs/"}


@pytest.mark.parametrize("name", ["aaa", "zzz"])
def test_ruff_sorts_the_name_that_replaces_the_example(tmp_path, variant, name):
    program = shutil.which("ruff", path=sysconfig.get_path("scripts")) or pytest.skip("ruff is not installed")
    renamed = {path: re.sub("sum_of_squares|polyval", name, text) for path, text in project(*variant).items()}
    write_files(tmp_path, renamed)
    for command in (["check", "--fix"], ["format"], ["check"]):
        subprocess.run([program, *command, "--quiet", "--no-cache", "."], cwd=tmp_path, check=True)


def folders(kernel, simd):
    """Return the template's folders that a project is made of."""
    return ["template", f"overlays/{kernel}", *(["overlays/simd", f"overlays/simd-{kernel}"] if simd else [])]


def test_every_file_of_the_template_is_in_some_project():
    used = {f"{folder}/" for variant in VARIANTS for folder in folders(*variant)}
    assert [path for path in template.load() if not path.startswith(tuple(used))] == []


def test_all_variants_differ():
    assert len({frozenset(project(*variant).items()) for variant in VARIANTS}) == len(VARIANTS)


def test_files_are_text_with_ascii_paths_and_without_modes(variant):
    """Windows and every archive can store them."""
    for path, text in project(*variant, name="x" * 40).items():
        assert re.fullmatch(r"[A-Za-z0-9._/-]+", path), path
        assert len(path) < 120, path
        assert "\r" not in text, path
        assert text.endswith("\n") or not text, path
    modes = {path: (HERE / path).stat().st_mode & 0o111 for path in template.load()}
    assert sys.platform == "win32" or not any(modes.values())


@pytest.mark.parametrize("name", NAMES)
def test_files_match_the_projects_pyproject_toml(variant, name):
    files = project(*variant, name=name)
    metadata = tomllib.loads(files["pyproject.toml"])
    assert metadata["project"]["name"] == name
    assert NAMES[name] in metadata["tool"]["setuptools"]["package-data"]
    assert {path.split("/")[1] for path in files if path.startswith("src/")} == {NAMES[name]}
    for path, text in files.items():
        if path.endswith(".py"):
            ast.parse(text)


@pytest.fixture(scope="module")
def all_projects(tmp_path_factory):
    """A folder with all variants under each of NAMES."""
    root = tmp_path_factory.mktemp("projects")
    for name, (kernel, simd) in itertools.product(NAMES, VARIANTS):
        write_files(root / f"{name}-{kernel}{'-simd' * simd}", project(kernel, simd, name=name))
    return root


LINT = ["ruff check --no-cache", "ruff format --check --no-cache", "cython-lint --max-line-length=120"]


@pytest.mark.parametrize("command", LINT)
def test_lint_passes_for_every_name(all_projects, command):
    tool, *arguments = command.split()
    program = shutil.which(tool, path=sysconfig.get_path("scripts"))
    if program is None:
        pytest.skip(f"{tool} is not installed: pip install -e '.[dev]'")
    folders = [path.name for path in all_projects.iterdir() if tool == "ruff" or path.name.startswith(LONG)]
    command = [program, *arguments, *folders]
    process = subprocess.run(command, cwd=all_projects, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr


def test_windows_line_ends_are_converted(tmp_path, monkeypatch):
    before = template.load()
    write_files(tmp_path, {path: text.replace("\n", "\r\n") for path, text in before.items()})
    monkeypatch.setattr(template, "files", lambda package: tmp_path)
    assert template.load() == before
