"""Weighted least squares of one side's rows, the other side's held: a few steps of conjugate gradients per row.

    minimise   Σ_k f_k (x·y_k − t_k)² + ridge ‖x without its biases‖²          k: the cells of a row, t_k = log N⁺

Each row holds D coordinates and two places for biases: centres (v, b_c, 1), contexts (u, 1, b_o), so that a product
of rows is a score. The place that is 1 stays 1. Conjugate gradients begin where the row is, preconditioned by the
diagonal; no step makes the row's loss larger, and as many steps as there are unknowns solve it (Hestenes & Stiefel
1952).
"""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled
from firth.training.sparse_rows import score_row, sum_row

PLACES = 2
"""Places for biases behind the D coordinates."""

# Rows of a thread's room, each as long as a row of the matrices.
_RESIDUAL, _DIRECTION, _IMAGE, _DIAGONAL = range(4)
WORKING_ROWS = 4


@compiled()
def weigh_cells(
    first: int, last: int, expectations: np.ndarray, cutoff: float, power: float, logs: np.ndarray, weights: np.ndarray
) -> None:
    """Set log N⁺ and f(N⁺) = min(1, (N⁺/cutoff)^power) of the cells [first, last); both 0 where N⁺ = 0."""
    for cell in range(first, last):
        seen = np.float64(expectations[cell])
        logs[cell], weights[cell] = 0.0, 0.0
        if seen > 0:
            logs[cell] = np.log(seen)
            weights[cell] = min(1.0, seen / cutoff) ** power


@compiled()
def sum_errors(
    first: int,
    last: int,
    starts: np.ndarray,
    contexts: np.ndarray,
    logs: np.ndarray,
    weights: np.ndarray,
    own: np.ndarray,
    other: np.ndarray,
    scores: np.ndarray,
) -> float:
    """Return Σ f (x − log N⁺)² over the rows [first, last): their share of the GloVe loss.

    Args:
        first: row to begin with.
        last: row after the last.
        starts: where each row's cells begin, and the end, (V + 1,) int64.
        contexts: column of each cell, int32.
        logs: log N⁺ of each cell.
        weights: f of each cell.
        own: rows of the centres, (V, whole cache lines).
        other: rows of the contexts.
        scores: room for the cells of a row and three more.
    """
    total = 0.0
    for row in range(first, last):
        begin, end = starts[row], starts[row + 1]
        score_row(own, row, other, contexts, begin, end, scores)
        for cell in range(begin, end):
            error = np.float64(scores[cell - begin]) - np.float64(logs[cell])
            total += np.float64(weights[cell]) * error * error
    return total


@compiled(fast_math=True)
def _inner(left: np.ndarray, right: np.ndarray) -> float:
    """Return the inner product of two short rows."""
    total = np.float64(0.0)
    for index in range(len(left)):
        total += np.float64(left[index]) * np.float64(right[index])
    return total


@compiled(fast_math=True)
def _diagonal(
    begin: int,
    end: int,
    contexts: np.ndarray,
    weights: np.ndarray,
    other: np.ndarray,
    out: np.ndarray,
) -> None:
    """Set out to Σ f y² of each coordinate."""
    out[:] = 0.0
    for cell in range(begin, end):
        weight = weights[cell]
        row = other[contexts[cell]]
        for index in range(len(out)):
            out[index] += weight * row[index] * row[index]


@compiled()
def _apply(
    row: int,
    begin: int,
    end: int,
    contexts: np.ndarray,
    weights: np.ndarray,
    other: np.ndarray,
    room: np.ndarray,
    scores: np.ndarray,
) -> None:
    """Set the image to Σ f (p·y) y, p the direction; `row` is that of the room that is the direction."""
    score_row(room, row, other, contexts, begin, end, scores)
    for cell in range(begin, end):
        scores[cell - begin] *= weights[cell]
    sum_row(other, contexts, scores, begin, end, room, _IMAGE)


@compiled()
def improve_rows(
    first: int,
    last: int,
    starts: np.ndarray,
    contexts: np.ndarray,
    logs: np.ndarray,
    weights: np.ndarray,
    own: np.ndarray,
    other: np.ndarray,
    shape: tuple[int, int, int, float],
    room: np.ndarray,
    scores: np.ndarray,
) -> None:
    """Take some steps of conjugate gradients for each of the rows [first, last) of `own`.

    Args:
        first: row to begin with.
        last: row after the last.
        starts: where each row's cells begin, and the end, (V + 1,) int64.
        contexts: column of each cell, int32.
        logs: log N⁺ of each cell.
        weights: f of each cell.
        own: rows that move, (V, whole cache lines).
        other: rows that do not.
        shape: D, which place is constant (D or D + 1), steps, ridge.
        room: (WORKING_ROWS, as long as the rows), this thread's own.
        scores: room for the cells of a row and three more, this thread's own.
    """
    dimensions, constant, steps, ridge = shape
    residual, direction, image, diagonal = room[_RESIDUAL], room[_DIRECTION], room[_IMAGE], room[_DIAGONAL]
    for row in range(first, last):
        begin, end = starts[row], starts[row + 1]
        if begin == end:
            continue
        mine = own[row]
        score_row(own, row, other, contexts, begin, end, scores)
        for cell in range(begin, end):
            scores[cell - begin] = weights[cell] * (logs[cell] - scores[cell - begin])
        sum_row(other, contexts, scores, begin, end, room, _RESIDUAL)
        _diagonal(begin, end, contexts, weights, other, diagonal)
        for index in range(len(mine)):
            penalty = ridge if index < dimensions else 0.0
            residual[index] -= penalty * mine[index]
            diagonal[index] += penalty
            is_free = index < dimensions + 2 and index != constant and diagonal[index] > 0
            residual[index] = residual[index] if is_free else 0.0
            diagonal[index] = 1.0 / diagonal[index] if is_free else 0.0
            direction[index] = residual[index] * diagonal[index]
        size = _inner(residual, direction)
        for _ in range(steps):
            _apply(_DIRECTION, begin, end, contexts, weights, other, room, scores)
            for index in range(dimensions):
                image[index] += ridge * direction[index]
            curvature = _inner(direction, image)
            if not (curvature > 0 and size > 0):
                break
            length = size / curvature
            for index in range(len(mine)):
                mine[index] += length * direction[index]
                residual[index] -= length * image[index] if diagonal[index] > 0 else 0.0
                image[index] = residual[index] * diagonal[index]
            new_size = _inner(residual, image)
            for index in range(len(mine)):
                direction[index] = image[index] + new_size / size * direction[index]
            size = new_size
