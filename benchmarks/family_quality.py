"""How good are the vectors of the other members of the family, against those of gensim and fastText, as means of seeds?

    python benchmarks/family_quality.py [--text part whole] [--rows ROW …] [--seeds 1 2 3]

`enwiki-text8-style` in lines of 1000 words, D = 100, 5 passes, window 5, negatives 5, subsample 1e-3, two threads or
workers. There are two texts: a *part*, the first 4 M words, without words seen less than 20 times; and the *whole*,
without those seen less than 5 times. Peers take minutes a seed, so a run adds the rows and seeds that it is asked for
to the results that are there. `--list` names the rows.

Similarity is Spearman's correlation × 100, analogies the share answered among the 30 000 most frequent words × 100.
*Unseen* is the mean correlation over those pairs of the three similarity sets in which a word has no row, so that its
vector is composed of its n-grams; in the part these are many.
"""

import argparse
import importlib.metadata
import statistics
import sys
import tempfile
from functools import partial
from typing import NamedTuple

import numpy as np
from gensim import __version__ as gensim_version
from gensim.models import Word2Vec
from measuring import RESULTS, data_file, read_result, write_lines, write_result
from training import FASTTEXT_THREADS, NEGATIVES, SETTINGS, THREADS, check_gensim

import firth
from firth.evaluation import SimilarityGold, evaluate_similarity, read_gold

SETS = {
    "WordSim-353": "similarity/ws-353-all.txt",
    "SimLex-999": "similarity/simlex-999.txt",
    "MEN dev": "similarity/men-dev.txt",
}
ANALOGIES = "analogy/questions-words.txt"
PASSES = 5
FEWEST_PAIRS = 50
"""Pairs with unseen words of which each set needs that many to be asked."""
SUBWORDS = firth.Subwords(smallest=3, longest=6, buckets=2_000_000)


class Text(NamedTuple):
    """How much of Wikipedia, and how often a word has to come in it."""

    words: int | None
    min_count: int


class Task(NamedTuple):
    """What a row is trained on."""

    path: str
    words: int
    min_count: int


TEXTS = {"part": Text(4_000_000, 20), "whole": Text(None, 5)}


def train_firth(task, seed, **member):
    """Train with firth."""
    return firth.train(task.path, min_count=task.min_count, passes=PASSES, seed=seed, threads=THREADS, **member)


def train_gensim(task, seed, **member):
    """Train with gensim, reading the file itself; return the vectors as ours."""
    model = Word2Vec(vector_size=100, epochs=PASSES, seed=seed, **{**SETTINGS, "min_count": task.min_count, **member})
    model.build_vocab(corpus_file=str(task.path))
    _, raw = model.train(
        corpus_file=str(task.path),
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=PASSES,
    )
    check_gensim(raw, task.words, PASSES)
    return firth.Vectors(model.wv.index_to_key, np.asarray(model.wv.vectors))


def train_fasttext(task, _, *, rate):
    """Train skip-gram of subwords with fastText; return its vectors as ours, and what composes those of other words.

    It takes no seed here; its threads race, so that runs differ by themselves.
    """
    import fasttext

    model = fasttext.train_unsupervised(
        str(task.path),
        model="skipgram",
        dim=100,
        ws=SETTINGS["window"],
        neg=NEGATIVES,
        t=SETTINGS["sample"],
        minCount=task.min_count,
        minn=SUBWORDS.smallest,
        maxn=SUBWORDS.longest,
        bucket=SUBWORDS.buckets,
        lr=rate,
        epoch=PASSES,
        thread=FASTTEXT_THREADS,
        verbose=0,
    )
    words = [word for word in model.words if word != "</s>"]
    return firth.Vectors(words, np.stack([model.get_word_vector(word) for word in words])), model.get_word_vector


ROWS = {
    "skip-gram, firth": train_firth,
    "CBOW, firth": partial(train_firth, model="cbow"),
    "CBOW, firth, historical gradient": partial(train_firth, model="cbow", gradient="historical"),
    "CBOW, gensim": partial(train_gensim, sg=0, alpha=0.05),
    "hierarchical softmax, firth": partial(train_firth, loss="hierarchical"),
    "hierarchical softmax, gensim": partial(train_gensim, hs=1, negative=0),
    "CBOW, hierarchical softmax, firth": partial(train_firth, model="cbow", loss="hierarchical"),
    "CBOW, hierarchical softmax, gensim": partial(train_gensim, sg=0, hs=1, negative=0, alpha=0.05),
    "subwords, firth": partial(train_firth, subwords=SUBWORDS),
    "subwords, firth, true gradient": partial(train_firth, subwords=SUBWORDS, gradient="true"),
    "subwords, fastText": partial(train_fasttext, rate=0.025),
    "CBOW, subwords, firth": partial(train_firth, model="cbow", subwords=SUBWORDS),
    "CBOW, subwords, firth, true gradient": partial(train_firth, model="cbow", subwords=SUBWORDS, gradient="true"),
}


