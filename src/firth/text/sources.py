"""What a corpus can be given as (file, folder, pattern, standard input, iterable), each as a stream of bytes."""

from __future__ import annotations

import glob
import io
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from firth.errors import CorpusError, sentence
from firth.text.compression import read_text

TOKEN_END = "\0"
"""What parts the tokens of one sentence when they were given as a list."""


class Chunk(NamedTuple):
    """Some bytes of the corpus, and where they come from: `start` counts the bytes of this file before them."""

    data: bytes
    name: str
    start: int


class Source(Protocol):
    """A corpus as bytes, read once from start to end.

    Attributes:
        bytes_done: how much of the input was read.
        bytes_total: how much there is, or None if nobody can know.
        holds_tokens: whether sentences are tokens parted by NUL, rather than text; known after the first chunk.
    """

    bytes_done: int
    bytes_total: int | None
    holds_tokens: bool

    def chunks(self, chunk_size: int) -> Iterator[Chunk]:
        """Yield the bytes; a sentence ends with a line feed."""


class FileSource:
    """The text of files, one after the other, or of standard input."""

    holds_tokens = False

    def __init__(self, paths: list[Path] | None) -> None:
        """Take these files, all of which are there, or standard input for None."""
        self._paths = paths
        self.is_repeatable = paths is not None and all(path.is_file() for path in paths)
        self.bytes_done = 0
        self.bytes_total: int | None = None
        if paths is not None and self.is_repeatable:
            self.bytes_total = sum(path.stat().st_size for path in paths)

    def chunks(self, chunk_size: int) -> Iterator[Chunk]:
        """Yield the text; files are parted by a line feed."""
        if self._paths is None:
            yield from self._chunks_of(io.BufferedReader(_LeftOpen(sys.stdin.buffer)), "standard input", chunk_size)
            return
        last = b"\n"
        for path in self._paths:
            if last != b"\n":
                yield Chunk(b"\n", str(path), 0)
            with _opened(path) as file:
                for chunk in self._chunks_of(file, str(path), chunk_size):
                    last = chunk.data[-1:]
                    yield chunk

    def _chunks_of(self, file: io.BufferedReader, name: str, chunk_size: int) -> Iterator[Chunk]:
        """Yield the text of one file."""
        before = self.bytes_done
        for start, data in read_text(file, name, chunk_size):
            # How far a compressed file is can only be told from where its reader stands.
            self.bytes_done = before + (file.raw.tell() if self.is_repeatable else start + len(data))
            yield Chunk(data, name, start)


def _opened(path: Path) -> io.BufferedReader:
    """Open a file, or say which one can't be."""
    try:
        return path.open("rb")
    except OSError as error:
        raise CorpusError(_unreadable(str(path), error)) from error


