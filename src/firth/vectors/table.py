"""`Vectors`: what training gives and everything else takes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np

from firth.errors import SettingsError, UnknownWordError, check_integer, check_shape, sentence
from firth.vectors.checking import (
    checked_counts,
    checked_matrix,
    checked_queries,
    read_only,
)
from firth.vectors.folder import write_folder
from firth.vectors.formats.opening import open_vectors, writer_of
from firth.vectors.formats.parts import cut
from firth.vectors.neighbours import cosines, nearest, row_norms
from firth.vectors.spelling import close_words
from firth.vectors.subwords import SubwordVectors
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
        subwords: the rows of words and of their character n-grams whose means `matrix` holds (`load(…, check=True)`
            sees to it). With them, words that are not in `words` have vectors, too, composed of the n-grams that are
            known; `in` and `index` go on telling which words have rows.

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
        subwords: SubwordVectors | None = None,
    ) -> None:
        words = words if isinstance(words, Words) else Words(words)
        tensors = {"matrix": checked_matrix("matrix", matrix, len(words), words)}
        if context_matrix is not None:
            tensors["context_matrix"] = checked_matrix("context_matrix", context_matrix, len(words), words)
            check_shape("context_matrix", tensors["context_matrix"], tensors["matrix"].shape)
        if counts is not None:
            tensors["counts"] = checked_counts(counts, len(words))
        if subwords is not None:
            check_shape("word_matrix", subwords.word_matrix, tensors["matrix"].shape)
        self._adopt(words, tensors, dict(config or {}), subwords)

    def _adopt(
        self,
        words: Words,
        tensors: Mapping[str, np.ndarray],
        config: dict[str, Any],
        subwords: SubwordVectors | None,
    ) -> None:
        """Take parts that have been checked; the arrays are held as views that can't be written to."""
        self._words, self._config, self._subwords = words, config, subwords
        self._tensors = {name: read_only(array) for name, array in tensors.items()}
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
    def subwords(self) -> SubwordVectors | None:
        """The rows of words and n-grams; None if words were trained as they are."""
        return self._subwords

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
        """Return the vector of a word, (D,), read-only: its row, or what `SubwordVectors.vector` makes of its n-grams.

        Raises:
            UnknownWordError: if it has none.
        """
        return self._look_up(word)[1]

    def index(self, word: str) -> int:
        """Return the row of a word.

        Args:
            word: as written in `words`.

        Returns:
            The row, from 0.

        Raises:
            UnknownWordError: if the word has no row; the message has words spelled like it.

        >>> Vectors(["the", "of"], np.eye(2)).index("of")
        1
        """
        row = self._words.find(word) if isinstance(word, str) else None
        if row is None:
            raise self._unknown(word, "a row of its own" if self._subwords is not None else "a vector")
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
        pair = np.array([self[first], self[second]])
        return float(cosines(pair[:1], pair[1:])[0])

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
            found = [self._look_up(word) for word in ([query] if isinstance(query, str) else query)]
            queries = np.array([vector for _, vector in found], np.float32).reshape(-1, self.dimensions)
            left_out = [np.append(excluded, rows) for rows, _ in found]
            is_one = isinstance(query, str)
        else:
            queries, is_one = checked_queries(query, self.dimensions), np.ndim(query) == 1
            left_out = [excluded] * len(queries)
        answers = [
            list(zip(map(self._words.__getitem__, rows), values, strict=True))
            for rows, values in self._nearest(queries, count, left_out)
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
        rows, three = zip(*map(self._look_up, (a, b, c)), strict=True)
        units = np.array(three, np.float64)
        norms = row_norms(units)[:, np.newaxis]
        units = np.divide(units, norms, out=np.zeros_like(units), where=norms > 0)
        target = units[1] - units[0] + units[2]
        found, values = self._nearest(target[np.newaxis], count, [np.concatenate(rows)])[0]
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
        parts = self._words, self._tensors, self._config
        write_folder(folder, *parts, subwords=self._subwords, overwrite=overwrite)

    def export(self, path: str | os.PathLike[str], format: str = "word2vec", *, overwrite: bool = False) -> None:
        r"""Write words and vectors in a format of other tools; counts, contexts and subwords stay behind.

        Args:
            path: the file, or the folder.
            format: "word2vec" (binary), "word2vec-text", "glove", "numpy", "static-embedding" (a folder that model2vec
                and sentence-transformers load), or "firth": the folder that `save` writes.
            overwrite: whether an older output may be replaced.

        Raises:
            SettingsError: if the format is none of these, or does not hold one of the words.
            OutputExistsError: if the place is taken.
            OutputError: if the disk is full, or the place can't be written to.

        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     Vectors(["up"], np.array([[0.1, 2]])).export(place + "/tiny.txt", "word2vec-text")
        ...     pathlib.Path(place, "tiny.txt").read_text()
        '1 2\nup 0.1 2.0\n'
        """
        if format == "firth":
            self.save(path, overwrite=overwrite)
        else:
            writer_of(format)(path, cut(self._words, self.matrix), overwrite=overwrite)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        check: bool = False,
        format: str | None = None,
        limit: int | None = None,
        errors: str = "strict",
    ) -> Vectors:
        """Open vectors: a folder that `save` wrote, in milliseconds, or a file of another tool.

        Of our own folder sizes are checked and the contents mapped. Everything else is read, checked, and held in
        memory; `config["source"]` tells its format, and what was left out.

        Args:
            path: the folder or the file.
            check: whether to read all of our own folder, too: checksums, words, numbers; and whether words are the
                means of their rows, which takes Numba.
            format: what it is; None: what it looks like, whatever its name (see `docs/formats.md`).
            limit: how many rows to read, the first; None: all.
            errors: what words that are not UTF-8 do: "strict" refuses them, "replace" puts U+FFFD, "ignore" leaves the
                bytes out.

        Returns:
            The vectors; those of our own folder read from its files as long as they live.

        Raises:
            FormatError: if these are no vectors, or not whole, or not finite; or from a newer version of the library.
            SettingsError: if `format`, `limit` or `errors` is nothing that can be meant.

        Example: `save`, `export`.
        """
        parts = open_vectors(path, check=check, format=format, limit=limit, errors=errors)
        self = cls.__new__(cls)
        self._adopt(parts.words, parts.tensors, parts.config, parts.subwords)
        return self

    def _look_up(self, word: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the row of a word, as an array (1,) or (0,) if it has none, and its vector (D,).

        Raises:
            UnknownWordError: if it has none.
        """
        row = self._words.find(word) if isinstance(word, str) else None
        if row is not None:
            return np.array([row]), self.matrix[row]
        composed = self._subwords.vector(word) if self._subwords is not None and isinstance(word, str) else None
        if composed is None:
            raise self._unknown(word, "a vector")
        return np.array([], np.int64), composed

    def _unknown(self, word: object, what: str) -> UnknownWordError:
        """Build the error of a word without a vector, or a row."""
        if not isinstance(word, str):
            advice = "look words up; rows are in vectors.matrix"
            return UnknownWordError(sentence("a word (str)", repr(word), advice))
        close = close_words(word, self._words)
        meant = " or ".join(map(repr, close))
        advice = f"did you mean {meant}?" if close else "look for another: no word is spelled like it"
        return UnknownWordError(sentence(f"a word with {what}", repr(word), advice))

    def _nearest(
        self, queries: np.ndarray, count: int, left_out: Sequence[np.ndarray]
    ) -> list[tuple[list[int], list[float]]]:
        """Find the nearest rows of queries (N, D), as lists."""
        answers = nearest(self.matrix, self.norms, queries, count=count, left_out=left_out)
        return [(rows.tolist(), values.tolist()) for rows, values in answers]


def _is_list(query: object) -> bool:
    """Tell whether a query is a sequence other than an array of numbers."""
    return isinstance(query, Sequence) or (isinstance(query, np.ndarray) and query.dtype.kind == "U")
