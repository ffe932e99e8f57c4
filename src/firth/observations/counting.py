"""From a corpus to its pair counts, a row at a time: index, gather; and transpose, where expectations are rounded.

Memory, in bytes, for V words, a corpus of N ids, T threads and a budget of M:

    first    max(M/3, 4 · occurrences of the most frequent word) for the index (8 where N ≥ 2³¹)
             + M/3 for what is gathered + T · (32 V for a row and the index + 12 · max(2V, 2¹⁸) for finished rows)
    then     M/3 for F + M/3 for N + T · (12 V + 24 · max(2V, min(max(8V, 2²⁰), M/(144 T)))) for blocks of both,
             where expectations are rounded
    always   the words, and some 50 V for numbers of each

Of F and N, what passes M/3 is written to temporary files and mapped, as the ids are. Nothing but time depends on the
budget or the threads: every cell is a whole number.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.machine import available_memory, check_threads
from firth.observations.accumulating import row_room, rows_out
from firth.observations.cells import check_cells_fit, has_whole_weights, whole_weights
from firth.observations.gathering import (
    AHEAD,
    Occurrences,
    PairRule,
    count_words,
    gather_expected,
    gather_whole,
    place_words,
)
from firth.observations.rows import CELL_BYTES, Pieces, RowStore, ShareCallback, fill_rows
from firth.observations.settings import Observations
from firth.observations.transposing import Rows, Transposer, cut_rows

LEAST_ROOM = 1 << 18
"""Cells that a thread finishes before it hands them on, unless there are more words."""
_USUAL_MEMORY = 1 << 30  # where the system does not say what there is
_GATHERING = 0.6  # share of the time that the first half takes, for the progress that is shown
_RANGES = 8  # of rows for each thread, so that none waits long for another


class Text(NamedTuple):
    """What is counted.

    Attributes:
        ids: word ids, −1 behind each sentence, (N,) int32.
        occurrences: how often each word is there, (V,) int64.
        keep: how probable it is that a word is kept, (V,) float64.
    """

    ids: np.ndarray
    occurrences: np.ndarray
    keep: np.ndarray


def usual_memory() -> int:
    """Return the memory that counting may take unless told otherwise, in bytes: a quarter of what is available."""
    available = available_memory()
    return _USUAL_MEMORY if available is None else available // 4


def peak_memory(size: int, length: int, most: int, *, threads: int, memory: int) -> int:
    """Return the bytes that `count_rows` takes at its peak at the most, mapped files left out.

    Args:
        size: V, words.
        length: N, ids of the corpus.
        most: occurrences of the most frequent word.
        threads: T.
        memory: M, the budget.

    >>> round(peak_memory(10**6, 10**9, 6 * 10**7, threads=2, memory=2**30) / 1e9, 2)
    0.97
    """
    item = _position_bytes(length)
    gathering = max(memory // 3, item * most) + threads * (32 * size + CELL_BYTES * max(2 * size, LEAST_ROOM))
    adding = memory // 3 + threads * (12 * size + 2 * CELL_BYTES * _block_room(size, threads, memory))
    return memory // 3 + max(gathering, adding) + 50 * size


def _position_bytes(length: int) -> int:
    """Return how many bytes a position in a corpus of so many ids takes."""
    return 4 if length < 1 << 31 else 8


def _block_room(size: int, threads: int, memory: int) -> int:
    """Return how many cells a block of both directions may have.

    Large enough that looking for a block in each of V rows is little work, small enough for the third cache.
    """
    return max(2 * size, min(max(8 * size, 4 * LEAST_ROOM), memory // (12 * CELL_BYTES * threads)))


def count_rows(
    text: Text,
    observations: Observations,
    *,
    threads: int | None = None,
    memory: int | None = None,
    on_share: ShareCallback | None = None,
) -> RowStore:
    """Count the pairs of a text, in units of `cell_unit`.

    Args:
        text: ids, occurrences, keep probabilities.
        observations: the settings.
        threads: None for one on each core; they change nothing but time.
        memory: budget in bytes, see above; None takes a quarter of what is available.
        on_share: called with the share that is done, four times a second.

    Returns:
        The rows of N, V of them.

    Raises:
        SettingsError: if a cell could pass 2⁶⁴.
        OutputError: if counts pass the memory allowed and the disk is full.
    """
    check_cells_fit(observations, text.occurrences)
    threads = check_threads(threads)
    memory = usual_memory() if memory is None else memory
    if has_whole_weights(observations):
        return _gather(text, observations, threads, memory, on_share)[0]
    forward, columns = _gather(text, observations, threads, memory, _part(on_share, 0.0, _GATHERING))
    try:
        rows = Rows(forward.starts, forward.contexts, forward.cells)
        return _add_transposed(rows, columns, threads, memory, _part(on_share, _GATHERING, 1.0))
    finally:
        forward.release()


def _part(on_share: ShareCallback | None, start: float, stop: float) -> ShareCallback | None:
    """Return a callback for a part of the work."""
    return None if on_share is None else lambda share: on_share(start + share * (stop - start))


def _gather(
    text: Text, observations: Observations, threads: int, memory: int, on_share: ShareCallback | None
) -> tuple[RowStore, np.ndarray]:
    """Return N (whole weights) or F (expectations), and how many cells each of its columns has, (V,) int64."""
    size, total = len(text.occurrences), int(text.occurrences.sum())
    whole = has_whole_weights(observations)
    weights = np.array(whole_weights(observations) if whole else [], np.uint64)
    rule = PairRule(weights, observations.pair_weights(), text.keep, np.empty(0))
    most = 2 * total * observations.window if whole else memory
    store = RowStore(min(most, memory // 3 // CELL_BYTES))
    sizes = np.zeros(size, np.int64)
    columns: list[np.ndarray] = []
    item = _position_bytes(len(text.ids))
    done = 0
    for first, stop in cut_rows(text.occurrences, max(1, memory // 3 // item)):
        found = _index(text, first, stop, threads)
        here = int(found.starts[-1])
        at_once = min(-(-here // (_RANGES * threads)), LEAST_ROOM // (2 * observations.window))
        ranges = [(first + a, first + b) for a, b in cut_rows(text.occurrences[first:stop], max(1, at_once))]
        shown = _part(on_share, done / max(1, total), (done + here) / max(1, total))
        fill_rows(store, ranges, lambda: _Gatherer(text.ids, found, rule, sizes, columns), threads, shown)  # noqa: B023
        done += here
    store.finish(sizes)
    return store, np.asarray(np.sum(columns, axis=0, dtype=np.int64))


class _Gatherer:
    """One thread's room for counting rows of N or F."""

    def __init__(
        self, ids: np.ndarray, found: Occurrences, rule: PairRule, sizes: np.ndarray, columns: list[np.ndarray]
    ) -> None:
        size = len(sizes)
        self._ids, self._found, self._sizes = ids, found, sizes
        self._rule = rule._replace(survivors=np.empty(len(rule.reach)))
        self._gather = gather_whole if len(rule.weights) else gather_expected
        self._room, self._out = row_room(size), rows_out(max(2 * size, LEAST_ROOM))
        self._columns = np.zeros(size, np.int64)
        columns.append(self._columns)

    def __call__(self, first: int, stop: int) -> Pieces:
        """Yield rows [first, stop)."""
        row = first
        while row < stop:
            row, used = self._gather(self._ids, self._found, row, stop, self._rule, self._room, self._out, self._sizes)
            count_words(self._out.contexts, 0, used, 0, self._columns)
            yield self._out, used, row == stop


