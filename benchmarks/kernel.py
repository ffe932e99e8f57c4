"""Where does a position's time go, and what does the loss met on the way say?

    python benchmarks/kernel.py [--dimensions 100]

One thread, the first positions of `enwiki-text8-style`, defaults. Nanoseconds a position of drawing windows, drawing
pools, scoring and training. Then, at a few places of a first pass at the full rate: the loss of the next ten ranges
before they are trained on, and the loss that each group of four words meets just before its own updates.
"""

import argparse
import tempfile
import time

import numpy as np
from measuring import spread, write_lines, write_result

import firth
from firth.observations.noise import alias_table
from firth.observations.windows import draw_windows, window_room, window_rule
from firth.randomness import stream_key
from firth.training.matrices import own_lines, start_matrices
from firth.training.pools import draw_pools, pool_room
from firth.training.sampling_kernel import LOSS, SCORED, kernel_room, score_windows, train_windows
from firth.training.schedule import Rates
from firth.training.settings import POOL, RANGE, TURN

REPEATS = 5
RANGES = 40
FULL = Rates(0.025, 0.0, 0.025)


class Bench:
    """A corpus, a model and room for one thread."""

    def __init__(self, corpus, dimensions):
        counts = np.asarray(corpus.vocabulary.counts)
        observations = firth.Observations()
        self.ids = corpus.ids
        self.rule = window_rule(observations, counts)
        self.table = alias_table(observations.noise_distribution(counts))
        self.matrices = start_matrices(len(counts), dimensions, seed=1)
        self.windows = window_room(RANGE, observations.window)
        self.pools = pool_room(RANGE, turn=TURN, size=POOL, negatives=5)
        self.room = kernel_room(observations.window, np.float32)
        self.tally = own_lines(4, np.float64)
        self.keys = stream_key(1, "keep", 0), stream_key(1, "noise", 0)

    def draw(self, number, clock):
        """Draw windows and pools of a range; return what the kernels take."""
        start = number * RANGE
        began = time.perf_counter()
        first, last = draw_windows(self.ids, start, start + RANGE, self.rule, self.keys[0], self.windows)
        middle = time.perf_counter()
        draw_pools(first, last, self.windows, *self.table, self.keys[1], self.matrices.spare, self.pools)
        clock["windows"] += middle - began
        clock["pools"] += time.perf_counter() - middle
        return self.matrices, self.windows, first, last, self.pools

    def score(self, number, clock):
        """Score a range; return its loss a pair."""
        drawn = self.draw(number, clock)
        self.tally[:] = 0
        began = time.perf_counter()
        score_windows(*drawn, self.room, self.tally)
        clock["scoring"] += time.perf_counter() - began
        return self.tally[LOSS] / self.tally[SCORED]

    def train(self, number, clock):
        """Train on a range."""
        drawn = self.draw(number, clock)
        began = time.perf_counter()
        train_windows(*drawn, FULL, self.room, self.tally)
        clock["training"] += time.perf_counter() - began

    def met(self, number, clock):
        """Train on a range, each group scored just before; return the loss met on the way, a pair."""
        matrices, windows, first, last, pools = self.draw(number, clock)
        self.tally[:] = 0
        for group in range(first, last, TURN):
            turn = (group - first) // TURN
            part = pools._replace(words=pools.words[turn:], times=pools.times[turn:])
            for index in range(group, min(group + TURN, last), 4):
                end = min(index + 4, last)
                score_windows(matrices, windows, index, end, part, self.room, self.tally)
                train_windows(matrices, windows, index, end, part, FULL, self.room, self.tally)
        return self.tally[LOSS] / self.tally[SCORED]


def new_clock():
    """Start all parts at 0."""
    return dict.fromkeys(("windows", "pools", "scoring", "training"), 0.0)


def time_parts(bench):
    """Return nanoseconds a position of each part, a list each."""
    runs = {part: [] for part in new_clock()}
    for repeat in range(REPEATS + 1):
        clock = new_clock()
        for number in range(RANGES):
            bench.score(number, clock)
            bench.train(number, clock)
        if repeat:  # the first warms up
            for part, seconds in clock.items():
                halves = 2 if part in ("windows", "pools") else 1
                runs[part].append(seconds / halves / RANGES / RANGE * 1e9)
    return runs


def compare_losses(corpus, dimensions):
    """Return rows: after how many ranges, loss of the next ten before they are trained on, loss met on the way."""
    rows = []
    for place in (50, 100, 200):
        losses = []
        for way in ("score", "met"):
            bench, clock = Bench(corpus, dimensions), new_clock()
            for number in range(place):
                bench.train(number, clock)
            losses.append(np.mean([getattr(bench, way)(number, clock) for number in range(place, place + 10)]))
        rows.append([f"loss after {place} ranges: scored before, met on the way", f"{losses[0]:.2f}, {losses[1]:.2f}"])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dimensions", type=int, default=100)
    dimensions = parser.parse_args().dimensions
    with tempfile.TemporaryDirectory() as folder:
        path, _ = write_lines(folder, words=6_000_000)
        with firth.prepare_corpus(path) as corpus:
            runs = time_parts(Bench(corpus, dimensions))
            losses = compare_losses(corpus, dimensions)
    write_result(
        "kernel",
        what=f"One thread, D = {dimensions}: ns a position, median (least … most) of {REPEATS}; losses in nats a pair",
        command="python benchmarks/kernel.py",
        columns=["what", "value"],
        rows=[*([f"{part}, ns a position", spread(values, 0)] for part, values in runs.items()), *losses],
    )


if __name__ == "__main__":
    main()