def unseen_pairs(vectors):
    """Return the similarity sets with those pairs alone in which a word has no row, but n-grams that others have."""
    ngrams = {ngram for word in vectors.words for ngram in SUBWORDS.ngrams(word)}
    golds = []
    for name in SETS.values():
        gold = read_gold(data_file(name))
        kept = []
        for pair, score in zip(gold.pairs, gold.scores, strict=True):
            unseen = [word.lower() for word in pair if word.lower() not in vectors]
            if unseen and all(not ngrams.isdisjoint(SUBWORDS.ngrams(word)) for word in unseen):
                kept.append((pair, score))
        pairs, scores = zip(*kept, strict=True) if kept else ((), ())
        golds.append(SimilarityGold(gold.name, pairs, scores))
    return golds


def with_unseen(vectors, compose, golds):
    """Return vectors with rows for words of gold sets that had none, as another tool composes them."""
    words = sorted({word.lower() for gold in golds for pair in gold.pairs for word in pair} - set(vectors.words))
    rows = np.stack([compose(word) for word in words])
    return firth.Vectors([*vectors.words, *words], np.concatenate([vectors.matrix, rows]))


def unseen_score(vectors, compose):
    """Return the mean correlation over pairs with words that have no row, × 100; None without n-grams, or if few."""
    if vectors.subwords is None and compose is None:
        return None
    golds = unseen_pairs(vectors)
    if min(len(gold.pairs) for gold in golds) < FEWEST_PAIRS:
        return None
    unknown = "subwords" if compose is None else "skip"
    if compose is not None:
        vectors = with_unseen(vectors, compose, golds)
    found = [evaluate_similarity(vectors, gold, case="lower", unknown=unknown) for gold in golds]
    if any(result.pairs_missing for result in found):
        sys.exit(f"expected a vector for every word of a gold set, got {found}")
    return 100 * statistics.mean(result.spearman for result in found)


def scores_of(trained):
    """Return the scores of one run, × 100: three sets, analogies, their mean, and words that have no row."""
    vectors, compose = trained if isinstance(trained, tuple) else (trained, None)
    found = firth.evaluate(vectors, [data_file(name) for name in [*SETS.values(), ANALOGIES]], restrict=30_000)
    known = [100 * (result.overall.accuracy if hasattr(result, "overall") else result.spearman) for result in found]
    return [*known, statistics.mean(known), unseen_score(vectors, compose)]


def rows_of(runs):
    """Return the rows of the table: means of the seeds of each row."""
    rows = []
    for text, found in runs.items():
        for name in (name for name in ROWS if name in found):
            seeds = list(found[name].values())
            means = [
                "" if any(value is None for value in values) else round(statistics.mean(values), 1)
                for values in zip(*seeds, strict=True)
            ]
            rows.append([text, name, len(seeds), *means])
    return rows


def keep(runs):
    """Write what there is by now."""
    words, least = TEXTS["part"]
    write_result(
        "family_quality",
        what="Quality × 100 at D = 100 after 5 passes, mean of so many seeds; text: the whole 16.9 M words of "
        f"Wikipedia without words seen less than {TEXTS['whole'].min_count} times, or the first {words / 1e6:.0f} M "
        f"without those seen less than {least} times; unseen: mean correlation over the pairs of the three similarity "
        "sets in which a word has no row and is composed of its n-grams. gensim's CBOW has learning rate 0.05, the "
        "best of those tried, its skip-gram and fastText 0.025; firth has its defaults",
        command="python benchmarks/family_quality.py --text part whole",
        columns=["text", "trainer", "seeds", *SETS, "analogies", "average", "unseen"],
        rows=rows_of(runs),
        versions={"gensim": gensim_version, "fastText": importlib.metadata.version("fasttext-wheel")},
        runs=runs,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", nargs="+", choices=TEXTS, default=["part"])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    parser.add_argument("--words", type=int, help="of the part: to try it out, nothing is kept")
    options = parser.parse_args()
    if options.list:
        print(*ROWS, sep="\n")
        return
    has_results = (RESULTS / "family_quality.json").exists()
    runs = read_result("family_quality")["runs"] if has_results else {text: {} for text in TEXTS}
    for text in options.text:
        with tempfile.TemporaryDirectory() as folder:
            task = Task(*write_lines(folder, words=options.words or TEXTS[text].words), TEXTS[text].min_count)
            for name in options.rows:
                for seed in options.seeds:
                    scores = scores_of(ROWS[name](task, seed))
                    print(text, name, seed, [value and round(value, 1) for value in scores], flush=True)
                    if not options.words:
                        runs[text].setdefault(name, {})[str(seed)] = scores
                        keep(runs)


if __name__ == "__main__":
    main()
