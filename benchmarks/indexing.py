"""How long from a text file to ids and vocabulary, against gensim's `build_vocab`?

    python benchmarks/indexing.py [--repeats 5]

`enwiki-text8-style`, min_count 5, two threads, in turn:

    firth    `prepare_corpus(file)`: checksum, vocabulary and ids on disk, cache empty, kernels compiled before; once in
             lines of 1000 words, once as one line of 100 MB
    gensim   `Word2Vec(min_count=5).build_vocab(corpus_file=file)`: the vocabulary only, in lines of 1000 words

All must find the same vocabulary size and as many tokens. A ratio below 1 means that firth is faster.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from gensim import __version__ as gensim_version
from gensim.models import Word2Vec
from measuring import spread, write_lines, write_result

import firth

MIN_COUNT = 5
THREADS = 2


def time_firth(path):
    """Return seconds, size of the vocabulary, tokens."""
    start = time.perf_counter()
    corpus = firth.prepare_corpus(path, min_count=MIN_COUNT, threads=THREADS)
    seconds = time.perf_counter() - start
    with corpus:
        return seconds, len(corpus.vocabulary), corpus.tokens


def time_gensim(path):
    """Return seconds, size of the vocabulary, tokens."""
    model = Word2Vec(min_count=MIN_COUNT, workers=THREADS)
    start = time.perf_counter()
    model.build_vocab(corpus_file=str(path))
    return time.perf_counter() - start, len(model.wv), model.corpus_total_words


def measure(repeats):
    """Time all three in turn, after one run to warm up kernels and file cache; return their seconds."""
    with tempfile.TemporaryDirectory() as folder:
        in_lines, words = write_lines(folder)
        in_one = Path(folder) / "one-line.txt"
        in_one.write_bytes(in_lines.read_bytes().replace(b"\n", b" ").rstrip() + b"\n")
        ways = {
            "firth, lines": lambda: time_firth(in_lines),
            "firth, one line": lambda: time_firth(in_one),
            "gensim, lines": lambda: time_gensim(in_lines),
        }
        ways["firth, lines"]()
        runs = {way: [] for way in ways}
        for _ in range(repeats):
            for way, run in ways.items():
                runs[way].append(run())
    found = {(vocabulary, tokens) for times in runs.values() for _, vocabulary, tokens in times}
    if len(found) != 1 or found.pop()[1] != words:
        sys.exit(f"expected the same vocabulary and {words} tokens from all, got {runs}")
    return {way: [seconds for seconds, _, _ in times] for way, times in runs.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    runs = measure(repeats)
    peer = runs["gensim, lines"]
    rows = []
    for way, seconds in runs.items():
        ratio = spread([own / other for own, other in zip(seconds, peer, strict=True)])
        rows.append([way, spread(seconds), ratio if way != "gensim, lines" else ""])
    write_result(
        "indexing",
        what="Seconds from 100 MB of text (16.9 M words) to vocabulary (gensim), to vocabulary and ids on disk "
        f"(firth), two threads, median (least … most) of {repeats} rounds",
        command="python benchmarks/indexing.py",
        columns=["reader", "seconds", "ratio to gensim"],
        rows=rows,
        versions={"gensim": gensim_version},
        seconds=runs,
    )


if __name__ == "__main__":
    main()
