"""How long from a text file to its phrases and the text with them joined, against gensim's `Phrases`?

    python benchmarks/phrases.py [--repeats 2]

`enwiki-text8-style` in lines of 1000 words, the original score, min_count 5, one pass; first without connectors, then
with those that firth takes for English. In turn:

    firth    `prepare_corpus(file, min_count=1)`, `find_phrases(corpus)`, `phrases.join(corpus)`: a corpus of ids; two
             threads, cache empty, kernels compiled before
    gensim   `Phrases(LineSentence(file))`, `.freeze()`, and every sentence of the frozen phrases, gone through and
             dropped; it has one thread

gensim multiplies scores by the size of its table where firth has the number of tokens, so its threshold is firth's 100
times size/tokens; it is put in place when the table is made, which does not depend on it. Both must find the same
phrases, and come to as many words when they are joined. Of the phrases in the analogies on phrases, most of which are
too rare for so little text, those are counted that firth finds in two passes.
"""

import argparse
import statistics
import sys
import tempfile
import time

from gensim import __version__ as gensim_version
from gensim.models.phrases import Phrases as PeerPhrases
from gensim.models.word2vec import LineSentence
from measuring import data_file, spread, write_lines, write_result

import firth
from firth.text.phrase_settings import ENGLISH_CONNECTORS

MIN_COUNT = 5
THRESHOLD = 100.0
THREADS = 2
CONNECTORS = {"none": (), "english": ENGLISH_CONNECTORS}


def time_firth(path, connectors):
    """Return seconds, the phrases, and how many words the joined text has."""
    start = time.perf_counter()
    with firth.prepare_corpus(path, min_count=1, threads=THREADS) as corpus:
        phrases = firth.find_phrases(
            corpus, min_count=MIN_COUNT, threshold=THRESHOLD, connectors=connectors, threads=THREADS
        )
        with phrases.join(corpus, min_count=MIN_COUNT, threads=THREADS) as joined:
            return time.perf_counter() - start, {phrase.text for phrase in phrases}, joined.tokens


def time_gensim(path, connectors):
    """Return seconds, the phrases, and how many words the joined text has."""
    start = time.perf_counter()
    model = PeerPhrases(LineSentence(str(path)), min_count=MIN_COUNT, connector_words=frozenset(connectors))
    model.threshold = THRESHOLD * len(model.vocab) / model.corpus_word_count
    frozen = model.freeze()
    words = sum(len(sentence) for sentence in frozen[LineSentence(str(path))])
    return time.perf_counter() - start, set(frozen.phrasegrams), words


def measure(path, connectors, repeats):
    """Time both in turn, after one run of firth to warm up kernels and file cache; return the phrases, and seconds."""
    time_firth(path, connectors)
    ways = {"firth": time_firth, "gensim": time_gensim}
    runs = {way: [] for way in ways}
    for _ in range(repeats):
        for way, run in ways.items():
            runs[way].append(run(path, connectors))
    first = {way: times[0][1:] for way, times in runs.items()}
    if any(run[1:] != first["firth"] for times in runs.values() for run in times):
        sizes = {way: (len(found), words) for way, (found, words) in first.items()}
        sys.exit(f"expected the same phrases and words from both, got {sizes}")
    return first["firth"][0], {way: [run[0] for run in times] for way, times in runs.items()}


def asked_phrases():
    """Return the phrases of the analogies that are made of two words or more."""
    lines = data_file("analogy/questions-phrases.txt").read_text(encoding="utf-8").lower().splitlines()
    words = {word for line in lines if not line.startswith(":") for word in line.split()}
    return {word for word in words if "_" in word}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=2)
    repeats = parser.parse_args().repeats
    rows, all_seconds = [], {}
    with tempfile.TemporaryDirectory() as folder:
        path, words = write_lines(folder)
        for name, connectors in CONNECTORS.items():
            found, seconds = measure(path, connectors, repeats)
            ratio = spread([peer / own for own, peer in zip(seconds["firth"], seconds["gensim"], strict=True)], 1)
            for way, times in seconds.items():
                speed = round(words / statistics.median(times) / 1e6, 3)
                rows.append([name, way, spread(times), speed, len(found), ratio if way == "firth" else ""])
            all_seconds[name] = seconds
        two = firth.find_phrases(path, min_count=MIN_COUNT, connectors="english", passes=2, threads=THREADS)
    asked = asked_phrases()
    known = sum(phrase in two for phrase in asked)
    write_result(
        "phrases",
        what="Seconds from 100 MB of text (16.9 M words) to its phrases and to the text with them joined, the original "
        f"score, median (least … most) of {repeats} rounds in turn; firth on two threads, gensim has one; both find "
        "the same phrases, every one, and come to as many words when they are joined. Of the "
        f"{len(asked)} phrases in the analogies on phrases, two passes find {known} here",
        command="python benchmarks/phrases.py",
        columns=["connectors", "finder", "seconds", "M words/s", "phrases", "× gensim"],
        rows=rows,
        versions={"gensim": gensim_version},
        seconds=all_seconds,
        asked=len(asked),
        known=known,
    )


if __name__ == "__main__":
    main()
