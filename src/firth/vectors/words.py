"""The words of a matrix, row by row: lines of UTF-8 in one block of bytes, in memory or mapped from a file.

A million strings take 0.1 s to make and a dict of them 0.4 s more, so neither is made before it is worth it:
the first look-ups search the bytes (3 ms at a million words).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from firth.contents import encode_words
from firth.errors import FormatError, SettingsError, UnknownWordError, sentence

_SCANS = 8  # look-ups that search the bytes before a dict is built: so many take less time than the dict
_STRETCH = 1 << 16  # words decoded at once
_NEWLINE = 10


class Words(Sequence[str]):
    r"""Distinct words in the order of their rows.

    A word is any text without "\n": spaces, "\r" and the empty word included.

    Args:
        words: the words, row 0 first.

    Raises:
        SettingsError: if there are none, or one is no text, holds "\n" or a lone surrogate, or comes twice.

    >>> words = Words(["the", "of", "and"])
    >>> words.find("and"), words.find("a"), words[1], words[-2:], len(words)
    (2, None, 'of', ['of', 'and'], 3)
    """

    def __init__(self, words: Iterable[str]) -> None:
        listed = list(words) if not isinstance(words, str) else []
        if not listed:
            came = "one text" if isinstance(words, str) else "none"
            raise SettingsError(sentence("a list of words", came, "pass one word for each row"))
        self._bytes: bytes | mmap.mmap = encode_words(listed)
        self._count = len(listed)
        self._scans = 0
        self._line_ends: np.ndarray | None = None
        self._rows: dict[str, int] | None = dict(zip(listed, range(len(listed)), strict=True))
        if len(self._rows) < len(listed):
            row, word = _repeated(listed)
            came = f"{word!r} again as row {row}"
            raise SettingsError(sentence("every word once", came, "merge its rows or leave one out"))

    @classmethod
    def mapped(cls, path: Path, count: int) -> Words:
        """Open a file of `count` lines, each ended by a newline; only the newlines are counted here.

        Raises:
            FormatError: if the file does not have so many lines.
        """
        wanted = f"{path} to have {count} lines"
        if path.stat().st_size == 0:  # nothing can't be mapped
            raise FormatError(sentence(wanted, "an empty file", "copy the folder again"))
        self = cls.__new__(cls)
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._count, self._scans, self._line_ends, self._rows = count, 0, None, None
        lines = self._newlines_before(len(self._bytes))
        if lines != count or self._bytes[-1] != _NEWLINE:
            raise FormatError(sentence(wanted, f"{lines} line ends", "copy the folder again"))
        return self

    @classmethod
    def adopted(cls, encoded: bytes, count: int) -> Words:
        r"""Take lines of UTF-8, each ended by a newline, that are known to be so many distinct words.

        Args:
            encoded: the lines.
            count: how many there are.

        >>> Words.adopted(b"the\nof\n", 2)
        Words(2: 'the', 'of')
        """
        self = cls.__new__(cls)
        self._bytes, self._count = encoded, count
        self._scans, self._line_ends, self._rows = 0, None, None
        return self

    def find(self, word: str) -> int | None:
        """Return the row of a word, or None if it is not here."""
        if self._rows is None:
            self._scans += 1
            if self._scans <= _SCANS:
                return self._scanned(word)
            self._rows = self._all_rows()
        return self._rows.get(word)

    def rows(self, words: Iterable[str]) -> np.ndarray:
        """Return the rows of many words, (N,) int64, with −1 for those that are not here.

        >>> Words(["the", "of"]).rows(["of", "off"])
        array([ 1, -1])
        """
        listed = list(words)
        if self._rows is None and len(listed) > _SCANS:
            self._rows = self._all_rows()
        found = map(self.find, listed)
        return np.array([-1 if row is None else row for row in found], np.int64)

    def check(self) -> None:
        """Read all words.

        Raises:
            FormatError: if one is not UTF-8, or stands in two lines.
        """
        self._rows = self._all_rows()

    def encoded(self) -> memoryview:
        """Return the bytes: UTF-8, each word followed by a newline."""
        return memoryview(self._bytes)

    def line_ends(self) -> np.ndarray:
        """Return where in the bytes the newline after each word is, (V,) int64."""
        if self._line_ends is None:
            self._line_ends = np.flatnonzero(np.frombuffer(self._bytes, np.uint8) == _NEWLINE)
        return self._line_ends

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            start, stop, step = row.indices(self._count)
            if step == 1:
                return self._decoded(start, stop) if start < stop else []
            return [self[place] for place in range(start, stop, step)]
        place = range(self._count)[row]  # negative rows and IndexError are Python's
        return self._decoded(place, place + 1)[0]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        for start in range(0, self._count, _STRETCH):
            yield from self[start : start + _STRETCH]

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.find(word) is not None

    def index(self, word: str, start: int = 0, stop: int | None = None) -> int:
        """Return the row of a word.

        Raises:
            UnknownWordError: if it is not here, or not within rows `start` to `stop`.
        """
        row = self.find(word)
        if row is None or row not in range(self._count)[start:stop]:
            raise UnknownWordError(sentence("a word with a vector", repr(word), "check its spelling"))
        return row

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Words):
            return self.encoded() == other.encoded()
        if isinstance(other, list | tuple):
            return len(other) == self._count and all(mine == theirs for mine, theirs in zip(self, other, strict=True))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # compared by content, like a list

    def __reduce__(self) -> tuple[type[Words], tuple[list[str]]]:
        return Words, (list(self),)  # a map can't be sent to another process

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:3])) + (", …" if self._count > 3 else "")
        return f"Words({self._count}: {shown})"

    def _scanned(self, word: str) -> int | None:
        """Find the row of a word by searching the bytes."""
        try:
            line = word.encode() + b"\n"
        except UnicodeEncodeError:
            return None
        if b"\n" in line[:-1]:  # it would match two lines
            return None
        if self._bytes[: len(line)] == line:
            return 0
        place = self._bytes.find(b"\n" + line)
        return None if place < 0 else self._newlines_before(place + 1)

    def _newlines_before(self, place: int) -> int:
        """Count the newlines in the bytes before a place, a mebibyte at a time."""
        view = np.frombuffer(self._bytes, np.uint8, place)
        step = 1 << 20
        return sum(int(np.count_nonzero(view[i : i + step] == _NEWLINE)) for i in range(0, place, step))

    def _decoded(self, start: int, stop: int) -> list[str]:
        """Decode the words of rows `start` to `stop` (at least one)."""
        ends = self.line_ends()
        first = int(ends[start - 1]) + 1 if start else 0
        try:
            return self._bytes[first : int(ends[stop - 1])].decode().split("\n")
        except UnicodeDecodeError as problem:
            wanted = f"words {start} to {stop - 1} in UTF-8"
            raise FormatError(sentence(wanted, str(problem), "restore words.txt from a copy")) from None

    def _all_rows(self) -> dict[str, int]:
        """Build the dict of rows, and notice a word that stands in two lines."""
        listed = list(self)
        rows = dict(zip(listed, range(len(listed)), strict=True))
        if len(rows) < len(listed):
            row, word = _repeated(listed)
            came = f"{word!r} again in line {row + 1}"
            raise FormatError(sentence("every word once in words.txt", came, "restore the file from a copy"))
        return rows


def _repeated(words: Sequence[str]) -> tuple[int, str]:
    """Return the row and the word that is the first to come for the second time."""
    seen: set[str] = set()
    for row, word in enumerate(words):
        if word in seen:
            return row, word
        seen.add(word)
    raise AssertionError("no word comes twice")
