"""Which row answers for a word of a gold set: gold sets have capitals, many corpora have none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firth.errors import check_choice
from firth.vectors import Vectors

CASES = ("either", "written", "lower")


def rows_of(words: Sequence[str], vectors: Vectors, *, case: str, restrict: int | None) -> np.ndarray:
    """Rows that answer for words of a gold set.

    Args:
        words: N words as written in the gold set.
        vectors: where to look.
        case: "written" looks for the word as it is, "lower" for it in lower case, "either" for it as it is and,
            if that has no row, in lower case.
        restrict: rows from this one on do not count; None: all count.

    Returns:
        Int64, (N,); −1 where there is no row.

    Raises:
        SettingsError: if `case` is none of the three.

    >>> vectors = Vectors(["us", "US", "rome"], np.eye(3))
    >>> [rows_of(["US", "Rome"], vectors, case=case, restrict=None).tolist() for case in CASES]
    [[1, 2], [1, -1], [0, 2]]
    """
    check_choice("case", case, CASES)
    limit = len(vectors) if restrict is None else restrict
    rows = vectors.words.rows(word.lower() if case == "lower" else word for word in words)
    rows[rows >= limit] = -1
    if case == "either":
        missing = np.flatnonzero(rows < 0)
        rows[missing] = vectors.words.rows(words[place].lower() for place in missing.tolist())
        rows[rows >= limit] = -1
    return rows
