"""Corpora as gensim names them: iterables of lists of words that can be gone through again and again."""

from __future__ import annotations

import io
import itertools
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from firth.errors import CorpusError, SettingsError, check_integer, sentence
from firth.text.compression import compression_of, read_text

logger = logging.getLogger(__name__)

MAX_WORDS_IN_BATCH = 10000
"""Words after which a sentence is cut, as in gensim."""

_CHUNK = 1 << 16


class _TextBytes(io.RawIOBase):
    """The bytes of a text file, packed or plain, without a byte order mark."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = Path(path).open("rb")  # noqa: SIM115 - closed with this
        self._pieces = read_text(self._file, str(path), _CHUNK)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._left:
            self._left = memoryview(next(self._pieces, (0, b""))[1])
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def opened(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open a text file for reading, packed (gzip, bzip2, xz, zstandard) or plain: its first bytes tell.

    What reading it raises: CorpusError, if packed data is damaged.
    """
    return io.BufferedReader(_TextBytes(path), _CHUNK)


def is_packed(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is packed."""
    with Path(path).open("rb") as file:
        return compression_of(file.read(10)) is not None


def decoded_lines(path: str | os.PathLike[str], encoding: str) -> Iterator[str]:
    """Yield the lines of a text file, packed or plain, without the bytes that end them."""
    with opened(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="\n") as lines:
        for line in lines:
            yield line.rstrip("\r\n")


class LineSentence:
    """A text with one sentence a line, words parted by white space.

    Args:
        source: the path of a file, plain or packed (.gz, .bz2, .xz, .zst); or a file opened for reading.
        max_sentence_length: words after which a line is cut.
        limit: how many lines to read, the first; None: all.

    Raises:
        CorpusError: if text is not UTF-8, or packed data damaged, when it is read.

    >>> import io
    >>> list(LineSentence(io.StringIO("a rose is a rose"), max_sentence_length=3))
    [['a', 'rose', 'is'], ['a', 'rose']]
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | IO[bytes] | IO[str],
        max_sentence_length: int = MAX_WORDS_IN_BATCH,
        limit: int | None = None,
    ) -> None:
        self.source = source
        self.max_sentence_length = check_integer("max_sentence_length", max_sentence_length, 1)
        self.limit = limit

    def __iter__(self) -> Iterator[list[str]]:
        if isinstance(self.source, str | os.PathLike):
            with opened(self.source) as file:
                yield from _cut_lines(file, str(self.source), self.max_sentence_length, self.limit)
            return
        self.source.seek(0)
        yield from _cut_lines(self.source, "the text", self.max_sentence_length, self.limit)


class PathLineSentences:
    """All files of a folder, by their names in order, each as `LineSentence`; packed ones, too.

    Args:
        source: a folder, or one file.
        max_sentence_length: words after which a line is cut.
        limit: how many lines to read of each file; None: all.

    Raises:
        SettingsError: if it is neither.
    """

    def __init__(
        self, source: str | os.PathLike[str], max_sentence_length: int = MAX_WORDS_IN_BATCH, limit: int | None = None
    ) -> None:
        self.source = os.fspath(source)
        self.max_sentence_length = check_integer("max_sentence_length", max_sentence_length, 1)
        self.limit = limit
        path = Path(source)
        if not path.exists():
            raise SettingsError(sentence("a file or a folder", f"{source}, which does not exist", "check the path"))
        files = [path] if path.is_file() else sorted(file for file in path.iterdir() if file.is_file())
        self.input_files = [str(file) for file in files]
        logger.info("%d files of %s", len(files), source)

    def __iter__(self) -> Iterator[list[str]]:
        for file in self.input_files:
            yield from LineSentence(file, self.max_sentence_length, self.limit)


class Text8Corpus:
    """A text without lines, such as `text8`, in sentences of equal length.

    Args:
        fname: the path of a file, plain or packed.
        max_sentence_length: words of a sentence.
    """

    def __init__(self, fname: str | os.PathLike[str], max_sentence_length: int = MAX_WORDS_IN_BATCH) -> None:
        self.fname = fname
        self.max_sentence_length = check_integer("max_sentence_length", max_sentence_length, 1)

    def __iter__(self) -> Iterator[list[str]]:
        words = itertools.chain.from_iterable(_read_words(self.fname))
        while found := list(itertools.islice(words, self.max_sentence_length)):
            yield found


def _read_words(path: str | os.PathLike[str]) -> Iterator[list[str]]:
    """Yield the words of a file, some at once, however long its lines are."""
    rest = b""
    with opened(path) as file:
        while data := file.read(1 << 16):
            text, space, tail = (rest + data).rpartition(b" ")
            rest = tail if space else rest + data
            yield _words(text, str(path)) if space else []
    yield _words(rest, str(path))


def _cut_lines(
    lines: Iterable[bytes] | Iterable[str], name: str, longest: int, limit: int | None
) -> Iterator[list[str]]:
    """Yield the words of each line, in pieces of at most `longest`."""
    for line in itertools.islice(lines, limit):
        words = _words(cast(bytes | str, line), name)
        for start in range(0, len(words), longest):
            yield words[start : start + longest]


def _words(line: bytes | str, name: str) -> list[str]:
    """Return the words of a line."""
    if isinstance(line, str):
        return line.split()
    try:
        return line.decode().split()
    except UnicodeDecodeError as problem:
        came = f"byte {problem.object[problem.start]:#x} in a line of it"
        raise CorpusError(sentence(f"{name} to be text in UTF-8", came, "convert it to UTF-8")) from None
