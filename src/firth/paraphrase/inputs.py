"""What a head sees of pairs of sentences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class PairInputs(NamedTuple):
    """N pairs of sentences, encoded and described.

    Attributes:
        first: encodings of the first sentences, float32, (N, D): rows of length 1, or all zeros.
        second: those of the second sentences, (N, D).
        features: numbers that describe each pair, the same if its sentences change places, float64, (N, F).
        names: what the F columns of `features` are.

    >>> inputs = PairInputs(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), np.ones((2, 1)), ("overlap",))
    >>> inputs.pairs, inputs.swapped().first.shape, inputs.take(np.array([1])).pairs
    (2, (2, 2), 1)
    """

    first: np.ndarray
    second: np.ndarray
    features: np.ndarray
    names: tuple[str, ...]

    @property
    def pairs(self) -> int:
        """N, how many pairs these are."""
        return len(self.first)

    def swapped(self) -> PairInputs:
        """Return the pairs with their sentences in each other's place."""
        return self._replace(first=self.second, second=self.first)

    def take(self, rows: np.ndarray) -> PairInputs:
        """Return some of the pairs: those of the numbers, or of the mask, `rows`."""
        return self._replace(first=self.first[rows], second=self.second[rows], features=self.features[rows])
