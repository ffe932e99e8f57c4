"""Fewer dimensions: the directions along which vectors are longest, or differ most (PCA)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.vectors.sharing import one_blas_thread, shared
from firth.vectors.stored import StoredMatrix

_BLOCK = 1 << 13  # rows multiplied at once; it shapes the result, so it is not a setting


@dataclass(frozen=True)
class Projection:
    """Directions to keep.

    Attributes:
        mean: what is taken away first, float64, (D,); zeros, if nothing is.
        directions: orthonormal columns, the longest first, float64, (D, d).
        variance_kept: share of the sum of squares (after the mean) that they hold.
    """

    mean: np.ndarray
    directions: np.ndarray
    variance_kept: float

    @classmethod
    def of(cls, matrix: StoredMatrix, dimensions: int, *, center: bool, threads: int) -> Projection:
        """Find the directions of a matrix: eigenvectors of XᵀX/V, or of its covariance.

        Args:
            matrix: X, stored, (V, D).
            dimensions: d ≤ D.
            center: whether the mean is taken away.
            threads: how many may work; the result does not depend on it.

        >>> from firth.vectors.stored import PlainMatrix
        >>> held = PlainMatrix(np.array([[3, 0], [-3, 0], [0, 1]], np.float32))
        >>> found = Projection.of(held, 1, center=False, threads=1)
        >>> found.directions.tolist(), round(found.variance_kept, 4)
        ([[1.0], [0.0]], 0.9474)
        """

        def sums(start: int) -> tuple[np.ndarray, np.ndarray]:
            block = matrix.stretch(start, min(len(matrix), start + _BLOCK)).astype(np.float64)
            return block.sum(axis=0), block.T @ block

        total, squares = np.zeros(matrix.shape[1]), np.zeros((matrix.shape[1],) * 2)
        for one, two in shared(sums, range(0, len(matrix), _BLOCK), threads):
            total += one
            squares += two
        mean = total / len(matrix) if center else np.zeros_like(total)
        with one_blas_thread():
            lengths, vectors = np.linalg.eigh(squares / len(matrix) - np.outer(mean, mean))
        directions = vectors[:, ::-1][:, :dimensions]
        heads = np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[np.newaxis], axis=0)
        lengths = np.maximum(lengths[::-1], 0)
        kept = float(lengths[:dimensions].sum() / lengths.sum()) if lengths.sum() > 0 else 1.0
        return cls(mean, directions * np.where(heads < 0, -1.0, 1.0), kept)

    def project(self, matrix: StoredMatrix) -> np.ndarray:
        """Return the coordinates of rows along the directions, float32, (N, d).

        Args:
            matrix: stored, (N, D).
        """
        made = np.empty((len(matrix), self.directions.shape[1]), np.float32)
        with one_blas_thread():
            for start in range(0, len(matrix), _BLOCK):
                stop = min(len(matrix), start + _BLOCK)
                made[start:stop] = (matrix.stretch(start, stop).astype(np.float64) - self.mean) @ self.directions
        return made
