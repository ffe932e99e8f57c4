"""Vectors of the nodes of a graph: how well do they tell a node's class, against gensim's on the same walks?

    python benchmarks/graphs.py [--seeds 1 2 3]

Cora, as in examples/graphs: 10 walks of 40 nodes from each of 2708 papers, D = 128, window 10, negatives 5, 3 passes,
no subsampling, two threads or workers, learning rate 0.025, and half of it for both tools. Two ways of firth go from
the same walks to counts, and from these to the full softmax. A logistic regression learns from 10 % or 50 % of the
papers and is asked about the others, over the same 10 splits for all.
"""

import argparse
import os
import sys
import time
from functools import partial

from measuring import REPOSITORY, check_trained, data_file, spread, write_result

sys.path.insert(0, str(REPOSITORY / "examples" / "graphs"))

# Products with 128 numbers a paper are too small for two threads of BLAS.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import sklearn
from gensim import __version__ as gensim_version
from gensim.models import Word2Vec

import firth
from classes import SHARES, accuracies, mean_and_deviation, read_classes
from walks import Graph, walk_sentences
from ways import DIMENSIONS, L2, NEGATIVES, PASSES, WINDOW, from_counts, streamed

THREADS = 2
WALKS, LENGTH = 10, 40
RATE, LOWER_RATE = 0.025, 0.0125


def train_gensim(sentences, *, seed, learning_rate):
    """Train with gensim; return the vectors as ours."""
    settings = {"vector_size": DIMENSIONS, "window": WINDOW, "negative": NEGATIVES, "workers": THREADS}
    model = Word2Vec(**settings, alpha=learning_rate, sg=1, sample=0, min_count=1, seed=seed)
    model.build_vocab(sentences)
    _, raw = model.train(sentences, total_examples=model.corpus_count, epochs=PASSES)
    check_trained("gensim", raw, PASSES * sum(map(len, sentences)))
    return firth.Vectors(model.wv.index_to_key, np.asarray(model.wv.vectors))


stream, fit = partial(streamed, threads=THREADS), partial(from_counts, threads=THREADS)
TRAINERS = {
    f"firth, streamed, rate {RATE}": partial(stream, learning_rate=RATE),
    f"firth, streamed, rate {LOWER_RATE}": partial(stream, learning_rate=LOWER_RATE),
    "firth, from counts": partial(fit, l2=0.0),
    f"firth, from counts, l2 = {L2:g}": fit,
    f"gensim, rate {RATE}": partial(train_gensim, learning_rate=RATE),
    f"gensim, rate {LOWER_RATE}": partial(train_gensim, learning_rate=LOWER_RATE),
}


def measure(graph, classes, seeds):
    """Return for each trainer its runs: seconds, and for each share the accuracies of the splits."""
    runs = {name: [] for name in TRAINERS}
    for seed in seeds:
        sentences = walk_sentences(graph, walks=WALKS, length=LENGTH, seed=seed)
        for name, train in TRAINERS.items():
            began = time.perf_counter()
            vectors = train(sentences, seed=seed)
            seconds = time.perf_counter() - began
            scores = [accuracies(vectors, classes, share=share) for share in SHARES]
            runs[name].append({"seed": seed, "seconds": seconds, "accuracies": scores})
            print(name, seed, *map(mean_and_deviation, scores), f"{seconds:.2f} s", flush=True)
    return runs


def row_of(name, runs):
    """Return the row of one trainer: over all splits of all seeds, and seconds against gensim's, seed by seed."""
    own = runs[name]
    found = [[score for run in own for score in run["accuracies"][place]] for place in range(len(SHARES))]
    peer = runs[f"gensim, rate {RATE}"]
    ratios = [theirs["seconds"] / ours["seconds"] for ours, theirs in zip(own, peer, strict=True)]
    seconds = spread([run["seconds"] for run in own])
    return [name, *map(mean_and_deviation, found), seconds, "" if "gensim" in name else spread(ratios, 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    graph = Graph.read(data_file("graph/cora_edgelist.txt"))
    classes = read_classes(data_file("graph/cora_labels.txt"), graph)
    for train in (stream, fit):
        train(walk_sentences(graph, walks=1, length=3))  # compiles
    runs = measure(graph, classes, options.seeds)
    words = len(graph.names) * WALKS * LENGTH
    splits = len(next(iter(runs.values()))[0]["accuracies"][0])
    write_result(
        "graphs",
        what="Classes of the papers of Cora from the vectors of their nodes: percent found of those not labelled, mean "
        f"± standard deviation over {len(options.seeds)} seeds of {splits} splits; seconds from {words / 1e6:.2f} M "
        f"words of walks, as lists, to vectors, D = {DIMENSIONS}, window {WINDOW}, {PASSES} passes (from counts: as "
        "many sweeps as pay), two threads, median (least … most), with compiled kernels; × gensim at rate "
        f"{RATE}, seed by seed",
        command="python benchmarks/graphs.py",
        columns=["trainer", *(f"{share:.0%} labelled" for share in SHARES), "seconds", "× gensim"],
        rows=[row_of(name, runs) for name in TRAINERS],
        versions={"gensim": gensim_version, "scikit-learn": sklearn.__version__},
        runs=runs,
    )


if __name__ == "__main__":
    main()
