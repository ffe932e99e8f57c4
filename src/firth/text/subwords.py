"""Subwords as in fastText: a word is itself and its character n-grams, and its vector the mean of all their rows.

    table = SubwordTable.of(vocabulary.words, Subwords())
    table.rows[table.starts[w] : table.starts[w + 1]]           the rows that word w is the mean of, its own first

Rows 0 … V − 1 are the words' own, rows V … V + G − 1 those of n-grams. Only what occurs in the vocabulary has a row, so
that no memory goes to buckets that nothing is ever trained in: fastText keeps all two million.

Importing this takes NumPy alone; the compiled loops are imported where a table is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple, Protocol

import numpy as np

from firth.contents import encode_words
from firth.errors import SettingsError, check_integer, check_shape, sentence

LINE_END = "</s>"
"""fastText's word for the end of a line: it has no n-grams, there and here."""

_MOST_BUCKETS = 1 << 30  # rows are numbered in int32
_BLOCK = 1 << 22  # bytes of n-grams that are numbered at once


class Places(Protocol):
    """What knows the row of each n-gram, such as `firth.vectors.Words`."""

    def rows(self, words: Iterable[str], /) -> np.ndarray:
        """Return the row of each, (N,) int64, −1 for those that have none."""
        ...


class _Lines(NamedTuple):
    """What the kernels that list n-grams take first: the words, which n-grams, and room to work in."""

    text: np.ndarray
    ends: np.ndarray
    smallest: int
    longest: int
    letters: np.ndarray
    begins: np.ndarray
    starts: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Subwords:
    """Which n-grams a word has, and which of them share a row.

    Convention: as in fastText, by code points, of the word in `<` and `>`; neither of them alone is an n-gram, and the
    word `</s>` has none.

    Args:
        smallest: characters of the shortest n-grams, 1 to 100.
        longest: characters of the longest, `smallest` to 100.
        buckets: n-grams whose hash (FNV-1a) is the same modulo this number share a row, up to 2³⁰; None gives each
            its own.

    Raises:
        SettingsError: if one is out of range.

    >>> Subwords(smallest=3, longest=4).ngrams("where")
    ['<wh', '<whe', 'whe', 'wher', 'her', 'here', 'ere', 'ere>', 're>']
    >>> Subwords().bucket("her")
    1473420

    Bojanowski et al. 2017, §3.2.
    """

    smallest: int = 3
    longest: int = 6
    buckets: int | None = 2_000_000

    def __post_init__(self) -> None:
        check_integer("smallest", self.smallest, 1, 100)
        check_integer("longest", self.longest, self.smallest, 100)
        if self.buckets is not None:
            check_integer("buckets", self.buckets, 1, _MOST_BUCKETS)

    def ngrams(self, word: str) -> list[str]:
        """List the n-grams of a word, in fastText's order: by where they begin, then by length.

        Args:
            word: any text.

        Returns:
            The n-grams; one that comes twice in the word is listed twice.

        >>> Subwords(smallest=1, longest=2).ngrams("aa")
        ['<a', 'a', 'aa', 'a', 'a>']
        """
        if word == LINE_END:
            return []
        text = f"<{word}>"
        count = len(text)
        return [
            text[first : first + length]
            for first in range(count)
            for length in range(self.smallest, min(self.longest, count - first) + 1)
            if length > 1 or 0 < first < count - 1
        ]

    def bucket(self, ngram: str) -> int:
        """Return the bucket of an n-gram: FNV-1a with 32 bits, modulo `buckets`.

        Convention: bytes of UTF-8 are signed, as in fastText; so that beyond ASCII this is not the published hash.

        Args:
            ngram: any text.

        Raises:
            SettingsError: if n-grams are not hashed.
        """
        if self.buckets is None:
            raise SettingsError(sentence("n-grams that are hashed", "buckets=None", "look up the n-gram itself"))
        value = 2166136261
        for byte in ngram.encode(errors="surrogatepass"):
            value = (value ^ (byte if byte < 0x80 else byte | 0xFFFFFF00)) * 16777619 & 0xFFFFFFFF
        return value % self.buckets

    def rows(self, word: str, keys: np.ndarray | Places) -> np.ndarray:
        """Return the rows of the n-grams of any word, known or not, counted from that of the first n-gram.

        Args:
            word: any text.
            keys: what has rows: the sorted buckets (G,), or where the n-grams are.

        Returns:
            Int64, (N,), one for each n-gram of the word; −1 for those that have no row.

        >>> settings = Subwords(smallest=3, longest=3)
        >>> table = SubwordTable.of(["where", "here"], settings)
        >>> rows = settings.rows("there", table.keys)
        >>> rows >= 0                                               # <th, the, her, ere, re>
        array([False, False,  True,  True,  True])
        """
        ngrams = self.ngrams(word)
        return keys.rows(ngrams) if not isinstance(keys, np.ndarray) else bucket_rows([*map(self.bucket, ngrams)], keys)

    def as_dict(self) -> dict[str, int | None]:
        """Return the settings as they are written to files."""
        return asdict(self)


