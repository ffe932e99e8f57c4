"""Training that goes on from saved vectors: their rows are where it starts, and new words get rows of their own.

A run sees the words of the new text alone, with their counts there: words that do not occur in it stay as they are, and
are not drawn as noise. At the end both vocabularies are joined.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from firth.errors import SettingsError, sentence
from firth.text import Corpus
from firth.text.subwords import Subwords, SubwordTable, bucket_rows
from firth.training.kinds import Kind
from firth.vectors import Vectors
from firth.vectors.subwords import SubwordVectors
from firth.vectors.words import Words

if TYPE_CHECKING:
    from firth.training.stream import Stream


class Start(NamedTuple):
    """Where a run goes on from.

    Attributes:
        vectors: that there are.
        frozen: the words whose rows stay as they are.
    """

    vectors: Vectors
    frozen: frozenset[str]

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored of it: which vectors, and which words stayed as they were."""
        digest = hashlib.blake2b(digest_size=16)
        for array in (self.vectors.matrix, self.vectors.context_matrix):
            digest.update(b"" if array is None else np.ascontiguousarray(array).view(np.uint8).data)
        words = hashlib.blake2b("\n".join(sorted(self.frozen)).encode(), digest_size=16)
        return {
            "words": len(self.vectors),
            "checksum": digest.hexdigest(),
            "frozen": len(self.frozen),
            "frozen_checksum": words.hexdigest(),
        }


def start_of(
    start: Vectors | str | os.PathLike[str] | None, frozen: bool | Iterable[str], subwords: Subwords | None
) -> tuple[Start | None, Subwords | None]:
    """Return where a run goes on from, as the recipe got it, and the subwords it then has.

    Args:
        start: vectors, or the file or folder they are in; None where a run begins anew.
        frozen: True for all of their words, or some of them.
        subwords: that are asked for.

    Raises:
        FormatError: if there are no vectors there.
        SettingsError: if words are to be frozen that are not there, or there are other subwords, or pruned ones.
    """
    if start is None:
        if frozen is not False:
            raise SettingsError(sentence("vectors to go on from, where words are frozen", "none", "pass start=…"))
        return None, subwords
    vectors = start if isinstance(start, Vectors) else Vectors.load(Path(start))
    if vectors.subwords is not None and vectors.subwords.absent != "zeros":
        came = "a model from which some were pruned, so that means count fewer"
        advice = "go on from the model before it was quantised, or train anew"
        raise SettingsError(sentence("rows for all n-grams in the vectors that training goes on from", came, advice))
    held = None if vectors.subwords is None else vectors.subwords.settings
    if subwords not in (None, held):
        expected = f"subwords as the vectors have that training goes on from, {held}"
        raise SettingsError(sentence(expected, str(subwords), "leave it out, or train anew"))
    if isinstance(frozen, str):
        raise SettingsError(sentence("frozen to be True, False or words", repr(frozen), f"pass [{frozen!r}]"))
    if isinstance(frozen, bool):
        return Start(vectors, frozenset(vectors.words) if frozen else frozenset()), held
    words = frozenset(frozen)
    if missing := sorted(word for word in words if word not in vectors):
        came = f"{len(missing)} without one, such as {missing[0]!r}"
        raise SettingsError(sentence("frozen words with a vector in the start", came, "leave them out"))
    return Start(vectors, words), held


def dimensions_of(dimensions: int | None, start: Start | None) -> int:
    """Return D: as it is asked for, or as the start has it, or 100.

    Raises:
        SettingsError: if the start has another.
    """
    if start is None:
        return 100 if dimensions is None else dimensions
    if dimensions not in (None, start.vectors.dimensions):
        expected = f"dimensions={start.vectors.dimensions}, as the vectors that training goes on from"
        raise SettingsError(sentence(expected, str(dimensions), "leave it out"))
    return start.vectors.dimensions


def check_start(start: Start | None, kind: Kind, *, reproducible: bool) -> None:
    """Refuse what can't go on.

    Raises:
        SettingsError: with the reason.
    """
    if start is None:
        return
    if kind.loss == "hierarchical":
        expected = "a loss whose rows are those of words: the tree of another text has other nodes"
        raise SettingsError(sentence(expected, "loss='hierarchical'", "choose 'sampling', or train anew"))
    if start.frozen and not reproducible:
        expected = "reproducible=True where words are frozen"
        raise SettingsError(sentence(expected, "reproducible=False", "let threads work in rounds"))


