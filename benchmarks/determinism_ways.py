"""Ways to train on several threads, sketched for `determinism.py`: racing, and four that give the same bytes.

Racing         threads take ranges and train on shared matrices: the shipped trainer.
Snapshots      S slices of n positions: each gathers the rows it needs from matrices that stand still, trains on its
               copies with the shipped kernel; then the moves (after − before) of all copies are added, in slice order,
               each row by one thread. Which thread did what does not enter the result.
FrozenBatches  the same round, but within a slice too every update is computed from the rows before the batch.
Rotation       words in B blocks; the pairs of a batch are sorted into B × B cells; in step s the cells (i, i + s mod B)
               are trained, on shared matrices: no two of them share a row, so threads can take them as they like.

Each way is an object with `name` and `run(problem, threads)`; what it allocates is not timed.
"""

import heapq
import itertools

import determinism_kernels as kernels
import numpy as np
from determinism_pass import NEGATIVES, Outcome, Range, run_team

from firth.observations.noise import alias_table
from firth.training.matrices import SPARE, Matrices, padded_matrix
from firth.training.sampling_kernel import block_room
from firth.training.stream import POOL, RANGE, TURN


class Racing:
    """Threads take ranges in turn and train on shared matrices."""

    name = "racing"
    batch = 0

    def run(self, problem, threads):
        """Train one pass; return an `Outcome`."""
        matrices = problem.fresh()
        rooms = [Range(problem, RANGE) for _ in range(threads)]
        starts = itertools.count(0, RANGE)

        def work(thread, clock):
            own = Matrices(matrices.center, matrices.context, matrices.spare + SPARE * thread)
            while (start := next(starts)) < len(problem.ids):
                rooms[thread].draw(problem, start)
                clock.mark("draw")
                rooms[thread].train(own, problem.rates)
                clock.mark("kernel")

        seconds, parts = run_team(threads, work)
        return Outcome(matrices, seconds, parts)


