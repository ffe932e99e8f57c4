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
    moved = left @ change
    length = np.sqrt((weights * moved**2).sum())
    new_constant = 2.0 ** np.round(np.log2(max(_CONSTANT * length, 1e-30)))
    bias = (context[:, -1].astype(np.float64) * constant + right @ mean) / new_constant
    turned = right @ np.linalg.inv(change).T
    pairs = (moved, np.full(len(center), new_constant)), (turned, bias)
    return tuple(np.column_stack(pair).astype(center.dtype) for pair in pairs)  # type: ignore[return-value]


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return the Cholesky factor of a covariance, held off zero where a direction is not used."""
    least = 1e-9 * max(np.trace(covariance), 1e-30)
    return np.linalg.cholesky(covariance + least * np.eye(len(covariance)))
