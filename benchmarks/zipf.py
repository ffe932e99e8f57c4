"""Text of any length for questions of size: words by the law of Zipf and Mandelbrot, the same from the same seed.

A word of rank r comes with probability ∝ 1/(r + 2.7)^1.05, of two million kinds; three words in ten repeat one of the
50 before, as in text. Kinds, and pairs of neighbours, keep appearing however long it gets. A shorter text is the
beginning of a longer one.
"""

import numpy as np

KINDS = 2_000_000
AT_ONCE = 1_000_000
WORDS_PER_LINE = 1000


def write_zipf(path, words, seed=1):
    """Write so many words, a million at a time; return the path."""
    cumulative = np.cumsum(1.0 / (np.arange(KINDS) + 2.7) ** 1.05)
    names = np.array([f"w{rank}".encode() for rank in range(KINDS)], dtype=object)
    with path.open("wb") as file:
        for number in range(-(-words // AT_ONCE)):
            random = np.random.default_rng([seed, number])
            ranks = np.searchsorted(cumulative, random.random(AT_ONCE) * cumulative[-1])
            back = np.arange(AT_ONCE) - random.integers(1, 51, AT_ONCE)
            repeats = (random.random(AT_ONCE) < 0.3) & (back >= 0)
            ranks[repeats] = ranks[back[repeats]]
            text = names[np.minimum(ranks, KINDS - 1)][: words - number * AT_ONCE].tolist()
            for start in range(0, len(text), WORDS_PER_LINE):
                file.write(b" ".join(text[start : start + WORDS_PER_LINE]) + b"\n")
    return path
