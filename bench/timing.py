"""Interleaved timing: each round has one sample of each statement, so a slow minute affects all of them equally."""

import math
import random
import time
import timeit
from collections.abc import Mapping
from typing import Any

SAMPLE_SECONDS = 0.002  # the least time of a sample: 10**5 clock steps, but less than a time slice of the scheduler
MIN_ROUNDS, MAX_ROUNDS = 9, 41

Samples = dict[str, list[float]]


def sample(
    statements: Mapping[str, str],
    namespace: dict[str, Any],
    seconds: float = 1.0,
    sleep_seconds: float = 0.0,
    into: Samples | None = None,
) -> Samples:
    """Sample each statement once per round, for about `seconds` and at least MIN_ROUNDS rounds.

    timeit's loop runs a statement without a call around it, so the code that a user types is timed. The order of the
    statements changes from round to round, because a statement depends on the caches that the one before it leaves.

    Return the seconds per execution of each statement, one number per round. If `into` is given, the numbers are added
    to it after each round, so after Ctrl-C it has the complete rounds. `sleep_seconds` is slept before each sample,
    because idle threads of some statements spin for a while. The processor has then slept too and needs time to reach
    its full speed, so a sample takes at least `sleep_seconds / 2`.
    """
    timers = {name: timeit.Timer(statement, globals=namespace) for name, statement in statements.items()}
    executions = {name: _executions(timer, max(SAMPLE_SECONDS, sleep_seconds / 2)) for name, timer in timers.items()}
    order = list(timers)
    shuffle = random.Random(0).shuffle
    samples: Samples = {} if into is None else into
    sampled_seconds, rounds = 0.0, 0
    while rounds < MIN_ROUNDS or (sampled_seconds < seconds and rounds < MAX_ROUNDS):
        shuffle(order)
        elapsed = {}
        for name in order:
            time.sleep(sleep_seconds)
            elapsed[name] = timers[name].timeit(executions[name])
        for name in statements:
            samples.setdefault(name, []).append(elapsed[name] / executions[name])
        sampled_seconds += sum(elapsed.values())
        rounds += 1
    return samples


def _executions(timer: timeit.Timer, seconds: float) -> int:
    """Return how many executions take `seconds`. More would make interruptions during a sample more likely.

    The fastest of three tries counts. A try that is interrupted seems long enough with far too few executions. Each
    sample would then measure the clock and cold caches: up to four times the true time was observed.
    """
    timer.timeit(1)
    executions = 1
    while (fastest_seconds := min(timer.repeat(3, executions))) < seconds:
        growth = 1.1 * seconds / fastest_seconds if fastest_seconds else 10
        executions = max(executions + 1, math.ceil(growth * executions))
    return executions
