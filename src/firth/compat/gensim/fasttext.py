"""gensim's `FastText`: words with character n-grams, trained by `firth.train`; and fastText's own files."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from firth.compat.gensim.files import open_parts, own_copy
from firth.compat.gensim.keyed_vectors import KeyedVectors
from firth.compat.gensim.keys import Key
from firth.compat.gensim.vocabulary import TrimRule
from firth.compat.gensim.word2vec import Callback, Word2Vec
from firth.errors import FormatError, NotOfferedError, SettingsError, UnknownWordError, sentence
from firth.text.subwords import Subwords, SubwordTable
from firth.vectors import SubwordVectors, Vectors
from firth.vectors.formats.parts import Parts
from firth.vectors.neighbours import unit_rows
from firth.vectors.stored import stored_matrix

logger = logging.getLogger(__name__)


class FastTextKeyedVectors(KeyedVectors):
    """Words whose vectors are means of their own row and of those of their n-grams; so unknown words have one, too.

    What differs from gensim: buckets that no word has need no memory, and add zeros to the vector of an unknown word;
    gensim keeps rows for all, drawn at random and never trained. A vector of an unknown word with `norm=True` is of
    length 1, where gensim divides zeros by zero.

    Args:
        vector_size: D.
        min_n: characters of the shortest n-grams.
        max_n: characters of the longest; below `min_n` there are none.
        bucket: n-grams with the same hash modulo this number share a row; 0: there are none.
        count: rows to make room for.
        dtype: of the vectors.
    """

    def __init__(
        self,
        vector_size: int,
        min_n: int = 3,
        max_n: int = 6,
        bucket: int = 2_000_000,
        count: int = 0,
        dtype: type | np.dtype = np.float32,
    ) -> None:
        super().__init__(vector_size, count, dtype)
        self.min_n, self.max_n = min_n, max_n
        self.bucket = bucket if max_n >= max(1, min_n) else 0
        self.subwords: SubwordVectors | None = None

    @classmethod
    def _empty(cls, dimensions: int, vectors: Vectors | Parts) -> Self:
        """Make one without keys, with the n-grams of these vectors."""
        if vectors.subwords is None:
            return cls(dimensions, bucket=0)
        settings = vectors.subwords.settings
        if settings.buckets is None:
            came = "n-grams with rows of their own"
            raise SettingsError(sentence("n-grams in buckets", came, "use firth.Vectors, or train with buckets"))
        self = cls(dimensions, settings.smallest, settings.longest, settings.buckets)
        self.subwords = vectors.subwords
        return self

    @property
    def settings(self) -> Subwords | None:
        """Which n-grams words have; None: none."""
        return Subwords(smallest=max(1, self.min_n), longest=self.max_n, buckets=self.bucket) if self.bucket else None

    @property
    def vectors_vocab(self) -> np.ndarray:
        """The words' own rows, (V, D)."""
        return self.vectors if self.subwords is None else self.subwords.word_matrix

    def __contains__(self, word: object) -> bool:
        return True if self.bucket else super().__contains__(word)

    def get_vector(self, key: Key, norm: bool = False) -> np.ndarray:
        """Return the vector of a word, (D,): its row, or the mean of the n-grams that are known; zeros without any.

        Args:
            key: any word.
            norm: whether to give it length 1.

        Raises:
            UnknownWordError: if it has no row, and words have no n-grams.
        """
        if self.has_index_for(key):
            return super().get_vector(key, norm=norm)
        if self.subwords is None or not isinstance(key, str):
            raise UnknownWordError(sentence("a word with a vector, or n-grams", repr(key), "train with bucket > 0"))
        found = self.subwords.vector(key)
        if found is None:
            logger.warning("none of the n-grams of %r is known: its vector is zeros", key)
            return np.zeros(self.vector_size, np.float32)
        return unit_rows(found[np.newaxis])[0].astype(np.float32) if norm else found

    def get_sentence_vector(self, sentence: Sequence[Key]) -> np.ndarray:
        """Return the mean of the vectors of words, each of length 1 before, (D,)."""
        return self.get_mean_vector(sentence)

    def resize_vectors(self, seed: int = 0) -> None:
        """Give words and n-grams that have no row one of small random numbers, and words the means of theirs."""
        from firth.training.matrices import start_pieces

        settings = self.settings
        if settings is None:
            super().resize_vectors(seed)
            return
        table = SubwordTable.of(self._texts(), settings)
        rows = start_pieces(table.words + table.ngrams, self.vector_size, seed=seed)[:, : self.vector_size].copy()
        own, ngrams = rows[: table.words], rows[table.words :]
        held = self.subwords
        if held is not None and len(self.vectors):
            own[: len(held.word_matrix)] = held.word_matrix
            places = np.searchsorted(table.keys, held.keys)
            there = places < len(table.keys)
            there[there] = np.asarray(table.keys)[places[there]] == np.asarray(held.keys)[there]
            ngrams[places[there]] = held.ngram_matrix[there]
        self.subwords = SubwordVectors(settings, word_matrix=own, ngram_matrix=ngrams, keys=table.keys)
        self.vectors, self.norms = table.compose(own, ngrams), None
        self.allocate_vecattrs()

    def take(self, found: Vectors) -> None:
        """Take trained vectors over: words in the order that they have here, and all n-grams."""
        rows = found.words.rows(self._texts())
        there = np.flatnonzero(rows >= 0)
        self.vectors = own_copy(self.vectors)
        self.vectors[there], self.norms = found.matrix[rows[there]], None
        if found.subwords is not None and self.subwords is not None:
            own = self.subwords.word_matrix.copy()
            own[there] = found.subwords.word_matrix[rows[there]]
            held = found.subwords
            self.subwords = SubwordVectors(
                held.settings, word_matrix=own, ngram_matrix=held.ngram_matrix, keys=held.keys, absent=held.absent
            )

    def _vector_parts(self) -> dict[str, object]:
        """Return what `Vectors` gets besides words, vectors and counts."""
        return {} if self.subwords is None else {"subwords": self.subwords}


