"""What do the same bytes on any number of threads cost in time, and which kernel signature keeps all ways open?

    python benchmarks/determinism.py [--positions 2500000] [--repeats 3] [--quick]

A sketch, not shipped code. One pass over the first positions of the benchmark corpus (window 5, 5 negatives, subsample
1e-3, the vocabulary and frequencies of the whole corpus) by each way of `determinism_ways.py`, in turn, on 1 and 2
threads, against the racing kernel on as many threads in the same round. Every way but racing must leave the same bytes
on 1, 2 and 3 threads, or this ends with an error. Two ratios: of wall time, and of processor time summed over threads,
which says more on a machine that others use. Parts are processor time on one thread, each part a call of its own; the
timed runs make one call a slice. Loss: nats a pair, at vectors that stand still, on windows and noise of their own.
Columns: `batch` is how many positions pass between two states that all threads share. Splitting the dimensions of each
row among threads is not sketched; its row says what two meetings a tile would cost with Python's barrier.
"""

import argparse
import hashlib
import os
import statistics
import time
from collections import defaultdict

import numpy as np
from determinism_pass import make_problem, measure_loss, run_team
from determinism_ways import FrozenBatches, Racing, Rotation, Snapshots
from measuring import data_file, spread, write_result

import firth
from firth.training.stream import TURN

COLUMNS = [
    "way",
    "D",
    "batch",
    "wall, 2 threads",
    "processor, 1 thread",
    "processor, 2 threads",
    "kernel ns",
    "copies ns",
    "other ns",
    "KB copied",
    "waits, 2 threads",
    "notes",
    "loss",
]
KERNEL, COPIES = ("kernel", "pairs", "noise"), ("gather", "zero", "apply")


def ways_to_measure(quick):
    """Return fresh ways, racing first."""
    ways = [Racing(), FrozenBatches(128), FrozenBatches(256, power=0.5), Snapshots(256, 4), Snapshots(256)]
    ways += [Snapshots(1024, power=0.5), Snapshots(4096, power=0.5), Rotation(512), Rotation(4096)]
    if not quick:
        ways[3:3] = [FrozenBatches(1024)]
        ways[6:6] = [Snapshots(1024, 4), Snapshots(1024)]
        ways += [Snapshots(16384, power=0.5), Rotation(4096, blocks=4)]
    return ways


def label(way):
    """Return the name of a way with its settings."""
    if way.name == "racing":
        return way.name
    shape = f"{way.slices} × {way.length}"
    extra = f", {way.blocks} blocks" if way.name == "rotation" else ", moves / √slices" * (way.power == 0.5)
    return f"{way.name} {shape}{extra}"


def digest(problem, matrices):
    """Return a checksum of the model: all rows but the spare ones."""
    model = hashlib.blake2b(digest_size=16)
    for matrix in (matrices.center, matrices.context):
        model.update(matrix[: problem.words])
    return model.hexdigest()


def processor_seconds(outcome):
    """Return the processor seconds of all threads."""
    return sum(spent for part, spent in outcome.parts.items() if part not in ("wait", "meetings"))


class Record:
    """What was measured of one way: parts on one thread, loss, checksums, seconds by threads."""

    def __init__(self, problem, way):
        self.problem, self.way = problem, way
        way.run(problem._replace(ids=problem.ids[:50_000]), 1)  # compiles
        way.fused = False
        self.apart = way.run(problem, 1)
        way.fused = True
        self.loss = measure_loss(problem, self.apart.matrices)
        self.digests = {digest(problem, self.apart.matrices)}
        self.wall, self.processor, self.waits = defaultdict(list), defaultdict(list), []
        if way.name != "racing":
            self.time(3)

    def time(self, threads):
        """Run once, note the time and the bytes."""
        outcome = self.way.run(self.problem, threads)
        self.wall[threads].append(outcome.seconds)
        self.processor[threads].append(processor_seconds(outcome))
        if threads == 2:
            self.waits.append(outcome.parts.get("wait", 0) / (threads * outcome.seconds))
        if self.way.name != "racing":
            self.digests.add(digest(self.problem, outcome.matrices))
            if len(self.digests) > 1:
                raise SystemExit(f"expected the same bytes from {label(self.way)}, got others on {threads} threads")

    def row(self, racing):
        """Return the row of the table, times relative to `racing`."""
        way, parts, facts = self.way, self.apart.parts, self.apart.facts
        nanoseconds = {part: spent / len(self.problem.ids) * 1e9 for part, spent in parts.items()}
        kernel, copies = (sum(nanoseconds.get(part, 0) for part in names) for names in (KERNEL, COPIES))
        other = (
            sum(nanoseconds.values()) - kernel - copies - nanoseconds.get("wait", 0) - nanoseconds.get("meetings", 0)
        )
        notes = "" if "imbalance" not in facts else f"imbalance {facts['imbalance']:.2f}, fill {facts['filled']:.1f}/4"
        notes = f"{facts['rows']:.1f} rows copied" if "rows" in facts else notes
        return [
            label(way),
            len(self.problem.start.center[0]) // 100 * 100,
            way.batch,
            ratios(self.wall[2], racing.wall[2]),
            *(ratios(self.processor[threads], racing.processor[threads]) for threads in (1, 2)),
            round(kernel),
            round(copies),
            round(other),
            round(facts.get("bytes", 0) / 1000, 1),
            f"{statistics.median(self.waits):.0%}",
            notes,
            f"{self.loss:.3f}" if self.loss < 100 else "diverged" if np.isfinite(self.loss) else "NaN",
        ]


