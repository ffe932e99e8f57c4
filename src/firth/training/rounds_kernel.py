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

import numpy as np

from firth.compiling import compiled
from firth.observations.windows import Windows
from firth.training.bag_kernel import go_through_bags
from firth.training.bag_steps import Work
from firth.training.bags import BagRoom, Bags
from firth.training.drawing import (
    Source,
    Team,
    bags_of,
    draw_slice,
    meets_words,
    name_outputs,
    pools_of,
    spare_of,
    windows_of,
)
from firth.training.matrices import Matrices
from firth.training.meeting import meet, next_ticket
from firth.training.pieces import BUCKETS, Pieces, add_to_pieces, compose_words, deal_moves
from firth.training.pools import Pools
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
    rename_words,
)

TASKS = BITS // 64 // 64
"""Parts, of 64 times 64 bits, in which the slices' bits are put together."""

TICKETS = 4
"""Kinds of work in a round: slices to train, slices to draw, moves to add up, pieces to move."""


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
def _copy_centers(center: np.ndarray, index: int, names: Names, pieces: Pieces | None) -> None:
    """Fill the copies of a slice's words: of rows that other slices touch too, or of means of pieces."""
    if pieces is None:
        copy_rows(center, CENTER, index, names)
    else:
        compose_words(center, pieces, index, names)


@compiled()
def _add_up(index: int, team: Team, pieces: Pieces | None, scratch: Scratch) -> int:
    """Add the moves of copies to the rows they are copies of, or deal them out to the owners of pieces."""
    if pieces is None:
        return add_moves(team.matrices, index, 0, team.shape.halvings, team.names, scratch)
    deal_moves(team.matrices.center, pieces, index, team.names, scratch)
    return add_moves(team.matrices, index, 1 << CENTER, team.shape.halvings, team.names, scratch)


@compiled()
def _has_pieces(pieces: Pieces | None) -> bool:
    """Tell whether words are means of pieces."""
    return pieces is not None


@compiled()
def _add_to_pieces(center: np.ndarray, pieces: Pieces | None, owner: int, names: Names) -> None:
    """Add moves to the pieces of one owner."""
    if pieces is not None:
        add_to_pieces(center, pieces, owner, names)


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
    windows = windows_of(team.drawn, parity, index, names.contexts[index])
    pools = pools_of(team.drawn, parity, index, team.shape)
    forget_numbers(index, names)
    if extent[0] < extent[1]:
        spare = spare_of(source.words, index)
        rename_words(windows, extent, index, meets_words(source.family), names)
        bags = bags_of(index, parity, team, source.family, team.bags)
        name_outputs(extent, index, pools, bags, spare, source.words, names)
        _copy_centers(matrices.center, index, names, team.pieces)
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
    """Do one thread's share of some rounds: all threads call this with their own `room`, `own` and `scratch`.

    What a round does depends on the matrices and on its number, so rounds can be done in one call or in several.

    Args:
        source: the corpus, and how it is cut.
        span: the first round, and the one after the last.
        team: the model, and room that all threads share.
        rates: learning rate by position of the corpus.
        counters: zeros, (4 + TICKETS · (rounds + 1),) int64: arrivals, whether to stop (set to 1 from outside), whether
            all stop now, the round after the last one done, then tickets for the kinds of work of each round.
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
        tickets = 4 + TICKETS * (number + 1 - begin)
        while number >= begin:
            index = next_ticket(counters, tickets)
            if index >= slices:
                break
            _train_slice(source, number, index, team, rates, room, own, tallies[index])
        while number + 1 < end:
            index = next_ticket(counters, tickets + 1)
            if index >= slices:
                break
            draw_slice(source, number + 1, index, team)
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
                find_shared(side, part * 64, (part + 1) * 64, names)
            elif task < 2 * TASKS + slices and number >= begin:
                index = task - 2 * TASKS
                tallies[index, RESTRAINED + 1] += _add_up(index, team, team.pieces, scratch)
            else:
                break
        meet(counters, 0, threads)
        if _has_pieces(team.pieces) and number >= begin:
            while True:
                owner = next_ticket(counters, tickets + 3)
                if owner >= BUCKETS:
                    break
                _add_to_pieces(team.matrices.center, team.pieces, owner, names)
            meet(counters, 0, threads)
        if counters[2] != 0:
            break
