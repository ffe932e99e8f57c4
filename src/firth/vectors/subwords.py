"""Vectors of character n-grams: parts of the vectors of words, and all that a word has which nobody has seen."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from firth.errors import FormatError, SettingsError, check_choice, check_shape, sentence
from firth.text.subwords import Subwords, SubwordTable, bucket_rows
from firth.vectors.checking import checked_matrix, named_row, read_only, row_not_finite
from firth.vectors.words import Words

TOLERANCE = 1e-6
"""How far a word's vector may be from the mean of its rows, of the greatest number in them (float32 has 6e-8)."""

ABSENT = ("zeros", "left out")
"""What n-grams without a row may be in the mean."""

_STRETCH = 1 << 14  # words composed at once
_FREE = 1 << 28  # bytes that finding the n-grams of words may take
_LARGEST_GROWTH = 16  # and further ones for each byte of the rows


class SubwordVectors:
    """The rows that words were trained in: their own, and those of their character n-grams.

    A word's vector, its row in `Vectors.matrix`, is the mean of its own row and of the rows of its n-grams.

    Args:
        settings: which n-grams there are.
        word_matrix: the words' own rows, (V, D); to go on training, and to write fastText's files.
        ngram_matrix: those of G n-grams, (G, D).
        keys: of each of these rows the bucket, rising; if n-grams are not hashed, the n-gram. What
            `SubwordTable.keys` holds; there may be more rows than the words need.
        absent: what n-grams that have no row are in the mean: "zeros", or "left out" of its sum and number, as
            in models that fastText has pruned.

    Raises:
        SettingsError: if a number is not finite, buckets do not rise, an n-gram comes twice, or `absent` is unknown.
        ShapeError: if the sizes do not fit each other.

    >>> parts = SubwordVectors(
    ...     Subwords(smallest=2, longest=2, buckets=None),
    ...     word_matrix=np.array([[3.0]]),
    ...     ngram_matrix=np.array([[6.0], [9.0]]),
    ...     keys=["<a", "a>"],
    ... )
    >>> parts.rows("an"), parts.vector("an")                        # <a, an, n>: (6 + 0 + 0) / 3
    (array([ 0, -1, -1]), array([2.], dtype=float32))
    """

    def __init__(
        self,
        settings: Subwords,
        *,
        word_matrix: np.ndarray,
        ngram_matrix: np.ndarray,
        keys: np.ndarray | Iterable[str],
        absent: str = "zeros",
    ) -> None:
        check_choice("absent", absent, ABSENT)
        held = _checked_keys(settings, keys)
        names = held if isinstance(held, Words) else None
        ngrams = checked_matrix("ngram_matrix", ngram_matrix, len(held), names)
        words = checked_matrix("word_matrix", word_matrix, None)
        check_shape("word_matrix", words, (None, ngrams.shape[1]))
        self._adopt(settings, words, ngrams, held, absent)

    def _adopt(
        self,
        settings: Subwords,
        word_matrix: np.ndarray,
        ngram_matrix: np.ndarray,
        keys: np.ndarray | Words,
        absent: str,
    ) -> None:
        """Take parts that have been checked."""
        self._settings, self._absent = settings, absent
        self._word_matrix, self._ngram_matrix = read_only(word_matrix), read_only(ngram_matrix)
        self._keys = keys if isinstance(keys, Words) else read_only(keys)

    @classmethod
    def mapped(
        cls,
        settings: Subwords,
        word_matrix: np.ndarray,
        ngram_matrix: np.ndarray,
        keys: np.ndarray | Words,
        where: str,
        *,
        absent: str = "zeros",
    ) -> SubwordVectors:
        """Take parts of files, whose types and sizes have been checked; of what they hold, buckets alone are read.

        Args:
            settings: which n-grams there are.
            word_matrix: float32, (V, D).
            ngram_matrix: float32, (G, D).
            keys: uint32, (G,); or G n-grams.
            where: the files are, to name them.
            absent: as for the class.

        Raises:
            FormatError: if the buckets do not rise, or are beyond the last.
        """
        if isinstance(keys, np.ndarray) and (wrong := _disorder(keys, settings)):
            wanted = f"the buckets of n-grams in {where} to rise, below {settings.buckets}"
            raise FormatError(sentence(wanted, wrong, "copy the folder again"))
        self = cls.__new__(cls)
        self._adopt(settings, word_matrix, ngram_matrix, keys, absent)
        return self

    @property
    def settings(self) -> Subwords:
        """Which n-grams there are."""
        return self._settings

    @property
    def word_matrix(self) -> np.ndarray:
        """The words' own rows, float32, (V, D), read-only."""
        return self._word_matrix

    @property
    def ngram_matrix(self) -> np.ndarray:
        """The rows of n-grams, float32, (G, D), read-only."""
        return self._ngram_matrix

    @property
    def keys(self) -> np.ndarray | Words:
        """Of each row of `ngram_matrix` the bucket, uint32, (G,), rising; if they are not hashed, the n-gram."""
        return self._keys

    @property
    def absent(self) -> str:
        """What n-grams without a row are in the mean: "zeros", or "left out"."""
        return self._absent

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        what = "n-grams" if self._settings.buckets is None else "buckets of n-grams"
        return f"SubwordVectors({len(self)} {what}, {self._settings.smallest} to {self._settings.longest} characters)"

    def rows(self, word: str) -> np.ndarray:
        """Return the rows in `ngram_matrix` of the n-grams of any word, (N,) int64, −1 for those that have none.

        Args:
            word: any text.

        Example: the class.
        """
        return self._settings.rows(word, self._keys)

    def vector(self, word: str) -> np.ndarray | None:
        """Compose the vector of a word from its n-grams alone, as of one that has no row of its own.

            vector = 1/N · Σ rows of its N n-grams

        Convention: N counts all its n-grams; those that have no row add zeros. fastText keeps rows for them, too, drawn
        at random and never trained. Where `absent` is "left out", N counts those that have a row.

        Args:
            word: any text.

        Returns:
            Float32, (D,), read-only; None if none of its n-grams has a row.

        Example: the class.
        """
        rows = self.rows(word)
        known = rows[rows >= 0]
        if not len(known):
            return None
        total = self._ngram_matrix[known].sum(axis=0, dtype=np.float64)
        return read_only((total / len(rows if self._absent == "zeros" else known)).astype(np.float32))

    def check(self, words: Words, matrix: np.ndarray, where: str) -> None:
        """Read all of it: numbers are finite, the n-grams of every word have rows, it is the mean of them and its own.

        The n-grams of all words are found, and means computed, in compiled loops.

        Args:
            words: V words.
            matrix: their vectors, float32, finite, (V, D).
            where: they are, to name them.

        Raises:
            FormatError: if it is not so; means may be off by `TOLERANCE` of the greatest number in both matrices.
        """
        names = self._keys if isinstance(self._keys, Words) else None
        if names is not None:
            names.check()
        parts = {"word_matrix": (self._word_matrix, words), "ngram_matrix": (self._ngram_matrix, names)}
        for name, (part, whose) in parts.items():
            row = row_not_finite(part)
            if row is not None:
                came = f"NaN or infinity in {name} {named_row(row, whose)}"
                raise FormatError(sentence(f"finite numbers in {where}", came, "train or export it again"))
        table = self.table(words, where)
        allowed = TOLERANCE * max(float(max(part.max(), -part.min())) for part, _ in parts.values())
        for start in range(0, len(words), _STRETCH):
            composed = table.compose(self._word_matrix, self._ngram_matrix, start=start, stop=start + _STRETCH)
            apart = np.abs(composed - matrix[start : start + _STRETCH]).max(axis=1)
            if apart.max() > allowed:
                row = start + int(apart.argmax())
                came = f"one that is {apart.max():.2g} from it {named_row(row, words)}"
                wanted = f"every vector in {where} to be the mean of its rows (± {allowed:.2g})"
                raise FormatError(sentence(wanted, came, "train or export it again"))

    def table(self, words: Words, where: str = "the subwords") -> SubwordTable:
        """Find the rows that each word is the mean of, in `word_matrix` and `ngram_matrix` as they are.

        Args:
            words: those of the rows of `word_matrix`, V of them.
            where: they are, to name them.

        Returns:
            What composes their vectors, with all rows of n-grams, also those that no word needs.

        Raises:
            FormatError: if an n-gram of a word has no row, unless such are left out, or there are absurdly many.

        >>> ngrams = np.array([[6.0], [9.0]], np.float32)
        >>> settings = Subwords(smallest=2, longest=2, buckets=None)
        >>> parts = SubwordVectors(settings, word_matrix=[[3.0]], ngram_matrix=ngrams, keys=["<a", "a>"])
        >>> parts.table(Words(["a"])).compose(parts.word_matrix, parts.ngram_matrix)      # (3 + 6 + 9) / 3
        array([[6.]], dtype=float32)
        """
        keys, count = self._keys, len(words)
        self._check_room(words, where)
        try:
            table = SubwordTable.of(words, self._settings)
        except SettingsError:  # no word is long enough to have an n-gram
            return self._renumbered(np.arange(count + 1), np.arange(count, dtype=np.int32))
        needed = table.keys
        rows = keys.rows(map(str, needed)) if isinstance(keys, Words) else bucket_rows(np.asarray(needed), keys)
        if rows.min() < 0 and self._absent == "zeros":
            missing = needed[int(rows.argmin())]
            came = f"none for {repr(missing) if isinstance(missing, str) else f'bucket {missing}'}"
            raise FormatError(
                sentence(f"a row in {where} for every n-gram of a word", came, "train or export it again")
            )
        places = np.where(rows < 0, -1, rows + count).astype(np.int32)
        numbers = np.concatenate([np.arange(count, dtype=np.int32), places])[table.rows]
        if rows.min() >= 0:
            return self._renumbered(table.starts, numbers)
        has_row = numbers >= 0
        starts = np.concatenate([[0], np.cumsum(has_row)])[table.starts]
        return self._renumbered(starts, numbers[has_row])

    def _check_room(self, words: Words, where: str) -> None:
        """Refuse settings by which the n-grams of all words would take far more memory than the rows do."""
        lengths = self._settings.longest - self._settings.smallest + 1
        size = 4 * lengths * (len(words.encoded()) + len(words)) + 5 * (self._settings.buckets or 0)
        if size > _FREE + _LARGEST_GROWTH * (self._word_matrix.nbytes + self._ngram_matrix.nbytes):
            came = (
                f"words of {len(words.encoded())} bytes, n-grams of {lengths} lengths, {self._settings.buckets} buckets"
            )
            wanted = (
                f"n-grams of words in {where} that need no more than {_LARGEST_GROWTH} times the room of their rows"
            )
            raise FormatError(sentence(wanted, came, "choose fewer lengths or buckets"))

    def _renumbered(self, starts: np.ndarray, rows: np.ndarray) -> SubwordTable:
        """Return the table of words whose rows start there (V + 1,), and are these, with all n-grams that are here."""
        keys = self._keys
        return SubwordTable(self._settings, starts, rows, tuple(keys) if isinstance(keys, Words) else keys)


