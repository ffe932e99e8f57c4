"""What a file of vectors holds, in the two shapes that readers give: whole, and stretch by stretch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from firth.vectors.subwords import SubwordVectors
from firth.vectors.words import Words


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of vectors, checked: what `Vectors` takes.

    Args:
        words: V words.
        tensors: `matrix` (V, D) float32, and perhaps `context_matrix` (V, D) float32 and `counts` (V,) uint64.
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
        count: V, how many words come.
        dimensions: D, numbers of each.
        stretches: the words (N) and their vectors, float32 (N, D), in the order of the rows.
    """

    count: int
    dimensions: int
    stretches: Iterator[tuple[list[str], np.ndarray]]
