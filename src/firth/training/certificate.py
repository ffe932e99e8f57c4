"""How far two matrices are from the best of any dimension, where both are held by an L2 weight.

For F = L(VUᵀ) + ½ λ (‖V‖² + ‖U‖²), L convex in X = VUᵀ and ≥ 0, at a stationary point

    F − F* ≤ max(0, ‖∂L/∂X‖₂ − λ) · F/λ

over all dimensions; away from one, ½ (⟨∂F/∂V, V⟩ + ⟨∂F/∂U, U⟩) is added. The spectral norm is approached from below.

Haeffele & Vidal 2015 · Bach, Mairal & Ponce 2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.objectives.sampling import Sampling
from firth.objectives.softmax import Softmax
from firth.randomness import random_uniform, stream_key
from firth.training.all_cells import Sweep
from firth.training.optimum import value_and_gradients
from firth.training.table import PairTable


@dataclass(frozen=True)
class Certificate:
    """What is proved of two matrices, in nats per pair.

    Attributes:
        value: F, the loss with its penalty.
        distance: bound of F − F* over all dimensions; 0 if this is the best there can be.
        spectral_norm: of ∂L/∂X, as far as it was approached: λ or less proves the optimum.
        residual: how far the norm's vectors still turned in the last step, relative: it may be larger by about as much.
        stationarity: ½ (⟨∂F/∂V, V⟩ + ⟨∂F/∂U, U⟩), 0 at a stationary point.
    """

    value: float
    distance: float
    spectral_norm: float
    residual: float
    stationarity: float


def certificate(
    table: PairTable,
    objective: Softmax | Sampling,
    center: np.ndarray,
    context: np.ndarray,
    *,
    l2: float,
    steps: int = 100,
    seed: int = 1,
    threads: int = 1,
) -> Certificate:
    """Bound the distance of two matrices from the best of any dimension.

    Args:
        table: the pairs.
        objective: `Softmax()` or a `Sampling`.
        center: centre matrix (V, D); its type is that of the scores.
        context: context matrix (V, D).
        l2: λ > 0.
        steps: of the power iteration, at most: a sweep each.
        seed: of its start.
        threads: that share panels.
    """
    with Sweep(table, objective, threads=threads, dtype=center.dtype.type) as sweep:
        loss, by_center, by_context = value_and_gradients(sweep, center, context)
        squares = float((center.astype(np.float64) ** 2).sum() + (context.astype(np.float64) ** 2).sum())
        turned = float((by_center * center).sum(dtype=np.float64) + (by_context * context).sum(dtype=np.float64))
        norm, residual = _spectral_norm(sweep, center, context, steps, seed)
    value = loss + l2 / 2 * squares
    stationarity = (turned + l2 * squares) / 2
    distance = max(0.0, norm - l2) * value / l2 + max(0.0, stationarity)
    return Certificate(value, distance, norm, residual, stationarity)


def _spectral_norm(sweep: Sweep, center: np.ndarray, context: np.ndarray, steps: int, seed: int) -> tuple[float, float]:
    """Return ‖∂L/∂X‖₂ by power iteration with GᵀG, and how far the last step turned."""
    count = len(sweep.table)
    right = (random_uniform(stream_key(seed, "start"), np.arange(count)) - 0.5).astype(center.dtype)
    right /= np.linalg.norm(right)
    norm, residual = 0.0, np.inf
    for _ in range(steps):
        product = np.zeros(count)
        for rows in sweep.blocks(sweep.centers):
            product += sweep.squared_product(rows, center, context, right)
        square = float(np.linalg.norm(product))
        norm = np.sqrt(square) / sweep.table.total
        if square == 0:
            return 0.0, 0.0
        following = (product / square).astype(center.dtype)
        residual = float(np.linalg.norm(following - right))
        right = following
        if residual < 1e-6:
            break
    return float(norm), residual
