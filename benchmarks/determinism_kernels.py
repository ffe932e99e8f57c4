"""Compiled parts of the sketches in `determinism_ways.py`: copies of rows, frozen gradients, cells of word blocks.

Everything here is built round the shipped blocks; what is new is where rows stand and when they are written back.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from firth.compiling import compiled, prefetch_row
from firth.observations.noise import draw_word
from firth.observations.windows import draw_windows
from firth.randomness import bits_at
from firth.training.blocks import (
    _multiply_add,
    _Rows,
    _scores_of,
    _update_of,
    scores_4x1,
    scores_4x4,
    update_4x1,
    update_4x4,
)
from firth.training.logistic import logistic_steps
from firth.training.matrices import SPARE
from firth.training.pools import draw_pools
from firth.training.sampling_kernel import _load_group, _load_window, _merge, train_windows

PREFETCH = 12


@compiled()
def localize(windows, first, last, pools, spare, place, rows):
    """Rename the words of a range by order of appearance, spare rows first; `rows` gets the word of each name.

    `place` (V,) holds −1 everywhere, before and after. Returns how many names are centres, and how many there are:
    centre rows are those of kept words, context rows those and the noise words.
    """
    low, high = first, last - 1
    for index in range(first, last):
        low = min(low, windows.left[index])
        high = max(high, windows.right[index])
    count = SPARE
    for index in range(low, high + 1):
        word = windows.words[index]
        if place[word] < 0:
            place[word] = count
            rows[count] = word
            count += 1
        windows.words[index] = place[word]
    centers = count
    for turn in range((last - first + pools.turn - 1) // pools.turn):
        for k in range(pools.words.shape[1]):
            word = pools.words[turn, k]
            if word >= spare:
                pools.words[turn, k] = word - spare
                continue
            if place[word] < 0:
                place[word] = count
                rows[count] = word
                count += 1
            pools.words[turn, k] = place[word]
    for row in range(SPARE, count):
        place[rows[row]] = -1
    return centers, count


@compiled()
def gather(matrix, local, rows, count):
    """Copy the rows named by rows[SPARE:count] into `local`."""
    for row in range(SPARE, count):
        if row + PREFETCH < count:
            prefetch_row(matrix, np.int64(rows[row + PREFETCH]))
        local[row] = matrix[rows[row]]


@compiled()
def prepare_slice(source, start, matrices, local, windows, pools, place, rows, extent):
    """Draw a slice, rename its words, copy its rows: all in one call. Returns first and last index in `windows`.

    `source` is (ids, rule, alias table, key of windows, key of noise, length); extent (2,) gets what `localize` gives.
    """
    ids, rule, table, keep, noise, length = source
    start = min(start, len(ids))
    first, last = draw_windows(ids, start, min(start + length, len(ids)), rule, keep, windows)
    draw_pools(first, last, windows, table[0], table[1], noise, matrices.spare, pools)
    extent[0], extent[1] = localize(windows, first, last, pools, matrices.spare, place, rows)
    gather(matrices.center, local.center, rows, extent[0])
    gather(matrices.context, local.context, rows, extent[1])
    return first, last


@compiled()
def snapshot_slice(source, start, matrices, local, windows, pools, place, rows, extent, rates, group, block, tally):
    """Do the whole work of a slice of `Snapshots` in one call: what Python adds between calls is left out."""
    first, last = prepare_slice(source, start, matrices, local, windows, pools, place, rows, extent)
    train_windows(local, windows, first, last, pools, rates, group, block, tally)


@compiled()
def frozen_slice(source, start, matrices, local, windows, pools, place, rows, extent, rates, group, block, moves):
    """Do the whole work of a slice of `FrozenBatches` in one call."""
    first, last = prepare_slice(source, start, matrices, local, windows, pools, place, rows, extent)
    moves.center[: extent[0]] = 0
    moves.context[: extent[1]] = 0
    frozen_windows(local, moves, windows, first, last, pools, rates, group, block)


@compiled()
def count_moves(rows, counts, owner, owners, touched):
    """Count how many slices move each row that belongs to `owner`; `touched` (V,) holds 0 before."""
    for index in range(len(counts)):
        for row in range(SPARE, counts[index]):
            if rows[index, row] % owners == owner:
                touched[rows[index, row]] += 1


@compiled()
def add_moves(matrix, moves, rows, counts, owner, owners, touched, shares):
    """Add the moves (S, R, D) of all slices, in their order, to the rows that belong to `owner`.

    The moves of a row that m slices move are added times shares[m]; `touched` (V,) holds m, and 0 afterwards.
    """
    for index in range(len(counts)):
        for row in range(SPARE, counts[index]):
            ahead = row + PREFETCH * owners
            if ahead < counts[index] and rows[index, ahead] % owners == owner:
                prefetch_row(matrix, np.int64(rows[index, ahead]))
            word = rows[index, row]
            if word % owners == owner:
                share = shares[touched[word]]
                for i in range(matrix.shape[1]):
                    matrix[word, i] += share * moves[index, row, i]
    for index in range(len(counts)):
        for row in range(SPARE, counts[index]):
            if rows[index, row] % owners == owner:
                touched[rows[index, row]] = 0


_MET = 128


@compiled()
def blend_copies(matrix, copies, rows, counts, owner, owners, touched, shares):
    """Do as `add_moves`, from rows after training: nobody subtracts what they were before.

    With m copies c of a row r and the share s, r + s Σ (c − r) = (1 − s m) r + s Σ c: the first copy that comes scales
    the row, the others are added. A row that one slice moves becomes its copy. `touched` is as there; m < 128.
    """
    for index in range(len(counts)):
        for row in range(SPARE, counts[index]):
            ahead = row + PREFETCH * owners
            if ahead < counts[index] and rows[index, ahead] % owners == owner:
                prefetch_row(matrix, np.int64(rows[index, ahead]))
            word = rows[index, row]
            if word % owners != owner:
                continue
            met = np.int64(touched[word])
            share = shares[met & (_MET - 1)]
            if met == 1:
                matrix[word] = copies[index, row]
                continue
            rest = np.float32(1)
            if met < _MET:
                rest -= share * met
                touched[word] = met | _MET
            for i in range(matrix.shape[1]):
                matrix[word, i] = rest * matrix[word, i] + share * copies[index, row, i]
    for index in range(len(counts)):
        for row in range(SPARE, counts[index]):
            if rows[index, row] % owners == owner:
                touched[rows[index, row]] = 0


def _addition_of(centers, contexts):
    """Build the intrinsic that adds a block's update to other matrices than those it is computed from."""

    def add(typing_context, center, center_ids, context, context_ids, center_moves, context_moves, steps):
        def generate(target, builder, signature, arguments):
            pairs = list(zip(signature.args, arguments, strict=True))
            left, right = (_Rows(target, builder, *pairs[k : k + 2], n) for k, n in ((0, centers), (2, contexts)))
            left_moves = _Rows(target, builder, pairs[4], pairs[1], centers)
            right_moves = _Rows(target, builder, pairs[5], pairs[3], contexts)
            pointer = target.make_array(pairs[6][0])(target, builder, pairs[6][1]).data
            everywhere = ir.Constant(ir.VectorType(ir.IntType(32), left.vector.count), [0] * left.vector.count)
            undefined = ir.Constant(left.vector, ir.Undefined)
            step = []
            for k in range(centers * contexts):
                value = builder.load(builder.gep(pointer, [ir.Constant(ir.IntType(64), k)]))
                first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
                step.append(builder.shuffle_vector(first, undefined, everywhere))
            with cgutils.for_range(builder, left.vectors) as loop:
                vs = [left.load(i, loop.index) for i in range(centers)]
                us = [right.load(j, loop.index) for j in range(contexts)]
                for i in range(centers):
                    moved = left_moves.load(i, loop.index)
                    for j in range(contexts):
                        moved = _multiply_add(builder, step[i * contexts + j], us[j], moved)
                    left_moves.store(moved, i, loop.index)
                for j in range(contexts):
                    moved = right_moves.load(j, loop.index)
                    for i in range(centers):
                        moved = _multiply_add(builder, step[i * contexts + j], vs[i], moved)
                    right_moves.store(moved, j, loop.index)
            return target.get_dummy_value()

        return types.void(center, center_ids, context, context_ids, center_moves, context_moves, steps), generate

    return add


