"""One sweep over all V × V cells: the value and the exact gradient of an objective of counts, block by block.

    scores = V_block Uᵀ          2 B V D flops, panel by panel of contexts
    weigh, then take off what was seen                    → what is left is the gradient by the scores
    dV_block = left U            2 B V D flops
    dU       = leftᵀ V_block     2 B V D flops

so a sweep costs three matrix products of V × V × D, whatever the length of the corpus. Threads share the panels of a
block; panels depend on V alone, each is computed by one thread with one thread of BLAS, and sums over panels are added
up in their order: the bytes do not depend on the number of threads. Memory: one block of scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from firth.objectives.sampling import Sampling
from firth.objectives.softmax import Softmax
from firth.training import cell_kernels as kernels
from firth.training.table import PairTable

PANEL = 2048
"""Contexts in a panel: with a block of centres its scores stay in the second cache."""

BLOCK = 512
"""Centres in a block: as many as keep matrix products fast."""

ContextStep = Callable[[int, int, np.ndarray], None]
"""Takes the contexts [first, last) and the gradient by their rows (n, D), divided by the share of pairs each has."""


class Cells(Protocol):
    """What a sweep asks of an objective; B rows, n contexts in a panel."""

    def weigh(self, scores: np.ndarray, rows: np.ndarray, first: int, sums: np.ndarray) -> None:
        """Turn scores (B, n), in place, into what unseen pairs give to the gradient, up to a scale; sums (B,)."""

    def score(self, found: np.ndarray, rows: np.ndarray, begins: np.ndarray, sums: np.ndarray) -> None:
        """Add up what the pairs seen, with scores `found`, take off the loss of each row; sums (B,)."""

    def settle(self, rows: np.ndarray, sums: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Return loss and scale of each row, (B,) each; None if the block has to be mended and weighed again."""

    def mend(self, rows: np.ndarray, peaks: np.ndarray) -> None:
        """Learn the largest score of each row, (B,), before the block is weighed again."""

    def take_off(
        self, scores: np.ndarray, rows: np.ndarray, scales: np.ndarray, begins: np.ndarray, first: int
    ) -> None:
        """Take the pairs seen off the weighed scores, in place: times scale they are the gradient by the scores."""


