"""Fixtures. Tests that use `kernels` run on the compiled and on the pure backend."""

import importlib.util
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None, max_examples=60, derandomize=True, database=None, print_blob=False)
settings.register_profile("fuzz", deadline=None, max_examples=10_000, derandomize=False, print_blob=True)
settings.load_profile("suite")  # `pytest --hypothesis-profile fuzz` loads the other one

BACKEND = "NOGIL_KERNELS_BACKEND"

# An installed wheel has no experiments, and these need more packages than the kernels.
NEEDED_BY_EXPERIMENTS = ("bench.__main__", "pyperf", "rich")


def is_installed(name):
    """Return whether a module is installed. Its parent packages are imported, but not the module itself."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its package is missing, or is tests/bench instead of bench
        return False


MISSING = [name for name in NEEDED_BY_EXPERIMENTS if not is_installed(name)]
collect_ignore = ["bench"] if MISSING else []

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # child processes of a shell's background job ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)


def why_not_compiled():
    """Return the reason why the compiled kernels are not tested, or an empty string."""
    if os.environ.get(BACKEND) == "pure":
        return f"{BACKEND}=pure chooses the pure backend"
    try:
        for module in ("isa", "sum_of_squares", "matmul"):
            importlib.import_module(f"nogil_kernels.compiled.{module}")
    except ImportError as error:
        return f"the compiled kernels cannot be imported: {error}"
    return ""


SKIPPED = "nogil_kernels/skipped"  # a key of pytest's cache: the tests and files that the last run skipped


def pytest_addoption(parser):
    parser.addoption("--skipped", action="store_true", help="run only the tests that the last run skipped")


class SkippedTests:
    """Store the ids of skipped tests, and of skipped files, for the option --skipped of the next run."""

    def __init__(self, config):
        self.cache = config.cache
        self.only = set(config.cache.get(SKIPPED, [])) if config.getoption("skipped") else None
        self.now = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        if self.only is None:
            return
        kept = [item for item in items if not self.only.isdisjoint((item.nodeid, item.nodeid.partition("::")[0]))]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept

    def pytest_collectreport(self, report):
        if report.skipped:
            self.now.append(report.nodeid)

    def pytest_runtest_logreport(self, report):
        if report.skipped and not hasattr(report, "wasxfail"):
            self.now.append(report.nodeid)

    def pytest_sessionfinish(self):
        self.cache.set(SKIPPED, self.now)


def pytest_configure(config):
    config.addinivalue_line("markers", "kernels: numbers and layouts; test_isas.py runs these again on other ISAs")
    for marker in ("leaks_references", "slow", "thread_unsafe", "valgrind_error"):
        config.addinivalue_line("markers", f"{marker}: used by NumPy's own tests, see kernels/test_numpys_own.py")
    # Disable the warning of the pure backend's first call. test_backend.py tests it in other processes.
    importlib.import_module("nogil_kernels.pure_backend").notice = None
    if hasattr(config, "cache"):  # missing with -p no:cacheprovider
        config.pluginmanager.register(SkippedTests(config))
    elif config.getoption("skipped"):
        raise pytest.UsageError("--skipped needs pytest's cache: remove -p no:cacheprovider")


def pytest_report_header(config):
    from nogil_kernels import build_info

    lines = ["; ".join(f"{name}: {value}" for name, value in build_info().items())]
    if collect_ignore:
        lines.append(f"not collected, without {', '.join(MISSING)}: {', '.join(collect_ignore)}")
    return lines


@pytest.fixture(scope="session", params=["compiled", "pure"])
def kernels(request):
    """Return the public functions of one backend, and its name."""
    if request.param == "compiled" and (reason := why_not_compiled()):
        pytest.skip(reason)

    def function(name):
        module = "pure_backend" if request.param == "pure" else f"compiled.{name}"
        return getattr(importlib.import_module(f"nogil_kernels.{module}"), name)

    return SimpleNamespace(name=request.param, sum_of_squares=function("sum_of_squares"), matmul=function("matmul"))


@pytest.fixture
def compiled(kernels):
    """Return `kernels` of the compiled backend, and skip the pure one."""
    if kernels.name == "pure":
        pytest.skip("tests compiled code: plain Python is slow, holds the GIL and uses neither threads nor a workspace")
    return kernels


@pytest.fixture(scope="session")
def compiled_backend():
    """Skip a test that needs the compiled kernels if they are not tested."""
    if reason := why_not_compiled():
        pytest.skip(reason)


@pytest.fixture
def folder():
    """Yield a folder of files that workers map."""
    from nogil_kernels.workers.shared import Folder

    with Folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """Return the path of Python in a new environment without packages."""
    folder = tmp_path_factory.mktemp("bare") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    return str(folder / "bin" / "python")
