"""Counts and vectors that speak of the same words: those that both know, in one order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firth.errors import CountsError, sentence
from firth.training.table import PairTable

if TYPE_CHECKING:
    from firth.observations.counts import Counts
    from firth.vectors import Vectors


@dataclass(frozen=True, eq=False)
class Shared:
    """Counts of the words that vectors have, too.

    Attributes:
        counts: of pairs whose words both have a vector; V words, in the order of the counts.
        rows: the row of each of these words in the vectors, (V,) int64.
        coverage: share of all pairs that these counts hold.
    """

    counts: Counts
    rows: np.ndarray
    coverage: float


def shared_words(vectors: Vectors, counts: Counts) -> Shared:
    """Restrict counts to the words that have a vector.

    Args:
        vectors: the vectors.
        counts: the counts.

    Raises:
        CountsError: if the counts have no pair, or none of words that have vectors.
    """
    if counts.total == 0:
        raise CountsError(sentence("counts with a pair", "none", "count more text, or with more words"))
    words = counts.vocabulary.words
    rows = vectors.words.rows(words)
    if (rows >= 0).all():
        return Shared(counts, rows, 1.0)
    known = [word for word, row in zip(words, rows, strict=True) if row >= 0]
    if not known:
        came = f"none: the vectors begin with {_some(vectors.words)}, the counts with {_some(words)}"
        raise CountsError(sentence("words that both vectors and counts have", came, "count the text in their words"))
    part = counts.restricted(known)
    if part.total == 0:
        came = f"none between the {len(known)} words that have vectors"
        raise CountsError(sentence("counts with a pair", came, "count more text, or in the words of the vectors"))
    return Shared(part, rows[rows >= 0], part.total / counts.total)


def table_in_words(counts: Counts, words: Sequence[str], dtype: type) -> tuple[PairTable, float]:
    """Return the pairs of counts as a table over these words, in their order, and the share of all pairs that it holds.

    Args:
        counts: of any words.
        words: V words; those that the counts don't have get no pair.
        dtype: of the expectations.

    Raises:
        CountsError: if no pair is left.
    """
    if list(counts.vocabulary.words) == list(words):
        table, share = PairTable.of(counts, dtype), 1.0
    else:
        places = {word: place for place, word in enumerate(words)}
        known = [word for word in counts.vocabulary.words if word in places]
        if not known:
            came = f"counts that begin with {_some(counts.vocabulary.words)}"
            raise CountsError(sentence(f"counts of words such as {_some(words)}", came, "count in the same words"))
        part = counts.restricted(known)
        moved = np.array([places[word] for word in part.vocabulary.words])
        table, share = _moved(part, moved, len(words), dtype), part.total / (counts.total or 1.0)
    if table.total == 0:
        raise CountsError(sentence("counts with a pair", "none of these words", "count more text, in the same words"))
    return table, share


def _moved(counts: Counts, places: np.ndarray, size: int, dtype: type) -> PairTable:
    """Return the pairs of counts with each word at another place, (n,), among `size`."""
    from scipy.sparse import coo_matrix

    cells = counts.matrix().tocoo()
    matrix = coo_matrix((cells.data, (places[cells.row], places[cells.col])), shape=(size, size)).tocsr()
    matrix.sort_indices()
    marginals = np.zeros(size)
    marginals[places] = counts.marginals
    starts, contexts = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
    return PairTable(starts, contexts, matrix.data.astype(dtype), marginals, marginals)


def _some(words: Sequence[str]) -> str:
    """Return the first words, quoted."""
    return " ".join(repr(word) for word in words[:3])
