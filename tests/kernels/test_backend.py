"""The choice of backend and instruction set (ISA), build_info, and imports without NumPy."""

import importlib
import inspect
import shutil
import sys
import types
from pathlib import Path

import pytest
from support import FREE_THREADED_NOW, completed, python_prints, run_python

import nogil_kernels
from nogil_kernels import pure_backend

SLOW_PACKAGES = {"numpy", "rich", "matplotlib", "psutil", "pyperf", "threadpoolctl", "scipy", "concurrent", "asyncio"}
WITHOUT_COMPILED = """
    import sys
    for name in ("isa", "sum_of_squares", "matmul"):
        sys.modules["nogil_kernels.compiled." + name] = None
"""
WITH_NUMPY = "import array, sys\nfrom nogil_kernels import matmul, sum_of_squares\n"
WITHOUT_NUMPY = "import sys\nsys.modules['numpy'] = None\n" + WITH_NUMPY


@pytest.fixture(params=["compiled", "pure"])
def backend(request):
    """Return the name of a backend for a fresh interpreter."""
    if request.param == "compiled":
        request.getfixturevalue("compiled_backend")
    return request.param


def check_that_import_raises(error, *parts, **options):
    """Import the package in a fresh interpreter: it raises `error` with a message that contains `parts`."""
    process = run_python("import nogil_kernels", **options)
    assert process.returncode != 0
    message = process.stderr.strip().splitlines()[-1]
    assert message.startswith(error)
    assert all(part in message for part in parts), message


def test_the_compiled_backend_is_the_default(compiled_backend):
    assert python_prints("import nogil_kernels; print(nogil_kernels.build_info()['backend'])") == "compiled"


def test_both_backends_compute(backend):
    code = """
        from nogil_kernels import matmul, sum_of_squares
        print(sum_of_squares([3, 4.0]), sum_of_squares(range(100)), matmul([[1, 2]], [[3], [4]]).tolist())
    """
    assert python_prints(code, NOGIL_KERNELS_BACKEND=backend) == "25.0 328350 [[11]]"


@pytest.mark.parametrize("value", ["fast", "Pure", "pure,compiled"])
def test_an_unknown_backend_raises_an_error_that_names_both_backends(value):
    parts = "NOGIL_KERNELS_BACKEND", "compiled", "pure", value
    check_that_import_raises("ValueError", *parts, NOGIL_KERNELS_BACKEND=value)


def test_the_public_functions_are_the_compiled_functions(compiled_backend):
    code = """
        import types
        import nogil_kernels
        import nogil_kernels.compiled.matmul
        import nogil_kernels.compiled.sum_of_squares
        print(nogil_kernels.sum_of_squares is nogil_kernels.compiled.sum_of_squares.sum_of_squares)
        print(nogil_kernels.matmul is nogil_kernels.compiled.matmul.matmul)
        print(*(isinstance(f, types.FunctionType) for f in (nogil_kernels.sum_of_squares, nogil_kernels.matmul)))
    """
    assert python_prints(code, NOGIL_KERNELS_BACKEND="compiled").split() == ["True", "True", "False", "False"]


def test_signatures_and_modules_are_the_same_on_both_backends(backend):
    code = """
        import inspect
        import nogil_kernels
        for function in (nogil_kernels.sum_of_squares, nogil_kernels.matmul):
            parameters = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
            print(function.__name__ + str(inspect.Signature(parameters)))
            print(">>> " in function.__doc__, function.__module__.startswith("nogil_kernels"))
    """
    assert python_prints(code, NOGIL_KERNELS_BACKEND=backend).splitlines() == [
        "sum_of_squares(x, *, axis=None, gil='auto', threads=1)",
        "True True",
        "matmul(a, b, out=None, *, gil='auto', threads=1)",
        "True True",
    ]


@pytest.mark.parametrize("name", ["sum_of_squares", "matmul"])
def test_both_backends_have_the_same_docstrings(compiled_backend, name):
    compiled = importlib.import_module(f"nogil_kernels.compiled.{name}")
    texts = [inspect.getdoc(getattr(module, name)) for module in (compiled, pure_backend)]
    assert texts[0] == texts[1], "run python tests/helpers/copy_docstrings.py, and build again"


