"""One pass over a corpus and the team that does it: what all ways of `determinism_ways.py` share."""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from firth.observations.noise import alias_table
from firth.observations.settings import Observations
from firth.observations.windows import WindowRule, draw_windows, window_room, window_rule
from firth.randomness import stream_key
from firth.training.matrices import Matrices, start_matrices
from firth.training.pools import draw_pools, pool_room
from firth.training.sampling_kernel import LOSS, SCORED, block_room, score_windows, train_windows
from firth.training.schedule import Rates, linear_rates
from firth.training.stream import POOL, TURN

NEGATIVES = 5
MOST_THREADS = 3


class Problem(NamedTuple):
    """A corpus with everything about one pass that does not depend on the way it is trained."""

    ids: np.ndarray
    probabilities: np.ndarray
    keep: np.ndarray
    counts: np.ndarray
    rule: WindowRule
    table: tuple
    rates: Rates
    start: Matrices
    keys: tuple

    @property
    def words(self):
        """How many words the vocabulary has."""
        return len(self.counts)

    def fresh(self):
        """Return the matrices as training starts."""
        return Matrices(self.start.center.copy(), self.start.context.copy(), self.start.spare)


def make_problem(ids, counts, dimensions, learning_rate, seed=1):
    """Lay out one pass over `ids`."""
    observations = Observations(window=5, subsample=1e-3)
    probabilities = observations.noise_distribution(counts)
    return Problem(
        ids,
        probabilities,
        observations.keep_probabilities(counts),
        counts,
        window_rule(observations, counts),
        alias_table(probabilities),
        linear_rates(learning_rate, 0, 1, len(ids)),
        start_matrices(len(counts), dimensions, threads=MOST_THREADS, seed=seed),
        (stream_key(seed, "keep", 0), stream_key(seed, "noise", 0), stream_key(seed, "noise", 1)),
    )


@dataclass
class Outcome:
    """What a run leaves: matrices, wall seconds, seconds of each part over all threads, and other numbers."""

    matrices: Matrices
    seconds: float
    parts: dict
    facts: dict = field(default_factory=dict)


class Clock:
    """Processor seconds of one thread by part, and the wall seconds it waited at barriers."""

    def __init__(self, barrier):
        self.barrier = barrier
        self.parts = defaultdict(float)
        self.last = time.thread_time()

    def mark(self, part):
        """Book what has passed since the last mark."""
        now = time.thread_time()
        self.parts[part] += now - self.last
        self.last = now

    def meet(self):
        """Wait for the other threads."""
        began = time.perf_counter()
        self.barrier.wait()
        self.parts["wait"] += time.perf_counter() - began
        self.parts["meetings"] += 1
        self.last = time.thread_time()


def run_team(threads, work):
    """Run work(thread, clock) on each thread; return wall seconds and the sum of all clocks."""
    barrier = threading.Barrier(threads)
    clocks, failures = [], []

    def guarded(thread):
        try:
            clocks.append(Clock(barrier))
            work(thread, clocks[-1])
        except BaseException as error:
            failures.append(error)
            barrier.abort()

    began = time.perf_counter()
    team = [threading.Thread(target=guarded, args=(thread,)) for thread in range(threads)]
    for member in team:
        member.start()
    for member in team:
        member.join()
    seconds = time.perf_counter() - began
    if failures:
        raise failures[0]
    parts = defaultdict(float)
    for clock in clocks:
        for part, spent in clock.parts.items():
            parts[part] += spent
    return seconds, dict(parts)


class Range:
    """Room for the windows and pools of some positions, and for blocks."""

    def __init__(self, problem, length):
        self.windows = window_room(length, len(problem.rule.reach))
        self.pools = pool_room(length, turn=TURN, size=POOL, negatives=NEGATIVES)
        self.group, self.block = block_room(np.float32), block_room(np.float32)
        self.tally = np.zeros(4)
        self.length = length
        self.drawn = (0, 0)

    def draw(self, problem, start, keys=None):
        """Draw windows and pools of the positions from `start` on."""
        keep, noise, _ = keys or problem.keys
        start = min(start, len(problem.ids))
        stop = min(start + self.length, len(problem.ids))
        first, last = draw_windows(problem.ids, start, stop, problem.rule, keep, self.windows)
        draw_pools(first, last, self.windows, *problem.table, noise, problem.start.spare, self.pools)
        self.drawn = first, last

    def train(self, matrices, rates):
        """Run the shipped kernel; the only place that calls it."""
        train_windows(matrices, self.windows, *self.drawn, self.pools, rates, self.group, self.block, self.tally)


def measure_loss(problem, matrices, samples=64, length=4096):
    """Return nats a pair at vectors that stand still, over ranges spread evenly, with noise of their own."""
    room = Range(problem, length)
    keys = (stream_key(99, "keep", 0), stream_key(99, "noise", 0), None)
    for start in np.linspace(0, len(problem.ids) - length, samples).astype(int):
        room.draw(problem, int(start), keys)
        score_windows(matrices, room.windows, *room.drawn, room.pools, room.group, room.block, room.tally)
    return float(room.tally[LOSS] / room.tally[SCORED])
