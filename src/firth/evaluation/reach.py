"""In how many dimensions the optimum of counts is within reach: `firth.reachable_dimension`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from firth.errors import CountsError, SettingsError, check_choice, check_integer, check_number, sentence
from firth.objectives.reachability import Reach
from firth.objectives.reachability import reachable_dimension as reachable_dimension_of_matrix
from firth.objectives.sampling import Sampling
from firth.objectives.softmax import Softmax

if TYPE_CHECKING:
    from firth.observations.counts import Counts

MOST_WORDS = 5_000
"""Up to here the singular values of a V × V matrix take minutes at most."""


def reachable_dimension(
    counts: Counts,
    *,
    objective: str = "softmax",
    negatives: int = 5,
    collisions: str = "allow",
    tolerance: float | None = None,
) -> Reach:
    """Smallest number of dimensions in which some vectors attain the lowest loss that counts allow.

        softmax     rank of log P* (I − 11ᵀ/V), at most V − 1          P*(o|c) = N⁺(c,o)/N(c)
        sampling    rank of log(N⁺/N⁻), at most V

    None where a word is never seen beside another: the best score of that pair is −∞. Almost every text is such.

    Args:
        counts: from `firth.count`.
        objective: "softmax" or "sampling".
        negatives: K, noise words a pair; for "sampling".
        collisions: what happens when a noise word is the context word: "allow", "skip" or "resample"; for "sampling".
        tolerance: singular values up to this count as 0; None is that of rounding.

    Returns:
        The dimension or None, the singular values and the tolerance.

    Raises:
        CountsError: if there is no pair.
        SettingsError: if a setting is out of range, or there are too many words with all their pairs seen.

    >>> from firth import count
    >>> counts = count(["a a b", "a b b b", "b a a"], min_count=1, subsample=0, window_weights="fixed")
    >>> reachable_dimension(counts).dimension, reachable_dimension(counts, objective="sampling").dimension
    (1, 2)
    >>> reachable_dimension(count(["a b", "a c"], min_count=1)).dimension is None     # b and c never meet
    True

    Of a matrix of counts: `firth.objectives.reachable_dimension`, which this calls.
    """
    check_choice("objective", objective, ("softmax", "sampling"))
    check_integer("negatives", negatives, 1)
    if tolerance is not None:
        check_number("tolerance", tolerance, 0, np.inf)
    if counts.total == 0:
        raise CountsError(sentence("counts with a pair", "none", "count more text, or with more words"))
    if counts.nonzero < int((counts.marginals > 0).sum()) * len(counts):
        return Reach(None, np.empty(0), 0.0 if tolerance is None else tolerance)
    if len(counts) > MOST_WORDS:
        expected = f"at most {MOST_WORDS} words, as the rank is that of a matrix of V × V numbers"
        raise SettingsError(sentence(expected, str(len(counts)), "pass counts.restricted(…) to fewer words"))
    asked: Softmax | Sampling = Softmax()
    if objective == "sampling":
        noise = counts.observations.noise_distribution(counts.vocabulary.counts)
        asked = Sampling(noise, negatives=negatives, collisions=collisions)
    return reachable_dimension_of_matrix(counts.matrix().toarray(), asked, tolerance=tolerance)
