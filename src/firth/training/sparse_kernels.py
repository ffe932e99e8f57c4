"""What is done to every cell of a table of pairs: products with dense matrices, scores, transposing, association.

A range of rows per call; each row's result depends on that row alone, so however rows are dealt to threads, the bytes
are the same.
"""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled
from firth.training.sparse_rows import score_row, sum_row


@compiled()
def multiply_rows(
    first: int,
    last: int,
    starts: np.ndarray,
    contexts: np.ndarray,
    values: np.ndarray,
    matrix: np.ndarray,
    out: np.ndarray,
) -> None:
    """Set the rows [first, last) of `out` to those of S · matrix, S sparse: (starts, contexts, values).

    Args:
        first: row to begin with.
        last: row after the last.
        starts: where each row's cells begin, and the end, (V + 1,) int64.
        contexts: column of each cell, int32.
        values: of each cell, of the matrix's precision.
        matrix: (columns, whole cache lines), as from `padded_matrix`.
        out: (V, the same).
    """
    for row in range(first, last):
        first_cell, last_cell = starts[row], starts[row + 1]
        sum_row(matrix, contexts, values[first_cell:last_cell], first_cell, last_cell, out, row)


@compiled()
def score_cells(
    first: int,
    last: int,
    starts: np.ndarray,
    contexts: np.ndarray,
    center: np.ndarray,
    context: np.ndarray,
    scores: np.ndarray,
) -> None:
    """Set scores[k − starts[first]] to center[c] · context[o] for each cell k = (c, o) of the rows [first, last).

    Args:
        first: row to begin with.
        last: row after the last.
        starts: where each row's cells begin, and the end, (V + 1,) int64.
        contexts: column of each cell, int32.
        center: (V, whole cache lines), as from `padded_matrix`.
        context: the same shape.
        scores: written, with room for three cells more.
    """
    base = starts[first]
    for row in range(first, last):
        first_cell, last_cell = starts[row], starts[row + 1]
        score_row(center, row, context, contexts, first_cell, last_cell, scores[first_cell - base :])


@compiled()
def transpose_cells(
    starts: np.ndarray,
    contexts: np.ndarray,
    values: np.ndarray,
    new_starts: np.ndarray,
    new_contexts: np.ndarray,
    new_values: np.ndarray,
) -> None:
    """Write the transposed table. `new_starts` (V + 1,) is all 0; the rows come out sorted."""
    rows = len(starts) - 1
    for cell in range(len(contexts)):
        new_starts[contexts[cell] + 1] += 1
    for row in range(1, rows + 1):
        new_starts[row] += new_starts[row - 1]
    for row in range(rows):
        for cell in range(starts[row], starts[row + 1]):
            column = contexts[cell]
            place = new_starts[column]
            new_starts[column] += 1
            new_contexts[place] = row
            new_values[place] = values[cell]
    for row in range(rows, 0, -1):
        new_starts[row] = new_starts[row - 1]
    new_starts[0] = 0


@compiled()
def is_mirrored(starts: np.ndarray, contexts: np.ndarray, values: np.ndarray, next_cells: np.ndarray) -> bool:
    """Tell whether the table is its own transpose; `next_cells` is starts[:-1], written to."""
    rows = len(starts) - 1
    for row in range(rows):
        for cell in range(starts[row], starts[row + 1]):
            column = contexts[cell]
            mirror = next_cells[column]
            if mirror >= starts[column + 1] or contexts[mirror] != row or values[mirror] != values[cell]:
                return False
            next_cells[column] = mirror + 1
    return True


@compiled()
def first_disorder(starts: np.ndarray, contexts: np.ndarray, words: int) -> int:
    """Return the first cell whose context is no id, or not above the one before it in its row; −1 if there is none."""
    for row in range(len(starts) - 1):
        before = -1
        for cell in range(starts[row], starts[row + 1]):
            if contexts[cell] <= before or contexts[cell] >= words:
                return cell
            before = contexts[cell]
    return -1


@compiled()
def associate_cells(
    first: int,
    last: int,
    starts: np.ndarray,
    contexts: np.ndarray,
    expectations: np.ndarray,
    row_shares: np.ndarray,
    column_shares: np.ndarray,
    total: float,
    association: tuple[float, float, float],
    values: np.ndarray,
) -> None:
    """Set the cells of the rows [first, last) to a measure of association, each side weighted by its share.

        r = N⁺ / (T π_c π_o)
        max(log(r + floor) − shift, 0) · (π_c π_o)^power

    Args:
        first: row to begin with.
        last: row after the last.
        starts: where each row's cells begin, and the end, (V + 1,) int64.
        contexts: column of each cell, int32.
        expectations: N⁺ of each cell.
        row_shares: π_c = N(c)/T, (V,) float64.
        column_shares: π_o = N(o)/T, (V,) float64.
        total: T.
        association: floor, shift and power: (0, shift, 0) is shifted positive PMI.
        values: written, one for each cell.
    """
    floor, shift, power = association
    for row in range(first, last):
        for cell in range(starts[row], starts[row + 1]):
            share = row_shares[row] * column_shares[contexts[cell]]
            values[cell] = 0.0
            if expectations[cell] > 0:
                ratio = expectations[cell] / row_shares[row] / column_shares[contexts[cell]] / total
                weight = share**power if power != 0.0 else 1.0
                values[cell] = max(np.log(ratio + floor) - shift, 0.0) * weight
