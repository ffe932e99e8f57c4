"""Training in rounds: the same bytes on any number of threads.

A round is S slices of the corpus, from S places far apart. Between two meetings of all threads, each slice is trained
by one of them with `firth.training.sampling_kernel`:

- a row that one slice alone touches in this round is trained where it stands;
- a row that several slices touch is copied by each of them and trained there; when all are done, the moves of its
  copies are added to it, in the order of the slices, fewer times the more there are (`firth.training.sharing`).

No slice sees what another does in the same round, and sums have one order: which thread did what, and when, leaves no
trace.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled
from firth.observations.windows import WindowRule, Windows, draw_windows
from firth.training.matrices import SPARE, Matrices
from firth.training.meeting import meet, next_ticket
from firth.training.pools import Pools, draw_pools
from firth.training.sampling_kernel import RESTRAINED, Room, score_windows, train_windows
from firth.training.schedule import Rates
from firth.training.sharing import (
    BITS,
    CENTER,
    CONTEXT,
    Names,
    Scratch,
    add_moves,
    copy_rows,
    fill_shares,
    find_shared,
    rename_words,
    set_bit,
)

TASKS = BITS // 64 // 64
"""Parts, of 64 times 64 bits, in which the slices' bits are put together."""


class Source(NamedTuple):
    """What rounds draw from: the corpus, its rules, the keys of a pass, and how it is cut.

    Attributes:
        ids: word ids, −1 after each sentence, (N,) int32.
        rule: from `window_rule`.
        thresholds: from `alias_table`.
        aliases: from `alias_table`.
        keep: `stream_key(seed, "keep", pass)`.
        noise: `stream_key(seed, "noise", pass)`.
        starts: where the part of the corpus begins that belongs to each slice over all rounds, (S,) int64.
        ends: where each part ends, (S,) int64.
        length: positions of a slice in one round.
        stretch: positions of the corpus over those of the longest part: how much faster the rate falls over a part.
        words: V.
    """

    ids: np.ndarray
    rule: WindowRule
    thresholds: np.ndarray
    aliases: np.ndarray
    keep: np.uint64
    noise: np.uint64
    starts: np.ndarray
    ends: np.ndarray
    length: int
    stretch: float
    words: int


class Drawn(NamedTuple):
    """Windows and pools of all slices, for this round and the next: (2, S, …) by the parity of the round."""

    words: np.ndarray
    positions: np.ndarray
    left: np.ndarray
    right: np.ndarray
    pairs: np.ndarray
    pool_words: np.ndarray
    pool_times: np.ndarray
    extents: np.ndarray


class Shape(NamedTuple):
    """What is fixed for all rounds of a run: words that share a pool, noise words a pair, how a part is scored.

    Attributes:
        turn: kept words that share a pool.
        negatives: K.
        scored: one word in so many is scored before it is trained on: the first of each slice.
        relaxation: how far a slice brings the heaviest row to where it is drawn, per unit of learning rate.
        trains: whether rows are moved at all; if not, words are scored only.
    """

    turn: int
    negatives: int
    scored: int
    relaxation: float
    trains: bool


@compiled(inline=True)
def _windows(drawn: Drawn, parity: int, index: int, contexts: np.ndarray) -> Windows:
    """Return the windows of a slice."""
    return Windows(
        drawn.words[parity, index],
        drawn.positions[parity, index],
        drawn.left[parity, index],
        drawn.right[parity, index],
        drawn.pairs[parity, index],
        contexts,
    )


@compiled(inline=True)
def _pools(drawn: Drawn, parity: int, index: int, shape: Shape) -> Pools:
    """Return the pools of a slice."""
    return Pools(drawn.pool_words[parity, index], drawn.pool_times[parity, index], shape.turn, shape.negatives)


@compiled(inline=True)
def _spare(words: int, index: int) -> int:
    """Return the first spare row of a slice."""
    return words + SPARE * index


@compiled(inline=True)
def _reach(windows: Windows, first: int, last: int) -> tuple[int, int]:
    """Return the first word that the windows of [first, last) touch, and the one after the last."""
    low, high = first, last
    for index in range(first, last):
        low = min(low, windows.left[index])
        high = max(high, windows.right[index] + 1)
    return low, high


