"""Warnings about machine and interpreter states that distort scaling measurements. Each names cause, figure, remedy."""

from collections.abc import Callable, Iterator, Mapping

from . import machine
from .facts import Fact

Facts = Mapping[str, Fact]

# On a quiet machine a worker waits 0.1 % of its time for a core. Another program that keeps one of two cores busy takes
# a quarter of the time of two workers.
KEPT_WAITING = 0.05
# On a quiet machine half of the samples take 1 to 3 % longer than the best one.
SLOW_DOWN = 1.1
# The clock rate differs by up to 10 % between one and two busy cores. If another program shares a core, the speed-up is
# at most 1.3. It is above 2 if the other program disturbed the run on one thread.
NATIVE_SPEED_UP = 1.8, 2.2
# The test takes 1/8 s, about 24 ticks of 10 ms on two cores. One stolen tick can be chance, three cannot.
STEAL = 0.1
SWITCH_INTERVAL = 0.005  # CPython's default


def warnings_of(facts: Facts, *, blas: bool = True) -> list[str]:
    """Return one warning per problem: the cause, the figure and the remedy.

    facts : the result of `facts.facts()`, optionally with those of `noise.noise()` and `gil_watch.watch()`
    blas  : whether the measured work may call BLAS

    >>> warnings_of({"nk_switch_interval": 0.005, "nk_backend": "compiled"})
    []
    """
    groups: list[Callable[[Facts], Iterator[str]]] = [_backend, _gil, _interpreter, _cores, _noise]
    if blas:
        groups.append(_blas)
    return [warning for group in groups for warning in group(facts)]


def _backend(facts: Facts) -> Iterator[str]:
    if facts.get("nk_backend") == "pure":
        reason = str(facts.get("nk_backend_reason", "unknown reason"))
        effect = "holds the GIL, so threads gain nothing" if facts.get("nk_gil_enabled") else "is far slower"
        is_requested = reason.startswith("NOGIL_KERNELS_BACKEND")
        remedy = "Unset this variable" if is_requested else "Install a wheel of nogil-kernels, or a C compiler,"
        yield f"The backend is pure Python ({reason}), which {effect}. {remedy} to measure the compiled kernels."


def _gil(facts: Facts) -> Iterator[str]:
    option = facts.get("nk_python_gil", "")
    if facts.get("nk_free_threaded_build"):
        if facts.get("nk_gil_enabled"):
            if "nk_gil_enabled_by" in facts:
                cause = f"importing {facts['nk_gil_enabled_by']} switched it on"
                remedy = "Remove this import, or install a version of it that supports free threading."
            elif option:
                cause, remedy = f"{option} is set", "Unset it to measure free threading."
            else:
                cause = "an import switched it on"
                remedy = "Find the module in Python's RuntimeWarning and replace it."
            yield f"The GIL of this free-threaded build is on: {cause}. Threads gain nothing in pure Python. {remedy}"
        elif option:
            yield (
                f"{option} keeps the GIL off even for modules that do not support free threading. Such modules may"
                " crash. Without this option, importing one switches the GIL on. Measure without this option, too."
            )
    interval = float(facts.get("nk_switch_interval", SWITCH_INTERVAL))
    if facts.get("nk_gil_enabled") and abs(interval - SWITCH_INTERVAL) > 1e-6:  # Python keeps whole microseconds
        yield (
            f"The switch interval is {interval * 1e3:g} ms instead of the default {SWITCH_INTERVAL * 1e3:g} ms. It"
            " determines how long threads wait for the GIL, so these figures hold for this setting only. Remove the"
            " call of sys.setswitchinterval to measure the default."
        )


def _interpreter(facts: Facts) -> Iterator[str]:
    if facts.get("nk_debug_build"):
        yield (
            "This is a debug build of Python. Python code runs several times slower, so the kernels seem better than"
            " they are. Measure with a release build."
        )
    if "nk_watched_by" in facts:
        yield (
            f"A tracer or profiler is active ({facts['nk_watched_by']}). It slows down Python code, but not compiled"
            " code. Measure without coverage, debugger and profiler."
        )


