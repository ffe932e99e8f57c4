"""How many words a second does training take in, against gensim and fastText, in one run?

    python benchmarks/training.py [--repeats 3] [--dimensions 100 300] [--subsample 1e-3] [--words N]

`enwiki-text8-style` in lines of 1000 words, window 5, negatives 5, subsample 1e-3, min_count 5, learning rate 0.025,
one pass, two threads or workers: the settings of `benchmarks/quality.py`. In turn, per round: firth with the kernel
that gives the same bytes on any number of threads, and with racing threads; gensim reading the file itself
(`corpus_file`), and fed with sentences (`LineSentence`); fastText. Last, at D = 100 and `--thinned 1e-4`, the kernels
of firth and the faster way of gensim. With `--words` the results are shown and not kept.

Vocabulary and compilation are done before; the loss tally of firth is on, that of gensim off. Speeds are raw words a
second, before frequent words are dropped; every tool's count of trained words is checked. A ratio is that of two runs
of one round. The share of the float32 peak counts 6·D·(K + 1) flops a pair against what `benchmarks/roofline.py`
measured on all cores at most.
"""

import argparse
import importlib.metadata
import json
import os
import re
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import measuring
from gensim import __version__ as gensim_version
from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence
from measuring import RESULTS, check_trained, spread, write_lines, write_result

import firth
from firth.text import Corpus
from firth.training.stream import Stream, StreamSettings

THREADS = 2
SETTINGS = {"window": 5, "negative": 5, "sample": 1e-3, "min_count": 5, "alpha": 0.025, "sg": 1, "workers": THREADS}
NEGATIVES = SETTINGS["negative"]
FASTTEXT_THREADS = 10
"""fastText fills its start rows in ten blocks, one by each thread: with fewer threads the other rows stay zero."""
SEAM = 10_000 * THREADS
"""gensim's workers may drop or repeat a batch of words each where their parts of a file meet."""
GENSIM = ("gensim, corpus_file", "gensim, sentences")
MUCH_SLOWER = 1.3
THINNED_DIMENSIONS = 100


class Task(NamedTuple):
    """One pass: the lines, their words, the same as firth's prepared corpus, and the settings that vary."""

    path: Path
    words: int
    corpus: Corpus
    dimensions: int
    subsample: float


class Run(NamedTuple):
    """What one pass took: seconds, raw words it was trained on, pairs where they are counted."""

    seconds: float
    words: int
    pairs: int | None = None


def train_firth(task, *, reproducible):
    """Train one pass with firth."""
    settings = StreamSettings(
        dimensions=task.dimensions,
        negatives=NEGATIVES,
        passes=1,
        learning_rate=0.025,
        threads=THREADS,
        seed=1,
        reproducible=reproducible,
    )
    stream = Stream(
        task.corpus.ids,
        task.corpus.vocabulary.counts,
        observations=firth.Observations(subsample=task.subsample),
        settings=settings,
        raw_words=task.corpus.tokens,
    )
    stream.compile_kernels()
    tally = stream.train().passes[0]
    if tally.share != 1:
        sys.exit(f"expected firth to train on all positions, got {tally.share:.1%}")
    return Run(tally.seconds, task.corpus.tokens, tally.pairs)


def check_gensim(trained, words, passes=1):
    """End with an error if gensim trained on other than its words; they may be few, and its seams weigh more then."""
    if abs(trained - words * passes) > SEAM * passes:
        check_trained("gensim", trained, words * passes)


def train_gensim(task, *, by_file, **others):
    """Train one pass with gensim, with other settings than SETTINGS where they are given."""
    model = Word2Vec(vector_size=task.dimensions, epochs=1, **{**SETTINGS, "sample": task.subsample, **others})
    source = {"corpus_file": str(task.path)} if by_file else {"corpus_iterable": LineSentence(str(task.path))}
    model.build_vocab(corpus_file=str(task.path))
    began = time.perf_counter()
    _, raw = model.train(**source, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=1)
    seconds = time.perf_counter() - began
    check_gensim(raw, task.words)
    return Run(seconds, raw)


@contextmanager
def standard_error_kept():
    """Keep what the block, compiled code too, writes to standard error: give a list, which then has it as text."""
    texts = []
    with tempfile.TemporaryFile() as written:
        usual = os.dup(2)
        os.dup2(written.fileno(), 2)
        try:
            yield texts
        finally:
            os.dup2(usual, 2)
            os.close(usual)
            written.seek(0)
            texts.append(written.read().decode())


def call_fasttext(task, **ngrams):
    """Read and train one pass with fastText; return the model, its words a second by its own clock, our seconds."""
    import fasttext

    began = time.perf_counter()
    with standard_error_kept() as texts:
        model = fasttext.train_unsupervised(
            str(task.path),
            model="skipgram",
            dim=task.dimensions,
            ws=SETTINGS["window"],
            neg=NEGATIVES,
            t=task.subsample,
            minCount=SETTINGS["min_count"],
            lr=SETTINGS["alpha"],
            epoch=1,
            thread=FASTTEXT_THREADS,
            verbose=1,
            **(ngrams or {"minn": 0, "maxn": 0, "bucket": 0}),
        )
    seconds = time.perf_counter() - began
    speed = re.search(r"100\.0% words/sec/thread: +(\d+)", texts[0])
    if speed is None:
        sys.exit(f"expected fastText to write its words/sec/thread, got {texts[0]!r}")
    return model, int(speed[1]) * FASTTEXT_THREADS, seconds


