"""The answers of a report, the sentences below its tables, and what they need to be supported."""

import pytest

pytest.importorskip("pyperf")

import fake_reports as made
from fake_reports import CALLS, native, report, series

from nogil_kernels.scaling.report import Report
from nogil_kernels.scaling.report.answers import answer
from nogil_kernels.scaling.report.sentences import meaning

STEADY = (1.0,) * 6
SERIAL = {2: 1.0}
PARALLEL = {2: 2.0}


def work(gains, name="a:f", way="threads", side="", spread=STEADY, **options):
    """Return the sequential series of a workload, and those of the ways {number of workers: speed-up}."""
    baseline = series(name, "sequential", 1, 1.0, side, spread=(1.0,) * len(spread), **options)
    return [baseline, *(series(name, way, n, 1 / gain, side, spread=spread, **options) for n, gain in gains.items())]


def kernel(held, released, **options):
    """Return the series of a kernel with two sides."""
    return [*work(held, "matmul", side="hold", **options), *work(released, "matmul", side="release", **options)]


def ceiling(gains, limit="arithmetic"):
    """Return the series of native threads."""
    return work(gains, f"native-{limit}", limit=limit)


GOOD = ceiling({2: 2.0, 4: 4.0, 32: 32.0})


def answer_of(session, *others, name="a:f", **options):
    return answer(report([*session, *GOOD], *others, **options), name)


def text_of(session, *others, **options):
    return answer_of(session, *others, **options).text


def meaning_of(session, *others, name="a:f", **options):
    return meaning(report([*session, *GOOD], *others, **options), name)


# Functions of the user


@pytest.mark.parametrize(
    ("verdict", "hold", "gain", "text", "short"),
    [
        ("held", "100 %", 1.0, "holds the GIL: 1.00x of 2.00x on 2 threads.", "holds the GIL, 1.00x"),
        ("released", "1 %", 1.98, "releases the GIL: 1.98x of 2.00x on 2 threads.", "releases the GIL, 1.98x"),
        ("partly", "62 %", 1.5, "holds the GIL 62 % of the time: 1.50x of 2.00x on 2 threads.", None),
        (
            "held",
            "100 %",
            1.99,
            "holds the GIL, yet 2 threads are 1.99x as fast: probably its calls last a fixed time, so each did less"
            " work.",
            "holds the GIL, yet 1.99x",
        ),
        (
            "partly",
            "90 %",
            1.99,
            "holds the GIL 90 % of the time, yet 2 threads are 1.99x as fast: probably its calls last a fixed time, so"
            " each did less work.",
            None,
        ),
        (
            "released",
            "1 %",
            1.02,
            "releases the GIL, yet 2 threads gain nothing (1.02x): they wait for each other, as for a lock.",
            "releases the GIL, yet 1.02x",
        ),
    ],
)
def test_the_answer_has_the_verdict_and_the_speed_up_and_explains_a_disagreement(verdict, hold, gain, text, short):
    result = answer_of(work({2: gain}, verdict=verdict, hold=hold))
    assert result.text == f"a:f {text}"
    assert result.verdict == verdict
    assert short in (None, result.short)


@pytest.mark.parametrize(
    ("gain", "text"),
    [
        (28.0, "a:f waits, with the GIL released: 28x on 32 threads."),
        (
            1.0,
            "a:f waits, with the GIL released, yet 32 threads gain nothing (1.00x): they wait for each other, as for a"
            " lock.",
        ),
    ],
)
def test_a_function_that_waits_has_no_ceiling(gain, text):
    assert text_of(work({32: gain}, verdict="waits", hold="0 %", limit="")) == text


def test_calls_with_threads_of_their_own_do_not_wait_for_a_lock():
    session = work(SERIAL, verdict="released", hold="1 %", own_threads=1.2)
    assert text_of(session).endswith("gain nothing (1.00x): each call has threads of its own.")
    session = work(SERIAL, verdict="released", hold="1 %", own_threads=1.19)
    assert text_of(session).endswith("they wait for each other, as for a lock.")


def test_an_undecided_verdict_is_said_with_its_interval():
    result = answer_of(work({2: 1.5}, hold="8 % to 14 %"))
    assert result.text == "a:f: undecided, holds the GIL 8 to 14 % of the time; 1.50x of 2.00x on 2 threads."
    assert (result.verdict, result.short) == ("", "undecided, 1.50x")
    assert text_of(work({2: 1.5})) == "a:f: undecided; 1.50x of 2.00x on 2 threads."


def test_a_verdict_needs_no_threads():
    assert text_of(work({}, verdict="held", hold="100 %")) == "a:f holds the GIL."
    assert text_of(work({2: 2.0}, "numpy-dot", "processes"), name="numpy-dot") == (
        "numpy-dot: threads were not measured."
    )