def _cores(facts: Facts) -> Iterator[str]:
    usable, physical, machine_cores = (
        int(facts.get(name, 0)) for name in ("nk_usable_cores", "nk_physical_cores", "cpu_count")
    )
    affinity = str(facts.get("cpu_affinity", ""))
    allowed_cores = len(machine.parse_cpu_list(affinity)) if affinity else machine_cores
    quota = float(facts.get("nk_quota_cores", allowed_cores))
    if quota < allowed_cores:
        workers = max(1, int(quota))
        yield (
            f"The cgroup quota is {_many(quota, 'core')} of {allowed_cores}. A process that uses more is paused for the"
            f" rest of each period, which looks like bad scaling. Measure with at most {_many(workers, 'worker')}, or"
            " raise the quota of the container."
        )
    if allowed_cores < machine_cores:
        yield (
            f"This process may use only {allowed_cores} of {_many(machine_cores, 'core')} (affinity {affinity})."
            " Additional workers share these cores. Start without taskset or a cpuset to use all of them."
        )
    if usable == 1:
        yield (
            "Only one core is usable, so threads cannot be faster than one thread. Measure scaling on two or more"
            " cores."
        )
    elif 0 < physical < usable:
        yield (
            f"The {usable} usable cores are hardware threads of {_many(physical, 'physical core')}. Hardware threads of"
            f" one core share its arithmetic units, so kernels gain little beyond {_many(physical, 'worker')}. Compare"
            " efficiency only up to this number."
        )


def _noise(facts: Facts) -> Iterator[str]:
    waiting = float(facts.get("nk_kept_waiting", 0))
    if waiting >= KEPT_WAITING:
        yield (
            f"Other programs took cores from the workers, which were ready but did not run {waiting:.0%} of the time."
            " End those programs and measure again."
        )
    slow_down = float(facts.get("nk_slow_down", 1))
    if slow_down >= SLOW_DOWN:
        yield (
            f"Half of the samples took {slow_down:.2f} times as long as the best one, or longer. If no other program"
            " runs, neighbours on the host or a changing clock slow down the cores. Then intervals are wide, and may"
            " not hold for the next run."
        )
    gain, (low, high) = float(facts.get("nk_native_speed_up", 2)), NATIVE_SPEED_UP
    if not low <= gain <= high:
        yield (
            f"Two native threads were {gain:.2f} times as fast as one, but two free cores give 2. Other programs,"
            " neighbours on the host or shared hardware threads distort every speed-up. Measure on a quiet machine."
        )
    if float(facts.get("nk_steal", 0)) >= STEAL:
        yield (
            f"The host took {float(facts['nk_steal']):.0%} of this virtual machine's CPU time (steal), which pauses"
            " workers at random. Measure at another time, or on a machine with dedicated cores."
        )
    if "powersave" in str(facts.get("nk_governor", "")):
        yield (
            f"The frequency governor is {facts['nk_governor']}. The clock may depend on the number of busy cores, so"
            " one worker and several do not run at the same speed. Set the governor to performance:"
            " sudo python -m pyperf system tune."
        )
    if facts.get("nk_on_battery"):
        yield (
            "The machine runs on battery. The clock falls with the number of busy cores, which looks like bad scaling."
            " Connect the machine to mains power."
        )


def _blas(facts: Facts) -> Iterator[str]:
    threads = int(facts.get("nk_blas_threads", 1))
    if threads > 1:
        yield (
            f"BLAS uses up to {threads} threads per call ({facts['nk_blas']}). Workers that call it (numpy.matmul,"
            " numpy.dot, scipy.linalg) compete for cores, and one worker is not a single-threaded baseline. Call"
            " threadpoolctl.threadpool_limits(1) first, or set OPENBLAS_NUM_THREADS=1 (MKL_NUM_THREADS for MKL)."
        )


def _many(number: float, noun: str) -> str:
    return f"{number:g} {noun}{'' if number == 1 else 's'}"
