"""What makes a scaling measurement say something else than people read in it, and what to do about each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from . import machine
from .facts import Fact

Facts = Mapping[str, Fact]

# A program that keeps one of two cores busy brings the load to 0.5 a core, and its average over a minute to 0.4 after
# 100 seconds. What a measurement of our own has left is below that after a minute or two.
LOAD_PER_CORE = 0.4
# Clocks of one and of two busy cores differ by up to a tenth; a core shared with one other program gives 1.3 at most.
# More than two cores can give is seen where something else runs on the core that the one thread was kept to.
NATIVE_SPEED_UP = 1.8, 2.2
# Of the two dozen ticks of 10 ms that two cores have in an eighth of a second, one may be chance: three are not.
STEAL = 0.1
SWITCH_INTERVAL = 0.005  # CPython's default


def warnings_of(facts: Facts, *, blas: bool = True) -> list[str]:
    """Sentences on what is wrong with measuring where these facts hold: found what, why it matters, what to do.

    facts : of `facts.facts()`, and where they are known those of `noise.noise()` and `gil_watch.watch()`
    blas  : whether what is measured may call BLAS

    >>> warnings_of({"nk_switch_interval": 0.005, "nk_backend": "compiled"})
    []
    """
    groups: list[Callable[[Facts], Iterator[str]]] = [_of_kernels, _of_gil, _of_interpreter, _of_cores, _of_quiet]
    if blas:
        groups.append(_of_blas)
    return [sentence for group in groups for sentence in group(facts)]


def _of_kernels(facts: Facts) -> Iterator[str]:
    if facts.get("nk_backend") == "pure":
        reason = str(facts.get("nk_backend_reason", "for a reason unknown"))
        effect = "holds the GIL, so threads gain nothing" if facts.get("nk_gil_enabled") else "is far slower"
        asked = reason.startswith("NOGIL_KERNELS_BACKEND")
        remedy = "Unset that variable" if asked else "Install nogil-kernels from a wheel, or with a C compiler at hand"
        yield f"The backend is pure Python ({reason}): it {effect}. {remedy} to measure the compiled kernels."


def _of_gil(facts: Facts) -> Iterator[str]:
    asked = facts.get("nk_python_gil", "")
    if facts.get("nk_free_threaded_build"):
        if facts.get("nk_gil_enabled"):
            if "nk_gil_enabled_by" in facts:
                cause = f"importing {facts['nk_gil_enabled_by']} switched it on"
                remedy = "Leave that import out, or get a release of it that declares support for free threading."
            elif asked:
                cause, remedy = f"{asked} asks for it", "Start without that to measure what this build is made for."
            else:
                cause = "an import has switched it on"
                remedy = "Python warns of the module that does it; look for that RuntimeWarning."
            yield f"This is a free-threaded build, but its GIL is on: {cause}. Pure Python gains nothing here. {remedy}"
        elif asked:
            yield (
                f"{asked} keeps the GIL off, even for modules that have not declared that they can run without it: they"
                " may crash, and your users will have the GIL on. Measure without it, too."
            )
    interval = float(facts.get("nk_switch_interval", SWITCH_INTERVAL))
    if facts.get("nk_gil_enabled") and abs(interval - SWITCH_INTERVAL) > 1e-6:  # Python keeps whole microseconds
        yield (
            f"The switch interval is {interval * 1e3:g} ms, not Python's {SWITCH_INTERVAL * 1e3:g}: it is how long a"
            " thread waits for the GIL beside one that computes in Python. Figures hold for this setting alone; leave"
            " sys.setswitchinterval out to get those that others have."
        )


def _of_interpreter(facts: Facts) -> Iterator[str]:
    if facts.get("nk_debug_build"):
        yield (
            "This is a debug build of Python: its interpreter is several times as slow, so pure Python looks worse, and"
            " the kernels better, than they are. Measure with a release build."
        )
    if "nk_watched_by" in facts:
        yield (
            f"A tracer or profiler is active ({facts['nk_watched_by']}): it slows Python code down with the GIL held,"
            " and compiled code not at all. Measure without coverage, debugger and profiler."
        )


def _of_cores(facts: Facts) -> Iterator[str]:
    usable, physical, count = (
        int(facts.get(name, 0)) for name in ("nk_usable_cores", "nk_physical_cores", "cpu_count")
    )
    kept_to = len(machine.parse_cpu_list(str(facts["cpu_affinity"]))) if "cpu_affinity" in facts else count
    quota = float(facts.get("nk_quota_cores", kept_to))
    if quota < kept_to:
        workers = max(1, int(quota))
        yield (
            f"The cgroup's quota is {_many(quota, 'core')}, of {kept_to} that can be seen: who uses more is stopped for"
            " the rest of each period, and those pauses look like bad scaling. Measure on at most"
            f" {_many(workers, 'worker')}, or give the container a larger quota."
        )
    if kept_to < count:
        yield (
            f"This process is kept to {kept_to} of the machine's {_many(count, 'core')} (affinity"
            f" {facts['cpu_affinity']}): more workers than that take turns. If that is not what you want, start it"
            " without taskset or a container's cpuset."
        )
    if usable == 1:
        yield (
            "One core is usable: threads cannot be faster than one, released or held. Measure scaling where there are"
            " two or more."
        )
    elif 0 < physical < usable:
        yield (
            f"The {usable} usable cores are hardware threads of {_many(physical, 'physical core')}, and those of one"
            f" core share its arithmetic units: compiled kernels gain little beyond {_many(physical, 'worker')}. Read"
            " efficiency up to there."
        )


def _of_quiet(facts: Facts) -> Iterator[str]:
    count, load = int(facts.get("cpu_count", 1)), float(facts.get("load_avg_1min", 0))
    if load >= LOAD_PER_CORE * count:
        yield (
            f"The load was {load:.1f} on {_many(count, 'core')} before: something else is running or"
            " was a minute ago, and takes cores from the workers. End it, wait a minute, and measure again."
        )
    gain, (low, high) = float(facts.get("nk_native_speed_up", 2)), NATIVE_SPEED_UP
    if not low <= gain <= high:
        yield (
            f"Two threads that need neither GIL nor memory were {gain:.2f} times as fast as one, where two free cores"
            " give 2: no speed-up measured now can be trusted. Another program, a neighbour on the host or the second"
            " hardware thread of one core takes part of them. Measure on a quiet machine."
        )
    if float(facts.get("nk_steal", 0)) >= STEAL:
        yield (
            f"The host took {float(facts['nk_steal']):.0%} of this virtual machine's time away (steal): workers stop"
            " at random. Measure at another time, or on a machine with cores of its own."
        )
    if "powersave" in str(facts.get("nk_governor", "")):
        yield (
            f"The frequency governor is {facts['nk_governor']}: clocks are low, or rise late and with the number of"
            " busy cores, so that one worker and several do not compute at the same speed. Set it to performance:"
            " sudo python -m pyperf system tune."
        )
    if facts.get("nk_on_battery"):
        yield (
            "The machine runs on battery: it lowers the clock the more cores are busy, which looks like bad scaling."
            " Plug it in."
        )


def _of_blas(facts: Facts) -> Iterator[str]:
    threads = int(facts.get("nk_blas_threads", 1))
    if threads > 1:
        yield (
            f"BLAS runs each call on up to {threads} threads of its own ({facts['nk_blas']}): workers that call it"
            " (numpy.matmul, numpy.dot, scipy.linalg) then crowd the cores, and one worker alone is no baseline. Call"
            " threadpoolctl.threadpool_limits(1) first, or set OPENBLAS_NUM_THREADS=1 (MKL_NUM_THREADS for MKL)."
        )


def _many(number: float, noun: str) -> str:
    return f"{number:g} {noun}{'' if number == 1 else 's'}"
