"""Pair counts as the trainers that use them read them: sparse rows of expectations, with their totals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from firth.errors import SettingsError, ShapeError, check_shape, sentence
from firth.training.sparse_kernels import first_disorder

if TYPE_CHECKING:
    from firth.observations.counts import Counts

PAIRS = 1 << 18
"""Pairs of a block of rows, about. It shapes no result."""


@dataclass(frozen=True, eq=False)
class PairTable:
    """N⁺ of V words as sparse rows, one for each centre word; pairs that are not listed have 0.

    Attributes:
        starts: where each row begins, and the end of the last, (V + 1,) int64.
        contexts: the words seen, ascending in each row, (nnz,) int32.
        expectations: N⁺ of each pair, (nnz,) float32 (float64 where V is small).
        marginals: N(c) = Σ_o N⁺(c, o), (V,) float64.
        context_marginals: N(o) = Σ_c N⁺(c, o), (V,) float64.

    >>> table = PairTable.from_dense(np.array([[0.0, 3.0], [1.0, 0.0]]))
    >>> len(table), table.total, table.marginals, table.context_marginals
    (2, 4.0, array([3., 1.]), array([1., 3.]))
    """

    starts: np.ndarray
    contexts: np.ndarray
    expectations: np.ndarray
    marginals: np.ndarray
    context_marginals: np.ndarray

    @classmethod
    def of(cls, counts: Counts, dtype: type = np.float32) -> PairTable:
        """Read the expectations of counts, some rows at a time."""
        starts = np.asarray(counts.starts, np.int64)
        expectations: np.ndarray = np.empty(counts.nonzero, dtype)
        for first, last in row_blocks(starts):
            _, _, expectations[starts[first] : starts[last]] = counts.rows(first, last)
        marginals = np.asarray(counts.marginals, np.float64)  # windows are symmetric, and so are counts
        return cls(starts, np.asarray(counts.contexts, np.int32), expectations, marginals, marginals)

    @classmethod
    def from_rows(cls, starts: np.ndarray, contexts: np.ndarray, expectations: np.ndarray) -> PairTable:
        """Make a table from the parts of a square sparse matrix (SciPy's `indptr`, `indices` and `data`).

        Raises:
            ShapeError: if the three do not fit together.
            SettingsError: if a context is out of range or order, an expectation negative or not finite, or all are 0.
        """
        starts = np.ascontiguousarray(starts, np.int64)
        contexts = np.ascontiguousarray(contexts, np.int32)
        precision = np.float64 if np.asarray(expectations).dtype == np.float64 else np.float32
        expectations = np.ascontiguousarray(expectations, precision)
        _check_starts(check_shape("starts", starts, (None,)), len(check_shape("contexts", contexts, (None,))))
        check_shape("expectations", expectations, (len(contexts),))
        words = len(starts) - 1
        place = first_disorder(starts, contexts, words)
        if place >= 0:
            expected = f"contexts that rise within each row, from 0 to {words - 1}"
            raise SettingsError(sentence(expected, f"{contexts[place]} at pair {place}", "sort each row by context"))
        wrong = np.flatnonzero(~((expectations >= 0) & (expectations < np.inf)))
        if len(wrong):
            came = f"{expectations[wrong[0]]:g} at pair {wrong[0]}"
            raise SettingsError(sentence("expectations to be finite numbers ≥ 0", came, "count again, or mend them"))
        marginals = np.zeros(words)
        filled = np.flatnonzero(np.diff(starts))
        if len(filled):
            marginals[filled] = np.add.reduceat(expectations, starts[filled], dtype=np.float64)
        if not marginals.any():
            raise SettingsError(sentence("a table that holds at least one pair", "none", "count a longer text"))
        totals = np.bincount(contexts, weights=expectations, minlength=words)
        return cls(starts, contexts, expectations, marginals, totals)

    @classmethod
    def from_dense(cls, seen: np.ndarray) -> PairTable:
        """Make a table from N⁺ as a dense matrix, (V, V); see `from_rows`."""
        seen = np.asarray(seen)
        check_shape("seen", seen, (len(seen), len(seen)))
        rows, contexts = np.nonzero(seen)
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(seen)))])
        return cls.from_rows(starts, contexts, seen[rows, contexts])

    def __len__(self) -> int:
        """Return V."""
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

    def blocks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
        """Go through the rows, some at a time: rows, their starts (from 0), contexts, expectations in float64."""
        for first, last in row_blocks(self.starts):
            starts = self.starts[first : last + 1]
            cells = slice(int(starts[0]), int(starts[-1]))
            yield slice(first, last), starts - starts[0], self.contexts[cells], self.expectations[cells].astype(float)


def row_blocks(starts: np.ndarray) -> list[tuple[int, int]]:
    """Return ranges of rows that hold about `PAIRS` pairs each.

    >>> row_blocks(np.array([0, 3, 300_000, 300_001]))
    [(0, 2), (2, 3)]
    """
    rows = len(starts) - 1
    marks = np.arange(PAIRS, starts[-1] + PAIRS, PAIRS)
    edges = np.unique(np.concatenate([[0], np.minimum(np.searchsorted(starts, marks), rows), [rows]]))
    return [(int(first), int(last)) for first, last in pairwise(edges)]


def _check_starts(starts: np.ndarray, pairs: int) -> None:
    """Refuse starts that do not cut this many pairs into rows."""
    if len(starts) < 2 or starts[0] != 0 or starts[-1] != pairs or (np.diff(starts) < 0).any():
        came = f"{len(starts)} from {starts[0]} to {starts[-1]}" if len(starts) else "none"
        expected = f"starts (V + 1,) that rise from 0 to the number of pairs, {pairs}"
        raise ShapeError(sentence(expected, came, "pass the row starts of a square sparse matrix"))
