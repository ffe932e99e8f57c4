"""What every training kernel owes the objectives, on toys small enough for a slow twin.

A kernel is tied to its slow twin (same numbers), to the float64 objective (value and gradient) and, over many seeds, to
the expected counts. A later kernel is tested by adding a class like `RowsInPlace`.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

import naive
from firth.observations import Observations
from firth.observations.noise import alias_table
from firth.observations.windows import draw_windows, window_room, window_rule
from firth.randomness import random_uniform, stream_key
from firth.training.matrices import Matrices, padded_matrix
from firth.training.pools import draw_pools, pool_room
from firth.training.rounds import Rounds
from firth.training.sampling_kernel import kernel_room, score_windows, train_windows
from firth.training.schedule import Rates
from firth.training.settings import StreamSettings
from firth.training.slices import pace_of

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
    range_size: int = 0  # 0: the whole corpus is one range

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
        """Windows of one draw, and the pool of a turn by the position of its first word, by the slow twins."""
        keep, noise = self.keys(seed)
        found = naive.windows(self.ids, self.observations, self.counts, keep)
        return found, lambda place: naive.draw_pool(place, self.size, *self.table, noise)

    @property
    def shape(self):
        return {"turn": self.turn, "size": self.size, "negatives": self.negatives}

    @property
    def length(self):
        return self.range_size or len(self.ids)

    def trim(self, matrix):
        return matrix[: self.words, : self.dimensions]


class Kernel:
    """What follows from a kernel's `run` and `parts`: the counts of a draw, and the gradient."""

    def counts(self, toy, seed=1):
        """N⁺ and N⁻ of one draw."""
        found, pool_at = toy.observed(seed)
        return naive.observed_counts(found, pool_at, self.parts(toy, found), words=toy.words, **toy.shape)

    def gradient(self, toy, seed=1, rate=1e-9):
        """(before − after)/rate of the kernel itself, on float64 matrices."""
        before, after = toy.matrices(), toy.matrices()
        self.run(toy, after, Rates(rate, 0.0, rate), seed)
        return tuple((toy.trim(b) - toy.trim(a)) / rate for b, a in zip(before[:2], after[:2], strict=True))


class RowsInPlace(Kernel):
    """The kernel of `firth.training.sampling_kernel` on a whole toy, range by range."""

    def run(self, toy, matrices, rates, seed=1):
        """Score all of the toy, then train on all of it; return the tally."""
        keep, noise = toy.keys(seed)
        length = toy.length
        room = window_room(length, toy.observations.window)
        dtype = matrices.center.dtype
        pools = pool_room(length, turn=toy.turn, size=toy.size, negatives=toy.negatives, dtype=dtype)
        rule = window_rule(toy.observations, toy.counts)
        tally = np.zeros(4)
        kernel = kernel_room(toy.observations.window, dtype)
        for use, arguments in ((score_windows, ()), (train_windows, (rates,))):
            for start in range(0, len(toy.ids), length):
                first, last = draw_windows(toy.ids, start, min(start + length, len(toy.ids)), rule, keep, room)
                draw_pools(first, last, room, *toy.table, noise, matrices.spare, pools)
                use(matrices, room, first, last, pools, *arguments, kernel, tally)
        return tally

    def twin(self, toy, center, context, rate_at, seed=1):
        """Train as `run` does, slowly."""
        found, pool_at = toy.observed(seed)
        return naive.train(center, context, found, pool_at, rate_at, **toy.shape, range_size=toy.length)

    def parts(self, toy, found):
        return naive.ranges_of(found, toy.length)


class InRounds(Kernel):
    """The same kernel, threads working in rounds: `firth.training.rounds`."""

    def __init__(self, threads=1, slices=3, length=16):
        self.threads, self.slices, self.length = threads, slices, length

    def team(self, toy, dtype, seed):
        settings = StreamSettings(
            dimensions=toy.dimensions,
            negatives=toy.negatives,
            passes=1,
            learning_rate=0.025,
            threads=self.threads,
            seed=seed,
        )
        cut = {"slices": self.slices, "length": self.length, "pool": toy.size, "turn": toy.turn}
        return Rounds(toy.ids, toy.counts, toy.observations, settings, **cut, dtype=dtype)

    def run(self, toy, matrices, rates, seed=1):
        """Score and train all of the toy; return the tally."""
        team = self.team(toy, matrices.center.dtype.type, seed)
        for theirs, given in zip(team.matrices[:2], matrices[:2], strict=True):
            theirs[: toy.words] = given[: toy.words]
        with ThreadPoolExecutor(self.threads) as pool:
            for future in team.submit(pool, 0, rates):
                future.result()
        for theirs, given in zip(team.matrices[:2], matrices[:2], strict=True):
            given[: toy.words] = theirs[: toy.words]
        assert team.positions_done() == len(toy.ids)
        return team.tally()

    def twin(self, toy, center, context, rate_at, seed=1):
        """Train as `run` does, slowly."""
        found, pool_at = toy.observed(seed)
        relaxation = pace_of(toy.observations, toy.counts, toy.negatives).heaviest

        def share_at(rate, copies):
            way = -np.expm1(-relaxation * self.length * rate)
            return (1 - (1 - way) ** copies) / (copies * way)

        part = -(-len(toy.ids) // self.slices)
        cut = {"part": part, "length": self.length}
        rates = lambda place: rate_at(place * len(toy.ids) / part)
        return naive.train_in_rounds(center, context, found, pool_at, rates, share_at, **cut, **toy.shape)

    def parts(self, toy, found):
        rounds = naive.rounds_of(found, -(-len(toy.ids) // self.slices), self.length)
        return [words for slices in rounds for _, words in slices]


def random_ids(words, length, seed, breaks=0.1):
    """A corpus of random words, some more frequent than others, cut into sentences."""
    uniform = random_uniform(stream_key(seed, "generator", 3), np.arange(2 * length)).reshape(2, length)
    ids = (words * uniform[0] ** 2).astype(np.int32)
    ids[uniform[1] < breaks] = -1
    ids[-1] = -1
    return ids
