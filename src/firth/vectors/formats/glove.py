r"""The text format of GloVe: lines of a word and its numbers, without a header.

How many numbers a line has is seen from several lines, as words may hold spaces, and may be numbers themselves: of the
fields at the ends of these lines that are numbers, the fewest. Files of GloVe that do have a header are read as
word2vec's text.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import numpy as np

from firth.errors import FormatError, check_integer, sentence
from firth.storage import new_file
from firth.vectors.formats.decimals import numbers_at_end
from firth.vectors.formats.lines import MOST_DIMENSIONS, begins_like_row, read_lines, whole_lines, write_lines
from firth.vectors.formats.parts import Parts, Stretches
from firth.vectors.formats.sifting import gathered, plain_file, sifted

_LINES_SEEN = 200  # to find the number of dimensions
_LONGEST_LINE = 1 << 22  # bytes; split in fields, a line takes many times its length
_HEAD = 4096
_CHUNK = 1 << 20


def recognises(path: Path, head: bytes) -> bool:
    """Tell whether a file begins with a line of a word and at least two numbers."""
    return b"\0" not in head and begins_like_row(head, whole=len(head) < _HEAD)


def read_glove(path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict") -> Parts:
    """Read a text file of GloVe.

    Args:
        path: the file.
        limit: how many rows to read; None: all.
        errors: what bytes of words that are not UTF-8 do: "strict" refuses them, "replace" puts U+FFFD, "ignore"
            leaves them out.

    Raises:
        FormatError: if the file is none, or a number is NaN or infinite.
        SettingsError: if `limit` or `errors` is nothing that can be meant.
    """
    return gathered(stretches_of_glove(path, limit=limit, errors=errors))


def stretches_of_glove(path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict") -> Stretches:
    """Read a text file of GloVe stretch by stretch; parameters and errors are those of `read_glove`."""
    path, most = Path(path), None if limit is None else check_integer("limit", limit, 1)
    size = plain_file(path)
    dimensions = _dimensions(path)
    lines = _count_lines(path, most)
    count = min(lines, (size + 1) // (2 * dimensions))  # lines of nothing are no rows
    raw = read_lines(path, 0, dimensions, most=most)
    return sifted(path, "glove", raw, count=count, dimensions=dimensions, errors=errors)


def write_glove(path: str | os.PathLike[str], stretches: Stretches, *, overwrite: bool = False) -> None:
    """Write vectors as GloVe's text: lines as word2vec has them, no header; whole or not at all.

    Args:
        path: the file.
        stretches: the words, none empty or with white space, and their vectors.
        overwrite: whether an existing file may be replaced.

    Raises:
        SettingsError: if a word is empty or holds white space.
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.
    """
    with new_file(path, overwrite=overwrite) as file:
        write_lines(file, stretches)


def _dimensions(path: Path) -> int:
    """Find from the first lines how many numbers each has."""
    pieces = whole_lines(path, 0, _LONGEST_LINE)
    lines = (line for piece in pieces for line in piece.split(b"\n") if line.strip(b" \t\r"))
    found = min((numbers_at_end(line) for line in islice(lines, _LINES_SEEN)), default=0)
    if not 0 < found <= MOST_DIMENSIONS:
        wanted = f"lines of a word and 1 to {MOST_DIMENSIONS} numbers in {path}"
        raise FormatError(sentence(wanted, f"{found} numbers", "check what this file is"))
    return found


def _count_lines(path: Path, most: int | None) -> int:
    """Count the lines, the last one with or without its end; no further than to `most`."""
    lines, piece = 0, b"\n"
    with path.open("rb") as file:
        while (most is None or lines < most) and (more := file.read(_CHUNK)):
            piece = more
            lines += int(np.count_nonzero(np.frombuffer(piece, np.uint8) == 10))
    lines += not piece.endswith(b"\n")
    return lines if most is None else min(lines, most)
