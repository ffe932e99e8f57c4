"""Skip-gram with negative sampling, "rows in place": the kernel of the streamed trainer.

The loss of a pair (centre c, context o) with K noise words, as in `firth.objectives.sampling`:

    J = −log σ(u_o·v_c) − Σ_k log σ(−u_k·v_c)

Walk the kept words in groups of four. For each position of a group: its context row against the centre rows of its
window, four at a time: scores, then both sides updated at once from their old values. Then the four centre rows of
the group against a pool of noise words that lasts for one turn of the walk: blocks of 4 × 4, scores, σ, one fused
update of the eight rows. A centre that takes part in n pairs meets a pool of P words, so each of them weighs
n · K / P: the expected gradient is that of K noise words a pair, with far fewer scores.

The kernel writes into the matrices it is given, reads no clock, no counter and no random number, and holds no state:
what is random was drawn before (`Windows`, `Pools`). Several threads may run it on the same matrices (they race).

Finite by construction: a row longer than `LONGEST` is scaled back to it. Rows are looked at after each turn, earlier if
a chain of updates since the last look could have made a row grow by more than e^`GROWTH_ALLOWED`, and after each update
where the updates of one group could. Threads that race can add to each other's growth, which the bound does not see; so
a pass also ends with a look at every number (`firth.training.stream`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from firth.compiling import compiled, prefetch_row
from firth.observations.windows import Windows
from firth.training.blocks import scores_4x1, scores_4x4, squares_4, update_4x1, update_4x4
from firth.training.logistic import logistic_loss, logistic_steps
from firth.training.matrices import Matrices, own_lines
from firth.training.pools import Pools
from firth.training.schedule import Rates

LONGEST = 100.0
"""Norm to which longer rows are scaled back; scores up to 10⁴ are far beyond what any loss can tell apart."""

GROWTH_ALLOWED = 30.0
"""Largest log-growth within a turn: rows stay below LONGEST · e³⁰ ≈ 10¹⁵, their scores below float32's 10³⁸."""

PAIRS, SCORED, LOSS, RESTRAINED = range(4)
"""Places of a tally: pairs trained, pairs scored, their loss in nats, how often a row was scaled back."""

AHEAD = 12
"""How many kept words ahead rows are fetched into the cache."""


class Block(NamedTuple):
    """Room for one block: rows, weights of the four centres, the same for each of 16 pairs, and scores."""

    centers: np.ndarray
    contexts: np.ndarray
    center_weights: np.ndarray
    weights: np.ndarray
    ones: np.ndarray
    scores: np.ndarray


def block_room(dtype: np.dtype | type) -> Block:
    """Return room for one block in this precision."""
    center_weights, weights, ones, scores = (own_lines(size, dtype) for size in (4, 16, 16, 16))
    ones[:] = 1
    return Block(own_lines(4, np.int64), own_lines(4, np.int64), center_weights, weights, ones, scores)


@compiled(fast_math=True, flatten=True)
def _noise_block(block: Block, times: np.ndarray, matrices: Matrices, rate: float) -> None:
    """Move four centre rows away from four noise rows."""
    scores_4x4(matrices.center, block.centers, matrices.context, block.contexts, block.scores)
    logistic_steps(block.scores, block.weights, times, -1.0, rate)
    update_4x4(matrices.center, block.centers, matrices.context, block.contexts, block.scores)


@compiled(fast_math=True, flatten=True)
def _window_block(block: Block, matrices: Matrices, rate: float) -> None:
    """Draw four centre rows and one context row together."""
    scores_4x1(matrices.center, block.centers, matrices.context, block.contexts, block.scores)
    logistic_steps(block.scores[:4], block.center_weights, block.ones, 1.0, rate)
    update_4x1(matrices.center, block.centers, matrices.context, block.contexts, block.scores)


@compiled(inline=True)
def _merge(rows: np.ndarray, weights: np.ndarray, spare: int) -> None:
    """Let each row stand once: repeated ones give their weight to the first and point at a spare row."""
    for j in range(1, 4):
        for i in range(j):
            if rows[j] == rows[i]:
                weights[i] += weights[j]
                weights[j] = 0
                rows[j] = spare + j
                break


@compiled()
def _restrain(matrix: np.ndarray, rows: np.ndarray, squares: np.ndarray) -> int:
    """Scale those of four rows that are longer than LONGEST back to it; return how many. A row may stand repeatedly."""
    squares_4(matrix, rows, squares)
    count = 0
    for j in range(4):
        if squares[j] > LONGEST * LONGEST:
            for repeated in range(j + 1, 4):
                if rows[repeated] == rows[j]:
                    squares[repeated] = 0
            scale = matrix.dtype.type(LONGEST / math.sqrt(squares[j]))
            for i in range(matrix.shape[1]):
                matrix[rows[j], i] *= scale
            count += 1
    return count


