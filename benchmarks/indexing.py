"""How long from a text file to ids and vocabulary, against gensim's `build_vocab`?

    python benchmarks/indexing.py [--json FILE] [--repeats 5] [--threads 2]

Reads `corpora/enwiki-text8-style.txt.xz` in the folder that FIRTH_TEST_DATA names (default: ../shared/data beside the
repository), writes it to a temporary folder in lines of 1000 words and as one line, and times in turn

    firth    `prepare_corpus(file)`: checksum, vocabulary and ids on disk; compiled kernels, no cache of corpora
    gensim   `Word2Vec(min_count=5, workers=threads).build_vocab(corpus_file=file)`: the vocabulary only, in lines of
             1000 words (gensim cuts longer ones off)

Both must find the same vocabulary size, and ours the same in both files. A ratio below 1 means that firth is faster.
"""

import argparse
import json
import lzma
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from gensim import __version__ as gensim_version
from gensim.models import Word2Vec

import firth

REPOSITORY = Path(__file__).resolve().parent.parent
MIN_COUNT = 5
WORDS_PER_LINE = 1000


def write_corpus(folder):
    """Write the corpus in lines and as one line; return both paths and the number of words."""
    data = Path(os.environ.get("FIRTH_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    source = data / "corpora" / "enwiki-text8-style.txt.xz"
    if not source.exists():
        sys.exit(f"expected {source}, got nothing there; set FIRTH_TEST_DATA")
    words = lzma.decompress(source.read_bytes()).split()
    in_lines, in_one = folder / "lines.txt", folder / "one-line.txt"
    with in_lines.open("wb") as file:
        for start in range(0, len(words), WORDS_PER_LINE):
            file.write(b" ".join(words[start : start + WORDS_PER_LINE]) + b"\n")
    in_one.write_bytes(b" ".join(words) + b"\n")
    return in_lines, in_one, len(words)


def time_firth(path, threads):
    """Return seconds, size of the vocabulary, tokens."""
    start = time.perf_counter()
    corpus = firth.prepare_corpus(path, min_count=MIN_COUNT, threads=threads)
    seconds = time.perf_counter() - start
    with corpus:
        return seconds, len(corpus.vocabulary), corpus.tokens


def time_gensim(path, threads):
    """Return seconds, size of the vocabulary, tokens."""
    model = Word2Vec(min_count=MIN_COUNT, workers=threads)
    start = time.perf_counter()
    model.build_vocab(corpus_file=str(path))
    return time.perf_counter() - start, len(model.wv), model.corpus_total_words


def machine():
    """Name the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "processor": model or platform.processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "gensim": gensim_version,
        "firth": firth.__version__,
    }


def measure(repeats, threads):
    """Time all three in turn, after one run to warm up kernels and file cache."""
    with tempfile.TemporaryDirectory() as name:
        in_lines, in_one, words = write_corpus(Path(name))
        ways = {
            "firth, lines": lambda: time_firth(in_lines, threads),
            "firth, one line": lambda: time_firth(in_one, threads),
            "gensim, lines": lambda: time_gensim(in_lines, threads),
        }
        ways["firth, lines"]()
        runs = {way: [] for way in ways}
        for _ in range(repeats):
            for way, run in ways.items():
                runs[way].append(run())
    found = {(vocabulary, tokens) for times in runs.values() for _, vocabulary, tokens in times}
    if len(found) != 1 or found.pop()[1] != words:
        sys.exit(f"expected the same vocabulary and {words} tokens from all, got {runs}")
    return {way: [seconds for seconds, _, _ in times] for way, times in runs.items()}, words


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.repeats < 3:
        parser.error("expected --repeats of 3 or more; fewer say nothing about the spread")
    runs, words = measure(options.repeats, options.threads)
    gensim_seconds = statistics.median(runs["gensim, lines"])
    results = []
    print(f"{words:,} words, {options.threads} threads, {options.repeats} runs in turn")
    print(f"{'':16} {'median s':>9} {'least':>7} {'most':>7} {'words/s':>12} {'ratio':>6}")
    for way, seconds in runs.items():
        median = statistics.median(seconds)
        result = {
            "way": way,
            "seconds": seconds,
            "median_seconds": median,
            "words_per_second": words / median,
            "ratio_to_gensim": median / gensim_seconds,
        }
        results.append(result)
        spread = f"{median:9.3f} {min(seconds):7.3f} {max(seconds):7.3f}"
        print(f"{way:16} {spread} {words / median:12,.0f} {median / gensim_seconds:6.3f}")
    if options.json:
        what = "seconds from a text of 17 million words to vocabulary (gensim), to vocabulary and ids on disk (firth)"
        command = " ".join(["python", "benchmarks/indexing.py", *sys.argv[1:]])
        content = {"what": what, "command": command, "machine": machine(), "results": results}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
