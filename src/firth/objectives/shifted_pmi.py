"""The factorisation view: squared error on shifted positive pointwise mutual information, with its closed optimum.

    PMI(c, o) = log(N⁺ T/(N(c) N(o)))          M = max(PMI − shift, 0)          L = Σ_co (x_co − M_co)²

Negative sampling with noise q(o) = N(o)/T has its optimum at PMI − log K, so factorising that matrix is the same in the
large and differs in which errors it minds. Levy & Goldberg 2014.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from firth.errors import check_integer, check_number
from firth.objectives.counts import check_counts, check_scores, pair_total


def shifted_pmi(seen: np.ndarray, *, shift: float = 0.0) -> np.ndarray:
    """Pointwise mutual information of centre and context, less a shift, in nats.

        PMI − shift = log(N⁺ T/(N(c) N(o))) − shift

    N⁺ = seen (V, V), N(c), N(o) and T its row, column and grand totals. Float64.
    Convention (Levy & Goldberg 2014): shift = log K for K negatives, and the context distribution is N(o)/T as it is;
    word2vec's noise ∝ count^0.75 is another one, see `Sampling`, and so are the "smoothed" contexts of Levy, Goldberg &
    Dagan 2015. Natural logarithm; NLTK and others take log₂.

    Args:
        seen: N⁺, (V, V).
        shift: what is taken off, in nats.

    Returns:
        (V, V); −∞ where nothing was seen.

    Raises:
        ShapeError: if the counts are no matrix.
        SettingsError: if one is negative or not finite, all are 0, or the shift is not finite.

    >>> shifted_pmi(np.array([[3.0, 1.0], [1.0, 3.0]]))     # log(3·8/16), log(1·8/16)
    array([[ 0.40546511, -0.69314718],
           [-0.69314718,  0.40546511]])

    Without the negative half: `positive_pmi`.
    """
    seen = check_counts("seen", seen)
    total = pair_total(seen)
    check_number("shift", shift, -math.inf, math.inf)
    rows, columns = seen.sum(axis=1, keepdims=True), seen.sum(axis=0, keepdims=True)
    with np.errstate(divide="ignore"):
        logarithms = np.log(seen)
    margins = np.log(np.where(rows > 0, rows, 1.0)) + np.log(np.where(columns > 0, columns, 1.0))
    return logarithms - margins + (math.log(total) - shift)


def positive_pmi(seen: np.ndarray, *, shift: float = 0.0) -> np.ndarray:
    """Positive part of `shifted_pmi`: PPMI, with a shift SPPMI.

        M = max(log(N⁺ T/(N(c) N(o))) − shift, 0)

    N⁺ = seen (V, V), N(c), N(o) and T its row, column and grand totals. Float64.
    Convention (Levy & Goldberg 2014, SPPMI_k): first the shift log k, then the positive part, so that pairs never seen,
    and those seen less than k times as often as by chance, are 0.

    Args:
        seen: N⁺, (V, V).
        shift: what is taken off, in nats; log K for K negatives.

    Returns:
        (V, V), ≥ 0.

    Raises:
        ShapeError: if the counts are no matrix.
        SettingsError: if one is negative or not finite, all are 0, or the shift is not finite.

    >>> positive_pmi(np.array([[3.0, 1.0], [1.0, 3.0]]))     # log(3·8/16), log(1·8/16) < 0
    array([[0.40546511, 0.        ],
           [0.        , 0.40546511]])
    """
    return np.maximum(shifted_pmi(seen, shift=shift), 0.0)


@dataclass(frozen=True, kw_only=True)
class ShiftedPmi:
    """Squared error of scores against shifted positive PMI. Squared nats, summed over all cells (not a mean).

        value      L = Σ_co (x_co − M_co)²          M = max(PMI − shift, 0) = `positive_pmi`
        gradient   ∂L/∂X = 2 (X − M)
        optimum    x* = M, with L = 0; in D dimensions see `factorization`

    N⁺ = seen (V, V), X = scores (V, V). Float64, also for float32 input.
    Convention (Levy & Goldberg 2014): every cell weighs the same, frequent or not, seen or not; that is what sets it
    apart from `Sampling`, whose errors weigh by N⁺ and N⁻. No factor ½.

    Args:
        shift: what is taken off PMI, in nats; log K for K negatives, 0 for plain PPMI.

    Raises:
        SettingsError: if the shift is not finite.

    >>> ShiftedPmi().value(np.ones((2, 2)), np.eye(2))     # M = log 2 on the diagonal: 2 (1 − log 2)² + 2
    2.18831730559662...
    >>> ShiftedPmi(shift=np.log(2)).optimum(np.eye(2))
    (array([[0., 0.],
           [0., 0.]]), 0.0)
    """

    shift: float = 0.0

    def __post_init__(self) -> None:
        check_number("shift", self.shift, -math.inf, math.inf)

    def value(self, scores: np.ndarray, seen: np.ndarray) -> float:
        """Squared error of the scores (V, V) on the counts (V, V), in squared nats, summed."""
        target = positive_pmi(seen, shift=self.shift)
        return float(((check_scores(scores, target.shape) - target) ** 2).sum())

    def gradient(self, scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Derivative of `value` by each score, (V, V)."""
        target = positive_pmi(seen, shift=self.shift)
        return 2 * (check_scores(scores, target.shape) - target)

    def optimum(self, seen: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the shifted positive PMI (V, V), and 0."""
        return positive_pmi(seen, shift=self.shift), 0.0

    def factorization(self, seen: np.ndarray, *, dimensions: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Best vectors of D dimensions, and the value that no others undercut.

            M = A Σ Bᵀ        V = A_D √Σ_D        U = B_D √Σ_D        L = Σ_{i > D} σ_i²

        A, B the singular vectors of M = `positive_pmi`, σ_i its singular values from the largest on (Eckart & Young
        1936). Convention: both sides get √Σ (the symmetric SVD of Levy & Goldberg 2014); latent semantic analysis gives
        all of Σ to the centres. The scores V Uᵀ are the same, and unique if σ_D > σ_{D+1}; the vectors only up to an
        invertible map.

        Args:
            seen: N⁺, (V, V).
            dimensions: D, from 1 to V.

        Returns:
            Centre matrix (V, D), context matrix (V, D), lowest value in squared nats.

        Raises:
            ShapeError: if the counts are no matrix.
            SettingsError: if one is negative or not finite, all are 0, or D is out of range.

        >>> center, context, lowest = ShiftedPmi().factorization(np.diag([1.0, 3.0]), dimensions=1)
        >>> (center @ context.T).round(6), lowest     # M = diag(log 4, log 4/3): the smaller one is left, (log 4/3)²
        (array([[1.386294, 0.      ],
               [0.      , 0.      ]]), 0.0827609...)
        """
        target = positive_pmi(seen, shift=self.shift)
        check_integer("dimensions", dimensions, 1, min(target.shape))
        left, singular, right = np.linalg.svd(target, full_matrices=False)
        roots = np.sqrt(singular[:dimensions])
        remaining = float((singular[dimensions:] ** 2).sum())
        return left[:, :dimensions] * roots, right[:dimensions].T * roots, remaining
