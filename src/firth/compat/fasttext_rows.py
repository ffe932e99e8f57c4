"""The rows of a model of fastText, numbered as there: 0 … V − 1 are the words, V + b is bucket b.

Only buckets that something was trained in have a row here; the others are zeros, where fastText keeps the numbers that
they were drawn with. Of a pruned model, and where n-grams have rows of their own, these follow the words as they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from firth.errors import SettingsError, check_integer, sentence
from firth.text.subwords import bucket_rows
from firth.vectors import Vectors
from firth.vectors.formats.fasttext_layout import ARGS
from firth.vectors.words import Words

SETTINGS = (*ARGS, "t", "minCountLabel", "lr", "thread", "label", "verbose", "pretrainedVectors")
"""The settings of fastText that a model has as attributes; files hold the first of them, up to `t`."""

_LOSSES = {"sampling": "ns", "hierarchical": "hs", "softmax": "softmax", "one-vs-all": "ova"}


class FastTextRows:
    """What a model has in its matrices, and by which settings; `FastText` is one.

    Args:
        vectors: to ask.
        settings: fastText's settings, by its names.

    >>> FastTextRows(Vectors(["up", "down"], np.array([[0, 2], [0, -1]]))).get_input_vector(1)
    array([ 0., -1.], dtype=float32)
    """

    dim: int
    ws: int
    epoch: int
    minCount: int
    minCountLabel: int
    neg: int
    wordNgrams: int
    loss: str
    model: str
    bucket: int
    minn: int
    maxn: int
    lrUpdateRate: int
    t: float
    lr: float
    thread: int | None
    label: str
    verbose: int
    pretrainedVectors: str

    def __init__(self, vectors: Vectors, settings: Mapping[str, Any] | None = None) -> None:
        self._vectors, self._source = vectors, _source_of(vectors)
        self._settings = {**self._source.get("settings", {}), **(settings or {}), "dim": vectors.dimensions}
        for name in SETTINGS:
            if name in self._settings:
                setattr(self, name, self._settings[name])

    @property
    def vectors(self) -> Vectors:
        """The same words and vectors with our methods."""
        return self._vectors

    def is_quantized(self) -> bool:
        """Tell whether the vectors are held in fewer bytes, in the file they are from or here."""
        return bool(self._source.get("quantised")) or self._vectors.stored.coding != "float32"

    def get_dimension(self) -> int:
        """Return D, the length of a vector."""
        return self._vectors.dimensions

    def get_word_id(self, word: str) -> int:
        """Return the row of a word, −1 if it has none.

        Args:
            word: any text.
        """
        row = self._vectors.words.find(word)
        return -1 if row is None else row

    def get_subword_id(self, subword: str) -> int:
        """Return the row of an n-gram: V + its bucket; −1 where it has none.

        Args:
            subword: an n-gram.

        Raises:
            SettingsError: if words have no n-grams.
        """
        parts = self._vectors.subwords
        if parts is None:
            raise SettingsError(sentence("a model with n-grams", "one of whole words", "look up get_word_id"))
        if isinstance(parts.keys, Words):
            row = parts.keys.find(subword)
            return -1 if row is None else len(self._vectors) + row
        bucket = parts.settings.bucket(subword)
        return int(self._numbered(bucket_rows([bucket], parts.keys), np.array([bucket]))[0])

    def get_subwords(self, word: str, on_unicode_error: str = "strict") -> tuple[list[str], np.ndarray]:
        """Return the parts that a word's vector is the mean of, and the rows that they have.

        Args:
            word: any text.
            on_unicode_error: of no effect.

        Returns:
            The word itself if it has a row, and its n-grams; their rows, int64.

        Convention: of a pruned model only n-grams that have a row are listed; fastText lists all, and fewer rows.
        """
        row, parts = self._vectors.words.find(word), self._vectors.subwords
        texts, ids = ([], []) if row is None else ([word], [row])
        if parts is not None:
            ngrams = parts.settings.ngrams(word)
            rows = parts.rows(word)
            if isinstance(parts.keys, Words):
                numbers = self._numbered(rows, rows)
            else:
                numbers = self._numbered(rows, np.array([*map(parts.settings.bucket, ngrams)], np.int64))
            kept = numbers >= 0
            texts += [ngram for ngram, is_kept in zip(ngrams, kept, strict=True) if is_kept]
            ids += numbers[kept].tolist()
        return texts, np.array(ids, np.int64)

    def get_input_vector(self, ind: int) -> np.ndarray:
        """Return a row of the input: of a word or of an n-gram.

        Args:
            ind: what `get_word_id`, `get_subword_id` or `get_subwords` returned.

        Returns:
            Float32, (D,), a copy.

        Raises:
            SettingsError: if there is no such row.
        """
        parts, words = self._vectors.subwords, len(self._vectors)
        ind = check_integer("ind", ind, 0, self._input_rows - 1)
        if parts is None:
            return self._vectors.stored.rows(np.array([ind]))[0].copy()
        if ind < words:
            return np.array(parts.word_matrix[ind])
        row = ind - words
        if self._has_buckets:
            row = int(bucket_rows([row], np.asarray(parts.keys))[0])
        return np.array(parts.ngram_matrix[row]) if row >= 0 else np.zeros(self._vectors.dimensions, np.float32)

    def get_input_matrix(self) -> np.ndarray:
        """Return all rows of words and of buckets, as one array that is a copy.

        Returns:
            Float32, (V + buckets, D); without n-grams (V, D).

        Raises:
            SettingsError: if the vectors are quantised.
        """
        self._check_plain()
        parts, words = self._vectors.subwords, len(self._vectors)
        if parts is None:
            return np.array(self._vectors.matrix)
        whole = np.zeros((self._input_rows, self._vectors.dimensions), np.float32)
        whole[:words] = parts.word_matrix
        rows = np.asarray(parts.keys, np.int64) if self._has_buckets else np.arange(len(parts))
        whole[words + rows] = parts.ngram_matrix
        return whole

    def get_output_matrix(self) -> np.ndarray:
        """Return the vectors of the words as what is predicted.

        Returns:
            Float32, (V, D), a copy.

        Raises:
            SettingsError: if the vectors are quantised, or the outputs were not kept: those of labels and of the
                nodes of a tree never are.
        """
        self._check_plain()
        if self._vectors.context_matrix is None:
            came = "those of labels" if self._is_supervised else "a model without"
            advice = "train with loss='ns', or read it with fastText"
            raise SettingsError(sentence("outputs that are vectors of words", came, advice))
        return np.array(self._vectors.context_matrix)

    @property
    def _is_supervised(self) -> bool:
        return bool(self._source.get("settings", {}).get("model") == "supervised")

    @property
    def _has_buckets(self) -> bool:
        """Whether rows of n-grams are numbered by their buckets: not if some were pruned, or all have their own."""
        parts = self._vectors.subwords
        return parts is not None and parts.settings.buckets is not None and parts.absent == "zeros"

    @property
    def _input_rows(self) -> int:
        """How many rows the input has."""
        parts = self._vectors.subwords
        if parts is None:
            return len(self._vectors)
        return len(self._vectors) + (parts.settings.buckets or 0 if self._has_buckets else len(parts))

    def _numbered(self, rows: np.ndarray, buckets: np.ndarray) -> np.ndarray:
        """Return the numbers in the input of n-grams by their rows (N,) or buckets (N,); −1 for those without."""
        if self._has_buckets:
            return buckets + len(self._vectors)
        return np.where(rows >= 0, rows + len(self._vectors), -1)

    def _check_plain(self) -> None:
        """Refuse matrices of a quantised model, as fastText does."""
        if self.is_quantized():
            advice = "ask for vectors of words, or take model.vectors.matrix"
            raise SettingsError(sentence("a model with whole matrices", "a quantised one", advice))


def _source_of(vectors: Vectors) -> dict[str, Any]:
    """Return what is told of the file of fastText that vectors are from; empty if they are not from one."""
    source = vectors.config.get("source")
    if not isinstance(source, Mapping) or source.get("format") != "fasttext":
        return {}
    settings, labels = (source.get(name) for name in ("settings", "labels"))
    held = {name: settings[name] for name in SETTINGS if name in settings} if isinstance(settings, Mapping) else {}
    if isinstance(loss := held.get("loss"), str):
        held["loss"] = _LOSSES.get(loss, loss)
    return {**source, "settings": held, "labels": labels if isinstance(labels, Mapping) else {}}
