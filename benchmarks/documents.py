"""Vectors of documents: does a paragraph that nobody trained on find its article, and how fast, against gensim's?

    python benchmarks/documents.py [--seeds 1 2 3] [--ways …] [--more] [--words N]

The first articles of `enwiki-raw`, a document a paragraph, in words without punctuation, case folded. One paragraph of
each article that has three of 30 words or more is held out; both tools train on all others with the same settings,
infer vectors of those held out, and are asked for the nearest trained paragraph by cosine: is it of the same article?
Mean reciprocal rank is that of the first paragraph of the article. Speed is that of training alone, in raw words a
second, two threads or workers; gensim reads the file itself (`corpus_file`), and its count of trained words is checked.
With `--more`, runs are added to those of the results that are there; with `--words` they are shown and not kept.
"""

import argparse
import logging
import lzma
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from gensim import __version__ as gensim_version
from gensim.models.doc2vec import Doc2Vec
from measuring import data_file, read_result, spread, write_result
from training import THREADS, check_gensim

import firth
from firth.text.tokenizers import words as words_of

DIMENSIONS, WINDOW, NEGATIVES, PASSES, SUBSAMPLE, MIN_COUNT = 100, 5, 5, 10, 1e-3, 5
RATE = 0.05
MEAN_RATE = 0.2
"""Of the mean of a window and a document with its true gradient; gensim's moves each row by all of it."""
WORDS = 1_600_000
WAYS = {
    "dbow": {"way": "dbow", "train_words": False},
    "dbow, words too": {"way": "dbow", "train_words": True},
    "dm": {"way": "dm"},
}
LONG = 30
"""Words of a paragraph that may be held out."""


class Paragraphs(NamedTuple):
    """Paragraphs as lists of words, and the number of the article of each."""

    words: list[list[str]]
    articles: np.ndarray


class Run(NamedTuple):
    """What a trainer took and found, of one way and seed."""

    way: str
    trainer: str
    seed: int
    words_per_second: float
    found: float
    reciprocal_rank: float
    inferred_per_second: float


