"""Skip-gram with negative sampling, "rows in place": the kernel of the streamed trainer.

The loss of a pair (centre c, context o) with K noise words, as in `firth.objectives.sampling`:

    J = −log σ(u_o·v_c) − Σ_k log σ(−u_k·v_c)

Walk the kept words in groups of four. First the windows of the group: the scores of all its pairs, σ, then one context
row after the other, held in registers while the centre rows of its window go by, both moved. Then the four centre rows
of the group against a pool of noise words that lasts for one turn of the walk: blocks of 4 × 4, scores, σ, one fused
update of the eight rows. A centre that takes part in n pairs meets a pool of P words, so each of them weighs n · K / P:
the expected gradient is that of K noise words a pair, with far fewer scores.

The kernel writes into the matrices it is given, reads no clock, no counter and no random number, and holds no state:
what is random was drawn before (`Windows`, `Pools`). Several threads may run it on the same matrices (they race).

Finite by construction: a row longer than `LONGEST` is scaled back to it. The steps taken are added up, and before their
sum could have made a row grow by more than e^`GROWTH_ALLOWED`, the rows moved since the last look are looked at; after
each update, where the updates of one group alone could. Threads that race add to each other's growth, and share the
allowance; as they can undo each other's looks too, a pass ends with a look at every number (`firth.training.stream`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from firth.compiling import compiled, prefetch_row
from firth.observations.windows import Windows
from firth.training.blocks import add_up, row_squares, scores_4x4, steps_apart, steps_together, sum_of_line, update_4x4
from firth.training.lanes import VECTOR
from firth.training.logistic import logistic_loss
from firth.training.matrices import Matrices, own_lines
from firth.training.pools import Pools
from firth.training.schedule import Rates
from firth.training.window_blocks import window_scores, window_update

LONGEST = 100.0
"""Norm to which longer rows are scaled back; scores up to 10⁴ are far beyond what any loss can tell apart."""

GROWTH_ALLOWED = 30.0
"""Largest log-growth between two looks: rows stay below LONGEST · e³⁰ ≈ 10¹⁵, their scores below float32's 10³⁸."""

PAIRS, SCORED, LOSS, RESTRAINED = range(4)
"""Places of a tally: pairs trained, pairs scored, their loss in nats, how often a row was scaled back."""

LEAST_PAIRS = 64
"""Pairs that there is room for at once, however narrow windows are."""

AHEAD = 12
"""How many kept words ahead rows are fetched into the cache."""


class Room(NamedTuple):
    """Room for one group of four words.

    Attributes:
        centers: rows of the four, as centres, (4,) int64.
        contexts: rows of four noise words, (4,) int64.
        center_weights: of the four centres, (4,).
        weights: the same for each of the 16 pairs of a noise block, (16,).
        noise: scores of such a block, then steps, (16,).
        parts: scores of the windows of the group, not added up, (pairs, lanes).
        pairs: the same added up, then steps, (pairs,).
        squares: norms of rows that are looked at, squared, (pairs,).
        ones: weights of pairs, (pairs,).
        sizes: of the steps since rows were looked at, in lanes: their sum is what counts, (lanes,).
        looked: rows that were scaled back since the last look at all, (1,).
        growth: how much log-growth the steps between two looks may amount to.
    """

    centers: np.ndarray
    contexts: np.ndarray
    center_weights: np.ndarray
    weights: np.ndarray
    noise: np.ndarray
    parts: np.ndarray
    pairs: np.ndarray
    squares: np.ndarray
    ones: np.ndarray
    sizes: np.ndarray
    looked: np.ndarray
    growth: float