def test_without_compiled_kernels_the_first_call_warns_once_and_works():
    code = """
        import warnings
        import nogil_kernels
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            print(nogil_kernels.sum_of_squares([1, 2, 3]))
            print(nogil_kernels.sum_of_squares([1, 2, 3]))
            print(nogil_kernels.matmul([[2]], [[3]]).tolist())
        print(len(caught), caught[0].category.__name__)
        print(str(caught[0].message).replace("\\n", " "))
        print(caught[0].filename)
        print(nogil_kernels.build_info()["backend"])
    """
    first, second, product, count, message, file, backend = python_prints(code, before=WITHOUT_COMPILED).splitlines()
    assert (first, second, product, count, backend) == ("14", "14", "[[6]]", "1 RuntimeWarning", "pure")
    for part in ("nogil_kernels.compiled", "pip install --force-reinstall", "NOGIL_KERNELS_BACKEND=pure"):
        assert part in message
    assert file == "<string>", "the warning does not point to the caller's line"


def test_without_compiled_kernels_the_import_does_not_warn_and_build_info_has_the_reason():
    code = "import nogil_kernels; print(nogil_kernels.build_info()['backend_reason'])"
    assert "nogil_kernels.compiled" in python_prints(code, before=WITHOUT_COMPILED)


def test_the_pure_backend_does_not_warn_if_the_user_chose_it():
    code = "import nogil_kernels; print(nogil_kernels.sum_of_squares([1, 2]))"
    assert python_prints(code, before=WITHOUT_COMPILED, NOGIL_KERNELS_BACKEND="pure") == "5"


def import_that_raises(error):
    """Return code after which importing the compiled matmul raises `error`, as with modules of two builds."""
    return f"""
        import sys
        class Finder:
            def find_spec(self, name, path=None, target=None):
                if name == "nogil_kernels.compiled.matmul":
                    raise {error}("C function has wrong signature")
        sys.meta_path.insert(0, Finder())
    """


ERRORS = ("AttributeError", "ImportError", "OSError", "SystemError", "TypeError", "ValueError")


@pytest.mark.parametrize("error", ERRORS)
def test_modules_of_two_builds_lead_to_the_pure_backend_and_a_reason(error):
    code = "import nogil_kernels; info = nogil_kernels.build_info(); print(info['backend'], info['backend_reason'])"
    printed = python_prints(code, before=import_that_raises(error))
    assert printed == f"pure the compiled modules cannot be imported: {error}: C function has wrong signature"


@pytest.mark.parametrize("before", [WITHOUT_COMPILED, *map(import_that_raises, ERRORS)], ids=["none", *ERRORS])
def test_the_compiled_backend_raises_an_error_with_a_remedy_if_it_cannot_be_imported(before):
    parts = "NOGIL_KERNELS_BACKEND=compiled, but", "pip install --force-reinstall", "NOGIL_KERNELS_BACKEND=pure"
    check_that_import_raises(
        "nogil_kernels.backend.BrokenBuild", *parts, before=before, NOGIL_KERNELS_BACKEND="compiled"
    )


@pytest.fixture
def installed(tmp_path):
    """Return a copy of the package in a folder of installed packages."""
    package = Path(nogil_kernels.__file__).parent
    return Path(shutil.copytree(package, tmp_path / "nogil_kernels", ignore=shutil.ignore_patterns("__pycache__")))


def test_a_missing_module_of_the_measurements_is_one_line_with_a_remedy(compiled_backend, installed):
    for module in installed.glob("measure/limits.*.*[od]"):
        module.unlink()
    process = completed("-m", "nogil_kernels", "info", variables={"PYTHONPATH": str(installed.parent)})
    assert process.returncode == 1
    assert process.stderr.startswith("nogil-kernels info: nogil_kernels.measure.limits cannot be imported: ")
    assert "pip install --force-reinstall" in process.stderr
    assert len(process.stderr.splitlines()) == 1


PIP = "`pip install --force-reinstall --no-deps --no-cache-dir"
INDEX = f"--no-binary nogil-kernels nogil-kernels=={nogil_kernels.__version__}"
GIT = '{"url": "https://example.org/k", "vcs_info": {"vcs": "git", "commit_id": "ab12", "requested_revision": "main"}'
ORIGINS = {
    None: INDEX,  # pip stores no URL of a package from the index
    '{"url": "file:///a%20b/k.whl", "archive_info": {}}': INDEX,  # the same wheel would not help
    '{"url": "file:///a%20b/k.tar.gz", "archive_info": {}}': '"file:///a%20b/k.tar.gz"',
    '{"url": "file:///clone", "dir_info": {}, "subdirectory": "k"}': '"file:///clone#subdirectory=k"',
    GIT + "}": '"git+https://example.org/k@ab12"',
    GIT + ', "subdirectory": "k"}': '"git+https://example.org/k@ab12#subdirectory=k"',
    "{bad": INDEX,
    "[]": INDEX,
    '{"url": null}': INDEX,
    '{"dir_info": {}}': INDEX,
    '{"url": "https://example.org/k", "vcs_info": {"vcs": "git"}}': INDEX,
}


