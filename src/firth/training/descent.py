"""Descent over all cells, block by block: the steps that exact training takes.

After each block of centres both sides move, each number by its own adaptive step, so a sweep moves the contexts as
often as there are blocks. Centres come in an order drawn anew for each sweep; nothing else is random.
"""

from __future__ import annotations

import numpy as np

from firth.randomness import random_bits, stream_key
from firth.training.all_cells import Sweep
from firth.training.cell_kernels import adaptive_step

MEMORY = 0.5
"""What a sweep leaves of the squared gradients of those before it."""


class Descent:
    """Two matrices on their way down, over the cells of a sweep.

    Args:
        sweep: the cells.
        center: centre matrix (V, D), changed in place.
        context: context matrix (V, D), changed in place.
        seed: of the order of the centres.
        trains_centers: whether centres move.
        fixed: coordinates of the centres that never move: the last `fixed` of them.
        l2: λ of ½ λ (‖V‖² + ‖U‖²), which is added to the loss per pair.
    """

    def __init__(
        self,
        sweep: Sweep,
        center: np.ndarray,
        context: np.ndarray,
        *,
        seed: int,
        trains_centers: bool = True,
        fixed: int = 0,
        l2: float = 0.0,
    ) -> None:
        self.sweep, self.center, self.context = sweep, center, context
        self._seed, self._trains_centers, self._fixed, self._l2 = seed, trains_centers, fixed, l2
        self._center_squares = np.zeros_like(center)
        self._context_squares = np.zeros_like(context)
        shares = sweep.table.context_marginals / sweep.table.total
        self._inverse_shares = np.where(shares > 0, 1 / np.where(shares > 0, shares, 1), 1).astype(center.dtype)
        self._passes = 0

    def run(self, rate: float) -> float:
        """Sweep once over all cells with this rate; return the loss met on the way, in nats per pair."""
        sweep, total = self.sweep, self.sweep.table.total
        bits = random_bits(stream_key(self._seed, "order", self._passes), np.arange(len(sweep.centers)))
        order = sweep.centers[np.argsort(bits, kind="stable")]
        self._passes += 1
        fade, losses, part = MEMORY, 0.0, 0.0

        def step(first: int, last: int, gradient: np.ndarray) -> None:
            gradient /= gradient.dtype.type(total)
            if self._l2:
                gradient += gradient.dtype.type(self._l2 * part) * self.context[first:last]
            gradient *= self._inverse_shares[first:last, np.newaxis]
            rows = np.arange(first, last)
            adaptive_step(self.context, rows, gradient, self._context_squares, rate, fade)

        for rows in sweep.blocks(order):
            part = len(rows) / len(order)  # of the penalty, which a sweep meets once
            row_losses, gradient = sweep.gradient(rows, self.center, self.context, step)
            losses += float(row_losses.sum())
            if self._trains_centers:
                if self._l2:
                    shares = sweep.table.marginals[rows, np.newaxis] / total
                    gradient += (self._l2 * self.center[rows] / shares).astype(gradient.dtype)
                if self._fixed:
                    gradient[:, -self._fixed :] = 0
                adaptive_step(self.center, rows, gradient, self._center_squares, rate, MEMORY)
            fade = 1.0
        return losses / total

    def prime(self) -> float:
        """Sweep once without a step, so that the first steps know how large gradients are; return the loss."""
        return self.run(0.0)
