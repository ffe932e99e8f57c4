"""The words of foreign models that are read at once: those that `Words` can't hold are left out, and it is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from firth.errors import SettingsError
from firth.vectors.formats.changes import (
    CAME_BEFORE,
    HAS_NEWLINE,
    NO_UNICODE,
    NO_WORD,
    Changes,
    is_unicode,
    no_words,
)
from firth.vectors.words import Words


class KeptWords(NamedTuple):
    """The words of a file, and what was done to have them.

    Attributes:
        words: V of them.
        rows: their rows in the file, (V,) int64; None if all are here.
        rows_of_file: how many of its rows were read.
        changes: for `config["source"]`: `left_out` and `repaired`, how many rows by reason; empty if nothing was done.
    """

    words: Words
    rows: np.ndarray | None
    rows_of_file: int
    changes: dict[str, Any]

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of the words that are here; the same array if all are.

        Args:
            rows: of all words of the file, (≥ V, …).
        """
        return rows if self.rows is None else rows[self.rows]


def kept_words(words: Sequence[str | None], where: str, changes: Changes | None = None) -> KeptWords:
    r"""Leave out what can't be a word here: one that comes again, holds "\n", or is no valid Unicode.

    Args:
        words: of a file, in the order of its rows; None: a row has none.
        where: they are, to name the file.
        changes: what was done to them before.

    Returns:
        What is left; a warning is logged if anything was done.

    Raises:
        FormatError: if nothing is left.

    >>> kept = kept_words(["of", "the", "of"], "a.bin")
    >>> kept.words, kept.rows, kept.changes
    (Words(2: 'of', 'the'), array([0, 1]), {'left_out': {'came before': 1}})
    """
    rows: np.ndarray | None = None
    changes = Changes() if changes is None else changes
    try:
        kept = Words(words)  # type: ignore[arg-type]  # None is refused there
    except SettingsError:
        kept, rows = _without_impossible(words, where, changes)
    return KeptWords(kept, rows, len(words), changes.tell(where))


def _without_impossible(words: Sequence[str | None], where: str, changes: Changes) -> tuple[Words, np.ndarray]:
    """Return the words that can be kept, and their rows (V,)."""
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        if word is None or "\n" in word or not is_unicode(word):
            why = NO_WORD if word is None else HAS_NEWLINE if "\n" in word else NO_UNICODE
            changes.add("left_out", why, word)
        elif first.setdefault(word, row) != row:
            changes.add("left_out", CAME_BEFORE, word)
    if not first:
        raise no_words(where)
    return Words(first), np.array(list(first.values()), np.int64)
