"""How much memory does a run take at its peak, and how far off was the estimate?

    python benchmarks/memory.py [--words N]

Each run is a process of its own: `firth.train` on `enwiki-text8-style`, one pass, two threads, with the kernel that
gives the same bytes on any number of threads and with racing threads. The peak is the process's resident memory less
the pages of mapped files, which the system takes back when it needs room. With `--words` the results are shown and not
kept.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import measuring
from measuring import write_lines, write_result

from firth.training.estimate import estimate_memory
from firth.training.settings import SLICES
from firth.training.slices import copies_of_slice

KERNELS = {"firth": True, "firth, racing": False}
"""Names of the kernels, and whether they are reproducible."""
THREADS = 2
# The system keeps the peak of all pages itself (VmHWM); `ru_maxrss` would have the parent's from before the start too.
# What is no file's it has to be asked for again and again.
PROGRAM = """
import json, pathlib, sys, threading
import firth

def in_bytes(name):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))

def watch():
    global anonymous
    while not done.wait(0.02):
        anonymous = max(anonymous, in_bytes("RssAnon"))

path, settings = json.loads(sys.argv[1])
anonymous, done = 0, threading.Event()
watcher = threading.Thread(target=watch, daemon=True)
watcher.start()
vectors = firth.train(path, **settings)
done.set()
watcher.join()
config = vectors.config
found = {key: config["training"]["losses"][-1][key] for key in ("seconds", "pairs", "words_per_second")}
found |= {"words": config["corpus"]["tokens"], "vocabulary": len(vectors)}
print(json.dumps(found | {"anonymous": anonymous, "resident": in_bytes("VmHWM")}))
"""


def run_alone(path, **settings):
    """Train in a process of its own.

    Return words, vocabulary (V), seconds, pairs and words_per_second of the last pass, and bytes at the peak: resident,
    and anonymous, which is without the pages of mapped files.
    """
    command = [sys.executable, "-c", PROGRAM, json.dumps([str(path), settings])]
    environment = {key: value for key, value in os.environ.items() if key != "FIRTH_CACHE"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        sys.exit(f"expected a run with {settings} to end well, got status {done.returncode}: see above")
    return json.loads(done.stdout)


def compile_kernels(path):
    """Train on a text once with each kernel: compiling takes 60 MB more, once."""
    for reproducible in KERNELS.values():
        run_alone(path, dimensions=100, passes=1, threads=THREADS, reproducible=reproducible)


def measure(path, name, dimensions, min_count):
    """Return a row: the peak of a run, the estimate, its parts, all in MB."""
    settings = {"dimensions": dimensions, "min_count": min_count, "passes": 1, "threads": THREADS}
    found = run_alone(path, **settings, reproducible=KERNELS[name])
    # Slices are as long as here for any corpus of some million words at these settings.
    copies = SLICES * copies_of_slice(268, 5, found["vocabulary"]) if KERNELS[name] else 0
    estimate = estimate_memory(found["vocabulary"], dimensions, threads=THREADS, window=5, copies=copies)
    parts = (estimate.total, estimate.matrices, estimate.vocabulary, estimate.threads, estimate.interpreter)
    sizes = [round(size / 1e6) for size in (found["anonymous"], *parts)]
    return [name, found["vocabulary"], dimensions, *sizes]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, help="take the first N words only, show the results and keep none")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        if options.words:
            measuring.RESULTS = Path(folder)
        path, _ = write_lines(folder, words=options.words)
        compile_kernels(path)
        for dimensions, min_count in ((100, 5), (300, 5), (300, 1)):
            for name in KERNELS:
                rows.append(measure(path, name, dimensions, min_count))
                print(rows[-1], flush=True)
        write_result(
            "memory",
            what="Peak memory of a whole run, MB, mapped files left out; the estimate made before it, with its parts",
            command="python benchmarks/memory.py",
            columns=[
                "trainer",
                "words",
                "dimensions",
                "peak",
                "estimate",
                "matrices",
                "vocabulary",
                "threads",
                "interpreter",
            ],
            rows=rows,
        )


if __name__ == "__main__":
    main()
