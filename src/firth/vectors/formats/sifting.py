r"""From the rows of a file to rows that `Words` can hold: decoded, each word once, every number finite.

What other tools write may hold a word twice, a word with "\n" in it, or bytes that are no UTF-8. Nothing of this is
mended in silence: it is refused, or repaired or left out with a warning and an entry in `config["source"]`.
"""

from __future__ import annotations

import mmap
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from firth.contents import encode_words
from firth.errors import FormatError, check_choice, check_integer, sentence
from firth.vectors.checking import row_not_finite
from firth.vectors.formats.changes import (
    CAME_BEFORE,
    HAS_NEWLINE,
    NO_UTF8,
    Changes,
    decoded,
    is_unicode,
    no_words,
    not_utf8,
    shown,
)
from firth.vectors.formats.parts import Parts, Stretches
from firth.vectors.subwords import SubwordVectors
from firth.vectors.words import Words

ERRORS = ("strict", "replace", "ignore")
"""What bytes that are not UTF-8 do: they are refused, become U+FFFD, or are left out."""


class Sieve:
    """Lets through the rows of one file, in their order, of each word the first.

    Args:
        path: the file, to name it.
        name: of its format.
        errors: "strict", "replace" or "ignore": what bytes that are not UTF-8 do.

    Raises:
        SettingsError: if `errors` is none of them.

    >>> sieve = Sieve(Path("some.bin"), "word2vec")
    >>> sieve.sift([b"up", b"down"], np.eye(2, dtype=np.float32))[0]
    ['up', 'down']
    """

    def __init__(self, path: Path, name: str, errors: str = "strict") -> None:
        self._path, self._errors = path, check_choice("errors", errors, ERRORS)
        self._row = 0
        self._seen: set[str] = set()
        self._changes = Changes()
        self.source: dict[str, Any] = {"format": name, "file": path.name}

    def sift(self, raw: list[bytes], rows: np.ndarray) -> tuple[list[str], np.ndarray]:
        """Return the words and vectors that stay.

        Args:
            raw: words as they stand in the file, (N).
            rows: their vectors, float32, (N, D).

        Raises:
            FormatError: if a word is not UTF-8 and `errors` is "strict", or a number is NaN or infinite.
        """
        return self.sift_words(decoded(raw, self._errors, self._path, self._changes, self._row), rows)

    def sift_words(self, words: list[str], rows: np.ndarray) -> tuple[list[str], np.ndarray]:
        """Return the words and vectors that stay, as `sift` does, of words that are text already.

        Args:
            words: (N).
            rows: their vectors, float32, (N, D).

        Raises:
            FormatError: if a number is NaN or infinite.
        """
        if not words:
            return words, rows
        words = self._mended(words)
        wrong = row_not_finite(rows)
        if wrong is not None:
            came = f"NaN or infinity for {shown(words[wrong])} (row {self._row + wrong})"
            raise FormatError(sentence(f"finite numbers in {self._path}", came, "train or export it again"))
        self._row += len(words)
        fresh = set(words)
        if len(fresh) < len(words) or not self._seen.isdisjoint(fresh) or "\n" in "".join(words):
            stay = [place for place, word in enumerate(words) if self._stays(word)]
            return [words[place] for place in stay], rows[stay]
        self._seen |= fresh
        return words, rows

    def parts(self, words: list[str], matrix: np.ndarray, counts: np.ndarray | None = None) -> Parts:
        """Sift what was read at once, and return it as parts.

        Args:
            words: (V).
            matrix: their vectors, float32, (V, D).
            counts: how often each was seen, (V,), if that is known.

        Raises:
            FormatError: if a number is NaN or infinite.
        """
        places = np.arange(len(words))
        kept, rows = self.sift_words(words, matrix)
        if counts is not None and len(kept) < len(words):
            first: dict[str, int] = {}
            for place, word in enumerate(words):
                first.setdefault(word, place)
            places = np.array([first[word] for word in kept])
        self.finish()
        tensors = {"matrix": rows}
        if counts is not None:
            tensors["counts"] = np.ascontiguousarray(counts[places], np.uint64)
        return Parts(words=Words(kept), tensors=tensors, config={"source": self.source})

    def finish(self) -> None:
        """Say in `source`, and in the log, what was left out or repaired.

        Raises:
            FormatError: if nothing is left.
        """
        self.source |= self._changes.tell(self._path)
        if not self._seen:
            raise no_words(self._path)

    def _stays(self, word: str) -> bool:
        """Tell whether a word is kept, and remember it either way."""
        reason = HAS_NEWLINE if "\n" in word else CAME_BEFORE if word in self._seen else None
        if reason is None:
            self._seen.add(word)
            return True
        self._changes.add("left_out", reason, word)
        return False

    def _mended(self, words: list[str]) -> list[str]:
        """Return words as valid Unicode: what is text already may hold halves of letters (lone surrogates)."""
        joined = "".join(words)
        if joined.isascii() or is_unicode(joined):
            return words
        mended = list(words)
        for place, word in enumerate(words):
            if is_unicode(word):
                continue
            if self._errors == "strict":
                raise not_utf8(word, self._row + place, self._path)
            mended[place] = word.encode("utf-16", "surrogatepass").decode("utf-16", self._errors)
            self._changes.add("repaired", NO_UTF8, mended[place])
        return mended


