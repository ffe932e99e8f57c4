"""How small can vectors be, and what does it cost?

    python benchmarks/compression.py [--vectors FOLDER]

Skip-gram vectors of 16.9 M words of Wikipedia, D = 300, compressed in every way and evaluated; and 1 M × 300 random
numbers, compressed and saved, for the size of the folder and the time to open it.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from measuring import data_file, write_lines, write_result

import firth
from firth.evaluation import evaluate

COMMAND = "python benchmarks/compression.py"
RESTRICT = 30_000
GOLD = {
    "WordSim-353": "similarity/ws-353-all.txt",
    "SimLex-999": "similarity/simlex-999.txt",
    "MEN dev": "similarity/men-dev.txt",
    "analogies": "analogy/questions-words.txt",
}
WAYS = {
    "as trained": {},
    "float16": {"to": "float16"},
    "int8": {"to": "int8"},
    "product, 2 dimensions a byte": {"to": "product", "groups": 150},
    "product, 4 dimensions a byte": {"to": "product"},
    "150 dimensions": {"dimensions": 150},
    "150 dimensions, centred": {"dimensions": 150, "center": True},
    "150 dimensions, int8": {"dimensions": 150, "to": "int8"},
    "150 dimensions, product, 75 bytes": {"dimensions": 150, "to": "product", "groups": 75},
    "30,000 words": {"words": 30_000},
}


def trained():
    """Train the vectors that are compressed."""
    with tempfile.TemporaryDirectory() as folder:
        path, _ = write_lines(folder)
        return firth.train(path, dimensions=300, passes=5, seed=1)


def quality(vectors):
    """Return what each gold set measures, × 100."""
    files = [data_file(name) for name in GOLD.values()]
    results = [result.as_dict() for result in evaluate(vectors, files, restrict=RESTRICT)]
    values = [
        result["spearman"] if result["kind"] == "similarity" else result["overall"]["accuracy"] for result in results
    ]
    return [round(100 * value, 1) for value in values]


def folder_size(folder):
    """Return the bytes of the files in a folder."""
    return sum(path.stat().st_size for path in Path(folder).iterdir())


def write_costs(vectors):
    """Compress in every way, and evaluate."""
    rows = []
    for name, settings in WAYS.items():
        start = time.perf_counter()
        small = firth.compress(vectors, **settings)
        took = time.perf_counter() - start
        report = small.config["compression"]
        size = report["bytes"][1] / len(small)
        cosine = round(report["mean_cosine"], 4)
        kept = report.get("variance_kept")
        kept = "" if kept is None else round(kept, 3)
        rows.append([name, round(size, 1), cosine, kept, *quality(small), round(took, 1)])
        print(rows[-1], flush=True)
    write_result(
        "compression",
        what=f"Vectors of {len(vectors):,} words, D = {vectors.dimensions}: bytes of numbers a word, mean cosine of a "
        "vector with what its bits became, share of variance that the dimensions keep, quality × 100 (analogies among "
        f"{RESTRICT:,} words), seconds to compress on two threads",
        command=COMMAND,
        columns=["way", "bytes a word", "cosine", "variance", *GOLD, "seconds"],
        rows=rows,
    )


def write_sizes():
    """Compress a million words, save them, open them."""
    matrix = np.random.default_rng(1).standard_normal((1_000_000, 300), dtype=np.float32)
    vectors = firth.Vectors([f"word{row}" for row in range(len(matrix))], matrix)
    rows = []
    for name in ("float16", "int8", "150 dimensions, product, 75 bytes"):
        start = time.perf_counter()
        small = firth.compress(vectors, **WAYS[name])
        took = time.perf_counter() - start
        with tempfile.TemporaryDirectory() as place:
            small.save(place + "/small")
            size = folder_size(place + "/small") / 1e6
            start = time.perf_counter()
            opened = firth.Vectors.load(place + "/small")
            opened[vectors.words[990_000]]
            milliseconds = 1000 * (time.perf_counter() - start)
        rows.append([name, round(size, 1), round(took, 1), round(milliseconds, 1)])
        print(rows[-1], flush=True)
    write_result(
        "compression_sizes",
        what="1,000,000 words × 300 random numbers: MB of the saved folder, words included (as they are: 1,211), "
        "seconds to compress on two threads, milliseconds to open the folder and look up a word near its end",
        command=COMMAND,
        columns=["way", "MB", "seconds", "opened, ms"],
        rows=rows,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", help="a folder with the vectors, to train none")
    options = parser.parse_args()
    write_costs(firth.Vectors.load(options.vectors) if options.vectors else trained())
    write_sizes()


if __name__ == "__main__":
    main()
