"""`Vectors`: what training gives and everything else takes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np

from firth.errors import FormatError, SettingsError, ShapeError, UnknownWordError, check_integer, check_shape, sentence
from firth.vectors.folder import open_folder, write_folder
from firth.vectors.formats.word2vec import write_word2vec
from firth.vectors.neighbours import cosines, nearest, row_norms
from firth.vectors.spelling import close_words
from firth.vectors.words import Words

Neighbours = list[tuple[str, float]]


class Vectors:
    """Words and their vectors.

    Args:
        words: V distinct words, in the order of the rows (by frequency, if trained here).
        matrix: their vectors as trained, not normalised, (V, D); float32 is shared, not copied, and must not
            change afterwards; other numbers are converted to float32.
        counts: how often each word was seen, (V,).
        context_matrix: the vectors of the words in their role as context, (V, D).
        config: how the vectors were made: whatever JSON can hold; `config["training"]["losses"]` has one entry
            a pass, with its `loss_per_pair` in nats.

    Raises:
        SettingsError: if a word comes twice or can't be stored, or a vector is not finite.
        ShapeError: if the sizes do not fit each other.

    >>> vectors = Vectors(["up", "down", "left"], np.array([[0, 2], [0, -1], [-3, 0]]))
    >>> len(vectors), vectors.dimensions, "up" in vectors, vectors["down"]
    (3, 2, True, array([ 0., -1.], dtype=float32))
    >>> vectors.most_similar("up")
    [('left', 0.0), ('down', -1.0)]
    """

    def __init__(
        self,
        words: Iterable[str],
        matrix: np.ndarray,
        *,
        counts: np.ndarray | None = None,
        context_matrix: np.ndarray | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        words = words if isinstance(words, Words) else Words(words)
        tensors = {"matrix": _checked_matrix("matrix", matrix, words)}
        if context_matrix is not None:
            tensors["context_matrix"] = _checked_matrix("context_matrix", context_matrix, words)
            check_shape("context_matrix", tensors["context_matrix"], tensors["matrix"].shape)
        if counts is not None:
            tensors["counts"] = _checked_counts(counts, words)
        self._adopt(words, tensors, dict(config or {}))

    def _adopt(self, words: Words, tensors: Mapping[str, np.ndarray], config: dict[str, Any]) -> None:
        """Take parts that have been checked; the arrays are held as views that can't be written to."""
        self._words, self._config = words, config
        self._tensors = {name: array.view() for name, array in tensors.items()}
        for array in self._tensors.values():
            array.flags.writeable = False
        self._norms: np.ndarray | None = None

    @property
    def words(self) -> Words:
        """The words in the order of the rows: a sequence of V strings."""
        return self._words

    @property
    def matrix(self) -> np.ndarray:
        """The vectors as trained, float32, (V, D), read-only."""
        return self._tensors["matrix"]

    @property
    def context_matrix(self) -> np.ndarray | None:
        """The vectors of the words as context, float32, (V, D), read-only; None if they were not kept."""
        return self._tensors.get("context_matrix")

    @property
    def counts(self) -> np.ndarray | None:
        """How often each word was seen, uint64, (V,), read-only; None if not known."""
        return self._tensors.get("counts")

    @property
    def config(self) -> dict[str, Any]:
        """How the vectors were made; of loaded ones, all of `config.json`."""
        return self._config

    @property
    def norms(self) -> np.ndarray:
        """Lengths of the vectors, float64, (V,), computed when first asked for."""
        if self._norms is None:
            self._norms = row_norms(self.matrix)
            self._norms.flags.writeable = False
        return self._norms

    @property
    def dimensions(self) -> int:
        """D, the length of a vector."""
        return self.matrix.shape[1]

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: object) -> bool:
        return word in self._words

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __repr__(self) -> str:
        return f"Vectors({len(self)} words × {self.dimensions})"

    def __getitem__(self, word: str) -> np.ndarray:
        """Return the vector of a word, (D,), read-only.

        Raises:
            UnknownWordError: if it has none.
        """
        return self.matrix[self.index(word)]

    def index(self, word: str) -> int:
        """Return the row of a word.

        Args:
            word: as written in `words`.

        Returns:
            The row, from 0.

        Raises:
            UnknownWordError: if the word has no vector; the message has words spelled like it.

        >>> Vectors(["the", "of"], np.eye(2)).index("of")
        1
        """
        row = self._words.find(word) if isinstance(word, str) else None
        if row is None:
            raise self._unknown(word)
        return row

    def similarity(self, first: str, second: str) -> float:
        """Cosine of the vectors of two words, in float64.

        Args:
            first: a word.
            second: a word.

        Returns:
            From −1 to 1; 0 if one of the vectors is zero.

        Raises:
            UnknownWordError: if a word has no vector.

        >>> round(Vectors(["one", "two"], np.array([[1, 0], [1, 1]])).similarity("one", "two"), 4)
        0.7071
        """
        rows = self.matrix[[self.index(first), self.index(second)]]
        return float(cosines(rows[:1], rows[1:])[0])

    @overload
    def most_similar(self, query: str, *, count: int = 10, exclude: Iterable[str] = ()) -> Neighbours: ...
    @overload
    def most_similar(
        self, query: list[str] | tuple[str, ...], *, count: int = 10, exclude: Iterable[str] = ()
    ) -> list[Neighbours]: ...
    @overload
    def most_similar(
        self, query: np.ndarray, *, count: int = 10, exclude: Iterable[str] = ()
    ) -> Neighbours | list[Neighbours]: ...
    def most_similar(
        self, query: str | Sequence[str] | np.ndarray, *, count: int = 10, exclude: Iterable[str] = ()
    ) -> Neighbours | list[Neighbours]:
        """Words with the highest cosine, for one query or many in one matrix product.

        A query word is never its own answer. Equal cosines come in the order of the rows. The answers to many
        queries are, to the last bit, those to each alone.

        Args:
            query: a word, or a vector (D,); or a list of words, or an array (N, D), for many answers.
            count: how many words at most.
            exclude: words that are no answers; those without a vector are ignored.

        Returns:
            Pairs of word and cosine, highest first: `count`, or what is left; for many queries a list of such lists.

        Raises:
            UnknownWordError: if a query word has no vector.
            ShapeError: if a query has not D numbers.
            SettingsError: if `count` is below 1, or a query is not finite.

        >>> vectors = Vectors(["up", "down", "left"], np.array([[0, 2], [0, -1], [-3, 0]]))
        >>> vectors.most_similar(np.array([-1.0, 1.0]), count=1, exclude=["up"])
        [('left', 0.7071067811865476)]
        >>> vectors.most_similar(["up", "left"], count=1)
        [[('left', 0.0)], [('up', 0.0)]]
        """
        count = check_integer("count", count, 1)
        if isinstance(exclude, str):
            raise SettingsError(sentence("exclude to be a list of words", repr(exclude), f"pass [{exclude!r}]"))
        excluded = self._words.rows(exclude)
        excluded = excluded[excluded >= 0]
        if isinstance(query, str) or (_is_list(query) and all(isinstance(word, str) for word in query)):
            rows = [self.index(word) for word in ([query] if isinstance(query, str) else query)]
            queries, left_out = self.matrix[rows], [np.append(excluded, row) for row in rows]
            is_one = isinstance(query, str)
        else:
            queries, is_one = self._checked_queries(query)
            left_out = [excluded] * len(queries)
        answers = [
            list(zip(map(self._words.__getitem__, found), values, strict=True))
            for found, values in self._nearest(queries, count, left_out)
        ]
        return answers[0] if is_one else answers

    def analogy(self, a: str, b: str, c: str, *, count: int = 10) -> Neighbours:
        """Words that are to `c` as `b` is to `a`: the nearest to b − a + c, each of length 1 (3CosAdd).

        Args:
            a: first word of the pair that is known, such as "man".
            b: second word of it, such as "king".
            c: first word of the pair to complete, such as "woman".
            count: how many words at most.

        Returns:
            Pairs of word and cosine, highest first, without the three words.

        Raises:
            UnknownWordError: if a word has no vector.
            SettingsError: if `count` is below 1.

        >>> shape = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]])
        >>> Vectors(["man", "king", "woman", "queen"], shape).analogy("man", "king", "woman")[0][0]
        'queen'

        Mikolov, Yih & Zweig 2013. Convention: the three words are no answers (as in word2vec.c and gensim).
        """
        count = check_integer("count", count, 1)
        rows = np.array([self.index(word) for word in (a, b, c)])
        units = self.matrix[rows].astype(np.float64)
        norms = row_norms(self.matrix[rows])[:, np.newaxis]
        units = np.divide(units, norms, out=np.zeros_like(units), where=norms > 0)
        target = units[1] - units[0] + units[2]
        found, values = self._nearest(target[np.newaxis], count, [rows])[0]
        return list(zip(map(self._words.__getitem__, found), values, strict=True))

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a folder: `vectors.safetensors`, `words.txt`, `config.json`, `README.md`; whole, or not at all.

        Args:
            folder: where to; parents are made.
            overwrite: whether an older output of the library may be replaced.

        Raises:
            OutputExistsError: if the place is taken.
            SettingsError: if the config holds what JSON can't.
            OutputError: if the disk is full, or the place can't be written to.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     Vectors(["up"], np.ones((1, 2))).save(place + "/tiny")
        ...     Vectors.load(place + "/tiny")
        Vectors(1 words × 2)
        """
        write_folder(folder, self._words, self._tensors, self._config, overwrite=overwrite)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], *, check: bool = False) -> Vectors:
        """Open a folder that `save` wrote, in milliseconds: sizes are checked, the contents mapped.

        Args:
            folder: where from.
            check: whether to read everything, too: checksums, words, numbers.

        Returns:
            The vectors; they read from the files as long as they live.

        Raises:
            FormatError: if this is no such folder, not a whole one, or from a newer version of the library.

        Example: `save`.
        """
        words, tensors, config = open_folder(folder, check=check)
        if check:
            words.check()
            for name in ("matrix", "context_matrix"):
                row = _not_finite(tensors[name]) if name in tensors else None
                if row is not None:
                    came = f"NaN or infinity in {name} for {words[row]!r}"
                    raise FormatError(sentence(f"finite numbers in {folder}", came, "train or export it again"))
        self = cls.__new__(cls)
        self._adopt(words, tensors, config)
        return self

    def save_word2vec(self, path: str | os.PathLike[str], *, binary: bool = False, overwrite: bool = False) -> None:
        r"""Write the vectors in the text or binary format of word2vec.c, which every tool reads.

        Args:
            path: the file.
            binary: whether to write the binary format: smaller, faster.
            overwrite: whether an existing file may be replaced.

        Raises:
            SettingsError: if a word is empty or holds white space.
            OutputExistsError: if the place is taken.
            OutputError: if the disk is full, or the place can't be written to.

        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     Vectors(["up"], np.array([[0.1, 2]])).save_word2vec(place + "/tiny.txt")
        ...     pathlib.Path(place, "tiny.txt").read_text()
        '1 2\nup 0.1 2.0\n'
        """
        write_word2vec(path, self._words, self.matrix, binary=binary, overwrite=overwrite)

    def _unknown(self, word: object) -> UnknownWordError:
        """Build the error of a word without a vector."""
        if not isinstance(word, str):
            advice = "look words up; rows are in vectors.matrix"
            return UnknownWordError(sentence("a word (str)", repr(word), advice))
        close = close_words(word, self._words)
        meant = " or ".join(map(repr, close))
        advice = f"did you mean {meant}?" if close else "look for another: no word is spelled like it"
        return UnknownWordError(sentence("a word with a vector", repr(word), advice))

    def _nearest(
        self, queries: np.ndarray, count: int, left_out: Sequence[np.ndarray]
    ) -> list[tuple[list[int], list[float]]]:
        """Find the nearest rows of queries (N, D), as lists."""
        answers = nearest(self.matrix, self.norms, queries, count=count, left_out=left_out)
        return [(rows.tolist(), values.tolist()) for rows, values in answers]

    def _checked_queries(self, query: object) -> tuple[np.ndarray, bool]:
        """Return queries as an array (N, D), and whether there was one alone."""
        try:
            array = np.asarray(query)
        except ValueError:
            array = np.asarray(None)
        if array.dtype.kind not in "fiu":
            came = f"{type(query).__name__} of {array.dtype}"
            raise ShapeError(sentence("a query to be words or vectors", came, "pass a str, a list of str, or numbers"))
        queries = check_shape("query", array[np.newaxis] if array.ndim == 1 else array, (None, self.dimensions))
        if not np.isfinite(queries).all():
            raise SettingsError(sentence("a query of finite numbers", "NaN or infinity", "check where it comes from"))
        return queries, array.ndim == 1


def _is_list(query: object) -> bool:
    """Tell whether a query is a sequence other than an array of numbers."""
    return isinstance(query, Sequence) or (isinstance(query, np.ndarray) and query.dtype.kind == "U")


def _checked_matrix(name: str, matrix: object, words: Words) -> np.ndarray:
    """Return a matrix (V, D) as finite float32, without a copy if it is that already."""
    array = np.asarray(matrix)
    if array.dtype.kind not in "fiu":
        raise ShapeError(sentence(f"{name} to hold real numbers", str(array.dtype), "convert it to float32"))
    check_shape(name, array, (len(words), None))
    if array.shape[1] == 0:
        raise ShapeError(sentence(f"{name} of at least one dimension", f"shape {array.shape}", "pass another"))
    with np.errstate(over="ignore"):  # becomes infinity, and is refused below
        array = np.ascontiguousarray(array, np.float32)
    row = _not_finite(array)
    if row is not None:
        came = f"NaN or infinity for {words[row]!r} (row {row})"
        raise SettingsError(sentence(f"{name} of finite float32 numbers", came, "lower the rate and train again"))
    return array


def _checked_counts(counts: object, words: Words) -> np.ndarray:
    """Return counts (V,) as uint64."""
    array = check_shape("counts", np.asarray(counts), (len(words),))
    if array.dtype.kind not in "iu" or (array.dtype.kind == "i" and array.min() < 0):
        came = str(array.dtype) if array.dtype.kind not in "iu" else str(array.min())
        raise SettingsError(sentence("counts to be whole numbers ≥ 0", came, "pass how often each word was seen"))
    return np.ascontiguousarray(array, np.uint64)


def _not_finite(matrix: np.ndarray) -> int | None:
    """Return the first row (V, D) with NaN or infinity, or None; the extremes tell without a copy."""
    if np.isfinite(matrix.min()) and np.isfinite(matrix.max()):
        return None
    return int(np.flatnonzero(~(np.isfinite(matrix.min(axis=1)) & np.isfinite(matrix.max(axis=1))))[0])