def _index(text: Text, first: int, stop: int, threads: int) -> Occurrences:
    """Find where words [first, stop) stand: threads take parts of the text, and each knows where its positions go."""
    from concurrent.futures import ThreadPoolExecutor

    bounds = np.linspace(0, len(text.ids), threads + 1).astype(np.int64)
    starts = np.zeros(stop - first + 1, np.int64)
    np.cumsum(text.occurrences[first:stop], out=starts[1:])
    positions = np.zeros(int(starts[-1]) + AHEAD, np.int32 if _position_bytes(len(text.ids)) == 4 else np.int64)
    places = np.zeros((threads, stop - first), np.int64)
    with ThreadPoolExecutor(threads) as executor:
        parts = range(threads)
        if threads > 1:
            list(executor.map(lambda n: count_words(text.ids, bounds[n], bounds[n + 1], first, places[n]), parts))
        places[1:] = np.cumsum(places[:-1], axis=0)
        places[0] = 0
        places += starts[:-1]
        list(
            executor.map(lambda n: place_words(text.ids, bounds[n], bounds[n + 1], first, places[n], positions), parts)
        )
    return Occurrences(first, starts, positions)


def _add_transposed(
    forward: Rows, columns: np.ndarray, threads: int, memory: int, on_share: ShareCallback | None
) -> RowStore:
    """Return N = F + Fᵀ."""
    size = len(columns)
    sizes = np.zeros(size, np.int64)
    store = RowStore(min(2 * len(forward.contexts), memory // 3 // CELL_BYTES))
    both = np.diff(forward.starts) + columns
    ranges = cut_rows(both, _block_room(size, threads, memory))
    room = max((int(both[first:stop].sum()) for first, stop in ranges), default=0)
    fill_rows(store, ranges, lambda: Transposer(forward, columns, sizes, room), threads, on_share)
    store.finish(sizes)
    return store
