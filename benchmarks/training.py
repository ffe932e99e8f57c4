"""How many words a second does training take in, against gensim, in one run?

    python benchmarks/training.py [--repeats 3] [--dimensions 100 300]

`enwiki-text8-style` in lines of 1000 words, window 5, negatives 5, subsample 1e-3, min_count 5, learning rate 0.025,
one pass, two threads or workers: the settings of `benchmarks/quality.py`. In turn, per round: firth, gensim reading the
file itself (`corpus_file`), gensim fed with sentences (`LineSentence`). Vocabulary and compilation are done before;
the loss tally of firth is on, that of gensim off. Speeds are raw words a second, before frequent words are dropped;
every tool's count of trained words is checked. A ratio is that of two runs of one round.
"""

import argparse
import statistics
import sys
import tempfile
import time

from gensim import __version__ as gensim_version
from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence
from measuring import check_trained, spread, write_lines, write_result

import firth
from firth.training.stream import Stream, StreamSettings

THREADS = 2
SETTINGS = {"window": 5, "negative": 5, "sample": 1e-3, "min_count": 5, "alpha": 0.025, "sg": 1, "workers": THREADS}


def train_firth(corpus, dimensions):
    """Train one pass; return seconds, and how many words were trained on."""
    settings = StreamSettings(
        dimensions=dimensions, negatives=5, passes=1, learning_rate=0.025, threads=THREADS, seed=1
    )
    stream = Stream(
        corpus.ids,
        corpus.vocabulary.counts,
        observations=firth.Observations(),
        settings=settings,
        raw_words=corpus.tokens,
    )
    stream.compile_kernels()
    tally = stream.train().passes[0]
    if tally.share != 1:
        sys.exit(f"expected firth to train on all positions, got {tally.share:.1%}")
    return tally.seconds, corpus.tokens


def train_gensim(path, dimensions, words, *, by_file):
    """Train one pass; return seconds, and how many words were trained on."""
    model = Word2Vec(vector_size=dimensions, epochs=1, **SETTINGS)
    source = {"corpus_file": str(path)} if by_file else {"corpus_iterable": LineSentence(str(path))}
    model.build_vocab(corpus_file=str(path))
    began = time.perf_counter()
    _, raw = model.train(**source, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=1)
    seconds = time.perf_counter() - began
    check_trained("gensim", raw, words)
    return seconds, raw


def measure(path, words, dimensions, repeats):
    """Return seconds and trained words of each way, a list each, taken in turn."""
    with firth.prepare_corpus(path, threads=THREADS) as corpus:
        if corpus.tokens != words:
            sys.exit(f"expected firth to read {words} words, got {corpus.tokens}")
        ways = {
            "firth": lambda: train_firth(corpus, dimensions),
            "gensim, corpus_file": lambda: train_gensim(path, dimensions, words, by_file=True),
            "gensim, sentences": lambda: train_gensim(path, dimensions, words, by_file=False),
        }
        runs = {way: [] for way in ways}
        for _ in range(repeats):
            for way, run in ways.items():
                runs[way].append(run())
                seconds, trained = runs[way][-1]
                print(f"D = {dimensions}: {way} {words / seconds / 1e6:.3f} M words/s, {trained} words", flush=True)
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dimensions", type=int, nargs="+", default=[100, 300])
    options = parser.parse_args()
    rows, raw = [], {}
    with tempfile.TemporaryDirectory() as folder:
        path, words = write_lines(folder)
        for dimensions in options.dimensions:
            runs = measure(path, words, dimensions, options.repeats)
            raw[dimensions] = {
                way: {"seconds": [s for s, _ in found], "words": [n for _, n in found]} for way, found in runs.items()
            }
            runs = {way: [seconds for seconds, _ in found] for way, found in runs.items()}
            faster = min(("gensim, corpus_file", "gensim, sentences"), key=lambda way: statistics.median(runs[way]))
            for way, seconds in runs.items():
                ratios = [peer / own for peer, own in zip(runs[faster], seconds, strict=True)]
                speeds = [words / each / 1e6 for each in seconds]
                rows.append([dimensions, way, spread(speeds, 3), spread(ratios) if way == "firth" else ""])
    write_result(
        "training",
        what="One pass of skip-gram with negative sampling over 16.9 M words of Wikipedia, two threads: million raw "
        f"words a second, median (least … most) of {options.repeats} rounds; the ratio is to the faster way of gensim",
        command="python benchmarks/training.py",
        columns=["dimensions", "trainer", "M words/s", "× gensim"],
        rows=rows,
        versions={"gensim": gensim_version},
        runs=raw,
    )


if __name__ == "__main__":
    main()
