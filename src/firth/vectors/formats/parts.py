"""What a file of vectors holds, in the two shapes that readers give: whole, and stretch by stretch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from firth.vectors.stored import stored_matrix
from firth.vectors.subwords import SubwordVectors
from firth.vectors.words import Words

_STRETCH = 1 << 22  # bytes of vectors handed on at once


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of vectors, checked: what `Vectors` takes.

    Args:
        words: V words.
        tensors: what a `StoredMatrix` has: `matrix` (V, D) float32, or what rows in fewer bits are made from
            (`stored_matrix` gives them); and perhaps `context_matrix` (V, D) float32 and `counts` (V,) uint64.
        config: what the file tells about how they were made, as JSON can hold it; `source` has the format and what
            was changed on the way (words left out, repaired or renamed).
        subwords: the rows of words and n-grams, if words have them.
    """

    words: Words
    tensors: Mapping[str, np.ndarray]
    config: dict[str, Any] = field(default_factory=dict)
    subwords: SubwordVectors | None = None


@dataclass(frozen=True, kw_only=True)
class Stretches:
    """Words and vectors of a file that need not be in memory at once.

    Args:
        count: V, how many rows the file has; words that are left out make fewer come.
        dimensions: D, numbers of each.
        stretches: the words (N) and their vectors, float32 (N, D), in the order of the rows; each word once, every
            number finite.
        source: the format, and what was changed on the way; whole when the last stretch has come.
    """

    count: int
    dimensions: int
    stretches: Iterator[tuple[list[str], np.ndarray]]
    source: dict[str, Any] = field(default_factory=dict)


def rows_at_once(dimensions: int) -> int:
    """Return how many rows make a stretch: 4 MiB of numbers.

    Args:
        dimensions: D, numbers of each row.

    >>> rows_at_once(300)
    3495
    """
    return max(1, _STRETCH // (4 * dimensions))


def cut(parts: Parts) -> Stretches:
    """Cut vectors that are at hand into stretches; those held in fewer bits are made as they are asked for.

    Args:
        parts: V words, and the tensors of a `StoredMatrix`.

    >>> parts = Parts(words=Words(["up", "down"]), tensors={"matrix": np.ones((2, 1 << 20), np.float32)})
    >>> [words for words, _ in cut(parts).stretches]
    [['up'], ['down']]
    """
    matrix = stored_matrix(parts.tensors)
    count, dimensions = matrix.shape
    step = rows_at_once(dimensions)
    blocks = ((parts.words[at : at + step], matrix.stretch(at, min(at + step, count))) for at in range(0, count, step))
    return Stretches(count=count, dimensions=dimensions, stretches=blocks)