def test_without_a_gil_the_answer_is_about_this_interpreter():
    result = answer_of(work(PARALLEL, verdict="held", hold="100 %"), nk_gil_enabled=0)
    assert (result.text, result.verdict) == ("a:f runs without a GIL: 2.00x of 2.00x on 2 threads.", "released")


# What a claim needs


@pytest.mark.parametrize(
    ("values", "clause"),
    [
        (3, "; no speed-up after 3 of 6 starts"),
        (5, "; no speed-up after 5 of 6 starts"),
        (6, ": 2.00x of 2.00x on 2 threads"),
    ],
)
def test_a_claim_needs_six_values(values, clause):
    spread = (1.0,) * values
    assert text_of(work(PARALLEL, verdict="released", spread=spread)) == f"a:f releases the GIL{clause}."
    assert text_of(kernel(SERIAL, PARALLEL, spread=spread), name="matmul").startswith(
        "matmul: released 2.00x" if values == 6 else f"matmul: {clause.removeprefix('; ')}"
    )
    assert bool(meaning_of(kernel(SERIAL, PARALLEL, spread=spread), name="matmul")) == (values == 6)


def test_without_sequential_calls_there_is_no_speed_up():
    assert text_of(work(PARALLEL)[1:], interrupted=True) == "a:f: undecided; no speed-up after 0 of 6 starts."


@pytest.mark.parametrize(
    ("gain", "clause"),
    [
        (1.79, "; native threads gained only 1.79x of 2, so other programs used the cores: measure again"),
        (1.801, ": 2.00x of 1.80x on 2 threads"),
        (2.199, ": 2.00x of 2.20x on 2 threads"),
        (2.21, "; native threads gained 2.21x of 2, so other programs disturbed the single thread: measure again"),
    ],
)
def test_a_claim_needs_native_threads_that_gain_what_the_cores_promise(gain, clause):
    session = [*work(PARALLEL, verdict="released"), *ceiling({2: gain})]
    assert answer(report(session), "a:f").text == f"a:f releases the GIL{clause}."


def test_more_threads_than_cores_have_the_ceiling_of_the_cores():
    session = [*work({4: 1.9}, verdict="released"), *ceiling({4: 1.9})]
    assert answer(report(session, nk_usable_cores=2), "a:f").text.endswith("1.90x of 1.90x on 4 threads.")
    assert "gained only 1.90x of 4" in answer(report(session, nk_usable_cores=4), "a:f").text
    one_core = answer(report(session, nk_usable_cores=1), "a:f").text
    assert one_core == "a:f releases the GIL; a speed-up needs two usable cores."


def test_a_low_ceiling_has_other_causes_than_other_programs():
    session = [*work(PARALLEL, limit="memory"), *ceiling({2: 1.3}, "memory")]
    assert "memory or other programs limit the speed-up" in answer(report(session), "a:f").text
    session = [*work(PARALLEL), *ceiling({2: 1.3})]
    assert "they share 1 physical core." in answer(report(session, nk_physical_cores=1), "a:f").text
    assert "no native threads" in answer(report(work(PARALLEL)), "a:f").text
    session = [*work(PARALLEL, "numpy-dot"), *ceiling({2: 1.3})]
    assert answer(report(session), "numpy-dot").text.startswith("numpy-dot: native threads gained only 1.30x of 2")


SPREAD = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.6 / 1.1)
"""Of these seven values, the interval is from the least to the greatest one."""


@pytest.mark.parametrize(
    ("highest", "clause"),
    [
        (1.25, "yet 2 threads gain nothing"),
        (1.26, "the interval 0.87x to 1.26x is too wide to say more"),
        (1.81, "the interval 1.24x to 1.81x is too wide to say more"),
        (1.83, ": 1.83x (1.26x to 1.83x) of 2.00x on 2 threads"),
    ],
)
def test_the_whole_interval_must_be_on_one_side_of_a_flat_speed_up(highest, clause):
    assert clause in text_of(work({2: highest}, verdict="released", spread=SPREAD))


@pytest.mark.parametrize(
    ("held", "released", "is_claimed"),
    [(1.25, 1.83, True), (1.26, 1.83, False), (1.25, 1.81, False), (1.25, 1.1, False)],
)
def test_the_gil_makes_the_difference_if_both_intervals_agree(held, released, is_claimed):
    text = meaning_of(kernel({2: held}, {2: released}, spread=SPREAD), name="matmul")
    assert ("The GIL makes the difference." in text) == is_claimed


@pytest.mark.parametrize(("held", "is_claimed"), [(0.85, True), (0.87, False)])
def test_the_gil_makes_no_difference_if_only_the_median_is_flat(held, is_claimed):
    slow = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1 / 1.6)  # the interval ends at 1.45 times the median
    session = [*work({2: held}, "matmul", side="hold", spread=slow), *work(PARALLEL, "matmul", side="release")]
    assert ("The GIL makes the difference." in meaning_of(session, name="matmul")) == is_claimed