add_4x4 = intrinsic(_addition_of(4, 4))
add_4x1 = intrinsic(_addition_of(4, 1))
scores_1x1, scores_2x1 = intrinsic(_scores_of(1, 1)), intrinsic(_scores_of(2, 1))
update_1x1, update_2x1 = intrinsic(_update_of(1, 1)), intrinsic(_update_of(2, 1))


@compiled()
def frozen_windows(frozen, moves, windows, first, last, pools, rates, group, block):
    """Do as `train_windows`, but compute all updates from `frozen`, which stays, and add them to `moves`."""
    for index in range(first, last, 4):
        turn = (index - first) // pools.turn
        rate = max(rates.lowest, rates.first + rates.slope * windows.positions[index])
        _load_group(index, last, frozen, windows, pools, group)
        for position in range(index, min(index + 4, last)):
            block.contexts[0] = windows.words[position]
            for start in range(windows.left[position], windows.right[position], 4):
                _load_window(start, position, frozen, windows, block)
                _frozen_window_block(frozen, moves, block, rate)
        for k in range(0, pools.words.shape[1], 4):
            for j in range(4):
                group.contexts[j] = pools.words[turn, k + j]
            _frozen_noise_block(frozen, moves, group, pools.times[turn, 4 * k : 4 * k + 16], rate)


