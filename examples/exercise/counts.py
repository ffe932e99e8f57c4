"""What the run minimises, from counts: every window that can be drawn, with its probability. No sampling.

Per window, with N⁺(c, o) how often o is seen beside the centre word c, and N⁻(c, o) how often it is drawn as noise:

    L = Σ_co N⁺ softplus(−x) + N⁻ softplus(x)          x_co = u_o·v_c

Sentence s of n is drawn with probability 1/n, a position in it with 1/ℓ_s, and both again while its context is empty.
With Z_R the probability that it is not empty at half-width R,

    N⁺(c, o) = 1/5 Σ_R 1/Z_R Σ_{positions of c} #(occurrences of o ≠ c within R) / (n ℓ_s)          R = 1 … 5

A negative is drawn from q = slots/10⁶, and again while it equals the context word o′: o ≠ o′ with q(o)/(1 − q(o′)).

    N⁻(c, o) = K q(o) (S(c) − N⁺(c, o)/(1 − q(o)))          S(c) = Σ_o′ N⁺(c, o′)/(1 − q(o′))
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from draws import Sampler
from firth.objectives import lowest_corpus_loss
from firth.objectives.logistic import softplus
from sentences import Sentences

BLOCK_CELLS = 1 << 22
"""Cells scored at once: 32 MB for each array of them, whatever V."""


def count_windows(kept: Sentences, words: int, half_width: int) -> sparse.csr_array:
    """Return N⁺, (V, V): how often o is seen beside c in one window drawn, in expectation.

    Half-widths R ≥ δ see the pairs at distance δ, so each distance is counted once, with weight 1/5 Σ_{R ≥ δ} 1/Z_R.
    """
    lengths = kept.lengths()
    owner = np.repeat(np.arange(len(kept)), lengths)
    chance = 1.0 / (len(kept) * lengths[owner])  # of each position, (T,)
    has_context = np.zeros(len(kept.ids), dtype=bool)
    at_distance, chance_of_context = [], []
    for distance in range(1, half_width + 1):
        left = np.flatnonzero((owner[:-distance] == owner[distance:]) & (kept.ids[:-distance] != kept.ids[distance:]))
        right = left + distance
        has_context[left] = has_context[right] = True
        chance_of_context.append(chance[has_context].sum())  # Z_R at R = distance
        cells = (kept.ids[left], kept.ids[right])
        found = sparse.coo_array((chance[left], cells), shape=(words, words)).tocsr()
        at_distance.append(found + found.T)
    weights = np.cumsum(1.0 / np.array(chance_of_context)[::-1])[::-1] / half_width
    return sum(weight * found for weight, found in zip(weights, at_distance, strict=True)).tocsr()


@dataclass(frozen=True)
class Objective:
    """The run's own objective.

    Attributes:
        seen: N⁺, (V, V), sparse.
        noise: q, the share of each word in the slots of the noise table, (V,).
        negatives: K.
    """

    seen: sparse.csr_array
    noise: np.ndarray
    negatives: int

    def pairs(self) -> float:
        """Return T, the pairs of one window in expectation."""
        return float(self.seen.sum())

    def loss(self, center: np.ndarray, context: np.ndarray) -> float:
        """Return the loss of these vectors, in nats per window.

        All V² cells are scored, in blocks of rows, as if N⁻ were K q(o) S(c); the cells with N⁺ > 0 then give back
        what that is too much.
        """
        total = self.negatives * (1.0 / (1.0 - self.noise) @ self._noise_losses(center, context))
        rows, columns, seen = self._cells()
        step = max(1, BLOCK_CELLS // center.shape[1])
        for first in range(0, len(seen), step):
            here = slice(first, first + step)
            scores = np.einsum("id,id->i", center[rows[here]], context[columns[here]])
            excess = self.negatives * self.noise[columns[here]] / (1.0 - self.noise[columns[here]])
            total += seen[here] @ (softplus(-scores) - excess * softplus(scores))
        return float(total)

    def _noise_losses(self, center: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Return Σ_c N⁺(c, o′) Σ_o q(o) softplus(x_co) for each o′, (V,)."""
        of_center = np.zeros(len(center))
        used = np.flatnonzero(np.diff(self.seen.indptr))  # a word that is never a centre costs nothing
        step = max(1, BLOCK_CELLS // len(context))
        for first in range(0, len(used), step):
            rows = used[first : first + step]
            of_center[rows] = softplus(center[rows] @ context.T) @ self.noise
        return self.seen.T @ of_center

    def lowest_loss(self) -> float:
        """Return the bound: what no vectors of any dimension can go below, in nats per window."""
        rows, columns, seen = self._cells()
        inverse = 1.0 / (1.0 - self.noise)
        drawn = self.negatives * self.noise[columns] * ((self.seen @ inverse)[rows] - seen * inverse[columns])
        return lowest_corpus_loss(seen[None], np.maximum(drawn, 0.0)[None])

    def unigram_loss(self) -> float:
        """Return the loss of the best scores that depend on the context word alone: one row of cells for all."""
        inverse = 1.0 / (1.0 - self.noise)
        seen = self.seen.sum(axis=0)
        drawn = self.negatives * self.noise * (seen @ inverse - seen * inverse)
        return lowest_corpus_loss(seen[None], np.maximum(drawn, 0.0)[None])

    def constant_loss(self) -> float:
        """Return the loss if every pair has the same score, the best one: x = −log K. It knows nothing of any word.

        A corpus whose cells share one score is a corpus of one cell, and K negatives are drawn for each pair seen.
        """
        pairs = self.pairs()
        return lowest_corpus_loss(np.array([[pairs]]), np.array([[self.negatives * pairs]]))

    def _cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return row, column and value of the cells with N⁺ > 0."""
        cells = self.seen.tocoo()
        return *cells.coords, cells.data


def objective_of(sampler: Sampler) -> Objective:
    """Return the objective of the windows and negatives that a sampler draws, once it has drawn its copies."""
    words, recipe = len(sampler.text.words), sampler.recipe
    noise = np.bincount(sampler.table, minlength=words) / recipe.slots
    return Objective(count_windows(sampler.kept, words, recipe.half_width), noise, recipe.negatives)
