"""Ways to train on several threads, for `determinism.py`: racing, and four that give the same bytes.

Racing          the shipped `Race`: threads take ranges and train rows that all share.
Rounds          the shipped `Rounds`: rows that several slices of a round touch are copied, others trained in place.
Snapshots       the same loop, but every row is copied.
Frozen batches  the same, and within a slice, too, every move is computed from the rows before the round.
Rotation        words in B blocks, the pairs of a batch sorted into B × B cells. In step s the cells (i, i + s mod B)
                are trained where the rows stand: no two of them share one. A loss to be shown is not scored; racing
                scores 1/16 of all words, those in rounds 1/32.

A team is made for one pass; like the shipped ones it has `matrices`, `compile` and `submit`.
"""

import heapq
from collections.abc import Callable
from functools import cache, partial
from threading import Barrier
from typing import NamedTuple

import numpy as np
from determinism_kernels import Cells, frozen_slice, share_all, work_in_cells
from determinism_pass import NEGATIVES, OBSERVATIONS, loop_with, with_parts

from firth.observations.noise import alias_table
from firth.observations.windows import window_rule
from firth.randomness import stream_key
from firth.training.matrices import SPARE, Matrices, own_lines, start_matrices
from firth.training.pools import pool_room
from firth.training.racing import Race
from firth.training.rounds import Rounds, _room_to_draw
from firth.training.rounds_kernel import Source, _draw_slice
from firth.training.sampling_kernel import kernel_room
from firth.training.settings import POOL, SLICES, TURN
from firth.training.sharing import find_shared


class Way(NamedTuple):
    """A way to train.

    Attributes:
        name: with its sizes.
        batch: positions between two states that all threads share.
        team: makes one, from problem and threads.
        timed: the same, and its meetings are timed; None where nobody waits.
        copied: which rows are copied: "none", "shared", "all".
    """

    name: str
    batch: int
    team: Callable
    timed: Callable | None = None
    copied: str = "none"


def shipped(problem, threads, *, reproducible):
    """Return a team as the product makes it."""
    settings = problem.settings(threads, reproducible=reproducible)
    return (Rounds if reproducible else Race)(problem.ids, problem.counts, OBSERVATIONS, settings)


def shipped_length(problem):
    """Return how many positions a slice has in the shipped rounds."""
    return shipped(problem._replace(dimensions=1), 1, reproducible=True).length


class OtherRounds(Rounds):
    """Rounds of another length or number of slices, with another loop, whose meetings are timed."""

    def __init__(self, problem, threads, *, length, loop=None, slices=SLICES):
        settings = problem.settings(threads)
        super().__init__(problem.ids, problem.counts, OBSERVATIONS, settings, slices=slices, length=length)
        self._work = partial(with_parts(Rounds._work, work_in_rounds=loop), self)

    def compile(self, rates):
        """Go through one round."""
        self._work(0, Barrier(1), np.zeros(10, np.int64), 1, 0, rates)

    def submit(self, pool, pass_index, rates):
        """Start the threads; return what to wait for."""
        threads = self.settings.threads
        self._counters = np.zeros(3 + 3 * (self.rounds + 1) + 1, np.int64)
        arguments = Barrier(threads), self._counters, self.rounds, pass_index, rates
        return [pool.submit(self._work, thread, *arguments) for thread in range(threads)]

    @property
    def waited(self):
        """How long the threads waited, together, in `cycles`."""
        return self._counters[-1]