def test_the_bound_of_a_function_that_holds_the_gil_follows_from_its_share():
    for gain, is_faster in ((2.5, False), (2.51, True)):  # 1.25 / 50 %
        assert ("yet 4 threads" in text_of(work({4: gain}, verdict="partly", hold="50 %"))) == is_faster


def test_the_answer_is_for_the_most_threads_that_support_one():
    session = [*work({2: 2.0, 4: 3.9}, verdict="released"), *ceiling({2: 2.0, 4: 2.0})]
    assert answer(report(session), "a:f").text.endswith("2.00x of 2.00x on 2 threads.")
    session = [*work({2: 2.0, 4: 3.9}, verdict="released"), *ceiling({2: 2.0, 4: 4.0})]
    assert answer(report(session), "a:f").text.endswith("3.90x of 4.00x on 4 threads.")


# The workloads of this package


@pytest.mark.parametrize(
    ("session", "name", "text", "short", "verdict"),
    [
        (
            kernel(SERIAL, {2: 1.98}),
            "matmul",
            "matmul: released 1.98x of 2.00x on 2 threads, held 1.00x.",
            "released 1.98x, held 1.00x",
            "released",
        ),
        (kernel(SERIAL, SERIAL), "matmul", "matmul: released 1.00x of 2.00x on 2 threads, held 1.00x.", None, ""),
        (
            work(PARALLEL, "matmul", side="release"),
            "matmul",
            "matmul: released 2.00x of 2.00x on 2 threads.",
            "released 2.00x",
            "released",
        ),
        (
            work(SERIAL, "squares-python", side="python"),
            "squares-python",
            "squares-python holds the GIL: 1.00x of 2.00x on 2 threads.",
            "holds the GIL, 1.00x",
            "held",
        ),
        (work(PARALLEL, "numpy-dot"), "numpy-dot", "numpy-dot: 2.00x of 2.00x on 2 threads.", "2.00x", ""),
        (made.waiting(), "sleep", "sleep waits, with the GIL released: 5.00x on 5 threads.", "waits, 5.00x", "waits"),
        (
            made.counter(),
            "counter",
            "counter: lost none by counter += 1, 31 % by counter = f(counter) + 1, none with a lock.",
            "lost 31 %",
            "",
        ),
        (
            made.convoy(),
            "convoy",
            "convoy: a call takes 20 us alone, 5 ms beside a thread that runs Python (99 % within 10 ms).",
            "20 us alone, 5 ms beside Python",
            "",
        ),
    ],
)
def test_every_workload_has_an_answer(session, name, text, short, verdict):
    result = answer_of(session, name=name)
    assert (result.text, result.verdict) == (text, verdict)
    assert short in (None, result.short)


def test_an_answer_can_be_about_another_interpreter():
    result = without_a_gil([*kernel(SERIAL, PARALLEL), *GOOD], kernel({2: 1.9}, PARALLEL))
    assert answer(result, "matmul", "3.14t GIL off").text == "matmul: released 2.00x of 2.00x on 2 threads, held 1.90x."


def test_a_latency_needs_six_values():
    session = [
        series("convoy", "sequential", 1, 1.0, "release", setting, "", spread=(1.0,) * 5)
        for setting in ("alone", "5 ms")
    ]
    assert text_of(session, name="convoy") == "convoy: no latency after 5 of 6 starts."
    assert meaning_of(session, name="convoy") == ""
    interrupted = text_of(session[:1], name="convoy", interrupted=True)
    assert interrupted == "convoy: nothing to compare was measured."


# Sentences


def without_a_gil(first, *others):
    """Return a report in which the other interpreters have no GIL."""
    result = report(first, *others)
    for benchmark in result.suite:
        if benchmark.get_metadata()["nk_session"] != "3.14":
            benchmark.update_metadata({"nk_gil_enabled": 0})
    return Report(result.suite)


def python(gains, way="threads"):
    return work(gains, "squares-python", way, "python")


def test_other_ways_are_explained_by_their_own_gil():
    session = [*python(SERIAL), *python({2: 1.9}, "pool")[1:], *python({2: 1.95}, "interpreters")[1:]]
    assert meaning_of(session, name="squares-python") == (
        "The GIL lets one thread at a time run Python. Other ways: a Pool's processes 1.90x, interpreters 1.95x."
        " Each process and each interpreter has its own GIL."
    )
    session = [*kernel(SERIAL, PARALLEL), *work({2: 1.9}, "matmul", "processes", "hold")[1:]]
    assert meaning_of(session, name="matmul") == (
        "The GIL makes the difference. Other ways with the GIL held: processes 1.90x. Each process has its own GIL."
    )


