"""How good are the vectors, against gensim's at the same settings, as means over seeds?

    python benchmarks/quality.py [--seeds 1 2 3 4 5]

`enwiki-text8-style` in lines of 1000 words, D = 100, 5 passes, window 5, negatives 5, subsample 1e-3, min_count 5,
learning rate 0.025, two threads: the settings of `benchmarks/training.py`. Similarity is Spearman's correlation × 100,
analogies the share answered among the 30 000 most frequent words × 100; both tools' vectors go through
`firth.evaluate`.
"""

import argparse
import functools
import statistics
import tempfile

import numpy as np
from gensim import __version__ as gensim_version
from gensim.models import Word2Vec
from measuring import check_trained, data_file, read_result, write_lines, write_result
from training import SETTINGS, THREADS

import firth
from firth.training import racing, rounds, settings, stream

GOLD = {
    "WordSim-353": "similarity/ws-353-all.txt",
    "SimLex-999": "similarity/simlex-999.txt",
    "MEN dev": "similarity/men-dev.txt",
    "analogies": "analogy/questions-words.txt",
}


def train_firth(path, seed, options, *, reproducible=True):
    """Train with firth."""
    return firth.train(
        path,
        dimensions=100,
        window=5,
        negatives=5,
        min_count=5,
        subsample=1e-3,
        passes=5,
        learning_rate=options.learning_rate,
        seed=seed,
        threads=THREADS,
        reproducible=reproducible,
    )


def train_racing(path, seed, options):
    """Train with firth, threads racing."""
    return train_firth(path, seed, options, reproducible=False)


def train_gensim(path, seed, _):
    """Train with gensim, reading the file itself; return the vectors as ours."""
    model = Word2Vec(vector_size=100, epochs=5, seed=seed, **SETTINGS)
    model.build_vocab(corpus_file=str(path))
    _, raw = model.train(
        corpus_file=str(path),
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=5,
    )
    check_trained("gensim", raw, 5 * model.corpus_total_words)
    return firth.Vectors(model.wv.index_to_key, np.asarray(model.wv.vectors))


TRAINERS = {"firth": train_firth, "firth, racing": train_racing, "gensim": train_gensim}


def scores(vectors):
    """Return the four numbers, × 100."""
    found = firth.evaluate(vectors, [data_file(name) for name in GOLD.values()], restrict=30_000)
    return [100 * (result.overall.accuracy if hasattr(result, "overall") else result.spearman) for result in found]


def read_rows():
    """Return the rows of the results that are there."""
    return read_result("quality")["rows"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--keep-peer", action="store_true", help="take gensim's rows from the results that are there")
    choices = parser.add_argument_group("choices of firth's kernel to try: gensim is left out, and nothing is written")
    choices.add_argument("--pool", type=int, help="noise words that a group meets, a multiple of 4")
    choices.add_argument("--turn", type=int, help="kept words that share a pool, a multiple of 4")
    choices.add_argument("--learning-rate", type=float, default=0.025)
    options = parser.parse_args()
    is_trial = bool(options.pool or options.turn or options.learning_rate != 0.025)
    choices = {"pool": options.pool or settings.POOL, "turn": options.turn or settings.TURN}
    racing.POOL, racing.TURN = choices.values()
    stream.Rounds = functools.partial(rounds.Rounds, **choices)
    kept = [row for row in read_rows() if row[0] == "gensim"] if options.keep_peer else []
    rows, means = [], {"gensim": kept[-1][2:-1]} if kept else {}
    with tempfile.TemporaryDirectory() as folder:
        path, _ = write_lines(folder)
        for name, trainer in list(TRAINERS.items())[: 2 if is_trial or kept else 3]:
            runs = []
            for seed in options.seeds:
                runs.append(scores(trainer(path, seed, options)))
                rows.append(
                    [name, f"seed {seed}", *(round(value, 1) for value in [*runs[-1], statistics.mean(runs[-1])])]
                )
                print(rows[-1], flush=True)
            means[name] = [statistics.mean(values) for values in zip(*runs, strict=True)]
            rows.append([name, "mean", *(round(value, 1) for value in [*means[name], statistics.mean(means[name])])])
    rows += kept
    if is_trial:
        print(*(row for row in rows if row[1] == "mean"), sep="\n")
        return
    write_result(
        "quality",
        what="Quality × 100 at D = 100 after 5 passes over 16.9 M words of Wikipedia, "
        f"{len(options.seeds)} seeds each (gensim: {sum(row[0] == 'gensim' for row in rows) - 1})",
        command="python benchmarks/quality.py",
        columns=["trainer", "run", *GOLD, "average"],
        rows=rows,
        versions={"gensim": gensim_version},
        difference={
            name: [own - peer for own, peer in zip(means[name], means["gensim"], strict=True)]
            for name in ("firth", "firth, racing")
        },
    )


if __name__ == "__main__":
    main()
