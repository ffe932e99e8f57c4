"""Threads that race: each takes ranges of positions in turn and trains on rows that all share.

As fast as can be, and another result on every run with more than one thread.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from firth.observations.noise import alias_table
from firth.observations.settings import Observations
from firth.observations.windows import draw_windows, window_room, window_rule
from firth.randomness import stream_key
from firth.training.matrices import SPARE, Matrices, own_lines, start_matrices
from firth.training.parts import cut_corpus
from firth.training.pools import draw_pools, pool_room
from firth.training.sampling_kernel import kernel_room, score_windows, train_windows
from firth.training.schedule import STILL, Rates
from firth.training.settings import POOL, RANGE, SLICES, TURN, StreamSettings

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

    def train_range(
        self, start: int, stop: int, pass_index: int, rates: Rates, *, trains: bool = True, is_scored: bool = False
    ) -> None:
        """Score and train on the positions [start, stop)."""
        race = self.race
        keep = stream_key(race.settings.seed, "keep", pass_index)
        noise = stream_key(race.settings.seed, "noise", pass_index)
        first, last = draw_windows(race.ids, start, stop, race.rule, keep, self.windows)
        draw_pools(first, last, self.windows, *race.noise_table, noise, self.matrices.spare, self.pools)
        model, drawn = self.matrices, (self.windows, first, last, self.pools)
        if is_scored:
            score_windows(model, *drawn, self.room, self.tally)
        if trains:
            train_windows(model, *drawn, rates, self.room, self.tally)
        self.positions += stop - start

    def train_all(self, pass_index: int, rates: Rates) -> None:
        """Train on one range after another until none is left."""
        while (number := self.race.next_number()) is not None:
            is_scored = self.race.is_scored(number, pass_index)
            self.train_range(*self.race.ranges[number], pass_index, rates, is_scored=is_scored)

    def score_held_out(self) -> None:
        """Score one held-out range after another until none is left."""
        while (number := self.race.next_number()) is not None:
            span = self.race.held_out[number]
            self.train_range(*span, self.race.settings.passes, STILL, trains=False, is_scored=True)


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
        parts = cut_corpus(ids, SLICES if settings.held_out else 1, held_out=settings.held_out)
        self.ranges = ranges_of(parts.starts, parts.ends)
        self.held_out = ranges_of(parts.ends, parts.limits)
        self.steps = len(self.ranges)
        self.positions = sum(stop - start for start, stop in self.ranges)
        self._numbers = range(0)
        self._lock = threading.Lock()

    def next_number(self) -> int | None:
        """Return the number of the next range, in order over all threads, or None if there is none."""
        with self._lock:
            number = next(iter(self._numbers), None)
            self._numbers = self._numbers[1:]
            return number

    def is_scored(self, number: int, pass_index: int) -> bool:
        """Tell whether a range is scored in this pass: one in `SCORED_RANGES`, others in each pass.

        All of a corpus with no more ranges than that: it takes no time, and the losses of its passes can be compared.
        """
        return self.steps <= SCORED_RANGES or (number - pass_index) % SCORED_RANGES == 0

    def submit(
        self, pool: ThreadPoolExecutor, pass_index: int, rates: Rates, span: tuple[int, int] | None = None
    ) -> list[Future[None]]:
        """Start the threads on a pass, or on the ranges [first, last) of it; return what to wait for."""
        self._numbers = range(self.steps) if span is None else range(*span)
        return [pool.submit(worker.train_all, pass_index, rates) for worker in self._workers]

    def submit_sample(self, pool: ThreadPoolExecutor, rates: Rates) -> list[Future[None]]:
        """Start the threads on a few ranges here and there, to see how fast they are."""
        self._numbers = range(0, self.steps, max(1, self.steps // (_SAMPLE * len(self._workers))))
        return [pool.submit(worker.train_all, 0, rates) for worker in self._workers]

    def submit_held_out(self, pool: ThreadPoolExecutor) -> list[Future[None]]:
        """Start the threads on scoring what is held out, with the same random numbers every time."""
        self._numbers = range(len(self.held_out))
        return [pool.submit(worker.score_held_out) for worker in self._workers]

    def stop(self) -> None:
        """Hand out no further range."""
        with self._lock:
            self._numbers = self._numbers[:0]

    def step_reached(self) -> int:
        """Return the range of the pass that comes next, when the threads have ended."""
        return self._numbers.start

    def compile(self) -> None:
        """Score and train one range at learning rate 0."""
        self._workers[0].train_range(*self.ranges[0], 0, STILL, is_scored=True)

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

    def tallies(self) -> np.ndarray:
        """Return all that was counted, (1, 5) float64, for `set_tallies`."""
        return np.array([[*self.tally(), self.positions_done()]])

    def set_tallies(self, tallies: np.ndarray) -> None:
        """Go on counting from here."""
        self.forget()
        self._workers[0].tally[:] = tallies[0, :4]
        self._workers[0].positions = int(tallies[0, 4])

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that are the model between two ranges, as views: V whole rows, padding included."""
        center, context, words = self.matrices
        return {"center": center[:words], "context": context[:words]}


def ranges_of(starts: np.ndarray, ends: np.ndarray) -> list[tuple[int, int]]:
    """Cut parts of a corpus into ranges for one thread at a time.

    >>> ranges_of(np.array([0, 20_000]), np.array([16_385, 20_001]))
    [(0, 16384), (16384, 16385), (20000, 20001)]
    """
    return [
        (start, min(start + RANGE, int(end)))
        for first, end in zip(starts, ends, strict=True)
        for start in range(int(first), int(end), RANGE)
    ]
