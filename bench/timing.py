"""Interleaved timing: each round has one sample of each statement, so a slow minute affects all of them equally."""

import math
import random
import time
import timeit
from collections.abc import Mapping
from typing import Any

SAMPLE_SECONDS = 0.002  # the least time of a sample: 10**5 times the clock's step, less than a scheduler's time slice
MIN_ROUNDS, MAX_ROUNDS = 9, 41

Samples = dict[str, list[float]]


def sample(
    statements: Mapping[str, str],
    namespace: dict[str, Any],
    seconds: float = 1.0,
    rest: float = 0.0,
    into: Samples | None = None,
) -> Samples:
    """Sample each statement once per round, for about `seconds` and at least MIN_ROUNDS rounds.

    timeit's loop runs a statement without a call around it, so the code that a user types is timed. The order of the
    statements changes from round to round, because a statement depends on the caches that the one before it leaves.

    Return the seconds per execution of each statement, one number per round. They are added to `into`, if given, round
    by round: after Ctrl-C it has the complete rounds. `rest` is the time to sleep before each sample, because the idle
    threads of some statements spin for a while. A sample then takes at least `rest / 2`, because the processor has
    slept too and needs time to reach its full speed.
    """
    timers = {name: timeit.Timer(statement, globals=namespace) for name, statement in statements.items()}
    loops = {name: _loops(timer, max(SAMPLE_SECONDS, rest / 2)) for name, timer in timers.items()}
    order = list(timers)
    shuffle = random.Random(0).shuffle
    samples: Samples = {} if into is None else into
    spent, rounds = 0.0, 0
    while rounds < MIN_ROUNDS or (spent < seconds and rounds < MAX_ROUNDS):
        shuffle(order)
        elapsed = {}
        for name in order:
            time.sleep(rest)
            elapsed[name] = timers[name].timeit(loops[name])
        for name in statements:
            samples.setdefault(name, []).append(elapsed[name] / loops[name])
        spent += sum(elapsed.values())
        rounds += 1
    return samples


def _loops(timer: timeit.Timer, seconds: float) -> int:
    """Return the executions of a sample that takes `seconds`. Longer samples would be interrupted more often.

    The fastest of three tries counts. An interrupted try seems long enough with far too few executions, and then every
    sample would measure the clock and cold caches: up to four times the true time was observed.
    """
    timer.timeit(1)
    loops = 1
    while (fastest := min(timer.repeat(3, loops))) < seconds:
        loops = max(loops + 1, math.ceil(1.1 * loops * seconds / fastest)) if fastest else 10 * loops
    return loops
