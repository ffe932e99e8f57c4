"""Sums, differences and parts of counts, a row at a time: both operands' rows go through one dense array.

So the words of the operands need not be the same, nor in the same order: each has a table from its words to those of
the result.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled
from firth.machine import check_threads
from firth.observations.accumulating import RowRoom, RowsOut, emit_row, row_room, rows_out
from firth.observations.counting import LEAST_ROOM, usual_memory
from firth.observations.rows import CELL_BYTES, Pieces, RowStore, ShareCallback, fill_rows
from firth.observations.transposing import Rows, cut_rows


class Operand(NamedTuple):
    """Rows, and what their words are called in the result.

    Attributes:
        starts: where each row begins, (V + 1,) int64.
        contexts: words, ascending in each row, (nnz,) int32.
        cells: their counts, (nnz,) uint64.
        row_of: the row of each word of the result, −1 where there is none, (words of the result,) int64.
        new_ids: the id in the result of each word, −1 for those left out, (V,) int32.
    """

    starts: np.ndarray
    contexts: np.ndarray
    cells: np.ndarray
    row_of: np.ndarray
    new_ids: np.ndarray


def operand(rows: Rows, new_ids: np.ndarray, size: int) -> Operand:
    """Return rows as an operand of a result with so many words.

    Args:
        rows: of the operand.
        new_ids: the id in the result of each word, −1 for those left out, (V,).
        size: how many words the result has.
    """
    row_of = np.full(size, -1, np.int64)
    kept = np.flatnonzero(new_ids >= 0)
    row_of[new_ids[kept]] = kept
    return Operand(*rows, row_of, np.ascontiguousarray(new_ids, np.int32))


@compiled()
def combine_rows(
    one: Operand, other: Operand, subtracts: bool, row: int, stop: int, room: RowRoom, out: RowsOut, sizes: np.ndarray
) -> tuple[int, int, int]:
    """Add rows of `other` to those of `one`, or subtract them, from `row` up to `stop` while there is room.

    Returns the first row that is not done, how many cells of `out` are used, and −1, or the word at which the row that
    is not done would become negative or pass 2⁶⁴. `sizes` gets the cells of each row.
    """
    used = 0
    while row < stop and used + len(room.cells) <= len(out.cells):
        listed = 0
        own = one.row_of[row]
        if own >= 0:
            for place in range(one.starts[own], one.starts[own + 1]):
                word = one.new_ids[one.contexts[place]]
                if word >= 0:
                    room.cells[word] = one.cells[place]
                    room.touched[listed] = word
                    listed += 1
        own = other.row_of[row]
        if own >= 0:
            for place in range(other.starts[own], other.starts[own + 1]):
                word = other.new_ids[other.contexts[place]]
                if word >= 0:
                    cell = room.cells[word]
                    change = other.cells[place]
                    total = cell - change if subtracts else cell + change
                    if (total > cell) if subtracts else (total < cell):
                        return row, used, word
                    room.touched[listed] = word
                    listed += cell == 0
                    room.cells[word] = total
        before = used
        used = emit_row(room, listed, out, used)
        sizes[row] = used - before
        row += 1
    return row, used, -1


@compiled()
def wrong_row(starts: np.ndarray, contexts: np.ndarray, cells: np.ndarray) -> int:
    """Return the first row whose words are not ascending, or not words, or that has an empty cell; −1 if none."""
    size = len(starts) - 1
    for row in range(size):
        last = -1
        is_wrong = False
        for place in range(starts[row], starts[row + 1]):
            word = contexts[place]
            is_wrong |= (word <= last) | (cells[place] == 0)
            last = word
        if is_wrong or last >= size:
            return row
    return -1


class Overdrawn(Exception):
    """A cell would become negative, or pass 2⁶⁴."""

    def __init__(self, row: int, word: int) -> None:
        super().__init__(row, word)
        self.row, self.word = row, word


def combine(
    one: Operand,
    other: Operand,
    *,
    subtracts: bool = False,
    threads: int | None = None,
    memory: int | None = None,
    on_share: ShareCallback | None = None,
) -> RowStore:
    """Return the rows of a sum or a difference.

    Args:
        one: the first operand.
        other: the second.
        subtracts: whether it is subtracted.
        threads: None for one on each core.
        memory: budget in bytes; of a result beyond it, files are written. None takes a quarter of what is available.
        on_share: called with the share that is done.

    Raises:
        Overdrawn: if a cell would become negative, or pass 2⁶⁴.
        OutputError: if the result passes the memory allowed and the disk is full.
    """
    size = len(one.row_of)
    memory = usual_memory() if memory is None else memory
    sizes = np.zeros(size, np.int64)
    work = _lengths(one) + _lengths(other)
    store = RowStore(min(int(work.sum()), memory // CELL_BYTES))
    ranges = cut_rows(work + 1, LEAST_ROOM)
    fill_rows(store, ranges, lambda: _Combiner(one, other, subtracts, sizes), check_threads(threads), on_share)
    store.finish(sizes)
    return store


def _lengths(rows: Operand) -> np.ndarray:
    """Return how many cells an operand has for each row of the result."""
    lengths = np.append(np.diff(rows.starts), 0)  # −1 takes the last
    return lengths[rows.row_of]


class _Combiner:
    """One thread's room for combining rows."""

    def __init__(self, one: Operand, other: Operand, subtracts: bool, sizes: np.ndarray) -> None:
        self._one, self._other, self._subtracts, self._sizes = one, other, subtracts, sizes
        self._room, self._out = row_room(len(sizes)), rows_out(max(2 * len(sizes), LEAST_ROOM))

    def __call__(self, first: int, stop: int) -> Pieces:
        """Yield rows [first, stop) of the result."""
        row = first
        while row < stop:
            row, used, word = combine_rows(
                self._one, self._other, self._subtracts, row, stop, self._room, self._out, self._sizes
            )
            if word >= 0:
                raise Overdrawn(row, word)
            yield self._out, used, row == stop
