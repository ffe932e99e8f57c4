"""What all benchmarks share: where the data are, lines of 1000 words, the machine in words, the file of results."""

import datetime
import json
import lzma
import os
import platform
import statistics
import sys
from pathlib import Path

import firth
from firth.machine import usable_cores

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = REPOSITORY / "benchmarks" / "results"
WORDS_PER_LINE = 1000
"""gensim's `corpus_file` mode trains on 10 000 words a worker of a one-line file and reports success."""


def data_file(name):
    """Return a file of the test data, which FIRTH_TEST_DATA names (default: ../shared/data beside the repository)."""
    folder = Path(os.environ.get("FIRTH_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / name).exists():
        sys.exit(f"expected {folder / name}, got nothing there; set FIRTH_TEST_DATA")
    return folder / name


def write_lines(folder, name="corpora/enwiki-text8-style.txt.xz", words=None):
    """Write a corpus in lines of 1000 words; return its path and how many words it has."""
    text = lzma.decompress(data_file(name).read_bytes()).split()[:words]
    path = Path(folder) / "lines.txt"
    with path.open("wb") as file:
        for start in range(0, len(text), WORDS_PER_LINE):
            file.write(b" ".join(text[start : start + WORDS_PER_LINE]) + b"\n")
    return path, len(text)


def check_trained(peer, trained, words):
    """End with an error if a peer trained on fewer words than it was given; gensim's workers may drop some at seams."""
    if abs(trained - words) > words / 1000:
        sys.exit(f"expected {peer} to train on {words} words, got {trained}")


def machine(**versions):
    """Name the machine: processor, cores, system, versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    cores = usable_cores()
    return {
        "processor": f"{cores} core{'s' * (cores > 1)} of {model or platform.processor()}",
        "python": f"Python {platform.python_version()}",
        "firth": f"firth {firth.__version__}",
        **{name: f"{name} {version}" for name, version in versions.items()},
    }


def spread(values, digits=2):
    """Return the median, with the least and the most, as one cell."""
    low, middle, high = (f"{value:.{digits}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low} … {high})"


def read_result(name):
    """Return what results/NAME.json holds."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def write_result(name, *, what, command, columns, rows, versions=None, **more):
    """Write results/NAME.json, print it as a table."""
    result = {
        "what": what,
        "command": command,
        "date": datetime.date.today().isoformat(),
        "machine": machine(**(versions or {})),
        "columns": columns,
        "rows": rows,
        **more,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    widths = [max(len(str(row[column])) for row in [columns, *rows]) for column in range(len(columns))]
    for row in [columns, *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)))
    return result
