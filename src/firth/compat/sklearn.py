"""A transformer for scikit-learn, and the one module that imports it: documents in, means of vectors of words out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from firth.errors import MissingExtraError, SettingsError, check_choice, sentence
from firth.text.subwords import Subwords
from firth.text.tokenizers import TOKENIZERS, Tokenizer, check_tokenizer
from firth.vectors import Vectors

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    advice = "pip install 'firth[sklearn]'"
    raise MissingExtraError(sentence("scikit-learn, for WordVectorizer", "no module sklearn", advice)) from error

POOLINGS = ("mean", "idf", "max")
"""How the vectors of words become that of a document."""

_DOCUMENTS = 1024  # pooled at once


class WordVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Documents as vectors, (N, D): `fit` trains vectors of their words, or takes those there are.

        mean    1/n · Σ v(w)                        over the n words of a document that have a vector
        idf     Σ idf(w) v(w) / Σ idf(w)            idf(w) = 1 + log((1 + N) / (1 + documents with w)), N documents
        max     the greatest number of each column

    A document is a text, or a list of words; one without any known word is zeros. Words that are not in the vocabulary
    are left out, unless n-grams give them a vector.

    Args:
        vectors: to take instead of training: `firth.Vectors`, or the folder they are in, which is opened by `fit`.
            scikit-learn copies its parameters wherever it clones: a folder's name costs nothing.
        pooling: "mean", "idf" or "max".
        tokenizer: how texts are cut, "words", "whitespace", or a function from a text to its words; one that is
            defined in a module can be pickled, a lambda can't.
        fold_case: whether words that differ in case alone are one.
        model: "skip-gram" or "cbow".
        subwords: `firth.Subwords(…)` gives words that were never seen a vector, too.
        dimensions: D, length of a vector.
        window: largest distance of a pair, in words.
        negatives: noise words a pair.
        min_count: words seen less often are left out.
        subsample: share of the text above which a word's occurrences are dropped at random; 0 drops none.
        passes: over the documents.
        learning_rate: at the start; None takes what is good for the model.
        seed: of every random number.
        threads: that train at once, on which nothing depends; None takes every core.

    Attributes:
        vectors_: those of the words, after `fit`.
        idf_: the weights of the words, float64, (V,); None unless fitted with `pooling="idf"`.

    Raises:
        MissingExtraError: by the import, if scikit-learn is not installed.

    >>> vectors = Vectors(["up", "down", "left"], np.array([[0, 2], [0, -1], [-3, 0]]))
    >>> WordVectorizer(vectors=vectors).fit_transform(["up, up and left!", ["down"], ""]).tolist()
    [[-1.0, 1.3333333730697632], [0.0, -1.0], [0.0, 0.0]]

    Convention: idf is scikit-learn's smooth one; a word without a vector of its own counts as one in no document.
    """

    def __init__(
        self,
        *,
        vectors: Vectors | str | os.PathLike[str] | None = None,
        pooling: str = "mean",
        tokenizer: Tokenizer = "words",
        fold_case: bool = True,
        model: str = "skip-gram",
        subwords: Subwords | None = None,
        dimensions: int = 100,
        window: int = 5,
        negatives: int = 5,
        min_count: int = 5,
        subsample: float = 1e-3,
        passes: int = 5,
        learning_rate: float | None = None,
        seed: int = 1,
        threads: int | None = None,
    ) -> None:
        self.vectors = vectors
        self.pooling = pooling
        self.tokenizer = tokenizer
        self.fold_case = fold_case
        self.model = model
        self.subwords = subwords
        self.dimensions = dimensions
        self.window = window
        self.negatives = negatives
        self.min_count = min_count
        self.subsample = subsample
        self.passes = passes
        self.learning_rate = learning_rate
        self.seed = seed
        self.threads = threads

    def fit(self, X: Iterable[Any], y: object = None) -> Self:
        """Train vectors on documents, or open those that are given.

        Args:
            X: N texts, or lists of words.
            y: of no effect.

        Raises:
            SettingsError: if a parameter is out of range, or X are no documents.
            CorpusError: if nothing is left of the documents.
            FormatError: if there are no vectors in the folder.
        """
        check_choice("pooling", self.pooling, POOLINGS)
        documents = self._words_of(X)
        if self.vectors is None:
            self.vectors_ = self._trained(documents)
        else:
            self.vectors_ = self.vectors if isinstance(self.vectors, Vectors) else Vectors.load(self.vectors)
        self.idf_ = _inverse_frequencies(documents, self.vectors_) if self.pooling == "idf" else None
        return self

    def transform(self, X: Iterable[Any]) -> np.ndarray:
        """Return the vectors of documents.

        Args:
            X: N texts, or lists of words.

        Returns:
            Float32, (N, D).

        Raises:
            NotFittedError: before `fit`, and if `pooling` has become "idf" since (scikit-learn's error).
            SettingsError: if X are no documents.
        """
        check_is_fitted(self)
        if check_choice("pooling", self.pooling, POOLINGS) == "idf" and self.idf_ is None:
            came = "one that was fitted with another"
            raise NotFittedError(sentence("a vectorizer fitted with pooling='idf'", came, "fit it again"))
        documents = self._words_of(X)
        pooled = np.zeros((len(documents), self.vectors_.dimensions), np.float32)
        for start in range(0, len(documents), _DOCUMENTS):
            some = documents[start : start + _DOCUMENTS]
            pooled[start : start + len(some)] = self._pooled(some)
        return pooled

    @property
    def _n_features_out(self) -> int:
        """How many columns come out: what scikit-learn asks for."""
        return self.vectors_.dimensions

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn's
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        return tags

    def _trained(self, documents: list[list[str]]) -> Vectors:
        """Train vectors of words; a document is a sentence."""
        from firth.recipes import train

        return train(
            documents,
            model=self.model,
            subwords=self.subwords,
            dimensions=self.dimensions,
            window=self.window,
            negatives=self.negatives,
            min_count=self.min_count,
            subsample=self.subsample,
            passes=self.passes,
            learning_rate=self.learning_rate,
            seed=self.seed,
            threads=self.threads,
        )

    def _words_of(self, documents: Iterable[Any]) -> list[list[str]]:
        """Return the words of documents."""
        tokenizer = check_tokenizer(self.tokenizer)
        cut = TOKENIZERS[tokenizer] if isinstance(tokenizer, str) else tokenizer
        if isinstance(documents, str | bytes) or not isinstance(documents, Iterable):
            came = "one text" if isinstance(documents, str) else type(documents).__name__
            raise SettingsError(sentence("a list of documents", came, "pass [text] for a single one"))
        found = []
        for place, document in enumerate(documents):
            words = cut(document) if isinstance(document, str) else document
            if isinstance(words, bytes) or not isinstance(words, Iterable):
                raise _no_document(place, document)
            listed = list(words)
            if not all(isinstance(word, str) for word in listed):
                raise _no_document(place, document)
            found.append([word.casefold() for word in listed] if self.fold_case else listed)
        return found

    def _pooled(self, documents: Sequence[list[str]]) -> np.ndarray:
        """Return the vectors of some documents, (N, D)."""
        from scipy.sparse import csr_array

        words = list(dict.fromkeys(word for document in documents for word in document))
        vectors, weights = self._vectors_and_weights(words)
        kept = {word: row for row, word in enumerate(words) if weights[row] > 0}
        rows = [[kept[word] for word in document if word in kept] for document in documents]
        if self.pooling == "max":
            none = np.zeros(vectors.shape[1], np.float32)
            return np.array([vectors[some].max(axis=0) if some else none for some in rows])
        ends = np.cumsum([0, *map(len, rows)])
        columns = np.array([row for some in rows for row in some], np.int64)
        shares = csr_array((weights[columns], columns, ends), shape=(len(rows), max(1, len(words))))
        totals = shares.sum(axis=1)
        sums = shares @ vectors.astype(np.float64) if words else np.zeros((len(rows), vectors.shape[1]))
        return np.asarray(sums / np.where(totals > 0, totals, 1)[:, np.newaxis], np.float32)

    def _vectors_and_weights(self, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the vectors of words, (M, D), and their weights, (M,): 0 for those that have none."""
        held = self.vectors_
        rows = held.words.rows(words)
        known = rows >= 0
        vectors, weights = np.zeros((len(words), held.dimensions), np.float32), known.astype(np.float64)
        vectors[known] = held.stored.rows(rows[known])
        usual = 1.0
        if self.pooling == "idf" and self.idf_ is not None:
            weights[known] = self.idf_[rows[known]]
            usual = float(self.idf_.max())
        if held.subwords is not None:
            for place in np.flatnonzero(~known).tolist():
                composed = held.subwords.vector(words[place])
                if composed is not None:
                    vectors[place], weights[place] = composed, usual
        return vectors, weights


def _inverse_frequencies(documents: Sequence[list[str]], vectors: Vectors) -> np.ndarray:
    """Return the weight of each word that has a vector, float64, (V,)."""
    frequencies = np.zeros(len(vectors), np.int64)
    for document in documents:
        rows = vectors.words.rows(set(document))
        frequencies[rows[rows >= 0]] += 1
    return 1 + np.log((1 + len(documents)) / (1 + frequencies))


def _no_document(place: int, document: object) -> SettingsError:
    """Build the error of something that is neither a text nor a list of words."""
    expected, came = "documents to be texts or lists of words", f"{type(document).__name__} in place {place}"
    return SettingsError(sentence(expected, came, "leave it out, or put an empty text there"))