@pytest.mark.parametrize("origin", ORIGINS)
def test_the_advice_installs_from_the_same_place_again_and_never_fails(installed, origin):
    metadata = installed.with_name(f"nogil_kernels-{nogil_kernels.__version__}.dist-info")
    metadata.mkdir()
    metadata.joinpath("METADATA").write_text("Name: nogil-kernels\n")
    if origin:
        metadata.joinpath("direct_url.json").write_text(origin)
    printed = python_prints(
        "from nogil_kernels import backend; print(backend.advice())", PYTHONPATH=str(installed.parent)
    )
    assert f"{PIP} {ORIGINS[origin]}` " in printed


def test_the_advice_in_a_clone_is_to_build_there(installed, tmp_path):
    source = tmp_path / "clone" / "src"
    source.mkdir(parents=True)
    installed.rename(source / "nogil_kernels")
    source.with_name("setup.py").touch()
    printed = python_prints("from nogil_kernels import backend; print(backend.advice())", PYTHONPATH=str(source))
    assert f'{PIP} -e "{source.parent.resolve()}"` ' in printed


@pytest.mark.parametrize("variable", ["NOGIL_KERNELS_ISA", "NOGIL_KERNELS_BACKEND"])
@pytest.mark.parametrize("value", ["AVX2", " avx2", "é"])
def test_the_command_prints_a_wrong_variable_in_one_line(compiled_backend, variable, value):
    process = completed("-m", "nogil_kernels", "info", variables={variable: value})
    assert process.returncode == 2
    (line,) = process.stderr.splitlines()
    assert line.startswith(f"nogil-kernels: {variable} must be ")
    assert line.rstrip(".").endswith(repr(value)) or f"got {value!r}. " in line


@pytest.mark.parametrize("name", ["nogil-kernels", "nk"])
def test_the_script_and_a_link_to_it_print_a_wrong_variable_in_one_line(compiled_backend, tmp_path, name):
    script = tmp_path / "nogil-kernels"  # as pip generates it
    script.write_text("import sys\nfrom nogil_kernels.cli import main\nsys.exit(main())\n")
    if name != script.name:
        tmp_path.joinpath(name).symlink_to(script)
    process = completed(str(tmp_path / name), variables={"NOGIL_KERNELS_ISA": "sse9"})
    assert process.returncode == 2
    assert process.stderr.startswith("nogil-kernels: NOGIL_KERNELS_ISA must be ")
    assert len(process.stderr.splitlines()) == 1


def test_an_unknown_isa_raises_an_error_that_names_the_available_isas(compiled_backend):
    parts = "NOGIL_KERNELS_ISA", "sse9", "portable"
    check_that_import_raises("ValueError", *parts, NOGIL_KERNELS_ISA="sse9", NOGIL_KERNELS_BACKEND="compiled")


def test_an_isa_of_another_processor_family_raises_an_error(compiled_backend):
    from nogil_kernels.compiled import isa

    foreign = sorted({"avx512", "neon"} - set(isa.available))
    assert foreign, "no machine has both"
    for name in foreign:
        check_that_import_raises("ValueError", NOGIL_KERNELS_ISA=name, NOGIL_KERNELS_BACKEND="compiled")


def test_every_available_isa_can_be_chosen_and_the_fastest_is_the_default(compiled_backend):
    code = "import nogil_kernels; info = nogil_kernels.build_info(); print(info['isa'], *info['isas_available'])"
    chosen, *available = python_prints(code).split()
    assert chosen == available[-1]
    assert available[0] == "portable"
    for name in available:
        assert python_prints(code, NOGIL_KERNELS_ISA=name).split() == [name, *available]


