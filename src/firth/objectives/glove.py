"""GloVe: weighted least squares on the logarithms of the counts, with gradients and optimum, in float64.

Of one pair (centre c, context o) that was seen N times:

    J = f(N) (u_o·v_c + b_c + b_o − log N)²          f(N) = min(1, (N/cutoff)^power), 0 for N = 0

The GloVe loss is a function of the pair counts by definition: there are no noise words, and pairs never seen do not
matter. The paper counts a pair at distance δ as 1/δ (`Observations(window_weights="harmonic")`).

Pennington, Socher & Manning 2014, eqs. 8 and 9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from firth.errors import check_number, check_shape
from firth.objectives.counts import check_counts, check_numbers, check_scores, weighted_sum

CUTOFF = 100.0
POWER = 0.75


def glove_weights(seen: np.ndarray, *, cutoff: float = CUTOFF, power: float = POWER) -> np.ndarray:
    """Weight of each pair in the GloVe loss.

        f(N) = min(1, (N/cutoff)^power)          f(0) = 0

    N = seen (V, V).

    Args:
        seen: N⁺, (V, V).
        cutoff: count from which on all pairs weigh 1, > 0; x_max in the paper, 100.
        power: exponent below the cutoff, ≥ 0; α in the paper, 0.75.

    Returns:
        Weights from 0 to 1, (V, V); 0 exactly where nothing was seen, whatever the power.

    Raises:
        ShapeError: if the counts are no matrix.
        SettingsError: if a count is negative, the cutoff not above 0 or the power negative.

    >>> glove_weights(np.array([[0.0, 1.0, 16.0, 50.0]]), cutoff=16)
    array([[0.   , 0.125, 1.   , 1.   ]])
    """
    seen = check_counts("seen", seen)
    check_number("cutoff", cutoff, 0, math.inf, open_below=True)
    check_number("power", power, 0, math.inf)
    return np.where(seen > 0, np.minimum(1.0, seen / cutoff) ** power, 0.0)


def glove_loss(
    center: np.ndarray,
    context: np.ndarray,
    *,
    center_bias: float,
    context_bias: float,
    count: float,
    cutoff: float = CUTOFF,
    power: float = POWER,
) -> float:
    """GloVe loss of one pair, a weighted square of nats.

        J = f(N) (u·v + b_c + b_o − log N)²          f(N) = min(1, (N/cutoff)^power)

    v = center (D,), u = context (D,), b_c = center_bias, b_o = context_bias, N = count. Float64, also for
    float32 input.
    Convention: no factor ½, as in the paper; glove.c halves value and gradient.

    Args:
        center: vector of the centre word, (D,).
        context: vector of the word seen beside it, (D,).
        center_bias: b_c.
        context_bias: b_o.
        count: N, how often the pair was seen, ≥ 0.
        cutoff: count from which on all pairs weigh 1.
        power: exponent of the weight below the cutoff.

    Returns:
        Squared nats, ≥ 0; 0 for a pair that was never seen.

    Raises:
        ShapeError: if the vectors do not share D.
        SettingsError: if the count is negative, the cutoff not above 0 or the power negative.

    >>> glove_loss(np.ones(2), np.ones(2), center_bias=0.5, context_bias=0.5, count=1, cutoff=1)     # (2 + 1 − log 1)²
    9.0

    Gradient: `glove_gradient`. From counts: `Glove`.
    """
    center, context, bias, seen = _check_pair(center, context, center_bias, context_bias, count)
    return Glove(cutoff=cutoff, power=power).value(np.array([[context @ center + bias]]), seen)


def glove_gradient(
    center: np.ndarray,
    context: np.ndarray,
    *,
    center_bias: float,
    context_bias: float,
    count: float,
    cutoff: float = CUTOFF,
    power: float = POWER,
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Gradient of `glove_loss` by both vectors and both biases.

        g = 2 f(N) (u·v + b_c + b_o − log N)          ∂J/∂v = g u          ∂J/∂u = g v          ∂J/∂b_c = ∂J/∂b_o = g

    v = center (D,), u = context (D,), b_c = center_bias, b_o = context_bias, N = count. Float64, also for
    float32 input.
    The paper gives the biases the same step as the vectors; glove.c has lost the learning rate of theirs since 2020.

    Args:
        center: vector of the centre word, (D,).
        context: vector of the word seen beside it, (D,).
        center_bias: b_c.
        context_bias: b_o.
        count: N, how often the pair was seen, ≥ 0.
        cutoff: count from which on all pairs weigh 1.
        power: exponent of the weight below the cutoff.

    Returns:
        Gradients by center (D,), context (D,), center_bias and context_bias.

    Raises:
        ShapeError: if the vectors do not share D.
        SettingsError: if the count is negative, the cutoff not above 0 or the power negative.

    >>> settings = {"center_bias": 0.5, "context_bias": 0.5, "count": 1, "cutoff": 1}
    >>> glove_gradient(np.array([1.0]), np.array([2.0]), **settings)     # g = 2 (2 + 1)
    (array([12.]), array([6.]), 6.0, 6.0)
    """
    center, context, bias, seen = _check_pair(center, context, center_bias, context_bias, count)
    scores = np.array([[context @ center + bias]])
    slope = float(Glove(cutoff=cutoff, power=power).gradient(scores, seen)[0, 0])
    return slope * context, slope * center, slope, slope


