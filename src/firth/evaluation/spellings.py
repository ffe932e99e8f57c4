"""What answers for a word of a gold set: gold sets have capitals, many corpora have none, and words are unknown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firth.errors import SettingsError, check_choice, sentence
from firth.vectors import SubwordVectors, Vectors

CASES = ("either", "written", "lower")
UNKNOWN = ("skip", "subwords")


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


def vectors_of(
    words: Sequence[str], vectors: Vectors, *, case: str, unknown: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors that answer for words of a gold set.

    Args:
        words: N words as written in the gold set.
        vectors: where to look.
        case: how to look for rows, see `rows_of`. A word without one that is composed is so in the spelling of which
            more n-grams are known; as written, if it's the same.
        unknown: "skip" leaves out words without a row, "subwords" composes them of the n-grams that are known.

    Returns:
        Float32, (N, D), where there is no vector that of another word; which words have one, (N,) bool; and which of
        these are composed, (N,) bool.

    Raises:
        SettingsError: if `case` or `unknown` is none of those, or n-grams have no vectors.

    >>> vectors_of(["us", "them"], Vectors(["us"], np.eye(1)), case="either", unknown="skip")[1:]
    (array([ True, False]), array([False, False]))
    """
    check_choice("unknown", unknown, UNKNOWN)
    rows = rows_of(words, vectors, case=case, restrict=None)
    found, is_known = vectors.stored.rows(rows), rows >= 0
    is_composed = np.zeros(len(rows), bool)
    if unknown == "skip":
        return found, is_known, is_composed
    if vectors.subwords is None:
        came = "vectors of words alone"
        raise SettingsError(sentence("vectors with subwords for unknown='subwords'", came, "pass unknown='skip'"))
    for place in np.flatnonzero(~is_known).tolist():
        composed = vectors.subwords.vector(_best_known(words[place], vectors.subwords, case))
        if composed is not None:
            found[place], is_composed[place] = composed, True
    return found, is_known | is_composed, is_composed


def _best_known(word: str, subwords: SubwordVectors, case: str) -> str:
    """Choose the spelling of a word of which most n-grams are known."""
    spellings = {"written": [word], "lower": [word.lower()], "either": [word, word.lower()]}[case]
    return max(spellings, key=lambda spelling: int((subwords.rows(spelling) >= 0).sum()))