class Snapshots:
    """Slices of a batch train copies of their rows with the shipped kernel; their moves are added by row owner.

    Where m slices move a row, the moves are added times m ** −power: 0 sums them, 1 takes their mean.
    """

    name = "snapshots"

    def __init__(self, length, slices=8, power=0.0, fused=True):
        self.length, self.slices, self.power, self.fused = length, slices, power, fused
        self.batch = length * slices

    def allocate(self, problem):
        """Make room for each slice: names of rows and copies."""
        names = SPARE + min(problem.words, self.length + 16 + -(-self.length // TURN) * POOL)
        self.rooms = [Range(problem, self.length) for _ in range(self.slices)]
        self.rows = np.zeros((self.slices, names), np.int32)
        self.extents = np.zeros((self.slices, 2), np.int64)
        columns = problem.start.center.shape[1]
        self.copies = [padded_matrix(self.slices * names - SPARE, columns) for _ in range(2)]
        self.copies = [copy.reshape(self.slices, names, columns) for copy in self.copies]

    def run(self, problem, threads):
        """Train one pass; return an `Outcome`."""
        self.allocate(problem)
        matrices = problem.fresh()
        begins = range(0, len(problem.ids), self.batch)
        turns = [itertools.count() for _ in begins]
        copied = [0] * threads
        touched = np.zeros(problem.words, np.uint8)
        shares = np.maximum(np.arange(self.slices + 1), 1).astype(np.float32) ** np.float32(-self.power)

        def work(thread, clock):
            place = np.full(problem.words, -1, np.int32)
            for begin, turn in zip(begins, turns, strict=True):
                while (index := next(turn)) < self.slices:
                    start = begin + index * self.length
                    if self.fused:
                        self.slice_kernel(*self.slice_arguments(problem, matrices, index, start, place))
                        clock.mark("slice")
                    else:
                        self.prepare(problem, matrices, index, start, place, clock)
                        self.compute(problem, matrices, index, clock)
                    copied[thread] += self.extents[index].sum() - 2 * SPARE
                clock.meet()
                for side in range(2):
                    names = self.rows, self.extents[:, side], thread, threads
                    kernels.count_moves(*names, touched)
                    self.give_back(matrices[side], self.moves[side], *names, touched, shares)
                clock.mark("apply")
                clock.meet()

        seconds, parts = run_team(threads, work)
        rows = sum(copied) / len(problem.ids)
        facts = {"rows": rows, "bytes": rows * 4 * problem.start.center.shape[1] * self.touches}
        return Outcome(matrices, seconds, parts, facts)

    touches = 5
    """Times a row is read or written beside the kernel: gather 2, blend 3."""

    give_back = staticmethod(kernels.blend_copies)

    @property
    def moves(self):
        """What is given back: the copies themselves."""
        return self.copies

    slice_kernel = staticmethod(kernels.snapshot_slice)

    def slice_arguments(self, problem, matrices, index, start, place):
        """Return what the kernel of a whole slice takes; the last is the tally, or room for moves."""
        room = self.rooms[index]
        source = (problem.ids, problem.rule, problem.table, *problem.keys[:2], self.length)
        local = Matrices(self.copies[0][index], self.copies[1][index], 0)
        drawn = room.windows, room.pools, place, self.rows[index], self.extents[index]
        return source, start, matrices, local, *drawn, problem.rates, room.group, room.block, room.tally

    def prepare(self, problem, matrices, index, start, place, clock):
        """Draw a slice, rename its words, copy its rows."""
        room, rows = self.rooms[index], self.rows[index]
        room.draw(problem, start)
        clock.mark("draw")
        extent = kernels.localize(room.windows, *room.drawn, room.pools, problem.start.spare, place, rows)
        self.extents[index] = extent
        clock.mark("rename")
        for side in range(2):
            kernels.gather(matrices[side], self.copies[side][index], rows, extent[side])
        clock.mark("gather")

    def compute(self, problem, matrices, index, clock):
        """Train the copies in their place."""
        room = self.rooms[index]
        room.train(Matrices(self.copies[0][index], self.copies[1][index], 0), problem.rates)
        clock.mark("kernel")


class FrozenBatches(Snapshots):
    """Slices of a batch compute every update from the rows before the batch."""

    name = "frozen batches"
    touches = 6
    moves = None
    give_back = staticmethod(kernels.add_moves)
    slice_kernel = staticmethod(kernels.frozen_slice)

    def slice_arguments(self, *arguments):
        """Return what the kernel of a whole slice takes; the last is room for moves."""
        index = arguments[2]
        return *super().slice_arguments(*arguments)[:-1], Matrices(self.moves[0][index], self.moves[1][index], 0)

    def allocate(self, problem):
        """Make room for moves beside the copies, which stay as they are."""
        super().allocate(problem)
        shape = self.copies[0].shape
        self.moves = [padded_matrix(shape[0] * shape[1] - SPARE, shape[2]).reshape(shape) for _ in range(2)]

    def compute(self, problem, matrices, index, clock):
        """Add up the moves of a slice."""
        room = self.rooms[index]
        frozen = Matrices(self.copies[0][index], self.copies[1][index], 0)
        moves = Matrices(self.moves[0][index], self.moves[1][index], 0)
        for side in range(2):
            moves[side][: self.extents[index, side]] = 0
        clock.mark("zero")
        kernels.frozen_windows(
            frozen, moves, room.windows, *room.drawn, room.pools, problem.rates, room.group, room.block
        )
        clock.mark("kernel")


class Rotation:
    """Words in blocks, pairs in cells; cells that share no row are trained at once."""

    name = "rotation"

    def __init__(self, length, slices=8, blocks=8):
        self.length, self.slices, self.blocks = length, slices, blocks
        self.batch = length * slices

    def allocate(self, problem):
        """Share the words out among blocks, by expected work; make room for cells."""
        self.block_of = balanced_blocks(problem.counts * problem.keep + problem.probabilities, self.blocks)
        self.tables = []
        for block in range(self.blocks):
            words = np.flatnonzero(self.block_of == block).astype(np.int32)
            share = problem.probabilities[words]
            self.tables.append((words, *alias_table(share / share.sum())))
        self.rooms = [Range(problem, self.length) for _ in range(self.slices)]
        self.noise_blocks = [np.zeros(len(room.windows.words), np.int32) for room in self.rooms]
        self.counts = np.zeros((2, self.slices, self.blocks, self.blocks), np.int64)
        self.ends = np.zeros_like(self.counts)
        self.pairs = np.zeros((2, self.batch * 10), np.int32)
        self.noise = np.zeros((2, self.batch), np.int32)

    def run(self, problem, threads):
        """Train one pass; return an `Outcome`."""
        self.allocate(problem)
        matrices = problem.fresh()
        begins = range(0, len(problem.ids), self.batch)
        turns = [[itertools.count() for _ in range(self.blocks + 2)] for _ in begins]
        facts, filled = {"imbalance": []}, np.zeros((threads, 2), np.int64)

        def work(thread, clock):
            own = Matrices(matrices.center, matrices.context, matrices.spare + SPARE * thread)
            scratch = np.zeros(POOL, np.int32), np.zeros(4 * POOL, np.float32), block_room(np.float32)
            for number, begin in enumerate(begins):
                turn = iter(turns[number])
                self.sort(problem, begin, turn, thread, clock, facts)
                rate = max(problem.rates.lowest, problem.rates.first + problem.rates.slope * begin)
                for step in range(self.blocks):
                    cells = next(turn)
                    while (row := next(cells)) < self.blocks:
                        cell = row, (row + step) % self.blocks
                        filled[thread] += self.train_cell(problem, own, number, cell, rate, scratch, clock)
                    clock.meet()

        seconds, parts = run_team(threads, work)
        facts["imbalance"] = float(np.mean(facts["imbalance"]))
        pairs, blocks = filled.sum(axis=0)
        facts["filled"] = pairs / blocks
        return Outcome(matrices, seconds, parts, facts)

    def sort(self, problem, begin, turn, thread, clock, facts):
        """Draw the slices of a batch and sort pairs and noise into cells, in the order of the corpus."""
        counting, filling = next(turn), next(turn)
        while (index := next(counting)) < self.slices:
            room = self.rooms[index]
            room.draw(problem, begin + index * self.length)
            clock.mark("draw")
            noise = (*problem.table, problem.keys[2], self.noise_blocks[index])
            kernels.count_cells(
                room.windows, *room.drawn, self.block_of, *noise, self.counts[0, index], self.counts[1, index]
            )
            clock.mark("sort")
        clock.meet()
        if thread == 0:
            self.lay_cells(facts)
        clock.meet()
        while (index := next(filling)) < self.slices:
            room = self.rooms[index]
            place = self.noise_blocks[index], self.ends[0, index], self.ends[1, index]
            kernels.fill_cells(room.windows, *room.drawn, self.block_of, *place, self.pairs, self.noise)
            clock.mark("sort")
        clock.meet()

    def lay_cells(self, facts):
        """Fix where each cell begins, and within it each slice; note how uneven the steps are."""
        sizes = self.counts.sum(axis=1)
        for kind in range(2):
            by_cell = self.counts[kind].transpose(1, 2, 0)  # (B, B, S)
            begins = np.cumsum(by_cell.ravel()) - by_cell.ravel()
            self.ends[kind] = begins.reshape(by_cell.shape).transpose(2, 0, 1)
        self.first = self.ends[:, 0].copy()
        self.last = self.first + sizes
        scores = sizes[0] + POOL * sizes[1]
        rows = np.arange(self.blocks)
        for step in range(self.blocks):
            cells = scores[rows, (rows + step) % self.blocks]
            facts["imbalance"].append(cells.max() / max(1, cells.mean()))

    def train_cell(self, problem, matrices, number, cell, rate, scratch, clock):
        """Train the pairs of a cell, then the noise that falls in it; return how many pairs, and blocks of them."""
        words, times, block = scratch
        pairs = self.first[0][cell], self.last[0][cell]
        blocks = kernels.train_pairs(matrices, self.pairs, *pairs, rate, block)
        clock.mark("pairs")
        place = ((number * self.blocks + cell[0]) * self.blocks + cell[1]) << 24
        noise = self.first[1][cell], self.last[1][cell], self.tables[cell[1]], problem.keys[1], place
        kernels.train_noise(matrices, self.noise, *noise, NEGATIVES / POOL, rate, TURN, words, times, block)
        clock.mark("noise")
        return pairs[1] - pairs[0], blocks


def balanced_blocks(work, blocks):
    """Return the block of each word: the word with most work goes to the block that has least."""
    heap = [(0.0, block) for block in range(blocks)]
    block_of = np.zeros(len(work), np.int32)
    for word in np.argsort(-work, kind="stable"):
        load, block = heapq.heappop(heap)
        block_of[word] = block
        heapq.heappush(heap, (load + work[word], block))
    return block_of
