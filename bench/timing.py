"""Interleaved timing: each statement once a round, so that a slow minute hits all of them alike."""

import math
import random
import time
import timeit
from collections.abc import Mapping
from typing import Any

SAMPLE_SECONDS = 0.002  # of one sample, at least: 10**5 times the clock's step, shorter than a scheduler's slice
MIN_ROUNDS, MAX_ROUNDS = 9, 41

Samples = dict[str, list[float]]


def sample(
    statements: Mapping[str, str],
    namespace: dict[str, Any],
    seconds: float = 1.0,
    rest: float = 0.0,
    into: Samples | None = None,
) -> Samples:
    """Seconds per execution of each statement, one sample a round, for about `seconds` or MIN_ROUNDS rounds.

    Statements run in a loop without a call around them, as in timeit: what is timed is what a user types. Their order
    changes from round to round, so that none always comes after the same other and finds the caches as that left them.

    rest: seconds to sleep before each sample, for statements that leave threads behind which spin for a while. A sample
    then takes half as long itself, so that it matters little that the machine had gone to sleep, too.
    into: where the samples are put, round by round; after Ctrl-C it holds the rounds that were whole.
    """
    timers = {name: timeit.Timer(statement, globals=namespace) for name, statement in statements.items()}
    loops = {name: _loops(timer, max(SAMPLE_SECONDS, rest / 2)) for name, timer in timers.items()}
    order = list(timers)
    shuffle = random.Random(0).shuffle
    samples: Samples = {} if into is None else into
    spent, rounds = 0.0, 0
    while rounds < MIN_ROUNDS or (spent < seconds and rounds < MAX_ROUNDS):
        shuffle(order)
        took = {}
        for name in order:
            time.sleep(rest)
            took[name] = timers[name].timeit(loops[name])
        for name in statements:
            samples.setdefault(name, []).append(took[name] / loops[name])
        spent += sum(took.values())
        rounds += 1
    return samples


def _loops(timer: timeit.Timer, seconds: float) -> int:
    """So many executions that a sample takes so long, and hardly longer: then it would meet more interruptions.

    The best of three tells: one that was interrupted looks long enough with far too few executions, and all samples of
    that statement would then measure the clock and cold caches. Four times the true time was seen so.
    """
    timer.timeit(1)
    loops = 1
    while (took := min(timer.repeat(3, loops))) < seconds:
        loops = max(loops + 1, math.ceil(1.1 * loops * seconds / took)) if took else 10 * loops
    return loops