def bucket_rows(buckets: np.ndarray | list[int], keys: np.ndarray) -> np.ndarray:
    """Return the rows of buckets, (N,) int64, −1 for those that have none.

    Args:
        buckets: (N,).
        keys: the bucket of each row, (G,), rising, G ≥ 1.

    >>> bucket_rows([7, 8], np.array([3, 7]))
    array([ 1, -1])
    """
    wanted = np.asarray(buckets, keys.dtype)  # of another type, all keys would be converted
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, -1)


@dataclass(frozen=True, eq=False)
class SubwordTable:
    """The rows that each word of a vocabulary is the mean of. Made by `of`.

    Attributes:
        settings: which n-grams there are.
        starts: where the rows of each word start, (V + 1,) int64.
        rows: below V the word's own, from V on those of n-grams, int32, (total,).
        keys: of each of the G n-gram rows the bucket, uint32, (G,), sorted; without hashing the n-grams, in the order
            in which words and their n-grams have them first, a tuple of G strings.
    """

    settings: Subwords
    starts: np.ndarray
    rows: np.ndarray
    keys: np.ndarray | tuple[str, ...]

    @classmethod
    def of(cls, words: Sequence[str], settings: Subwords) -> SubwordTable:
        """Find the n-grams of all words, in compiled loops: a million words take seconds.

        Args:
            words: the vocabulary, in the order of its rows.
            settings: which n-grams there are.

        Returns:
            The table. While it is made, there are five bytes for each bucket, too.

        Raises:
            SettingsError: if a word can't be a line, or no word is long enough to have an n-gram.

        >>> table = SubwordTable.of(["a", "an"], Subwords(smallest=2, longest=2, buckets=None))
        >>> table.keys, table.starts, table.rows
        (('<a', 'a>', 'an', 'n>'), array([0, 3, 7]), array([0, 2, 3, 1, 2, 4, 5], dtype=int32))
        """
        from firth.text import subword_kernels as kernels

        text = np.frombuffer(encode_words(words), np.uint8)
        ends = np.flatnonzero(text == 10)
        starts = np.empty(len(ends) + 1, np.int64)
        longest_word, most = kernels.count_ngrams(text, ends, settings.smallest, settings.longest, starts)
        if starts[-1] == len(ends):
            wanted = f"words with n-grams of {settings.smallest} characters or more"
            raise SettingsError(sentence(wanted, f"{len(ends)} words without one", "choose a smaller smallest"))
        letters, begins = np.empty(longest_word + 2, np.uint8), np.empty(longest_word + 3, np.int64)
        lines = _Lines(text, ends, settings.smallest, settings.longest, letters, begins, starts)
        rows = np.empty(int(starts[-1]), np.int32)
        if settings.buckets is None:
            return cls(settings, starts, rows, _numbered(lines, most, rows))
        seen = np.zeros(settings.buckets, np.uint8)
        kernels.hash_ngrams(*lines, rows, seen)
        numbers = np.cumsum(seen, dtype=np.int32)
        numbers -= 1
        kernels.number_ngrams(starts, numbers, rows)
        return cls(settings, starts, rows, np.flatnonzero(seen).astype(np.uint32))

    @property
    def words(self) -> int:
        """V, how many words there are."""
        return len(self.starts) - 1

    @property
    def ngrams(self) -> int:
        """G, how many rows n-grams have."""
        return len(self.keys)

    def compose(
        self,
        word_matrix: np.ndarray,
        ngram_matrix: np.ndarray,
        *,
        dimensions: int | None = None,
        start: int = 0,
        stop: int | None = None,
    ) -> np.ndarray:
        """Compute the vectors of words: means of their rows.

            vector(w) = 1/|rows(w)| · Σ rows(w)

        Args:
            word_matrix: the words' own rows, (V, ≥ D).
            ngram_matrix: those of n-grams, (G, ≥ D), of the same type.
            dimensions: D; columns beyond are padding. None: there is none.
            start: the first word.
            stop: behind the last word; None: all.

        Returns:
            Float32, (words from start to stop, D); sums are in float64 and in the order of the rows, so that they are
            the same bytes everywhere.

        Raises:
            ShapeError: if a matrix has other rows.

        >>> table = SubwordTable.of(["a", "an"], Subwords(smallest=2, longest=2, buckets=None))
        >>> table.compose(np.array([[3.0], [5.0]]), np.array([[0.0], [3.0], [4.0], [7.0]]))
        array([[2.],
               [4.]], dtype=float32)

        Convention: fastText's; the word's own row counts as much as that of an n-gram.
        """
        from firth.text.subword_kernels import mean_rows

        check_shape("word_matrix", word_matrix, (self.words, None))
        check_shape("ngram_matrix", ngram_matrix, (self.ngrams, word_matrix.shape[1]))
        columns = word_matrix.shape[1] if dimensions is None else dimensions
        sums = np.empty(check_integer("dimensions", columns, 1, word_matrix.shape[1]))
        first, last, _ = slice(start, stop).indices(self.words)
        out = np.empty((max(0, last - first), len(sums)), np.float32)
        matrices = [np.ascontiguousarray(matrix).view() for matrix in (word_matrix, ngram_matrix)]
        for matrix in matrices:
            matrix.flags.writeable = False  # as mapped ones are: the kernel is compiled once
        mean_rows(self.starts, self.rows, *matrices, first, sums, out)
        return out


