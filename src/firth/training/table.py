"""What exact trainers read of the counts: the expectations of all pairs, row by row, as numbers in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from firth.observations.counts import Counts


@dataclass(frozen=True, eq=False)
class PairTable:
    """N⁺ of V words as sparse rows.

    Attributes:
        starts: where each row begins, (V + 1,) int64.
        contexts: the words seen, ascending in each row, (nnz,) int32.
        expectations: N⁺ of each pair, (nnz,) float32 (float64 where V is small).
        marginals: N(c) = Σ_o N⁺(c, o), (V,) float64.
        context_marginals: N(o) = Σ_c N⁺(c, o), (V,) float64.
    """

    starts: np.ndarray
    contexts: np.ndarray
    expectations: np.ndarray
    marginals: np.ndarray
    context_marginals: np.ndarray

    @classmethod
    def of(cls, counts: Counts, dtype: type = np.float32) -> PairTable:
        """Read the expectations of counts."""
        starts, contexts, expectations = counts.rows(0, len(counts))
        marginals = np.asarray(counts.marginals, np.float64)
        return cls(
            np.asarray(starts, np.int64), contexts, expectations.astype(dtype, copy=False), marginals, marginals
        )  # windows are symmetric, and so are counts

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def total(self) -> float:
        """T, the number of pairs."""
        return float(self.marginals.sum())

    def row_sums(self, weights: np.ndarray) -> np.ndarray:
        """Return Σ_o N⁺(c, o) w(o) of each centre, (V,) float64; weights (V,)."""
        sums = np.zeros(len(self))
        present = np.flatnonzero(np.diff(self.starts))
        if len(present):
            sums[present] = np.add.reduceat(self.expectations * weights[self.contexts], self.starts[:-1][present])
        return sums

    def blocks(self, cells: int = 1 << 22) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
        """Go through the rows, some at a time: rows, their starts (from 0), contexts, expectations in float64."""
        first = 0
        while first < len(self):
            last = int(np.searchsorted(self.starts, self.starts[first] + cells, side="right")) - 1
            last = min(max(last, first + 1), len(self))
            here = slice(int(self.starts[first]), int(self.starts[last]))
            starts = self.starts[first : last + 1] - self.starts[first]
            yield slice(first, last), starts, self.contexts[here], self.expectations[here].astype(np.float64)
            first = last
