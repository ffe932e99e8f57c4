"""One row of counts at a time: added up in a dense array, read out in the order of its columns.

A row is V numbers that stay in the processor's second cache. Which of them were touched is listed as it happens; when
the row is done, the list becomes a bitmap of two levels, from which the columns come out sorted: no hash table, no
sorting.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled, lowest_bit

_DENSE = 8  # a row with more than one word in so many is read out by looking at all
_TOUCHES = 2  # how often at most a word is listed in one row: by each of two counts that are combined


class RowRoom(NamedTuple):
    """Room of one thread for the row under way.

    Attributes:
        cells: what each word has, all 0 between rows, (V,) uint64.
        touched: the words that have something, in no order, (2V + 1,) int32.
        words: bitmap of them, (⌈V/64⌉,) uint64.
        groups: bitmap of the entries of `words` that are not 0, uint64.
    """

    cells: np.ndarray
    touched: np.ndarray
    words: np.ndarray
    groups: np.ndarray


class RowsOut(NamedTuple):
    """Room for finished rows, one behind the other.

    Attributes:
        contexts: words, ascending in each row, (room,) int32.
        cells: their counts, none 0, (room,) uint64.
    """

    contexts: np.ndarray
    cells: np.ndarray


def row_room(size: int) -> RowRoom:
    """Return room for a row of `size` words."""
    words = (size >> 6) + 1
    return RowRoom(
        np.zeros(size, np.uint64),
        np.empty(_TOUCHES * size + 1, np.int32),
        np.zeros(words, np.uint64),
        np.zeros((words >> 6) + 1, np.uint64),
    )


def rows_out(room: int) -> RowsOut:
    """Return room for finished rows of so many cells."""
    return RowsOut(np.empty(room, np.int32), np.empty(room, np.uint64))


@compiled(flatten=True)
def emit_row(room: RowRoom, listed: int, out: RowsOut, used: int) -> int:
    """Write the row behind the `used` cells of `out`, sorted, and clear it; return how many are used then.

    `listed` words stand in `room.touched`; those whose cell has become 0 again are left out.
    """
    size = len(room.cells)
    if listed * _DENSE > size:
        for word in range(size):
            cell = room.cells[word]
            if cell != 0:
                out.contexts[used] = word
                out.cells[used] = cell
                room.cells[word] = 0
                used += 1
        return used
    for index in range(listed):
        word = room.touched[index]
        group = word >> 6
        room.words[group] |= np.uint64(1) << np.uint64(word & 63)
        room.groups[group >> 6] |= np.uint64(1) << np.uint64(group & 63)
    for top in range(len(room.groups)):
        groups = room.groups[top]
        room.groups[top] = 0
        while groups != 0:
            group = (top << 6) + lowest_bit(groups)
            groups &= groups - np.uint64(1)
            bits = room.words[group]
            room.words[group] = 0
            while bits != 0:
                word = (group << 6) + lowest_bit(bits)
                bits &= bits - np.uint64(1)
                cell = room.cells[word]
                room.cells[word] = 0
                out.contexts[used] = word
                out.cells[used] = cell
                used += cell != 0
    return used
