"""Numbers that are hard to sum and multiply: extreme, tiny, infinite and not a number."""

import numpy as np

INTEGERS = ("small", "any", "extreme", "33 bits")
FLOATS = ("small", "any", "wide", "tiny", "special", "zeros")


def numbers(kind, dtype, shape, seed):
    """Return reproducible numbers of one of the kinds above. For integers, a kind of floats means "any"."""
    dtype, rng = np.dtype(dtype), np.random.default_rng(seed)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind in "iu":
        return _integers(kind, dtype, shape, rng)
    if dtype.kind == "c":
        result = np.empty(shape, dtype)
        result.real, result.imag = (_floats(kind, result.real.dtype, shape, rng) for _ in range(2))
    else:
        result = _floats(kind, dtype, shape, rng)
    if kind == "special":
        places = rng.integers(0, max(1, result.size), min(result.size, 3))
        for part in (result.real, result.imag) if dtype.kind == "c" else (result,):
            part.flat[places] = _special(part.dtype, places.size, rng)
    return result


def _special(dtype, size, rng):
    info = np.finfo(dtype)
    values = [np.nan, np.inf, -np.inf, 0.0, -0.0, info.max, -info.max, info.smallest_subnormal]
    return rng.choice(np.array(values, dtype), size)


def _integers(kind, dtype, shape, rng):
    info = np.iinfo(dtype)
    low, high = info.min, info.max
    if kind == "small":
        low, high = max(-8, low), 8
    elif kind == "33 bits":  # half of these do not fit 32 bits
        low, high = max(-(2**32), low), min(2**32, high)
    elif kind == "extreme":
        values = [info.min, info.min + 1, 0, 1, info.max // 2, info.max // 2 + 1, info.max - 1, info.max]
        return rng.choice(np.array(values, dtype), shape)
    return rng.integers(low, high, shape, dtype=dtype, endpoint=True)


def _floats(kind, dtype, shape, rng):
    info = np.finfo(dtype)
    if kind == "small":
        return rng.integers(-8, 9, shape).astype(dtype)
    if kind == "zeros":
        return rng.choice(np.array([0.0, -0.0], dtype), shape)
    values = np.asarray(rng.standard_normal(shape)).astype(dtype)
    if kind == "wide":  # squares and products of these are finite
        limit = max(1, info.maxexp // 2 - 10)
        return np.ldexp(values, rng.integers(-limit, limit, shape).astype(np.int32)).astype(dtype)
    if kind == "tiny":  # subnormal numbers, or numbers whose squares are subnormal
        lowest = (info.minexp - info.nmant) // rng.integers(1, 3)
        return np.ldexp(values, rng.integers(lowest - 3, lowest + info.nmant + 3, shape).astype(np.int32))
    return values
