"""Word similarity: do cosines rank pairs of words as people do?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from firth.evaluation.gold import SimilarityGold
from firth.evaluation.spellings import rows_of
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
        case: how words were looked up.
    """

    name: str
    spearman: float | None
    reason: str | None
    pairs_found: int
    pairs_missing: int
    case: str

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain numbers and texts, for JSON."""
        return {"kind": "similarity", **asdict(self)}


def evaluate_similarity(vectors: Vectors, gold: SimilarityGold, *, case: str = "either") -> SimilarityResult:
    """Compare cosines with the scores that people gave, by Spearman's rank correlation.

    Args:
        vectors: the vectors.
        gold: the pairs and scores.
        case: how to look words up, see `firth.evaluation.spellings.rows_of`.

    Returns:
        The correlation over the pairs found. Convention: missing pairs are left out (as in gensim); others score
        them 0.

    Raises:
        SettingsError: if `case` is unknown.

    >>> vectors = Vectors(["cat", "dog", "car"], np.array([[4, 1], [3, 2], [0, 1]]))
    >>> gold = SimilarityGold("tiny", (("cat", "dog"), ("dog", "car"), ("Cat", "car"), ("cat", "cart")), (9, 2, 1, 1))
    >>> evaluate_similarity(vectors, gold).as_dict()
    {'kind': 'similarity', 'name': 'tiny', 'spearman': 1.0, 'reason': None, 'pairs_found': 3, 'pairs_missing': 1,
     'case': 'either'}
    """
    words = [word for pair in gold.pairs for word in pair]
    rows = rows_of(words, vectors, case=case, restrict=None).reshape(-1, 2)
    is_found = np.asarray((rows >= 0).all(axis=1))
    found = int(is_found.sum())
    scores = np.array(gold.scores, np.float64)[is_found]
    first, second = rows[is_found].T
    values = cosines(vectors.matrix[first], vectors.matrix[second])
    reason = None
    if found < 2:
        reason = f"a rank correlation needs two pairs, {found} of {len(rows)} have vectors"
    elif np.ptp(scores) == 0 or np.ptp(values) == 0:
        reason = f"all {'scores' if np.ptp(scores) == 0 else 'cosines'} are equal, so they have no order"
    spearman = rank_correlation(values, scores) if reason is None else None
    return SimilarityResult(gold.name, spearman, reason, found, len(rows) - found, case)
