"""The optimum itself, where there are few words: the whole gradient in float64, and SciPy's L-BFGS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from firth.objectives.sampling import Sampling
from firth.objectives.softmax import Softmax
from firth.randomness import random_uniform, stream_key
from firth.training.all_cells import Sweep
from firth.training.table import PairTable

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


def value_and_gradients(sweep: Sweep, center: np.ndarray, context: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the loss in nats per pair and its gradients by both matrices (V, D), over all cells of a sweep."""
    total = sweep.table.total
    by_center, by_context = np.zeros_like(center), np.zeros_like(context)

    def step(first: int, last: int, gradient: np.ndarray) -> None:
        by_context[first:last] += gradient

    loss = 0.0
    for rows in sweep.blocks(sweep.centers):
        losses, gradient = sweep.gradient(rows, center, context, step)
        loss += float(losses.sum())
        by_center[rows] = gradient * sweep.table.marginals[rows, np.newaxis]
    return loss / total, by_center / total, by_context / total


def fit_to_optimum(
    table: PairTable,
    objective: Softmax | Sampling,
    *,
    dimensions: int,
    l2: float = 0.0,
    seed: int = 1,
    threads: int = 1,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Minimise an objective of few words to rounding.

    Args:
        table: the pairs, expectations in float64.
        objective: `Softmax()` or a `Sampling`.
        dimensions: D.
        l2: λ of ½ λ (‖V‖² + ‖U‖²), added to the loss per pair.
        seed: of the start.
        threads: that share panels.

    Returns:
        Centre and context matrix (V, D), float64, and the loss in nats per pair, without the penalty.

    Nocedal & Wright 2006, ch. 7: L-BFGS.
    """
    from scipy.optimize import minimize

    shape = (2, len(table), dimensions)
    start = random_uniform(stream_key(seed, "start"), np.arange(np.prod(shape))) - 0.5
    with Sweep(table, objective, threads=threads, dtype=np.float64) as sweep:

        def function(flat: np.ndarray) -> tuple[float, np.ndarray]:
            center, context = flat.reshape(shape)
            value, *gradients = value_and_gradients(sweep, center, context)
            return value + l2 / 2 * float((flat**2).sum()), np.concatenate(gradients).ravel() + l2 * flat

        options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-16, "gtol": 1e-12, "maxcor": 30}
        center, context = minimize(function, start, jac=True, method="L-BFGS-B", options=options).x.reshape(shape)
        return center, context, value_and_gradients(sweep, center, context)[0]


def best_contexts(
    table: PairTable,
    objective: Softmax | Sampling,
    center: np.ndarray,
    *,
    offsets: np.ndarray | None = None,
    tolerance: float = 1e-5,
    most: int = 200,
    threads: int = 1,
    dtype: type = np.float32,
) -> tuple[np.ndarray, float]:
    """Find the context matrix that goes best with a centre matrix. The problem is convex: there is one lowest loss.

    Centres are whitened first, and contexts weighed by how often they are seen, so that curvatures are about alike.

    Args:
        table: the pairs; expectations of type `dtype`.
        objective: `Softmax()` or a `Sampling`.
        center: centre matrix (V, D), which stays.
        offsets: added to the scores of each context, (V,).
        tolerance: a step that gains less, in nats per pair, is the last.
        most: sweeps over all cells at most.
        threads: that share panels.
        dtype: of the scores.

    Returns:
        Context matrix (V, D) of `dtype`, and the loss in nats per pair.
    """
    from scipy.optimize import minimize

    shares = table.marginals / table.total
    whitened, back = _whitened(center, shares)
    dimensions = whitened.shape[1]
    if offsets is not None:
        whitened = np.column_stack([whitened, np.ones(len(table))])
    whitened = np.ascontiguousarray(whitened, dtype)
    seen = table.context_marginals / table.total
    scales = 1 / np.sqrt(np.maximum(seen, seen[seen > 0].min(initial=1.0)))[:, np.newaxis]
    with Sweep(table, objective, threads=threads, dtype=dtype) as sweep:

        def contexts(flat: np.ndarray) -> np.ndarray:
            own = flat.reshape(-1, dimensions) * scales
            return np.ascontiguousarray(own if offsets is None else np.column_stack([own, offsets]), dtype)

        def function(flat: np.ndarray) -> tuple[float, np.ndarray]:
            value, _, gradient = value_and_gradients(sweep, whitened, contexts(flat))
            return value, (gradient[:, :dimensions].astype(np.float64) * scales).ravel()

        options = {"maxiter": most, "maxfun": most, "ftol": 0.0, "gtol": 0.0, "maxcor": 10}
        values: list[float] = []

        def stop_when_flat(intermediate_result: OptimizeResult) -> None:
            values.append(float(intermediate_result.fun))
            if len(values) > 3 and values[-4] - values[-1] < 3 * tolerance:
                raise StopIteration

        start = np.zeros(len(table) * dimensions)
        found = minimize(function, start, jac=True, method="L-BFGS-B", callback=stop_when_flat, options=options)
        best = contexts(found.x)[:, :dimensions].astype(np.float64) @ back
        return best.astype(dtype), function(found.x)[0]


def _whitened(center: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return centres with second moments 1 (V, R), R their rank, and what turns contexts of those back (R, D)."""
    center = center.astype(np.float64)
    values, directions = np.linalg.eigh((shares[:, np.newaxis] * center).T @ center)
    used = values > 1e-10 * max(values.max(initial=0.0), 1e-300)
    change = directions[:, used] / np.sqrt(values[used])
    return center @ change, change.T