class Rotation:
    """Words in blocks, pairs in cells; cells that share no row are trained at once."""

    def __init__(self, problem, threads, *, length, blocks):
        counts, words = problem.counts, len(problem.counts)
        rule, noise = window_rule(OBSERVATIONS, counts), OBSERVATIONS.noise_distribution(counts)
        keep, draw, self.choice = (stream_key(1, *use) for use in (("keep", 0), ("noise", 0), ("noise", 1)))
        self.source = Source(problem.ids, rule, *alias_table(noise), keep, draw, 0, length, words)
        batch = SLICES * length
        self.batches = -(-len(problem.ids) // batch)
        self.matrices = start_matrices(words, problem.dimensions, spare=SPARE * threads, seed=1)
        shape = OBSERVATIONS.window, TURN, POOL, np.float32
        self.drawn = _room_to_draw(SLICES, length, *shape)
        block_of = balanced_blocks(counts * OBSERVATIONS.keep_probabilities(counts) + noise, blocks)
        order = np.argsort(block_of, kind="stable").astype(np.int32)
        begins = np.searchsorted(block_of[order], np.arange(blocks + 1))
        shares = [noise[part] / noise[part].sum() for part in np.split(order, begins[1:-1])]
        thresholds, aliases = (np.concatenate(column) for column in zip(*map(alias_table, shares), strict=True))
        grid = blocks, blocks
        self.cells = Cells(
            *(block_of, order, thresholds, aliases, begins, np.zeros_like(self.drawn.words[0])),
            np.zeros((2, SLICES, *grid), np.int64),
            *(np.zeros((2, *grid), np.int64) for _ in range(2)),
            np.zeros((2, 2 * OBSERVATIONS.window * batch), np.int32),
            np.zeros((2, batch), np.int32),
            np.zeros(batch, np.int64),
        )
        self.pools = [pool_room(batch, turn=TURN, size=POOL, negatives=NEGATIVES) for _ in range(threads)]
        self.rooms = [kernel_room(OBSERVATIONS.window, np.float32) for _ in range(threads)]
        self.facts = own_lines((threads, 8), np.float64)

    def compile(self, rates):
        """Go through one batch."""
        self.counters = np.zeros(2 + len(self.cells.begins) + 2, np.int64)
        self._work(0, 1, 1, rates)
        self.facts[:] = 0

    def submit(self, pool, pass_index, rates):
        """Start the threads; return what to wait for."""
        self.counters = np.zeros(2 + (len(self.cells.begins) + 2) * self.batches, np.int64)
        threads = len(self.rooms)
        return [pool.submit(self._work, thread, threads, self.batches, rates) for thread in range(threads)]

    @property
    def waited(self):
        """How long the threads waited, together, in `cycles`."""
        return self.counters[-1]

    def note(self):
        """Return how uneven the cells of a step are, and how long the windows within a cell."""
        pairs, windows, uneven = self.facts[:, :3].sum(axis=0)
        uneven /= self.batches * (len(self.cells.begins) - 1)
        return f"longest cell {uneven:.2f} of the mean, {pairs / windows:.1f} pairs a window"

    def _work(self, thread, threads, batches, rates):
        """Do one thread's share."""
        own = Matrices(self.matrices.center, self.matrices.context, self.matrices.spare + SPARE * thread)
        room, pools, facts = self.rooms[thread], self.pools[thread], self.facts[thread]
        work = self.choice, own, self.drawn, self.cells, rates
        work_in_cells(self.source, batches, *work, self.counters, threads, room, pools, facts)


def balanced_blocks(work, blocks):
    """Return the block of each word: the word with most work goes to the block that has least."""
    heap = [(0.0, block) for block in range(blocks)]
    block_of = np.zeros(len(work), np.int32)
    for word in np.argsort(-work, kind="stable"):
        load, block = heapq.heappop(heap)
        block_of[word] = block
        heapq.heappush(heap, (load + work[word], block))
    return block_of


@cache
def loops():
    """Return the shipped loop, that of snapshots, and that of frozen batches, all with timed meetings."""
    frozen = loop_with(find_shared=share_all, _train_slice=frozen_slice)
    return loop_with(), loop_with(find_shared=share_all), frozen


def all_ways(problem, *, has_more):
    """Return all ways, racing first; `has_more` adds other sizes, and rotation."""
    own = shipped_length(problem)
    timed, snapshots, frozen = (partial(OtherRounds, loop=loop) for loop in loops())

    def sized(name, length, team, copied, **more):
        team = partial(team, length=length, **more)
        return Way(f"{name} {SLICES} × {length}", SLICES * length, team, team, copied)

    rounds = sized("rounds", own, timed, "shared")._replace(team=partial(shipped, reproducible=True))
    racing = Way("racing", 0, partial(shipped, reproducible=False))
    ways = [racing, rounds, sized("snapshots", own, snapshots, "all"), sized("frozen batches", own, frozen, "all")]
    if has_more:
        ways += [sized("snapshots", 1024, snapshots, "all"), sized("frozen batches", 64, frozen, "all")]
        for length, blocks in ((512, 8), (4096, 8), (4096, 4)):
            ways.append(sized(f"rotation of {blocks} blocks,", length, Rotation, "none", blocks=blocks))
    return ways


class Touched(NamedTuple):
    """Rows of both sides that slices touch, a position; those they share, counted once a slice and once a round."""

    rows: float
    copied: float
    shared: float
    longest: float
    """Pairs of the longest slice of a round, over the mean."""


def count_rows(problem, slices, length):
    """Count what slices of rounds touch, round by round, as the shipped kernel tells it: by bits. Trains nothing."""
    team = OtherRounds(problem._replace(dimensions=1), 1, length=length, slices=slices)
    keys = (stream_key(1, use, 0) for use in ("keep", "noise"))
    source = Source(problem.ids, team.rule, *team.noise_table, *keys, team.part, length, len(problem.counts))
    drawn, names = team._drawn, team._names
    found, longest = np.zeros(3), []
    full = len(problem.ids) // slices // length
    for number in range(full):
        pairs = []
        for index in range(slices):
            _draw_slice(source, number, index, drawn, names, team._shape)
            first, last = drawn.extents[number & 1, index, :2]
            windows = (column[number & 1, index, first:last] for column in (drawn.right, drawn.left))
            pairs.append(int(np.subtract(*windows).sum()))
        longest.append(max(pairs) * slices / sum(pairs))
        for side in range(2):
            touched, shared = names.touched[side], names.shared[side]
            find_shared(touched, shared, names.once[side], 0, len(shared))
            found += [np.bitwise_count(bits).sum() for bits in (touched, touched & shared, shared)]
    return Touched(*(found / (full * slices * length)), float(np.mean(longest)))
