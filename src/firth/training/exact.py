"""Exact training: the full objective of the counts, no sampling, until a sweep no longer gains.

Two ways down, by size. Many words: `Descent`, block by block in float32, from a spectral start. Few words: the whole
gradient in float64 with SciPy's L-BFGS, which arrives at the optimum to rounding.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from firth.errors import check_integer, check_number
from firth.objectives.sampling import Sampling
from firth.objectives.softmax import Softmax
from firth.randomness import random_uniform, stream_key
from firth.training.all_cells import Sweep
from firth.training.descent import Descent
from firth.training.gauge import chosen_coordinates
from firth.training.interrupts import interrupt_as_request
from firth.training.levels import levels
from firth.training.optimum import fit_to_optimum
from firth.training.spectral import spectral_start
from firth.training.table import PairTable

FEW_WORDS = 500
"""Up to here the optimum itself is sought, in float64."""

RATE, DECAY = 0.1, 0.9
"""The rate of the first sweep, and what each leaves to the next."""


@dataclass(frozen=True, kw_only=True)
class ExactSettings:
    """How exact training goes.

    Args:
        dimensions: D.
        passes: most sweeps over all cells.
        tolerance: a sweep that closes less than this share of what is left of the unigram model's gap is the last.
        l2: λ of ½ λ (‖V‖² + ‖U‖²), added to the loss per pair.
        seed: of the start and of the order of the centres.
        threads: that work at once; the bytes don't depend on it.

    Raises:
        SettingsError: if one is out of range.
    """

    dimensions: int = 100
    passes: int = 25
    tolerance: float = 0.004
    l2: float = 0.0
    seed: int = 1
    threads: int = 1

    def __post_init__(self) -> None:
        check_integer("dimensions", self.dimensions, 1)
        check_integer("passes", self.passes, 1)
        check_number("tolerance", self.tolerance, 0, 1)
        check_number("l2", self.l2, 0, 1e6)
        check_integer("threads", self.threads, 1)


@dataclass(frozen=True)
class SweepReport:
    """What a sweep met: its number, losses in nats per pair (held-out ones if asked for), seconds since the start."""

    number: int
    loss_per_pair: float
    held_out_loss_per_pair: float | None
    seconds: float


@dataclass
class ExactResult:
    """Two matrices (V, D) and how they came about.

    Attributes:
        center, context: float32.
        sweeps: one report each; their losses were met on the way.
        loss_per_pair: of the matrices as they are, nats.
        stopped: why: "tolerance", "held-out", "passes", "interrupted", or "optimum".
    """

    center: np.ndarray
    context: np.ndarray
    loss_per_pair: float
    stopped: str
    sweeps: list[SweepReport] = field(default_factory=list)


SweepCallback = Callable[[SweepReport], None]


def fit_exact(
    table: PairTable,
    objective: Softmax | Sampling,
    settings: ExactSettings,
    *,
    held_out: PairTable | None = None,
    on_sweep: SweepCallback | None = None,
) -> ExactResult:
    """Train both matrices on all cells of a table.

    Args:
        table: the pairs; expectations in float64 where there are at most `FEW_WORDS` words.
        objective: `Softmax()` or a `Sampling`.
        settings: see `ExactSettings`.
        held_out: pairs of other text over the same words: training ends where their loss rises.
        on_sweep: told after each sweep.
    """
    if len(table) > FEW_WORDS:
        with interrupt_as_request() as asked:
            return _Run(table, objective, settings, held_out, on_sweep).train(asked)
    center, context, _ = fit_to_optimum(
        table,
        objective,
        dimensions=settings.dimensions,
        l2=settings.l2,
        seed=settings.seed,
        threads=settings.threads,
    )
    center, context = center.astype(np.float32), context.astype(np.float32)  # as they are kept, and their loss as such
    with Sweep(table, objective, threads=settings.threads, dtype=np.float64) as sweep:
        loss = sweep.value(center.astype(np.float64), context.astype(np.float64))
    return ExactResult(center, context, loss, "optimum")


class _Run:
    """One exact training of many words."""

    def __init__(
        self,
        table: PairTable,
        objective: Softmax | Sampling,
        settings: ExactSettings,
        held_out: PairTable | None,
        on_sweep: SweepCallback | None,
    ) -> None:
        self._table, self._objective, self._settings = table, objective, settings
        self._held_out, self._on_sweep = held_out, on_sweep
        self._began = time.perf_counter()
        self._reports: list[SweepReport] = []

    def train(self, asked: threading.Event) -> ExactResult:
        """Start, sweep until no more is gained, and put the result into coordinates that cosines like."""
        settings, table = self._settings, self._table
        has_bias = settings.l2 == 0 and settings.dimensions > 1
        center, context = self._start(has_bias)
        with self._sweep_over(table) as sweep:
            descent = Descent(sweep, center, context, seed=settings.seed, fixed=int(has_bias), l2=settings.l2)
            with contextlib.ExitStack() as stack:
                held_out = None if self._held_out is None else self._sweep_over(self._held_out)
                stopped = self._sweep(descent, held_out and stack.enter_context(held_out), asked)
            if has_bias:
                shares = table.marginals / table.total
                center[:], context[:] = chosen_coordinates(center, context, shares)
            return ExactResult(center, context, sweep.value(center, context), stopped, self._reports)

    def _start(self, has_bias: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return matrices to start from: spectral ones, or small random ones where all coordinates have to move."""
        settings, table = self._settings, self._table
        if has_bias:
            center, context = spectral_start(table, settings.dimensions, seed=settings.seed, threads=settings.threads)
            if isinstance(self._objective, Sampling):
                noise = self._objective.negatives * self._objective.noise
                context[:, -1] -= np.log(noise).astype(context.dtype)
            return center, context
        numbers = random_uniform(stream_key(settings.seed, "start"), np.arange(2 * len(table) * settings.dimensions))
        both = ((numbers - 0.5) / np.sqrt(settings.dimensions)).astype(np.float32)
        center, context = both.reshape(2, len(table), settings.dimensions)
        return center.copy(), context.copy()

    def _sweep_over(self, table: PairTable) -> Sweep:
        """Return a sweep over the cells of a table."""
        return Sweep(table, self._objective, threads=self._settings.threads)

    def _sweep(self, descent: Descent, held_out: Sweep | None, asked: threading.Event) -> str:
        """Sweep until no more is gained; return why it stopped."""
        ends = levels(self._table, self._objective)
        rate = RATE
        before, held_before = descent.prime(), np.inf
        for number in range(1, self._settings.passes + 1):
            loss = descent.run(rate)
            held = None if held_out is None else held_out.value(descent.center, descent.context)
            self._report(number, loss, held)
            if asked.is_set():
                return "interrupted"
            if held is not None and held > held_before:
                return "held-out"
            if number > 1 and before - loss < self._settings.tolerance * (ends.unigram - ends.bound):
                return "tolerance"
            before, held_before = loss, held if held is not None else np.inf
            rate *= DECAY
        return "passes"

    def _report(self, number: int, loss: float, held_out: float | None) -> None:
        """Keep what a sweep met, and pass it on."""
        report = SweepReport(number, loss, held_out, time.perf_counter() - self._began)
        self._reports.append(report)
        if self._on_sweep is not None:
            self._on_sweep(report)
