"""The words of a corpus: which there are and how often each came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from firth.errors import ShapeError, UnknownWordError, sentence


@dataclass(frozen=True, eq=False, repr=False)
class Vocabulary:
    """Words and their counts; the place of a word is its id. It can't be changed.

    V words. `prepare_corpus` orders them by count, highest first, and words of equal count by Python's order of
    strings, so that the same text gives the same ids on every run and with every number of threads.

    Attributes:
        words: the words, V strings, no two the same.
        counts: how often each came, (V,) uint64, read-only.

    Raises:
        ShapeError: if there are not as many counts as words.

    >>> vocabulary = Vocabulary(["the", "company", "keeps"], [5, 2, 1])
    >>> vocabulary.index("company"), "word" in vocabulary, len(vocabulary)
    (1, False, 3)
    """

    words: Sequence[str]
    counts: np.ndarray

    def __post_init__(self) -> None:
        """Keep copies that nobody else can change."""
        counts = np.array(self.counts, dtype=np.uint64)
        if counts.shape != (len(self.words),):
            came = f"{len(self.words)} words and counts of shape {counts.shape}"
            raise ShapeError(sentence("one count for each word", came, "pass two sequences of the same length"))
        counts.flags.writeable = False
        object.__setattr__(self, "words", tuple(self.words))
        object.__setattr__(self, "counts", counts)

    @cached_property
    def _ids(self) -> dict[str, int]:
        """The id of each word, made when it is first asked for."""
        return {word: index for index, word in enumerate(self.words)}

    def index(self, word: str) -> int:
        """Return the id of a word.

        Args:
            word: as it stands in the vocabulary.

        Returns:
            The row of the word in every matrix of this vocabulary, 0 ≤ id < V.

        Raises:
            UnknownWordError: if the vocabulary doesn't have it.

        >>> Vocabulary(["a", "b"], [2, 1]).index("b")
        1
        """
        try:
            return self._ids[word]
        except KeyError:
            advice = "look first with `word in vocabulary`, or prepare the corpus with a lower min_count"
            expected = f"one of the {len(self.words)} words of the vocabulary"
            raise UnknownWordError(sentence(expected, repr(word), advice)) from None

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def __len__(self) -> int:
        return len(self.words)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self.words == other.words and np.array_equal(self.counts, other.counts)

    def __hash__(self) -> int:
        return hash(self.words)

    def __repr__(self) -> str:
        first = ", ".join(f"{word!r}: {count}" for word, count in zip(self.words[:3], self.counts[:3], strict=True))
        return f"Vocabulary({len(self.words)} words: {first}{', …' if len(self.words) > 3 else ''})"
