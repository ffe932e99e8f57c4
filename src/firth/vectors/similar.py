"""What is near to words: similarity, neighbours, analogies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, overload

import numpy as np

from firth.errors import SettingsError, check_choice, check_integer, sentence
from firth.machine import check_threads
from firth.vectors.checking import checked_queries
from firth.vectors.lookup import Lookup
from firth.vectors.neighbours import cosines, nearest, unit_rows
from firth.vectors.products import nearest_by_product
from firth.vectors.stored import StoredMatrix
from firth.vectors.words import Words

Neighbours = list[tuple[str, float]]

METHODS = ("add", "multiply")
"""How `related` weighs words: by the cosine with their sum (3CosAdd), or by the product of cosines (3CosMul)."""


class RowIndex(Protocol):
    """What finds near rows without reading them all: see `firth.vectors.approximate`."""

    def nearest(
        self,
        words: Words,
        matrix: StoredMatrix,
        queries: np.ndarray,
        *,
        count: int,
        left_out: Sequence[np.ndarray],
        threads: int,
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return for each query (N, D) rows and their cosines, highest first."""


class Similar(Lookup):
    """Words with vectors, asked for those near to others; `Vectors` is one."""

    def similarity(self, first: str, second: str) -> float:
        """Cosine of the vectors of two words, in float64.

        Args:
            first: a word.
            second: a word.

        Returns:
            From −1 to 1; 0 if one of the vectors is zero.

        Raises:
            UnknownWordError: if a word has no vector.

        >>> from firth.vectors import Vectors
        >>> round(Vectors(["one", "two"], np.array([[1, 0], [1, 1]])).similarity("one", "two"), 4)
        0.7071
        """
        pair = np.array([self[first], self[second]])
        return float(cosines(pair[:1], pair[1:])[0])

    @overload
    def most_similar(
        self,
        query: str,
        *,
        count: int = 10,
        exclude: Iterable[str] = (),
        restrict: int | None = None,
        index: RowIndex | None = None,
        threads: int | None = None,
    ) -> Neighbours: ...
    @overload
    def most_similar(
        self,
        query: list[str] | tuple[str, ...],
        *,
        count: int = 10,
        exclude: Iterable[str] = (),
        restrict: int | None = None,
        index: RowIndex | None = None,
        threads: int | None = None,
    ) -> list[Neighbours]: ...
    @overload
    def most_similar(
        self,
        query: np.ndarray,
        *,
        count: int = 10,
        exclude: Iterable[str] = (),
        restrict: int | None = None,
        index: RowIndex | None = None,
        threads: int | None = None,
    ) -> Neighbours | list[Neighbours]: ...
    def most_similar(
        self,
        query: str | Sequence[str] | np.ndarray,
        *,
        count: int = 10,
        exclude: Iterable[str] = (),
        restrict: int | None = None,
        index: RowIndex | None = None,
        threads: int | None = None,
    ) -> Neighbours | list[Neighbours]:
        """Words with the highest cosine, for one query or many at once, in memory that many do not fill.

        A query word is never its own answer. Equal cosines come in the order of the rows. The answers to many
        queries are, to the last bit, those to each alone, on any number of threads.

        Args:
            query: a word, or a vector (D,); or a list of words, or an array (N, D), for many answers.
            count: how many words at most.
            exclude: words that are no answers; those without a vector are ignored.
            restrict: only so many words, the most frequent, can be answers; None: all.
            index: an `ApproximateIndex` of these vectors: faster, and some answers may be missing.
            threads: how many may work; None: one for each core.

        Returns:
            Pairs of word and cosine, highest first: `count`, or what is left; for many queries a list of such lists.

        Raises:
            UnknownWordError: if a query word has no vector.
            ShapeError: if a query has not D numbers.
            SettingsError: if a number is out of its range, a query is not finite, or the index is of other vectors.

        >>> from firth.vectors import Vectors
        >>> vectors = Vectors(["up", "down", "left"], np.array([[0, 2], [0, -1], [-3, 0]]))
        >>> vectors.most_similar(np.array([-1.0, 1.0]), count=1, exclude=["up"])
        [('left', 0.7071067811865476)]
        >>> vectors.most_similar(["up", "left"], count=1)
        [[('left', 0.0)], [('up', 0.0)]]
        """
        count = check_integer("count", count, 1)
        excluded = self._rows_of(exclude)
        if isinstance(query, str) or (_is_list(query) and all(isinstance(word, str) for word in query)):
            found = [self._look_up(word) for word in ([query] if isinstance(query, str) else query)]
            queries = np.array([vector for _, vector in found], np.float32).reshape(-1, self.dimensions)
            left_out = [np.append(excluded, rows) for rows, _ in found]
            is_one = isinstance(query, str)
        else:
            queries, is_one = checked_queries(query, self.dimensions), np.ndim(query) == 1
            left_out = [excluded] * len(queries)
        answers = self._nearest(queries, count, left_out, restrict=restrict, index=index, threads=threads)
        return answers[0] if is_one else answers

    def analogy(self, a: str, b: str, c: str, *, count: int = 10, method: str = "add") -> Neighbours:
        """Words that are to `c` as `b` is to `a`: those related to b and c, and not to a.

        Args:
            a: first word of the pair that is known, such as "man".
            b: second word of it, such as "king".
            c: first word of the pair to complete, such as "woman".
            count: how many words at most.
            method: how `related` weighs them: "add" or "multiply".

        Returns:
            Pairs of word and score, highest first, without the three words.

        Raises:
            UnknownWordError: if a word has no vector.
            SettingsError: if `count` is below 1, or `method` is none of those.

        >>> from firth.vectors import Vectors
        >>> shape = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]])
        >>> Vectors(["man", "king", "woman", "queen"], shape).analogy("man", "king", "woman")[0][0]
        'queen'

        Mikolov, Yih & Zweig 2013. Convention: the three words are no answers (as in word2vec.c and gensim).
        """
        return self.related([b, c], [a], count=count, method=method)

    def combine(self, positive: Sequence[str | np.ndarray], negative: Sequence[str | np.ndarray] = ()) -> np.ndarray:
        """Return the mean of vectors, each of length 1, those of `negative` turned round.

            (Σ p/|p| − Σ n/|n|) / (P + N)

        Args:
            positive: P words, or vectors (D,).
            negative: N of them; P + N ≥ 1.

        Returns:
            Float64, (D,); a vector of zeros adds nothing.

        Raises:
            UnknownWordError: if a word has no vector.
            ShapeError: if a vector has not D numbers.
            SettingsError: if there are none, or a number is not finite.

        >>> from firth.vectors import Vectors
        >>> Vectors(["up", "right"], np.array([[0, 2], [3, 0]])).combine(["right"], ["up"]).tolist()
        [0.5, -0.5]
        """
        _, vectors = self._terms(positive, negative)
        return _signed_mean(vectors, len(negative))

    def related(
        self,
        positive: Sequence[str | np.ndarray],
        negative: Sequence[str | np.ndarray] = (),
        *,
        count: int = 10,
        method: str = "add",
        exclude: Iterable[str] = (),
        restrict: int | None = None,
        index: RowIndex | None = None,
        threads: int | None = None,
    ) -> Neighbours:
        """Words near to all of `positive` and far from `negative`; those words are no answers.

        Args:
            positive: words, or vectors (D,).
            negative: words, or vectors (D,).
            count: how many words at most.
            method: "add", by the cosine with what `combine` returns (3CosAdd; gensim's `most_similar`); or "multiply",
                by a quotient of products of cosines, each moved to [0, 1] (3CosMul; gensim's `most_similar_cosmul`):
                see `firth.vectors.products.nearest_by_product`.
            exclude: more words that are no answers.
            restrict: only so many words, the most frequent, can be answers; None: all.
            index: an `ApproximateIndex` of these vectors; for "add".
            threads: how many may work; None: one for each core.

        Returns:
            Pairs of word and score, highest first: `count`, or what is left.

        Raises:
            UnknownWordError: if a word has no vector.
            ShapeError: if a vector has not D numbers.
            SettingsError: if there are no words, or a setting is out of its range.

        >>> from firth.vectors import Vectors
        >>> shape = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]])
        >>> vectors = Vectors(["man", "king", "woman", "queen"], shape)
        >>> vectors.related(["king", "woman"], ["man"], method="multiply", count=1)[0][0]
        'queen'
        """
        count = check_integer("count", count, 1)
        check_choice("method", method, METHODS)
        rows, vectors = self._terms(positive, negative)
        out = np.concatenate([self._rows_of(exclude), rows])
        if method == "add":
            target = _signed_mean(vectors, len(negative))[np.newaxis]
            return self._nearest(target, count, [out], restrict=restrict, index=index, threads=threads)[0]
        if index is not None:
            came = "method='multiply'"
            raise SettingsError(sentence("method='add' with an index", came, "leave out index, or take method='add'"))
        near, far = np.split(vectors, [len(vectors) - len(negative)])
        found = nearest_by_product(
            self.stored,
            self.norms,
            near,
            far,
            count=count,
            left_out=out,
            restrict=_checked_restrict(restrict),
            threads=check_threads(threads),
        )
        return self._named(*found)

    def _rows_of(self, exclude: Iterable[str]) -> np.ndarray:
        """Return the rows of words that are no answers."""
        if isinstance(exclude, str):
            raise SettingsError(sentence("exclude to be a list of words", repr(exclude), f"pass [{exclude!r}]"))
        rows = self.words.rows(exclude)
        return rows[rows >= 0]

    def _terms(
        self, positive: Sequence[str | np.ndarray], negative: Sequence[str | np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the words among terms, and the vectors of all, float64, (P + N, D)."""
        for name, terms in (("positive", positive), ("negative", negative)):
            if isinstance(terms, str):
                raise SettingsError(sentence(f"{name} to be a list of words", repr(terms), f"pass [{terms!r}]"))
        found = [
            self._look_up(term)
            if isinstance(term, str)
            else (np.array([], np.int64), checked_queries(term, self.dimensions)[0])
            for term in (*positive, *negative)
        ]
        if not found:
            raise SettingsError(sentence("at least one word", "none", "pass words, or vectors, as positive"))
        rows, vectors = zip(*found, strict=True)
        return np.concatenate(rows), np.array(vectors, np.float64)

    def _nearest(
        self,
        queries: np.ndarray,
        count: int,
        left_out: Sequence[np.ndarray],
        *,
        restrict: int | None,
        index: RowIndex | None,
        threads: int | None,
    ) -> list[Neighbours]:
        """Find the nearest words of queries (N, D)."""
        restrict, threads = _checked_restrict(restrict), check_threads(threads)
        if index is None:
            held, norms = self.stored, self.norms
            answers = nearest(held, norms, queries, count=count, left_out=left_out, restrict=restrict, threads=threads)
        elif restrict is not None:
            raise SettingsError(sentence("no restrict with an index", str(restrict), "leave out one of the two"))
        else:
            answers = index.nearest(self.words, self.stored, queries, count=count, left_out=left_out, threads=threads)
        return [self._named(rows, values) for rows, values in answers]

    def _named(self, rows: np.ndarray, values: np.ndarray) -> Neighbours:
        """Return rows and their scores as words and plain numbers."""
        return list(zip(map(self.words.__getitem__, rows.tolist()), values.tolist(), strict=True))


def _signed_mean(vectors: np.ndarray, negatives: int) -> np.ndarray:
    """Return the mean of vectors (N, D), each of length 1, the last of them turned round."""
    units = unit_rows(vectors)
    units[len(units) - negatives :] *= -1
    return units.sum(axis=0) / len(units)


def _is_list(query: object) -> bool:
    """Tell whether a query is a sequence other than an array of numbers."""
    return isinstance(query, Sequence) or (isinstance(query, np.ndarray) and query.dtype.kind == "U")


def _checked_restrict(restrict: int | None) -> int | None:
    """Return `restrict` if it is None or a whole number ≥ 1."""
    return None if restrict is None else check_integer("restrict", restrict, 1)
