"""How long the slices of a round are, and how far one brings each row to where it is drawn.

Slices of a round don't see each other's moves. A row that each of them brought most of the way would overshoot when all
moves are added up; so slices are short where rows are moved much, and the moves of the rows that are moved most count
less the more there are (`firth.training.sharing.fill_shares`).

A rough measure, found good by trial (docs/decisions/0003-the-fastest-kernel.md): steps that add up to 1 bring a row the
share CURVATURE + ½ Σ share² of its way, the more the fewer words there are to be drawn to.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.observations.settings import Observations
from firth.training.bags import HIERARCHICAL, SOFTMAX, Family, longest_path
from firth.training.pieces import PieceTable
from firth.training.settings import (
    CURVATURE,
    FEWEST_ROUNDS,
    LONGEST_SLICE,
    MOST_RELAXED,
    POOL,
    SHORTEST_SLICE,
    SLICES,
    TURN,
    StreamSettings,
    pool_of,
)
from firth.training.sharing import HALVINGS

USUAL_SHARE = 0.1
"""Share of the words below a node of a tree that slices may be made for; the few nodes above it are moved more."""

MEAN_SHARE = 0.5
"""What slices may be made for where a window is one bag: the mean of rows is shorter than they are, and moves others
less."""


class Pace(NamedTuple):
    """How far a position brings rows of the context matrix to where they are drawn, per unit of learning rate.

    Attributes:
        usual: what the length of slices follows.
        heaviest: of the row that is moved most.
        halvings: how often that of each row is half of it, (V,) uint8, at most HALVINGS − 1.
    """

    usual: float
    heaviest: float
    halvings: np.ndarray


def pace_of(
    observations: Observations,
    counts: np.ndarray,
    negatives: int,
    *,
    family: Family | None = None,
    table: PieceTable | None = None,
) -> Pace:
    """Return how far a position brings rows to where they are drawn.

    Args:
        observations: how pairs and noise are taken.
        counts: of each word, (V,).
        negatives: K.
        family: what bags are drawn from; None for skip-gram with negative sampling.
        table: which pieces words are made of, if they are.
    """
    kept = counts * observations.keep_probabilities(counts)
    share = kept / kept.sum()
    curvature = CURVATURE + 0.5 * (share**2).sum()
    pairs = 2 * observations.pair_weights().sum() * kept.sum() / counts.sum()
    bags, inputs = pairs, 0.0  # bags a position, and the load of the heaviest input row
    halvings = np.zeros(len(counts), np.uint8)
    if family is not None:
        member = family.member
        bags = pairs if member.has_window and not member.is_mean else 0
        bags += member.is_mean or len(family.ends) > 0
        if member.is_mean:
            inputs = share.max() * pairs / (pairs if member.is_shared else 1)
    if table is not None:
        inputs = max(inputs, _heaviest_piece(share * pairs, table))
    if family is not None and family.member.loss == HIERARCHICAL:
        below = np.bincount(family.nodes, np.repeat(share, np.diff(family.starts)), len(counts))
        lightest = 2.0 ** (1 - HALVINGS)
        halvings = (-np.log2(np.clip(below / max(below.max(), lightest), lightest, 1))).astype(np.uint8)
        return Pace(USUAL_SHARE * bags * curvature, bags * curvature, halvings)
    against = negatives * observations.noise_distribution(counts)
    if family is not None and family.member.loss == SOFTMAX:
        against = share
    load = bags * (share + against).max()
    if family is not None or table is not None:
        load = max(load, inputs * (1 + negatives) / 2)
    is_mean = family is not None and family.member.is_mean
    return Pace(load * curvature * (MEAN_SHARE if is_mean else 1), load * curvature, halvings)


def _heaviest_piece(load: np.ndarray, table: PieceTable) -> float:
    """Return the load of the piece that gets most, of the loads (V,) of the words that pieces are part of."""
    sizes = np.diff(table.starts)
    weights = load / sizes ** (2 if table.is_shared else 1)
    return float(np.bincount(table.rows, np.repeat(weights, sizes)).max())


def slice_length(positions: int, relaxation: float) -> int:
    """Return how many positions a slice has in one round.

    A small corpus, too, has some rounds.

    Args:
        positions: of the corpus.
        relaxation: how far a position brings rows: `Pace.usual` times the learning rate.

    >>> slice_length(1_000, 4e-4), slice_length(100_000, 4e-4), slice_length(17_000_000, 4e-4)
    (8, 195, 250)
    """
    longest = min(positions / (SLICES * FEWEST_ROUNDS), MOST_RELAXED / relaxation)
    return int(min(LONGEST_SLICE, max(SHORTEST_SLICE, longest)))


def copies_of_slice(
    length: int, window: int, words: int, *, turn: int = TURN, pool: int = POOL, family: Family | None = None
) -> int:
    """Return how many words a slice can touch at the most.

    >>> copies_of_slice(512, 5, 100_000)
    779
    """
    outputs = -(-length // turn) * pool
    if family is not None and family.member.loss == SOFTMAX:
        outputs = words
    elif family is not None and family.member.loss == HIERARCHICAL:
        outputs = length * longest_path(family)
    return min(words, length + 2 * window + 1 + outputs)


def copies_of_run(
    positions: int,
    counts: np.ndarray,
    observations: Observations,
    settings: StreamSettings,
    *,
    family: Family | None = None,
    table: PieceTable | None = None,
) -> int:
    """Return how many rows of each matrix the copies of a run take."""
    pace = pace_of(observations, counts, settings.negatives, family=family, table=table)
    length = slice_length(positions, settings.learning_rate * pace.usual)
    pool, turn = pool_of(settings.kind)
    return SLICES * copies_of_slice(length, observations.window, len(counts), turn=turn, pool=pool, family=family)
