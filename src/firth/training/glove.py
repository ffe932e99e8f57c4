"""GloVe from counts: its loss made small by alternating least squares, pass after pass over the pairs seen.

    F = Σ_{N⁺ > 0} f(N⁺) (u_o·v_c + b_c + b_o − log N⁺)² + λ (‖V‖² + ‖U‖²)
    λ = ridge · f̄ √(pairs seen / V)

f as in `objectives.Glove`, f̄ its mean over the pairs seen. Errors of a nat that know no pattern make a matrix f · error
whose largest singular value is about 2 f̄ √(pairs seen / V), and a direction that explains less than λ is given up: so
the ridge means about the same for any corpus, vocabulary and cutoff.

With one side held, F is a sum of least squares, one for each row of the other: a pass improves all centres, then
all contexts, each by a few steps of conjugate gradients (`firth.training.glove_kernel`), and then takes, of all vectors
and biases that have these scores, those of the smallest F: of mean 0, and with the same moments on both sides.

There is no learning rate, no order of pairs and no step that makes F larger. Rows are improved apart: the same bytes
for any number of threads. glove.c descends by AdaGrad and stops early, which is what keeps its rare words in bounds;
here the ridge does, and the loss can go as low as it goes.

Pennington, Socher & Manning 2014 · Takács, Pilászy & Tikk 2011 (conjugate gradients for alternating least squares).
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from firth.errors import TrainingError, check_integer, check_number, sentence
from firth.objectives.glove import CUTOFF, POWER
from firth.randomness import random_uniform, stream_key
from firth.training.glove_kernel import PLACES, WORKING_ROWS, improve_rows, sum_errors, weigh_cells
from firth.training.interrupts import interrupt_as_request
from firth.training.matrices import padded_matrix
from firth.training.progress import Progress, ProgressCallback
from firth.training.sparse import SparseMatrix, is_symmetric
from firth.training.table import PairTable, row_blocks
from firth.training.workers import Share, combine, inner_products, row_ranges, workers

logger = logging.getLogger(__name__)

STEPS = 3
"""Steps of conjugate gradients for each row in each pass."""

RIDGE = 0.8
"""Strength of the ridge.

