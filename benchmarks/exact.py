"""Exact softmax over all cells: what a sweep costs beside its bare matrix products, what sweeps gain, and for whom.

python benchmarks/exact.py            about 10 minutes on two cores
"""

import argparse
import tempfile
import time

import numpy as np
from measuring import data_file, spread, write_lines, write_result
from quality import scores
from threadpoolctl import threadpool_limits

import firth
from firth.machine import usable_cores
from firth.objectives import Softmax
from firth.training.all_cells import Sweep
from firth.training.descent import Descent
from firth.training.exact import DECAY, RATE
from firth.training.gauge import chosen_coordinates
from firth.training.levels import levels
from firth.training.spectral import spectral_start
from firth.training.table import PairTable

THREADS = usable_cores()
WORDS, DIMENSIONS, SWEEPS = 30_000, 100, 25
LOOKED_AT = (0, 2, 4, 6, 8, 10, 12, 16, 20, 24)


def bare_products(center, context, block=1000):
    """Time the three V × V × D products alone, with NumPy's BLAS on all cores."""
    room = np.empty((block, len(context)), np.float32)
    with threadpool_limits(THREADS, user_api="blas"):
        began = time.perf_counter()
        for start in range(0, len(center), block):
            rows = center[start : start + block]
            part = np.dot(rows, context.T, out=room[: len(rows)])
            part @ context
            part.T @ rows
        return time.perf_counter() - began


def count(path, **settings):
    """Count the pairs of the most frequent words."""
    return firth.count(path, max_words=WORDS, dropping="after", threads=THREADS, **settings)


def time_sweeps(table, rounds):
    """Return seconds of bare products and of sweeps, alternating."""
    center, context = spectral_start(table, DIMENSIONS, threads=THREADS)
    bare, sweeps = [], []
    with Sweep(table, Softmax(), threads=THREADS) as sweep:
        descent = Descent(sweep, center, context, seed=1, fixed=1)
        descent.prime()
        for _ in range(rounds):
            bare.append(bare_products(center, context))
            began = time.perf_counter()
            descent.run(0.01)
            sweeps.append(time.perf_counter() - began)
    return bare, sweeps


def follow(table, counts):
    """Return a row for each sweep looked at: share closed, gap, the four numbers of quality."""
    ends, shares = levels(table, Softmax()), table.marginals / table.total
    center, context = spectral_start(table, DIMENSIONS, threads=THREADS)
    rows = []

    def look(number, loss):
        vectors = firth.Vectors(counts.vocabulary.words, chosen_coordinates(center, context, shares)[0])
        found = scores(vectors)
        rows.append(
            [number, round(loss - ends.bound, 4), round(100 * ends.share_closed(loss), 1)]
            + [round(value, 1) for value in (*found, sum(found) / 4)]
        )
        print(rows[-1], flush=True)

    with Sweep(table, Softmax(), threads=THREADS) as sweep:
        descent = Descent(sweep, center, context, seed=1, fixed=1)
        descent.prime()
        for number in range(SWEEPS):  # the first, which takes no step, was one of them
            if number in LOOKED_AT:
                look(number, sweep.value(center, context))
            if number < SWEEPS - 1:
                descent.run(RATE * DECAY**number)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    data_file("analogy/questions-words.txt")
    with tempfile.TemporaryDirectory() as folder:
        counts = count(write_lines(folder)[0])
    table = PairTable.of(counts)
    bare, sweeps = time_sweeps(table, options.rounds)
    ratios = [sweep / alone for sweep, alone in zip(sweeps, bare, strict=True)]
    what = f"V = {WORDS}, D = {DIMENSIONS}, {counts.nonzero / 1e6:.1f} M cells, {THREADS} threads"
    write_result(
        "exact_sweep",
        what=f"Seconds of one exact pass over all centres, {what}, median (least … most) of {options.rounds} rounds, "
        "alternating; bare products: the same three with NumPy's BLAS and nothing else",
        command="python benchmarks/exact.py",
        columns=["what", "seconds", "ratio"],
        rows=[["three bare products", spread(bare), ""], ["a whole sweep", spread(sweeps), spread(ratios)]],
    )
    write_result(
        "exact_gap",
        what=f"Exact softmax, {what}, subsample 1e-3 dropping after the window: gap in nats per pair, share closed of "
        "the reducible part (unigram model 0, bound 1) and quality × 100 after so many sweeps, the one that takes no "
        "step included",
        command="python benchmarks/exact.py",
        columns=["sweeps", "gap", "share closed %", "WordSim-353", "SimLex-999", "MEN dev", "analogies", "average"],
        rows=[[row[0] + 1, *row[1:]] for row in follow(table, counts)],
    )


if __name__ == "__main__":
    main()
