"""Threads that race: each takes ranges of positions in turn and trains on rows that all share.

As fast as can be, and another result on every run with more than one thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from firth.observations.noise import alias_table
from firth.observations.settings import Observations
from firth.observations.windows import draw_windows, window_room, window_rule
from firth.randomness import stream_key
from firth.training.matrices import SPARE, Matrices, own_lines, start_matrices
from firth.training.pools import draw_pools, pool_room
from firth.training.sampling_kernel import kernel_room, score_windows, train_windows
from firth.training.schedule import Rates
from firth.training.settings import POOL, RANGE, TURN, StreamSettings

SCORED_RANGES = 16
"""One range in so many is scored before it is trained on: the loss that is shown."""

FEWEST_WORDS = 100
"""Words that threads can race on; on fewer one works alone: they would undo each other's looks at rows too long."""

_SAMPLE = 3
"""Ranges for each thread that tell how fast a run will be."""


class _Worker:
    """One thread's room and tally: everything that a range of positions needs and no other thread writes."""

    def __init__(self, race: Race, spare: int) -> None:
        self.race = race
        self.matrices = Matrices(race.matrices.center, race.matrices.context, spare)
        self.windows = window_room(RANGE, len(race.rule.reach))
        self.pools = pool_room(RANGE, turn=TURN, size=POOL, negatives=race.settings.negatives)
        self.room = kernel_room(len(race.rule.reach), np.float32, racing=race.settings.threads)
        self.tally = own_lines(4, np.float64)
        self.positions = 0

    def train_range(self, start: int, pass_index: int, rates: Rates) -> None:
        """Train on the positions from `start` on."""
        race = self.race
        stop = min(start + RANGE, len(race.ids))
        keep = stream_key(race.settings.seed, "keep", pass_index)
        noise = stream_key(race.settings.seed, "noise", pass_index)
        first, last = draw_windows(race.ids, start, stop, race.rule, keep, self.windows)
        draw_pools(first, last, self.windows, *race.noise_table, noise, self.matrices.spare, self.pools)
        model, drawn = self.matrices, (self.windows, first, last, self.pools)
        if race.is_scored(start, pass_index):
            score_windows(model, *drawn, self.room, self.tally)
        train_windows(model, *drawn, rates, self.room, self.tally)
        self.positions += stop - start

    def train_all(self, pass_index: int, rates: Rates) -> None:
        """Train on one range after another until none is left."""
        while (start := self.race.next_start()) is not None:
            self.train_range(start, pass_index, rates)


class Race:
    """A corpus, a model, and threads that take ranges of the one and train the other.

    Args:
        ids: word ids, −1 after each sentence, (N,) int32.
        counts: of each word, (V,).
        observations: how pairs and noise are taken.
        settings: of the run.
    """

    def __init__(
        self, ids: np.ndarray, counts: np.ndarray, observations: Observations, settings: StreamSettings
    ) -> None:
        words = len(counts)
        self.ids, self.settings = ids, settings
        self.rule = window_rule(observations, counts)
        self.noise_table = alias_table(observations.noise_distribution(counts))
        self.matrices = start_matrices(words, settings.dimensions, spare=SPARE * settings.threads, seed=settings.seed)
        threads = settings.threads if words >= FEWEST_WORDS else 1
        self._workers = [_Worker(self, words + SPARE * thread) for thread in range(threads)]
        self._starts: Iterator[int] = iter(())
        self._lock = threading.Lock()

    def next_start(self) -> int | None:
        """Return the start of the next range, in order over all threads, or None if there is none."""
        with self._lock:
            return next(self._starts, None)

    def is_scored(self, start: int, pass_index: int) -> bool:
        """Tell whether the range from `start` on is scored in this pass: one in `SCORED_RANGES`, others in each pass.

        All of a corpus with no more ranges than that: it takes no time, and the losses of its passes can be compared.
        """
        few = len(self.ids) <= SCORED_RANGES * RANGE
        return few or (start // RANGE - pass_index) % SCORED_RANGES == 0

    def submit(
        self, pool: ThreadPoolExecutor, pass_index: int, rates: Rates, *, sample: bool = False
    ) -> list[Future[None]]:
        """Start the threads on a pass, or on a few ranges here and there of it; return what to wait for."""
        starts = range(0, len(self.ids), RANGE)
        if sample:
            starts = starts[:: max(1, len(starts) // (_SAMPLE * len(self._workers)))]
        self._starts = iter(starts)
        return [pool.submit(worker.train_all, pass_index, rates) for worker in self._workers]

    def stop(self) -> None:
        """Hand out no further range."""
        with self._lock:
            self._starts = iter(())

    def compile(self, rates: Rates) -> None:
        """Score and train one range."""
        self._workers[0].train_range(0, 0, rates)  # position 0 is scored in the first pass

    def tally(self) -> np.ndarray:
        """Return what was done since the last `forget`, (4,): see `firth.training.sampling_kernel`."""
        return np.sum([worker.tally for worker in self._workers], axis=0)

    def positions_done(self) -> int:
        """Return how many positions were done since then."""
        return sum(worker.positions for worker in self._workers)

    def forget(self) -> None:
        """Start counting anew."""
        for worker in self._workers:
            worker.tally[:] = 0
            worker.positions = 0
