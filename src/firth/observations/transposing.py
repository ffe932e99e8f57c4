"""Both directions from one: N = F + Fᵀ, by blocks of consecutive rows.

A block of rows of Fᵀ is a block of columns of F. Rows of F are sorted, so the part of each that lies in the block
follows on what lay in the block before, or is found by bisection; put down column by column, its rows come out
ascending: sorted again without sorting. The two sorted rows are then merged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled
from firth.observations.accumulating import RowsOut, rows_out
from firth.observations.rows import Pieces

BEHIND = np.iinfo(np.int32).max
"""A word behind all others."""


class Rows(NamedTuple):
    """Sparse rows, as `RowStore` finishes them.

    Attributes:
        starts: where each row begins, (V + 1,) int64.
        contexts: words, ascending in each row, (nnz,) int32.
        cells: their counts, (nnz,) uint64.
    """

    starts: np.ndarray
    contexts: np.ndarray
    cells: np.ndarray


@compiled(flatten=True)
def first_at_least(contexts: np.ndarray, start: int, stop: int, word: int) -> int:
    """Return the first place in [start, stop) of a sorted row that has `word` or a later one, else `stop`."""
    while start < stop:
        middle = (start + stop) >> 1
        if contexts[middle] < word:
            start = middle + 1
        else:
            stop = middle
    return start


class Cursors(NamedTuple):
    """How far one thread has read each row of F: it takes blocks in ascending order, so it never goes back.

    Attributes:
        places: of the next cell, (V,) int64.
        words: the word there, so that a row that has nothing in a block is not touched, (V,) int32.
    """

    places: np.ndarray
    words: np.ndarray


@compiled()
def put_columns(forward: Rows, cursors: Cursors, first: int, stop: int, places: np.ndarray, out: RowsOut) -> None:
    """Write columns [first, stop) of F as rows; `places` (stop − first,) says where each begins, and moves on."""
    for row in range(len(cursors.places)):
        if cursors.words[row] >= stop:
            continue
        end = forward.starts[row + 1]
        place = cursors.places[row]
        if cursors.words[row] < first:  # what lies between was another thread's
            place = first_at_least(forward.contexts, place, end, first)
        column = stop
        while place < end:
            column = forward.contexts[place]
            if column >= stop:
                break
            at = places[column - first]
            places[column - first] = at + 1
            out.contexts[at] = row
            out.cells[at] = forward.cells[place]
            place += 1
        cursors.places[row] = place
        cursors.words[row] = column if place < end else BEHIND


@compiled()
def merge_rows(
    forward: Rows, first: int, stop: int, starts: np.ndarray, turned: RowsOut, out: RowsOut, sizes: np.ndarray
) -> int:
    """Add rows [first, stop) of F and of Fᵀ, which lie in `turned` from `starts` (stop − first + 1,) on.

    Returns how many cells of `out` are used; `sizes` (V,) gets those of each row. Which of two words comes first can't
    be foretold, so nothing branches on it.
    """
    used = 0
    for row in range(first, stop):
        before = used
        here, end = forward.starts[row], forward.starts[row + 1]
        there, last = starts[row - first], starts[row - first + 1]
        while here < end and there < last:
            word, other = forward.contexts[here], turned.contexts[there]
            take, take_other = word <= other, other <= word
            out.contexts[used] = min(word, other)
            out.cells[used] = forward.cells[here] * np.uint64(take) + turned.cells[there] * np.uint64(take_other)
            here += take
            there += take_other
            used += 1
        while here < end:
            out.contexts[used] = forward.contexts[here]
            out.cells[used] = forward.cells[here]
            here += 1
            used += 1
        while there < last:
            out.contexts[used] = turned.contexts[there]
            out.cells[used] = turned.cells[there]
            there += 1
            used += 1
        sizes[row] = used - before
    return used


class Transposer:
    """One thread's room for adding blocks of F and Fᵀ."""

    def __init__(self, forward: Rows, columns: np.ndarray, sizes: np.ndarray, room: int) -> None:
        """Blocks have at most `room` cells in F and Fᵀ together; `columns` (V,) says how many each column of F has."""
        self._forward, self._columns, self._sizes = forward, columns, sizes
        self._turned, self._out = rows_out(room), rows_out(room)
        self._cursors = Cursors(forward.starts[:-1].copy(), np.full(len(columns), -1, np.int32))

    def __call__(self, first: int, stop: int) -> Pieces:
        """Yield rows [first, stop) of N, all at once."""
        starts = np.zeros(stop - first + 1, np.int64)
        np.cumsum(self._columns[first:stop], out=starts[1:])
        put_columns(self._forward, self._cursors, first, stop, starts[:-1].copy(), self._turned)
        used = merge_rows(self._forward, first, stop, starts, self._turned, self._out, self._sizes)
        yield self._out, used, True


def cut_rows(work: np.ndarray, most: int) -> list[tuple[int, int]]:
    """Cut rows into ranges of at most so much work each, or of one row.

    >>> cut_rows(np.array([1, 2, 3, 9, 1]), 5)
    [(0, 2), (2, 3), (3, 4), (4, 5)]
    """
    ends = np.cumsum(work)
    ranges = []
    first = 0
    while first < len(work):
        before = int(ends[first - 1]) if first else 0
        stop = max(first + 1, int(np.searchsorted(ends, before + most, side="right")))
        ranges.append((first, stop))
        first = stop
    return ranges
