"""How much two words belong together: the scores of phrases, from counts alone, in float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SCORES = ("original", "npmi")
"""The names of the scores, as `find_phrases` takes them."""

USUAL_THRESHOLDS = {"original": 100.0, "npmi": 0.5}
"""Above what a pair is a phrase if nothing else is said: that of word2phrase.c, and half of the highest."""

Score = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Gets the counts of pairs, of their first and of their second words."""


def original_score(
    pairs: np.ndarray, firsts: np.ndarray, seconds: np.ndarray, tokens: int, min_count: int
) -> np.ndarray:
    """Return the score of word2phrase.c: how many times as often as by chance, after a discount for rare pairs.

        score(a, b) = N (n(a, b) − δ) / (n(a) n(b))

    N = tokens, δ = min_count, n(a, b) = pairs, n(a) = firsts, n(b) = seconds. At most N/max(n(a), n(b)).
    Convention: N makes the score free of a unit and almost free of the length of the text (word2phrase.c; the paper has
    no factor). gensim multiplies by the size S of its table instead, distinct words plus distinct pairs: its threshold
    t is ours times S/N.

    Args:
        pairs: how often both came, one behind the other, (P,).
        firsts: how often the first word came, (P,), ≥ 1.
        seconds: how often the second word came, (P,), ≥ 1.
        tokens: of the text.
        min_count: the discount.

    Returns:
        The scores, (P,) float64.

    >>> original_score(np.array([9]), np.array([10]), np.array([12]), tokens=1000, min_count=5)
    array([33.33333333])

    Mikolov et al. 2013, eq. 6.
    """
    counts = np.asarray(pairs, np.float64) - min_count
    return counts / (np.asarray(firsts, np.float64) * np.asarray(seconds, np.float64)) * tokens


def normalized_pmi(pairs: np.ndarray, firsts: np.ndarray, seconds: np.ndarray, tokens: int) -> np.ndarray:
    """Return the pointwise mutual information of pairs, divided by the most that it could be.

        npmi(a, b) = log(p(a, b)/(p(a) p(b))) / −log p(a, b)          p = n/N

    n(a, b) = pairs, n(a) = firsts, n(b) = seconds, N = tokens. 1 if the two words only come together, 0 if they are
    independent, towards −1 if they avoid each other. No pair comes more often than its words, so it is never above 1,
    but for rounding, which is cut off (gensim's pairs can, where a word holds the separator).

    Args:
        pairs: how often both came, one behind the other, (P,), from 1 to less than N.
        firsts: how often the first word came, (P,), ≥ pairs.
        seconds: how often the second word came, (P,), ≥ pairs.
        tokens: of the text.

    Returns:
        The scores, −1 … 1, (P,) float64.

    >>> normalized_pmi(np.array([10, 1]), np.array([10, 10]), np.array([10, 10]), tokens=100)
    array([1., 0.])

    Bouma 2009, §3.
    """
    together = np.log(np.asarray(pairs, np.float64) / tokens)
    apart = np.log(np.asarray(firsts, np.float64) / tokens) + np.log(np.asarray(seconds, np.float64) / tokens)
    return np.clip((together - apart) / -together, -1.0, 1.0)


def score_named(score: str, tokens: int, min_count: int) -> Score:
    """Return a score as a function of counts alone.

    Args:
        score: one of `SCORES`.
        tokens: of the text.
        min_count: the discount of "original".
    """
    if score == "original":
        return lambda pairs, firsts, seconds: original_score(pairs, firsts, seconds, tokens, min_count)
    return lambda pairs, firsts, seconds: normalized_pmi(pairs, firsts, seconds, tokens)


def least_pair_count(score: str, min_count: int) -> int:
    """Return how often a pair comes at least if it is a phrase: under "original" the discount must leave something.

    >>> least_pair_count("original", 5), least_pair_count("npmi", 5)
    (6, 5)
    """
    return min_count + 1 if score == "original" else min_count


def may_join(counts: np.ndarray, score: str, threshold: float, tokens: int, min_count: int) -> np.ndarray:
    """Tell of each word whether any pair that holds it could be a phrase: what can't be one need not be counted.

    A pair comes no more often than its words; and `original_score` is below N/n(a), whatever the other word is.

    Args:
        counts: how often each word came, (V,).
        score: one of `SCORES`.
        threshold: above which a pair is a phrase.
        tokens: of the text, N.
        min_count: as `find_phrases` has it.

    Returns:
        Truth values, (V,).
    """
    is_frequent = counts >= least_pair_count(score, min_count)
    if score == "original":
        return is_frequent & (counts * float(threshold) < tokens)
    return is_frequent
