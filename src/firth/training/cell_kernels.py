"""What is done to a block of scores on its way to a gradient: in place, once in all cells, and where pairs were seen.

A *block* is some centre rows against a panel of neighbouring context rows. All cells first become what the unseen ones
give (eˣ for the softmax, K q σ(x) for sampling); then the pairs that were seen are taken off, so that two matrix
products with what is left are the gradients.
"""

from __future__ import annotations

import math

import numpy as np

from firth.compiling import compiled
from firth.training.cell_lanes import exponentials, weighted_logistic, weighted_softplus
from firth.training.lanes import VECTOR

# No fast-math where powers are taken: it "simplifies" the sums that round a number to a whole one.


@compiled()
def weigh_softmax(scores: np.ndarray, shifts: np.ndarray, sums: np.ndarray) -> None:
    """Replace scores by e^(x − shift), held to e^±86 (float64: e^±693).

    Args:
        scores: of a block, (B, n).
        shifts: of each row, (B,), near the logarithm of its sum.
        sums: where the sum of each row goes, (B,) float64.
    """
    count = scores.shape[1]
    lanes = VECTOR // scores.itemsize
    lines = count // lanes
    for r in range(len(scores)):
        row = scores[r]
        total = exponentials(row, shifts[r], lines)
        for j in range(lines * lanes, count):
            row[j] = np.exp(min(max(row[j] - shifts[r], scores.dtype.type(-86)), scores.dtype.type(86)))
            total += row[j]
        sums[r] = total


@compiled()
def weigh_sampling(scores: np.ndarray, noise: np.ndarray, sums: np.ndarray) -> None:
    """Replace scores by K q(o) σ(x), and add up K q(o) softplus(x) of each row.

    Args:
        scores: of a block, (B, n).
        noise: K q(o) of the panel, (n,), of the type of the scores.
        sums: where the sum of each row goes, (B,) float64.
    """
    count = scores.shape[1]
    lanes = VECTOR // scores.itemsize
    lines = count // lanes
    for r in range(len(scores)):
        row = scores[r]
        total = weighted_softplus(row, noise, lines)
        for j in range(lines * lanes, count):
            small = math.exp(-abs(row[j]))
            total += noise[j] * (max(row[j], 0.0) + math.log1p(small))
            row[j] = noise[j] * (1.0 if row[j] > 0 else small) / (1.0 + small)
        sums[r] = total


@compiled()
def weigh_bounded(scores: np.ndarray, most: np.ndarray, sums: np.ndarray) -> None:
    """Replace scores y by most(o) σ(y), and add up each row; arguments as in `weigh_sampling`."""
    count = scores.shape[1]
    lanes = VECTOR // scores.itemsize
    lines = count // lanes
    for r in range(len(scores)):
        row = scores[r]
        total = weighted_logistic(row, most, lines)
        for j in range(lines * lanes, count):
            small = math.exp(-abs(row[j]))
            row[j] = most[j] * (1.0 if row[j] > 0 else small) / (1.0 + small)
            total += row[j]
        sums[r] = total


