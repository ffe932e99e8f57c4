"""What a streamed run is told, and what shapes its result without being told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firth.errors import check_integer, check_number
from firth.training.kinds import SKIP_GRAM, Kind, check_kind

RANGE = 1 << 14
"""Positions a thread takes at a time: some milliseconds of work. It shapes the result, so it is not a setting."""

POOL = 16
"""Noise words that a group of centres meets."""

TURN = 32
"""Kept words that share a pool."""

MEAN_POOL, MEAN_TURN = 12, 16
"""The same where a window is one bag: it meets noise once, not once for each of its words, so fewer words will do."""

DOCUMENT_POOL, DOCUMENT_TURN = 8, 8
"""The same where documents have vectors: each meets few words, so more different noise words are better."""

SLICES = 8
"""Slices of a round: as many threads as can work at once. Like what follows, it shapes the result."""

MOST_RELAXED = 0.1
"""How far a slice may bring the heaviest row to where it is drawn, in expectation, in one round."""

LONGEST_SLICE = 1024
"""Positions of a slice in one round, at the most."""

SHORTEST_SLICE = 8
"""Positions of a slice in one round, where the corpus has them."""

FEWEST_ROUNDS = 64
"""Rounds of a pass that slices are made shorter for, so that those of a small corpus meet often enough."""

CURVATURE = 0.035
"""How far steps that add up to 1 bring a row to where it is drawn, in a vocabulary of many words."""


@dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """What a streamed run needs besides the corpus and the observation settings.

    Attributes:
        dimensions: D.
        negatives: K, noise words a pair in expectation.
        passes: over the corpus.
        learning_rate: at the start; it falls to 0 along a straight line.
        threads: that train at once.
        seed: of every random number.
        reproducible: whether threads work in rounds and leave the same bytes however many they are, or race.
        held_out: share of the corpus that is scored and never trained on.
        interval_words: raw words, about, between two reports; None makes a pass an interval.

        kind: which member of the family is trained.

    Raises:
        SettingsError: if one is out of range, or they don't go together.
    """

    dimensions: int
    negatives: int
    passes: int
    learning_rate: float
    threads: int
    seed: int
    reproducible: bool = True
    held_out: float = 0.0
    interval_words: int | None = None

    kind: Kind = SKIP_GRAM

    def __post_init__(self) -> None:
        check_kind(self.kind, reproducible=self.reproducible)
        check_integer("dimensions", self.dimensions, 1, 100_000)
        check_integer("negatives", self.negatives, 1, 1000)
        check_integer("passes", self.passes, 1)
        check_number("learning_rate", self.learning_rate, 0, 10, open_below=True)
        check_integer("threads", self.threads, 1, 1024)
        check_integer("seed", self.seed, 0, 2**63 - 1)
        check_number("held_out", self.held_out, 0, 0.5)
        if self.interval_words is not None:
            check_integer("interval_words", self.interval_words, 1)


def pool_of(kind: Kind) -> tuple[int, int]:
    """Return how many noise words a group meets, and how many kept words share them.

    >>> pool_of(SKIP_GRAM), pool_of(Kind("cbow")), pool_of(Kind("dm"))
    ((16, 32), (12, 16), (8, 8))
    """
    if kind.has_documents:
        return DOCUMENT_POOL, DOCUMENT_TURN
    return (MEAN_POOL, MEAN_TURN) if kind.model == "cbow" else (POOL, TURN)


def kernel_choices(reproducible: bool, kind: Kind = SKIP_GRAM) -> dict[str, Any]:
    """Return what shapes a result without being told, as it is stored.

    >>> kernel_choices(False)
    {'name': 'race', 'pool': 16, 'turn': 32, 'range': 16384}
    """
    pool, turn = pool_of(kind)
    if not reproducible:
        return {"name": "race", "pool": pool, "turn": turn, "range": RANGE}
    return {"name": "rounds", "pool": pool, "turn": turn, "slices": SLICES}