@compiled(inline=True)
def _restrain_words(words: np.ndarray, first: int, last: int, matrix: np.ndarray, block: Block) -> int:
    """Restrain the rows of words[first:last], four at a time (the last one may be looked at again)."""
    count = 0
    for index in range(first, last, 4):
        for j in range(4):
            block.centers[j] = words[min(index + j, last - 1)]
        count += _restrain(matrix, block.centers, block.scores)
    return count


@compiled()
def _restrain_since(
    mark: int, now: int, first: int, matrices: Matrices, windows: Windows, pools: Pools, block: Block
) -> int:
    """Restrain every row that the words [mark, now) can have moved; return how many needed it."""
    if now <= mark:
        return 0
    low, high = windows.left[mark], windows.right[mark]
    for index in range(mark, now):
        low = min(low, windows.left[index])
        high = max(high, windows.right[index])
    count = _restrain_words(windows.words, low, high + 1, matrices.center, block)
    count += _restrain_words(windows.words, mark, now, matrices.context, block)
    for turn in range((mark - first) // pools.turn, (now - 1 - first) // pools.turn + 1):
        count += _restrain_words(pools.words[turn], 0, pools.words.shape[1], matrices.context, block)
    return count


@compiled(inline=True)
def _load_group(index: int, last: int, matrices: Matrices, windows: Windows, pools: Pools, block: Block) -> None:
    """Point the block's centres at the group that starts at `index`, each weighing pairs · K / P."""
    share = pools.negatives / pools.words.shape[1]
    for j in range(4):
        if index + j < last:
            block.centers[j] = windows.words[index + j]
            block.center_weights[j] = windows.pairs[index + j] * share
        else:
            block.centers[j] = matrices.spare + j
            block.center_weights[j] = 0
    _merge(block.centers, block.center_weights, matrices.spare)
    for pair in range(16):
        block.weights[pair] = block.center_weights[pair >> 2]


@compiled(inline=True)
def _growth_bound(index: int, last: int, most_times: float, windows: Windows, pools: Pools, block: Block) -> float:
    """Bound the log-growth of any row by the updates of one group, per unit of learning rate.

    An update adds to a row at most Σ weight · (the longest row), so it makes the longest grow by 1 + Σ weight at
    most, and log(1 + y) ≤ y.
    """
    total = 0.0
    most = 0.0
    for j in range(4):
        total += block.center_weights[j]
        most = max(most, block.center_weights[j])
    bound = max(4 * most, total) * most_times * (pools.words.shape[1] // 4)
    for position in range(index, min(index + 4, last)):
        bound += windows.right[position] - windows.left[position] + 3
    return bound


@compiled(flatten=True)
def _load_window(start: int, index: int, matrices: Matrices, windows: Windows, block: Block) -> None:
    """Point the block's centres at four words of the window of `index`, from the one that stands at `start` on."""
    for j in range(4):
        other = start + j
        other += other >= index  # the word itself is not its own context
        inside = other <= windows.right[index]
        block.centers[j] = windows.words[other] if inside else matrices.spare + j
        block.center_weights[j] = inside
    _merge(block.centers, block.center_weights, matrices.spare)


@compiled(flatten=True)
def _attract(
    index: int, rate: float, careful: bool, matrices: Matrices, windows: Windows, block: Block, tally: np.ndarray
) -> None:
    """Train the word at `index` as the context of each other word in its window."""
    block.contexts[:] = windows.words[index]
    left, right = windows.left[index], windows.right[index]
    tally[PAIRS] += right - left
    for start in range(left, right, 4):
        _load_window(start, index, matrices, windows, block)
        _window_block(block, matrices, rate)
        if careful:
            tally[RESTRAINED] += _restrain(matrices.center, block.centers, block.scores)
            tally[RESTRAINED] += _restrain(matrices.context, block.contexts, block.scores)


@compiled(flatten=True)
def _repel(
    turn: int, rate: float, careful: bool, matrices: Matrices, pools: Pools, block: Block, tally: np.ndarray
) -> None:
    """Train the group in the block, as centres, against the pool of its turn."""
    for k in range(0, pools.words.shape[1], 4):
        for j in range(4):
            block.contexts[j] = pools.words[turn, k + j]
        _noise_block(block, pools.times[turn, 4 * k : 4 * k + 16], matrices, rate)
        if careful:
            tally[RESTRAINED] += _restrain(matrices.center, block.centers, block.scores)
            tally[RESTRAINED] += _restrain(matrices.context, block.contexts, block.scores)


@compiled(inline=True)
def _fetch_ahead(start: int, stop: int, matrices: Matrices, windows: Windows) -> None:
    """Ask for the rows of the words [start, stop)."""
    for index in range(start, stop):
        prefetch_row(matrices.center, np.int64(windows.words[index]))
        prefetch_row(matrices.context, np.int64(windows.words[index]))


@compiled(inline=True)
def _begin_turn(turn: int, turns: int, matrices: Matrices, pools: Pools) -> float:
    """Ask for the rows of the next pool; return how often the most frequent word of this one was drawn."""
    most = 0.0
    for k in range(pools.words.shape[1]):
        most = max(most, pools.times[turn, 16 * (k >> 2) + (k & 3)])
        if turn + 1 < turns:
            prefetch_row(matrices.context, np.int64(pools.words[turn + 1, k]))
    return most


@compiled()
def train_windows(
    matrices: Matrices,
    windows: Windows,
    first: int,
    last: int,
    pools: Pools,
    rates: Rates,
    group: Block,
    block: Block,
    tally: np.ndarray,
) -> None:
    """Train on the windows of the words [first, last), and on their noise.

    Args:
        matrices: changed in place.
        windows: from `draw_windows`, which also gave `first` and `last`.
        first: index of the range's first word in `windows`.
        last: index after its last.
        pools: from `draw_pools`, a row for each turn of the range.
        rates: learning rate by position.
        group: room for four centres and their noise, from `block_room`.
        block: room for four centres of one window, from `block_room`.
        tally: (4,) float64; PAIRS and RESTRAINED are added to.
    """
    growth = 0.0
    mark = first
    most_times = 0.0
    turns = (last - first + pools.turn - 1) // pools.turn
    _fetch_ahead(first, min(first + AHEAD, last), matrices, windows)
    for index in range(first, last, 4):
        turn = (index - first) // pools.turn
        if (index - first) % pools.turn == 0:
            most_times = _begin_turn(turn, turns, matrices, pools)
        _fetch_ahead(min(index + AHEAD, last), min(index + AHEAD + 4, last), matrices, windows)
        rate = max(rates.lowest, rates.first + rates.slope * windows.positions[index])
        _load_group(index, last, matrices, windows, pools, group)
        bound = rate * _growth_bound(index, last, most_times, windows, pools, group)
        if growth + bound > GROWTH_ALLOWED or index - mark >= pools.turn:
            tally[RESTRAINED] += _restrain_since(mark, index, first, matrices, windows, pools, block)
            growth = 0.0
            mark = index
        growth += bound
        careful = bound > GROWTH_ALLOWED
        for position in range(index, min(index + 4, last)):
            _attract(position, rate, careful, matrices, windows, block, tally)
        _repel(turn, rate, careful, matrices, pools, group, tally)
    tally[RESTRAINED] += _restrain_since(mark, last, first, matrices, windows, pools, block)


@compiled(fast_math=True)
def score_windows(
    matrices: Matrices,
    windows: Windows,
    first: int,
    last: int,
    pools: Pools,
    group: Block,
    block: Block,
    tally: np.ndarray,
) -> None:
    """Tally the loss of the windows of the words [first, last) and of their noise, and change nothing.

    What `train_windows` would see were every score taken before the first update. The loss that the updates meet on
    their way is no substitute: a pool has been pushed away, and a window drawn together, a moment before (on Wikipedia
    it comes out about a quarter too low).

    Args: as in `train_windows`.
        matrices: read only.
        windows: from `draw_windows`.
        first: index of the range's first word in `windows`.
        last: index after its last.
        pools: from `draw_pools`.
        group: room.
        block: room.
        tally: (4,) float64; SCORED and LOSS are added to: each pair's own loss and that of its K noise words.
    """
    for index in range(first, last, 4):
        _load_group(index, last, matrices, windows, pools, group)
        for position in range(index, min(index + 4, last)):
            block.contexts[0] = windows.words[position]
            left, right = windows.left[position], windows.right[position]
            tally[SCORED] += right - left
            for start in range(left, right, 4):
                _load_window(start, position, matrices, windows, block)
                scores_4x1(matrices.center, block.centers, matrices.context, block.contexts, block.scores)
                tally[LOSS] += logistic_loss(block.scores[:4], block.center_weights, block.ones, 1.0)
        turn = (index - first) // pools.turn
        for k in range(0, pools.words.shape[1], 4):
            for j in range(4):
                group.contexts[j] = pools.words[turn, k + j]
            scores_4x4(matrices.center, group.centers, matrices.context, group.contexts, group.scores)
            times = pools.times[turn, 4 * k : 4 * k + 16]
            tally[LOSS] += logistic_loss(group.scores, group.weights, times, -1.0)
