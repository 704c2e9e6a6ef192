"""Times and counts, for people."""
import math


def quantile(values, share):
    """Nearest rank; the values are sorted."""
    return values[max(0, math.ceil(len(values) * share) - 1)]


def quantiles(seconds, **shares):
    """As `p50 1.2 ms, p99 3.4 ms`; nothing for no values."""
    values = sorted(seconds)
    return ", ".join(f"{name} {quantile(values, share) * 1000:.1f} ms" for name, share in shares.items() if values)


def count(words):
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def tally(counts):
    """As `3 x 200, 1 x 503`."""
    return ", ".join(f"{number} x {word}" for word, number in sorted(counts.items()))
