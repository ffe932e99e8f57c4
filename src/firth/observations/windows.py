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
    """

    words: np.ndarray
    positions: np.ndarray
    left: np.ndarray
    right: np.ndarray
    pairs: np.ndarray


def window_rule(observations: Observations, counts: np.ndarray) -> WindowRule:
    """Return the settings as numbers, for a corpus with these counts (V,)."""
    keep = np.round(observations.keep_probabilities(counts) * 2.0**32).astype(np.uint64)
    reach = np.round(observations.pair_weights() * 2.0**32).astype(np.uint64)
    return WindowRule(keep, reach, observations.dropping == "before")


def window_room(length: int, window: int) -> Windows:
    """Return room for the windows of a range of `length` positions."""
    room = length + 2 * window + 1
    columns = [np.zeros(room, np.int32) for _ in range(4)]
    return Windows(columns[0], np.zeros(room, np.int64), *columns[1:])


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
    words, positions, left, right, pairs = room.words, room.positions, room.left, room.right, room.pairs
    before = 0
    begin = start
    reach = start if rule.closes_gaps else window  # how many positions back its windows can look at the most
    while begin > max(0, start - reach) and before < window and ids[begin - 1] >= 0:
        begin -= 1
        if (bits_at(key, begin) >> np.uint64(32)) < rule.keep[ids[begin]]:
            before += 1
    ahead = len(ids) if rule.closes_gaps else window
    count = 0
    first = 0
    last = 0
    after = 0
    sentence = 0  # index of the first kept word of this sentence
    position = begin
    while position < len(ids):
        if position == start:
            first = count
        if position == stop:
            last = count
        if position >= stop and (after == window or ids[position] < 0 or position - stop >= ahead):
            break
        word = ids[position]
        if word < 0:
            _lay_windows(positions, left, right, sentence, count, rule.closes_gaps)
            sentence = count
        else:
            bits = bits_at(key, position)
            if (bits >> np.uint64(32)) < rule.keep[word]:
                low = bits & np.uint64(0xFFFFFFFF)
                half_width = 0
                for distance in range(window):
                    half_width += low < rule.reach[distance]
                words[count] = word
                positions[count] = position
                right[count] = half_width
                count += 1
                after += position >= stop
        position += 1
    if position <= stop:  # the corpus ends in this range
        last = count
    _lay_windows(positions, left, right, sentence, count, rule.closes_gaps)
    _count_pairs(left, right, pairs, count)
    return first, last


@compiled()
def _lay_windows(
    positions: np.ndarray, left: np.ndarray, right: np.ndarray, first: int, last: int, closes_gaps: bool
) -> None:
    """Turn the half-widths that stand in `right` into first and last index, for one sentence [first, last)."""
    for index in range(first, last):
        reach = right[index]
        low = max(first, index - reach)
        high = min(last - 1, index + reach)
        if not closes_gaps:
            while positions[index] - positions[low] > reach:
                low += 1
            while positions[high] - positions[index] > reach:
                high -= 1
        left[index] = low
        right[index] = high


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
