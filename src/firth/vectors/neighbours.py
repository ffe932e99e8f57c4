"""Nearest rows by cosine: one matrix product for many queries, then the few best again in float64.

The product in float32 only chooses candidates, with a margin that covers its rounding; order and values come
from float64 sums taken row by row. So they do not depend on the number of queries, on BLAS or on its threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

_SCORES = 1 << 24  # scores held at once, in float32: 64 MiB
_CELLS = 1 << 20  # cells of the matrix held at once in float64: 8 MiB
# Outside of these lengths a product in float32 may overflow, or lose its digits.
_SHORT, _LONG = 1e-30, 1e30


def row_norms(matrix: np.ndarray) -> np.ndarray:
    """Euclidean length of every row.

    Args:
        matrix: float32, (V, D).

    Returns:
        Float64, (V,); each depends on its row alone, to the last bit.

    >>> row_norms(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    array([5., 0.])
    """
    norms = np.empty(len(matrix))
    for start, stop in _stretches(*matrix.shape):
        norms[start:stop] = np.sqrt(_squares(matrix[start:stop].astype(np.float64)))
    return norms


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cosine of every row of one matrix with the same row of another, or with one vector, in float64.

        cos = a·b / √(|a|²·|b|²), 0 where a length is 0

    So written, the cosine of equal rows is 1 to the last bit.

    Args:
        first: rows a, (N, D).
        second: rows b, finite, (N, D); or one vector for all, (1, D).

    Returns:
        Float64 in [−1, 1], (N,); each depends on its two rows alone, to the last bit.

    >>> cosines(np.eye(2, dtype=np.float32), np.array([[3.0, 4.0]]))
    array([0.6, 0.8])
    """
    second = _scaled(second.astype(np.float64))
    values = np.zeros(len(first))
    for start, stop in _stretches(*first.shape):
        rows, others = first[start:stop].astype(np.float64), second[start:stop] if len(second) > 1 else second
        lengths = np.sqrt(_squares(rows) * _squares(others))
        np.divide((rows * others).sum(axis=1), lengths, out=values[start:stop], where=lengths > 0)
    return np.clip(values, -1.0, 1.0) + 0.0  # no −0.0


def nearest(
    matrix: np.ndarray, norms: np.ndarray, queries: np.ndarray, *, count: int, left_out: Sequence[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The `count` rows with the highest cosine for each of N queries.

    Args:
        matrix: float32, (V, D).
        norms: lengths of its rows, float64, (V,).
        queries: finite, (N, D).
        count: how many rows at most.
        left_out: for each query the rows that are no answers, N arrays of ids.

    Returns:
        For each query the rows (C,) and their cosines (C,), highest first, ties by row; C is `count`, or what is
        left.
    """
    answers = []
    for start, block, scores in _scored(matrix, norms, queries):
        for place, query in enumerate(block):
            scores[place, left_out[start + place]] = -np.inf
            rows = _candidates(scores[place], count, _margin(matrix))
            exact = cosines(matrix[rows], query[np.newaxis])
            order = np.lexsort((rows, -exact))[:count]
            answers.append((rows[order], exact[order]))
    return answers


def nearest_row(matrix: np.ndarray, norms: np.ndarray, queries: np.ndarray, *, left_out: np.ndarray) -> np.ndarray:
    """The row with the highest cosine for each of N queries: `nearest` with `count=1`, many times faster.

    Args:
        matrix: float32, (V, D).
        norms: lengths of its rows, float64, (V,).
        queries: finite, (N, D).
        left_out: for each query the K rows that are no answers, (N, K).

    Returns:
        The rows, int64, (N,); of equal cosines the first row; −1 where none is left.
    """
    best = np.empty(len(queries), np.int64)
    for start, block, scores in _scored(matrix, norms, queries):
        places = np.arange(len(block))
        scores[places[:, np.newaxis], left_out[start : start + len(block)]] = -np.inf
        chosen = scores.argmax(axis=1)
        highest = scores[places, chosen]
        chosen[highest == -np.inf] = -1
        close = scores >= (highest - np.float32(_margin(matrix)))[:, np.newaxis]
        for place in np.flatnonzero((np.count_nonzero(close, axis=1) > 1) & (chosen >= 0)):
            rows = np.flatnonzero(close[place])
            chosen[place] = rows[cosines(matrix[rows], block[place : place + 1]).argmax()]
        best[start : start + len(block)] = chosen
    return best


def _scored(matrix: np.ndarray, norms: np.ndarray, queries: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield blocks of queries: place of the first, the block in float64 (B, D), its cosines in float32 (B, V)."""
    weights = np.zeros(len(matrix), np.float32)
    is_plain = (norms >= _SHORT) & (norms <= _LONG)
    weights[is_plain] = 1.0 / norms[is_plain]
    odd = np.flatnonzero(~is_plain & (norms > 0))
    step = max(1, _SCORES // len(matrix))
    for start in range(0, len(queries), step):
        block = _scaled(queries[start : start + step].astype(np.float64))
        lengths = row_norms(block)[:, np.newaxis]
        units = np.divide(block, lengths, out=np.zeros_like(block), where=lengths > 0).astype(np.float32)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # of odd rows, replaced below
            scores = units @ matrix.T
            scores *= weights
        for place in range(len(block) if len(odd) else 0):
            scores[place, odd] = cosines(matrix[odd], block[place : place + 1])
        yield start, block, scores


def _margin(matrix: np.ndarray) -> float:
    """Bound the rounding of a float32 cosine in D dimensions, twice: of the last one in, of the first one out."""
    return 2 * (matrix.shape[1] + 8) * float(np.finfo(np.float32).eps)


def _candidates(scores: np.ndarray, count: int, margin: float) -> np.ndarray:
    """Choose the rows (C,) that may be among the best `count`, given scores (V,) that err by half the margin."""
    if count < len(scores):
        last = np.partition(scores, len(scores) - count)[len(scores) - count]
        if last > -np.inf:
            return np.flatnonzero(scores >= last - margin)
    return np.flatnonzero(scores > -np.inf)


def _squares(block: np.ndarray) -> np.ndarray:
    """Sum the squares of each row of a float64 block (N, D): (N,)."""
    return (block * block).sum(axis=1)


def _scaled(queries: np.ndarray) -> np.ndarray:
    """Scale each float64 query (N, D) by a power of two, to a greatest entry in [½, 1): no digit changes."""
    greatest = np.abs(queries).max(axis=1, keepdims=True)
    return np.ldexp(queries, -np.frexp(greatest)[1])


def _stretches(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """Cut rows into stretches that hold few cells."""
    step = max(1, _CELLS // max(1, columns))
    for start in range(0, rows, step):
        yield start, min(start + step, rows)
