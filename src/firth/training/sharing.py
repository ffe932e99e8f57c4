"""Rows that several slices of a round train at once: who shares what, copies, and how the moves of copies are added up.

Which rows are shared is told by bits: a slice sets one for every word it touches, and a bit that two slices set is
shared. Words beyond the number of bits share one: a row copied without need does no harm.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from firth.compiling import compiled, prefetch_row
from firth.observations.windows import Windows
from firth.training.matrices import Matrices
from firth.training.sampling_kernel import LONGEST, scale_back

CENTER, CONTEXT = 0, 1
"""The two sides of what a slice touches."""

BITS = 1 << 16
"""Bits that tell which rows are shared: 8 KB a slice and side, which stay in the first cache."""

HALVINGS = 16
"""How often the pace of the heaviest row is halved down to that of the lightest rows, which are all alike."""

_AHEAD = 4
"""How many rows ahead copies are fetched."""


class Names(NamedTuple):
    """What stands for what in this round.

    Attributes:
        touched: bits of the words that each slice touches in the next round, (2, S, BITS / 64) uint64, by side.
        shared: bits of the words that several slices touch, (2, BITS / 64) uint64.
        once: room for as many.
        always: bits of words that are copied whoever touches them, (2, BITS / 64) uint64.
        frozen: 1 for words whose rows stay as they are, (V,) uint8: they are copied, and no copy's move is added.
        contexts: as in `Windows`, (S, room) int32.
        words: the word of each of a slice's copies, (S, R) int32.
        sides: which of its rows were copied, CENTER 1, CONTEXT 2, (S, R) uint8.
        numbers: of each word's copy in each slice, counted from 1, or 0: (V, S), so that all stand in one line: int16,
            or int32 if there can be more than that holds.
        counts: copies of each slice, (S, 8) int64, the first of each line.
        first: row of the first copy of the first slice.
    """

    touched: np.ndarray
    shared: np.ndarray
    once: np.ndarray
    always: np.ndarray
    frozen: np.ndarray
    contexts: np.ndarray
    words: np.ndarray
    sides: np.ndarray
    numbers: np.ndarray
    counts: np.ndarray
    first: int


class Scratch(NamedTuple):
    """Room of one thread to add moves up.

    Attributes:
        move: of one row, (columns,).
        shares: what the moves of m copies are multiplied with, by halvings of the pace, (…, S + 1).
    """

    move: np.ndarray
    shares: np.ndarray


@compiled(inline=True)
def set_bit(bits: np.ndarray, word: int) -> None:
    """Set the bit of a word."""
    place = word & (BITS - 1)
    bits[place >> 6] |= np.uint64(1) << np.uint64(place & 63)


@compiled(inline=True)
def _has_bit(bits: np.ndarray, word: int) -> bool:
    """Tell whether the bit of a word is set."""
    place = word & (BITS - 1)
    return (bits[place >> 6] >> np.uint64(place & 63)) & np.uint64(1) != 0


@compiled()
def find_shared(side: int, first: int, last: int, names: Names) -> None:
    """Set those of the bits [64 · first, 64 · last) of one side that two slices or more have set, or are always set."""
    touched, shared, once = names.touched[side], names.shared[side], names.once[side]
    for place in range(first, last):
        once[place] = touched[0, place]
        shared[place] = names.always[side, place]
    for index in range(1, len(touched)):
        for place in range(first, last):
            bits = touched[index, place]
            shared[place] |= once[place] & bits
            once[place] |= bits


@compiled(inline=True)
def _number(word: int, side: int, index: int, names: Names) -> int:
    """Return the number of a word's copy in this slice, a new one if it has none yet, and note the side."""
    number = int(names.numbers[word, index])
    if number == 0:
        number = int(names.counts[index, 0] + 1)
        names.counts[index, 0] = number
        names.numbers[word, index] = number
        names.words[index, number - 1] = word
        names.sides[index, number - 1] = 0
    names.sides[index, number - 1] |= np.uint8(1 << side)
    return number - 1


@compiled(inline=True)
def forget_numbers(index: int, names: Names) -> None:
    """Take back the numbers that a slice gave in the round before."""
    for number in range(names.counts[index, 0]):
        names.numbers[names.words[index, number], index] = 0
    names.counts[index, 0] = 0


@compiled()
def rename_words(windows: Windows, extent: np.ndarray, index: int, are_outputs: bool, names: Names) -> None:
    """Let the words that other slices touch too stand for copies of their rows; in the context matrix if met there."""
    first, last, low, high = extent[0], extent[1], extent[2], extent[3]
    base = names.first + index * names.words.shape[1]
    for place in range(low, high):
        word = np.int64(windows.words[place])
        windows.contexts[place] = word
        if are_outputs and first <= place < last and _has_bit(names.shared[CONTEXT], word):
            windows.contexts[place] = base + _number(word, CONTEXT, index, names)
        if _has_bit(names.shared[CENTER], word):
            windows.words[place] = base + _number(word, CENTER, index, names)


@compiled()
def rename_rows(rows: np.ndarray, first: int, last: int, index: int, words: int, names: Names) -> None:
    """Let those context rows in rows[first:last] that other slices touch too stand for copies; spare ones stay."""
    base = names.first + index * names.words.shape[1]
    for place in range(first, last):
        row = np.int64(rows[place])
        if row < words and _has_bit(names.shared[CONTEXT], row):
            rows[place] = base + _number(row, CONTEXT, index, names)


