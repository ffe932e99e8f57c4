"""The table of words that grows as a text is read, and how several become one vocabulary."""

from __future__ import annotations

import numpy as np

from firth.text import kernels


class WordTable:
    """Words, counts and ids in order of first sight, as `firth.text.kernels` describes it; one thread's own."""

    def __init__(self, capacity: int = 1 << 16) -> None:
        """Make as many slots as `capacity`, a power of two ≥ 4."""
        self.slots = np.zeros(4 * capacity, np.uint64)
        self.starts = np.zeros(_most_words(capacity) + 1, np.int64)
        self.arena = np.zeros(8 * capacity, np.uint8)
        self.state = np.zeros(3, np.int64)
        self._batch = np.zeros((kernels.BATCH, 4), np.uint64)

    @property
    def words(self) -> int:
        """How many words there are."""
        return int(self.state[0])

    def counts(self) -> np.ndarray:
        """Return how often each word came, (V,) uint64."""
        counts = np.empty(self.words, np.uint64)
        kernels.read_counts(self.slots, counts)
        return counts

    def index(
        self, text: np.ndarray, length: int, classes: np.ndarray, ids: np.ndarray, *, keep_empty: bool = False
    ) -> int:
        """Cut padded text into words, count them, write their ids; return how many numbers were written."""
        self.state[1:] = 0
        watched = np.uint64(0x8080808080808080 if np.any(classes == kernels.LEAD) else 0)
        parts = text, length, classes, watched, self._batch
        while not kernels.index_words(*parts, self.slots, self.starts, self.arena, self.state, ids, keep_empty):
            self._grow(length - int(self.state[1]))
        return int(self.state[2])

    def merge(self, other: WordTable) -> np.ndarray:
        """Add another table's words and counts; return the id here of each word there, (V,) int32."""
        new_ids = np.empty(other.words, np.int32)
        counts = other.counts()
        arena = other.arena.view()
        arena.flags.writeable = False  # as texts are: the kernels below are compiled once
        self.state[2] = 0
        while not kernels.merge_words(
            counts, other.starts, arena, self._batch, self.slots, self.starts, self.arena, self.state, new_ids
        ):
            self._grow(int(other.starts[other.words]))
        return new_ids

    def _grow(self, longest: int) -> None:
        """Double what is full; `longest` bytes bound the word that found no room."""
        if self.words + 1 < self.starts.size:
            self.arena = _longer(self.arena, 2 * self.arena.size + longest)
            return
        slots = np.zeros(2 * self.slots.size, np.uint64)
        kernels.move_slots(self.slots, slots)
        self.slots = slots
        self.starts = _longer(self.starts, _most_words(slots.size // 4) + 1)


def _most_words(capacity: int) -> int:
    """Return how many words as many slots may hold: two thirds, beyond which searches get long."""
    return 2 * capacity // 3


def _longer(array: np.ndarray, size: int) -> np.ndarray:
    """Copy an array into a longer one, zeros behind."""
    longer = np.zeros(size, array.dtype)
    longer[: array.size] = array
    return longer


def ordered_words(
    table: WordTable, counts: np.ndarray, min_count: int, max_words: int | None
) -> tuple[np.ndarray, list[str]]:
    """Choose the words of the vocabulary and put them in order: count, highest first, then the word.

    Args:
        table: all words.
        counts: how often each came.
        min_count: the lowest count that is kept.
        max_words: keep this many at most.

    Returns:
        The ids of the kept words in the table, (V,) int64, and the words.
    """
    kept = np.flatnonzero(counts >= min_count)
    counts = counts[kept]
    letters = np.empty(kept.size, np.uint64)
    kernels.first_letters(kept, table.starts, table.arena, letters)
    order = np.lexsort((letters, ~counts))
    kept, counts, letters = kept[order], counts[order], letters[order]
    lengths = table.starts[kept + 1] - table.starts[kept]
    text = np.empty(int(lengths.sum()) + kept.size, np.uint8)
    kernels.gather_words(kept, table.starts, table.arena, text)
    words = text.tobytes().decode().split("\n")[:-1]
    # UTF-8 sorts as Python's strings do. What shares count and first eight bytes is sorted here.
    alike = np.flatnonzero((letters[1:] == letters[:-1]) & (counts[1:] == counts[:-1]))
    for run in np.split(alike, np.flatnonzero(np.diff(alike) > 1) + 1) if alike.size else []:
        first, behind = int(run[0]), int(run[-1]) + 2
        best = sorted(range(first, behind), key=words.__getitem__)
        words[first:behind] = [words[place] for place in best]
        kept[first:behind] = kept[best]
    return kept[:max_words], words[:max_words]


def tokens_ending_in(table: WordTable, counts: np.ndarray, endings: bytes) -> int:
    """Count the tokens whose last byte is one of these.

    Args:
        table: all words.
        counts: how often each came.
        endings: the bytes.
    """
    last = table.arena[table.starts[1 : table.words + 1] - 1]
    return int(counts[np.isin(last, np.frombuffer(endings, np.uint8))].sum())