def train_fasttext(task, **ngrams):
    """Train one pass with fastText, without n-grams if none are given; return the seconds of training alone.

    Vocabulary and training are one call; how fast training was stands in the line that fastText writes at its end. It
    counts the words of its vocabulary and the ends of lines, and goes on until they are as many as all words and ends
    of lines, a bit more than a pass: exactly one pass takes as long as its own words and ends do at that speed.
    """
    model, words_per_second, whole = call_fasttext(task, **ngrams)
    vocabulary, found = task.corpus.vocabulary, set(model.words) - {"</s>"}
    if found != set(vocabulary.words):
        sys.exit(f"expected fastText to keep the {len(vocabulary)} words that firth keeps, got {len(found)}")
    seconds = (int(vocabulary.counts.sum()) + task.corpus.sentences) / words_per_second
    if seconds > whole:
        sys.exit(f"expected fastText to train in less than its whole call, {whole:.1f} s, got {seconds:.1f} s")
    return Run(seconds, task.words)


FIRTH = {
    "firth": partial(train_firth, reproducible=True),
    "firth, racing": partial(train_firth, reproducible=False),
}
PEERS = {
    GENSIM[0]: partial(train_gensim, by_file=True),
    GENSIM[1]: partial(train_gensim, by_file=False),
    "fastText": train_fasttext,
}


def measure(task, ways, repeats):
    """Return a list of runs of each way, taken in turn; a way of gensim much slower than the other runs once."""
    ways, runs = dict(ways), {way: [] for way in ways}
    for _ in range(repeats):
        for way, train in ways.items():
            run = train(task)
            runs[way].append(run)
            speed = task.words / run.seconds / 1e6
            print(f"D = {task.dimensions}, {task.subsample:g}: {way} {speed:.3f} M words/s", run, flush=True)
        by_file, sentences = (runs[way][0].seconds if way in runs else 0 for way in GENSIM)
        if by_file and sentences > MUCH_SLOWER * by_file:
            ways.pop(GENSIM[1], None)
    return runs


def faster_gensim(runs):
    """Return the faster way of gensim, of those that ran in every round."""
    rounds = max(map(len, runs.values()))
    complete = [way for way in GENSIM if len(runs.get(way, ())) == rounds]
    return min(complete, key=lambda way: statistics.median(run.seconds for run in runs[way]))


def peak_flops():
    """Return the float32 flops a second that all cores were measured to do at most, or None if none were."""
    path = RESULTS / "roofline.json"
    return json.loads(path.read_text())["peak"]["gflops_512_all_most"] * 1e9 if path.exists() else None


def share_of_peak(dimensions, runs):
    """Return what the flops of the pairs are of the peak, in percent, as one cell."""
    peak = peak_flops()
    if peak is None:
        return "–"
    flops = 6 * dimensions * (NEGATIVES + 1)
    return spread([100 * flops * run.pairs / run.seconds / peak for run in runs], 1)


def rows_of(task, runs):
    """Return a row for each way."""
    rows, peers = [], [faster_gensim(runs), "fastText"]
    for way, own in runs.items():
        ratios = ["", ""]
        if way in FIRTH:
            ratios = [
                spread([peer.seconds / run.seconds for peer, run in zip(runs[name], own, strict=True)])
                if name in runs
                else ""
                for name in peers
            ]
        speeds = spread([task.words / run.seconds / 1e6 for run in own], 3)
        share = share_of_peak(task.dimensions, own) if way in FIRTH else ""
        rows.append([task.dimensions, f"{task.subsample:g}", way, speeds, *ratios, share])
    return rows


def measure_all(path, words, options):
    """Return the rows of the table, and all runs by settings."""
    rows, raw, faster = [], {}, GENSIM[0]
    with firth.prepare_corpus(path, threads=THREADS) as corpus:
        if corpus.tokens != words:
            sys.exit(f"expected firth to read {words} words, got {corpus.tokens}")
        plan = [(dimensions, each, FIRTH | PEERS) for each in options.subsample for dimensions in options.dimensions]
        plan += [(THINNED_DIMENSIONS, options.thinned, None)] * bool(options.thinned)
        for dimensions, subsample, ways in plan:
            task = Task(path, words, corpus, dimensions, subsample)
            runs = measure(task, ways or FIRTH | {faster: PEERS[faster]}, options.repeats)
            if dimensions == THINNED_DIMENSIONS:
                faster = faster_gensim(runs)
            rows += rows_of(task, runs)
            raw[f"D = {dimensions}, subsample = {subsample:g}"] = {
                way: [run._asdict() for run in found] for way, found in runs.items()
            }
    return rows, raw


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dimensions", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--subsample", type=float, nargs="+", default=[1e-3])
    parser.add_argument("--thinned", type=float, default=1e-4, help="subsample of the last rows, at D = 100; 0: none")
    parser.add_argument("--words", type=int, help="take the first N words only, show the results and keep none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.words:
            measuring.RESULTS = Path(folder)
        path, words = write_lines(folder, words=options.words)
        rows, raw = measure_all(path, words, options)
        write_result(
            "training",
            what=f"One pass of skip-gram with negative sampling over {words / 1e6:.1f} M words of Wikipedia, two "
            f"threads: million raw words a second, median (least … most) of {options.repeats} rounds; × gensim is to "
            f"its faster way, and `sentences` runs once only where it takes over {MUCH_SLOWER} times as long as "
            "`corpus_file`; fastText runs 10 threads on the two cores, as with fewer it leaves start rows zero, and "
            "returns no count of trained words: its speed is that of training alone by its own clock and count, its "
            "vocabulary is checked to be firth's; the share of the float32 peak of both cores is in percent, at "
            "6·D·(K + 1) flops a pair",
            command="python benchmarks/training.py",
            columns=["dimensions", "subsample", "trainer", "M words/s", "× gensim", "× fastText", "% of float32 peak"],
            rows=rows,
            versions={"gensim": gensim_version, "fastText": importlib.metadata.version("fasttext-wheel")},
            runs=raw,
        )


if __name__ == "__main__":
    main()