def test_build_info_has_the_running_backend_and_isa(backend):
    code = "import nogil_kernels; print(repr(nogil_kernels.build_info()))"
    info = eval(python_prints(code, NOGIL_KERNELS_BACKEND=backend))
    keys = "backend backend_reason isa isas_available compiler abi3 version python gil free_threaded_build"
    assert set(info) >= set(keys.split())
    assert info["backend"] == backend
    assert info["version"] == nogil_kernels.__version__
    assert ".".join(map(str, sys.version_info[:3])) in info["python"]
    assert bool(info["free_threaded_build"]) is ("t" in getattr(sys, "abiflags", ""))
    assert "NOGIL_KERNELS_BACKEND" in info["backend_reason"]
    if backend == "compiled":
        assert info["isa"] in info["isas_available"]
        assert info["compiler"]
        from nogil_kernels.compiled.isa import isa

        assert info["abi3"] is ("cp" not in Path(isa.__file__).name)  # isa.cpython-313-....so or isa.abi3.so
    if not FREE_THREADED_NOW:
        assert "disabled" not in info["gil"].replace("cannot be disabled", "")


def test_build_info_returns_a_new_dict():
    nogil_kernels.build_info().clear()
    assert nogil_kernels.build_info()["version"] == nogil_kernels.__version__


def test_all_public_names_exist():
    assert set(nogil_kernels.__all__) == {"sum_of_squares", "matmul", "pure", "build_info", "__version__"}
    for name in nogil_kernels.__all__:
        assert hasattr(nogil_kernels, name)
    assert isinstance(nogil_kernels, types.ModuleType)


def test_the_import_loads_no_slow_package(backend):
    code = "import sys, nogil_kernels; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    assert not SLOW_PACKAGES & set(python_prints(code, NOGIL_KERNELS_BACKEND=backend).split())


@pytest.mark.parametrize("before", [WITH_NUMPY, WITHOUT_NUMPY], ids=["with NumPy", "without NumPy"])
def test_sums_of_buffers_and_lists_neither_need_nor_import_numpy(backend, before):
    code = """
        numbers = array.array("d", [1, 2, 3, 4])
        print(sum_of_squares(numbers))
        print(sum_of_squares(memoryview(numbers).cast("B").cast("d", (2, 2))))
        print(sum_of_squares(memoryview(numbers)[::-1]), sum_of_squares(memoryview(numbers)[::-2]))
        print(sum_of_squares(numbers, threads=2, gil="hold"))
        print(sum_of_squares(b"abc"))
        print(sum_of_squares(range(4)), sum_of_squares(range(5)))
        print(sum_of_squares([[1, 2], [0, 3]]), sum_of_squares([[1], [2.5]]))
        print(sum_of_squares(iter((1, 2))))
        print(sys.modules.get("numpy"))
    """
    printed = python_prints(code, before=before, NOGIL_KERNELS_BACKEND=backend)
    assert " ".join(printed.split()) == "30.0 30.0 30.0 20.0 30.0 28814 14 30 14 7.25 5 None"


@pytest.mark.parametrize("code", ["d", "f", "i", "q"])
def test_products_of_buffers_into_a_buffer_work_without_numpy(backend, code):
    script = f"""
        def matrix(values, rows, columns):
            return memoryview(array.array({code!r}, values)).cast("B").cast({code!r}, (rows, columns))
        a, b, out = matrix([1, 2, 3, 4, 5, 6], 2, 3), matrix([1, 0, 0, 1, 1, 1], 3, 2), matrix([9] * 4, 2, 2)
        print(matmul(a, b, out=out) is out, out.tolist() == [[4, 5], [10, 11]])
        print(matmul(a, b, out=out, threads=2, gil="release") is out, out.tolist() == [[4, 5], [10, 11]])
    """
    assert python_prints(script, before=WITHOUT_NUMPY, NOGIL_KERNELS_BACKEND=backend).split() == ["True"] * 4


@pytest.mark.parametrize(
    "call",
    [
        "matmul(m, m)",
        "matmul([[1]], [[2]])",
        "matmul([[1.0]], [[2.0]], out=[[0.0]])",
        "sum_of_squares(m, axis=0)",
        "sum_of_squares([[1]], axis=0)",
    ],
)
def test_calls_that_need_numpy_raise_a_one_line_error(backend, call):
    code = f"""
        m = memoryview(array.array("d", [1, 2, 3, 4])).cast("B").cast("d", (2, 2))
        try:
            {call}
        except (ImportError, TypeError) as error:
            print(type(error).__name__, error, sep=": ")
    """
    message = python_prints(code, before=WITHOUT_NUMPY, NOGIL_KERNELS_BACKEND=backend)
    assert "pip install numpy" in message
    assert len(message.splitlines()) == 1
    if call == "matmul(m, m)":
        assert "out=" in message
