"""Counts the pairs of neighbours in a text, of words that may form a phrase, and keeps those that score high enough.

Words are taken in ranges. For each range the text is gone through once; what follows each word is put down, word by
word, and counted there. So a thread needs 8 bytes for each occurrence of its words, of which a range has at most
`RANGE`, or one word; nothing is pruned, and which thread took which range shows nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from firth.text import phrase_kernels as kernels
from firth.text.collocation_scores import least_pair_count, may_join, score_named
from firth.text.indexing import in_order
from firth.text.numbered import NumberedText, connector_roles
from firth.text.phrase_settings import PhraseSettings

RANGE = 1 << 24
"""Occurrences of words that one thread looks at, at a time."""

LONGEST_ROW = 1 << 20
"""What follows a word more often than this is counted by sorting it."""

_USABLE = -1 - (kernels.BEGINS | kernels.ENDS)

ShareCallback = Callable[[float], None]
"""Gets the share of the work that is done, 0 … 1."""


class Collocation(NamedTuple):
    """A pair that scores high enough.

    Attributes:
        parts: the first word, the connectors between, the second word.
        pairs: how often it comes.
        score: how much the two words belong together.
    """

    parts: tuple[str, ...]
    pairs: int
    score: float


def find_collocations(
    text: NumberedText, lengths: np.ndarray, settings: PhraseSettings, threads: int, on_share: ShareCallback
) -> list[Collocation]:
    """Return the pairs whose score is above the threshold: the highest first, then the most frequent, then by words.

    Args:
        text: where they are.
        lengths: of how many words each word is made, (V,).
        settings: what a phrase is.
        threads: that work at once.
        on_share: told how far it is.
    """
    tokens = text.tokens
    usable = may_join(text.counts, settings.score, settings.threshold, tokens, settings.min_count)
    roles = connector_roles(len(text.words), text.places, settings.connectors)
    roles[usable & (roles < 0)] = _USABLE
    children = _all_runs(text.ids, roles, len(settings.connectors))
    least = least_pair_count(settings.score, settings.min_count)
    left, follower, count = _count_pairs(text, roles, children, least, threads, on_share).T
    run, right = np.divmod(follower, len(text.words))
    score = score_named(settings.score, tokens, settings.min_count)(count, text.counts[left], text.counts[right])
    between = _connectors_of_runs(children, settings.connectors)
    kept = score > settings.threshold
    if settings.longest is not None:
        inner = np.array([len(words) for words in between])
        kept &= lengths[left] + inner[run] + lengths[right] <= settings.longest
    words = text.words
    found = [
        Collocation((words[first], *between[run], words[second]), count, score)
        for first, run, second, count, score in zip(
            *(column[kept].tolist() for column in (left, run, right, count, score)), strict=True
        )
    ]
    return sorted(found, key=lambda pair: (-pair.score, -pair.pairs, pair.parts))


def _all_runs(ids: np.ndarray, roles: np.ndarray, connectors: int) -> np.ndarray:
    """Return the tree of the connectors that follow a word which may begin a phrase: see `phrase_kernels`."""
    children = np.zeros((64, max(1, connectors)), np.int32)
    state = np.array([1, 0, -1])
    while connectors and not kernels.grow_runs(ids, roles, children, state):
        children = np.concatenate([children, np.zeros_like(children)])
    return children[: state[0]]


def _connectors_of_runs(children: np.ndarray, connectors: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the connectors of each run; a run is made after the one that it goes on from."""
    between: list[tuple[str, ...]] = [()] * len(children)
    runs, numbers = np.nonzero(children)
    for run, number in zip(runs.tolist(), numbers.tolist(), strict=True):
        between[children[run, number]] = (*between[run], connectors[number])
    return between


def _count_pairs(
    text: NumberedText, roles: np.ndarray, children: np.ndarray, least: int, threads: int, on_share: ShareCallback
) -> np.ndarray:
    """Return first word, follower and count of each pair that comes at least `least` times, (P, 3) int64."""
    room = np.where(roles == _USABLE, text.counts, 0)
    ranges = _cut_words(room, min(RANGE, -(-int(room.sum()) // threads)))
    found = []
    with ThreadPoolExecutor(threads) as executor:

        def counted(words: tuple[int, int]) -> np.ndarray:
            return _count_range(text.ids, roles, children, words, room[slice(*words)], least)

        for done, pairs in enumerate(in_order(executor, counted, ranges, threads + 1), start=1):
            found.append(pairs)
            on_share(done / len(ranges))
    return np.concatenate(found) if found else np.empty((0, 3), np.int64)


def _cut_words(room: np.ndarray, most: int) -> list[tuple[int, int]]:
    """Cut words into ranges that occur at most so often, or of one word; words that don't count end no range.

    >>> _cut_words(np.array([3, 0, 2, 9, 1, 0]), 5)
    [(0, 3), (3, 4), (4, 6)]
    """
    ends = np.cumsum(room)
    ranges = []
    first, before, total = 0, 0, int(ends[-1]) if room.size else 0
    while before < total:
        stop = max(first + 1, int(np.searchsorted(ends, before + most, side="right")))
        if (here := int(ends[stop - 1])) > before:
            ranges.append((first, stop))
        first, before = stop, here
    return ranges


def _count_range(
    ids: np.ndarray, roles: np.ndarray, children: np.ndarray, words: tuple[int, int], room: np.ndarray, least: int
) -> np.ndarray:
    """Count the pairs that begin with the words [first, stop); return them as `_count_pairs` does."""
    first, stop = words
    starts = np.zeros(room.size, np.int64)
    np.cumsum(room[:-1], out=starts[1:])
    ends = starts.copy()
    followers = np.empty(int(room.sum()), np.int64)
    kernels.gather_followers(ids, roles, children, first, stop, ends, followers)
    lengths = ends - starts
    short = np.minimum(lengths, LONGEST_ROW).max(initial=1)
    slots = np.empty(2 << int(short).bit_length(), np.int64)
    found = np.empty((int((lengths[lengths <= LONGEST_ROW] // least).sum()), 3), np.int64)
    slot_counts = np.empty(slots.size, np.int32)
    size = kernels.count_followers(starts, ends, followers, least, LONGEST_ROW, slots, slot_counts, found)
    parts = [found[:size]]
    for row in np.flatnonzero(lengths > LONGEST_ROW):
        values, counts = np.unique(followers[starts[row] : ends[row]], return_counts=True)
        often = counts >= least
        parts.append(np.stack([np.full(often.sum(), row), values[often], counts[often]], axis=1))
    pairs = np.concatenate(parts)
    pairs[:, 0] += first
    return pairs
