"""In how many dimensions is the optimum within reach? The rank of what the counts ask for."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from firth.errors import check_number
from firth.objectives.sampling import Sampling
from firth.objectives.softmax import Softmax


class Reach(NamedTuple):
    """What `reachable_dimension` found.

    Attributes:
        dimension: the smallest D that attains the optimum; None if no D does.
        singular_values: of the matrix whose rank it is, largest first; empty if there is no D.
        tolerance: a singular value up to this counts as 0.
    """

    dimension: int | None
    singular_values: np.ndarray
    tolerance: float


def reachable_dimension(
    seen: np.ndarray, objective: Softmax | Sampling | None = None, *, tolerance: float | None = None
) -> Reach:
    """Smallest number of dimensions in which some model attains the optimum of an objective.

        softmax     rank of (X* − a constant in each row) = rank of log P* (I − 11ᵀ/V), at most V − 1
        sampling    rank of X* = log(N⁺/N⁻), at most V

    N⁺ = seen (V, V), X* the scores of `objective.optimum(seen)`; a softmax does not see a constant that is added to a
    row, so the best constant, the mean, is taken off. Centres without a pair are free: their row is 0.
    If a score of X* is infinite (a pair never seen, or a centre with a single context word), no model of any size
    attains the optimum: the answer is None, and not an error, as almost every real corpus is such; that says nothing
    about how near a model can come. 0 means that vectors of zeros are optimal.

    Args:
        seen: N⁺, (V, V).
        objective: a `Softmax` or a `Sampling`; None is `Softmax()`.
        tolerance: singular values up to this count as 0. None is 16 · V · 2⁻⁵² · max(1, largest |X*|), some times what
            the rounding of counts and logarithms can make of 0. Counts with noise have full rank: pass what the noise
            can do.

    Returns:
        The dimension or None, the singular values and the tolerance that was used.

    Raises:
        ShapeError: if the counts are no matrix.
        SettingsError: if one is negative or not finite, all are 0, or the tolerance is negative.

    >>> reachable_dimension(np.array([[3.0, 1.0], [1.0, 3.0]])).dimension
    1
    >>> reachable_dimension(np.array([[2.0, 1.0], [4.0, 2.0]])).dimension     # the same for each centre, not uniform
    1
    >>> reachable_dimension(np.ones((2, 2))).dimension, reachable_dimension(np.eye(2)).dimension
    (0, None)
    """
    objective = Softmax() if objective is None else objective
    scores = objective.optimum(seen)[0]
    if tolerance is not None:
        check_number("tolerance", tolerance, 0, math.inf)
    if not np.isfinite(scores).all():
        return Reach(None, np.empty(0), 0.0 if tolerance is None else tolerance)
    if tolerance is None:
        tolerance = 16 * max(scores.shape) * float(np.finfo(np.float64).eps) * max(1.0, float(np.abs(scores).max()))
    if isinstance(objective, Softmax):
        scores = scores - scores.mean(axis=1, keepdims=True)
    singular = np.linalg.svd(scores, compute_uv=False)
    return Reach(int((singular > tolerance).sum()), singular, tolerance)
