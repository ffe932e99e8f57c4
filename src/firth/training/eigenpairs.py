"""Leading eigenpairs and singular triplets of a large sparse matrix, by block Lanczos with full orthogonalisation.

    Krylov space   span(Q, S Q, S² Q, …), Q random (V, block)
    in it          the best approximations to the eigenpairs at both ends of the spectrum (Rayleigh & Ritz)

A whole block per product means that a row of the dense side is read from memory once for `BLOCK` columns; keeping all
blocks, not only the last as subspace iteration does, means few products. Products are float32; what is projected is
float64. Where the basis is full, the best of it is kept and the iteration goes on (thick restart). The same bytes for
any number of threads.

Golub & Underwood 1977 · Wu & Simon 2000 · Musco & Musco 2015 (why random blocks do).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firth.errors import SettingsError, check_integer, check_number, sentence
from firth.randomness import random_uniform, stream_key
from firth.training.sparse import SparseMatrix
from firth.training.workers import Share, combine, inner_products, orthonormal_factors, workers

logger = logging.getLogger(__name__)

BLOCK = 32
"""Columns of a product."""

BLOCKS = 8
"""Blocks that the basis has room for beside the pairs that are asked for."""

MOST_PRODUCTS = 100
"""Products after which the pairs are taken as they are."""

_DENSE = 600
"""Words up to which the matrix is made dense and decomposed as a whole."""

_NOTHING = 1e-5
"""A direction this much shorter than the longest is rounding, and another one is drawn for it."""

Product = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Eigenpairs:
    """What `leading_eigenpairs` found.

    Attributes:
        values: λ, the largest |λ| first, (count,) float64.
        vectors: columns of length 1, orthogonal, (V, count) float32.
        residual: largest ‖S x − λ x‖ of them, as a share of the largest |λ|.
        products: of S with a block that it took.
    """

    values: np.ndarray
    vectors: np.ndarray
    residual: float
    products: int


def leading_eigenpairs(
    matrix: SparseMatrix, count: int, *, tolerance: float = 1e-3, seed: int = 1, threads: int = 1
) -> Eigenpairs:
    """Return the eigenpairs of a symmetric sparse matrix that are largest in absolute value.

    The sign of each vector is such that its entry of largest absolute value is positive.

    Args:
        matrix: S (V, V), symmetric; only that is not checked.
        count: of pairs, from 1 to V.
        tolerance: when to stop: the largest ‖S x − λ x‖ as a share of the largest |λ|. An eigenvalue is off by at most
            that, and mostly by its square.
        seed: of the first block.
        threads: that share the products.

    Raises:
        SettingsError: if the count is out of range, the tolerance not in (0, 1], or the matrix holds what is no number.

    >>> matrix = SparseMatrix(np.array([0, 1, 2]), np.array([0, 1], np.int32), np.array([2, -3], np.float32))
    >>> leading_eigenpairs(matrix, 1).values
    array([-3.])
    """
    _check(matrix, count, tolerance)
    with workers(threads) as share:
        if len(matrix) <= _DENSE or count + 2 * BLOCK > len(matrix):
            values, vectors = np.linalg.eigh(matrix.dense())
            order = np.argsort(-np.abs(values), kind="stable")[:count]
            pairs = Eigenpairs(values[order], vectors[:, order].astype(np.float32), 0.0, 0)
        else:
            pairs = _krylov(share, lambda block: matrix.times(share, block), len(matrix), count, tolerance, seed)
    places = np.abs(pairs.vectors).argmax(axis=0)
    signs = np.where(pairs.vectors[places, np.arange(count)] < 0, np.float32(-1), np.float32(1))
    return Eigenpairs(pairs.values, pairs.vectors * signs, pairs.residual, pairs.products)


def leading_singular_triplets(
    matrix: SparseMatrix, count: int, *, tolerance: float = 1e-3, seed: int = 1, threads: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the largest singular values of a sparse matrix, (count,), and their vectors as columns, (V, count) twice.

        S ≈ A diag(σ) Bᵀ

    From the eigenpairs of SᵀS, then the decomposition of S B, so that small σ are as sure as large ones.

    Args:
        matrix: S (V, V).
        count: of triplets, from 1 to V.
        tolerance: as of `leading_eigenpairs`, of SᵀS.
        seed: of the first block.
        threads: that share the products.

    Returns:
        A float32, σ float64 from the largest on, B float32.

    Raises:
        SettingsError: as `leading_eigenpairs`.
    """
    _check(matrix, count, tolerance)
    with workers(threads) as share:
        if len(matrix) <= _DENSE or count + 2 * BLOCK > len(matrix):
            left, values, right = np.linalg.svd(matrix.dense())
            return left[:, :count].astype(np.float32), values[:count], right[:count].T.astype(np.float32)
        other = matrix.transposed()
        pairs = _krylov(
            share, lambda block: other.times(share, matrix.times(share, block)), len(matrix), count, tolerance, seed
        )
        basis, triangle = orthonormal_factors(share, matrix.times(share, pairs.vectors))
        turn, values, other_turn = np.linalg.svd(triangle.astype(np.float64))
        return combine(share, basis, turn), values, combine(share, pairs.vectors, other_turn.T)


