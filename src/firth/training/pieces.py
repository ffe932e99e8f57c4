"""Words that are the means of pieces: their own row and those of their n-grams. What a round does with them.

Within a round no piece moves. Each slice composes the words it trains on, once each, into copies, and trains those as
it does any copy. When all slices are done, the moves of a word's copies go to all of its pieces: the whole move to each
(fastText), or divided by their number, as the gradient of a mean is.

With the gradient of a mean the copies of a word run ahead within a slice: they move the whole way, and the word then
goes a part of it. To first order in the rate that is the gradient all the same.

Pieces are shared by words that different slices train on, so their rows are dealt out to as many owners as there are
`BUCKETS`, and each owner adds up the moves of all slices, in their order: which thread it is leaves no trace.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled, prefetch_row
from firth.training.bag_blocks import gather_bag
from firth.training.matrices import own_lines
from firth.training.sampling_kernel import LONGEST, scale_back
from firth.training.sharing import CENTER, Names, Scratch, copies_of

BUCKETS = 64
"""Owners of pieces: as many parts of the work of adding moves up."""

_AHEAD = 4
"""How many rows ahead pieces are fetched."""


class PieceTable(NamedTuple):
    """Which pieces words are made of.

    Attributes:
        starts: where the pieces of each word begin, (V + 1,) int64.
        rows: of all words' pieces, int32.
        pieces: how many there are.
        is_shared: whether a word's move is divided among its pieces, or each gets all.
    """

    starts: np.ndarray
    rows: np.ndarray
    pieces: int
    is_shared: bool


class Pieces(NamedTuple):
    """What words are made of, and room for the moves of a round.

    Attributes:
        matrix: a row for each piece, (V + n-grams, columns).
        starts: where the pieces of each word begin, (V + 1,) int64.
        rows: of all words' pieces, int32.
        is_shared: whether a word's move is divided among its pieces, or each gets all.
        entries: piece of each entry of a slice, sorted by owner, (S, room) int32.
        numbers: and the copy whose move it gets, (S, room) int32.
        edges: where each owner's entries begin, (S, BUCKETS + 1, padded) int64.
        restrained: how many rows of each owner were scaled back, (BUCKETS, padded) int64.
        frozen: 1 for pieces that stay as they are, (pieces,) uint8.
    """

    matrix: np.ndarray
    starts: np.ndarray
    rows: np.ndarray
    is_shared: bool
    entries: np.ndarray
    numbers: np.ndarray
    edges: np.ndarray
    restrained: np.ndarray
    frozen: np.ndarray


def pieces_of(
    matrix: np.ndarray, starts: np.ndarray, rows: np.ndarray, *, is_shared: bool, slices: int, copies: int
) -> Pieces:
    """Return pieces with room for the moves of so many copies a slice.

    Args:
        matrix: a row for each piece.
        starts: where the pieces of each word begin, (V + 1,).
        rows: of all words' pieces.
        is_shared: whether a word's move is divided among its pieces.
        slices: of a round.
        copies: words that a slice can touch at the most.
    """
    room = max(1, entries_of_slice(starts, copies))
    return Pieces(
        matrix,
        np.ascontiguousarray(starts, np.int64),
        np.ascontiguousarray(rows, np.int32),
        is_shared,
        own_lines((slices, room), np.int32),
        own_lines((slices, room), np.int32),
        own_lines((slices, BUCKETS + 8), np.int64),
        own_lines((BUCKETS, 8), np.int64),
        own_lines(len(matrix), np.uint8),
    )


def entries_of_slice(starts: np.ndarray, copies: int) -> int:
    """Return how many pieces so many different words have at the most.

    >>> entries_of_slice(np.array([0, 3, 4, 9]), 2)
    8
    """
    return int(np.sort(np.diff(starts))[::-1][:copies].sum())


@compiled()
def compose_words(center: np.ndarray, pieces: Pieces, index: int, names: Names) -> None:
    """Fill the copies of a slice's words with the means of their pieces, and those words' own rows, too."""
    base = names.first + index * names.words.shape[1]
    starts, rows = pieces.starts, pieces.rows
    count = names.counts[index, 0]
    for number in range(count):
        if number + 1 < count:
            ahead = names.words[index, number + 1]
            for place in range(starts[ahead], starts[ahead + 1]):
                prefetch_row(pieces.matrix, np.int64(rows[place]))
        if names.sides[index, number] >> CENTER & 1:
            word = np.int64(names.words[index, number])
            first, last = starts[word], starts[word + 1]
            target = center, np.int64(base + number), word, None, 1.0 / (last - first)
            gather_bag(pieces.matrix, rows, (first, last, last), center, np.int64(-1), *target)


@compiled(fast_math=True)
def _turn_into_moves(center: np.ndarray, pieces: Pieces, index: int, names: Names, scratch: Scratch) -> None:
    """Let each copy of a slice's words be what every piece of the word gets of its move."""
    base = names.first + index * names.words.shape[1]
    for number in range(names.counts[index, 0]):
        if names.sides[index, number] >> CENTER & 1:
            word = names.words[index, number]
            share = scratch.shares[0, copies_of(word, CENTER, names)]
            if pieces.is_shared:
                share /= pieces.starts[word + 1] - pieces.starts[word]
            copy, then = center[base + number], center[word]
            for i in range(len(copy)):
                copy[i] = share * (copy[i] - then[i])


