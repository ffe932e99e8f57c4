"""Codewords for product quantisation: k-means in each group of dimensions, and the nearest codeword of each row.

k-means on a sample of rows of length 1. A group is one piece of work, its points are compared in fixed blocks
with BLAS held to one thread: the codewords do not depend on the number of threads.
"""

from __future__ import annotations

import itertools

import numpy as np

from firth.randomness import random_bits, random_uniform, stream_key
from firth.vectors.neighbours import unit_rows
from firth.vectors.sharing import shared
from firth.vectors.stored import CODEWORDS, ProductMatrix, StoredMatrix, group_ends

_SAMPLE = 256 * CODEWORDS  # rows that codewords are trained on, at most
_START = 1 << 13  # of these, those from which the start is drawn
_PASSES = 20
_BLOCK = 2048  # rows compared with all codewords at once


def train_codebooks(matrix: StoredMatrix, *, groups: int, seed: int, threads: int) -> np.ndarray:
    """Find 256 codewords for each group of dimensions.

    Args:
        matrix: stored, (V, D).
        groups: M ≤ D.
        seed: where the sample and the first codewords come from.
        threads: how many may work; the result does not depend on it.

    Returns:
        Float32, (256, D): those of each group in its columns.

    >>> from firth.vectors.stored import PlainMatrix
    >>> train_codebooks(PlainMatrix(np.eye(3, dtype=np.float32)), groups=2, seed=1, threads=1).shape
    (256, 3)
    """
    order = np.argsort(random_bits(stream_key(seed, "codewords"), np.arange(len(matrix))), kind="stable")
    rows = order[:_SAMPLE]
    sample = np.empty((len(rows), matrix.shape[1]), np.float32)
    for start in range(0, len(rows), _BLOCK):
        sample[start : start + _BLOCK] = unit_rows(matrix.rows(rows[start : start + _BLOCK]))
    ends = [0, *group_ends(matrix.shape[1], groups).tolist()]

    def train(columns: tuple[int, int]) -> np.ndarray:
        return k_means(np.ascontiguousarray(sample[:, slice(*columns)]), key=stream_key(seed, "codewords", *columns))

    return np.concatenate(shared(train, list(itertools.pairwise(ends)), threads), axis=1)


def k_means(points: np.ndarray, *, key: np.uint64, passes: int = _PASSES) -> np.ndarray:
    """Find 256 points near to which the given ones are: Lloyd's algorithm, from a start that is spread over them.

    Args:
        points: float32, (N, d), in an order that means nothing.
        key: of the random numbers that choose the start.
        passes: at most.

    Returns:
        Float32, (256, d). Of fewer than 256 distinct points each is one, and one of them fills the rest.

    >>> sorted(set(k_means(np.array([[1.0], [3.0], [1.0]], np.float32), key=np.uint64(1))[:, 0].tolist()))
    [1.0, 3.0]

    Lloyd 1957 · Arthur & Vassilvitskii 2007 (the start).
    """
    centers = _start(points[:_START].astype(np.float64), key).astype(np.float32)
    before = np.full(len(points), -1)
    for _ in range(passes):
        nearest, closeness = nearest_codewords(points, centers)
        if np.array_equal(nearest, before):
            break
        before = nearest
        sizes = np.bincount(nearest, minlength=CODEWORDS)
        sums = np.stack([np.bincount(nearest, column, CODEWORDS) for column in points.T], axis=1)
        filled = sizes > 0
        centers[filled] = sums[filled] / sizes[filled, np.newaxis]
        empty = np.flatnonzero(~filled)
        if len(empty):  # they move to the points that are worst off
            far = np.argsort(closeness - (points.astype(np.float64) ** 2).sum(axis=1) / 2, kind="stable")
            centers[empty[: len(far)]] = points[far[: len(empty)]]
    return centers


def _start(points: np.ndarray, key: np.uint64) -> np.ndarray:
    """Draw 256 points, each with a chance that grows as its squared distance from those before: (256, d)."""
    draws = random_uniform(key, np.arange(CODEWORDS))
    centers = np.empty((CODEWORDS, points.shape[1]))
    centers[0] = points[int(draws[0] * len(points))]
    apart = np.full(len(points), np.inf)
    for place in range(1, CODEWORDS):
        apart = np.minimum(apart, ((points - centers[place - 1]) ** 2).sum(axis=1))
        sums = np.cumsum(apart)
        chosen = np.searchsorted(sums, draws[place] * sums[-1], side="right")
        centers[place] = points[chosen] if chosen < len(points) else centers[0]
    return centers


def nearest_codewords(points: np.ndarray, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest centre of each point: the one with the highest p·c − |c|²/2.

    Args:
        points: float32, (N, d).
        centers: float32, (C, d).

    Returns:
        Its number, (N,); and p·c − |c|²/2 of it, float32, (N,). Of equally near ones the first.

    >>> nearest_codewords(np.array([[1.0]], np.float32), np.array([[4.0], [0.5]], np.float32))[0]
    array([1])
    """
    slopes = np.ascontiguousarray(centers.T)
    half = (centers.astype(np.float64) ** 2).sum(axis=1).astype(np.float32) / 2
    nearest, closeness = np.empty(len(points), np.int64), np.empty(len(points), np.float32)
    for start in range(0, len(points), _BLOCK):
        block = slice(start, start + _BLOCK)
        scores = points[block] @ slopes
        scores -= half
        scores.argmax(axis=1, out=nearest[block])
        closeness[block] = np.take_along_axis(scores, nearest[block, np.newaxis], axis=1)[:, 0]
    return nearest, closeness


def product_matrix(matrix: StoredMatrix, codebooks: np.ndarray, *, groups: int, threads: int) -> ProductMatrix:
    """Give every row the codewords nearest to it, group by group, and its own length.

    Args:
        matrix: stored, (V, D).
        codebooks: from `train_codebooks`.
        groups: M.
        threads: how many may work; the result does not depend on it.

    >>> from firth.vectors.stored import PlainMatrix
    >>> held = PlainMatrix(np.array([[3, 0], [0, 1]], np.float32))
    >>> codebooks = train_codebooks(held, groups=1, seed=1, threads=1)
    >>> product_matrix(held, codebooks, groups=1, threads=1).whole().tolist()
    [[3.0, 0.0], [0.0, 1.0]]
    """
    ends = [0, *group_ends(matrix.shape[1], groups).tolist()]
    codes, scales = np.empty((len(matrix), groups), np.uint8), np.empty(len(matrix), np.float32)

    def encode(start: int) -> None:
        block = slice(start, min(len(matrix), start + _BLOCK))
        rows = matrix.stretch(block.start, block.stop).astype(np.float64)
        units = unit_rows(rows).astype(np.float32)
        made = np.empty(units.shape, np.float64)
        for group, (first, last) in enumerate(itertools.pairwise(ends)):
            centers = codebooks[:, first:last]
            codes[block, group] = nearest_codewords(np.ascontiguousarray(units[:, first:last]), centers)[0]
            made[:, first:last] = centers[codes[block, group]]
        lengths, wanted = np.sqrt((made * made).sum(axis=1)), np.sqrt((rows * rows).sum(axis=1))
        scales[block] = np.divide(wanted, lengths, out=np.zeros(len(rows)), where=lengths > 0)

    shared(encode, list(range(0, len(matrix), _BLOCK)), threads)
    return ProductMatrix(codes, scales, codebooks)
