"""Threads that share out blocks of work, BLAS held to one thread in each: the same bytes however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

ROWS = 8192
"""Rows of a dense matrix that are multiplied at once. It shapes the result, so it is not a setting."""

Share = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]
"""Calls a function for each item, on all threads; returns the results in the order of the items."""


@contextmanager
def workers(threads: int) -> Iterator[Share]:
    """Start threads for the length of this block, in which BLAS uses one thread for each of them.

    >>> with workers(2) as share:
    ...     share(lambda number: number * number, range(4))
    [0, 1, 4, 9]
    """
    with threadpool_limits(1), ThreadPoolExecutor(threads, "firth") as pool:
        yield lambda function, items: list(pool.map(function, items))


def row_ranges(rows: int) -> list[slice]:
    """Return the fixed blocks of a dense matrix's rows.

    >>> row_ranges(10_000)
    [slice(0, 8192, None), slice(8192, 10000, None)]
    """
    return [slice(first, min(rows, first + ROWS)) for first in range(0, rows, ROWS)]


def inner_products(share: Share, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return leftᵀ · right in float64: products of fixed blocks, added in their order; (V, m) and (V, n)."""
    total = np.zeros((left.shape[1], right.shape[1]))
    for product in share(lambda rows: left[rows].T @ right[rows], row_ranges(len(left))):
        total += product
    return total


def orthonormal_factors(share: Share, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Q (V, n) with orthonormal columns and R (n, n) with matrix = Q R; V ≥ n.

    Householder's factors of fixed blocks of rows, then of their R's one above the other (Demmel et al. 2012, TSQR):
    as stable as in one piece.
    """
    ranges = row_ranges(len(matrix))
    parts = share(lambda rows: np.linalg.qr(matrix[rows]), ranges)
    upper, triangle = np.linalg.qr(np.concatenate([part.R for part in parts]))
    ends = np.cumsum([0, *(len(part.R) for part in parts)])
    result = np.empty_like(matrix)

    def back(index: int) -> None:
        result[ranges[index]] = parts[index].Q @ upper[ends[index] : ends[index + 1]]

    share(back, range(len(parts)))
    return result, triangle


def combine(share: Share, matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return matrix · weights in the matrix's precision, fixed blocks of rows at a time; (V, m) and (m, n)."""
    weights = weights.astype(matrix.dtype)
    out = np.empty((len(matrix), weights.shape[1]), matrix.dtype)

    def rows(block: slice) -> None:
        np.matmul(matrix[block], weights, out=out[block])

    share(rows, row_ranges(len(matrix)))
    return out
