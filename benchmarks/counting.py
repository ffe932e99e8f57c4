"""How long from ids to pair counts, against one sparse matrix for each distance?

    python benchmarks/counting.py [--repeats 5] [--words N]

`enwiki-text8-style` in lines of 1000 words, window 5, min_count 5, two threads, in turn, from the ids that
`prepare_corpus` left:

    firth, after     `count_pairs`, whole window weights, words dropped after the window is laid
    firth, before    `count_pairs`, gaps of dropped words (subsample 1e-3) closed first: an expectation for each pair
    scipy            for each distance one `coo_matrix` of the pairs of words so far apart, with its weight, turned into
                     CSR; their sum, and its transpose added. One thread: SciPy has no more. The cells of "after"

Each is run twice and timed the second time: virtual machines take back the memory that another way has let go, and to
get it again costs more than to count. The cells of "after" and of SciPy are compared, all of them. With `--words` the
results are shown and not kept.
"""

import argparse
import gc
import sys
import tempfile
import time
from pathlib import Path

import measuring
import numpy as np
import scipy
from measuring import spread, write_lines, write_result
from scipy.sparse import coo_matrix

import firth
from firth.observations import Observations
from firth.observations.pairs import count_pairs

MIN_COUNT = 5
THREADS = 2
WINDOW = 5
AFTER, BEFORE = (Observations(window=WINDOW, dropping=dropping) for dropping in ("after", "before"))


def count_by_scipy(ids, size):
    """Return the cells of the dynamic window as a CSR matrix of whole numbers."""
    sentence = np.cumsum(ids < 0, dtype=np.int32)
    total = None
    for distance in range(1, WINDOW + 1):
        here, there = ids[:-distance], ids[distance:]
        pairs = (here >= 0) & (there >= 0) & (sentence[:-distance] == sentence[distance:])
        here, there = here[pairs], there[pairs]
        weights = np.full(len(here), WINDOW - distance + 1, np.int64)
        matrix = coo_matrix((weights, (here, there)), shape=(size, size)).tocsr()
        total = matrix if total is None else total + matrix
    return (total + total.T).tocsr()


def check_same(counts, matrix):
    """End with an error unless both have the very same cells."""
    matrix.sort_indices()
    same = (
        np.array_equal(counts.starts, matrix.indptr)
        and np.array_equal(counts.contexts, matrix.indices)
        and np.array_equal(counts.cells, matrix.data.astype(np.uint64))
    )
    if not same:
        sys.exit("expected the same cells from firth and SciPy, got others; one of them is wrong")


def timed(run):
    """Return seconds and the result."""
    gc.collect()
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def measure(corpus, repeats):
    """Time all three in turn, after a run to warm up; return their seconds and numbers of cells."""
    ids, size = np.asarray(corpus.ids), len(corpus.vocabulary)
    ways = {
        "firth, after": lambda: count_pairs(corpus, AFTER, threads=THREADS),
        "firth, before": lambda: count_pairs(corpus, BEFORE, threads=THREADS),
        "scipy": lambda: count_by_scipy(ids, size),
    }
    check_same(ways["firth, after"](), ways["scipy"]())
    cells = {"firth, before": ways["firth, before"]().nonzero}
    seconds = {way: [] for way in ways}
    for _ in range(repeats):
        for way, run in ways.items():
            run()
            taken, result = timed(run)
            seconds[way].append(taken)
            cells[way] = result.nnz if way == "scipy" else result.nonzero
            del result
    return seconds, cells


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--words", type=int, help="take the first N words only, show the results and keep none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.words:
            measuring.RESULTS = Path(folder)
        path, words = write_lines(folder, words=options.words)
        with firth.prepare_corpus(path, min_count=MIN_COUNT, threads=THREADS) as corpus:
            seconds, cells = measure(corpus, options.repeats)
            size = len(corpus.vocabulary)
        rows = []
        for way, times in seconds.items():
            ratio = spread([peer / own for own, peer in zip(times, seconds["scipy"], strict=True)], 1)
            speed = round(words / sorted(times)[len(times) // 2] / 1e6, 1)
            rows.append([way, spread(times), speed, cells[way], "" if way == "scipy" else ratio])
        write_result(
            "counting",
            what=f"Seconds from the ids of {words / 1e6:.1f} M words ({size} in the vocabulary) to the pair counts of "
            f"window {WINDOW}, two threads (SciPy: one), median (least … most) of {options.repeats} rounds in turn; "
            "how many times as fast as SciPy, whose cells are those of “after”, every one",
            command="python benchmarks/counting.py",
            columns=["counter", "seconds", "M words/s", "cells", "times as fast"],
            rows=rows,
            versions={"scipy": scipy.__version__},
            seconds=seconds,
        )


if __name__ == "__main__":
    main()
