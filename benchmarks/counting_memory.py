"""How much memory does counting take as a corpus grows, while its budget stays the same?

    python benchmarks/counting_memory.py [--words 4,17,60] [--keep-none]

Text of `zipf.py`, min_count 5, window 5, two threads, a budget of 256 MiB; each run is a process of its own, on a
corpus prepared before. The peak is the process's anonymous memory, without mapped files, which the system takes back
when it needs room; the bound is `firth.observations.counting.peak_memory` plus 100 bytes a word and 160 MB for Python
and its libraries. The last row is that bound for 10⁹ words and a million kinds, with a budget of 2 GiB.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import measuring
from measuring import write_result
from zipf import write_zipf

from firth.observations.counting import peak_memory

BUDGET = 1 << 28
THREADS = 2
WORD = 100
INTERPRETER = 160_000_000
PROGRAM = """
import json, pathlib, sys, threading, time
import firth
from firth.observations import Observations
from firth.observations.pairs import count_pairs

def in_bytes(name):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))

def watch():
    global anonymous
    while not done.wait(0.01):
        anonymous = max(anonymous, in_bytes("RssAnon"))

path, cache, dropping, threads, budget = json.loads(sys.argv[1])
anonymous, done = 0, threading.Event()
with firth.prepare_corpus(path, cache=cache, min_count=5) as corpus:
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    began = time.perf_counter()
    counts = count_pairs(corpus, Observations(dropping=dropping), threads=threads, memory=budget)
    seconds = time.perf_counter() - began
    done.set()
    watcher.join()
    print(json.dumps({
        "words": corpus.tokens, "vocabulary": len(counts), "ids": len(corpus.ids), "cells": counts.nonzero,
        "most": int(corpus.vocabulary.counts.max()), "seconds": seconds, "anonymous": anonymous,
        "on_disk": counts._store.is_on_disk,
    }))
"""


def run_alone(path, cache, dropping):
    """Prepare and count in processes of their own; return what the second found."""
    prepare = f"import firth; firth.prepare_corpus({str(path)!r}, cache={str(cache)!r}, min_count=5)"
    environment = {key: value for key, value in os.environ.items() if key != "FIRTH_CACHE"}
    subprocess.run([sys.executable, "-c", prepare], check=True, env=environment)
    settings = json.dumps([str(path), str(cache), dropping, THREADS, BUDGET])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, settings], stdout=subprocess.PIPE, text=True, check=True, env=environment
    )
    return json.loads(done.stdout)


def bound(size, length, most, budget):
    """Return the formula's bytes for a whole process."""
    return peak_memory(size, length, most, threads=THREADS, memory=budget) + WORD * size + INTERPRETER


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", default="4,17,60", help="millions of words, separated by commas")
    parser.add_argument("--keep-none", action="store_true", help="show the results and keep none")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.keep_none:
            measuring.RESULTS = folder
        warm = write_zipf(folder / "warm.txt", 100_000)
        for dropping in ("after", "before"):  # compiling takes memory, once
            run_alone(warm, folder / "cache", dropping)
        for millions in map(int, options.words.split(",")):
            path = write_zipf(folder / f"{millions}.txt", millions * 1_000_000)
            for dropping in ("after", "before"):
                found = run_alone(path, folder / "cache", dropping)
                size = bound(found["vocabulary"], found["ids"], found["most"], BUDGET)
                cells, seconds = f"{found['cells'] / 1e6:.1f} M", f"{found['seconds']:.1f}"
                sizes = [round(found["anonymous"] / 1e6), round(size / 1e6)]
                rows.append([f"{millions} M", dropping, found["vocabulary"], cells, seconds, *sizes])
                print(rows[-1], flush=True)
            path.unlink()
        size = bound(10**6, 10**9, 6 * 10**7, 1 << 31)
        rows.append(["1000 M", "either", 10**6, "", "", "", round(size / 1e6)])
        write_result(
            "counting_memory",
            what="Peak anonymous memory of counting, MB, and its bound by the formula; budget 256 MiB (last row, not "
            "run: 2 GiB), two threads, text of benchmarks/zipf.py",
            command="python benchmarks/counting_memory.py",
            columns=["words", "dropping", "vocabulary", "cells", "seconds", "peak", "bound"],
            rows=rows,
        )


if __name__ == "__main__":
    main()