@compiled()
def _draw_slice(source: Source, number: int, index: int, drawn: Drawn, names: Names, shape: Shape) -> None:
    """Draw what a slice trains on in a round, and note which words it touches."""
    parity = number & 1
    start = source.starts[index] + number * source.length
    stop = min(start + source.length, source.ends[index])
    centers, contexts = names.touched[CENTER, index], names.touched[CONTEXT, index]
    centers[:] = 0
    contexts[:] = 0
    drawn.extents[parity, index, :] = 0
    if start >= stop:
        return
    windows = _windows(drawn, parity, index, drawn.words[parity, index])
    pools = _pools(drawn, parity, index, shape)
    first, last = draw_windows(source.ids, start, stop, source.rule, source.keep, windows)
    spare = _spare(source.words, index)
    draw_pools(first, last, windows, source.thresholds, source.aliases, source.noise, spare, pools)
    low, high = _reach(windows, first, last)
    for place in range(low, high):
        set_bit(centers, windows.words[place])
    for place in range(first, last):
        set_bit(contexts, windows.words[place])
    for turn in range((last - first + shape.turn - 1) // shape.turn):
        for k in range(pools.words.shape[1]):
            if pools.words[turn, k] < source.words:
                set_bit(contexts, pools.words[turn, k])
    extent = drawn.extents[parity, index]
    extent[0], extent[1], extent[2], extent[3], extent[4] = first, last, low, high, stop - start


@compiled()
def _train_slice(
    source: Source,
    number: int,
    index: int,
    matrices: Matrices,
    drawn: Drawn,
    names: Names,
    shape: Shape,
    rates: Rates,
    room: Room,
    tally: np.ndarray,
) -> None:
    """Train a slice on rows of its own: those that nobody else touches, and copies of the others."""
    parity = number & 1
    extent = drawn.extents[parity, index]
    windows = _windows(drawn, parity, index, names.contexts[index])
    pools = _pools(drawn, parity, index, shape)
    rename_words(windows, pools, extent, index, source.words, names)
    copy_rows(matrices.center, CENTER, index, names)
    copy_rows(matrices.context, CONTEXT, index, names)
    own = Matrices(matrices.center, matrices.context, _spare(source.words, index))
    first, last = extent[0], extent[1]
    scored = first + (last - first + shape.scored - 1) // shape.scored
    score_windows(own, windows, first, scored, pools, room, tally)
    if shape.trains:
        # The rate falls over the part of a slice as it would over the corpus.
        slope = rates.slope * source.stretch
        own_rates = Rates(rates.first - slope * source.starts[index], slope, rates.lowest)
        train_windows(own, windows, first, last, pools, own_rates, room, tally)
    tally[len(tally) - 1] += extent[4]


@compiled()
def work_in_rounds(
    source: Source,
    span: tuple[int, int],
    matrices: Matrices,
    drawn: Drawn,
    names: Names,
    shape: Shape,
    rates: Rates,
    counters: np.ndarray,
    threads: int,
    room: Room,
    scratch: Scratch,
    tallies: np.ndarray,
) -> None:
    """Do one thread's share of some rounds of a pass: all threads call this with their own `room` and `scratch`.

    What a round does depends on the matrices and on its number, so rounds can be done in one call or in several.

    Args:
        source: the corpus, and how it is cut.
        span: the first round, and the one after the last.
        matrices: V rows, `SPARE` ones a slice, then the copies.
        drawn: room.
        names: room.
        shape: of the run.
        rates: learning rate by position of the corpus.
        counters: zeros, (4 + 3 · (rounds + 1),) int64: arrivals, whether to stop (set to 1 from outside), whether all
            stop now, the round after the last one done, then tickets for the three kinds of work of each round.
        threads: that were given these arguments.
        room: from `kernel_room`.
        scratch: room to add moves up.
        tallies: (S, 8) float64, as for `train_windows`; the last counts positions.
    """
    slices = len(tallies)
    begin, end = span
    for number in range(begin - 1, end):
        tickets = 4 + 3 * (number + 1 - begin)
        while number >= begin:
            index = next_ticket(counters, tickets)
            if index >= slices:
                break
            _train_slice(source, number, index, matrices, drawn, names, shape, rates, room, tallies[index])
        while number + 1 < end:
            index = next_ticket(counters, tickets + 1)
            if index >= slices:
                break
            _draw_slice(source, number + 1, index, drawn, names, shape)
        meet(counters, 0, threads)
        rate = max(rates.lowest, rates.first + rates.slope * source.stretch * number * source.length)
        fill_shares(scratch.shares, rate * shape.relaxation)
        while True:
            task = next_ticket(counters, tickets + 2)
            if task == 0:
                counters[2] = counters[1]
                counters[3] = number + 1
            if task < 2 * TASKS:
                side, part = task // TASKS, task % TASKS
                find_shared(names.touched[side], names.shared[side], names.once[side], part * 64, (part + 1) * 64)
            elif task < 2 * TASKS + slices and number >= begin:
                index = task - 2 * TASKS
                tallies[index, RESTRAINED + 1] += add_moves(matrices, index, names, scratch)
            else:
                break
        meet(counters, 0, threads)
        if counters[2] != 0:
            break
