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
from firth.training.bag_kernel import go_through_bags
from firth.training.bag_steps import Work
from firth.training.bags import HIERARCHICAL, SAMPLING, BagRoom, Bags, Family, draw_bags
from firth.training.matrices import SPARE, Matrices
from firth.training.meeting import meet, next_ticket
from firth.training.pools import Pools, draw_pools
from firth.training.sampling_kernel import RESTRAINED, Room, score_windows, train_windows
from firth.training.schedule import ONES, Rates
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
    forget_numbers,
    rename_rows,
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
        family: what bags are drawn from, or None for skip-gram with negative sampling.
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
    family: Family | None


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


class BagsDrawn(NamedTuple):
    """What the words of all slices have besides windows, by the parity of the round: (2, S, …), as in `Bags`."""

    sizes: np.ndarray
    documents: np.ndarray
    starts: np.ndarray
    outputs: np.ndarray
    signs: np.ndarray
    everything: np.ndarray


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


class Team(NamedTuple):
    """What all threads work on.

    Attributes:
        matrices: V rows, `SPARE` ones a slice, then the copies.
        documents: vectors of documents, (documents + SPARE, columns), or of length 0.
        drawn: room for windows and pools.
        bags: room for what else is drawn, or None for skip-gram with negative sampling.
        names: room for what stands for what.
        shape: of the run.
    """

    matrices: Matrices
    documents: np.ndarray
    drawn: Drawn
    bags: BagsDrawn | None
    names: Names
    shape: Shape


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
def _bags(bags: BagsDrawn, parity: int, index: int, family: Family, documents: np.ndarray) -> Bags:
    """Return the bags of a slice."""
    return Bags(
        family.member,
        bags.sizes[parity, index],
        bags.documents[parity, index],
        bags.starts[parity, index],
        bags.outputs[parity, index],
        bags.signs[parity, index],
        bags.everything[parity, index],
        len(family.sizes),
        documents,
    )


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
def _draw_noise(
    source: Source, index: int, first: int, last: int, windows: Windows, pools: Pools, bits: np.ndarray
) -> None:
    """Draw the pools of a slice, and note which rows the words it is to predict and those of the pools touch."""
    spare = _spare(source.words, index)
    draw_pools(first, last, windows, source.thresholds, source.aliases, source.noise, spare, pools)
    for place in range(first, last):
        set_bit(bits, windows.words[place])
    for turn in range((last - first + pools.turn - 1) // pools.turn):
        for k in range(pools.words.shape[1]):
            if pools.words[turn, k] < source.words:
                set_bit(bits, pools.words[turn, k])


@compiled()
def _draw_outputs(
    source: Source,
    index: int,
    extent: np.ndarray,
    parity: int,
    team: Team,
    family: Family | None,
    bags: BagsDrawn | None,
) -> None:
    """Draw what the words of a slice are judged by, and note which rows of the context matrix it touches."""
    touched = team.names.touched[CONTEXT, index]
    windows = _windows(team.drawn, parity, index, team.drawn.words[parity, index])
    pools = _pools(team.drawn, parity, index, team.shape)
    if family is None:
        _draw_noise(source, index, extent[0], extent[1], windows, pools, touched)
    else:
        own = _bags(bags, parity, index, family, team.documents)
        draw_bags(extent[0], extent[1], extent[2], extent[3], windows, family, own)
        if family.member.loss == SAMPLING:
            _draw_noise(source, index, extent[0], extent[1], windows, pools, touched)
        elif family.member.loss == HIERARCHICAL:
            for place in range(own.starts[extent[0]], own.starts[extent[1]]):
                set_bit(touched, own.outputs[place])
        else:
            for word in range(source.words):
                set_bit(touched, word)


@compiled()
def _draw_slice(source: Source, number: int, index: int, team: Team) -> None:
    """Draw what a slice trains on in a round, and note which words it touches."""
    parity = number & 1
    start = source.starts[index] + number * source.length
    stop = min(start + source.length, source.ends[index])
    centers = team.names.touched[CENTER, index]
    centers[:] = 0
    team.names.touched[CONTEXT, index, :] = 0
    extent = team.drawn.extents[parity, index]
    extent[:] = 0
    if start >= stop:
        return
    windows = _windows(team.drawn, parity, index, team.drawn.words[parity, index])
    first, last = draw_windows(source.ids, start, stop, source.rule, source.keep, windows)
    low, high = _reach(windows, first, last)
    extent[0], extent[1], extent[2], extent[3], extent[4] = first, last, low, high, stop - start
    if _has_window(source.family):
        for place in range(low, high):
            set_bit(centers, windows.words[place])
    if first < last:
        _draw_outputs(source, index, extent, parity, team, source.family, team.bags)


@compiled(inline=True)
def _train_drawn(
    matrices: Matrices,
    windows: Windows,
    pools: Pools,
    bags: Bags | None,
    span: tuple[int, int, int],
    trains: bool,
    rates: Rates,
    room: Room | None,
    own: tuple[Room, BagRoom] | None,
    tally: np.ndarray,
) -> None:
    """Score the words [first, scored) and train on [first, last), of a span of these three.

    One of `room` and `own` is None, and what is for the other kernel is not even compiled.
    """
    first, scored, last = span
    if room is not None:
        score_windows(matrices, windows, first, scored, pools, room, tally)
        if trains:
            train_windows(matrices, windows, first, last, pools, rates, room, tally)
    if own is not None and bags is not None:
        for is_scored in (True, False):
            if is_scored or trains:
                work = Work(matrices, windows, pools, bags, own[0], own[1], not is_scored)
                go_through_bags(work, first, scored if is_scored else last, ONES if is_scored else rates, tally)


@compiled()
def _name_outputs(
    extent: np.ndarray, index: int, pools: Pools, bags: Bags | None, spare: int, words: int, names: Names
) -> None:
    """Let the other rows that a slice meets stand for copies, too, where others touch them."""
    turns = (extent[1] - extent[0] + pools.turn - 1) // pools.turn
    if bags is None or bags.member.loss == SAMPLING:
        for turn in range(turns):
            rename_rows(pools.words[turn], 0, pools.words.shape[1], index, words, names)
    elif bags.member.loss == HIERARCHICAL:
        rename_rows(bags.outputs, bags.starts[extent[0]], bags.starts[extent[1]], index, words, names)
    else:
        for word in range(len(bags.everything)):
            bags.everything[word] = word if word < words else spare + word - words
        rename_rows(bags.everything, 0, words, index, words, names)


@compiled()
def _bags_of(index: int, parity: int, team: Team, family: Family | None, bags: BagsDrawn | None) -> Bags | None:
    """Return the bags of a slice, or None for skip-gram with negative sampling."""
    if family is None:
        return None
    return _bags(bags, parity, index, family, team.documents)


@compiled()
def _has_window(family: Family | None) -> bool:
    """Tell whether the words around another one are in a bag."""
    if family is None:
        return True
    return family.member.has_window


@compiled()
def _meets_words(family: Family | None) -> bool:
    """Tell whether the context matrix has a row for each word, and a bag meets that of its own."""
    if family is None:
        return True
    return family.member.loss != HIERARCHICAL


@compiled(inline=True)
def _train_slice(
    source: Source,
    number: int,
    index: int,
    team: Team,
    rates: Rates,
    room: Room | None,
    own: tuple[Room, BagRoom] | None,
    tally: np.ndarray,
) -> None:
    """Train a slice on rows of its own: those that nobody else touches, and copies of the others."""
    parity = number & 1
    names, matrices = team.names, team.matrices
    extent = team.drawn.extents[parity, index]
    windows = _windows(team.drawn, parity, index, names.contexts[index])
    pools = _pools(team.drawn, parity, index, team.shape)
    forget_numbers(index, names)
    if extent[0] < extent[1]:
        spare = _spare(source.words, index)
        rename_words(windows, extent, index, _meets_words(source.family), names)
        bags = _bags_of(index, parity, team, source.family, team.bags)
        _name_outputs(extent, index, pools, bags, spare, source.words, names)
        copy_rows(matrices.center, CENTER, index, names)
        copy_rows(matrices.context, CONTEXT, index, names)
        mine = Matrices(matrices.center, matrices.context, spare)
        first, last = extent[0], extent[1]
        scored = first + (last - first + team.shape.scored - 1) // team.shape.scored
        # The rate falls over the part of a slice as it would over the corpus.
        slope = rates.slope * source.stretch
        own_rates = Rates(rates.first - slope * source.starts[index], slope, rates.lowest)
        span = first, scored, last
        _train_drawn(mine, windows, pools, bags, span, team.shape.trains, own_rates, room, own, tally)
    tally[len(tally) - 1] += extent[4]


@compiled()
def work_in_rounds(
    source: Source,
    span: tuple[int, int],
    team: Team,
    rates: Rates,
    counters: np.ndarray,
    threads: int,
    room: Room | None,
    own: tuple[Room, BagRoom] | None,
    scratch: Scratch,
    tallies: np.ndarray,
) -> None:
    """Do one thread's share of some rounds of a pass: all threads call this with their own `room`, `own` and `scratch`.

    What a round does depends on the matrices and on its number, so rounds can be done in one call or in several.

    Args:
        source: the corpus, and how it is cut.
        span: the first round, and the one after the last.
        team: the model, and room that all threads share.
        rates: learning rate by position of the corpus.
        counters: zeros, (4 + 3 · (rounds + 1),) int64: arrivals, whether to stop (set to 1 from outside), whether all
            stop now, the round after the last one done, then tickets for the three kinds of work of each round.
        threads: that were given these arguments.
        room: from `kernel_room`, for skip-gram with negative sampling; else None.
        own: the same and one from `bag_room`, for the rest of the family; else None.
        scratch: room to add moves up.
        tallies: (S, 8) float64, as for `train_windows`; the last counts positions.
    """
    slices = len(tallies)
    begin, end = span
    names = team.names
    for number in range(begin - 1, end):
        tickets = 4 + 3 * (number + 1 - begin)
        while number >= begin:
            index = next_ticket(counters, tickets)
            if index >= slices:
                break
            _train_slice(source, number, index, team, rates, room, own, tallies[index])
        while number + 1 < end:
            index = next_ticket(counters, tickets + 1)
            if index >= slices:
                break
            _draw_slice(source, number + 1, index, team)
        meet(counters, 0, threads)
        rate = max(rates.lowest, rates.first + rates.slope * source.stretch * number * source.length)
        fill_shares(scratch.shares, rate * team.shape.relaxation)
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
                tallies[index, RESTRAINED + 1] += add_moves(team.matrices, index, names, scratch)
            else:
                break
        meet(counters, 0, threads)
        if counters[2] != 0:
            break