V = 30 000, D = 100, mean over four gold sets, center vectors: 35.3 at 0.43, 35.9 at 0.85 and 33.5 at 2.1 (cutoff 100);
36.6 at 0.32, 37.7 at 0.81 and 36.5 at 1.6 (cutoff 10).
"""

_SINGULAR = 1e-9
"""Moments whose smallest eigenvalue is below this share of the largest are not told from singular ones."""


@dataclass(frozen=True, kw_only=True)
class GloveSettings:
    """What a GloVe run needs besides the counts.

    Attributes:
        dimensions: D; biases are kept apart.
        passes: at most.
        cutoff: count from which on all pairs weigh 1, > 0; x_max in the paper.
        power: exponent of the weight below it, ≥ 0; α in the paper.
        ridge: how strongly long vectors are held back, ≥ 0, the same for any size of corpus. Biases are free.
        tolerance: the run ends when a pass lowers F by less than this share of it; 0 for all passes.
        seed: of the start.
        threads: that work at once; they do not change a bit.

    Raises:
        SettingsError: if one is out of range.
    """

    dimensions: int
    passes: int = 20
    cutoff: float = CUTOFF
    power: float = POWER
    ridge: float = RIDGE
    tolerance: float = 2e-3
    seed: int = 1
    threads: int = 1

    def __post_init__(self) -> None:
        check_integer("dimensions", self.dimensions, 1, 100_000)
        check_integer("passes", self.passes, 1)
        check_number("cutoff", self.cutoff, 0, math.inf, open_below=True)
        check_number("power", self.power, 0, math.inf)
        check_number("ridge", self.ridge, 0, math.inf)
        check_number("tolerance", self.tolerance, 0, 1)
        check_integer("seed", self.seed, 0, 2**63 - 1)
        check_integer("threads", self.threads, 1, 1024)


@dataclass(frozen=True, eq=False)
class GloveFit:
    """What a GloVe run leaves: scores are center · contextᵀ + center_biases + context_biasesᵀ.

    Attributes:
        center: V (V, D) float32.
        context: U (V, D) float32.
        center_biases: b_c (V,) float32.
        context_biases: b_o (V,) float32.
        values: `objectives.Glove.value` at the start and after each pass.
        penalties: λ (‖V‖² + ‖U‖²), likewise; the sums of both never rise.
        interrupted: whether Ctrl-C ended it.
    """

    center: np.ndarray
    context: np.ndarray
    center_biases: np.ndarray
    context_biases: np.ndarray
    values: list[float]
    penalties: list[float]
    interrupted: bool


def fit_glove(table: PairTable, settings: GloveSettings, *, on_progress: ProgressCallback | None = None) -> GloveFit:
    """Fit GloVe to the counts. Ctrl-C ends the run after the pass under way; what was learnt is kept.

    Vectors start at random, uniform in ±1/(2 √D), biases at those of words that know nothing of each other:
    b_c + b_o = log(N(c) N(o)/T). A word without pairs keeps the vector 0.
    Convention: biases have no part in the vectors; the paper takes center + context as the words' vectors, which is
    better here too. Memory is 8 bytes a pair beside the table, 24 where that is not symmetric.

    Args:
        table: N⁺.
        settings: the rest.
        on_progress: called after each pass with a `Progress`; its loss is F over the number of pairs seen.

    Raises:
        TrainingError: if a number is no longer finite.

    >>> fit = fit_glove(PairTable.from_dense(np.array([[8.0, 2.0], [2.0, 4.0]])), GloveSettings(dimensions=2, ridge=0))
    >>> scores = fit.center @ fit.context.T + fit.center_biases[:, None] + fit.context_biases
    >>> np.exp(scores).round(3)
    array([[8., 2.],
           [2., 4.]], dtype=float32)

    The oracle: `objectives.Glove`.
    """
    with interrupt_as_request() as asked, workers(settings.threads) as share:
        run = _Run(table, settings, share)
        values, penalties = [run.value()], [run.penalty()]
        began, pairs = time.perf_counter(), max(1, len(table.contexts))
        for number in range(1, settings.passes + 1):
            run.improve()
            values.append(run.value())
            penalties.append(run.penalty())
            before, after = values[-2] + penalties[-2], values[-1] + penalties[-1]
            if not math.isfinite(after):
                expected = "finite vectors after each pass"
                raise TrainingError(sentence(expected, "a number that is not", "raise the ridge"))
            ends = before - after < settings.tolerance * before or asked.is_set() or number == settings.passes
            if on_progress is not None:
                on_progress(_progress(number, settings, time.perf_counter() - began, after / pairs, ends=ends))
            if ends:
                break
        if asked.is_set():
            logger.warning("interrupted in pass %d of %d; what was learnt is kept", number, settings.passes)
    dimensions = settings.dimensions
    return GloveFit(
        run.center[:, :dimensions].copy(),
        run.context[:, :dimensions].copy(),
        run.center[:, dimensions].copy(),
        run.context[:, dimensions + 1].copy(),
        values,
        penalties,
        asked.is_set(),
    )


class _Cells(NamedTuple):
    """Pairs by the rows of one side, with what the loss says of each."""

    starts: np.ndarray
    others: np.ndarray
    logs: np.ndarray
    weights: np.ndarray


class _Run:
    """The matrices of a run, its pairs by centres and by contexts, and what is done with them in blocks of rows."""

    def __init__(self, table: PairTable, settings: GloveSettings, share: Share) -> None:
        self.settings, self.share = settings, share
        counts = SparseMatrix(table.starts, table.contexts, table.expectations)
        self.by_center = self._weighted(counts)
        weights = self.by_center.weights
        pairs = max(1, int(np.count_nonzero(weights)))
        self.ridge = settings.ridge * float(weights.sum(dtype=np.float64)) / math.sqrt(pairs * len(table))
        self.by_context = self.by_center if is_symmetric(table) else self._weighted(counts.transposed())
        self.center, self.context = start_glove(table, settings.dimensions, seed=settings.seed)

    def improve(self) -> None:
        """Improve all centres, then all contexts, then take of all vectors with these scores the shortest."""
        dimensions = self.settings.dimensions
        self._improve(self.by_center, self.center, self.context, dimensions + 1)
        self._improve(self.by_context, self.context, self.center, dimensions)
        center_biases, context_biases = self.center[:, dimensions], self.context[:, dimensions + 1]
        vectors = self.center[:, :dimensions], self.context[:, :dimensions]
        move_mean(self.share, vectors[0], vectors[1], context_biases, np.diff(self.by_center.starts) > 0)
        move_mean(self.share, vectors[1], vectors[0], center_biases, np.diff(self.by_context.starts) > 0)
        balance(self.share, *vectors)

    def value(self) -> float:
        """Return the GloVe loss."""
        cells = self.by_center

        def errors(block: tuple[int, int]) -> float:
            return sum_errors(*block, *cells, self.center, self.context, _score_room(cells, block))

        return float(sum(self.share(errors, row_blocks(cells.starts))))

    def penalty(self) -> float:
        """Return λ (‖V‖² + ‖U‖²)."""
        vectors = (matrix[:, : self.settings.dimensions] for matrix in (self.center, self.context))
        squares = [
            float(np.square(part[rows], dtype=np.float64).sum()) for part in vectors for rows in row_ranges(len(part))
        ]
        return self.ridge * sum(squares)

    def _improve(self, cells: _Cells, own: np.ndarray, other: np.ndarray, constant: int) -> None:
        """Improve all rows of one side."""
        shape = self.settings.dimensions, constant, STEPS, self.ridge

        def rows(block: tuple[int, int]) -> None:
            room = padded_matrix(WORKING_ROWS, self.settings.dimensions + PLACES, spare=0)
            improve_rows(*block, *cells, own, other, shape, room, _score_room(cells, block))

        self.share(rows, row_blocks(cells.starts))

    def _weighted(self, counts: SparseMatrix) -> _Cells:
        """Return cells with their logarithms and weights."""
        logs, weights = (np.empty(len(counts.columns), np.float32) for _ in range(2))

        def fill(block: tuple[int, int]) -> None:
            first, last = counts.starts[block[0]], counts.starts[block[1]]
            weigh_cells(
                first, last, counts.values, float(self.settings.cutoff), float(self.settings.power), logs, weights
            )

        self.share(fill, row_blocks(counts.starts))
        return _Cells(counts.starts, counts.columns, logs, weights)


def start_glove(table: PairTable, dimensions: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (v, b_c, 1) and (u, 1, b_o) to start from, (V, D + 2 padded to whole cache lines)."""
    sides = []
    for number, (totals, bias, constant) in enumerate(
        ((table.marginals, dimensions, dimensions + 1), (table.context_marginals, dimensions + 1, dimensions))
    ):
        matrix = padded_matrix(len(table), dimensions + PLACES, spare=0)
        places = np.arange(len(table) * dimensions).reshape(len(table), dimensions)
        matrix[:, :dimensions] = (random_uniform(stream_key(seed, "start", number), places) - 0.5) / math.sqrt(
            dimensions
        )
        has_pairs = totals > 0
        matrix[~has_pairs] = 0.0
        matrix[has_pairs, bias] = np.log(totals[has_pairs]) - 0.5 * math.log(table.total)
        matrix[:, constant] = 1.0
        sides.append(matrix)
    return sides[0], sides[1]