KeyedVectors._of_subwords = FastTextKeyedVectors


class FastText(Word2Vec):
    """Word vectors with character n-grams, with gensim 4's names, arguments, defaults and results.

    What differs from gensim: as for `Word2Vec`, and as for `FastTextKeyedVectors`. A word's rows share a move as in
    fastText: each gets all of it.

    Args:
        sentences: as for `Word2Vec`, like all that is not named here.
        word_ngrams: 1.
        min_n: characters of the shortest n-grams.
        max_n: characters of the longest; below `min_n` there are none.
        bucket: n-grams with the same hash modulo this number share a row.

    Raises:
        SettingsError: if an argument is out of range, or can't be offered; with the reason.

    >>> model = FastText([["a", "rosy", "rose"]] * 20, vector_size=8, min_count=1, bucket=1000)
    >>> "roses" in model.wv.key_to_index, model.wv["roses"].shape
    (False, (8,))
    """

    _wv: FastTextKeyedVectors

    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        sg: int = 0,
        hs: int = 0,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        word_ngrams: int = 1,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[[str], int] | None = None,
        epochs: int = 5,
        null_word: int = 0,
        min_n: int = 3,
        max_n: int = 6,
        sorted_vocab: int = 1,
        bucket: int = 2_000_000,
        trim_rule: TrimRule | None = None,
        batch_words: int | None = None,
        callbacks: Sequence[Callback] = (),
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
    ) -> None:
        if word_ngrams != 1:
            raise NotOfferedError(sentence("word_ngrams=1", str(word_ngrams), "join phrases: firth.find_phrases"))
        self.min_n, self.max_n, self.bucket = min_n, max_n, bucket
        super().__init__(
            sentences, corpus_file, sg=sg, hs=hs, vector_size=vector_size, alpha=alpha, window=window,
            min_count=min_count, max_vocab_size=max_vocab_size, sample=sample, seed=seed, workers=workers,
            min_alpha=min_alpha, negative=negative, ns_exponent=ns_exponent, cbow_mean=cbow_mean, hashfxn=hashfxn,
            epochs=epochs, null_word=null_word, sorted_vocab=sorted_vocab, trim_rule=trim_rule,
            batch_words=batch_words, callbacks=callbacks, max_final_vocab=max_final_vocab,
            shrink_windows=shrink_windows,
        )  # fmt: skip

    @classmethod
    def _of_parts(cls, parts: Parts, settings: Mapping[str, Any], path: Path) -> Self:
        """Return a model of what was read."""
        known = settings.get("class") or parts.config.get("source", {}).get("class")
        if parts.subwords is None and known != "FastText":
            raise FormatError(sentence(f"a FastText in {path}", "words alone", "load it with Word2Vec.load"))
        ngrams = {name: settings[name] for name in ("min_n", "max_n", "bucket") if name in settings}
        self = cls(vector_size=stored_matrix(parts.tensors).shape[1], **ngrams)
        self._adopt(parts, dict(settings))
        self.min_n, self.max_n, self.bucket = self._wv.min_n, self._wv.max_n, self._wv.bucket
        return self

    def _no_keys(self) -> FastTextKeyedVectors:
        """Return vectors without a key."""
        return FastTextKeyedVectors(self.vector_size, self.min_n, self.max_n, self.bucket)

    def _more_arguments(self) -> dict[str, Any]:
        """Return what `firth.train` is called with, too: which n-grams words have."""
        return {"subwords": self._wv.settings}

    def _take(self, found: Vectors) -> None:
        """Take trained vectors over, into the rows that words have here."""
        super()._take(found)
        self._wv.take(found)


