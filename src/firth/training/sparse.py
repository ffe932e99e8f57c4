"""Sparse matrices whose products threads share: S, its transpose as dense where small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.training.matrices import padded_matrix
from firth.training.sparse_kernels import is_mirrored, multiply_rows, transpose_cells
from firth.training.table import PairTable, row_blocks
from firth.training.workers import Share


@dataclass(frozen=True, eq=False)
class SparseMatrix:
    """S (V, V) as sparse rows.

    Attributes:
        starts: where each row begins, and the end of the last, (V + 1,) int64.
        columns: of each cell, ascending in each row, (nnz,) int32.
        values: of each cell, (nnz,) float32.
    """

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        """Return V."""
        return len(self.starts) - 1

    def times(self, share: Share, matrix: np.ndarray) -> np.ndarray:
        """Return S · matrix, (V, n) float32."""
        width = matrix.shape[1]
        padded, out = padded_copy(matrix), padded_matrix(len(self), width, spare=0)

        def rows(block: tuple[int, int]) -> None:
            multiply_rows(*block, self.starts, self.columns, self.values, padded, out)

        share(rows, row_blocks(self.starts))
        return out[:, :width]

    def transposed(self) -> SparseMatrix:
        """Return Sᵀ."""
        parts = np.zeros_like(self.starts), np.empty_like(self.columns), np.empty_like(self.values)
        transpose_cells(self.starts, self.columns, self.values, *parts)
        return SparseMatrix(*parts)

    def dense(self) -> np.ndarray:
        """Return S, (V, V) float64."""
        full = np.zeros((len(self), len(self)))
        full[np.repeat(np.arange(len(self)), np.diff(self.starts)), self.columns] = self.values
        return full


def is_symmetric(table: PairTable) -> bool:
    """Tell whether N⁺(c, o) = N⁺(o, c) for all, as where windows reach as far to the left as to the right."""
    return bool(is_mirrored(table.starts, table.contexts, table.expectations, table.starts[:-1].copy()))


def padded_copy(matrix: np.ndarray) -> np.ndarray:
    """Return a float32 copy whose rows are whole cache lines, zeros at their ends."""
    padded = padded_matrix(len(matrix), matrix.shape[1], spare=0)
    padded[:, : matrix.shape[1]] = matrix
    return padded