def gathered(stretches: Stretches) -> Parts:
    """Read all stretches of a file into memory.

    Args:
        stretches: of which `count` has been compared with the size of the file.

    Raises:
        FormatError: what reading them raises.
    """
    matrix = np.empty((stretches.count, stretches.dimensions), np.float32)
    encoded, done = [], 0
    copying: Future[None] | None = None
    with ThreadPoolExecutor(1) as pool:  # new memory is slow: it is filled while the next stretch is read
        for more, rows in stretches.stretches:
            if copying is not None:
                copying.result()
            copying = pool.submit(np.copyto, matrix[done : done + len(more)], rows)
            encoded.append(encode_words(more))
            done += len(more)
    words = Words.adopted(b"".join(encoded), done)  # a dict of them is built when it is asked for
    tensors = {"matrix": matrix[:done]}
    return Parts(words=words, tensors=tensors, config={"source": stretches.source})


def sifted(
    path: Path,
    name: str,
    raw: Iterable[tuple[list[bytes], np.ndarray]],
    *,
    count: int,
    dimensions: int,
    errors: str,
) -> Stretches:
    """Sift the rows of a file as they come.

    Args:
        path: the file.
        name: of its format.
        raw: its words and vectors, stretch by stretch.
        count: how many rows it has, at most.
        dimensions: D, numbers of each.
        errors: "strict", "replace" or "ignore": what bytes that are not UTF-8 do.

    Raises:
        SettingsError: if `errors` is none of them.
    """
    sieve = Sieve(path, name, errors)

    def stretches() -> Iterator[tuple[list[str], np.ndarray]]:
        for words, rows in raw:
            yield sieve.sift(words, rows)
        sieve.finish()

    return Stretches(count=count, dimensions=dimensions, stretches=stretches(), source=sieve.source)


def plain_file(path: Path) -> int:
    """Return the size of a file, of which it is certain that opening it can't wait forever.

    Args:
        path: the file; links are followed.

    Raises:
        FormatError: if there is none, or something else is there: a folder, a pipe, a device.

    >>> plain_file(Path("no-such-file"))
    Traceback (most recent call last):
    firth.errors.FormatError: expected vectors in no-such-file, got nothing there; check the path
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as problem:
        came = "nothing there" if isinstance(problem, FileNotFoundError) else f"a path that can't be read ({problem})"
        raise FormatError(sentence(f"vectors in {path}", came, "check the path")) from None
    if not stat.S_ISREG(found.st_mode):
        came = "a folder" if stat.S_ISDIR(found.st_mode) else "something that is no plain file"
        raise FormatError(sentence(f"a file of vectors in {path}", came, "name a file"))
    return found.st_size


def rows_wanted(count: int, limit: int | None) -> int:
    """Return how many rows to read of `count`.

    Args:
        count: how many there are.
        limit: how many are wanted; None: all.

    Raises:
        SettingsError: if `limit` is below 1.

    >>> rows_wanted(10, 3), rows_wanted(10, None)
    (3, 10)
    """
    return count if limit is None else min(count, check_integer("limit", limit, 1))


def first_parts(parts: Parts, limit: int | None) -> Parts:
    """Return the parts of the first words; the others become unknown words, which n-grams may give vectors.

    Args:
        parts: of all words.
        limit: how many are wanted; None: all.

    Raises:
        SettingsError: if `limit` is below 1.
    """
    wanted = rows_wanted(len(parts.words), limit)
    if wanted == len(parts.words):
        return parts
    tensors = {
        name: tensor if name == "codebooks" else _first_rows(tensor, wanted) for name, tensor in parts.tensors.items()
    }
    config, held = dict(parts.config), parts.subwords
    if "words" in config:
        config["words"] = wanted
    subwords = held and SubwordVectors.mapped(
        held.settings,
        _first_rows(held.word_matrix, wanted),
        held.ngram_matrix,
        held.keys,
        "the subwords",
        absent=held.absent,
    )
    return Parts(words=Words(parts.words[:wanted]), tensors=tensors, config=config, subwords=subwords)


def _first_rows(array: np.ndarray, wanted: int) -> np.ndarray:
    """Return the first rows: of a mapped file a view, else a copy, so that the others need not stay in memory."""
    base: object = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    return array[:wanted] if isinstance(base, mmap.mmap) else array[:wanted].copy()


def first_stretches(stretches: Stretches, limit: int | None) -> Stretches:
    """Return stretches of the first rows.

    Args:
        stretches: of all rows.
        limit: how many are wanted; None: all.

    Raises:
        SettingsError: if `limit` is below 1.
    """
    wanted = rows_wanted(stretches.count, limit)

    def first() -> Iterator[tuple[list[str], np.ndarray]]:
        left = wanted
        for words, rows in stretches.stretches:
            yield words[:left], rows[:left]
            left -= len(words)
            if left <= 0:
                return

    return stretches if wanted == stretches.count else replace(stretches, count=wanted, stretches=first())
