"""The two matrices of a model, laid out for the kernels: rows of whole cache lines, spare rows at the end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.randomness import random_uniform, stream_key

LINE = 64
"""Bytes of a cache line, and of the kernels' vectors."""

SPARE = 4
"""Rows of zeros where the blocks of one thread or slice point that are not full."""


class Matrices(NamedTuple):
    """The model: rows of V words, then spare ones.

    Attributes:
        center: (V + spare rows, D padded to whole cache lines).
        context: the same shape.
        spare: the first of `SPARE` rows of zeros that nobody else uses at the same time.
    """

    center: np.ndarray
    context: np.ndarray
    spare: int


def own_lines(shape: int | tuple[int, ...], dtype: type | np.dtype) -> np.ndarray:
    """Return zeros that share no cache line with anything else: room that one thread writes while others write theirs.

    >>> room = own_lines((3, 5), np.int32)
    >>> room.shape, room.ctypes.data % 64
    ((3, 5), 0)
    """
    count, size = int(np.prod(shape)), np.dtype(dtype).itemsize
    buffer: np.ndarray = np.zeros(-(-count * size // LINE) * LINE + LINE, np.uint8)
    start = -buffer.ctypes.data % LINE
    return buffer[start : start + count * size].view(dtype).reshape(shape)


def padded_matrix(words: int, dimensions: int, *, spare: int = SPARE, dtype: type = np.float32) -> np.ndarray:
    """Return zeros with room for `words` rows and `spare` more, each row starting on a cache line.

    >>> padded_matrix(10, 3).shape
    (14, 16)
    """
    items = LINE // np.dtype(dtype).itemsize
    return own_lines((words + spare, -(-dimensions // items) * items), dtype)


def compact(matrix: np.ndarray, words: int, dimensions: int) -> np.ndarray:
    """Move the rows of a padded matrix together and return them: (words, dimensions).

    In its own memory, unless half of that or more were padding. The padded matrix must not be used afterwards.

    >>> matrix = padded_matrix(2, 3)
    >>> matrix[:2, :3] = [[1, 2, 3], [4, 5, 6]]
    >>> compact(matrix, 2, 3).tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    """
    if 2 * dimensions <= matrix.shape[1]:
        return matrix[:words, :dimensions].copy()
    flat = matrix.reshape(-1)
    step = max(1, 2**18 // dimensions)  # what NumPy copies at once, because the two overlap
    for first in range(0, words, step):
        last = min(words, first + step)
        flat[first * dimensions : last * dimensions] = matrix[first:last, :dimensions].reshape(-1)
    return flat[: words * dimensions].reshape(words, dimensions)


def start_matrices(words: int, dimensions: int, *, spare: int = SPARE, seed: int, dtype: type = np.float32) -> Matrices:
    """Return matrices as training starts: centres uniform in ±1 / (2 D), contexts zero (word2vec.c).

    A number depends on the seed and its place alone.
    """
    center = padded_matrix(words, dimensions, spare=spare, dtype=dtype)
    context = padded_matrix(words, dimensions, spare=spare, dtype=dtype)
    _fill(center, words, dimensions, stream_key(seed, "start"))
    return Matrices(center, context, words)


def start_documents(documents: int, dimensions: int, *, seed: int, dtype: type = np.float32) -> np.ndarray:
    """Return the vectors of documents as training starts, and spare rows behind them; nothing if there are none."""
    matrix = padded_matrix(documents, dimensions, spare=SPARE if documents else 0, dtype=dtype)
    _fill(matrix, documents, dimensions, stream_key(seed, "start", 1))
    return matrix


def start_pieces(pieces: int, dimensions: int, *, seed: int, dtype: type = np.float32) -> np.ndarray:
    """Return the rows of pieces as training starts: uniform in ±1 / (2 D)."""
    matrix = padded_matrix(pieces, dimensions, spare=0, dtype=dtype)
    _fill(matrix, pieces, dimensions, stream_key(seed, "start", 2))
    return matrix


def _fill(matrix: np.ndarray, rows: int, dimensions: int, key: np.uint64) -> None:
    """Fill rows with uniform numbers in ±1 / (2 D), by place."""
    step = max(1, 2**20 // dimensions)  # so that what is drawn at once stays small
    for first in range(0, rows, step):
        last = min(rows, first + step)
        places = np.arange(first * dimensions, last * dimensions).reshape(last - first, dimensions)
        matrix[first:last, :dimensions] = (random_uniform(key, places) - 0.5) / dimensions
