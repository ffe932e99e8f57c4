"""The two ends between which a model's loss lies: the best that knows no centre, and the best that could be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.objectives.logistic import softplus
from firth.objectives.sampling import Sampling
from firth.objectives.softmax import Softmax
from firth.training.table import PairTable


@dataclass(frozen=True)
class Levels:
    """Losses in nats per pair: of the best model of all, and of the best whose score depends on the context alone."""

    bound: float
    unigram: float

    def share_closed(self, loss: float) -> float:
        """Return how much of the way from unigram to bound a loss has gone: 0 … 1, below 0 if worse than unigram."""
        reducible = self.unigram - self.bound
        return (self.unigram - loss) / reducible if reducible > 0 else 1.0


def levels(table: PairTable, objective: Softmax | Sampling) -> Levels:
    """Return bound and unigram loss of the pairs, from the counts alone.

    Softmax: H(O|C) and H(O). Sampling: L*/T, and the loss of x_co = log(N⁺(o)/N⁻(o)). Sums in float64.
    """
    if isinstance(objective, Softmax):
        shares = table.context_marginals[table.context_marginals > 0] / table.total
        bound = float(lowest_losses(table, objective).sum()) / table.total
        return Levels(bound, float(-(shares * np.log(shares)).sum()))
    drawn = _drawn_of_contexts(table, objective)
    seen = table.context_marginals
    with np.errstate(divide="ignore"):
        scores = np.log(seen) - np.log(drawn)
    finite = np.isfinite(scores)
    scores = np.where(finite, scores, 0.0)
    unigram = np.where(finite, seen * softplus(-scores) + drawn * softplus(scores), 0.0).sum()
    return Levels(float(lowest_losses(table, objective).sum()) / table.total, float(unigram) / table.total)


def lowest_losses(table: PairTable, objective: Softmax | Sampling) -> np.ndarray:
    """Return the lowest loss that each centre can have, (V,), in nats: N(c) H(O|c), or its part of L*."""
    result = np.zeros(len(table))
    sums = _sums_of_centers(table, objective)
    for rows, starts, contexts, seen in table.blocks():
        if isinstance(objective, Softmax):
            cells = -seen * np.log(seen / np.repeat(sums[rows], np.diff(starts)))
        else:
            drawn = _drawn_of_cells(objective, np.repeat(sums[rows], np.diff(starts)), contexts, seen)
            held = drawn > 0
            both = np.where(held, seen + drawn, seen)
            safe = np.where(held, drawn, 1.0)
            cells = seen * np.log(both / seen) + np.where(held, drawn * np.log(both / safe), 0.0)
        filled = np.flatnonzero(np.diff(starts))
        if len(filled):
            result[rows][filled] = np.add.reduceat(cells, starts[:-1][filled])
    return result


def _sums_of_centers(table: PairTable, objective: Softmax | Sampling) -> np.ndarray:
    """Return N(c) (V,), with "resample" S(c) = Σ_o N⁺/(1 − q(o))."""
    if isinstance(objective, Sampling) and objective.collisions == "resample":
        return table.row_sums(1.0 / (1.0 - objective.noise))
    return table.marginals


def _drawn_of_cells(objective: Sampling, sums: np.ndarray, contexts: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return N⁻ of some cells, by the objective's rule; `sums` of the centre of each, all (cells,)."""
    noise = objective.noise[contexts]
    if objective.collisions == "resample":
        seen = seen / (1.0 - noise)
    others = sums if objective.collisions == "allow" else np.maximum(sums - seen, 0.0)
    return objective.negatives * noise * others


def _drawn_of_contexts(table: PairTable, objective: Sampling) -> np.ndarray:
    """Return Σ_c N⁻(c, o), (V,), by the objective's rule."""
    total = float(_sums_of_centers(table, objective).sum())
    return _drawn_of_cells(objective, np.full(len(table), total), np.arange(len(table)), table.context_marginals)