def _checked_keys(settings: Subwords, keys: np.ndarray | Iterable[str]) -> np.ndarray | Words:
    """Return buckets (G,) as uint32, or n-grams."""
    if settings.buckets is None:
        return keys if isinstance(keys, Words) else Words(keys)
    buckets = np.asarray(keys)
    if buckets.dtype.kind not in "iu":
        came = f"{type(keys).__name__} of {buckets.dtype}"
        raise SettingsError(sentence("keys to be bucket numbers", came, "pass SubwordTable.keys"))
    if wrong := _disorder(check_shape("keys", buckets, (None,)), settings):
        wanted = f"keys to be buckets that rise, below {settings.buckets}"
        raise SettingsError(sentence(wanted, wrong, "sort them, each once, and the rows with them"))
    return np.ascontiguousarray(buckets, np.uint32)


def _disorder(buckets: np.ndarray, settings: Subwords) -> str | None:
    """Say what is wrong with the order or the range of buckets (G,), if anything is."""
    if not len(buckets):
        return "none"
    falls = np.flatnonzero(buckets[1:] <= buckets[:-1])
    if len(falls):
        return f"{buckets[falls[0] + 1]} after {buckets[falls[0]]}"
    least, most = int(buckets[0]), int(buckets[-1])
    return f"{least if least < 0 else most}" if least < 0 or most >= (settings.buckets or 0) else None
