r"""The formats of word2vec.c, binary and text: a header "V D", then the words with their numbers.

Binary: the word, one space, D float32 in little-endian order; word2vec.c writes a newline behind each row, other tools
(the vectors of Google News) none. The first space ends a word, and newlines before a word belong to the row before.

Text: see `lines`. fastText's `.vec` is this format, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from firth.errors import FormatError, sentence
from firth.storage import new_file
from firth.vectors.formats.changes import shown
from firth.vectors.formats.lines import MOST_DIMENSIONS, begins_like_row, check_word, read_lines, write_lines
from firth.vectors.formats.parts import Parts, Stretches
from firth.vectors.formats.sifting import gathered, plain_file, rows_wanted, sifted

_HEADER = re.compile(rb"[ \t\r\n]*(\d{1,18})[ \t]+(\d{1,18})[ \t\r]*\n")
_HEAD = 4096
_LONGEST_WORD = 1 << 16  # bytes; without a bound, a file without spaces would be read as one word
_CHUNK = 1 << 21  # bytes read at once
_NEWLINE = 10
_OTHER = "check what this file is"
_CUT_OFF = "download or copy it again: the file is truncated or of another kind"


def recognises_binary(path: Path, head: bytes) -> bool:
    """Tell whether a file has the header, and behind it what is no text."""
    found = _HEADER.match(head)
    return found is not None and not _is_text(head, found)


def recognises_text(path: Path, head: bytes) -> bool:
    """Tell whether a file has the header, and behind it a line of text."""
    found = _HEADER.match(head)
    return found is not None and _is_text(head, found)


def read_word2vec(path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict") -> Parts:
    """Read a binary file of word2vec.c.

    Args:
        path: the file.
        limit: how many rows to read; None: all.
        errors: what bytes of words that are not UTF-8 do: "strict" refuses them, "replace" puts U+FFFD, "ignore"
            leaves them out.

    Raises:
        FormatError: if the file is none, or not whole, or a number is NaN or infinite.
        SettingsError: if `limit` or `errors` is nothing that can be meant.
    """
    return gathered(stretches_of_word2vec(path, limit=limit, errors=errors))


def read_word2vec_text(path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict") -> Parts:
    """Read a text file of word2vec.c, or fastText's `.vec`; parameters and errors are those of `read_word2vec`."""
    return gathered(stretches_of_word2vec_text(path, limit=limit, errors=errors))


def stretches_of_word2vec(
    path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict"
) -> Stretches:
    """Read a binary file of word2vec.c stretch by stretch; parameters and errors are those of `read_word2vec`."""
    return _stretches(Path(path), "word2vec", limit, errors)


def stretches_of_word2vec_text(
    path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict"
) -> Stretches:
    """Read a text file of word2vec.c stretch by stretch; parameters and errors are those of `read_word2vec`."""
    return _stretches(Path(path), "word2vec-text", limit, errors)


def _stretches(path: Path, name: str, limit: int | None, errors: str) -> Stretches:
    """Read the header, compare it with the size of the file, and promise the rows."""
    size = plain_file(path)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    found = _HEADER.match(head)
    if found is None:
        came = shown(head.partition(b"\n")[0]) if head else "an empty file"
        raise FormatError(sentence(f'a first line "words dimensions" in {path}', came, _OTHER))
    count, dimensions = int(found[1]), int(found[2])
    if not count or not 0 < dimensions <= MOST_DIMENSIONS:
        wanted = f"at least one word and 1 to {MOST_DIMENSIONS} dimensions in {path}"
        raise FormatError(sentence(wanted, f"{count} words of {dimensions}", _OTHER))
    is_binary = name == "word2vec"
    least = count * (1 + 4 * dimensions) if is_binary else count * 2 * dimensions - 1
    if least > size - found.end():
        wanted = f"{count} vectors of {dimensions} numbers in {path}, as its first line says"
        raise FormatError(sentence(wanted, f"{size} bytes, which can't hold them", _CUT_OFF))
    wanted_rows = rows_wanted(count, limit)
    read = _binary_rows if is_binary else _text_rows
    raw = read(path, found.end(), count, wanted_rows, dimensions)
    return sifted(path, name, raw, count=wanted_rows, dimensions=dimensions, errors=errors)


def _is_text(head: bytes, found: re.Match[bytes]) -> bool:
    """Tell whether what stands behind the header is text."""
    return begins_like_row(head[found.end() :], int(found[2]) or 1, whole=len(head) < _HEAD)


def _text_rows(
    path: Path, start: int, count: int, wanted: int, dimensions: int
) -> Iterator[tuple[list[bytes], np.ndarray]]:
    """Read the lines behind the header: as many as it says, and no more."""
    done, is_all = 0, wanted == count
    for words, rows in read_lines(path, start, dimensions, most=wanted + is_all):
        done += len(words)
        if done > wanted:
            _refuse_rest(path, count)
        yield words, rows
    if done < wanted:
        raise _ended(path, done, count)


