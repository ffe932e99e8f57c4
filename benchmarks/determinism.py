"""What do the same bytes on any number of threads cost in time?

    python benchmarks/determinism.py [--positions 2500000] [--repeats 3]

One pass over the first positions of the benchmark corpus (window 5, 5 negatives, subsample 1e-3, the vocabulary and
frequencies of the whole corpus) by each way of `determinism_ways.py`, in turn, on 1 and 2 threads, against the shipped
racing trainer on as many threads in the same round. Every way but racing must leave the same bytes on 1, 2 and 3
threads, or this ends with an error. Two ratios: of wall time, and of processor time summed over threads; who waits at
a meeting spins, so waits are processor time, too. Waits of the shipped rounds come from runs of their own, with timed
meetings. `batch` is how many positions pass between two states that all threads share; KB are those of the rows copied,
a position; loss: nats a pair, at vectors that stand still, on windows and noise of their own. Splitting the dimensions
of each row among threads is not sketched; its row says what its meetings alone would cost.

A second table counts the rows that slices of rounds touch, for more slices than are shipped. Fewer positions or repeats
than the defaults are for trying: nothing is written.
"""

import argparse
import hashlib
import os
import statistics
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from determinism_pass import OBSERVATIONS, Problem, measure_loss, meet_often, now, train_once
from determinism_ways import all_ways, count_rows, shipped_length
from measuring import data_file, spread, write_result

import firth
from firth.training.settings import POOL, SLICES

COLUMNS = ["way", "D", "batch", "wall, 2 threads", "processor, 1 thread", "processor, 2 threads"]
COLUMNS += ["KB copied", "waits, 2 threads", "notes", "loss"]
SLICE_COLUMNS = ["slices", "positions a slice", "rows touched a position", "rows copied a position"]
SLICE_COLUMNS += ["distinct shared rows a position", "longest slice / mean"]
POSITIONS, REPEATS = 2_500_000, 3


def digest(problem, matrices):
    """Return a checksum of the model: all rows but the spare ones and copies."""
    model = hashlib.blake2b(digest_size=16)
    for matrix in (matrices.center, matrices.context):
        model.update(matrix[: len(problem.counts)])
    return model.hexdigest()


def print_table(columns, rows):
    """Print rows in columns."""
    widths = [max(len(str(row[column])) for row in [columns, *rows]) for column in range(len(columns))]
    for row in [columns, *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)))


