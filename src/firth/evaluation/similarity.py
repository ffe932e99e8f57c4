"""Word similarity: do cosines rank pairs of words as people do?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from firth.evaluation.gold import SimilarityGold
from firth.evaluation.spellings import vectors_of
from firth.statistics import rank_correlation
from firth.vectors import Vectors
from firth.vectors.neighbours import cosines


@dataclass(frozen=True)
class SimilarityResult:
    """What `evaluate_similarity` found.

    Attributes:
        name: of the gold set.
        spearman: rank correlation of cosines and scores, −1 to 1; None if it can't be said.
        reason: why it can't be said, or None.
        pairs_found: pairs with vectors for both words.
        pairs_missing: the other pairs; they do not count.
        pairs_composed: those of the pairs found in which a word has no row, and a vector composed of its n-grams.
        case: how words were looked up.
        unknown: what was done with words without a row.
    """

    name: str
    spearman: float | None
    reason: str | None
    pairs_found: int
    pairs_missing: int
    pairs_composed: int
    case: str
    unknown: str

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain numbers and texts, for JSON."""
        return {"kind": "similarity", **asdict(self)}


def evaluate_similarity(
    vectors: Vectors, gold: SimilarityGold, *, case: str = "either", unknown: str = "skip"
) -> SimilarityResult:
    """Compare cosines with the scores that people gave, by Spearman's rank correlation.

    Args:
        vectors: the vectors.
        gold: the pairs and scores.
        case: how to look words up, see `firth.evaluation.spellings.rows_of`.
        unknown: words without a row: "skip" leaves their pairs out, so that vectors of one vocabulary are judged by the
            same pairs, with subwords or without; "subwords" composes their vectors of their n-grams.

    Returns:
        The correlation over the pairs found. Convention: missing pairs are left out (as in gensim, there with subwords,
        too); others score them 0.

    Raises:
        SettingsError: if `case` or `unknown` is no such choice, or n-grams have no vectors.

    >>> vectors = Vectors(["cat", "dog", "car"], np.array([[4, 1], [3, 2], [0, 1]]))
    >>> gold = SimilarityGold("tiny", (("cat", "dog"), ("dog", "car"), ("Cat", "car"), ("cat", "cart")), (9, 2, 1, 1))
    >>> evaluate_similarity(vectors, gold).as_dict()
    {'kind': 'similarity', 'name': 'tiny', 'spearman': 1.0, 'reason': None, 'pairs_found': 3, 'pairs_missing': 1,
     'pairs_composed': 0, 'case': 'either', 'unknown': 'skip'}
    """
    words = [word for pair in gold.pairs for word in pair]
    found, *marks = vectors_of(words, vectors, case=case, unknown=unknown)
    has_vector, is_composed = (mark.reshape(-1, 2) for mark in marks)
    is_found, is_composed = np.asarray(has_vector.all(axis=1)), np.asarray(is_composed.any(axis=1))
    count = int(is_found.sum())
    scores = np.array(gold.scores, np.float64)[is_found]
    first, second = found.reshape(-1, 2, vectors.dimensions)[is_found].transpose(1, 0, 2)
    values = cosines(first, second)
    reason = None
    if count < 2:
        reason = f"a rank correlation needs two pairs, {count} of {len(is_found)} have vectors"
    elif np.ptp(scores) == 0 or np.ptp(values) == 0:
        reason = f"all {'scores' if np.ptp(scores) == 0 else 'cosines'} are equal, so they have no order"
    spearman = rank_correlation(values, scores) if reason is None else None
    composed = int(is_composed[is_found].sum())
    return SimilarityResult(gold.name, spearman, reason, count, len(is_found) - count, composed, case, unknown)
