r"""Rows of vectors as lines of text: a word, then D decimal numbers, parted by single spaces or tabs.

Lines are split from the right: the last D fields are numbers, the rest is the word, whatever is in it. White space at
the end of a line, and lines of nothing else, mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from firth.errors import FormatError, SettingsError, sentence
from firth.vectors.formats.decimals import numbers_at_end, parser_of
from firth.vectors.formats.parts import Stretches

MOST_DIMENSIONS = 1 << 20
_CHUNK = 1 << 22  # bytes read at once
_LONGEST_WORD = 1 << 16  # bytes; this and the next bound how much of a file without lines is read
_LONGEST_NUMBER = 64
_BLANK = np.frombuffer(b" \t\r\n", np.uint8)  # what a line of nothing begins with


def begins_like_row(text: bytes, dimensions: int = 2, *, whole: bool) -> bool:
    """Tell whether text begins like a line of a word and its numbers.

    Args:
        text: the beginning of the lines.
        dimensions: how many numbers a line has, at least.
        whole: whether this is all the text there is; else its last line is cut.

    >>> begins_like_row(b"up 0.5 1.25", whole=True), begins_like_row(b"up and 1", whole=True)
    (True, False)
    """
    line, newline, _ = text.partition(b"\n")
    if newline or whole:
        return numbers_at_end(line) >= dimensions
    return numbers_at_end(line[: max(line.rfind(b" "), line.rfind(b"\t"), 0)]) >= 1


def read_lines(
    path: Path, start: int, dimensions: int, *, most: int | None = None
) -> Iterator[tuple[list[bytes], np.ndarray]]:
    """Read lines as words and vectors, a few MiB at once.

    Args:
        path: the file.
        start: the byte where the first line begins.
        dimensions: D, how many numbers a line ends with.
        most: how many lines to read; None: all.

    Yields:
        Words (N) as bytes, vectors float32 (N, D).

    Raises:
        FormatError: if a line has fewer numbers, or is longer than words and numbers are.
    """
    parse, done = parser_of(path.stat().st_size - start), 0
    longest = _LONGEST_WORD + _LONGEST_NUMBER * dimensions
    for chunk in whole_lines(path, start, longest):
        text = np.frombuffer(chunk, np.uint8)
        stops = np.flatnonzero(text == 10)
        if not chunk.endswith(b"\n"):
            stops = np.append(stops, len(chunk))
        starts = np.concatenate([[0], stops[:-1] + 1])
        is_row = np.ones(len(starts), bool)
        for line in np.flatnonzero(np.isin(text[np.minimum(starts, len(text) - 1)], _BLANK)):
            is_row[line] = bool(chunk[starts[line] : stops[line]].strip(b" \t\r"))
        starts, stops = starts[is_row], stops[is_row]
        if most is not None:
            starts, stops = starts[: most - done], stops[: most - done]
        try:
            words, rows = parse(text, starts, stops, dimensions)
        except FormatError as problem:
            raise FormatError(f"{path}: {problem}") from None
        done += len(words)
        yield words, rows
        if done == most:
            return


def whole_lines(path: Path, start: int, longest: int) -> Iterator[bytes]:
    """Read a file in pieces that end with a line.

    Args:
        path: the file.
        start: the byte where the first line begins.
        longest: how many bytes a line may have, at most.

    Raises:
        FormatError: if a line is longer.
    """
    left: list[bytes] = []
    with path.open("rb") as file:
        file.seek(start)
        while more := file.read(_CHUNK):
            end = more.rfind(b"\n") + 1
            held = sum(map(len, left)) + (more.find(b"\n") if end else len(more))
            if held > longest + _CHUNK:
                wanted = f"lines of at most {longest} bytes in {path}"
                raise FormatError(sentence(wanted, f"one of {held} or more", "check what this file is"))
            if end:
                yield b"".join([*left, more[:end]])
                left = []
            left.append(more[end:])
    if any(left):
        yield b"".join(left)


def write_lines(file: BinaryIO, stretches: Stretches) -> int:
    """Write words and vectors as lines; return how many.

    For each number the shortest decimals that give the same float32 back.

    Args:
        file: to write to.
        stretches: the words and vectors.

    Raises:
        SettingsError: if a word is empty or holds white space.
    """
    done = 0
    for words, rows in stretches.stretches:
        texts = rows.astype("S").tolist()  # NumPy writes the shortest decimals that a float32 needs
        for place, (word, numbers) in enumerate(zip(words, texts, strict=True)):
            check_word(word, done + place)
            file.write(word.encode() + b" " + b" ".join(numbers) + b"\n")
        done += len(words)
    return done


def check_word(word: str, row: int) -> None:
    """Refuse a word that readers would take for two, or for none.

    Args:
        word: to be written.
        row: its number.

    Raises:
        SettingsError: if it is empty or holds white space.
    """
    if word.split() != [word]:
        advice = 'write it with "_" for white space, or save as a folder, which holds every word'
        raise SettingsError(sentence("words without white space", f"{word!r} in row {row}", advice))