class Record:
    """What was measured of one way: loss, checksums, and by threads seconds, processor seconds, waits."""

    def __init__(self, problem, way):
        self.problem, self.way = problem, way
        self.digests, self.runs, self.waits = set(), defaultdict(list), []
        team, outcome = self.run(way.team, 1)
        self.loss = measure_loss(problem, outcome.matrices)
        self.note = team.note() if hasattr(team, "note") else ""
        if way.name != "racing":
            self.run(way.team, 3)

    def run(self, make, threads):
        """Train once and check the bytes; return team and outcome."""
        team = make(self.problem, threads)
        outcome = train_once(team, self.problem, threads)
        if self.way.name != "racing":
            self.digests.add(digest(self.problem, outcome.matrices))
            if len(self.digests) > 1:
                raise SystemExit(f"expected the same bytes from {self.way.name}, got others on {threads} threads")
        return team, outcome

    def time(self, threads):
        """Train once and note the time."""
        outcome = self.run(self.way.team, threads)[1]
        self.runs[threads].append(outcome)
        if threads == 2:
            is_timed = self.way.timed in (None, self.way.team)
            self.waits.append((outcome if is_timed else self.run(self.way.timed, threads)[1]).waits)

    def row(self, racing, touched):
        """Return the row of the table, times relative to `racing`; `touched` is of slices as long as these."""
        way, dimensions = self.way, self.problem.dimensions
        copied = {"none": 0, "shared": touched.copied, "all": touched.rows}[way.copied]
        note = f"{copied:.2f} of {touched.rows:.2f} rows copied" if copied else self.note
        return [
            way.name,
            dimensions,
            way.batch,
            self.ratios(racing, 2, "wall"),
            *(self.ratios(racing, threads, "processor") for threads in (1, 2)),
            round(copied * 4 * (-(-dimensions // 16) * 16) / 1000, 2),
            f"{statistics.median(self.waits):.0%}" if now() else "unknown",
            note,
            f"{self.loss:.3f}" if self.loss < 100 else "diverged",
        ]

    def ratios(self, racing, threads, kind):
        """Return the spread of the ratios of paired runs."""
        pairs = zip(self.runs[threads], racing.runs[threads], strict=True)
        return spread([getattr(ours, kind) / getattr(theirs, kind) for ours, theirs in pairs])


def measure(problem, repeats, *, has_more):
    """Measure all ways in turn; return the rows, racing first, and racing's wall seconds by threads."""
    records = [Record(problem, way) for way in all_ways(problem, has_more=has_more)]
    for _ in range(repeats):
        for threads in (1, 2):
            for record in records:
                record.time(threads)
    lengths = {record.way.batch // SLICES for record in records if record.way.copied != "none"}
    touched = {length: count_rows(problem, SLICES, length) for length in lengths}
    racing, own = records[0], touched[shipped_length(problem)]
    rows = [record.row(racing, touched.get(record.way.batch // SLICES, own)) for record in records]
    seconds = {threads: statistics.median(run.wall for run in runs) for threads, runs in racing.runs.items()}
    return rows, seconds


def slice_rows(problem):
    """Return what slices of the shipped length touch, for more and more of them."""
    length = shipped_length(problem)
    found = [(slices, count_rows(problem, slices, length)) for slices in (SLICES, 16, 64)]
    return [[slices, length, *(round(number, 3) for number in touched)] for slices, touched in found]


def split_dimensions_row(problem, seconds, meetings=20_000):
    """Return the row of a way that is not sketched: two threads meet for each score that both have a part of.

    A group of four words takes a meeting for its windows, then one for each block of four noise words.
    """
    best = float("inf")
    for _ in range(5):
        counters = np.zeros(1, np.int64)
        with ThreadPoolExecutor(2) as pool:
            meet_often(counters.copy(), 1, 1)
            began = time.perf_counter()
            for future in [pool.submit(meet_often, counters, 2, meetings) for _ in range(2)]:
                future.result()
        best = min(best, (time.perf_counter() - began) / meetings)
    group = 4 * seconds[2] / kept_words(problem)
    needed = 1 + POOL // 4
    note = f"a meeting {best * 1e9:.0f} ns, {needed} for four words, which race in {group * 1e9:.0f} ns on 2 threads"
    waits = needed * best / (group + needed * best)
    ratio = f"≥ {1 + needed * best / group:.2f}"
    return ["split dimensions (not sketched)", problem.dimensions, 0, ratio, "", "", 0.0, f"{waits:.0%}", note, ""]


def kept_words(problem):
    """Return how many words a pass keeps, in expectation."""
    share = problem.counts / problem.counts.sum() @ OBSERVATIONS.keep_probabilities(problem.counts)
    return share * np.count_nonzero(problem.ids >= 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--positions", type=int, default=POSITIONS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--rate", type=float, default=0.025)
    parser.add_argument("--cache", help="folder that keeps the prepared corpus")
    options = parser.parse_args()
    began = time.perf_counter()
    with firth.prepare_corpus(data_file("corpora/enwiki-text8-style.txt.xz"), cache=options.cache) as corpus:
        ids, counts = np.array(corpus.ids[: options.positions]), np.asarray(corpus.vocabulary.counts)
    problem = Problem(ids, counts, 100, options.rate)
    wide = Problem(ids[: int(0.4 * len(ids))], counts, 300, options.rate)
    rows, seconds = measure(problem, options.repeats, has_more=True)
    wide_rows, wide_seconds = measure(wide, options.repeats, has_more=False)
    rows += [*wide_rows, split_dimensions_row(problem, seconds)]
    racing = {"100": seconds, "300": wide_seconds}
    sliced = slice_rows(problem)
    if options.positions < POSITIONS or options.repeats < REPEATS:
        print_table(COLUMNS, rows)
        print_table(SLICE_COLUMNS, sliced)
    else:
        write(rows, sliced, racing, options)
    print(f"{time.perf_counter() - began:.0f} s; racing: {racing}")


def write(rows, sliced, racing, options):
    """Write both tables."""
    what = (
        f"One pass over {options.positions:,} positions (D = 300: 0.4 of them) by each way of training; times relative "
        f"to racing on as many threads, median (least … most) of {options.repeats}; "
        f"load average at the end {os.getloadavg()[0]:.1f}: where it is well above 2, times say little"
    )
    command = "python benchmarks/determinism.py"
    write_result("determinism", what=what, command=command, columns=COLUMNS, rows=rows, racing_seconds=racing)
    what = "Rows of both matrices that slices of a round touch, counted over the same positions; nothing was trained"
    write_result("determinism_slices", what=what, command=command, columns=SLICE_COLUMNS, rows=sliced)


if __name__ == "__main__":
    main()
