"""The documents: their examples run, and their quotations are in the code."""

import doctest
import re
from pathlib import Path

import pytest

from nogil_kernels import pure, pure_backend
from nogil_kernels.gil import checks, probing

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
needs_checkout = pytest.mark.skipif(not DOCUMENTS[0].exists(), reason="only a checkout has the documents")


@needs_checkout
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_examples_of_a_document_print_its_output(document):
    failed, _ = doctest.testfile(str(document), module_relative=False)
    assert failed == 0


@pytest.mark.parametrize("function", ["sum_of_squares", "matmul"])
def test_examples_of_a_docstring_print_its_output(kernels, function):
    docstring = getattr(kernels, function).__doc__
    examples = doctest.DocTestParser().get_doctest(docstring, {}, function, None, None)
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0


@pytest.mark.parametrize("module", [pure, pure_backend, checks, probing], ids=lambda module: module.__name__)
def test_examples_of_a_module_print_its_output(module):
    assert doctest.testmod(module).failed == 0


@needs_checkout
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_cython_code_in_a_document_is_in_a_kernel(document):
    kernels = "\n".join(path.read_text() for path in (ROOT / "src/nogil_kernels/compiled").rglob("*.pyx"))
    for quote in re.findall(r"```cython\n(.*?)\n```", document.read_text(), re.DOTALL):
        assert quote in kernels


@needs_checkout
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_a_document_links_exist(document):
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / link).exists(), link


@needs_checkout
def test_each_kernel_has_one_nogil_block():
    for kernel in ("matmul", "sum_of_squares"):
        source = (ROOT / f"src/nogil_kernels/compiled/{kernel}/{kernel}.pyx").read_text()
        assert source.count("with nogil:") == 1