@compiled()
def copy_rows(matrix: np.ndarray, side: int, index: int, names: Names) -> None:
    """Copy the rows that a slice shares with others."""
    base = names.first + index * names.words.shape[1]
    count = names.counts[index, 0]
    for number in range(count):
        if number + _AHEAD < count:
            prefetch_row(matrix, np.int64(names.words[index, number + _AHEAD]))
        if names.sides[index, number] >> side & 1:
            word = names.words[index, number]
            for i in range(matrix.shape[1]):
                matrix[base + number, i] = matrix[word, i]


@compiled(inline=True)
def _has_copy(word: int, side: int, index: int, names: Names) -> bool:
    """Tell whether a slice has a copy of a word's row."""
    number = names.numbers[word, index]
    return number > 0 and names.sides[index, number - 1] >> side & 1 != 0


@compiled()
def copies_of(word: int, side: int, names: Names) -> int:
    """Return how many slices have a copy of a word's row."""
    count = 0
    for index in range(len(names.words)):
        count += _has_copy(word, side, index, names)
    return count


@compiled()
def fill_shares(shares: np.ndarray, relaxation: float) -> None:
    """Fill shares[h, m] with what the moves of m copies of rows of h halvings are multiplied with, for m = 1 … S.

    Trained one after the other, each slice would go the share y = 1 − e^(−x) of the way that is left, m of them
    1 − (1 − y)^m; each from the start, y m in all. The quotient is 1 for small x, and 1/m for large ones.

    Args:
        shares: (…, S + 1).
        relaxation: x, how far a slice brings the heaviest row to where it is drawn.
    """
    for halvings in range(len(shares)):
        shares[halvings, 0] = 1
        for copies in range(1, shares.shape[1]):
            alone = -math.expm1(-relaxation)
            together = -math.expm1(-relaxation * copies)
            shares[halvings, copies] = together / (copies * alone) if alone > 0 else 1.0
        relaxation /= 2


@compiled(fast_math=True)
def _add_row_moves(
    matrix: np.ndarray, word: int, side: int, index: int, halvings: int, names: Names, scratch: Scratch
) -> float:
    """Add the moves of a row's copies, those of slice `index` and later ones, to it; return its square then."""
    slices, rows = names.words.shape
    row = matrix[word]
    copies = 0
    for other in range(index, slices):
        if _has_copy(word, side, other, names):
            copy = matrix[names.first + other * rows + names.numbers[word, other] - 1]
            if copies == 0:
                for i in range(len(row)):
                    scratch.move[i] = copy[i] - row[i]
            else:
                for i in range(len(row)):
                    scratch.move[i] += copy[i] - row[i]
            copies += 1
    square = matrix.dtype.type(0)
    for i in range(len(row)):
        moved = row[i] + scratch.shares[halvings, copies] * scratch.move[i]
        row[i] = moved
        square += moved * moved
    return square


@compiled(inline=True)
def _first_sides(index: int, number: int, names: Names) -> int:
    """Tell for which sides a slice is the first of those that have copies of a row."""
    word = names.words[index, number]
    sides = names.sides[index, number]
    for other in range(index):
        earlier = names.numbers[word, other]
        if earlier > 0:
            sides &= ~names.sides[other, earlier - 1]
    return sides


@compiled(inline=True)
def _fetch_copies(matrix: np.ndarray, word: int, index: int, names: Names) -> None:
    """Ask for a row and its copies in slice `index` and later ones."""
    slices, rows = names.words.shape
    prefetch_row(matrix, np.int64(word))
    for other in range(index, slices):
        if names.numbers[word, other] > 0:
            prefetch_row(matrix, np.int64(names.first + other * rows + names.numbers[word, other] - 1))


@compiled()
def add_moves(
    matrices: Matrices, index: int, skipped: int, halvings: np.ndarray, names: Names, scratch: Scratch
) -> int:
    """Add the moves of all slices to rows that this slice is the first to share; return how many were scaled back.

    `skipped` has the bits of the sides that are left to others; `halvings` are those of `Shape`.
    """
    restrained = 0
    count = names.counts[index, 0]
    for number in range(-_AHEAD, count):
        ahead = number + _AHEAD
        if ahead < count:
            sides = _first_sides(index, ahead, names) & ~skipped
            if sides >> CENTER & 1:
                _fetch_copies(matrices.center, names.words[index, ahead], index, names)
            if sides >> CONTEXT & 1:
                _fetch_copies(matrices.context, names.words[index, ahead], index, names)
        if number < 0:
            continue
        word = np.int64(names.words[index, number])
        sides = 0 if names.frozen[word] else _first_sides(index, number, names) & ~skipped
        if sides >> CENTER & 1:
            square = _add_row_moves(matrices.center, word, CENTER, index, 0, names, scratch)
            if square > LONGEST * LONGEST:
                restrained += scale_back(matrices.center[word])
        if sides >> CONTEXT & 1:
            square = _add_row_moves(matrices.context, word, CONTEXT, index, halvings[word], names, scratch)
            if square > LONGEST * LONGEST:
                restrained += scale_back(matrices.context[word])
    return restrained