def _krylov(share: Share, product: Product, words: int, count: int, tolerance: float, seed: int) -> Eigenpairs:
    """Return the leading eigenpairs of what `product` multiplies with."""
    room = min(words, count + BLOCKS * BLOCK)
    basis, projected = np.empty((words, room), np.float32), np.zeros((room, room))
    fresh, size, done = orthonormal_factors(share, _random_block(words, seed, 0))[0], 0, 0
    while True:
        here = slice(size, size + BLOCK)
        basis[:, here] = fresh
        image = product(fresh)
        size, done = size + BLOCK, done + 1
        fresh, inside, rest = _new_directions(share, basis[:, :size], image, _random_block(words, seed, done))
        projected[:size, here] = inside
        projected[here, :size] = inside.T
        is_full = size + BLOCK > room
        if size < count and not is_full:
            continue
        values, vectors = np.linalg.eigh(projected[:size, :size])
        order = np.argsort(-np.abs(values), kind="stable")
        residual = float(np.linalg.norm(rest @ vectors[here, order[:count]], axis=0).max())
        residual /= max(abs(float(values[order[0]])), np.finfo(np.float64).tiny)
        if residual <= tolerance or done >= MOST_PRODUCTS:
            break
        if is_full:
            kept = order[: count + BLOCK]
            basis[:, : len(kept)] = combine(share, basis[:, :size], vectors[:, kept])
            size = len(kept)
            projected[:] = 0.0
            projected[range(size), range(size)] = values[kept]
    if residual > tolerance:
        logger.warning("after %d products the eigenpairs are known to %.1g of the largest only", done, residual)
    leading = order[:count]
    return Eigenpairs(values[leading], combine(share, basis[:, :size], vectors[:, leading]), residual, done)


def _new_directions(
    share: Share, basis: np.ndarray, image: np.ndarray, spare: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split an image into what lies in the basis and what does not: image = basis · inside + fresh · rest.

    Directions that are only rounding are replaced by spare ones, with nothing in `rest`.
    """
    inside = inner_products(share, basis, image)
    outside = image - combine(share, basis, inside)
    longest = np.sqrt((inside**2).sum(axis=0).max() + (outside.astype(np.float64) ** 2).sum(axis=0).max())
    fresh, rest = orthonormal_factors(share, outside)
    rest = rest.astype(np.float64)
    is_noise = np.abs(np.diag(rest)) <= _NOTHING * longest
    fresh[:, is_noise] = spare[:, is_noise]
    rest[is_noise] = 0.0
    fresh -= combine(share, basis, inner_products(share, basis, fresh))  # what rounding left in the basis
    fresh, turn = orthonormal_factors(share, fresh)
    rest = turn @ rest
    last = inside[-image.shape[1] :]
    inside[-image.shape[1] :] = (last + last.T) / 2
    return fresh, inside, rest


def _random_block(words: int, seed: int, number: int) -> np.ndarray:
    """Return random numbers in ±1, (V, BLOCK) float32."""
    places = np.arange(words * BLOCK).reshape(words, BLOCK)
    return (2 * random_uniform(stream_key(seed, "start", number), places) - 1).astype(np.float32)


def _check(matrix: SparseMatrix, count: int, tolerance: float) -> None:
    """Refuse what can't be decomposed."""
    check_integer("count", count, 1, len(matrix))
    check_number("tolerance", tolerance, 0, 1, open_below=True)
    extremes = (matrix.values.min(), matrix.values.max()) if len(matrix.values) else (0.0,)
    if not np.isfinite(extremes).all():
        came = f"values from {min(extremes):g} to {max(extremes):g}"
        raise SettingsError(sentence("a matrix of finite numbers", came, "look for what overflowed before"))