@compiled(fast_math=True, flatten=True)
def _frozen_window_block(frozen, moves, block, rate):
    """Add the moves of four centre rows and one context row that are drawn together."""
    scores_4x1(frozen.center, block.centers, frozen.context, block.contexts, block.scores)
    logistic_steps(block.scores[:4], block.center_weights, block.ones, 1.0, rate)
    add_4x1(frozen.center, block.centers, frozen.context, block.contexts, moves.center, moves.context, block.scores)


@compiled(fast_math=True, flatten=True)
def _frozen_noise_block(frozen, moves, group, times, rate):
    """Add the moves of four centre rows and four noise rows that are pushed apart."""
    scores_4x4(frozen.center, group.centers, frozen.context, group.contexts, group.scores)
    logistic_steps(group.scores, group.weights, times, -1.0, rate)
    add_4x4(frozen.center, group.centers, frozen.context, group.contexts, moves.center, moves.context, group.scores)


@compiled()
def count_cells(windows, first, last, block_of, thresholds, aliases, key, noise_blocks, pair_counts, noise_counts):
    """Count the pairs of each cell (centre block, context block), and the centres whose noise falls in it.

    The noise of a centre comes from one block, that of a word drawn from the noise distribution: so in expectation
    the whole distribution is met with its own weights.
    """
    pair_counts[:] = 0
    noise_counts[:] = 0
    for index in range(first, last):
        context_block = block_of[windows.words[index]]
        for other in range(windows.left[index], windows.right[index] + 1):
            if other != index:
                pair_counts[block_of[windows.words[other]], context_block] += 1
        drawn = draw_word(bits_at(key, windows.positions[index]), thresholds, aliases)
        noise_blocks[index] = block_of[drawn]
        noise_counts[block_of[windows.words[index]], noise_blocks[index]] += 1


@compiled()
def fill_cells(windows, first, last, block_of, noise_blocks, pair_ends, noise_ends, pairs, noise):
    """Write pairs (2, …) and centres with their weight (2, …) to their cells; the ends (B, B) move on."""
    for index in range(first, last):
        word = windows.words[index]
        for other in range(windows.left[index], windows.right[index] + 1):
            if other != index:
                center = windows.words[other]
                cell = block_of[center], block_of[word]
                pairs[0, pair_ends[cell]] = center
                pairs[1, pair_ends[cell]] = word
                pair_ends[cell] += 1
        cell = block_of[word], noise_blocks[index]
        noise[0, noise_ends[cell]] = word
        noise[1, noise_ends[cell]] = windows.pairs[index]
        noise_ends[cell] += 1


