"""Where exact training starts: a model whose scores are about right, from the leading eigenpairs of the counts.

    r_co = N⁺ T / (N(c) N(o))                     how much more often than by chance
    M_co = (π_c π_o)^power · log(1 + r_co)        π = N(·)/T; 0 where nothing was seen, so M is as sparse as N⁺
    M ≈ X Λ Yᵀ                                    D − 1 leading pairs; Y = X where N⁺ is symmetric
    V = scale · π_c^−power X √|Λ|                 U = π_o^−power Y √|Λ| sign(Λ)

and one more coordinate, 1 in each row of V, holds a bias in U that makes the scores those of the unigram model on
average: b_o = log π_o − u_o · Σ_c π_c v_c. So x_co ≈ log π_o + scale · log(1 + r_co) less a mean: about what the
softmax wants where a pair was seen, and the unigram model where it was not. The weights say which cells matter: those
of frequent words.
"""

from __future__ import annotations

import numpy as np

from firth.errors import check_integer
from firth.randomness import random_uniform, stream_key
from firth.training.eigenpairs import leading_eigenpairs, leading_singular_triplets
from firth.training.sparse import SparseMatrix, is_symmetric
from firth.training.sparse_kernels import associate_cells
from firth.training.table import PairTable, row_blocks
from firth.training.workers import workers

POWER = 0.25
"""Exponent of a word's share in the weight of its side.

Share of the reducible softmax loss (unigram model to bound) that the start closes, at the best scale, V = 30 000,
D = 100, one row in eight: 0.15: 22 %, 0.25: 25 %, 0.35: 28 %, 0.5: 31 %. Its vectors are the better the lower the
exponent is; after nine exact sweeps those from 0.25 lead those from 0.35 by 0.9 points on the gold sets and are half a
point behind in the share closed.
"""

SCALE = 1.3
"""What the scores of the truncated matrix are multiplied by; by the same measure the best for this exponent."""

TOLERANCE = 3e-3
"""Residual of the eigenpairs, as a share of the largest: less makes no better start."""

_NO_PAIR = 1e-6
"""Pairs with |λ| below this share of the largest are rounding."""


def association_matrix(table: PairTable, *, floor: float, shift: float, power: float, threads: int = 1) -> SparseMatrix:
    """Return max(log(floor + r) − shift, 0) · (π_c π_o)^power of each pair that was seen, as a sparse matrix.

        r = N⁺ T / (N(c) N(o))          π = N(·)/T

    Args:
        table: N⁺.
        floor: added to the ratio r.
        shift: taken off the logarithm, in nats.
        power: exponent of the shares.
        threads: that share the rows.

    >>> association_matrix(PairTable.from_dense(np.eye(2)), floor=0, shift=0, power=0).values     # log 2, twice
    array([0.6931472, 0.6931472], dtype=float32)
    """
    values = np.empty(len(table.contexts), np.float32)
    shares = table.marginals / table.total
    context_shares = shares if is_symmetric(table) else table.context_marginals / table.total

    def fill(block: tuple[int, int]) -> None:
        parts = table.starts, table.contexts, table.expectations, shares, context_shares
        associate_cells(*block, *parts, table.total, (float(floor), float(shift), float(power)), values)

    with workers(threads) as share:
        share(fill, row_blocks(table.starts))
    return SparseMatrix(table.starts, table.contexts, values)


def spectral_start(
    table: PairTable, dimensions: int, *, seed: int = 1, threads: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centre and the context matrix that exact training starts from, (V, D) float32 each.

    The last coordinate is the bias: 1 in each centre. Coordinates for which the counts hold no eigenpair (V < D, or few
    kinds of rows) are random in the centres, uniform in ±1/(2 D), and 0 in the contexts: they leave the scores as they
    are and training can use them. A word that is no centre of any pair has the centre (0, …, 0, 1) but for those.

    Args:
        table: N⁺.
        dimensions: D, ≥ 1.
        seed: of the random numbers.
        threads: that work at once; they do not change a bit.

    Raises:
        SettingsError: if the dimensions are out of range.

    >>> center, context = spectral_start(PairTable.from_dense(np.array([[3.0, 1.0], [1.0, 3.0]])), 1)
    >>> center.ravel(), np.exp(context).ravel()     # D = 1: the bias alone, the unigram model
    (array([1., 1.], dtype=float32), array([0.5, 0.5], dtype=float32))
    """
    check_integer("dimensions", dimensions, 1, 100_000)
    words, free = len(table), dimensions - 1
    center, context = np.zeros((words, dimensions), np.float32), np.zeros((words, dimensions), np.float32)
    shares, context_shares = table.marginals / table.total, table.context_marginals / table.total
    found = 0
    if free:
        left, right = _weighted_factors(table, min(free, words), seed, threads)
        found = left.shape[1]
        center[:, :found] = SCALE * left * _inverse_power(shares)
        context[:, :found] = right * _inverse_power(context_shares)
    mean = shares @ center[:, :found].astype(np.float64)
    floor = context_shares[context_shares > 0].min() / 2  # of words never seen as a context, whose best score is −∞
    context[:, -1] = np.log(np.maximum(context_shares, floor)) - context[:, :found].astype(np.float64) @ mean
    missing = free - found
    if missing:
        places = np.arange(words * missing).reshape(words, missing)
        center[:, found:free] = (random_uniform(stream_key(seed, "start"), places) - 0.5) / dimensions
    center[:, -1] = 1.0
    return center, context


def _weighted_factors(table: PairTable, count: int, seed: int, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """Return X √|Λ| and Y √|Λ| sign(Λ) of the weighted matrix, without pairs that are only rounding."""
    matrix = association_matrix(table, floor=1.0, shift=0.0, power=POWER, threads=threads)
    if is_symmetric(table):
        pairs = leading_eigenpairs(matrix, count, tolerance=TOLERANCE, seed=seed, threads=threads)
        left, values, right = pairs.vectors, pairs.values, pairs.vectors * np.sign(pairs.values).astype(np.float32)
    else:
        left, values, right = leading_singular_triplets(matrix, count, tolerance=TOLERANCE, seed=seed, threads=threads)
    held = np.abs(values) > _NO_PAIR * np.abs(values).max()
    roots = np.sqrt(np.abs(values[held])).astype(np.float32)
    return left[:, held] * roots, right[:, held] * roots


def _inverse_power(shares: np.ndarray) -> np.ndarray:
    """Return π^−power as a column, 0 where π is 0."""
    return np.where(shares > 0, np.where(shares > 0, shares, 1.0) ** -POWER, 0.0)[:, None]
