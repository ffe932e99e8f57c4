"""Full softmax: the loss of a pair and of a whole corpus, with gradients and optimum, in float64.

Of one pair (centre c, context o), over all V words:

    P(o|c) = e^{x_co} / Σ_w e^{x_cw}        x_co = u_o·v_c        J = −log P(o|c)

Of a corpus, with N⁺(c, o) how often o is seen in the window of c, N(c) its row totals and T its grand total, as a
function of the scores:

    NLL = −1/T Σ_co N⁺ log P(o|c)

The centre predicts the context (skip-gram). Mikolov et al. 2013 (arXiv:1310.4546), eqs. 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.errors import SettingsError, check_integer, check_shape, sentence
from firth.objectives.counts import (
    check_counts,
    check_numbers,
    check_scores,
    conditional_entropy,
    pair_total,
    weighted_sum,
)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities from scores, along the last axis.

        ŷ_i = e^{x_i} / Σ_j e^{x_j}

    x = scores, any shape. Unchanged by x + constant, so the largest is subtracted first: no overflow for any score; −∞
    gives exactly 0. Float32 in, float32 out; all else is float64.

    Args:
        scores: x, (…, V).

    Returns:
        ŷ, the same shape; each row sums to 1.

    Raises:
        ShapeError: if the last axis is missing or empty.
        SettingsError: if a score is NaN or +∞, or a row has none above −∞.

    >>> softmax(np.array([[0.0, 0.0], [10000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])

    Logarithm: `log_softmax`.
    """
    single = np.asarray(scores).dtype == np.float32
    shifted = _below_largest(scores)
    powers = np.exp(shifted.astype(np.float32) if single else shifted)
    return powers / powers.sum(axis=-1, keepdims=True)


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Logarithms of the probabilities that scores give, along the last axis.

        log ŷ_i = x_i − log Σ_j e^{x_j}

    x = scores, any shape. Float64, also for float32 input. Exact to rounding even where ŷ is nearly 1: the largest
    score's own term, which is 1, is left to `log1p`.

    Args:
        scores: x, (…, V).

    Returns:
        log ŷ ≤ 0, the same shape.

    Raises:
        ShapeError: if the last axis is missing or empty.
        SettingsError: if a score is NaN or +∞, or a row has none above −∞.

    >>> log_softmax(np.array([0.0, 50.0]))     # −50 − e⁻⁵⁰ and −e⁻⁵⁰
    array([-5.00000000e+01, -1.92874985e-22])
    """
    shifted = _below_largest(scores)
    others = np.exp(shifted)
    np.put_along_axis(others, shifted.argmax(axis=-1, keepdims=True), 0.0, axis=-1)
    return shifted - np.log1p(others.sum(axis=-1, keepdims=True))


def softmax_loss(center: np.ndarray, context_id: int, context_matrix: np.ndarray) -> float:
    """Softmax loss of one pair, in nats.

        J = −u_o·v + log Σ_w e^{u_w·v}

    v = center (D,), o = context_id, u_w = context_matrix[w] (V, D). The cross-entropy of softmax(U v) with the one-hot
    vector of o. Float64, also for float32 input; finite for any score.
    Convention: the sum runs over all V words, the centre word and o included.

    Args:
        center: vector of the centre word, (D,).
        context_id: the word seen beside it, a row of the context matrix.
        context_matrix: a row for each context word, (V, D).

    Returns:
        Nats, ≥ 0; log V when every vector is zero.

    Raises:
        ShapeError: if centre and context matrix do not share D.
        SettingsError: if there is no such row.

    >>> softmax_loss(np.zeros(4), 0, np.zeros((5, 4)))     # log 5
    1.6094379124341003

    Gradient: `softmax_gradient`.
    """
    center, context_id, context_matrix = _check_pair(center, context_id, context_matrix)
    return 0.0 - float(log_softmax(context_matrix @ center)[context_id])


def softmax_gradient(center: np.ndarray, context_id: int, context_matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient of `softmax_loss` by the centre and by the whole context matrix.

        ∂J/∂v = Uᵀ(ŷ − y)        ∂J/∂U = (ŷ − y) vᵀ

    v = center (D,), U = context_matrix (V, D), ŷ = softmax(U v), y one-hot at o = context_id. The second has rank one
    (if v ≠ 0), and each of its columns sums to 0. Float64, also for float32 input.

    Args:
        center: vector of the centre word, (D,).
        context_id: the word seen beside it, a row of the context matrix.
        context_matrix: a row for each context word, (V, D).

    Returns:
        Gradients by center (D,) and by the context matrix (V, D).

    Raises:
        ShapeError: if centre and context matrix do not share D.
        SettingsError: if there is no such row.

    >>> by_center, by_context = softmax_gradient(np.ones(1), 0, np.zeros((2, 1)))
    >>> by_center.tolist(), by_context.tolist()     # ŷ = (½, ½), y = (1, 0)
    ([0.0], [[-0.5], [0.5]])
    """
    center, context_id, context_matrix = _check_pair(center, context_id, context_matrix)
    errors = softmax(context_matrix @ center)
    errors[context_id] -= 1.0
    return errors @ context_matrix, np.outer(errors, center)