class _LeftOpen(io.RawIOBase):
    """A raw view of a stream that must not be closed with its reader."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - whatever stands in for standard input
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class ItemSource:
    """Lines or lists of tokens from a Python iterable, which is gone through once."""

    def __init__(self, items: Iterable[Any], errors: str, *, is_line: bool = False) -> None:
        """Take items, a text of several lines as one line of all its words if `is_line`."""
        self._items = items
        self._errors = errors
        self._is_line = is_line
        self.bytes_done = 0
        self.bytes_total: int | None = None
        self.holds_tokens = False

    def chunks(self, chunk_size: int) -> Iterator[Chunk]:
        """Yield the items as UTF-8, many in a chunk."""
        waiting: list[bytes] = []
        size = 0
        for number, item in enumerate(self._items, 1):
            text = self._line(item, number)
            for start in range(0, len(text), 1 << 20):
                waiting.append(self._encoded(text[start : start + (1 << 20)], number))
                size += len(waiting[-1])
                if size >= chunk_size:
                    yield self._chunk(waiting)
                    waiting, size = [], 0
            waiting.append(b"\n")
            size += 1
        yield self._chunk(waiting)

    def _chunk(self, waiting: list[bytes]) -> Chunk:
        """Join what waits."""
        data = b"".join(waiting)
        self.bytes_done += len(data)
        return Chunk(data, "the iterable", self.bytes_done - len(data))

    def _encoded(self, text: str, number: int) -> bytes:
        """Encode a text; a surrogate without its partner has no UTF-8."""
        try:
            return text.encode()
        except UnicodeEncodeError as error:
            if self._errors == "replace":
                return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text).encode()
            came = f"the lone surrogate {text[error.start]!r} in item {number}"
            advice = "read the text with the encoding it has, or pass errors='replace'"
            raise CorpusError(sentence("text that can be written as UTF-8", came, advice)) from error

    def _line(self, item: Any, number: int) -> str:  # noqa: ANN401 - anything can come
        """Return the text of an item, refusing what is neither text nor tokens, or a mixture."""
        is_text = isinstance(item, str)
        if not is_text and not isinstance(item, list | tuple | np.ndarray):
            raise CorpusError(_wrong_item(item, number))
        if number == 1:
            self.holds_tokens = not is_text
        elif self.holds_tokens == is_text:
            kinds = ("a line of text", "a list of tokens")
            came = f"{kinds[self.holds_tokens]} first and {kinds[not is_text]} as item {number}"
            advice = "make them all the one or all the other"
            raise CorpusError(sentence("every item of the corpus to be of one kind", came, advice))
        if not is_text:
            return joined_tokens(item, f"item {number}")
        if TOKEN_END in item:
            advice = "remove it; it does not occur in text"
            raise CorpusError(sentence("lines of text", f"a NUL character in item {number}", advice))
        return item.replace("\n", " ") if self._is_line else item


def joined_tokens(tokens: Any, place: str) -> str:  # noqa: ANN401 - what a caller's function returned
    r"""Write the tokens of one sentence as one string, parted by NUL.

    Raises:
        CorpusError: if there's one that is no string, or is empty, or holds NUL or a line feed.

    >>> joined_tokens(["New York", "is"], "item 1")
    'New York\x00is'
    """
    if isinstance(tokens, np.ndarray):
        tokens = tokens.tolist()
    try:
        line = TOKEN_END.join(tokens)
    except TypeError:
        wrong = next(token for token in tokens if not isinstance(token, str))
        came = f"{wrong!r} ({type(wrong).__name__}) in {place}"
        raise CorpusError(sentence("every token to be a str", came, "convert it with str(token)")) from None
    is_bare = line.count(TOKEN_END) == max(len(tokens) - 1, 0) and "\n" not in line
    is_full = not tokens or (line[:1] != TOKEN_END != line[-1:] and line and TOKEN_END * 2 not in line)
    if is_bare and is_full:
        return line
    wrong = next(token for token in tokens if not token or TOKEN_END in token or "\n" in token)
    if not wrong:
        advice = "leave empty tokens out: [token for token in tokens if token]"
        raise CorpusError(sentence("tokens of at least one character", f"'' in {place}", advice))
    advice = "split or clean this token"
    raise CorpusError(sentence("tokens without NUL and line feed", f"{wrong!r} in {place}", advice))


def _wrong_item(item: object, number: int) -> str:
    """Say that an item is of a kind that no corpus has."""
    advice = "pass str, or list, tuple or array of str"
    if isinstance(item, bytes):
        advice = "open the file in text mode or pass its path"
    elif isinstance(item, Path):
        advice = "to read several files, pass a list in which every item is a Path"
    return sentence("every item of the corpus to be a line of text or a list of tokens",
                    f"{type(item).__name__} {item!r:.60} as item {number}", advice)  # fmt: skip


def open_source(corpus: object, errors: str, *, keep_empty: bool = False) -> Source:
    """Find out what a corpus was given as.

    Args:
        corpus: as `prepare_corpus` takes it.
        errors: "strict" or "replace".
        keep_empty: whether every item of an iterable is one sentence, whatever it holds.

    Raises:
        CorpusError: if there is no such file, or nothing in it, or it's no corpus at all.
    """
    if isinstance(corpus, str | Path):
        return FileSource(None if str(corpus) == "-" else _files([str(corpus)]))
    if isinstance(corpus, list | tuple) and corpus and all(isinstance(item, Path) for item in corpus):
        return FileSource(_files([str(path) for path in corpus]))
    expected = "a path, or an iterable of lines or lists of tokens"
    if isinstance(corpus, bytes | bytearray | memoryview):
        advice = "decode it first and wrap it in a list: [text.decode()]"
        raise CorpusError(sentence(expected, type(corpus).__name__, advice))
    if not isinstance(corpus, Iterable):
        advice = "pass the path of a text file, or a list of sentences"
        raise CorpusError(sentence(expected, f"{type(corpus).__name__} {corpus!r:.60}", advice))
    return ItemSource(corpus, errors, is_line=keep_empty)


def _files(names: list[str]) -> list[Path]:
    """List the files that paths or patterns name, in order."""
    files = []
    for name in names:
        there, came = _found(name)
        if came is None:
            raise CorpusError(_missing(name))
        files += there
    # A pipe or device has no size to go by.
    if not any(file.stat().st_size or not file.is_file() for file in files):
        came = came if len(names) == 1 and came else f"{len(names)} paths with no text in them"
        raise CorpusError(sentence("a corpus with text in it", came, "pass another path"))
    return files


def _found(name: str) -> tuple[list[Path], str | None]:
    """Look a path or pattern up; say what was there, or None if nothing."""
    path = Path(name)
    try:
        if path.is_dir():
            return _files_below(path), f"the folder {name!r} with no text in it"
        if path.exists():
            return [path], f"the empty file {name!r}"
        files = sorted(Path(match) for match in glob.glob(name, recursive=True) if Path(match).is_file())  # noqa: PTH207
        return files, f"only empty files for {name!r}" if files else None
    except PermissionError as error:
        raise CorpusError(_unreadable(error.filename or name, error)) from error
    except (OSError, ValueError):  # too long for a path, or with a NUL in it
        return [], None


def _files_below(folder: Path) -> list[Path]:
    """List all files below a folder in order; one that can't be looked into is an error, not a smaller corpus."""

    def refuse(error: OSError) -> None:
        raise error

    places = (Path(place, name) for place, _, names in os.walk(folder, onerror=refuse) for name in names)
    return sorted(path for path in places if path.is_file())


def _unreadable(name: str, error: OSError) -> str:
    """Say that something is there, but can't be read."""
    return sentence("text that can be read", f"{error.strerror!r} for {name!r}", "check the path and its permissions")


def _missing(name: str) -> str:
    """Say that there is no such file, and what to do if it was meant as text."""
    shown = repr(name if len(name) <= 60 else name[:60] + "…")
    if any(letter in name for letter in "*?["):
        return sentence("files that match the pattern", f"none for {shown}", "check the pattern and the folder")
    if len(name.split()) > 2 or "\n" in name:
        advice = "to take this string itself as text, wrap it in a list: [text]"
        return sentence("the path of a text file", f"text, or a path that isn't there: {shown}", advice)
    advice = "check the path; to take a string itself as text, wrap it in a list"
    return sentence("the path of a text file", f"{shown}, which does not exist", advice)
