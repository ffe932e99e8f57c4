"""Noise words: drawing from a fixed distribution in constant time, with a random number for each place.

Walker's alias method: every column of the table holds a share of its own word and gives the rest to one other word.
"""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled


def alias_table(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Build the table from which `draw_word` draws.

    Args:
        probabilities: of each word, (V,), sum 1.

    Returns:
        thresholds (V,) uint64, the share of a column that is its own word's, times 2³²; aliases (V,) int32, the word
        that has the rest. Each word's probability is exact to V · 2⁻³² of a column.

    >>> thresholds, aliases = alias_table(np.array([0.75, 0.25]))
    >>> (thresholds / 2**32).tolist(), aliases.tolist()
    ([1.0, 0.5], [0, 0])

    Walker 1977 · Vose 1991.
    """
    shares = np.asarray(probabilities, dtype=np.float64) * len(probabilities)
    aliases = np.arange(len(shares), dtype=np.int32)
    _pair_columns(shares, aliases, np.empty(len(shares), np.int32), np.empty(len(shares), np.int32))
    return np.round(np.minimum(shares, 1.0) * 2.0**32).astype(np.uint64), aliases


@compiled()
def _pair_columns(shares: np.ndarray, aliases: np.ndarray, small: np.ndarray, large: np.ndarray) -> None:
    """Fill each column that has less than its share from one that has more; shares (V,) are changed in place."""
    lacking = 0
    rich = 0
    for word in range(len(shares)):
        if shares[word] < 1.0:
            small[lacking] = word
            lacking += 1
        else:
            large[rich] = word
            rich += 1
    while lacking > 0 and rich > 0:
        lacking -= 1
        taker = small[lacking]
        giver = large[rich - 1]
        aliases[taker] = giver
        shares[giver] -= 1.0 - shares[taker]
        if shares[giver] < 1.0:
            rich -= 1
            small[lacking] = giver
            lacking += 1
    # What is left on either side is 1 but for rounding.
    for column in range(lacking):
        shares[small[column]] = 1.0
    for column in range(rich):
        shares[large[column]] = 1.0


@compiled(inline=True)
def draw_word(bits: np.uint64, thresholds: np.ndarray, aliases: np.ndarray) -> np.int64:
    """Turn 64 random bits into a word: 32 choose the column, 32 the word in it."""
    column = np.int64(((bits >> np.uint64(32)) * np.uint64(len(aliases))) >> np.uint64(32))
    own = np.int64((bits & np.uint64(0xFFFFFFFF)) < thresholds[column])
    return own * column + (1 - own) * aliases[column]  # no branch: nobody can foretell it
