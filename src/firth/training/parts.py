"""How a corpus is cut: parts that are trained side by side, and what is held out at the end of each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_AT_ONCE = 1 << 16
"""Positions that are looked through at once for the end of a sentence."""


class Parts(NamedTuple):
    """Stretches of a corpus, one for each slice of a round.

    Attributes:
        starts: first position of each, (S,) int64.
        ends: the one after its last, (S,) int64.
        limits: the one after the last that is held out behind it, (S,) int64.
    """

    starts: np.ndarray
    ends: np.ndarray
    limits: np.ndarray

    def held_out(self) -> Parts:
        """Return what is held out, as parts of their own."""
        return Parts(self.ends, self.limits, self.limits)


def cut_corpus(ids: np.ndarray, slices: int, *, held_out: float = 0.0, ends: np.ndarray | None = None) -> Parts:
    """Cut a corpus into parts of equal length, a share of each held out at its end.

    What is held out begins with a sentence, unless the one under way goes on through all of it.

    Args:
        ids: word ids, −1 after each sentence, (N,) int32.
        slices: how many parts.
        held_out: share of each part, 0 … 0.5.
        ends: where documents end, if there are any, the last one with the corpus: then parts, too, begin with a
            document, the next one, so that none is in two parts, and some parts may be empty.

    >>> parts = cut_corpus(np.array([0, 1, -1, 2, 3, -1, 0, 1, 2, -1], np.int32), 2, held_out=0.3)
    >>> parts.starts, parts.ends, parts.limits
    (array([0, 5]), array([3, 8]), array([ 5, 10]))
    """
    size = -(-len(ids) // slices)
    limits = np.minimum(size * np.arange(1, slices + 1), len(ids))
    if ends is not None and len(ends) > 0:
        limits = ends[np.searchsorted(ends, limits)]
    starts = np.concatenate([[0], limits[:-1]])
    stops = limits
    if held_out > 0:
        wanted = (limits - np.round(held_out * (limits - starts))).astype(np.int64)
        stops = np.array([sentence_start(ids, *map(int, pair)) for pair in zip(wanted, limits, strict=True)])
        stops = np.where(stops == limits, wanted, stops)
    return Parts(*(np.ascontiguousarray(places, np.int64) for places in (starts, stops, limits)))


def sentence_start(ids: np.ndarray, place: int, limit: int) -> int:
    """Return the first place from `place` on where a sentence begins, or `limit` if there is none before.

    >>> ids = np.array([0, 1, -1, 2], np.int32)
    >>> sentence_start(ids, 0, 4), sentence_start(ids, 1, 4), sentence_start(ids, 1, 3)
    (0, 3, 3)
    """
    if place == 0:
        return 0
    for first in range(place - 1, limit - 1, _AT_ONCE):
        breaks = np.flatnonzero(ids[first : min(first + _AT_ONCE, limit - 1)] < 0)
        if len(breaks):
            return first + int(breaks[0]) + 1
    return limit
