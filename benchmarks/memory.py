"""How much memory does a run take at its peak, and how far off was the estimate?

    python benchmarks/memory.py [--words N]

Each run is a process of its own: `firth.train` on `enwiki-text8-style`, one pass, two threads, with the kernel that
gives the same bytes on any number of threads and with racing threads; then each other member of the family, the lines
of 1000 words being its documents. The estimate is the one that the run itself makes before it begins. The peak is the
process's resident memory less the pages of mapped files, which the system takes back when it needs room. With `--words`
the results are shown and not kept.
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

KERNELS = {"firth": True, "firth, racing": False}
"""Names of the kernels, and whether they are reproducible."""
MEMBERS = {
    "firth, CBOW": {"model": "cbow"},
    "firth, hierarchical softmax": {"loss": "hierarchical"},
    "firth, subwords": {"subwords": {"smallest": 3, "longest": 6}},
    "firth, documents, dbow": {"way": "dbow"},
    "firth, documents, dm": {"way": "dm"},
}
"""Other members of the family, and what they are told."""
THREADS = 2
# The system keeps the peak of all pages itself (VmHWM); `ru_maxrss` would have the parent's from before the start too.
# What is no file's it has to be asked for again and again.
PROGRAM = """
import json, pathlib, sys, threading
import firth
import firth.recipes.training as recipe

def in_bytes(name):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))

def watch():
    global anonymous
    while not done.wait(0.02):
        anonymous = max(anonymous, in_bytes("RssAnon"))

path, settings = json.loads(sys.argv[1])
if "subwords" in settings:
    settings["subwords"] = firth.Subwords(**settings["subwords"])
estimates, estimated = [], recipe.memory_of
recipe.memory_of = lambda *run: estimates.append(estimated(*run)) or estimates[-1]
anonymous, done = 0, threading.Event()
watcher = threading.Thread(target=watch, daemon=True)
watcher.start()
vectors = (firth.train_documents if "way" in settings else firth.train)(path, **settings)
done.set()
watcher.join()
config = vectors.config
found = {key: config["training"]["losses"][-1][key] for key in ("seconds", "pairs", "words_per_second")}
found |= {"words": config["corpus"]["tokens"], "vocabulary": len(vectors.words)}
parts = "total", "matrices", "vocabulary", "threads", "interpreter"
found["estimate"] = [getattr(estimates[0], part) for part in parts]
print(json.dumps(found | {"anonymous": anonymous, "resident": in_bytes("VmHWM")}))
"""


def run_alone(path, **settings):
    """Train in a process of its own.

    Return words, vocabulary (V), seconds, pairs and words_per_second of the last pass, the estimate of bytes and its
    parts, and bytes at the peak: resident, and anonymous, which is without the pages of mapped files.
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


def measure(path, name, **settings):
    """Return a row: the peak of a run, the estimate, its parts, all in MB."""
    run_alone(path, **settings, passes=1, threads=THREADS)  # compiles: 60 MB more, once
    found = run_alone(path, **settings, passes=1, threads=THREADS)
    sizes = [round(size / 1e6) for size in (found["anonymous"], *found["estimate"])]
    return [name, found["vocabulary"], settings["dimensions"], *sizes]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, help="take the first N words only, show the results and keep none")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        if options.words:
            measuring.RESULTS = Path(folder)
        path, _ = write_lines(folder, words=options.words)
        runs = [
            (name, {"dimensions": dimensions, "min_count": min_count, "reproducible": is_reproducible})
            for dimensions, min_count in ((100, 5), (300, 5), (300, 1))
            for name, is_reproducible in KERNELS.items()
        ]
        runs += [(name, {"dimensions": 100, **member}) for name, member in MEMBERS.items()]
        for name, settings in runs:
            rows.append(measure(path, name, **settings))
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