def kernel_room(window: int, dtype: np.dtype | type, *, racing: int = 1) -> Room:
    """Return room for groups with windows of this width, in this precision, for one of so many threads that race."""
    lanes = VECTOR // np.dtype(dtype).itemsize
    pairs = -(-max(8 * window, LEAST_PAIRS) // lanes) * lanes
    room = Room(
        centers=own_lines(4, np.int64),
        contexts=own_lines(4, np.int64),
        center_weights=own_lines(4, dtype),
        weights=own_lines(16, dtype),
        noise=own_lines(16, dtype),
        parts=own_lines((pairs, lanes), dtype),
        pairs=own_lines(pairs, dtype),
        squares=own_lines(pairs, dtype),
        ones=own_lines(pairs, dtype),
        sizes=own_lines(lanes, dtype),
        looked=own_lines(1, np.int64),
        growth=GROWTH_ALLOWED / min(racing, 4),
    )
    room.ones[:] = 1
    return room


@compiled(inline=True)
def merge_rows(rows: np.ndarray, weights: np.ndarray, spare: int) -> None:
    """Let each row stand once: repeated ones give their weight to the first and point at a spare row."""
    for j in range(1, 4):
        for i in range(j):
            if rows[j] == rows[i]:
                weights[i] += weights[j]
                weights[j] = 0
                rows[j] = spare + j
                break


@compiled(inline=True)
def lines_for(count: int, room: Room) -> int:
    """Return how many lines so many numbers begin."""
    return (count + room.parts.shape[1] - 1) // room.parts.shape[1]


@compiled()
def restrain(words: np.ndarray, first: int, last: int, matrix: np.ndarray, room: Room) -> int:
    """Scale those rows of words[first:last] that are longer than LONGEST back to it; return how many."""
    count = 0
    for start in range(first, last, len(room.parts)):
        rows = min(last - start, len(room.parts))
        row_squares(matrix, words, start, rows, room.parts)
        add_up(room.parts, room.squares, lines_for(rows, room))
        for j in range(rows):
            if room.squares[j] > LONGEST * LONGEST:
                count += scale_back(matrix[words[start + j]])
    return count


@compiled()
def scale_back(row: np.ndarray) -> int:
    """Scale a row that is longer than LONGEST back to it; return whether it was (a row may stand repeatedly)."""
    square = 0.0
    for i in range(len(row)):
        square += np.float64(row[i]) * row[i]
    if square <= LONGEST * LONGEST:
        return 0
    scale = row.dtype.type(LONGEST / math.sqrt(square))
    for i in range(len(row)):
        row[i] *= scale
    return 1


@compiled()
def _restrain_since(
    mark: int, now: int, first: int, matrices: Matrices, windows: Windows, pools: Pools, room: Room
) -> int:
    """Restrain every row that the words [mark, now) can have moved; return how many needed it."""
    if now <= mark:
        return 0
    low, high = windows.left[mark], windows.right[mark]
    for index in range(mark, now):
        low = min(low, windows.left[index])
        high = max(high, windows.right[index])
    count = restrain(windows.words, low, high + 1, matrices.center, room)
    count += restrain(windows.contexts, mark, now, matrices.context, room)
    for turn in range((mark - first) // pools.turn, (now - 1 - first) // pools.turn + 1):
        count += restrain(pools.words[turn], 0, pools.words.shape[1], matrices.context, room)
    return count


@compiled(inline=True)
def load_group(index: int, last: int, share: float, matrices: Matrices, windows: Windows, room: Room) -> None:
    """Point the room's centres at the group that starts at `index`, each weighing share · pairs."""
    for j in range(4):
        if index + j < last:
            room.centers[j] = windows.words[index + j]
            room.center_weights[j] = windows.pairs[index + j] * share
        else:
            room.centers[j] = matrices.spare + j
            room.center_weights[j] = 0
    merge_rows(room.centers, room.center_weights, matrices.spare)
    for pair in range(16):
        room.weights[pair] = room.center_weights[pair >> 2]


@compiled(inline=True)
def score_group(index: int, end: int, matrices: Matrices, windows: Windows, room: Room) -> int:
    """Fill room.pairs with the scores of the windows of the words [index, end); return how many there are."""
    count = 0
    for position in range(index, end):
        left, right = np.int64(windows.left[position]), np.int64(windows.right[position])
        row = np.int64(windows.contexts[position])
        where = left, right, position
        window_scores(matrices.context, row, matrices.center, windows.words, where, room.parts, count)
        count += int(right - left)
    add_up(room.parts, room.pairs, lines_for(count, room))
    return count


@compiled(inline=True)
def update_window(position: int, first: int, matrices: Matrices, windows: Windows, room: Room) -> int:
    """Move the rows of one window by the steps room.pairs[first:]; return how many pairs it has."""
    left, right = np.int64(windows.left[position]), np.int64(windows.right[position])
    row = np.int64(windows.contexts[position])
    where = left, right, position
    window_update(matrices.context, row, matrices.center, windows.words, where, room.pairs, first)
    return int(right - left)


@compiled(inline=True)
def noise_block(turn: int, k: int, matrices: Matrices, pools: Pools, room: Room) -> None:
    """Push the four centres in the room and the noise words [k, k + 4) of a pool apart."""
    for j in range(4):
        room.contexts[j] = pools.words[turn, k + j]
    scores_4x4(matrices.center, room.centers, matrices.context, room.contexts, room.noise)
    steps_apart(room.noise, room.weights, pools.times[turn, 4 * k : 4 * k + 16], room.sizes)
    update_4x4(matrices.center, room.centers, matrices.context, room.contexts, room.noise)


@compiled(inline=True)
def fetch_ahead(start: int, stop: int, matrices: Matrices, windows: Windows) -> None:
    """Ask for the rows of the words [start, stop)."""
    for index in range(start, stop):
        prefetch_row(matrices.center, np.int64(windows.words[index]))
        prefetch_row(matrices.context, np.int64(windows.contexts[index]))


@compiled(inline=True)
def fetch_pool(turn: int, matrices: Matrices, pools: Pools) -> None:
    """Ask for the rows of a pool."""
    for k in range(pools.words.shape[1]):
        prefetch_row(matrices.context, np.int64(pools.words[turn, k]))


@compiled(inline=True)
def _growth_bound(index: int, last: int, windows: Windows, pools: Pools, rates: Rates) -> float:
    """Bound the log-growth of any row by the updates of the group at `index`.

    An update adds to a row at most Σ step · (the longest row), so it makes the longest grow by 1 + Σ step at most, and
    log(1 + y) ≤ y. A window moves its context row once for each pair, a centre row once (again where it stands again).
    A block of noise moves a noise row by each centre's weight · times, a centre row by its weight · the times of four:
    both at most by the weight of all four centres · the times of four, which are those of all draws in the end.
    """
    rate = max(rates.lowest, rates.first + rates.slope * windows.positions[index])
    pairs = 0
    weight = 0
    for position in range(index, min(index + 4, last)):
        pairs += windows.right[position] - windows.left[position]
        weight += windows.pairs[position]
    return rate * (pairs + weight * pools.negatives)


@compiled()
def _train_span(
    start: int,
    first: int,
    last: int,
    matrices: Matrices,
    windows: Windows,
    pools: Pools,
    rates: Rates,
    room: Room,
) -> tuple[int, int]:
    """Train on the words from `start` on, group by group, until rows have to be looked at or the range ends.

    Returns the word after the last one trained, and how many pairs there were.
    """
    room.sizes[:] = 0
    share = pools.negatives / pools.words.shape[1]
    pairs = 0
    index = start
    turns = (last - first + pools.turn - 1) // pools.turn
    while index < last:
        bound = _growth_bound(index, last, windows, pools, rates)
        if index > start and sum_of_line(room.sizes) + bound > room.growth:
            break
        turn = (index - first) // pools.turn
        if (index - first) % pools.turn == 0 and turn + 1 < turns:
            fetch_pool(turn + 1, matrices, pools)
        fetch_ahead(min(index + AHEAD, last), min(index + AHEAD + 4, last), matrices, windows)
        rate = max(rates.lowest, rates.first + rates.slope * windows.positions[index])
        end = min(index + 4, last)
        count = score_group(index, end, matrices, windows, room)
        pairs += count
        steps_together(room.pairs, count, rate, room.sizes)
        count = 0
        for position in range(index, end):
            count += update_window(position, count, matrices, windows, room)
        load_group(index, last, rate * share, matrices, windows, room)
        for k in range(0, pools.words.shape[1], 4):
            noise_block(turn, k, matrices, pools, room)
        index = end
    return index, pairs


@compiled()
def _train_carefully(
    index: int, first: int, last: int, matrices: Matrices, windows: Windows, pools: Pools, rates: Rates, room: Room
) -> tuple[int, int, int]:
    """Train on one group and restrain rows after each update.

    Returns the word after the last one trained, how many pairs there were, and how many rows were scaled back.
    """
    rate = max(rates.lowest, rates.first + rates.slope * windows.positions[index])
    share = pools.negatives / pools.words.shape[1]
    end = min(index + 4, last)
    pairs = score_group(index, end, matrices, windows, room)
    steps_together(room.pairs, pairs, rate, room.sizes)
    count, restrained = 0, 0
    for position in range(index, end):
        count += update_window(position, count, matrices, windows, room)
        left, right = windows.left[position], windows.right[position]
        restrained += restrain(windows.words, left, right + 1, matrices.center, room)
        restrained += restrain(windows.contexts, position, position + 1, matrices.context, room)
    load_group(index, last, rate * share, matrices, windows, room)
    for k in range(0, pools.words.shape[1], 4):
        noise_block((index - first) // pools.turn, k, matrices, pools, room)
        restrained += restrain(windows.words, index, end, matrices.center, room)
        restrained += restrain(pools.words[(index - first) // pools.turn], k, k + 4, matrices.context, room)
    return end, pairs, restrained


@compiled()
def train_windows(
    matrices: Matrices,
    windows: Windows,
    first: int,
    last: int,
    pools: Pools,
    rates: Rates,
    room: Room,
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
        room: from `kernel_room`, for windows at least as wide.
        tally: (4,) float64; PAIRS and RESTRAINED are added to.
    """
    fetch_ahead(first, min(first + AHEAD, last), matrices, windows)
    mark = first
    while mark < last:
        if _growth_bound(mark, last, windows, pools, rates) > room.growth:
            stop, pairs, restrained = _train_carefully(mark, first, last, matrices, windows, pools, rates, room)
            tally[RESTRAINED] += restrained
        else:
            stop, pairs = _train_span(mark, first, last, matrices, windows, pools, rates, room)
        tally[PAIRS] += pairs
        tally[RESTRAINED] += _restrain_since(mark, stop, first, matrices, windows, pools, room)
        mark = stop


@compiled(fast_math=True)
def score_windows(
    matrices: Matrices,
    windows: Windows,
    first: int,
    last: int,
    pools: Pools,
    room: Room,
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
        room: from `kernel_room`.
        tally: (4,) float64; SCORED and LOSS are added to: each pair's own loss and that of its K noise words.
    """
    share = pools.negatives / pools.words.shape[1]
    for index in range(first, last, 4):
        load_group(index, last, share, matrices, windows, room)
        count = score_group(index, min(index + 4, last), matrices, windows, room)
        tally[SCORED] += count
        tally[LOSS] += logistic_loss(room.pairs[:count], room.ones, room.ones, 1.0)
        turn = (index - first) // pools.turn
        for k in range(0, pools.words.shape[1], 4):
            for j in range(4):
                room.contexts[j] = pools.words[turn, k + j]
            scores_4x4(matrices.center, room.centers, matrices.context, room.contexts, room.noise)
            times = pools.times[turn, 4 * k : 4 * k + 16]
            tally[LOSS] += logistic_loss(room.noise, room.weights, times, -1.0)
