"""What a streamed run is told, and what shapes its result without being told."""

from __future__ import annotations

from dataclasses import dataclass

from firth.errors import check_integer, check_number

RANGE = 1 << 14
"""Positions a thread takes at a time: some milliseconds of work. It shapes the result, so it is not a setting."""

POOL = 16
"""Noise words that a group of centres meets."""

TURN = 32
"""Kept words that share a pool."""


@dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """What a streamed run needs besides the corpus and the observation settings.

    Attributes:
        dimensions: D.
        negatives: K, noise words a pair in expectation.
        passes: over the corpus.
        learning_rate: at the start; it falls to 0 along a straight line.
        threads: that train at once, racing on shared rows.
        seed: of every random number.

    Raises:
        SettingsError: if one is out of range.
    """

    dimensions: int
    negatives: int
    passes: int
    learning_rate: float
    threads: int
    seed: int

    def __post_init__(self) -> None:
        check_integer("dimensions", self.dimensions, 1, 100_000)
        check_integer("negatives", self.negatives, 1, 1000)
        check_integer("passes", self.passes, 1)
        check_number("learning_rate", self.learning_rate, 0, 10, open_below=True)
        check_integer("threads", self.threads, 1, 1024)
        check_integer("seed", self.seed, 0, 2**63 - 1)