@compiled(fast_math=True)
def train_pairs(matrices, pairs, first, last, rate, block):
    """Train the pairs [first, last): as many centres at once as share a context word. Returns how many blocks."""
    place = first
    blocks = 0
    while place < last:
        block.contexts[0] = pairs[1, place]
        count = 0
        while count < 4 and place < last and pairs[1, place] == block.contexts[0]:
            block.centers[count] = pairs[0, place]
            block.center_weights[count] = 1
            if place + PREFETCH < last:
                prefetch_row(matrices.center, np.int64(pairs[0, place + PREFETCH]))
                prefetch_row(matrices.context, np.int64(pairs[1, place + PREFETCH]))
            count += 1
            place += 1
        for rest in range(count, 4):
            block.centers[rest] = matrices.spare + rest
            block.center_weights[rest] = 0
        _merge(block.centers, block.center_weights, matrices.spare)
        _train_block(matrices, count, rate, block)
        blocks += 1
    return blocks


@compiled(fast_math=True, flatten=True)
def _train_block(matrices, count, rate, block):
    """Draw 1, 2 or 4 centre rows and one context row together."""
    center, context = matrices.center, matrices.context
    if count == 1:
        scores_1x1(center, block.centers, context, block.contexts, block.scores)
        logistic_steps(block.scores[:count], block.center_weights, block.ones, 1.0, rate)
        update_1x1(center, block.centers, context, block.contexts, block.scores)
    elif count == 2:
        scores_2x1(center, block.centers, context, block.contexts, block.scores)
        logistic_steps(block.scores[:count], block.center_weights, block.ones, 1.0, rate)
        update_2x1(center, block.centers, context, block.contexts, block.scores)
    else:
        scores_4x1(center, block.centers, context, block.contexts, block.scores)
        logistic_steps(block.scores[:4], block.center_weights, block.ones, 1.0, rate)
        update_4x1(center, block.centers, context, block.contexts, block.scores)


@compiled()
def draw_cell_pool(table, key, place, spare, words, times):
    """Draw a pool of noise words from one block's table (words, thresholds, aliases), each once, with its number."""
    times[:] = 0
    for k in range(len(words)):
        word = table[0][draw_word(bits_at(key, place + k), table[1], table[2])]
        home = k
        for earlier in range(k):
            if words[earlier] == word:
                home = earlier
                break
        words[k] = word if home == k else spare + (k & 3)
        for row in range(4):
            times[16 * (home >> 2) + 4 * row + (home & 3)] += 1


@compiled(fast_math=True)
def train_noise(matrices, noise, first, last, table, key, place, share, rate, turn, words, times, group):
    """Push the centres [first, last) away from pools of their cell's context block, `turn` of them from each."""
    for index in range(first, last, 4):
        if (index - first) % turn == 0:
            draw_cell_pool(table, key, place + (index - first) // turn * len(words), matrices.spare, words, times)
        for j in range(4):
            inside = index + j < last
            group.centers[j] = noise[0, index + j] if inside else matrices.spare + j
            group.center_weights[j] = noise[1, index + j] * share if inside else 0
            if index + j + PREFETCH < last:
                prefetch_row(matrices.center, np.int64(noise[0, index + j + PREFETCH]))
        _merge(group.centers, group.center_weights, matrices.spare)
        for pair in range(16):
            group.weights[pair] = group.center_weights[pair >> 2]
        for k in range(0, len(words), 4):
            for j in range(4):
                group.contexts[j] = words[k + j]
            scores_4x4(matrices.center, group.centers, matrices.context, group.contexts, group.scores)
            logistic_steps(group.scores, group.weights, times[4 * k : 4 * k + 16], -1.0, rate)
            update_4x4(matrices.center, group.centers, matrices.context, group.contexts, group.scores)
