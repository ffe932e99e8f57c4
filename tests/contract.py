"""What every training kernel owes the objectives, on toys small enough for a slow twin.

A kernel is tied to its slow twin (same numbers), to the float64 objective (value and gradient) and, over many seeds, to
the expected counts. A later kernel is tested by adding a class with the same interface as `RowsInPlace`.
"""

from dataclasses import dataclass

import numpy as np

import naive
from firth.observations import Observations
from firth.observations.noise import alias_table
from firth.observations.windows import draw_windows, window_room, window_rule
from firth.randomness import random_uniform, stream_key
from firth.training.matrices import Matrices, padded_matrix
from firth.training.pools import draw_pools, pool_room
from firth.training.sampling_kernel import block_room, score_windows, train_windows
from firth.training.schedule import Rates

OBSERVED = Observations(window=3, subsample=0.05)


@dataclass
class Toy:
    """A small corpus, its settings and a model somewhere in the middle of training."""

    ids: np.ndarray
    words: int
    dimensions: int = 7
    negatives: int = 5
    size: int = 16
    turn: int = 32
    observations: Observations = OBSERVED
    seed: int = 1
    spread: float = 1.0

    def __post_init__(self):
        self.ids = np.asarray(self.ids, np.int32)
        self.counts = np.maximum(1, np.bincount(self.ids[self.ids >= 0], minlength=self.words))
        self.noise = self.observations.noise_distribution(self.counts)
        self.table = alias_table(self.noise)

    def matrices(self, dtype=np.float64):
        pair = []
        for name in (1, 2):
            matrix = padded_matrix(self.words, self.dimensions, dtype=dtype)
            values = random_uniform(stream_key(self.seed, "generator", name), np.arange(self.words * self.dimensions))
            matrix[: self.words, : self.dimensions] = self.spread * (values.reshape(self.words, -1) - 0.5)
            pair.append(matrix)
        return Matrices(*pair, self.words)

    def keys(self, seed):
        return stream_key(seed, "keep", 0), stream_key(seed, "noise", 0)

    def observed(self, seed):
        """Windows and pools of one draw, by the slow twins."""
        keep, noise = self.keys(seed)
        found = naive.windows(self.ids, self.observations, self.counts, keep)
        starts = [found[index][0] for index in range(0, len(found), self.turn)]
        pools = [naive.draw_pool(start, self.size, *self.table, noise) for start in starts]
        return found, pools

    def trim(self, matrix):
        return matrix[: self.words, : self.dimensions]


class RowsInPlace:
    """The kernel of `firth.training.sampling_kernel` on a whole toy as one range."""

    def run(self, toy, matrices, rates, seed=1):
        keep, noise = toy.keys(seed)
        room = window_room(len(toy.ids), toy.observations.window)
        pools = pool_room(len(toy.ids), turn=toy.turn, size=toy.size, negatives=toy.negatives)
        rule = window_rule(toy.observations, toy.counts)
        first, last = draw_windows(toy.ids, 0, len(toy.ids), rule, keep, room)
        draw_pools(first, last, room, *toy.table, noise, matrices.spare, pools)
        tally = np.zeros(4)
        blocks = [block_room(matrices.center.dtype) for _ in range(2)]
        score_windows(matrices, room, first, last, pools, *blocks, tally)
        train_windows(matrices, room, first, last, pools, rates, *blocks, tally)
        return tally

    def twin(self, toy, center, context, rate_at, seed=1):
        found, pools = toy.observed(seed)
        return naive.train(
            center, context, toy.ids, found, pools, rate_at, turn=toy.turn, size=toy.size, negatives=toy.negatives
        )

    def counts(self, toy, seed=1):
        found, pools = toy.observed(seed)
        return naive.observed_counts(
            toy.ids, found, pools, words=toy.words, turn=toy.turn, size=toy.size, negatives=toy.negatives
        )

    def gradient(self, toy, seed=1, rate=1e-9):
        """(before − after)/rate of the kernel itself, on float64 matrices."""
        before, after = toy.matrices(), toy.matrices()
        self.run(toy, after, Rates(rate, 0.0, rate), seed)
        return tuple((toy.trim(b) - toy.trim(a)) / rate for b, a in zip(before[:2], after[:2], strict=True))


def random_ids(words, length, seed, breaks=0.1):
    """A corpus of random words, some more frequent than others, cut into sentences."""
    uniform = random_uniform(stream_key(seed, "generator", 3), np.arange(2 * length)).reshape(2, length)
    ids = (words * uniform[0] ** 2).astype(np.int32)
    ids[uniform[1] < breaks] = -1
    ids[-1] = -1
    return ids
