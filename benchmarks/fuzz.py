"""Do the readers of vectors hold against any bytes: parts, or one FormatError, and nothing else?

    python benchmarks/fuzz.py [--format word2vec] [--seconds 60]

Atheris (`pip install atheris`) mutates small files of every format, guided by which lines of the readers they reach;
without `--format`, the first byte of each input chooses the reader. What a reader raises but must not stops the run,
and the input is kept in the current folder (crash-…).
"""

import argparse
import contextlib
import importlib.util
import logging
import sys
import tempfile
from pathlib import Path

import numpy as np

MOST_BYTES = 4096


def write_seeds(folder, formats):
    """Write a small file of each format that is one file, behind a byte that chooses its reader."""
    from firth.vectors import Vectors

    vectors = Vectors(["up", "naïve", "1990"], np.arange(6).reshape(3, 2) / 3)
    for place, (name, each) in enumerate(formats.items()):
        if each.write is None:
            continue
        vectors.export(folder.parent / f"whole-{name}", name)
        if (folder.parent / f"whole-{name}").is_file():
            (folder / name).write_bytes(bytes([place]) + (folder.parent / f"whole-{name}").read_bytes())


def check_parts(parts):
    """Parts that are given must fit each other."""
    matrix = parts.tensors["matrix"]
    if not matrix.shape[0] == len(parts.words) == len(set(parts.words)) or not np.isfinite(matrix).all():
        raise AssertionError(f"{len(parts.words)} words of a matrix of shape {matrix.shape}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--format", help="only the reader of this format")
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.exit("expected the package atheris, got none installed; pip install atheris (the tests fuzz without it)")
    import atheris

    with atheris.instrument_imports(include=["firth"]):
        from firth.errors import FormatError
        from firth.vectors.formats.recognising import FORMATS, format_of

    names = list(FORMATS) if given.format is None else [format_of("", given.format).name]
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as place:
        folder, path = Path(place) / "corpus", Path(place) / "input"
        folder.mkdir()
        write_seeds(folder, FORMATS)

        def read_one(data):
            path.write_bytes(data[1:])
            with contextlib.suppress(FormatError):
                check_parts(FORMATS[names[data[0] % len(names) if data else 0]].read(path))

        limits = [f"-max_total_time={given.seconds}", f"-max_len={MOST_BYTES}", "-rss_limit_mb=1024", "-timeout=10"]
        atheris.Setup([sys.argv[0], *limits, str(folder)], read_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