@compiled()
def deal_moves(center: np.ndarray, pieces: Pieces, index: int, names: Names, scratch: Scratch) -> None:
    """Sort the moves of a slice's words by the owners of the pieces that get them."""
    _turn_into_moves(center, pieces, index, names, scratch)
    edges = pieces.edges[index]
    edges[:] = 0
    for step in range(2):  # count first, then fill
        for number in range(names.counts[index, 0]):
            if names.sides[index, number] >> CENTER & 1:
                word = names.words[index, number]
                for place in range(pieces.starts[word], pieces.starts[word + 1]):
                    row = pieces.rows[place]
                    owner = row & (BUCKETS - 1)
                    if step == 1:
                        pieces.entries[index, edges[owner]] = row
                        pieces.numbers[index, edges[owner]] = number
                    edges[owner] += 1
        if step == 0:
            total = 0
            for owner in range(BUCKETS):
                count = edges[owner]
                edges[owner] = total
                total += count
    for owner in range(BUCKETS, 0, -1):
        edges[owner] = edges[owner - 1]
    edges[0] = 0


@compiled(fast_math=True)
def _add_move(row: np.ndarray, move: np.ndarray) -> float:
    """Add a move to a row; return its square then."""
    square = row.dtype.type(0)
    for i in range(len(row)):
        moved = row[i] + move[i]
        row[i] = moved
        square += moved * moved
    return square


@compiled()
def add_to_pieces(center: np.ndarray, pieces: Pieces, owner: int, names: Names) -> None:
    """Add the moves of all slices to the pieces of one owner."""
    slices, copies = names.words.shape
    for index in range(slices):
        base = names.first + index * copies
        last = pieces.edges[index, owner + 1]
        for place in range(pieces.edges[index, owner], last):
            if place + _AHEAD < last:
                prefetch_row(pieces.matrix, np.int64(pieces.entries[index, place + _AHEAD]))
                prefetch_row(center, np.int64(base + pieces.numbers[index, place + _AHEAD]))
            if pieces.frozen[pieces.entries[index, place]]:
                continue
            row = pieces.matrix[pieces.entries[index, place]]
            square = _add_move(row, center[base + pieces.numbers[index, place]])
            if square > LONGEST * LONGEST:
                pieces.restrained[owner, 0] += scale_back(row)


@compiled()
def compose_all(center: np.ndarray, matrix: np.ndarray, starts: np.ndarray, rows: np.ndarray) -> None:
    """Fill a row for each word with the mean of its pieces."""
    for word in range(len(starts) - 1):
        first, last = starts[word], starts[word + 1]
        target = center, np.int64(word), np.int64(word), None, 1.0 / (last - first)
        gather_bag(matrix, rows, (first, last, last), center, np.int64(-1), *target)
