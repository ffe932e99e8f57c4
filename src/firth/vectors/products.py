"""Nearest rows by a product of cosines (3CosMul): bounds in float32 choose candidates, which float64 puts in order."""

from __future__ import annotations

import numpy as np

from firth.vectors.neighbours import cosines, margin_of, row_parts, scored_tiles
from firth.vectors.sharing import shared
from firth.vectors.stored import StoredMatrix

EPSILON = 1e-6
"""Keeps the quotient finite: gensim's value. The paper has 1e-3."""

_EXACT = 1 << 20  # cells made at once, of candidates


def nearest_by_product(
    matrix: StoredMatrix,
    norms: np.ndarray,
    positive: np.ndarray,
    negative: np.ndarray,
    *,
    count: int,
    left_out: np.ndarray,
    restrict: int | None = None,
    threads: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Find rows that are near to all of some vectors, and far from others: the `count` rows x with the highest.

        Πₚ (1 + cos(x, p))/2  /  (Πₙ (1 + cos(x, n))/2 + ε)

    Args:
        matrix: stored, (V, D).
        norms: lengths of its rows, float64, (V,).
        positive: the vectors p, finite, (P, D), P + N ≥ 1.
        negative: the vectors n, finite, (N, D).
        count: how many rows at most, ≥ 1.
        left_out: rows that are no answers.
        restrict: how many rows, from the first, can be answers; None: all.
        threads: how many may work; the answers do not depend on it.

    Returns:
        The rows and their scores in float64, highest first, equal ones by row.

    >>> from firth.vectors.neighbours import row_norms
    >>> from firth.vectors.stored import PlainMatrix
    >>> held = PlainMatrix(np.array([[1, 0], [0, 1], [-1, 0]], np.float32))
    >>> one = np.array([[1.0, 0.0]])
    >>> nearest_by_product(held, row_norms(held), one, one, count=3, left_out=np.zeros(0, int))[0]
    array([0, 1, 2])

    Levy & Goldberg 2014, §6.2. Convention: ε = 1e-6 as in gensim.
    """
    rows = len(matrix) if restrict is None else min(restrict, len(matrix))
    terms = np.concatenate([positive, negative]).astype(np.float64)
    lower, upper = np.empty(rows), np.empty(rows)
    error = float(margin_of(matrix.shape[1])) / 2

    def bound(part: tuple[int, int]) -> None:
        for first, scores in scored_tiles(matrix, norms, terms, *part):
            tile = slice(first, first + scores.shape[1])
            near, far = np.split(scores.astype(np.float64), [len(positive)])
            lower[tile] = _quotient(near - error, far + error)
            upper[tile] = _quotient(near + error, far - error)

    shared(bound, row_parts(rows, threads), threads)
    out = left_out[left_out < rows]
    lower[out] = upper[out] = -np.inf
    candidates = np.flatnonzero(upper > -np.inf)
    if count < len(candidates):
        candidates = np.flatnonzero(upper >= np.partition(lower, rows - count)[rows - count])
        candidates = candidates[upper[candidates] > -np.inf]
    values = np.empty(len(candidates))
    step = max(1, _EXACT // matrix.shape[1])
    for start in range(0, len(candidates), step):
        made = matrix.rows(candidates[start : start + step])
        near = np.array([cosines(made, term[np.newaxis]) for term in terms])
        values[start : start + step] = _quotient(near[: len(positive)], near[len(positive) :])
    order = np.lexsort((candidates, -values))[:count]
    return candidates[order], values[order]


def _quotient(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Divide products of cosines (P, C) and (N, C), each moved to [0, 1]: (C,)."""
    top = np.clip((1 + positive) / 2, 0, 1).prod(axis=0)
    return top / (np.clip((1 + negative) / 2, 0, 1).prod(axis=0) + EPSILON)