@compiled()
def score_bounded(
    found: np.ndarray,
    rows: np.ndarray,
    begins: np.ndarray,
    expectations: np.ndarray,
    contexts: np.ndarray,
    logarithms: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Add up N⁺ (log most(o) − softplus(−y)) of each row; logarithms (V,)."""
    k = 0
    for r in range(len(rows)):
        total = 0.0
        for cell in range(begins[0, rows[r]], begins[1, rows[r]]):
            y = np.float64(found[k])
            k += 1
            total += expectations[cell] * (logarithms[contexts[cell]] - max(-y, 0.0) - math.log1p(math.exp(-abs(y))))
        sums[r] = total


@compiled()
def gather(
    scores: np.ndarray, rows: np.ndarray, begins: np.ndarray, contexts: np.ndarray, first: int, found: np.ndarray
) -> None:
    """Read the scores of the pairs that were seen.

    Args:
        scores: of a block, (B, n).
        rows: the centres, (B,).
        begins: where the cells of each centre begin in this panel and in the next, (2, V) int64.
        contexts: of all cells, (nnz,) int32.
        first: context of the panel's first column.
        found: where the scores go, as the cells lie one after the other, (cells of the block,).
    """
    k = 0
    for r in range(len(rows)):
        row = scores[r]
        for cell in range(begins[0, rows[r]], begins[1, rows[r]]):
            found[k] = row[contexts[cell] - first]
            k += 1


@compiled()
def score_softmax(
    found: np.ndarray, rows: np.ndarray, begins: np.ndarray, expectations: np.ndarray, sums: np.ndarray
) -> None:
    """Add up N⁺ x of each row; `found` from `gather`, sums (B,) float64."""
    k = 0
    for r in range(len(rows)):
        total = 0.0
        for cell in range(begins[0, rows[r]], begins[1, rows[r]]):
            total += expectations[cell] * np.float64(found[k])
            k += 1
        sums[r] = total


@compiled()
def score_sampling(
    found: np.ndarray,
    rows: np.ndarray,
    begins: np.ndarray,
    expectations: np.ndarray,
    contexts: np.ndarray,
    undrawn: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Add up N⁺ (undrawn(o) softplus(x) − softplus(−x)) of each row; undrawn (V,): noise not drawn for a pair seen."""
    k = 0
    for r in range(len(rows)):
        total = 0.0
        for cell in range(begins[0, rows[r]], begins[1, rows[r]]):
            x = np.float64(found[k])
            k += 1
            tail = math.log1p(math.exp(-abs(x)))
            total += expectations[cell] * (undrawn[contexts[cell]] * (max(x, 0.0) + tail) - max(-x, 0.0) - tail)
        sums[r] = total


@compiled()
def take_off_softmax(
    scores: np.ndarray,
    rows: np.ndarray,
    scales: np.ndarray,
    begins: np.ndarray,
    cells: tuple[np.ndarray, np.ndarray],
    first: int,
) -> None:
    """Take N⁺ / scale off the weighed scores: what is left, times scale, is N(c) P − N⁺.

    Args:
        scores: weighed, (B, n).
        rows: the centres, (B,).
        scales: N(c) / Z(c), (B,).
        begins: as in `gather`.
        cells: contexts and expectations of all cells, (nnz,) each.
        first: context of the panel's first column.
    """
    contexts, expectations = cells
    for r in range(len(rows)):
        row = scores[r]
        inverse = 1.0 / scales[r]
        for cell in range(begins[0, rows[r]], begins[1, rows[r]]):
            row[contexts[cell] - first] -= expectations[cell] * inverse


@compiled()
def take_off_sampling(
    scores: np.ndarray,
    rows: np.ndarray,
    scales: np.ndarray,
    begins: np.ndarray,
    cells: tuple[np.ndarray, np.ndarray],
    first: int,
    noise: np.ndarray,
    undrawn: np.ndarray,
) -> None:
    """Take N⁺ (σ(−x) + undrawn(o) σ(x)) / scale off the weighed scores; times scale, N⁻ σ(x) − N⁺ σ(−x) is left.

    Args:
        scores: weighed, (B, n).
        rows: the centres, (B,).
        scales: what K q(o) is multiplied with in N⁻, (B,).
        begins: as in `gather`.
        cells: contexts and expectations of all cells, (nnz,) each.
        first: context of the panel's first column.
        noise: K q(o), (V,).
        undrawn: share of N⁺ that is not drawn as noise, (V,).
    """
    contexts, expectations = cells
    for r in range(len(rows)):
        row = scores[r]
        inverse = 1.0 / scales[r]
        for cell in range(begins[0, rows[r]], begins[1, rows[r]]):
            context = contexts[cell]
            share = row[context - first] / noise[context]
            row[context - first] -= expectations[cell] * inverse * (1.0 - share + undrawn[context] * share)


@compiled(fast_math=True)
def adaptive_step(
    matrix: np.ndarray, rows: np.ndarray, gradient: np.ndarray, squares: np.ndarray, rate: float, fade: float
) -> None:
    """Move rows against their gradient, each number by `rate` in units of its own root of summed squares.

    Args:
        matrix: whose rows move, (V, D).
        rows: which, (B,).
        gradient: by these rows, (B, D).
        squares: sums of squared gradients so far, (V, D).
        rate: length of a first step.
        fade: what is left of the older squares.

    Duchi et al. 2011 (AdaGrad), with forgetting.
    """
    step, keep, least = matrix.dtype.type(rate), matrix.dtype.type(fade), matrix.dtype.type(1e-12)
    for i in range(len(rows)):
        row, own, change = matrix[rows[i]], squares[rows[i]], gradient[i]
        for d in range(matrix.shape[1]):
            total = keep * own[d] + change[d] * change[d]
            own[d] = total
            row[d] -= step * change[d] / np.sqrt(total + least)


@compiled()
def panel_begins(starts: np.ndarray, contexts: np.ndarray, edges: np.ndarray, begins: np.ndarray) -> None:
    """Find where the cells of each row begin in each panel; edges (P + 1,), begins (P + 1, V)."""
    for row in range(len(starts) - 1):
        cell = starts[row]
        for panel in range(len(edges)):
            while cell < starts[row + 1] and contexts[cell] < edges[panel]:
                cell += 1
            begins[panel, row] = cell
