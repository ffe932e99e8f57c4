"""Compiled parts of the sketches in `determinism_ways.py`: frozen batches, and cells of word blocks.

Built round the shipped kernels; what is new is where rows stand, and when they are written.
"""

from typing import NamedTuple

import numpy as np
from determinism_pass import meet_timed
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from firth.compiling import compiled, prefetch_row
from firth.observations.noise import draw_word
from firth.observations.windows import Windows, draw_windows
from firth.randomness import bits_at
from firth.training.blocks import add_up, rows_of, scores_4x4, steps_apart, steps_together
from firth.training.lanes import SIZE, everywhere, items_of, multiply_add, panels, size
from firth.training.matrices import Matrices
from firth.training.meeting import next_ticket
from firth.training.pools import draw_pools
from firth.training.rounds_kernel import _pools, _spare, _windows
from firth.training.sampling_kernel import (
    AHEAD,
    PAIRS,
    _fetch_ahead,
    _fetch_pool,
    _lines,
    _load_group,
    _noise_block,
    _score_windows,
    score_windows,
)
from firth.training.schedule import Rates
from firth.training.sharing import CENTER, CONTEXT, copy_rows, rename_words
from firth.training.window_blocks import _HELD, _Window, window_scores, window_update

# ── Snapshots and frozen batches: parts for the shipped loop ─────────────────────────────────────────────────────────


@compiled()
def share_all(touched, shared, once, first, last):
    """Stand in for `find_shared`: every row counts as shared, so every row is copied."""
    for place in range(first, last):
        shared[place] = ~np.uint64(0)


@compiled()
def frozen_slice(source, number, index, matrices, drawn, names, shape, rates, room, tally):
    """Stand in for `_train_slice`: every move comes from rows as the round found them, and goes to copies of all."""
    parity = number & 1
    extent = drawn.extents[parity, index]
    first, last = extent[0], extent[1]
    windows = _windows(drawn, parity, index, names.contexts[index])
    pools = _pools(drawn, parity, index, shape)
    rename_words(windows, pools, extent, index, source.words, names)
    copy_rows(matrices.center, CENTER, index, names)
    copy_rows(matrices.context, CONTEXT, index, names)
    own = Matrices(matrices.center, matrices.context, _spare(source.words, index))
    scored = first + (last - first + shape.scored - 1) // shape.scored
    score_windows(own, windows, first, scored, pools, room, tally)
    slope = rates.slope * len(names.words)
    own_rates = Rates(rates.first - slope * index * source.part, slope, rates.lowest)
    words = names.contexts[index]
    base = names.first + index * names.words.shape[1]
    for place in range(extent[2], extent[3]):
        words[place] = names.words[index, windows.words[place] - base]
    still = Windows(words, windows.positions, windows.left, windows.right, windows.pairs, words)
    named = names.words[index], base, windows.words
    tally[PAIRS] += _freeze_windows(own, still, first, last, pools, own_rates, room, named)
    tally[len(tally) - 1] += extent[4]


