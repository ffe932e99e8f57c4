"""How much memory does a run take at its peak, and how far off was the estimate?

    python benchmarks/memory.py

Each run is a process of its own: `firth.train` on `enwiki-text8-style`, one pass, two threads. The peak is the
process's resident memory less the pages of mapped files, which the system takes back when it needs room.
"""

import subprocess
import sys
import tempfile

from measuring import write_lines, write_result

import firth
from firth.training.estimate import estimate_memory

PROGRAM = """
import pathlib, sys, threading
import firth
peak, done = 0, threading.Event()
def watch():
    global peak
    while not done.wait(0.01):
        fields = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
        peak = max(peak, int(fields["RssAnon"].split()[0]) * 1024)
watcher = threading.Thread(target=watch, daemon=True)
watcher.start()
vectors = firth.train(sys.argv[1], dimensions=int(sys.argv[2]), min_count=int(sys.argv[3]), passes=1, threads=2)
done.set()
watcher.join()
print(peak, len(vectors))
"""


def main():
    rows = []
    firth.train([["a", "b"]] * 9, min_count=1, subsample=0)  # compiles: that would take 60 MB more, once
    with tempfile.TemporaryDirectory() as folder:
        path, _ = write_lines(folder)
        for dimensions, min_count in ((100, 5), (300, 5), (300, 1)):
            command = [sys.executable, "-c", PROGRAM, str(path), str(dimensions), str(min_count)]
            peak, words = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
            estimate = estimate_memory(words, dimensions, threads=2, window=5)
            parts = [
                round(part / 1e6)
                for part in (estimate.matrices, estimate.vocabulary, estimate.threads, estimate.interpreter)
            ]
            rows.append([words, dimensions, round(peak / 1e6), round(estimate.total / 1e6), *parts])
            print(rows[-1], flush=True)
    write_result(
        "memory",
        what="Peak memory of a whole run, MB, mapped files left out; the estimate made before it, with its parts",
        command="python benchmarks/memory.py",
        columns=["words", "dimensions", "peak", "estimate", "matrices", "vocabulary", "threads", "interpreter"],
        rows=rows,
    )


if __name__ == "__main__":
    main()
