"""The same scores in other coordinates: what a loss can't see, and cosines do.

Scores x = V Uᵀ stay what they are under V → VA, U → UA⁻ᵀ; and where one coordinate of all centres is the same
constant, also under V → V − 1μᵀ, with U's coordinate for that constant taking up U μ. So training leaves the choice of
coordinates open, and neighbours depend on it: here centres have mean 0 and uncorrelated coordinates.
"""

from __future__ import annotations

import numpy as np

EXPONENT = 0.35
"""Variances of the centres' coordinates are λ^EXPONENT, λ those that make both sides equal at ½: chosen by quality."""

_CONSTANT = 2.0**-5
"""The constant coordinate, relative to the length of a centre: cosines do not feel it."""


def chosen_coordinates(
    center: np.ndarray, context: np.ndarray, shares: np.ndarray, *, exponent: float = EXPONENT
) -> tuple[np.ndarray, np.ndarray]:
    """Return both matrices with the same scores in the coordinates that neighbours are looked up in.

    With C_V and C_U the covariances of centres and contexts (weighted by shares; without the constant coordinate) and λ
    the eigenvalues of C_V C_U, centres get the diagonal covariance λ^exponent and contexts λ^(1 − exponent).

    Args:
        center: centre matrix (V, D), its last coordinate the same constant in all rows.
        context: context matrix (V, D).
        shares: of pairs that each word has, (V,), sum 1.
        exponent: from 0 (all directions count alike) over ½ (both sides alike) to 1.

    Levy, Goldberg & Dagan 2015, §3.3 (eigenvalue weighting), for any factorisation.
    """
    weights = shares[:, np.newaxis]
    left, right = center[:, :-1].astype(np.float64), context[:, :-1].astype(np.float64)
    constant = float(center[0, -1])
    mean = (weights * left).sum(axis=0)
    left -= mean
    of_contexts = right - (weights * right).sum(axis=0)
    inner = _root((weights * of_contexts).T @ of_contexts)
    values, directions = np.linalg.eigh(inner.T @ ((weights * left).T @ left) @ inner)
    values = np.maximum(values, 1e-12 * max(values.max(initial=0.0), 1e-300))
    change = inner @ (directions * values ** ((exponent - 1) / 2))[:, ::-1]  # the widest coordinate first
    bias = context[:, -1].astype(np.float64) * constant + right @ mean
    return with_bias(left @ change, right @ np.linalg.inv(change).T, bias, shares)


def with_bias(
    center: np.ndarray, context: np.ndarray, bias: np.ndarray, shares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return both matrices with one coordinate more, (V, D + 1) float64, that adds the bias (V,) to all scores.

    In the centres it is a constant, a power of two near a 32nd of their length (by shares (V,)): cosines don't feel it.
    """
    length = np.sqrt((shares[:, np.newaxis] * center.astype(np.float64) ** 2).sum())
    constant = 2.0 ** np.round(np.log2(max(_CONSTANT * length, 1e-30)))
    left = np.column_stack([center.astype(np.float64), np.full(len(center), constant)])
    return left, np.column_stack([context.astype(np.float64), bias / constant])


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return the Cholesky factor of a covariance, held off zero where a direction is not used."""
    least = 1e-9 * max(np.trace(covariance), 1e-30)
    return np.linalg.cholesky(covariance + least * np.eye(len(covariance)))