def _numbered(lines: _Lines, most: int, rows: np.ndarray) -> tuple[str, ...]:
    """Number n-grams in the order of first sight, write the rows of all words, and return the n-grams.

    The n-grams of one word take at most `most` bytes.
    """
    from firth.text import kernels, subword_kernels
    from firth.text.tables import WordTable

    padded = np.empty(max(_BLOCK, most) + kernels.PADDING, np.uint8)
    block, text = padded[: -kernels.PADDING], padded.view()
    text.flags.writeable = False  # as texts are: kernels are compiled once
    ids = np.empty(len(padded), np.int32)
    classes = np.zeros(256, np.uint8)
    classes[10] = kernels.SPACE  # a line feed ends an n-gram; whatever else there is belongs to it
    table = WordTable()
    word = 0
    while word < len(lines.ends):
        stop, size = subword_kernels.write_ngrams(*lines, word, most, block)
        padded[size : size + kernels.PADDING] = 10
        table.index(text, size, classes, ids)
        subword_kernels.place_ngrams(lines.starts, word, stop, ids, rows)
        word = stop
    joined = np.empty(int(table.starts[table.words]) + table.words, np.uint8)
    kernels.gather_words(np.arange(table.words), table.starts, table.arena, joined)
    return tuple(joined.tobytes().decode().split("\n")[:-1])
