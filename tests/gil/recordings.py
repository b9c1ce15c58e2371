"""Recordings that are written by hand."""

from nogil_kernels.gil.recording import Recording

US = 1000  # ns


def recording(samples, spans):
    """Return a recording of (now, cpu, ready, flags) and (begin, end, calls)."""
    result = Recording(bytearray(Recording.size_for(len(samples))), len(samples))
    words = result.for_sampler.cast("q")
    for index, sample in enumerate(samples):
        words[2 + 4 * index : 6 + 4 * index] = memoryview(
            b"".join(word.to_bytes(8, "little", signed=True) for word in sample)
        ).cast("q")
    words[0] = len(samples)
    for begin, end, calls in spans:
        result.begin(begin, calls)
        result.end(end)
    return result