def place_rows(stream: Stream, start: Start, corpus: Corpus, subwords: SubwordTable | None) -> None:
    """Let a run start where the vectors are: words and n-grams that they know get their rows.

    Args:
        stream: before its first pass.
        start: where it goes on from.
        corpus: that it is trained on.
        subwords: what its words are made of, if they are.
    """
    vectors, words = start.vectors, corpus.vocabulary.words
    state, dimensions = stream.team.state(), vectors.dimensions
    rows = vectors.words.rows(words)
    known = np.flatnonzero(rows >= 0)
    frozen = np.array([row for row, word in enumerate(words) if word in start.frozen], np.int64)
    pieces = None
    if vectors.context_matrix is not None:
        state["context"][known, :dimensions] = vectors.context_matrix[rows[known]]
    if subwords is None or vectors.subwords is None:
        state["center"][known, :dimensions] = vectors.matrix[rows[known]]
    else:
        held = vectors.subwords
        state["pieces"][known, :dimensions] = held.word_matrix[rows[known]]
        ngrams = rows_of_keys(subwords.keys, held.keys)
        there = np.flatnonzero(ngrams >= 0)
        state["pieces"][len(words) + there, :dimensions] = held.ngram_matrix[ngrams[there]]
        if start.frozen:
            pieces = _frozen_pieces(start, subwords, frozen)
    if start.frozen:
        stream.freeze(frozen, pieces)


def _frozen_pieces(start: Start, subwords: SubwordTable, frozen: np.ndarray) -> np.ndarray:
    """Return the pieces that frozen words are made of, also of those that are not in the text."""
    held = SubwordTable.of(sorted(start.frozen), subwords.settings)
    ngrams = rows_of_keys(held.keys, subwords.keys)
    return np.concatenate([frozen, subwords.words + ngrams[ngrams >= 0]])


def rows_of_keys(keys: np.ndarray | Iterable[str], held: np.ndarray | Iterable[str]) -> np.ndarray:
    """Return where each key of n-grams stands among others, −1 for those that don't.

    >>> rows_of_keys(np.array([2, 5]), np.array([1, 2, 7])).tolist()
    [1, -1]
    """
    if isinstance(held, np.ndarray):
        return bucket_rows(np.asarray(keys), held)
    return (held if isinstance(held, Words) else Words(held)).rows(map(str, keys))


def join_vectors(start: Start | None, fresh: Vectors) -> Vectors:
    """Join what training has left with the words that were not in its text, by how often both texts had them.

    Args:
        start: where it went on from; None gives back what there is.
        fresh: the words of the new text.
    """
    if start is None:
        return fresh
    old = start.vectors
    words = [*fresh.words, *(word for word in old.words if word not in fresh)]
    counts = None
    if old.counts is not None and fresh.counts is not None:
        counts = _placed(fresh.counts, fresh.words, words) + _placed(old.counts, old.words, words)
        order = np.argsort(-counts.astype(np.int64), kind="stable")
        words, counts = [words[row] for row in order], counts[order]
    rows, old_rows = fresh.words.rows(words), old.words.rows(words)
    context = None
    if fresh.context_matrix is not None:
        context = _merged(rows, fresh.context_matrix, old_rows, old.context_matrix)
    matrix, subwords = _merged(rows, fresh.matrix, old_rows, old.matrix), None
    if fresh.subwords is not None and old.subwords is not None:
        table = SubwordTable.of(words, fresh.subwords.settings)
        own = _merged(rows, fresh.subwords.word_matrix, old_rows, old.subwords.word_matrix)
        ngrams = _merged(
            rows_of_keys(table.keys, fresh.subwords.keys),
            fresh.subwords.ngram_matrix,
            rows_of_keys(table.keys, old.subwords.keys),
            old.subwords.ngram_matrix,
        )
        composed = table.compose(own, ngrams)
        stays = np.array([word in start.frozen for word in words])
        matrix = np.where(stays[:, np.newaxis], matrix, composed)
        matrix[stays] = old.matrix[old_rows[stays]]
        subwords = SubwordVectors(table.settings, word_matrix=own, ngram_matrix=ngrams, keys=table.keys)
    return Vectors(words, matrix, counts=counts, context_matrix=context, subwords=subwords, config=fresh.config)


def _placed(counts: np.ndarray, words: Words, wanted: list[str]) -> np.ndarray:
    """Return the counts of wanted words, 0 for those that have none."""
    rows = words.rows(wanted)
    return np.where(rows >= 0, counts[np.maximum(rows, 0)], 0).astype(np.uint64)


def _merged(rows: np.ndarray, fresh: np.ndarray, old_rows: np.ndarray, old: np.ndarray | None) -> np.ndarray:
    """Return rows of the first matrix, where there are any, else of the second, else zeros."""
    merged = np.zeros((len(rows), fresh.shape[1]), np.float32)
    if old is not None:
        merged[old_rows >= 0] = old[old_rows[old_rows >= 0]]
    merged[rows >= 0] = fresh[rows[rows >= 0]]
    return merged
