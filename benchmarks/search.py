"""How fast are neighbours found: many words at once and one at a time, against gensim, and through an index?

    python benchmarks/search.py [--rounds 5] [--large-rounds 2] [--vectors FOLDER]

Two sizes: vectors trained here on 16.9 M words (V = 68 k, D = 100), and 1 M × 300 random numbers. gensim is asked a
word at a time, as it has no other way; both may use all cores. Each round asks one tool after the other.
"""

import argparse
import resource
import statistics
import tempfile
import time

import gensim
import numpy as np
from gensim.models import KeyedVectors
from measuring import spread, write_lines, write_result

import firth
from firth.vectors.approximate import ApproximateIndex

COMMAND = "python benchmarks/search.py"
WORDS = 1000
ALONE = 50
FORMS = ("float16", "int8", "product")


def trained():
    """Train the vectors of the smaller size."""
    with tempfile.TemporaryDirectory() as folder:
        path, _ = write_lines(folder)
        return firth.train(path, dimensions=100, passes=5, seed=1)


def drawn(rows, dimensions):
    """Return vectors of random numbers."""
    matrix = np.random.default_rng(1).standard_normal((rows, dimensions), dtype=np.float32)
    return firth.Vectors([f"word{row}" for row in range(rows)], matrix)


def seconds(function):
    """Return how long a call takes, and what it returns."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def check_same(ours, theirs):
    """End with an error if gensim names other words, but for those whose cosines are the same in float32."""
    for mine, other in zip(ours, theirs, strict=True):
        values = dict(mine)
        wrong = [word for word, value in other if abs(values.get(word, mine[-1][1]) - value) > 1e-5]
        if wrong:
            raise SystemExit(f"expected the neighbours that gensim finds, got others: {wrong}")


def compared(vectors, rounds):
    """Ask both tools in turn; return rows of the table."""
    peer = KeyedVectors(vectors.dimensions)
    peer.add_vectors(list(vectors.words), vectors.matrix)
    words = [vectors.words[row] for row in np.random.default_rng(2).integers(0, len(vectors), WORDS).tolist()]
    vectors.most_similar(words[0]), peer.most_similar(words[0])  # both measure lengths once
    batch, batch_peer, alone, alone_peer = [], [], [], []
    for number in range(rounds):
        took, ours = seconds(lambda: vectors.most_similar(words))
        batch.append(took)
        took, theirs = seconds(lambda: [peer.most_similar(word) for word in words])
        batch_peer.append(took)
        check_same(ours, theirs)
        for word in words[number * ALONE % WORDS :][:ALONE]:
            alone.append(1000 * seconds(lambda word=word: vectors.most_similar(word))[0])
            alone_peer.append(1000 * seconds(lambda word=word: peer.most_similar(word))[0])
    size = f"{len(vectors):,} × {vectors.dimensions}"
    times = [theirs / ours for ours, theirs in zip(batch, batch_peer, strict=True)]
    rows = [
        [size, "firth", spread(batch), spread(times, 1), spread(alone)],
        [size, "gensim", spread(batch_peer), "", spread(alone_peer)],
    ]
    for form in FORMS:
        small = firth.compress(vectors, to=form)
        small.most_similar(words[0])
        took = [seconds(lambda: small.most_similar(words))[0] for _ in range(rounds)]  # noqa: B023 - called at once
        one = [1000 * seconds(lambda word=word: small.most_similar(word))[0] for word in words[:ALONE]]  # noqa: B023
        ratio = statistics.median(batch_peer) / statistics.median(took)
        rows.append([size, f"firth, {form}", spread(took), f"{ratio:.1f}", spread(one)])
        print(rows[-1], flush=True)
    return rows


def indexed(vectors, exact):
    """Build an index; return the row of the table, beside the milliseconds of exact search."""
    took, index = seconds(lambda: ApproximateIndex.build(vectors))
    words = [vectors.words[row] for row in np.random.default_rng(3).integers(0, len(vectors), WORDS).tolist()]
    batch = [seconds(lambda: vectors.most_similar(words, index=index))[0] for _ in range(5)]
    alone = [1000 * seconds(lambda word=word: vectors.most_similar(word, index=index))[0] for word in words[:200]]
    size = f"{len(vectors):,} × {vectors.dimensions}"
    return [size, round(took, 1), f"{100 * index.recall:.1f}", spread(batch, 3), spread(alone, 3), exact]


def memory_of(vectors, queries):
    """Return the MB that so many queries at once add to the peak."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took, found = seconds(lambda: vectors.most_similar(queries))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return took, (after - before) / 1024, len(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large-rounds", type=int, default=2)
    parser.add_argument("--vectors", help="a folder with the vectors of the smaller size, to train none")
    options = parser.parse_args()
    small = firth.Vectors.load(options.vectors) if options.vectors else trained()
    queries = small.matrix[np.random.default_rng(4).integers(0, len(small), 10_000)]
    small.most_similar(queries[:10])
    took, more, many = memory_of(small, queries)
    print(f"{many} queries at once: {took:.2f} s, {more:.0f} MB", flush=True)
    rows = compared(small, options.rounds)
    write_result(
        "search_index",
        what=f"Exact search and an approximate index (usearch; connectivity 16, expansion 128 and 64, built by one "
        f"thread): seconds to build, percent of the ten nearest that it finds, seconds for {WORDS} words at once, "
        "milliseconds for one; milliseconds of exact search for one. Median (least … most)",
        command=COMMAND,
        columns=["size", "built in, s", "recall of 10, %", f"{WORDS} words, s", "one, ms", "exact, one, ms"],
        rows=[indexed(small, rows[0][4])],
    )
    rows += compared(drawn(1_000_000, 300), options.large_rounds)
    write_result(
        "search",
        what=f"The ten nearest of {WORDS} words, seconds; how many times as fast as {WORDS} calls of gensim; one word "
        f"alone, milliseconds; two threads each. Median (least … most) of {options.rounds} rounds in turn "
        f"({options.large_rounds} of the larger size, which is random numbers). 10,000 queries at once of the smaller "
        f"size took {took:.2f} s and {more:.0f} MB more than ten",
        command=COMMAND,
        columns=["size", "tool", f"{WORDS} words, s", "× gensim", "one, ms"],
        rows=rows,
        versions={"gensim": gensim.__version__},
    )


if __name__ == "__main__":
    main()