@dataclass(frozen=True, kw_only=True)
class Glove:
    """The GloVe loss from counts. Squared nats, weighted, summed over the cells (not a mean).

        value      L = Σ_{N > 0} f(N) (x − log N)²          f(N) = min(1, (N/cutoff)^power)
        gradient   ∂L/∂X = 2 f(N) (x − log N)
        optimum    x* = log N, with L = 0; 0 where N = 0, as the score is free there

    N = seen (V, V), X = scores (V, V), which hold the biases: x_co = u_o·v_c + b_c + b_o. By the biases the gradient is
    `bias_gradient`. Float64, also for float32 input.
    Convention: no factor ½ (the paper's eq. 8; glove.c halves value and gradient, and shows a mean over cells). Counts
    are taken as they come: half the counts have another optimum and other weights, as the cutoff is a count.

    Args:
        cutoff: count from which on all pairs weigh 1, > 0; x_max in the paper.
        power: exponent of the weight below the cutoff, ≥ 0; α in the paper.

    Raises:
        SettingsError: if the cutoff is not above 0 or the power negative.

    >>> Glove(cutoff=1).value(np.array([[3.0, 7.0]]), np.array([[1.0, 0.0]]))     # (3 − log 1)²
    9.0
    >>> Glove(cutoff=1).gradient(np.array([[3.0, 7.0]]), np.array([[1.0, 0.0]]))
    array([[6., 0.]])

    Pennington, Socher & Manning 2014, eq. 8.
    """

    cutoff: float = CUTOFF
    power: float = POWER

    def __post_init__(self) -> None:
        check_number("cutoff", self.cutoff, 0, math.inf, open_below=True)
        check_number("power", self.power, 0, math.inf)

    def value(self, scores: np.ndarray, seen: np.ndarray) -> float:
        """Loss of the scores (V, V) on the counts (V, V), in weighted squared nats, summed."""
        weights, errors = self._errors(scores, seen)
        return weighted_sum(weights, errors**2)

    def gradient(self, scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Derivative of `value` by each score, (V, V)."""
        weights, errors = self._errors(scores, seen)
        return 2 * weights * errors

    def optimum(self, seen: np.ndarray) -> tuple[np.ndarray, float]:
        """Return log N (V, V), 0 where nothing was seen, and 0."""
        return _log_counts(check_counts("seen", seen)), 0.0

    def _errors(self, scores: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return f(N) and x − log N (V, V); both 0 where nothing was seen."""
        seen = check_counts("seen", seen)
        scores = check_scores(scores, seen.shape)
        weights = glove_weights(seen, cutoff=self.cutoff, power=self.power)
        return weights, np.where(seen > 0, scores - _log_counts(seen), 0.0)


def _log_counts(seen: np.ndarray) -> np.ndarray:
    """Return log N (V, V), 0 where N = 0."""
    return np.log(np.where(seen > 0, seen, 1.0))


def _check_pair(
    center: np.ndarray, context: np.ndarray, center_bias: float, context_bias: float, count: float
) -> tuple[np.ndarray, np.ndarray, float, np.ndarray]:
    """Return the vectors in float64 if they share D, the sum of the biases and the count as a matrix."""
    center = check_shape("center", check_numbers("center", center), (None,))
    context = check_shape("context", check_numbers("context", context), (len(center),))
    check_number("count", count, 0, math.inf)
    bias = check_number("center_bias", center_bias, -math.inf, math.inf)
    bias += check_number("context_bias", context_bias, -math.inf, math.inf)
    return center, context, bias, np.array([[float(count)]])