def load_facebook_model(path: str | os.PathLike[str], encoding: str = "utf-8") -> FastText:
    """Read a `.bin` of fastText, to go on training it.

    Args:
        path: the file.
        encoding: UTF-8.

    Raises:
        FormatError: if it is none, or not whole.
        SettingsError: if it can't go on: a supervised or a hierarchical one.
    """
    parts = _facebook_parts(path, encoding)
    source = parts.config["source"]["settings"]
    if parts.tensors.get("context_matrix") is None:
        advice = "load its vectors with load_facebook_vectors"
        raise SettingsError(sentence(f"outputs of negative sampling in {path}", "others, or none", advice))
    settings = {
        "class": "FastText", "window": source["ws"], "epochs": source["epoch"], "min_count": source["minCount"],
        "negative": source["neg"], "sample": source["t"], "sg": int(source["model"] == "skipgram"),
        "min_n": source["minn"], "max_n": source["maxn"], "bucket": source["bucket"],
    }  # fmt: skip
    return FastText._of_parts(parts, settings, Path(path))


def load_facebook_vectors(path: str | os.PathLike[str], encoding: str = "utf-8") -> FastTextKeyedVectors:
    """Read the vectors of a `.bin` or `.ftz` of fastText.

    Args:
        path: the file.
        encoding: UTF-8.

    Raises:
        FormatError: if it is none, or not whole.
    """
    return FastTextKeyedVectors.from_vectors(_facebook_parts(path, encoding))


def save_facebook_model(
    model: FastText,
    path: str | os.PathLike[str],
    encoding: str = "utf-8",
    lr_update_rate: int = 100,
    word_ngrams: int = 1,
) -> None:
    """Write a `.bin` that fastText loads; a file that is there is replaced.

    Args:
        model: that was trained or loaded.
        path: the file.
        encoding: UTF-8.
        lr_update_rate: written into it.
        word_ngrams: 1.

    Raises:
        SettingsError: if an argument is not offered.
    """
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8") or word_ngrams != 1:
        came = f"encoding={encoding!r}, word_ngrams={word_ngrams}"
        raise SettingsError(sentence("encoding='utf-8' and word_ngrams=1", came, "leave them out"))
    vectors = model.to_vectors()
    source = {
        "format": "fasttext",
        "settings": {
            "ws": model.window, "epoch": model.epochs, "minCount": model.min_count, "neg": model.negative,
            "t": float(model.sample), "lrUpdateRate": lr_update_rate,
            "model": "skipgram" if model.sg else "cbow",
        },
    }  # fmt: skip
    told = Vectors(
        vectors.words,
        vectors.matrix,
        counts=vectors.counts,
        context_matrix=vectors.context_matrix,
        config={"source": source},
        subwords=vectors.subwords,
    )
    told.export(path, "fasttext", overwrite=True)


def _facebook_parts(path: str | os.PathLike[str], encoding: str) -> Parts:
    """Read a file of fastText."""
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        advice = "leave it out, or convert the words to UTF-8"
        raise SettingsError(sentence("encoding='utf-8'", repr(encoding), advice))
    parts = open_parts(path)
    if parts.config.get("source", {}).get("format") != "fasttext":
        came = str(parts.config.get("source", {}).get("format", "firth"))
        raise FormatError(sentence(f"a model of fastText in {path}", came, "load it with KeyedVectors.load"))
    return parts
