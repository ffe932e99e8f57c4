"""Vectors by their words, and what a word without one gets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from firth.errors import SettingsError, UnknownWordError, check_choice, sentence
from firth.machine import check_threads
from firth.vectors.checking import read_only
from firth.vectors.neighbours import row_norms
from firth.vectors.spelling import close_words
from firth.vectors.stored import StoredMatrix
from firth.vectors.subwords import SubwordVectors
from firth.vectors.words import Words

UNKNOWN = ("error", "zero", "subwords", "spelling")
"""What a word without a row can get: an error, zeros, the mean of its n-grams, the vector of one spelled like it."""


class Lookup(ABC):
    """Words with vectors."""

    _norms: np.ndarray | None = None

    @property
    @abstractmethod
    def words(self) -> Words:
        """The words in the order of the rows: a sequence of V strings."""

    @property
    @abstractmethod
    def stored(self) -> StoredMatrix:
        """The vectors in the form in which they are held."""

    @property
    @abstractmethod
    def subwords(self) -> SubwordVectors | None:
        """The rows of words and n-grams; None if words were trained as they are."""

    @property
    def norms(self) -> np.ndarray:
        """Lengths of the vectors, float64, (V,), computed when first asked for."""
        if self._norms is None:
            self._norms = read_only(row_norms(self.stored, threads=check_threads(None)))
        return self._norms

    @property
    def dimensions(self) -> int:
        """D, the length of a vector."""
        return self.stored.shape[1]

    def __getitem__(self, word: str) -> np.ndarray:
        """Return the vector of a word, (D,), read-only: its row, or what `SubwordVectors.vector` makes of its n-grams.

        Raises:
            UnknownWordError: if it has none.
        """
        return self._look_up(word)[1]

    def index(self, word: str) -> int:
        """Return the row of a word.

        Args:
            word: as written in `words`.

        Returns:
            The row, from 0.

        Raises:
            UnknownWordError: if the word has no row; the message has words spelled like it.

        >>> from firth.vectors import Vectors
        >>> Vectors(["the", "of"], np.eye(2)).index("of")
        1
        """
        row = self.words.find(word) if isinstance(word, str) else None
        if row is None:
            raise self._unknown(word, "a row of its own" if self.subwords is not None else "a vector")
        return row

    def look_up(self, words: Iterable[str], *, unknown: str | Sequence[str] = "error") -> np.ndarray:
        """Return the vectors of many words, with a policy for those that have no row.

        Args:
            words: N words.
            unknown: what such a word gets: "error"; "zero", a vector of zeros; "subwords", the mean of its n-grams;
                "spelling", the vector of the word that `stand_ins` names. Several are tried in their order; where none
                gives a vector, it is an error.

        Returns:
            Float32, (N, D).

        Raises:
            UnknownWordError: if a word gets no vector.
            SettingsError: if `unknown` is none of those, or "subwords" where n-grams have no vectors.

        >>> from firth.vectors import Vectors
        >>> vectors = Vectors(["queen", "king"], np.array([[0, 1], [1, 0]]))
        >>> vectors.look_up(["king", "quen", "xyz"], unknown=("spelling", "zero")).tolist()
        [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
        """
        policies = _checked_policies(unknown, self.subwords)
        listed = _checked_words(words)
        rows = self.words.rows(listed)
        known = rows >= 0
        found = np.zeros((len(listed), self.dimensions), np.float32)
        found[known] = self.stored.rows(rows[known])
        made: dict[str, np.ndarray] = {}
        for place in np.flatnonzero(~known).tolist():
            word = listed[place]
            if word not in made:
                made[word] = self._stand_in_vector(word, policies)
            found[place] = made[word]
        return found

    def stand_ins(self, words: Iterable[str]) -> dict[str, str | None]:
        """Tell which words stand in under `look_up(…, unknown="spelling")` for those that have no row.

        Args:
            words: any words.

        Returns:
            For each of them without a row the word that is spelled most like it, or None if none is close.

        >>> from firth.vectors import Vectors
        >>> Vectors(["queen", "king"], np.eye(2)).stand_ins(["king", "quen", "xyz"])
        {'quen': 'queen', 'xyz': None}
        """
        listed = list(dict.fromkeys(_checked_words(words)))
        missing = [word for word, row in zip(listed, self.words.rows(listed).tolist(), strict=True) if row < 0]
        return {word: self._spelled_like(word) for word in missing}

    def _look_up(self, word: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the row of a word, as an array (1,) or (0,) if it has none, and its vector (D,).

        Raises:
            UnknownWordError: if it has none.
        """
        row = self.words.find(word) if isinstance(word, str) else None
        if row is not None:
            return np.array([row]), read_only(self.stored.stretch(row, row + 1)[0])
        composed = self.subwords.vector(word) if self.subwords is not None and isinstance(word, str) else None
        if composed is None:
            raise self._unknown(word, "a vector")
        return np.array([], np.int64), composed

    def _stand_in_vector(self, word: str, policies: Sequence[str]) -> np.ndarray:
        """Return what a word without a row gets, (D,), by the first policy that gives something."""
        for policy in policies:
            if policy == "zero":
                return np.zeros(self.dimensions, np.float32)
            if policy == "subwords" and self.subwords is not None:
                composed = self.subwords.vector(word)
                if composed is not None:
                    return composed
            if policy == "spelling":
                like = self._spelled_like(word)
                if like is not None:
                    return self._look_up(like)[1]
        raise self._unknown(
            word, "a row of its own" if "subwords" not in policies else "a row or n-grams that have one"
        )

    def _spelled_like(self, word: str) -> str | None:
        """Return the word that is spelled most like another; None if none is close."""
        close = close_words(word, self.words, count=1)
        return close[0] if close else None

    def _unknown(self, word: object, what: str) -> UnknownWordError:
        """Build the error of a word without a vector, or a row."""
        if not isinstance(word, str):
            advice = "look words up; rows are in vectors.matrix"
            return UnknownWordError(sentence("a word (str)", repr(word), advice))
        close = close_words(word, self.words)
        meant = " or ".join(map(repr, close))
        advice = f"did you mean {meant}?" if close else "look for another: no word is spelled like it"
        return UnknownWordError(sentence(f"a word with {what}", repr(word), advice))


def _checked_policies(unknown: str | Sequence[str], subwords: SubwordVectors | None) -> tuple[str, ...]:
    """Return the policies for words without a row, if they are such."""
    policies = (unknown,) if isinstance(unknown, str) else tuple(unknown)
    for policy in policies:
        check_choice("unknown", policy, UNKNOWN)
    if "subwords" in policies and subwords is None:
        came = "vectors of words alone"
        raise SettingsError(sentence("vectors with subwords for unknown='subwords'", came, "choose another policy"))
    return policies


def _checked_words(words: Iterable[str]) -> list[str]:
    """Return words as a list, if they are words."""
    if isinstance(words, str):
        raise SettingsError(sentence("a list of words", repr(words), f"pass [{words!r}]"))
    listed: list[Any] = list(words)
    for word in listed:
        if not isinstance(word, str):
            advice = "look words up; rows are in vectors.matrix"
            raise UnknownWordError(sentence("a word (str)", repr(word), advice))
    return listed
