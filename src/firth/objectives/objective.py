"""What every objective offers from counts, and how a gradient by the scores becomes one by vectors and biases."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from firth.errors import check_shape
from firth.objectives.counts import check_numbers


class Objective(Protocol):
    """A loss that depends on the pair counts and on the scores alone: what an exact trainer minimises.

    `seen` is N⁺ (V, V), `scores` is X (V, V) with x_co = u_o·v_c, a row for each centre and a column for each row of
    the context matrix: V words, or with `Hierarchical` V − 1 inner nodes. Each objective says in its docstring which
    unit its value has: nats per pair, or a sum of squares.
    """

    def value(self, scores: np.ndarray, seen: np.ndarray) -> float:
        """Loss of these scores on these counts."""

    def gradient(self, scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Derivative of `value` by each score, (V, V)."""

    def optimum(self, seen: np.ndarray) -> tuple[np.ndarray, float]:
        """Best scores if each is free, (V, V), ±∞ where the loss only approaches its infimum; the lowest value."""


def matrix_gradient(
    score_gradient: np.ndarray, center_matrix: np.ndarray, context_matrix: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient by both matrices of a loss whose gradient by the scores is known.

        X = V Uᵀ        ∂L/∂V = G U        ∂L/∂U = Gᵀ V

    G = score_gradient (V, V), ∂L/∂X; V = center_matrix (V, D); U = context_matrix (V, D). Float64.

    Args:
        score_gradient: derivative of the loss by each score, a row for each centre, (V, V).
        center_matrix: a row for each centre word, (V, D).
        context_matrix: a row for each context word, (V, D).

    Returns:
        Gradients by the centre matrix and by the context matrix, (V, D) each.

    Raises:
        ShapeError: if the three do not fit together.

    >>> slope, center_matrix, context_matrix = np.array([[1.0, 2.0]]), np.array([[3.0]]), np.array([[10.0], [20.0]])
    >>> matrix_gradient(slope, center_matrix, context_matrix)     # one centre, two context words, D = 1
    (array([[50.]]), array([[3.], [6.]]))
    """
    slope = check_shape("score_gradient", check_numbers("score_gradient", score_gradient), (None, None))
    center = check_numbers("center_matrix", center_matrix)
    check_shape("center_matrix", center, (slope.shape[0], None))
    context = check_numbers("context_matrix", context_matrix)
    check_shape("context_matrix", context, (slope.shape[1], center.shape[1]))
    return slope @ context, slope.T @ center


def bias_gradient(score_gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient by the biases of both sides, of a loss whose gradient by the scores is known.

        X = V Uᵀ + b_c 1ᵀ + 1 b_oᵀ        ∂L/∂b_c = Σ_o G        ∂L/∂b_o = Σ_c G

    G = score_gradient (V, V), ∂L/∂X. GloVe has such biases. Float64.

    Args:
        score_gradient: derivative of the loss by each score, a row for each centre, (V, V).

    Returns:
        Gradients by the biases of the centre words and of the context words, (V,) each.

    Raises:
        ShapeError: if the argument is no matrix.

    >>> bias_gradient(np.array([[1.0, 2.0], [3.0, 4.0]]))
    (array([3., 7.]), array([4., 6.]))
    """
    slope = check_shape("score_gradient", check_numbers("score_gradient", score_gradient), (None, None))
    return slope.sum(axis=1), slope.sum(axis=0)
