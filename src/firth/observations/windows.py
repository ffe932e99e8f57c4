"""From a range of positions to the words that are kept and the windows they have.

Positions are places in the corpus's ids. A range is any [start, stop); what lies before and after it is read as far as
windows reach, so the ranges of a corpus give exactly the windows of the whole, however it is cut.
Each position has one random number, from (seed, pass, position): its high half decides whether the word is
kept, its low half how far its window reaches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled
from firth.observations.settings import Observations
from firth.randomness import bits_at


class WindowRule(NamedTuple):
    """The observation settings as the numbers that a compiled loop needs.

    Attributes:
        keep: a word is kept if the high 32 bits are below this, (V,) uint64.
        reach: the half-width is the count of entries above the low 32 bits, (W,) uint64.
        closes_gaps: whether dropped words are taken out before windows are laid.
    """

    keep: np.ndarray
    reach: np.ndarray
    closes_gaps: bool


class Windows(NamedTuple):
    """Room for the kept words of a range and their windows; all but `positions` int32.

    Attributes:
        words: kept words, with those around the range that its windows reach, (room,).
        positions: where each stands in the corpus, (room,) int64.
        left: index of the first word of each window, (room,).
        right: index of the last word of each window, (room,).
        pairs: in how many other windows a word stands: how often it is a centre, (room,).
        contexts: the same words as contexts, (room,): the same array, unless the two matrices name them differently.
    """

    words: np.ndarray
    positions: np.ndarray
    left: np.ndarray
    right: np.ndarray
    pairs: np.ndarray
    contexts: np.ndarray


def window_rule(observations: Observations, counts: np.ndarray) -> WindowRule:
    """Return the settings as numbers, for a corpus with these counts (V,)."""
    keep = np.round(observations.keep_probabilities(counts) * 2.0**32).astype(np.uint64)
    reach = np.round(observations.pair_weights() * 2.0**32).astype(np.uint64)
    return WindowRule(keep, reach, observations.dropping == "before")


def window_room(length: int, window: int) -> Windows:
    """Return room for the windows of a range of `length` positions."""
    room = length + 2 * window + 2
    words, left, right, pairs = (np.zeros(room, np.int32) for _ in range(4))
    return Windows(words, np.zeros(room, np.int64), left, right, pairs, contexts=words)


@compiled()
def draw_windows(
    ids: np.ndarray, start: int, stop: int, rule: WindowRule, key: np.uint64, room: Windows
) -> tuple[int, int]:
    """Fill `room` with the kept words of [start, stop) and their windows.

    Args:
        ids: word ids of the corpus, −1 after each sentence, (N,) int32.
        start: first position of the range.
        stop: position after the last.
        rule: from `window_rule`.
        key: `stream_key(seed, "keep", pass)`.
        room: from `window_room`, for at least stop − start positions.

    Returns:
        first, last: the range's own words are `room.words[first:last]`; `pairs` is valid for them alone.
    """
    window = len(rule.reach)
    before = 0
    begin = start
    reach = start if rule.closes_gaps else window  # how many positions back its windows can look at the most
    while begin > max(0, start - reach) and before < window and ids[begin - 1] >= 0:
        begin -= 1
        before += (bits_at(key, begin) >> np.uint64(32)) < rule.keep[ids[begin]]
    first, sentence = _keep_words(ids, begin, start, 0, 0, rule, key, room)
    last, sentence = _keep_words(ids, start, stop, first, sentence, rule, key, room)
    count = last
    ahead = len(ids) if rule.closes_gaps else min(len(ids), stop + window)
    position = stop
    while position < ahead and count - last < window and ids[position] >= 0:
        count, sentence = _keep_words(ids, position, position + 1, count, sentence, rule, key, room)
        position += 1
    _lay_windows(sentence, count, rule, room)
    _count_pairs(room.left, room.right, room.pairs, count)
    return first, last


@compiled()
def _keep_words(
    ids: np.ndarray, start: int, stop: int, count: int, sentence: int, rule: WindowRule, key: np.uint64, room: Windows
) -> tuple[int, int]:
    """Append the kept words of [start, stop) to the `count` there are, the random half of each in `right`.

    `sentence` is the index of the first kept word of the sentence under way; windows are laid where one ends. Returns
    both as they are then. Whether a word is kept can't be foretold, so nothing branches on it.
    """
    for position in range(start, stop):
        word = ids[position]
        if word < 0:
            _lay_windows(sentence, count, rule, room)
            sentence = count
        else:
            bits = bits_at(key, position)
            room.words[count] = word
            room.positions[count] = position
            room.right[count] = np.int32(bits & np.uint64(0xFFFFFFFF))
            count += (bits >> np.uint64(32)) < rule.keep[word]
    return count, sentence


@compiled()
def _lay_windows(first: int, last: int, rule: WindowRule, room: Windows) -> None:
    """Turn the random halves that stand in `right` into first and last index, for one sentence [first, last)."""
    positions, left, right = room.positions, room.left, room.right
    for index in range(first, last):
        low = np.uint64(np.uint32(right[index]))
        reach = 0
        for distance in range(len(rule.reach)):
            reach += low < rule.reach[distance]
        start = max(first, index - reach)
        end = min(last - 1, index + reach)
        if not rule.closes_gaps:
            while positions[index] - positions[start] > reach:
                start += 1
            while positions[end] - positions[index] > reach:
                end -= 1
        left[index] = start
        right[index] = end


@compiled()
def _count_pairs(left: np.ndarray, right: np.ndarray, pairs: np.ndarray, count: int) -> None:
    """Count in how many windows other than its own each word stands."""
    for index in range(count + 1):
        pairs[index] = 0
    for index in range(count):
        pairs[left[index]] += 1
        pairs[right[index] + 1] -= 1
    standing = 0
    for index in range(count):
        standing += pairs[index]
        pairs[index] = standing - 1
