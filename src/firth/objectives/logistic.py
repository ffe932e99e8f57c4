"""σ and softplus in float64, exact to rounding and finite for every score."""

from __future__ import annotations

import numpy as np


def sigmoid(score: np.ndarray | float) -> np.ndarray:
    """Return σ(x) = 1 / (1 + e⁻ˣ), any shape.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    small = np.exp(-np.abs(score))
    return np.where(np.asarray(score) >= 0, 1.0, small) / (1.0 + small)


def softplus(score: np.ndarray | float) -> np.ndarray:
    """Return log(1 + eˣ) = −log σ(−x), in nats, any shape.

    >>> softplus(np.array([-1000.0, 0.0, 1000.0]))
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    return np.maximum(score, 0.0) + np.log1p(np.exp(-np.abs(score)))
