"""Random numbers that are a function of where they are used: the same in NumPy and in Numba, no state anywhere.

SplitMix64 (Steele, Lea & Flood 2014) is a counter passed through a mixing function, so its n-th number can be
had without the ones before it. A *key* names a stream (a seed and what the numbers are for); a *counter* names a
place in it (a position in the corpus). Whoever asks, in whatever order, on whatever thread, gets the same number.

    bits(key, n) = mix(key + (n + 1) · 0x9E3779B97F4A7C15)      modulo 2⁶⁴
    mix(z): z ^= z >> 30; z *= 0xBF58476D1CE4E5B9; z ^= z >> 27; z *= 0x94D049BB133111EB; z ^= z >> 31
"""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF

STREAMS = {"start": 1, "keep": 2, "noise": 3, "generator": 4, "order": 5, "rows": 6, "codewords": 7, "sample": 8}
"""What the numbers are for; the first coordinate of every key."""


def _mix(z: int) -> int:
    """Mix 64 bits: a bijection in which each bit of the input moves about half of the output's."""
    z ^= z >> 30
    z = z * 0xBF58476D1CE4E5B9 & _MASK
    z ^= z >> 27
    z = z * 0x94D049BB133111EB & _MASK
    return z ^ z >> 31


def stream_key(seed: int, stream: str, *coordinates: int) -> np.uint64:
    """Name a stream of random numbers by its seed, its use and further coordinates (such as the pass).

    Args:
        seed: any whole number.
        stream: one of `STREAMS`.
        coordinates: whole numbers; another order is another stream.

    >>> int(stream_key(1, "keep", 0)) == int(stream_key(1, "keep", 0)) != int(stream_key(1, "keep", 1))
    True
    """
    key = _mix((int(seed) + _GOLDEN) & _MASK)
    for coordinate in (STREAMS[stream], *coordinates):
        key = _mix((key + _GOLDEN * (coordinate + 1)) & _MASK)
    return np.uint64(key)


def random_bits(key: np.uint64, counters: np.ndarray) -> np.ndarray:
    """Return the 64 random bits at each place of a stream.

    Args:
        key: from `stream_key`.
        counters: places, whole numbers ≥ 0, any shape.

    Returns:
        uint64, the shape of `counters`. Inside a kernel: `bits_at`.

    >>> random_bits(np.uint64(0), np.arange(2))         # the first two numbers of SplitMix64 from state 0
    array([16294208416658607535,  7960286522194355700], dtype=uint64)
    """
    with np.errstate(over="ignore"):  # modulo 2⁶⁴, of which NumPy warns where a number stands alone
        z = key + (np.asarray(counters).astype(np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


@compiled(inline=True)
def bits_at(key: np.uint64, counter: int) -> np.uint64:
    """Return the 64 random bits at one place of a stream, inside a kernel."""
    z = key + (np.uint64(counter) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def random_uniform(key: np.uint64, counters: np.ndarray) -> np.ndarray:
    """Return numbers in [0, 1) with 53 random bits each, float64, one for each place of a stream.

    >>> bool(abs(random_uniform(stream_key(1, "start"), np.arange(10_000)).mean() - 0.5) < 0.01)
    True
    """
    return (random_bits(key, counters) >> np.uint64(11)) * 2.0**-53