def read_articles(limit):
    """Return the paragraphs of each article, until there are so many words."""
    articles, count = [[]], 0
    with lzma.open(data_file("corpora/enwiki-raw.txt.xz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            if not line.strip():
                if count >= limit:
                    break
                articles.append([])
                continue
            articles[-1].append(words_of(line.casefold()))
            count += len(articles[-1][-1])
    return articles


def part(articles):
    """Return the paragraphs to train on, and those held out."""
    trained, held_out = ([], []), ([], [])
    for number, paragraphs in enumerate(articles):
        long = [place for place, words in enumerate(paragraphs) if len(words) >= LONG]
        chosen = long[len(long) // 2] if len(long) >= 3 else None
        for place, words in enumerate(paragraphs):
            side = held_out if place == chosen else trained
            side[0].append(words)
            side[1].append(number)
    return Paragraphs(trained[0], np.array(trained[1])), Paragraphs(held_out[0], np.array(held_out[1]))


def train_firth(corpus, _, held_out, way, seed):
    """Train with firth; return words a second, vectors of trained and held-out paragraphs, and these a second."""
    documents = firth.train_documents(
        corpus,
        **WAYS[way],
        dimensions=DIMENSIONS,
        window=WINDOW,
        negatives=NEGATIVES,
        subsample=SUBSAMPLE,
        passes=PASSES,
        learning_rate=MEAN_RATE if way == "dm" else RATE,
        threads=THREADS,
        seed=seed,
    )
    seconds = sum(entry["seconds"] for entry in documents.config["training"]["losses"])
    documents.infer_all(held_out.words[:2])  # compiles
    began = time.perf_counter()
    inferred = documents.infer_all(held_out.words, threads=THREADS)
    speed = len(inferred) / (time.perf_counter() - began)
    return PASSES * corpus.tokens / seconds, documents.matrix, inferred, speed


def train_gensim(corpus, path, held_out, way, seed):
    """Train with gensim; return the same."""
    chosen = {"dm": int(WAYS[way]["way"] == "dm"), "dbow_words": int(WAYS[way].get("train_words", False))}
    model = Doc2Vec(
        **chosen,
        vector_size=DIMENSIONS,
        window=WINDOW,
        negative=NEGATIVES,
        sample=SUBSAMPLE,
        epochs=PASSES,
        alpha=RATE,
        min_count=MIN_COUNT,
        workers=THREADS,
        seed=seed,
    )
    model.build_vocab(corpus_file=str(path))
    messages = _Messages()
    logger = logging.getLogger("gensim.models.word2vec")
    logger.addHandler(messages)
    logger.setLevel(logging.INFO)
    began = time.perf_counter()
    model.train(
        corpus_file=str(path),
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=PASSES,
    )
    seconds = time.perf_counter() - began
    logger.removeHandler(messages)
    found = [
        int(words) for text in messages.texts for words in re.findall(r"EPOCH.* training on (\d+) raw words", text)
    ]
    check_gensim(sum(found), corpus.tokens, PASSES)
    began = time.perf_counter()
    inferred = np.array([model.infer_vector(words) for words in held_out.words])
    speed = len(inferred) / (time.perf_counter() - began)
    return PASSES * corpus.tokens / seconds, np.asarray(model.dv.vectors), inferred, speed


class _Messages(logging.Handler):
    """Keeps what is logged: gensim's Doc2Vec says there alone how many words it trained on."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def score(trained, inferred, articles, own):
    """Return the share of paragraphs whose nearest is of their article, and the mean reciprocal rank of the first."""
    units = [matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9) for matrix in (trained, inferred)]
    ranks = []
    for vector, article in zip(units[1], own, strict=True):
        cosines = units[0] @ vector
        ranks.append(1 + np.count_nonzero(cosines > cosines[articles == article].max()))
    return float(np.mean(np.array(ranks) == 1)), float(np.mean(1 / np.array(ranks)))


TRAINERS = {"firth": train_firth, "gensim": train_gensim}


def measure(articles, ways, seeds):
    """Return the runs of each way and seed, of both tools in turn."""
    trained, held_out = part(articles)
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paragraphs.txt"
        path.write_text("".join(" ".join(words) + "\n" for words in trained.words), encoding="utf-8")
        with firth.prepare_corpus(path, min_count=MIN_COUNT, keep_empty=True, threads=THREADS) as corpus:
            if corpus.sentences != len(trained.words):
                sys.exit(f"expected firth to read {len(trained.words)} paragraphs, got {corpus.sentences}")
            for way in ways:
                firth.train_documents(corpus, **WAYS[way], dimensions=DIMENSIONS, passes=1, threads=THREADS)  # compiles
                for seed in seeds:
                    for trainer, train in TRAINERS.items():
                        speed, matrix, inferred, more = train(corpus, path, held_out, way, seed)
                        found = score(matrix, inferred, trained.articles, held_out.articles)
                        runs.append(Run(way, trainer, seed, speed, *found, more))
                        print(runs[-1], flush=True)
            sizes = {"words": corpus.tokens, "paragraphs": corpus.sentences, "held_out": len(held_out.words)}
    return runs, sizes


def rows_of(runs):
    """Return a row for each way and trainer."""
    rows = []
    for way in WAYS:
        sides = {name: sorted(run for run in runs if run.way == way and run.trainer == name) for name in TRAINERS}
        for trainer, own in sides.items():
            if not own:
                continue
            found = [100 * run.found for run in own], [100 * run.reciprocal_rank for run in own]
            deviations = [f"{statistics.mean(each):.1f} ± {statistics.pstdev(each):.1f}" for each in found]
            speeds, peers = ([run.words_per_second / 1e6 for run in side] for side in (own, sides["gensim"]))
            ratios = [speed / peer for speed, peer in zip(speeds, peers, strict=True)]
            inferred = round(statistics.median(run.inferred_per_second for run in own))
            rows.append(
                [
                    way,
                    trainer,
                    *deviations,
                    spread(speeds, 3),
                    spread(ratios, 1) if trainer == "firth" else "",
                    inferred,
                ]
            )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--words", type=int, help="read articles until there are N words only")
    parser.add_argument("--more", action="store_true", help="add to the runs of the results that are there")
    options = parser.parse_args()
    runs, sizes = measure(read_articles(options.words or WORDS), options.ways, options.seeds)
    if options.words:
        print(*rows_of(runs), sep="\n")
        return
    if options.more:
        runs = [Run(**run) for run in read_result("documents")["runs"]] + runs
    write_result(
        "documents",
        what=f"{sizes['held_out']} paragraphs that were held out, one of an article, among {sizes['paragraphs']:,} of "
        f"{sizes['words'] / 1e6:.1f} M words that were trained on, {PASSES} passes, D = {DIMENSIONS}, window {WINDOW}, "
        f"negatives {NEGATIVES}, rate {RATE} (firth, dm: {MEAN_RATE}): percent "
        "whose nearest trained paragraph is of their article, and mean "
        f"reciprocal rank × 100 of the first that is, mean ± standard deviation over {len({run.seed for run in runs})} "
        "seeds; training in million raw words a second, two threads, median (least … most); paragraphs given vectors "
        "a second (firth: two threads; gensim: one, as it has no other way)",
        command="python benchmarks/documents.py",
        columns=["way", "trainer", "found %", "rank", "M words/s", "× gensim", "inferred/s"],
        rows=rows_of(runs),
        versions={"gensim": gensim_version},
        runs=[run._asdict() for run in runs],
    )


if __name__ == "__main__":
    main()