@compiled()
def _freeze_windows(own, still, first, last, pools, rates, room, named):
    """Do as `train_windows` from rows that stand still, and add the moves to copies; return how many pairs.

    `named` is (the word of each copy, row of the first copy, the copy of each word of the windows).
    """
    pairs = 0
    for index in range(first, last, 4):
        _fetch_ahead(min(index + AHEAD, last), min(index + AHEAD + 4, last), own, still)
        rate = max(rates.lowest, rates.first + rates.slope * still.positions[index])
        end = min(index + 4, last)
        count = _score_windows(index, end, own, still, room)
        steps_together(room.pairs, count, rate, room.sizes)
        pairs += count
        count = 0
        for position in range(index, end):
            left, right = np.int64(still.left[position]), np.int64(still.right[position])
            row, where = np.int64(still.words[position]), (left, right, position)
            _window_moves(own.context, row, own.center, still.words, where, room.pairs, count, named[2])
            count += right - left
        _load_group(index, last, rate, own, still, pools, room)
        for k in range(0, pools.words.shape[1], 4):
            _freeze_noise(index, (index - first) // pools.turn, k, own, pools, room, named)
    return pairs


@compiled(inline=True)
def _center_copy(j, index, own, room, copies):
    """Return the row of the copy of a group's centre; a spare row stands for itself."""
    return np.int64(copies[index + j]) if room.centers[j] < own.spare else room.centers[j]


@compiled(inline=True)
def _freeze_noise(index, turn, k, own, pools, room, named):
    """Do as `_noise_block` from rows that stand still, and add the moves to copies."""
    words, base, copies = named
    noise = pools.words[turn, k : k + 4]
    for j in range(4):
        room.contexts[j] = noise[j] if noise[j] < base else words[noise[j] - base]
    scores_4x4(own.center, room.centers, own.context, room.contexts, room.noise)
    steps_apart(room.noise, room.weights, pools.times[turn, 4 * k : 4 * k + 16], room.sizes)
    centers = (
        _center_copy(0, index, own, room, copies),
        _center_copy(1, index, own, room, copies),
        _center_copy(2, index, own, room, copies),
        _center_copy(3, index, own, room, copies),
    )
    contexts = np.int64(noise[0]), np.int64(noise[1]), np.int64(noise[2]), np.int64(noise[3])
    _noise_moves(own.center, room.centers, own.context, room.contexts, room.noise, centers, contexts)


@intrinsic
def _window_moves(typing_context, context, row, center, words, where, steps, first, copies):
    """Do as `window_update`, and add the moves to other rows: copies[i] is that for the word i."""

    def generate(target, builder, signature, arguments):
        window = _Window(target, builder, signature, arguments)
        contexts, centers = window.contexts, window.centers
        steps = builder.gep(items_of(target, builder, signature.args[5], arguments[5]), [arguments[6]])
        rows = items_of(target, builder, signature.args[7], arguments[7])

        def copy_of(lines, place):
            return lines.row(builder.sext(builder.load(builder.gep(rows, [place])), SIZE))

        u_copy = copy_of(contexts, window.index)
        for count, line, _ in panels(builder, contexts.count, _HELD):
            places, held = window.hold(count, line)
            moved = [cgutils.alloca_once_value(builder, contexts.load(u_copy, place)) for place in places]
            with window.each_center() as (number, v):
                place = builder.add(window.left, number)
                place = builder.add(place, builder.zext(builder.icmp_signed(">=", place, window.index), SIZE))
                v_copy = copy_of(centers, place)
                step = everywhere(builder, contexts.vector, builder.load(builder.gep(steps, [number])))
                for here, u, kept in zip(places, held, moved, strict=True):
                    builder.store(multiply_add(builder, step, centers.load(v, here), builder.load(kept)), kept)
                    centers.store(multiply_add(builder, step, u, centers.load(v_copy, here)), v_copy, here)
            for here, kept in zip(places, moved, strict=True):
                contexts.store(builder.load(kept), u_copy, here)
        return target.get_dummy_value()

    return types.void(context, types.int64, center, words, where, steps, types.int64, copies), generate


@intrinsic
def _noise_moves(typing_context, center, center_ids, context, context_ids, steps, center_copies, context_copies):
    """Do as `update_4x4`, and add the moves to other rows."""

    def generate(target, builder, signature, arguments):
        pairs = list(zip(signature.args, arguments, strict=True))
        centers, v_rows = rows_of(target, builder, *pairs[:2], 4)
        contexts, u_rows = rows_of(target, builder, *pairs[2:4], 4)
        v_copies = [centers.row(row) for row in cgutils.unpack_tuple(builder, arguments[5])]
        u_copies = [contexts.row(row) for row in cgutils.unpack_tuple(builder, arguments[6])]
        first = items_of(target, builder, *pairs[4])
        step = [everywhere(builder, centers.vector, builder.load(builder.gep(first, [size(k)]))) for k in range(16)]
        with cgutils.for_range(builder, centers.count) as loop:
            vs = [centers.load(row, loop.index) for row in v_rows]
            us = [contexts.load(row, loop.index) for row in u_rows]
            for lines, copies, others, of in ((centers, v_copies, us, (4, 1)), (contexts, u_copies, vs, (1, 4))):
                for i, row in enumerate(copies):
                    moved = lines.load(row, loop.index)
                    for j, other in enumerate(others):
                        moved = multiply_add(builder, step[of[0] * i + of[1] * j], other, moved)
                    lines.store(moved, row, loop.index)
        return target.get_dummy_value()

    return types.void(*(center, center_ids, context, context_ids, steps, center_copies, context_copies)), generate


# ── Rotation: pairs in cells of word blocks ──────────────────────────────────────────────────────────────────────────

RUN = 16
"""Pairs whose scores are taken before the first of them is trained on, and at the most as many more."""


class Cells(NamedTuple):
    """Words in B blocks; the pairs of a batch, and the centres that meet noise, sorted into B × B cells.

    A cell is (block of the centre, block of the context word).

    Attributes:
        block_of: each word, (V,) int32.
        words: those of each block, one block after the other, (V,) int32.
        thresholds: alias tables over the words of each block, (V,).
        aliases: the same.
        begins: where each block begins, (B + 1,).
        drawn_blocks: the block of each centre's noise, (S, room) int32.
        ends: of the part of each slice in each cell, pairs and noise, (2, S, B, B): counts at first.
        first: where each cell begins, (2, B, B).
        last: where it ends, (2, B, B).
        pairs: centres and contexts, (2, room) int32.
        noise: centres and in how many pairs each stands, (2, room) int32.
        positions: of those centres, (room,) int64.
    """

    block_of: np.ndarray
    words: np.ndarray
    thresholds: np.ndarray
    aliases: np.ndarray
    begins: np.ndarray
    drawn_blocks: np.ndarray
    ends: np.ndarray
    first: np.ndarray
    last: np.ndarray
    pairs: np.ndarray
    noise: np.ndarray
    positions: np.ndarray


@compiled()
def _count_cells(source, choice, windows, first, last, index, cells):
    """Count what a slice brings to each cell.

    The noise of a centre comes from one block, that of a word drawn from the noise distribution: so in expectation
    the whole distribution is met with its own weights.
    """
    block_of = cells.block_of
    pairs, noise = cells.ends[0, index], cells.ends[1, index]
    pairs[:] = 0
    noise[:] = 0
    for place in range(first, last):
        block = block_of[windows.words[place]]
        for other in range(windows.left[place], windows.right[place] + 1):
            if other != place:
                pairs[block_of[windows.words[other]], block] += 1
        word = draw_word(bits_at(choice, windows.positions[place]), source.thresholds, source.aliases)
        cells.drawn_blocks[index, place] = block_of[word]
        noise[block, block_of[word]] += 1


@compiled()
def _lay_cells(cells):
    """Fix where each cell begins, and within it each slice; return how uneven the steps are: Σ longest / mean."""
    slices, blocks = cells.ends.shape[1:3]
    for kind in range(2):
        place = 0
        for row in range(blocks):
            for column in range(blocks):
                cells.first[kind, row, column] = place
                for index in range(slices):
                    count = cells.ends[kind, index, row, column]
                    cells.ends[kind, index, row, column] = place
                    place += count
                cells.last[kind, row, column] = place
    uneven = 0.0
    for step in range(blocks):
        longest, total = 0, 1
        for row in range(blocks):
            cell = row, (row + step) % blocks
            work = cells.last[0][cell] - cells.first[0][cell]
            longest = max(longest, work)
            total += work
        uneven += longest * blocks / total
    return uneven


@compiled()
def _fill_cells(windows, first, last, index, cells):
    """Write the pairs and centres of a slice to their cells, in the order of the corpus."""
    block_of, ends = cells.block_of, cells.ends
    for place in range(first, last):
        word = windows.words[place]
        for other in range(windows.left[place], windows.right[place] + 1):
            if other != place:
                cell = 0, index, block_of[windows.words[other]], block_of[word]
                cells.pairs[0, ends[cell]] = windows.words[other]
                cells.pairs[1, ends[cell]] = word
                ends[cell] += 1
        cell = 1, index, block_of[word], cells.drawn_blocks[index, place]
        cells.noise[0, ends[cell]] = word
        cells.noise[1, ends[cell]] = windows.pairs[place]
        cells.positions[ends[cell]] = windows.positions[place]
        ends[cell] += 1


@compiled(inline=True)
def _run_end(contexts, place, last):
    """Return where the pairs from `place` on that share their context word end."""
    end = place + 1
    while end < min(last, place + RUN) and contexts[end] == contexts[place]:
        end += 1
    return end


@compiled()
def _train_pairs(matrices, pairs, first, last, rate, room):
    """Train the pairs [first, last): those that share their context word are a window. Returns how many windows."""
    centers, contexts = pairs[0], pairs[1]
    runs = 0
    place = first
    while place < last:
        for ahead in range(min(place + 2 * RUN, last), min(place + 3 * RUN, last)):
            prefetch_row(matrices.center, np.int64(centers[ahead]))
            prefetch_row(matrices.context, np.int64(contexts[ahead]))
        start, count = place, 0
        while place < last and count < RUN:
            end = _run_end(contexts, place, last)
            row, where = np.int64(contexts[place]), (place, end, end)
            window_scores(matrices.context, row, matrices.center, centers, where, room.parts, count)
            count += end - place
            place = end
            runs += 1
        add_up(room.parts, room.pairs, _lines(count, room))
        steps_together(room.pairs, count, rate, room.sizes)
        stop, place, count = place, start, 0
        while place < stop:
            end = _run_end(contexts, place, last)
            row, where = np.int64(contexts[place]), (place, end, end)
            window_update(matrices.context, row, matrices.center, centers, where, room.pairs, count)
            count += end - place
            place = end
    return runs


@compiled()
def _train_noise(matrices, cells, first, last, block, key, rate, pools, room):
    """Push the centres [first, last) away from pools of their cell's context block."""
    noise = Windows(cells.noise[0], cells.positions, cells.noise[0], cells.noise[0], cells.noise[1], cells.noise[0])
    begin, end = cells.begins[block], cells.begins[block + 1]
    table = cells.thresholds[begin:end], cells.aliases[begin:end]
    draw_pools(first, last, noise, table[0], table[1], key, matrices.spare, pools)
    for turn in range((last - first + pools.turn - 1) // pools.turn):
        for k in range(pools.words.shape[1]):
            if pools.words[turn, k] < matrices.spare:
                pools.words[turn, k] = cells.words[begin + pools.words[turn, k]]
    for index in range(first, last, 4):
        turn = (index - first) // pools.turn
        if (index - first) % pools.turn == 0:
            _fetch_pool(turn, matrices, pools)
        for ahead in range(min(index + AHEAD, last), min(index + AHEAD + 4, last)):
            prefetch_row(matrices.center, np.int64(cells.noise[0, ahead]))
        _load_group(index, last, rate, matrices, noise, pools, room)
        for k in range(0, pools.words.shape[1], 4):
            _noise_block(turn, k, matrices, pools, room)


@compiled()
def _take_slices(source, number, choice, drawn, cells, counters, ticket, is_first):
    """Draw and count, or sort, slices of a batch until none is left."""
    slices = cells.ends.shape[1]
    while True:
        index = next_ticket(counters, ticket)
        if index >= slices:
            break
        windows, extent = _windows(drawn, 0, index, drawn.words[0, index]), drawn.extents[0, index]
        if is_first:
            start = min((number * slices + index) * source.length, len(source.ids))
            stop = min(start + source.length, len(source.ids))
            extent[0], extent[1] = draw_windows(source.ids, start, stop, source.rule, source.keep, windows)
            _count_cells(source, choice, windows, extent[0], extent[1], index, cells)
        else:
            _fill_cells(windows, extent[0], extent[1], index, cells)


@compiled()
def work_in_cells(source, batches, choice, matrices, drawn, cells, rates, counters, threads, room, pools, facts):
    """Do one thread's share of a pass. `facts` (3,) gets pairs, windows of them, Σ imbalance of the steps.

    counters: arrivals, (B + 3) tickets a batch, how long everybody waited.
    """
    slices, blocks = cells.ends.shape[1:3]
    for number in range(batches):
        ticket = 1 + number * (blocks + 3)
        _take_slices(source, number, choice, drawn, cells, counters, ticket, True)
        meet_timed(counters, 0, threads)
        if next_ticket(counters, ticket + 1) == 0:
            facts[2] += _lay_cells(cells)
        meet_timed(counters, 0, threads)
        _take_slices(source, number, choice, drawn, cells, counters, ticket + 2, False)
        meet_timed(counters, 0, threads)
        rate = max(rates.lowest, rates.first + rates.slope * number * slices * source.length)
        for step in range(blocks):
            while True:
                row = next_ticket(counters, ticket + 3 + step)
                if row >= blocks:
                    break
                column = (row + step) % blocks
                first, last = cells.first[:, row, column], cells.last[:, row, column]
                facts[0] += last[0] - first[0]
                facts[1] += _train_pairs(matrices, cells.pairs, first[0], last[0], rate, room)
                _train_noise(matrices, cells, first[1], last[1], column, source.noise, rate, pools, room)
            meet_timed(counters, 0, threads)
