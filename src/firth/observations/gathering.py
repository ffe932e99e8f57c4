"""Rows of counts from the text: for each word, what stands around its occurrences, or to the right of them.

    N(c, o) = Σ over i ≠ j of one sentence, w_i = c, w_j = o, of the pair's weight        whole weights
    F(c, o) = the same over i < j                                                         rounded expectations

Whole weights are looked up, so both sides are walked and rows of N are done. An expectation is computed, and would now
and then round to two different numbers from the left and from the right: it is computed once, for F, and N = F + Fᵀ.

An index of positions by word gives the occurrences of a word in one place, so its row is finished before the next one
begins. Rows do not know of each other: threads take ranges of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled, prefetch_row
from firth.observations.accumulating import RowRoom, RowsOut, emit_row

AHEAD = 24
"""How many occurrences ahead text is asked for."""
_LINE = 16  # ids in a line of the cache


class Occurrences(NamedTuple):
    """Where the words of a block, consecutive in the vocabulary, stand in the corpus.

    Attributes:
        first: the first word of the block.
        starts: where the positions of each word begin, one more behind the last, (words + 1,) int64.
        positions: of all, word by word, ascending, `AHEAD` more behind them.
    """

    first: int
    starts: np.ndarray
    positions: np.ndarray


class PairRule(NamedTuple):
    """The weight of a pair, as numbers.

    Attributes:
        weights: whole weights of distance 1 … W, (W,) uint64; empty where expectations are rounded.
        reach: g of 1 … W, (W,) float64.
        keep: how probable it is that a word is kept, (V,) float64; empty where weights are whole.
        survivors: one thread's room for how probable it is that so many words between survive, (W,) float64.
    """

    weights: np.ndarray
    reach: np.ndarray
    keep: np.ndarray
    survivors: np.ndarray


@compiled()
def count_words(ids: np.ndarray, start: int, stop: int, first: int, counts: np.ndarray) -> None:
    """Add to `counts` (words,) how often the words from `first` on stand in [start, stop)."""
    size = np.uint32(len(counts))
    for position in range(start, stop):
        word = np.uint32(ids[position] - first)  # words before the block, and −1, become large
        if word < size:
            counts[word] += 1


@compiled()
def place_words(ids: np.ndarray, start: int, stop: int, first: int, places: np.ndarray, positions: np.ndarray) -> None:
    """Write the positions in [start, stop) of the words from `first` on; `places` (words,) says where, and moves on."""
    size = np.uint32(len(places))
    for position in range(start, stop):
        word = np.uint32(ids[position] - first)
        if word < size:
            positions[places[word]] = position
            places[word] += 1


@compiled()
def gather_whole(
    ids: np.ndarray,
    found: Occurrences,
    row: int,
    stop: int,
    rule: PairRule,
    room: RowRoom,
    out: RowsOut,
    sizes: np.ndarray,
) -> tuple[int, int]:
    """Count the rows of N from `row` up to `stop` with whole weights, while there is room for a full one.

    Returns the first row that is not done, and how many cells of `out` are used; `sizes` (V,) gets those of each row.
    """
    window = len(rule.weights)
    used = 0
    while row < stop and used + len(room.cells) <= len(out.cells):
        listed = 0
        for index in range(found.starts[row - found.first], found.starts[row - found.first + 1]):
            ahead = np.int64(found.positions[index + AHEAD])
            prefetch_row(ids, max(0, ahead - window))
            prefetch_row(ids, ahead + window)  # most often the same line of the cache, else the next one
            position = found.positions[index]
            for distance in range(1, window + 1):
                word = ids[position + distance]
                if word < 0:
                    break
                cell = room.cells[word]
                room.touched[listed] = word
                listed += cell == 0
                room.cells[word] = cell + rule.weights[distance - 1]
            for distance in range(1, min(window, position) + 1):
                word = ids[position - distance]
                if word < 0:
                    break
                cell = room.cells[word]
                room.touched[listed] = word
                listed += cell == 0
                room.cells[word] = cell + rule.weights[distance - 1]
        before = used
        used = emit_row(room, listed, out, used)
        sizes[row] = used - before
        row += 1
    return row, used


@compiled()
def gather_expected(
    ids: np.ndarray,
    found: Occurrences,
    row: int,
    stop: int,
    rule: PairRule,
    room: RowRoom,
    out: RowsOut,
    sizes: np.ndarray,
) -> tuple[int, int]:
    """Count rows of F, with the expectations of pairs whose gaps close, in units of 2⁻³²; else like `gather_whole`.

    w = p_i p_j Σ_b PB(b) g(1+b): PB(b), how probable it is that b of the words between survive, moves on with j. That
    sum never grows, so a walk ends where p_i times it is below half a unit.
    """
    window = len(rule.reach)
    survivors = rule.survivors
    used = 0
    while row < stop and used + len(room.cells) <= len(out.cells):
        listed = 0
        own = rule.keep[row] * 2.0**32
        for index in range(found.starts[row - found.first], found.starts[row - found.first + 1]):
            ahead = np.int64(found.positions[index + AHEAD])
            prefetch_row(ids, ahead)
            prefetch_row(ids, ahead + _LINE)
            position = np.int64(found.positions[index]) + 1
            survivors[:] = 0.0
            survivors[0] = 1.0
            expected = own * rule.reach[0]
            word = ids[position]
            while word >= 0 and expected >= 0.5:
                keep = rule.keep[word]
                amount = np.uint64(expected * keep + 0.5)
                cell = room.cells[word]
                room.touched[listed] = word
                listed += (cell == 0) & (amount != 0)
                room.cells[word] = cell + amount
                weight = 0.0
                before_here = 0.0
                for count in range(window):
                    here = survivors[count]
                    survivors[count] = here * (1.0 - keep) + before_here * keep
                    weight += survivors[count] * rule.reach[count]
                    before_here = here
                expected = own * weight
                position += 1
                word = ids[position]
        before = used
        used = emit_row(room, listed, out, used)
        sizes[row] = used - before
        row += 1
    return row, used