@dataclass(frozen=True, eq=False, kw_only=True)
class Softmax:
    """Full softmax from counts: the objective of skip-gram before any approximation. Nats per pair.

        P(o|c) = e^{x_co + a_o} / Σ_w e^{x_cw + a_w}
        value      NLL = −1/T Σ_co N⁺ log P(o|c)
        gradient   ∂NLL/∂X = (diag(N(c)) P − N⁺)/T          each row sums to 0
        optimum    x*_co = log(N⁺/N(c)) − a_o, with NLL = H(O|C), the conditional entropy

    N⁺ = seen (V, V), X = scores (V, V), a = offsets (V,), N(c) and T the row and grand totals. Float64, also for
    float32 input.
    Convention: a mean over pairs (divided by T), so values of different corpora compare, and value − optimum is the
    gap; the paper's eq. 1 is a mean over positions. Scores are free up to a constant in each row; the optimum given
    here is the one with P* = e^{x* + a}. An unseen pair has x* = −∞ (no finite score attains it), and a centre without
    any pair has 0.

    Args:
        offsets: logarithm of a base measure that is added to each centre's scores, (V,), finite; None for 0. With log q
            vectors trained with negative sampling (collisions "allow") are read as P ∝ q(o) e^x, as they must be.

    Raises:
        ShapeError: if the offsets are no vector.
        SettingsError: if one of them is not finite.

    >>> Softmax().value(np.zeros((2, 2)), np.eye(2))     # log 2
    0.6931471805599453
    >>> Softmax().gradient(np.zeros((2, 2)), np.eye(2))
    array([[-0.25,  0.25],
           [ 0.25, -0.25]])
    >>> Softmax().optimum(np.eye(2))
    (array([[  0., -inf], [-inf,   0.]]), 0.0)

    The gap in one piece: `mean_divergence`. Is the optimum in reach of D dimensions? `reachable_dimension`.
    """

    offsets: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.offsets is None:
            return
        offsets = check_shape("offsets", check_numbers("offsets", self.offsets), (None,)).copy()
        if not np.isfinite(offsets).all():
            came = f"{offsets[~np.isfinite(offsets)][0]:g}"
            raise SettingsError(sentence("finite offsets", came, "leave out words that no text can hold"))
        offsets.setflags(write=False)
        object.__setattr__(self, "offsets", offsets)

    def value(self, scores: np.ndarray, seen: np.ndarray) -> float:
        """NLL of the scores (V, V) on the counts (V, V), in nats per pair; ∞ if a pair that was seen has x = −∞."""
        seen = check_counts("seen", seen)
        return (0.0 - weighted_sum(seen, log_softmax(self._shifted(scores, seen)))) / pair_total(seen)

    def gradient(self, scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Derivative of `value` by each score, (V, V); each row sums to 0."""
        seen = check_counts("seen", seen)
        probabilities = softmax(self._shifted(scores, seen))
        return (seen.sum(axis=1, keepdims=True) * probabilities - seen) / pair_total(seen)

    def optimum(self, seen: np.ndarray) -> tuple[np.ndarray, float]:
        """Return x* = log P* − offsets (V, V), −∞ where nothing was seen, and the conditional entropy."""
        seen = check_counts("seen", seen)
        lowest = conditional_entropy(seen)
        totals = seen.sum(axis=1, keepdims=True)
        known = totals > 0
        with np.errstate(divide="ignore"):
            scores = np.log(seen / np.where(known, totals, 1.0))
        return np.where(known, self._shifted(scores, seen, -1.0), 0.0), lowest

    def _shifted(self, scores: np.ndarray, seen: np.ndarray, sign: float = 1.0) -> np.ndarray:
        """Return scores with the offsets added, or taken off; both (V, V)."""
        scores = check_scores(scores, seen.shape)
        if self.offsets is None:
            return scores
        return scores + sign * check_shape("offsets", self.offsets, (seen.shape[1],))


def mean_divergence(scores: np.ndarray, seen: np.ndarray) -> float:
    """How far a softmax model is from the counts: the gap, in nats per pair.

        gap = 1/T Σ_c N(c) KL(emp_c ‖ p_c) = NLL − H(O|C)          emp_c(o) = N⁺/N(c)        p_c = softmax(x_c)

    N⁺ = seen (V, V), x = scores (V, V). Float64, also for float32 input. Every addend is ≥ 0 (it is
    emp·log(emp/p) − emp + p, whose extra parts cancel over a row), so a small gap is not the difference of two large
    numbers: it is right far below 1e-15, where `Softmax().value(…) − conditional_entropy(…)` is noise.

    Args:
        scores: x_co, (V, V), any offsets added; or logarithms of probabilities, such as those of `sampling_reading`.
        seen: N⁺, (V, V).

    Returns:
        Nats per pair, ≥ 0; 0 only for p_c = emp_c in every row that has a pair.

    Raises:
        ShapeError: if the two differ in shape.
        SettingsError: if a score is NaN or +∞, or a count negative, or all counts are 0.

    >>> mean_divergence(np.zeros((2, 2)), np.eye(2))     # log 2 − 0
    0.6931471805599453
    >>> mean_divergence(np.log([[1.0, 3.0]]), np.array([[10.0, 30.0]])) < 1e-30     # proportional: the optimum
    True
    """
    seen = check_counts("seen", seen)
    total = pair_total(seen)
    fitted = log_softmax(check_scores(scores, seen.shape))
    present = seen > 0
    totals = np.broadcast_to(seen.sum(axis=1, keepdims=True), seen.shape)
    ratio = np.log(seen[present] / totals[present]) - fitted[present]
    divergence = float((seen[present] * (np.expm1(-ratio) + ratio)).sum())
    return (divergence + float((totals[~present] * np.exp(fitted[~present])).sum())) / total


def _below_largest(scores: np.ndarray) -> np.ndarray:
    """Return scores (…, V) less the largest of each row, in float64."""
    scores = check_numbers("scores", scores)
    check_shape("scores", scores, (None,) * max(1, scores.ndim))
    if scores.shape[-1] == 0:
        check_shape("scores", scores, (*scores.shape[:-1], 1))
    largest = scores.max(axis=-1, keepdims=True)
    if not np.isfinite(largest).all():
        came = f"a row whose largest is {largest[~np.isfinite(largest)][0]:g}"
        raise SettingsError(
            sentence("scores with a finite largest one in each row", came, "look for what overflowed before")
        )
    return scores - largest


def _check_pair(center: np.ndarray, context_id: int, context_matrix: np.ndarray) -> tuple[np.ndarray, int, np.ndarray]:
    """Return the three, arrays in float64, if they share D and the row exists."""
    center = check_shape("center", check_numbers("center", center), (None,))
    context_matrix = check_numbers("context_matrix", context_matrix)
    check_shape("context_matrix", context_matrix, (None, len(center)))
    return center, check_integer("context_id", context_id, 0, len(context_matrix) - 1), context_matrix