class SoftmaxCells:
    """The cells of `objectives.Softmax`, without offsets: e^x, of which N(c)/Z(c) is the scale."""

    def __init__(self, table: PairTable, dtype: type) -> None:
        self._table = table
        self._shifts: np.ndarray = np.full(
            len(table), np.log(max(2, len(table))), dtype
        )  # log Z of each row, as it was last

    def weigh(self, scores: np.ndarray, rows: np.ndarray, first: int, sums: np.ndarray) -> None:
        """See `Cells`: e^(x − shift)."""
        kernels.weigh_softmax(scores, self._shifts[rows], sums)

    def score(self, found: np.ndarray, rows: np.ndarray, begins: np.ndarray, sums: np.ndarray) -> None:
        """See `Cells`: Σ N⁺ x."""
        kernels.score_softmax(found, rows, begins, self._table.expectations, sums)

    def settle(self, rows: np.ndarray, sums: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """See `Cells`: N(c) log Z(c) − Σ N⁺ x, and N(c)/Z(c); None where shifts were far off, and powers were cut."""
        logarithms = np.log(sums)
        if np.abs(logarithms).max(initial=0.0) > _FAR_OFF:
            return None
        normalizers = self._shifts[rows] + logarithms
        self._shifts[rows] = normalizers
        counts = self._table.marginals[rows]
        return counts * normalizers - seen, counts / sums

    def mend(self, rows: np.ndarray, peaks: np.ndarray) -> None:
        """See `Cells`: with the largest score as shift, the sum of a row is from 1 to V."""
        self._shifts[rows] = peaks

    def take_off(
        self, scores: np.ndarray, rows: np.ndarray, scales: np.ndarray, begins: np.ndarray, first: int
    ) -> None:
        """See `Cells`."""
        cells = self._table.contexts, self._table.expectations
        kernels.take_off_softmax(scores, rows, scales, begins, cells, first)


class SamplingCells:
    """The cells of `objectives.Sampling`: K q(o) σ(x), of which N(c), or S(c), is the scale."""

    def __init__(self, table: PairTable, objective: Sampling, dtype: type) -> None:
        self._table = table
        self._noise: np.ndarray = (objective.negatives * objective.noise).astype(dtype)
        alone = 1.0 - objective.noise
        self._undrawn: np.ndarray = np.zeros(len(table), dtype)
        self._scales = table.marginals
        if objective.collisions == "skip":
            self._undrawn = self._noise
        elif objective.collisions == "resample":
            self._undrawn = (self._noise / alone).astype(dtype)
            self._scales = table.row_sums(1.0 / alone)

    def weigh(self, scores: np.ndarray, rows: np.ndarray, first: int, sums: np.ndarray) -> None:
        """See `Cells`: K q(o) σ(x), sums of K q(o) softplus(x)."""
        kernels.weigh_sampling(scores, self._noise[first : first + scores.shape[1]], sums)

    def score(self, found: np.ndarray, rows: np.ndarray, begins: np.ndarray, sums: np.ndarray) -> None:
        """See `Cells`: −Σ N⁺ (softplus(−x) − undrawn softplus(x))."""
        table = self._table
        kernels.score_sampling(found, rows, begins, table.expectations, table.contexts, self._undrawn, sums)

    def settle(self, rows: np.ndarray, sums: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """See `Cells`: the loss, and what K q(o) is multiplied with in N⁻."""
        scales = self._scales[rows]
        return scales * sums - seen, scales

    def mend(self, rows: np.ndarray, peaks: np.ndarray) -> None:
        """See `Cells`: nothing was cut."""

    def take_off(
        self, scores: np.ndarray, rows: np.ndarray, scales: np.ndarray, begins: np.ndarray, first: int
    ) -> None:
        """See `Cells`."""
        cells = self._table.contexts, self._table.expectations
        kernels.take_off_sampling(scores, rows, scales, begins, cells, first, self._noise, self._undrawn)


@dataclass(frozen=True, eq=False)
class BoundedReading:
    """P(o|c) ∝ most(o) σ(y): how to read scores y that were trained with noise words that could not collide.

    `most` (V,) is the largest weight that a context can have. It has a loss, −log P, and no gradient here.
    """

    most: np.ndarray


class BoundedCells:
    """The cells of a `BoundedReading`."""

    def __init__(self, table: PairTable, reading: BoundedReading, dtype: type) -> None:
        self._table = table
        self._most: np.ndarray = reading.most.astype(dtype)
        self._logarithms = np.log(reading.most)

    def weigh(self, scores: np.ndarray, rows: np.ndarray, first: int, sums: np.ndarray) -> None:
        """See `Cells`: most σ(y)."""
        kernels.weigh_bounded(scores, self._most[first : first + scores.shape[1]], sums)

    def score(self, found: np.ndarray, rows: np.ndarray, begins: np.ndarray, sums: np.ndarray) -> None:
        """See `Cells`: Σ N⁺ log(most σ(y))."""
        table = self._table
        kernels.score_bounded(found, rows, begins, table.expectations, table.contexts, self._logarithms, sums)

    def settle(self, rows: np.ndarray, sums: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """See `Cells`: N(c) log Z(c) − Σ N⁺ log(most σ(y))."""
        counts = self._table.marginals[rows]
        return counts * np.log(sums) - seen, counts / sums

    def mend(self, rows: np.ndarray, peaks: np.ndarray) -> None:
        """See `Cells`: nothing was cut."""

    def take_off(
        self, scores: np.ndarray, rows: np.ndarray, scales: np.ndarray, begins: np.ndarray, first: int
    ) -> None:
        """See `Cells`: never, a reading is not trained."""
        raise NotImplementedError


def cells_of(table: PairTable, objective: Softmax | Sampling | BoundedReading, dtype: type) -> Cells:
    """Return the cells of an objective."""
    if isinstance(objective, Softmax):
        return SoftmaxCells(table, dtype)
    if isinstance(objective, Sampling):
        return SamplingCells(table, objective, dtype)
    return BoundedCells(table, objective, dtype)


_FAR_OFF = 40.0
"""Logarithm of a sum up to which nothing was cut: a power is held to e^±86, the sum of a row of them is not."""


@dataclass(frozen=True)
class Panels:
    """How contexts are cut: panel p has the contexts [edges[p], edges[p + 1]), its cells begin at begins[p] (V,)."""

    edges: np.ndarray
    begins: np.ndarray

    @classmethod
    def of(cls, table: PairTable, width: int) -> Panels:
        """Cut the contexts of a table into panels of this width."""
        edges = np.append(np.arange(0, len(table), width), len(table))
        begins = np.empty((len(edges), len(table)), np.int64)
        kernels.panel_begins(table.starts, table.contexts, edges, begins)
        return cls(edges, begins)

    def __len__(self) -> int:
        return len(self.edges) - 1


class Sweep:
    """Sweeps over all cells of a table: values and gradients, block by block. A context manager (it has threads).

    Args:
        table: the pairs.
        objective: a `Softmax` without offsets, a `Sampling`, or a `BoundedReading` (losses only).
        threads: that share the panels of a block.
        dtype: of the scores: float32, or float64 where gaps are below 1e-7.
        panel: contexts in a panel.
        block: centres in a block.
    """

    def __init__(
        self,
        table: PairTable,
        objective: Softmax | Sampling | BoundedReading,
        *,
        threads: int,
        dtype: type = np.float32,
        panel: int = PANEL,
        block: int = BLOCK,
    ) -> None:
        self.table, self.block, self.dtype = table, block, dtype
        self._cells = cells_of(table, objective, dtype)
        self._panels = Panels.of(table, panel)
        widths = np.diff(self._panels.edges)
        self._room = [np.empty(min(block, len(table)) * width, dtype) for width in widths]
        self._pool = ThreadPoolExecutor(threads)
        self.centers = np.flatnonzero(table.marginals > 0)
        """Words that are the centre of some pair: all others have no loss."""

    def __enter__(self) -> Sweep:
        self._limits = threadpool_limits(1, user_api="blas")
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self._limits.restore_original_limits()

    def blocks(self, order: np.ndarray) -> Iterator[np.ndarray]:
        """Cut centres, in this order, into blocks; inside a block they ascend."""
        for start in range(0, len(order), self.block):
            yield np.sort(order[start : start + self.block])

    def losses(self, rows: np.ndarray, center: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Return the loss of each of a block's rows (B,), in nats: N(c) times its mean over pairs."""
        return self._weighed(rows, center[rows], context)[0]

    def value(self, center: np.ndarray, context: np.ndarray) -> float:
        """Return the loss over all cells, in nats per pair."""
        losses = (self.losses(rows, center, context).sum() for rows in self.blocks(self.centers))
        return float(sum(losses)) / self.table.total

    def gradient(
        self, rows: np.ndarray, center: np.ndarray, context: np.ndarray, step: ContextStep | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of each of a block's rows (B,), and the gradient by its centres (B, D), divided by N(c).

        Args:
            rows: the centres, (B,).
            center: centre matrix, (V, D).
            context: context matrix, (V, D).
            step: is given the gradient of the block's loss by the contexts, (n, D), panel by panel, on any thread;
                it may change these rows of `context`.
        """
        vectors = center[rows]
        losses, scales, scores = self._weighed(rows, vectors, context)
        counts = self.table.marginals[rows]
        scaled = (vectors * scales[:, np.newaxis]).astype(self.dtype)

        def differentiate(panel: int) -> np.ndarray:
            first, last = self._panels.edges[panel : panel + 2]
            left = scores[panel]
            self._cells.take_off(left, rows, scales, self._panels.begins[panel : panel + 2], int(first))
            by_centers = left @ context[first:last]
            if step is not None:
                step(int(first), int(last), left.T @ scaled)
            return by_centers

        parts = list(self._pool.map(differentiate, range(len(self._panels))))
        by_centers = parts[0]
        for part in parts[1:]:
            by_centers += part
        return losses, by_centers * (scales / counts)[:, np.newaxis].astype(self.dtype)

    def squared_product(
        self, rows: np.ndarray, center: np.ndarray, context: np.ndarray, right: np.ndarray
    ) -> np.ndarray:
        """Return Gᵀ G r (V,) of a block's rows of the gradient by the scores, G (B, V), and a vector r (V,)."""
        _, scales, scores = self._weighed(rows, center[rows], context)
        edges = self._panels.edges

        def multiply(panel: int) -> np.ndarray:
            begins = self._panels.begins[panel : panel + 2]
            self._cells.take_off(scores[panel], rows, scales, begins, int(edges[panel]))
            return scores[panel] @ right[edges[panel] : edges[panel + 1]]

        left = sum(self._pool.map(multiply, range(len(self._panels)))) * scales**2
        left = left.astype(self.dtype)
        return np.concatenate(list(self._pool.map(lambda panel: left @ scores[panel], range(len(self._panels)))))

    def _weighed(
        self, rows: np.ndarray, vectors: np.ndarray, context: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Return losses and scales of a block's rows (B,), and its weighed scores by panel (B, n)."""
        sums, seen = np.empty((2, len(self._panels), len(rows)))
        scores: list[np.ndarray] = [np.empty(0)] * len(self._panels)

        def weigh(panel: int) -> None:
            first, last = self._panels.edges[panel : panel + 2]
            begins = self._panels.begins[panel : panel + 2]
            mine = self._room[panel][: len(rows) * (last - first)].reshape(len(rows), last - first)
            np.dot(vectors, context[first:last].T, out=mine)
            found: np.ndarray = np.empty(int((begins[1, rows] - begins[0, rows]).sum()), self.dtype)
            kernels.gather(mine, rows, begins, self.table.contexts, int(first), found)
            self._cells.score(found, rows, begins, seen[panel])
            self._cells.weigh(mine, rows, int(first), sums[panel])
            scores[panel] = mine

        def peak(panel: int) -> np.ndarray:
            first, last = self._panels.edges[panel : panel + 2]
            return np.dot(vectors, context[first:last].T).max(axis=1)

        while True:
            list(self._pool.map(weigh, range(len(self._panels))))
            settled = self._cells.settle(rows, sums.sum(axis=0), seen.sum(axis=0))
            if settled is not None:
                return *settled, scores
            self._cells.mend(rows, np.max(list(self._pool.map(peak, range(len(self._panels)))), axis=0))