def _binary_rows(
    path: Path, start: int, count: int, wanted: int, dimensions: int
) -> Iterator[tuple[list[bytes], np.ndarray]]:
    """Read rows of words and float32: as many as the header says, and no more."""
    width, done, held = 4 * dimensions, 0, 0
    data = bytearray(max(_CHUNK, 2 * (width + _LONGEST_WORD)))
    with path.open("rb") as file:
        file.seek(start)
        while done < wanted:
            more = file.readinto(memoryview(data)[held:])
            held += more
            starts, stops = _split_rows(data, held, width, wanted - done)
            is_stuck = not len(stops) and held > width + _LONGEST_WORD
            if is_stuck or (stops - starts).max(initial=0) > _LONGEST_WORD:
                came = f"a longer one in row {done} or soon behind it"
                raise FormatError(sentence(f"words of at most {_LONGEST_WORD} bytes in {path}", came, _OTHER))
            if not len(stops):
                if not more:
                    raise _ended(path, done, count)
                continue
            # Each row begins at any byte: a view with one element for each byte of the data, D numbers wide.
            anywhere = np.ndarray((len(data) - width + 1,), f"V{width}", data, strides=(1,))
            rows = anywhere[stops + 1].view("<f4").reshape(-1, dimensions).astype(np.float32, copy=False)
            done += len(stops)
            yield [bytes(data[first:last]) for first, last in zip(starts.tolist(), stops.tolist(), strict=True)], rows
            place = int(stops[-1]) + 1 + width
            data[: held - place] = data[place:held]
            held -= place
        if wanted == count and (data[: min(held, 2)] + file.read(2)).strip():
            _refuse_rest(path, count)


def _split_rows(data: bytearray, held: int, width: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Find where the words of the whole rows among the first `held` bytes begin and end, int64, (N,) each."""
    ends: list[int] = []
    find, add, step, last = data.index, ends.append, 1 + width, max(0, held - width)
    place = 0
    try:
        for _ in range(most):
            end = find(b" ", place, last)
            add(end)
            place = end + step
    except ValueError:  # no space before the last place where one could be followed by a whole row
        pass
    stops = np.array(ends, np.int64)
    starts = np.concatenate([[0], stops[:-1] + step])[: len(stops)]
    numbers = np.frombuffer(data, np.uint8)
    while len(newlines := np.flatnonzero(numbers[starts] == _NEWLINE)):  # the end of the row before
        starts[newlines] += 1
    return starts, stops


def _refuse_rest(path: Path, count: int) -> None:
    """Refuse a file that goes on behind its last row."""
    wanted = f"{count} rows in {path}, as its first line says"
    raise FormatError(sentence(wanted, "more behind them", "mend the first line, or pass limit (--limit) to read some"))


def _ended(path: Path, done: int, count: int) -> FormatError:
    """Build the error of a file that ends too early."""
    return FormatError(sentence(f"{count} rows in {path}, as its first line says", f"{done} whole ones", _CUT_OFF))


def write_word2vec(path: str | os.PathLike[str], stretches: Stretches, *, overwrite: bool = False) -> None:
    """Write vectors in the binary format of word2vec.c, a newline behind each row; whole or not at all.

    Args:
        path: the file.
        stretches: the words, none empty or with white space, and their vectors.
        overwrite: whether an existing file may be replaced.

    Raises:
        SettingsError: if a word is empty or holds white space, which no reader of these formats takes.
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.
    """
    _write(path, stretches, _write_rows, overwrite)


def write_word2vec_text(path: str | os.PathLike[str], stretches: Stretches, *, overwrite: bool = False) -> None:
    """Write vectors in the text format of word2vec.c; parameters and errors are those of `write_word2vec`.

    Text holds for each number the shortest decimals that give the same float32 back.
    """
    _write(path, stretches, write_lines, overwrite)


def _write(
    path: str | os.PathLike[str],
    stretches: Stretches,
    write_rows: Callable[[BinaryIO, Stretches], int],
    overwrite: bool,
) -> None:
    """Write header and rows; if fewer rows come than were announced, spaces before the count keep its place."""
    announced = str(stretches.count)
    with new_file(path, overwrite=overwrite) as file:
        file.write(f"{announced} {stretches.dimensions}\n".encode())
        written = write_rows(file, stretches)
        if written < stretches.count:
            file.seek(0)
            file.write(str(written).rjust(len(announced)).encode())


def _write_rows(file: BinaryIO, stretches: Stretches) -> int:
    """Write rows as word, space, D float32, newline; return how many."""
    done = 0
    for words, rows in stretches.stretches:
        numbers = np.ascontiguousarray(rows, "<f4")
        for place, (word, row) in enumerate(zip(words, numbers, strict=True)):
            check_word(word, done + place)
            file.write(word.encode() + b" " + row.tobytes() + b"\n")
        done += len(words)
    return done
