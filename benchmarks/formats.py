"""How long until vectors of other tools are loaded, and what a conversion takes?

    python benchmarks/formats.py [--rounds 3] [--large 1000000] [--convert 3000000]

Made files, random numbers; page cache warm; in turn, after a round that is not counted:

    word2vec binary   `Vectors.load(file)` and gensim's `KeyedVectors.load_word2vec_format(file, binary=True)`, at
                      V = 68 000, D = 100 and V = 1 000 000, D = 300; both must give the same words and matrix
    word2vec text     the same at V = 68 000, D = 100; two threads here, gensim has one
    our folder        opened, and `vectors[word]` of the last word but one, in fresh processes, after the import
    conversions       in processes of their own, with their peak memory, of V = 3 000 000, D = 300 (3.6 GB); to text
                      the first 100 000 rows

gensim's import is not counted, nor is ours.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from measuring import spread, write_result

from firth.vectors import Vectors
from firth.vectors.formats.parts import Stretches, rows_at_once
from firth.vectors.formats.recognising import FORMATS

SMALL = (68_000, 100)
DIMENSIONS = 300
TEXT_ROWS = 100_000
OPEN = """
import sys, time
from firth.vectors import Vectors
began = time.perf_counter()
vector = Vectors.load(sys.argv[1])[sys.argv[2]]
print(time.perf_counter() - began)
"""
CONVERT = """
import json, pathlib, re, sys, time
from firth.vectors.converting import convert
source, target, format, limit = sys.argv[1:]
began = time.perf_counter()
convert(source, target, format=format, limit=int(limit) or None)
seconds = time.perf_counter() - began
# Not what getrusage has: that knows of the memory of the process this one was started by, too.
peak = re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())
print(json.dumps([seconds, int(peak[1]) / 1024]))
"""


def word_of(row):
    """Return the word of a row."""
    return f"word{row:x}"


def make(path, format, count, dimensions):
    """Write random vectors, stretch by stretch."""

    def stretches():
        rng, step = np.random.default_rng(0), rows_at_once(dimensions)
        for start in range(0, count, step):
            rows = range(start, min(count, start + step))
            yield list(map(word_of, rows)), rng.standard_normal((len(rows), dimensions), np.float32) / 3

    FORMATS[format].write(path, Stretches(count=count, dimensions=dimensions, stretches=stretches()))


def time_loading(path, rounds, *, binary):
    """Load a file with both, in turn; return the seconds of each round, ours and gensim's."""
    from gensim.models import KeyedVectors

    seconds = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        ours = Vectors.load(path)
        between = time.perf_counter()
        theirs = KeyedVectors.load_word2vec_format(str(path), binary=binary)
        seconds.append((between - began, time.perf_counter() - between))
        if theirs.index_to_key != list(ours.words) or not np.array_equal(theirs.vectors, ours.matrix):
            sys.exit(f"expected the same vectors from both of {path}, got others")
        del ours, theirs
        gc.collect()
    return seconds[1:]


def run(script, *arguments):
    """Run a script in a process of its own; return what it prints."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def rows_of_loading(folder, rounds, large):
    """Time loading; return rows of the table."""
    rows = []
    for format, (count, dimensions) in (
        ("word2vec", SMALL),
        ("word2vec", (large, DIMENSIONS)),
        ("word2vec-text", SMALL),
    ):
        make(folder / "vectors", format, count, dimensions)
        seconds = time_loading(folder / "vectors", rounds, binary=format == "word2vec")
        (folder / "vectors").unlink()
        ours, theirs = zip(*seconds, strict=True)
        faster = spread([their / our for our, their in seconds], 1)
        title = FORMATS[format].title.partition(" (")[0]
        rows.append([f"load {title}", f"{count:,} × {dimensions}", spread(ours), spread(theirs), faster, ""])
    return rows


def rows_of_opening(folder, rounds, large):
    """Time opening our folder and one look-up; return rows of the table."""
    make(folder / "ours", "firth", large, DIMENSIONS)
    seconds = [run(OPEN, folder / "ours", word_of(large - 2)) for _ in range(rounds + 1)][1:]
    return [["open our folder, look up one word", f"{large:,} × {DIMENSIONS}", spread(seconds, 3), "", "", ""]]


def rows_of_converting(folder, count):
    """Measure conversions once each; return rows of the table."""
    make(folder / "file.bin", "word2vec", count, DIMENSIONS)
    rows = []
    for source, target, format, limit in (
        ("file.bin", "folder", "firth", 0),
        ("folder", "back.bin", "word2vec", 0),
        ("file.bin", "text", "word2vec-text", TEXT_ROWS),
    ):
        seconds, peak = run(CONVERT, folder / source, folder / target, format, limit)
        title = f"convert {'our folder' if source == 'folder' else 'word2vec, binary'} to {FORMATS[format].title}"
        size = f"{min(count, limit or count):,} × {DIMENSIONS}"
        rows.append([title.partition(" (")[0], size, f"{seconds:.1f}", "", "", f"{peak:.0f}"])
        if target == "back.bin":
            if subprocess.run(["cmp", "--silent", folder / "file.bin", folder / target], check=False).returncode:
                sys.exit("expected the same bytes after a conversion there and back, got others")
            (folder / target).unlink()
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--convert", type=int, default=3_000_000)
    parser.add_argument("--part", choices=("loading", "opening", "converting"))
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    from gensim import __version__ as gensim_version

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = []
        if given.part in (None, "loading"):
            rows += rows_of_loading(folder, given.rounds, given.large)
        if given.part in (None, "opening"):
            rows += rows_of_opening(folder, given.rounds, given.large)
        if given.part in (None, "converting"):
            rows += rows_of_converting(folder, given.convert)
    if given.part:
        print(json.dumps(rows, ensure_ascii=False))
        return
    write_result(
        "formats",
        what=f"Seconds, median (least … most) of {given.rounds} rounds in turn, and peak memory in MB of conversions "
        "(once each, in processes of their own); both tools may use two threads",
        command="python benchmarks/formats.py",
        columns=["what", "V × D", "firth", "gensim", "times as fast", "peak MB"],
        rows=rows,
        versions={"gensim": gensim_version},
    )


if __name__ == "__main__":
    main()
