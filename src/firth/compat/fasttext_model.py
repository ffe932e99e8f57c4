"""The model object of fastText's Python binding, over `firth.Vectors`."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Literal, NoReturn, overload

import numpy as np

from firth.compat.fasttext_lines import EOS, one_line, split_line, words_of_sentence
from firth.compat.fasttext_rows import FastTextRows
from firth.errors import NotOfferedError, check_integer, sentence
from firth.vectors import Vectors

Scored = list[tuple[float, str]]

_ADDED = 1e-8  # to lengths
CLASSIFICATION = "text classification, which comes later"


class FastText(FastTextRows):
    """Words and their vectors, with the methods of fastText's model; made by `load_model` and `train_unsupervised`.

    fastText's settings are attributes by their names, as far as they are known: what files tell (`dim`, `ws`, `epoch`,
    `minCount`, `neg`, `loss`, `bucket`, `minn`, `maxn`, `t` …), after training also `lr` and the others. `loss` and
    `model` are texts, as `train_unsupervised` takes them.

    Args:
        vectors: to ask.
        settings: fastText's settings, by its names.

    >>> from firth.vectors import Vectors
    >>> model = FastText(Vectors(["up", "down"], np.array([[0, 2], [0, -1]])))
    >>> model.words, model.dim, model["up"], model["else"]
    (['up', 'down'], 2, array([0., 2.], dtype=float32), array([0., 0.], dtype=float32))
    """

    @cached_property
    def words(self) -> list[str]:
        """The words, in the order of their rows."""
        return self.get_words()

    @cached_property
    def labels(self) -> list[str]:
        """The labels of a classifier (the first 1000); the words of other models."""
        return self.get_labels()

    def __contains__(self, word: object) -> bool:
        return word in self._vectors

    def __getitem__(self, word: str) -> np.ndarray:
        return self.get_word_vector(word)

    def __repr__(self) -> str:
        return f"FastText({len(self._vectors)} words × {self._vectors.dimensions})"

    def get_word_vector(self, word: str) -> np.ndarray:
        """Return the vector of any word: of one without a row what its n-grams give; zeros if that is nothing.

        Args:
            word: any text.

        Returns:
            Float32, (D,), a copy.

        Raises:
            UnknownWordError: if it is no text.
        """
        return self._look_up([word])[0]

    def get_sentence_vector(self, text: str) -> np.ndarray:
        """Return the vector of a sentence.

            1/n · Σ v(w)/|v(w)|      over its n words whose vectors are not zero
            1/N · Σ rows             of a classifier: all rows of its words and n-grams, and of `</s>`

        Args:
            text: one line; words are parted by white space of ASCII.

        Returns:
            Float32, (D,); zeros if there is no word.

        Raises:
            SettingsError: if there is a line feed in it.
            NotOfferedError: for a classifier with word n-grams.

        >>> from firth.vectors import Vectors
        >>> FastText(Vectors(["up", "right"], np.array([[0, 2], [3, 0]]))).get_sentence_vector("up right who")
        array([0.5, 0.5], dtype=float32)
        """
        if self._is_supervised:
            return self._sentence_of_rows(text)
        vectors = self._look_up(words_of_sentence(one_line(text))).astype(np.float64)
        norms = np.sqrt((vectors**2).sum(axis=1))
        known = norms > 0
        total = (vectors[known] / norms[known, np.newaxis]).sum(axis=0)
        return (total / max(1, known.sum())).astype(np.float32)

    def get_nearest_neighbors(self, word: str, k: int = 10, on_unicode_error: str = "strict") -> Scored:
        """Return the words with the highest cosine.

        Args:
            word: any text; it is no answer itself.
            k: how many words at most.
            on_unicode_error: of no effect: words that are no UTF-8 are repaired when the file is read.

        Returns:
            Pairs of cosine and word, highest first.

        Raises:
            SettingsError: if `k` is below 1.

        >>> from firth.vectors import Vectors
        >>> FastText(Vectors(["up", "down", "left"], np.array([[0, 2], [0, -1], [-3, 0]]))).get_nearest_neighbors("up")
        [(0.0, 'left'), (-1.0, 'down')]
        """
        count = check_integer("k", k, 1)
        found = self._vectors.related([self.get_word_vector(word)], count=count, exclude=[word])
        return [(score, near) for near, score in found]

    def get_analogies(
        self, wordA: str, wordB: str, wordC: str, k: int = 10, on_unicode_error: str = "strict"
    ) -> Scored:
        """Return the words that are nearest to A − B + C, each of length 1.

        Args:
            wordA: such as "berlin".
            wordB: such as "germany".
            wordC: such as "france".
            k: how many words at most; the three are no answers.
            on_unicode_error: of no effect: words that are no UTF-8 are repaired when the file is read.

        Returns:
            Pairs of cosine and word, highest first.

        Raises:
            SettingsError: if `k` is below 1.

        Convention: `Vectors.analogy(a, b, c)` takes a : b as c : what; here it is B : A as C : what. Lengths get 1e-8
        added before they divide, as in fastText, which is seen where vectors are hardly trained.

        >>> from firth.vectors import Vectors
        >>> shape = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]])
        >>> FastText(Vectors(["man", "king", "woman", "queen"], shape)).get_analogies("king", "man", "woman", k=1)[0][1]
        'queen'
        """
        count = check_integer("k", k, 1)
        three = [wordA, wordB, wordC]
        vectors = self._look_up(three).astype(np.float64)
        a, b, c = vectors / (np.sqrt((vectors**2).sum(axis=1, keepdims=True)) + _ADDED)
        found = self._vectors.related([a - b + c], count=count, exclude=three)
        return [(score, near) for near, score in found]

    def get_label_id(self, label: str) -> int:
        """Return the number of a label, −1 if there is none such.

        Args:
            label: with its prefix.
        """
        labels = list(self._labels)
        return labels.index(label) if label in labels else -1

    @overload
    def get_words(self, include_freq: Literal[False] = False, on_unicode_error: str = "strict") -> list[str]: ...
    @overload
    def get_words(
        self, include_freq: Literal[True], on_unicode_error: str = "strict"
    ) -> tuple[list[str], np.ndarray]: ...
    def get_words(
        self, include_freq: bool = False, on_unicode_error: str = "strict"
    ) -> list[str] | tuple[list[str], np.ndarray]:
        """Return the words, in the order of their rows.

        Args:
            include_freq: whether to return how often each was seen, too: int64, (V,); 1 where that is not known.
            on_unicode_error: of no effect: words that are no UTF-8 are repaired when the file is read.
        """
        words, counts = list(self._vectors.words), self._vectors.counts
        if not include_freq:
            return words
        return words, np.ones(len(words), np.int64) if counts is None else counts.astype(np.int64)

    @overload
    def get_labels(self, include_freq: Literal[False] = False, on_unicode_error: str = "strict") -> list[str]: ...
    @overload
    def get_labels(
        self, include_freq: Literal[True], on_unicode_error: str = "strict"
    ) -> tuple[list[str], np.ndarray]: ...
    def get_labels(
        self, include_freq: bool = False, on_unicode_error: str = "strict"
    ) -> list[str] | tuple[list[str], np.ndarray]:
        """Return the labels of a classifier, the first 1000; of other models the words, as fastText does.

        Args:
            include_freq: whether to return how often each was seen, too: int64.
            on_unicode_error: of no effect.
        """
        if not self._is_supervised:
            return self.get_words(True) if include_freq else self.get_words()
        labels = self._labels
        return (list(labels), np.array(list(labels.values()), np.int64)) if include_freq else list(labels)

    def get_line(
        self, text: str | list[str], on_unicode_error: str = "strict"
    ) -> tuple[list[str], list[str]] | tuple[list[list[str]], list[list[str]]]:
        """Split a line, or each of several, into words, with `</s>` at their end, and labels.

        Args:
            text: one line, or a list of lines.
            on_unicode_error: of no effect.

        Raises:
            SettingsError: if there is a line feed in a line.
        """
        labels = self._labels
        if not isinstance(text, list):
            return split_line(text, labels)
        split = [split_line(line, labels) for line in text]
        return [words for words, _ in split], [found for _, found in split]

    def save_model(self, path: str | os.PathLike[str]) -> None:
        """Write a `.bin` that fastText loads, with the same vectors; as there, a file of that name is replaced.

        What is held in fewer bytes is written as float32.

        Args:
            path: the file.

        Raises:
            NotOfferedError: for a classifier: the vectors of its labels are not kept.
            SettingsError: if n-grams are not hashed, a model was pruned, or a word holds a NUL.
            OutputError: if the disk is full, or the place can't be written to.
        """
        if self._is_supervised:
            advice = "copy the file it is from, or save the words with model.vectors.save(…)"
            raise NotOfferedError(sentence("a model of words", "a classifier, whose labels are not kept", advice))
        vectors = self._vectors
        source = {**self._source, "format": "fasttext", "settings": self._settings}
        told = Vectors(
            vectors.words,
            vectors.matrix,
            counts=vectors.counts,
            context_matrix=vectors.context_matrix,
            config={"source": source},
            subwords=vectors.subwords,
        )
        told.export(path, "fasttext", overwrite=True)

    def predict(self, *_: object, **__: object) -> NoReturn:
        """Raise: labels are not predicted."""
        refuse("predict", CLASSIFICATION, "take a classifier over get_sentence_vector, as docs/sklearn.md does")

    def test(self, *_: object, **__: object) -> NoReturn:
        """Raise: labels are not predicted."""
        refuse("test", CLASSIFICATION, "measure a classifier over get_sentence_vector with scikit-learn")

    def test_label(self, *_: object, **__: object) -> NoReturn:
        """Raise: labels are not predicted."""
        refuse("test_label", CLASSIFICATION, "measure a classifier over get_sentence_vector with scikit-learn")

    def get_meter(self, *_: object, **__: object) -> NoReturn:
        """Raise: labels are not predicted."""
        refuse("get_meter", CLASSIFICATION, "measure a classifier over get_sentence_vector with scikit-learn")

    def quantize(self, *_: object, **__: object) -> NoReturn:
        """Raise: fastText quantises classifiers alone, and we compress vectors of words."""
        refuse("quantize", CLASSIFICATION, "call firth.compress(model.vectors, …), which tells what it costs")

    def set_matrices(self, *_: object, **__: object) -> NoReturn:
        """Raise: vectors do not change once they are made."""
        refuse("set_matrices", "vectors that change", "make new ones: FastText(firth.Vectors(words, matrix))")

    @property
    def _labels(self) -> dict[str, int]:
        """The labels of a classifier, and how often each was seen."""
        return self._source.get("labels", {})

    def _look_up(self, words: list[str]) -> np.ndarray:
        """Return the vectors of words, (N, D), zeros for those that have none."""
        policy = ("zero",) if self._vectors.subwords is None else ("subwords", "zero")
        return self._vectors.look_up(words, unknown=policy)

    def _sentence_of_rows(self, text: str) -> np.ndarray:
        """Return the mean of all rows of a line, (D,), as a classifier sees it."""
        if self._settings.get("wordNgrams", 1) > 1:
            advice = "take the mean of get_word_vector over the words"
            raise NotOfferedError(sentence("a classifier without word n-grams", "one with", advice))
        total, count = np.zeros(self._vectors.dimensions), 0
        for word in split_line(text, self._labels)[0]:
            rows = self._parts_of(word)
            total += rows * self.get_word_vector(word).astype(np.float64)
            count += rows
        return (total / max(1, count)).astype(np.float32)

    def _parts_of(self, word: str) -> int:
        """Return how many rows a word's vector is the mean of."""
        parts, own = self._vectors.subwords, int(word in self._vectors)
        if parts is None or word == EOS:
            return own
        rows = parts.rows(word)
        return own + (len(rows) if parts.absent == "zeros" else int((rows >= 0).sum()))


def refuse(name: str, what: str, advice: str) -> NoReturn:
    """Say that something of fastText is not offered.

    Args:
        name: of the function or the setting.
        what: it would take.
        advice: what to do instead.

    Raises:
        NotOfferedError: always.
    """
    raise NotOfferedError(sentence("what firth.compat.fasttext offers", f"{name}: {what}", advice))