def move_mean(
    share: Share, own: np.ndarray, other: np.ndarray, other_biases: np.ndarray, has_pairs: np.ndarray
) -> None:
    """Take the mean off one side's vectors and give the other side's biases what it did to the scores, in place.

    u·v + b = u·(v − m) + (b + u·m)          m the mean of the vectors of words that have pairs
    """
    ones = has_pairs[:, None].astype(np.float32)
    mean = (inner_products(share, ones, own)[0] / max(1, int(has_pairs.sum()))).astype(np.float32)
    other_biases += other @ mean
    own -= ones * mean


def balance(share: Share, center: np.ndarray, context: np.ndarray) -> None:
    """Make ‖V‖² + ‖U‖² as small as it can be for these scores V Uᵀ, in place.

        V → V A,  U → U A⁻ᵀ          with Aᵀ VᵀV A = A⁻¹ UᵀU A⁻ᵀ, diagonal

    Both sides then have the same second moments. Left as they are where those have too low a rank to tell.
    """
    moments, other_moments = inner_products(share, center, center), inner_products(share, context, context)
    try:
        root = np.linalg.cholesky(other_moments)
        values, turn = np.linalg.eigh(root.T @ moments @ root)
    except np.linalg.LinAlgError:
        return
    if not values[0] > _SINGULAR * values[-1]:
        return
    move = root @ turn * values**-0.25
    center[:] = combine(share, center, move)
    context[:] = combine(share, context, np.linalg.inv(move).T)


def _score_room(cells: _Cells, block: tuple[int, int]) -> np.ndarray:
    """Return room for the scores of any row of a block, and three more."""
    return np.empty(int(np.diff(cells.starts[block[0] : block[1] + 1]).max()) + 3, np.float32)


def _progress(number: int, settings: GloveSettings, seconds: float, loss: float, *, ends: bool) -> Progress:
    """Return where a run stands after a pass."""
    share = 1.0 if ends else number / settings.passes
    return Progress(
        stage="training",
        share_done=share,
        seconds=seconds,
        seconds_left=seconds * (1 - share) / share,
        pass_number=number,
        passes=settings.passes,
        loss_per_pair=loss,
    )