def ratios(seconds, base):
    """Return the spread of the ratios of paired runs."""
    return spread([ours / theirs for ours, theirs in zip(seconds, base, strict=True)])


def measure(problem, ways, repeats):
    """Measure all ways in turn; return the rows, racing first, and its seconds."""
    records = [Record(problem, way) for way in ways]
    for _ in range(repeats):
        for threads in (1, 2):
            for record in records:
                record.time(threads)
    for record in records:
        print(label(record.way), {part: round(spent, 3) for part, spent in record.apart.parts.items()})
    return [record.row(records[0]) for record in records], {
        threads: round(statistics.median(seconds), 2) for threads, seconds in records[0].wall.items()
    }


def split_dimensions_row(racing_row, meetings=2000):
    """Return the row of a way that is not sketched: two meetings of two threads for each turn of the walk."""

    def meet(thread, clock):
        for _ in range(meetings):
            clock.meet()

    seconds = min(run_team(2, meet)[0] for _ in range(3)) / meetings
    positions = TURN / 0.6  # about 0.6 of all words are kept
    work = (racing_row[6] + racing_row[8]) * 1e-9 * positions / 2
    note = f"barrier {seconds * 1e6:.0f} µs, a tile of {TURN} kept words {work * 1e6:.0f} µs on 2 threads"
    wall = f"≥ {1 + 2 * seconds / work:.1f}"
    bound = ["split dimensions (not sketched)", racing_row[1], round(positions), wall, "", ""]
    return [*bound, 0, 0, 0, 0.0, f"{2 * seconds / (work + 2 * seconds):.0%}", note, ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--positions", type=int, default=2_500_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.025)
    parser.add_argument("--quick", action="store_true", help="fewer ways, and D = 100 alone")
    parser.add_argument("--cache", help="folder that keeps the prepared corpus")
    options = parser.parse_args()
    if options.repeats < 3:
        parser.error("expected --repeats of 3 or more; fewer say nothing about the spread")
    began = time.perf_counter()
    path = data_file("corpora/enwiki-text8-style.txt.xz")
    rows, base = [], {}
    with firth.prepare_corpus(path, cache=options.cache) as corpus:
        for dimensions, share in ((100, 1.0),) if options.quick else ((100, 1.0), (300, 0.4)):
            ids = np.array(corpus.ids[: int(options.positions * share)])
            problem = make_problem(ids, np.asarray(corpus.vocabulary.counts), dimensions, options.rate)
            ways = ways_to_measure(options.quick or dimensions != 100)
            measured, base[dimensions] = measure(problem, ways, options.repeats)
            rows += measured
            if dimensions == 100:
                split = split_dimensions_row(measured[0])
    what = (
        f"One pass over {options.positions:,} positions (D = 300: 0.4 of them) by each way of training; times relative "
        f"to racing on as many threads, median (least … most) of {options.repeats}; ns and KB are per position; "
        f"load average at the end {os.getloadavg()[0]:.1f}: where it is above 2, wall times on 2 threads say little"
    )
    write_result(
        "determinism",
        what=what,
        command="python benchmarks/determinism.py",
        columns=COLUMNS,
        rows=[*rows, split],
        racing_seconds=base,
    )
    print(f"{time.perf_counter() - began:.0f} s; racing: {base}")


if __name__ == "__main__":
    main()
