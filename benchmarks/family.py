"""How many words a second do the other members of the family take in, against gensim and fastText, in one run?

    python benchmarks/family.py [--repeats 3] [--members cbow hierarchical subwords softmax] [--words N]

CBOW with the true gradient and with the historical one, hierarchical softmax, subwords, softmax over a small
vocabulary: one pass over the first 3 M words of `enwiki-text8-style` in lines of 1000 words, D = 100, window 5,
negatives 5, subsample 1e-3, min_count 5, two threads or workers: the settings of `benchmarks/training.py`, whose rules
hold here, too. firth and its peers take turns; gensim reads the file itself or is fed with sentences, and the faster
way counts; subwords have 3 to 6 characters and two million buckets on both sides.

Vocabulary, n-grams and compilation are done before. Members that are not named keep the rows that they have. With
`--words` the results are shown and not kept.
"""

import argparse
import importlib.metadata
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import NamedTuple

import measuring
from gensim import __version__ as gensim_version
from measuring import RESULTS, read_result, spread, write_lines, write_result
from training import GENSIM, NEGATIVES, THREADS, Run, Task, faster_gensim, measure, train_fasttext, train_gensim

import firth
from firth.recipes.kinds import cast_of, kind_of
from firth.training.stream import Stream, StreamSettings

DIMENSIONS = 100
SUBSAMPLE = 1e-3
WORDS = 3_000_000
NGRAMS = {"minn": 3, "maxn": 6, "bucket": 2_000_000}
SUBWORDS = firth.Subwords(smallest=3, longest=6, buckets=2_000_000)
FEW_WORDS = 5000
"""The vocabulary of softmax over all words."""
SHORT = 20
"""Softmax takes in so many times fewer words."""


class Contest(NamedTuple):
    """A member of the family: firth's ways to train it, those of its peers, and what text it is trained on."""

    ways: dict
    peers: dict
    share: int = 1
    max_words: int | None = None


def train_firth(task, *, model="skip-gram", loss="sampling", gradient=None, subwords=None):
    """Train one pass with firth."""
    kind = kind_of(model, loss, gradient, subwords)
    settings = StreamSettings(
        kind=kind,
        dimensions=task.dimensions,
        negatives=NEGATIVES,
        passes=1,
        learning_rate=kind.learning_rate,
        threads=THREADS,
        seed=1,
    )
    cast = cast_of(task.corpus, settings, subwords)
    stream = Stream(
        task.corpus.ids,
        task.corpus.vocabulary.counts,
        observations=firth.Observations(subsample=task.subsample),
        settings=settings,
        raw_words=task.corpus.tokens,
        family=cast.family,
        table=cast.table,
    )
    stream.compile_kernels()
    tally = stream.train().passes[0]
    if tally.share != 1:
        sys.exit(f"expected firth to train on all positions, got {tally.share:.1%}")
    return Run(tally.seconds, task.corpus.tokens, tally.pairs)


def gensims(**settings):
    """Return the two ways to train with gensim."""
    return {way: partial(train_gensim, by_file=way == GENSIM[0], **settings) for way in GENSIM}


CONTESTS = {
    "cbow": Contest(
        {
            "firth": partial(train_firth, model="cbow"),
            "firth, historical gradient": partial(train_firth, model="cbow", gradient="historical"),
        },
        gensims(sg=0, alpha=0.05),
    ),
    "hierarchical": Contest(
        {"firth": partial(train_firth, loss="hierarchical")},
        gensims(hs=1, negative=0),
    ),
    "subwords": Contest(
        {
            "firth": partial(train_firth, subwords=SUBWORDS),
            "firth, true gradient": partial(train_firth, subwords=SUBWORDS, gradient="true"),
        },
        {"fastText": partial(train_fasttext, **NGRAMS)},
    ),
    "softmax": Contest({"firth": partial(train_firth, loss="softmax")}, {}, share=SHORT, max_words=FEW_WORDS),
}
NAMES = {
    "cbow": "CBOW",
    "hierarchical": "hierarchical softmax",
    "subwords": "subwords",
    "softmax": f"softmax over {FEW_WORDS} words",
}


def measure_member(name, folder, words, repeats):
    """Return the rows of one member, and its runs."""
    contest = CONTESTS[name]
    path, words = write_lines(folder, words=words // contest.share)
    with firth.prepare_corpus(path, max_words=contest.max_words, threads=THREADS) as corpus:
        task = Task(path, words, corpus, DIMENSIONS, SUBSAMPLE)
        runs = measure(task, {**contest.ways, **contest.peers}, repeats)
    peer = faster_gensim(runs) if GENSIM[0] in runs else next(iter(contest.peers), None)
    rows = []
    for way, own in runs.items():
        speeds = spread([words / run.seconds / 1e6 for run in own], 3)
        ratios = ""
        if way in contest.ways and peer:
            ratios = spread([other.seconds / run.seconds for other, run in zip(runs[peer], own, strict=True)], 1)
        rows.append([NAMES[name], way, round(words / 1e6, 1), speeds, ratios])
    return rows, {way: [run._asdict() for run in own] for way, own in runs.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--members", nargs="+", choices=CONTESTS, default=list(CONTESTS))
    parser.add_argument("--words", type=int, help="take the first N words only, show the results and keep none")
    options = parser.parse_args()
    rows, runs = {}, {}
    if (RESULTS / "family.json").exists():
        found = read_result("family")
        rows = {name: [row for row in found["rows"] if row[0] == NAMES[name]] for name in CONTESTS}
        runs = found["runs"]
    with tempfile.TemporaryDirectory() as folder:
        if options.words:
            measuring.RESULTS, rows, runs = Path(folder), {}, {}
        for name in options.members:
            rows[name], runs[name] = measure_member(name, folder, options.words or WORDS, options.repeats)
        rounds = statistics.median_high(max(map(len, found.values())) for found in runs.values())
        write_result(
            "family",
            what=f"One pass over the first words of Wikipedia, D = {DIMENSIONS}, two threads: million raw words a "
            f"second, median (least … most) of {rounds} rounds in turn; × peer is to the faster way of gensim, or to "
            "fastText. CBOW meets 5 noise words a position, skip-gram a pair; subwords have 3 to 6 characters and "
            "2 000 000 buckets on both sides, and fastText runs 10 threads on the two cores, as with fewer it leaves "
            "start rows zero; softmax has no peer that would end: it is here for its own sake. Compiling and finding "
            "n-grams are left out",
            command="python benchmarks/family.py",
            columns=["member", "trainer", "M words", "M words/s", "× peer"],
            rows=[row for name in CONTESTS for row in rows.get(name, [])],
            versions={"gensim": gensim_version, "fastText": importlib.metadata.version("fasttext-wheel")},
            runs={name: runs[name] for name in CONTESTS if name in runs},
        )


if __name__ == "__main__":
    main()