@pytest.mark.parametrize(
    ("threads", "way", "gain", "is_explained"),
    [
        (1.0, "processes", 1.26, True),
        (1.0, "processes", 1.25, False),
        (1.26, "processes", 1.9, False),
        (1.0, "loky:get_reusable_executor", 1.9, False),
    ],
)
def test_only_a_gain_over_threads_is_explained_by_an_own_gil(threads, way, gain, is_explained):
    text = meaning_of([*python({2: threads}), *python({2: gain}, way)[1:]], name="squares-python")
    assert ("has its own GIL." in text) == is_explained
    assert f" {gain:.2f}x." in text


def test_without_a_gil_serial_threads_are_not_explained_by_it():
    session = [*python(SERIAL), *python({2: 1.9}, "processes")[1:]]
    assert meaning_of(session, name="squares-python", nk_gil_enabled=0) == "Other ways: processes 1.90x."


def test_other_ways_of_work_that_waits():
    assert meaning_of(made.waiting(), name="sleep") == "Other ways: coroutines 4.69x."


def test_other_ways_without_support_are_left_out():
    session = [*python(SERIAL), *work({2: 1.9}, "squares-python", "pool", "python", spread=(1.0,) * 5)[1:]]
    assert "Pool" not in meaning_of(session, name="squares-python")


def test_interpreters_without_a_gil_are_named_if_their_threads_gain():
    first = [*python(SERIAL), *GOOD]
    assert meaning(without_a_gil(first, python({2: 1.9})), "squares-python").endswith(
        "Without a GIL, threads are enough: 1.90x by Python 3.14t with the GIL off."
    )
    assert "Without a GIL" not in meaning(without_a_gil(first, python({2: 1.25})), "squares-python")
    assert "Without a GIL" not in meaning(without_a_gil([*python({2: 1.3}), *GOOD], python({2: 1.9})), "squares-python")


def test_held_is_explained_without_a_gil():
    text = meaning_of(kernel(PARALLEL, PARALLEL), name="matmul", nk_gil_enabled=0)
    assert text == "This Python has no GIL, so held and released are the same."


def test_an_answer_is_not_repeated_below_the_table():
    assert meaning_of(work(PARALLEL, verdict="released", hold="1 %")) == ""


def test_lost_updates_of_other_interpreters():
    assert meaning(report(made.counter()), "counter") == "Only a lock guarantees that no update is lost."
    assert meaning(without_a_gil(made.counter(), made.counter()), "counter") == (
        "Without a GIL (3.14t), counter += 1 lost none, f(counter) + 1 lost 31 %."
        " Only a lock guarantees that no update is lost."
    )
    session = [series("counter", "threads", 4, 0.1, "locked", limit="", lost=0.1)]
    assert meaning(report(session), "counter") == "The lock lost some: that is a bug."


@pytest.mark.parametrize(
    ("seconds_beside", "text"),
    [
        (4.01e-3, "The median call did not wait a whole switch interval for the GIL."),
        (
            4.03e-3,
            "A call that releases the GIL waits for a switch interval (5 ms) to get it back. A call that holds the GIL"
            " takes 30 us.",
        ),
    ],
)
def test_in_a_convoy_a_call_waits_for_most_of_a_switch_interval(seconds_beside, text):
    session = [
        series("convoy", "sequential", 1, CALLS * seconds, side, setting, "", spread=STEADY)
        for side, setting, seconds in (
            ("release", "alone", 2e-5),
            ("release", "5 ms", seconds_beside),
            ("hold", "5 ms", 3e-5),
        )
    ]
    assert meaning_of(session, name="convoy") == text


@pytest.mark.parametrize(("seconds_beside", "count"), [(3.9e-3, 1), (4.0e-3, 0), (4.1e-3, 0), (4.2e-3, 2)])
def test_a_convoy_needs_whole_intervals_on_one_side(seconds_beside, count):
    session = [
        series("convoy", "sequential", 1, CALLS * seconds, side, setting, "")  # intervals are 3 % wide on both sides
        for side, setting, seconds in (
            ("release", "alone", 2e-5),
            ("release", "5 ms", seconds_beside),
            ("hold", "5 ms", 3e-5),
        )
    ]
    assert meaning_of(session, name="convoy").count(".") == count


def test_every_sentence_starts_with_a_capital_or_digit_and_ends_with_a_full_stop():
    session = [*made.kernels((2, 64)), *made.waiting(), *made.counter(), *made.convoy(), *native((2, 64))]
    result = report(session, session)
    for workload in result.workloads:
        text = answer(result, workload).text
        assert text.startswith(workload)
        for sentences in (text, meaning(result, workload)):
            assert sentences.endswith(".")
            assert ".." not in sentences
            assert "  " not in sentences
        assert meaning(result, workload)[0].isupper()
