"""Noise words for a range of positions: one pool for each turn of the walk, drawn by place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled
from firth.observations.noise import draw_word
from firth.observations.windows import Windows
from firth.randomness import bits_at
from firth.training.matrices import own_lines


class Pools(NamedTuple):
    """Noise words of each turn, distinct within a turn; one drawn m times stands once, with m.

    Attributes:
        words: (turns, P) int32, P a multiple of 4; places freed by repeated draws point at spare rows.
        times: how often each was drawn, 0 at freed places, (turns, 4 · P), of the matrices' precision: each four words'
            numbers stand four times in a row, once for each centre of a block.
        turn: kept words that share a pool, a multiple of 4.
        negatives: K, noise words a pair in expectation.
    """

    words: np.ndarray
    times: np.ndarray
    turn: int
    negatives: int


def pool_room(length: int, *, turn: int, size: int, negatives: int, dtype: np.dtype | type = np.float32) -> Pools:
    """Return room for the pools of a range of `length` positions, of `size` words each, in the matrices' precision."""
    turns = -(-length // turn)
    return Pools(own_lines((turns, size), np.int32), own_lines((turns, 4 * size), dtype), turn, negatives)


@compiled()
def draw_pools(
    first: int,
    last: int,
    windows: Windows,
    thresholds: np.ndarray,
    aliases: np.ndarray,
    key: np.uint64,
    spare: int,
    pools: Pools,
) -> None:
    """Draw the pools of the words [first, last).

    Args:
        first: index of the range's first word in `windows`.
        last: index after its last.
        windows: from `draw_windows`; a pool's random numbers are named by the position of its first word.
        thresholds: from `alias_table`.
        aliases: from `alias_table`.
        key: `stream_key(seed, "noise", pass)`.
        spare: first of four rows for freed places.
        pools: filled, a row for each turn.
    """
    size = pools.words.shape[1]
    for index in range(first, last, pools.turn):
        turn = (index - first) // pools.turn
        place = windows.positions[index] * size
        words, times = pools.words[turn], pools.times[turn]
        times[:] = 1
        for k in range(size):
            words[k] = draw_word(bits_at(key, place + k), thresholds, aliases)
        for k in range(1, size):
            home = k
            for earlier in range(k):  # no early end, so that these become a few vector comparisons
                home = earlier if words[earlier] == words[k] else home
            if home < k:
                words[k] = spare + (k & 3)
                for row in range(4):
                    times[16 * (k >> 2) + 4 * row + (k & 3)] = 0
                    times[16 * (home >> 2) + 4 * row + (home & 3)] += 1
