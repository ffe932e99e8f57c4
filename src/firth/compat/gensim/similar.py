"""What is near to keys and vectors, by gensim's names: `most_similar`, `doesnt_match`, `wmdistance` and so on."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol, overload

import numpy as np

from firth.compat.gensim.keys import KEYS, Key, KeyTable, listed_terms
from firth.compat.gensim.transport import least_transport
from firth.errors import SettingsError, sentence
from firth.machine import check_threads
from firth.vectors.checking import checked_queries
from firth.vectors.neighbours import cosines, nearest, unit_rows
from firth.vectors.products import nearest_by_product
from firth.vectors.stored import PlainMatrix

logger = logging.getLogger(__name__)

Neighbours = list[tuple[Key | None, float]]


class Indexer(Protocol):
    """An index as gensim calls it, such as its `AnnoyIndexer`."""

    def most_similar(self, vector: np.ndarray, num_neighbors: int) -> Neighbours:
        """Return the keys near to a vector (D,)."""


class SimilarKeys(KeyTable):
    """Keys with vectors, asked for those near to others. Cosines are computed in float64; of zeros they are 0."""

    @overload
    def most_similar(
        self,
        positive: object = None,
        negative: object = None,
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Indexer | None = None,
    ) -> Neighbours: ...
    @overload
    def most_similar(
        self,
        positive: object = None,
        negative: object = None,
        *,
        topn: None,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Indexer | None = None,
    ) -> np.ndarray: ...
    def most_similar(
        self,
        positive: object = None,
        negative: object = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Indexer | None = None,
    ) -> Neighbours | np.ndarray:
        """Find the keys nearest to a weighted mean: of keys, each of length 1, and of vectors as they are.

        Args:
            positive: keys or vectors, or pairs of one of these and a weight (without it 1); or just one key or vector.
            negative: the same, without a weight −1.
            topn: how many; None: the similarities of all, in the order of the rows.
            clip_start: the first row that can be an answer.
            clip_end: and after the last.
            restrict_vocab: so many rows, from the first; instead of both.
            indexer: is asked instead, `indexer.most_similar(mean, topn)`.

        Returns:
            Pairs of key and cosine, highest first, equal ones by row, without the keys that were asked for. With
            `topn=None` float64, (rows,).

        Raises:
            UnknownWordError: if a key has no vector.
            SettingsError: if nothing is asked for, or a number is not finite.

        >>> vectors = SimilarKeys(2)
        >>> vectors[["up", "down", "left"]] = np.array([[0, 2], [0, -1], [-3, 0.1]])
        >>> [key for key, _ in vectors.most_similar("up")]
        ['left', 'down']
        """
        if topn is not None and topn < 1:
            return []
        near, far = listed_terms(positive, "positive"), listed_terms(negative, "negative")
        target, rows = self._target(near, far)
        if indexer is not None and topn is not None:
            return indexer.most_similar(target[0].astype(np.float32), topn)
        start, stop = (0, restrict_vocab) if restrict_vocab else (clip_start, clip_end)
        start, stop, _ = slice(start, stop or None).indices(len(self.vectors))
        matrix, norms = self.float32_vectors()[start:stop], self.lengths()[start:stop]
        if not topn:
            return cosines(matrix, target)
        if not len(matrix):
            return []
        out = rows[(rows >= start) & (rows < stop)] - start
        found = nearest(matrix, norms, target, count=int(topn), left_out=[out], threads=check_threads(None))
        return self._named(found[0][0] + start, found[0][1])

    def most_similar_cosmul(
        self, positive: object = None, negative: object = None, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbours | np.ndarray:
        """Find keys by a quotient of products of cosines, each moved to [0, 1] (3CosMul).

        Args:
            positive: keys or vectors, at least one.
            negative: keys or vectors.
            topn: how many; None: the scores of all.
            restrict_vocab: so many rows can be answers. gensim takes this argument and does nothing with it.

        Returns:
            Pairs of key and score, highest first; with `topn=None` float64, (V,).

        Raises:
            UnknownWordError: if a key has no vector.
            SettingsError: if there is no positive key.

        Levy & Goldberg 2014, §6.2. Convention: a vector counts by its direction; gensim multiplies with its length.
        """
        if topn is not None and topn < 1:
            return []
        near, far = listed_terms(positive, "positive"), listed_terms(negative, "negative")
        if not near:
            raise SettingsError(sentence("a positive key or vector", "none", "pass positive=[…]"))
        vectors, rows = self._terms([*near, *far])
        matrix = PlainMatrix(self.float32_vectors())
        limit = len(matrix) if not restrict_vocab else min(restrict_vocab, len(matrix))
        found, scores = nearest_by_product(
            matrix,
            self.lengths(),
            vectors[: len(near)],
            vectors[len(near) :],
            count=limit if not topn else int(topn),
            left_out=rows if topn else np.array([], np.int64),
            restrict=limit,
            threads=check_threads(None),
        )
        if topn:
            return self._named(found, scores)
        every = np.empty(limit)
        every[found] = scores
        return every

    def similar_by_word(self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None) -> object:
        """Return `most_similar` of a word."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_key(self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None) -> object:
        """Return `most_similar` of a key."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_vector(self, vector: np.ndarray, topn: int | None = 10, restrict_vocab: int | None = None) -> object:
        """Return `most_similar` of a vector (D,)."""
        return self.most_similar([vector], topn=topn, restrict_vocab=restrict_vocab)

    def get_mean_vector(
        self,
        keys: Sequence[Key | np.ndarray],
        weights: Sequence[float] | np.ndarray | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> np.ndarray:
        """Return the weighted mean of vectors: Σ w·v / Σ |w|.

        Args:
            keys: keys; or vectors (D,), which are taken as they are.
            weights: of each; None: 1.
            pre_normalize: whether vectors of keys get length 1 before.
            post_normalize: whether the mean gets length 1.
            ignore_missing: whether keys without a vector are left out.

        Returns:
            The mean, (D,), in the type of the vectors; zeros if nothing is left.

        Raises:
            SettingsError: if there are no keys, or not as many weights.
            UnknownWordError: if a key has no vector and `ignore_missing` is False.
        """
        listed = list(keys)
        if not listed:
            raise SettingsError(sentence("keys to take the mean of", "none", "pass at least one"))
        factors = np.ones(len(listed)) if weights is None else np.asarray(weights, np.float64)
        if factors.shape != (len(listed),):
            came = f"{len(listed)} keys and weights of shape {factors.shape}"
            raise SettingsError(sentence("one weight for each key", came, "pass two lists of the same length"))
        total, mean = 0.0, np.zeros(self.vector_size)
        for key, factor in zip(listed, factors.tolist(), strict=True):
            if not isinstance(key, np.ndarray) and key not in self:
                if not ignore_missing:
                    raise self._unknown(key)
                continue
            vector = np.asarray(key if isinstance(key, np.ndarray) else self.get_vector(key), np.float64)
            if pre_normalize and not isinstance(key, np.ndarray):
                vector = unit_rows(vector[np.newaxis])[0]
            mean += factor * vector
            total += abs(factor)
        mean = mean / total if total else mean
        if post_normalize:
            mean = unit_rows(mean[np.newaxis])[0]
        return mean.astype(self.vectors.dtype)

    def rank_by_centrality(self, words: Sequence[Key], use_norm: bool = True) -> list[tuple[float, Key]]:
        """Rank words by the cosine with the mean of all of them, highest first.

        Args:
            words: keys; those without a vector are left out, with a warning.
            use_norm: whether vectors get length 1 before.

        Raises:
            SettingsError: if none has a vector.
        """
        known = [word for word in words if word in self]
        if len(known) != len(words):
            logger.warning("words without a vector are left out: %s", sorted(map(str, set(words) - set(known))))
        if not known:
            raise SettingsError(sentence("a word with a vector", "none", "pass words that are in the vectors"))
        vectors = self[known].astype(np.float64)
        vectors = unit_rows(vectors) if use_norm else vectors
        mean = unit_rows(vectors.mean(axis=0, keepdims=True))[0]
        return sorted(zip((vectors @ mean).tolist(), known, strict=True), reverse=True)

    def doesnt_match(self, words: Sequence[Key]) -> Key:
        """Return the word farthest from the mean of all.

        >>> vectors = SimilarKeys(2)
        >>> vectors[["one", "two", "green"]] = np.array([[1, 0.1], [1, -0.1], [0, 1]])
        >>> vectors.doesnt_match(["one", "two", "green"])
        'green'
        """
        return self.rank_by_centrality(words)[-1][1]

    @staticmethod
    def cosine_similarities(vector_1: np.ndarray, vectors_all: np.ndarray) -> np.ndarray:
        """Return the cosines of a vector (D,) with others (N, D): float64, (N,), 0 where a length is 0."""
        return cosines(np.asarray(vectors_all), np.asarray(vector_1)[np.newaxis])

    def distances(self, word_or_vector: Key | np.ndarray, other_words: Sequence[Key] = ()) -> np.ndarray:
        """Return 1 − cosine of a key or vector with others, or with all: float64, (N,)."""
        one = self.get_vector(word_or_vector) if isinstance(word_or_vector, KEYS) else word_or_vector
        others = self.vectors if len(other_words) == 0 else self.vectors[[self.get_index(w) for w in other_words]]
        return 1 - self.cosine_similarities(np.asarray(one), others)

    def distance(self, w1: Key, w2: Key) -> np.float64:
        """Return 1 − cosine of two keys."""
        return np.float64(1 - self.similarity(w1, w2))

    def similarity(self, w1: Key, w2: Key) -> np.float64:
        """Return the cosine of two keys, in float64; gensim's is the same to six digits."""
        return np.float64(cosines(self[w1][np.newaxis], self[w2][np.newaxis])[0])

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> np.float64:
        """Return the cosine of the means of two lists of keys; those without a vector are left out.

        Raises:
            ZeroDivisionError: if a list is empty, as in gensim.
        """
        if not (len(ws1) and len(ws2)):
            raise ZeroDivisionError(sentence("two lists of words", "an empty one", "pass at least one word in each"))
        first, second = (self.get_mean_vector(words, pre_normalize=False) for words in (ws1, ws2))
        return np.float64(cosines(first[np.newaxis], second[np.newaxis])[0])

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """Return the key of a list that is nearest to another; of equal ones the first."""
        return keys_list[int(np.argmax([self.similarity(key1, key) for key in keys_list]))]

    def closer_than(self, key1: Key, key2: Key) -> list[Key | None]:
        """Return all keys that are nearer to `key1` than `key2` is, in the order of the rows."""
        distances = self.distances(key1)
        rows = np.flatnonzero(distances < distances[self.get_index(key2)])
        return [self.index_to_key[row] for row in rows.tolist() if row != self.get_index(key1)]

    def words_closer_than(self, word1: Key, word2: Key) -> list[Key | None]:
        """Return `closer_than(word1, word2)`: gensim's older name."""
        return self.closer_than(word1, word2)

    def rank(self, key1: Key, key2: Key) -> int:
        """Return the place of `key2` among the keys nearest to `key1`, from 1."""
        return len(self.closer_than(key1, key2)) + 1

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Return the cosine of two keys, divided by the sum of those of the `topn` nearest to the first.

        Leeuwenberg et al. 2016.

        Raises:
            SettingsError: if there is no other key.
        """
        nearby = self.most_similar([wa], topn=topn)
        if not nearby:
            raise SettingsError(sentence("another key to compare with", "none", "raise topn"))
        return float(self.similarity(wa, wb)) / sum(value for _, value in nearby)

    def wmdistance(self, document1: Iterable[Key], document2: Iterable[Key], norm: bool = True) -> float:
        """Return the Word Mover's Distance: how far the words of one document have to travel to those of another.

        The optimum of the transport problem, by SciPy's linear programming; costs are Euclidean distances.

        Args:
            document1: words; those without a vector are left out.
            document2: words.
            norm: whether vectors get length 1 before.

        Returns:
            The distance, ≥ 0; infinity if a document has no word with a vector.

        Kusner et al. 2015. Convention: where all vectors are equal, the distance is 0; gensim says infinity.
        """
        documents = [Counter(word for word in document if word in self) for document in (document1, document2)]
        if not all(documents):
            logger.warning("a document has no word with a vector: the distance is infinite")
            return float("inf")
        shares = [np.array(list(counts.values())) / counts.total() for counts in documents]
        points = [np.array([self.get_vector(word, norm=norm) for word in counts]) for counts in documents]
        return least_transport(*shares, *points)

    def _target(self, near: list[object], far: list[object]) -> tuple[np.ndarray, np.ndarray]:
        """Return the weighted mean of terms, float64, (1, D), and the rows of the keys among them."""
        parts = [(term, 1.0) for term in near] + [(term, -1.0) for term in far]
        parts = [(t, w) if isinstance(t, (*KEYS, np.ndarray)) else _weighted(t) for t, w in parts]
        if not parts:
            raise SettingsError(sentence("a key or vector", "none", "pass positive=[…]"))
        vectors, rows = self._terms([term for term, _ in parts])
        weights = np.array([weight for _, weight in parts], np.float64)
        scale = np.abs(weights).sum()
        return checked_queries((weights @ vectors / (scale or 1))[np.newaxis], self.vector_size), rows

    def _terms(self, terms: Sequence[object]) -> tuple[np.ndarray, np.ndarray]:
        """Return the vectors of terms, float64, (N, D), those of keys of length 1, and the rows of the keys.

        A key is taken as `get_vector(key, norm=True)`, so that both have the same answers to the last bit.
        """
        vectors, rows = np.empty((len(terms), self.vector_size)), []
        for place, term in enumerate(terms):
            if isinstance(term, KEYS):
                vectors[place] = self.get_vector(term, norm=True)
                rows += [self.get_index(term)] if self.has_index_for(term) else []
            elif isinstance(term, np.ndarray):
                vectors[place] = checked_queries(term, self.vector_size)[0]
            else:
                raise self._unknown(term)
        return vectors, np.array(rows, np.int64)

    def _named(self, rows: np.ndarray, values: np.ndarray) -> Neighbours:
        """Return rows and their scores as keys and plain numbers."""
        return list(zip((self.index_to_key[row] for row in rows.tolist()), values.tolist(), strict=True))


def _weighted(term: object) -> tuple[object, float]:
    """Return a term and its weight, from a pair of both.

    >>> _weighted(("up", 2))
    ('up', 2.0)
    """
    if isinstance(term, tuple | list) and len(term) == 2 and isinstance(term[1], float | int | np.number):
        return term[0], float(term[1])
    raise SettingsError(sentence("keys, vectors, or pairs of one and a weight", repr(term), "pass (key, weight)"))
