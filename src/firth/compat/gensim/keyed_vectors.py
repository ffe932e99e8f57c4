"""gensim's `KeyedVectors`: keys with their vectors, on files and in memory."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from firth.compat.gensim.evaluating import JudgedKeys
from firth.compat.gensim.files import (
    open_parts,
    own_copy,
    read_counts,
    read_word2vec_parts,
    write_word2vec_parts,
)
from firth.compat.gensim.keys import Key
from firth.errors import NotOfferedError, SettingsError, sentence
from firth.vectors import Vectors
from firth.vectors.formats.parts import Parts
from firth.vectors.stored import stored_matrix

logger = logging.getLogger(__name__)


class KeyedVectors(JudgedKeys):
    """Keys (words) and their vectors, with gensim 4's names, arguments and results.

    What differs from gensim: cosines are sums in float64, so that the last digits are the same on every machine, and
    equal ones come in the order of the rows; a vector of zeros has cosine 0 with everything, not NaN; `save` writes a
    folder without a pickle, and `load` reads gensim's files without running them.

    Args:
        vector_size: D.
        count: rows to make room for.
        dtype: of the vectors.
        mapfile_path: nothing, as in gensim.

    >>> vectors = KeyedVectors(vector_size=2)
    >>> vectors.add_vectors(["up", "down"], np.array([[0, 2], [0, -1]]))
    >>> vectors.most_similar("up"), vectors.key_to_index
    ([('down', -1.0)], {'up': 0, 'down': 1})
    """

    _of_subwords: type[KeyedVectors] | None = None
    """What `load` makes of vectors with subwords; set where that class is."""

    @classmethod
    def from_vectors(cls, vectors: Vectors | Parts, *, dtype: type | np.dtype = np.float32, copy: bool = True) -> Self:
        """Take over the library's own vectors.

        Args:
            vectors: what `firth.train` or `firth.Vectors.load` gave.
            dtype: of the vectors.
            copy: whether to make them writable.

        >>> KeyedVectors.from_vectors(Vectors(["up"], np.ones((1, 3))))
        KeyedVectors<vector_size=3, 1 keys>
        """
        if isinstance(vectors, Parts):
            matrix, counts = stored_matrix(vectors.tensors).whole(), vectors.tensors.get("counts")
        else:
            matrix, counts = vectors.matrix, vectors.counts
        self = cls._empty(matrix.shape[1], vectors)
        self.index_to_key = list(vectors.words)
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key) if key is not None}
        self.next_index = len(self)
        self.vectors = (own_copy(matrix) if copy else matrix).astype(dtype, copy=False)
        if counts is not None:
            self.expandos["count"] = np.array(counts, np.int64)
        return self

    @classmethod
    def _empty(cls, dimensions: int, vectors: Vectors | Parts) -> Self:
        """Make one without keys; `vectors` tells what else is needed."""
        return cls(dimensions)

    def to_vectors(self) -> Vectors:
        """Return the library's own `Vectors`, for what gensim does not have: indexes, compression, the gap.

        Raises:
            SettingsError: if a key is no text, or the same row was never filled.

        >>> vectors = KeyedVectors(1)
        >>> vectors["up"] = np.array([2.0])
        >>> vectors.to_vectors()
        Vectors(1 words × 1)
        """
        parts: dict[str, Any] = self._vector_parts()
        return Vectors(self._texts(), self.float32_vectors().copy(), counts=self._counts(), **parts)

    def save(self, fname_or_handle: str | os.PathLike[str], **options: object) -> None:
        """Write a folder (`firth.Vectors.save`), over an older one of the library; counts are kept.

        Args:
            fname_or_handle: its path.
            options: `separately`, `sep_limit`, `ignore`, `pickle_protocol`: nothing, as nothing is pickled.

        Raises:
            SettingsError: if a key is no text, or an option is none of gensim's.
            OutputExistsError: if something else is at that place.
        """
        check_options(options, "separately", "sep_limit", "ignore", "pickle_protocol")
        if lost := sorted(set(self.expandos) - {"count", "sample_int"}):
            logger.warning("attributes that are not saved: %s", ", ".join(lost))
        self.to_vectors().save(fname_or_handle, overwrite=True)

    @classmethod
    def load(cls, fname: str | os.PathLike[str], mmap: str | None = None) -> KeyedVectors:
        """Open what `save` wrote, a file of gensim's (nothing of it is run), or any other that `firth` reads.

        Args:
            fname: the folder or file.
            mmap: "r" leaves the vectors of our folder in the file, read-only; None makes them writable.

        Returns:
            The vectors; if they have subwords, `FastTextKeyedVectors`.

        Raises:
            FormatError: if these are no vectors.
            SettingsError: if `mmap` is something else.
        """
        if mmap not in (None, "r"):
            raise SettingsError(sentence("mmap to be 'r' or None", repr(mmap), "load into memory: mmap=None"))
        parts = open_parts(fname)
        kind = cls._of_subwords if parts.subwords is not None and cls._of_subwords is not None else cls
        return kind.from_vectors(parts, copy=mmap is None)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: type | np.dtype = np.float32,
        no_header: bool = False,
    ) -> Self:
        """Read a file of word2vec, GloVe (`no_header`) or fastText (`.vec`), plain or packed (.gz … .zst).

        Args:
            fname: the file.
            fvocab: a file of "word count" lines; without it counts fall from V to 1, as in gensim.
            binary: whether it is the binary format.
            encoding: UTF-8.
            unicode_errors: what words that are no UTF-8 do: "strict" is an error, "replace", "ignore".
            limit: how many rows to read; None: all.
            datatype: of the vectors.
            no_header: whether a text has no first line with the sizes.

        Raises:
            FormatError: if the file is none, or not whole: a `ValueError`, where gensim raises one or EOFError.
        """
        options = {"binary": binary, "encoding": encoding, "errors": unicode_errors}
        parts = read_word2vec_parts(fname, **options, limit=limit, no_header=no_header)  # type: ignore[arg-type]
        self = cls.from_vectors(parts, dtype=datatype)
        counts = np.arange(len(self), 0, -1)
        if fvocab is not None:
            known = read_counts(fvocab, unicode_errors)
            counts = np.array([known.get(str(key), 0) for key in self.index_to_key], np.int64)
            if missing := int((counts == 0).sum()):
                logger.warning("%d words are not in %s: their count is 0", missing, fvocab)
        self.expandos["count"] = counts
        return self

    def save_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Write words and vectors as word2vec does; a file that is there is replaced.

        Args:
            fname: the file.
            fvocab: a second file, of "word count" lines.
            binary: whether to write the binary format.
            total_vec: the number of rows that the first line tells; None: all.
            write_header: whether there is a first line.
            prefix: put before each word.
            append: whether to write behind what is there.
            sort_attr: words with the highest values of this attribute come first; without it, as the rows are.

        Raises:
            SettingsError: if a word is empty or holds white space, which no reader takes.
            OutputError: if the file can't be written to.
        """
        order = np.arange(len(self))
        if sort_attr in self.expandos:
            order = np.argsort(-np.asarray(self.expandos[sort_attr]), kind="stable")
        elif fvocab is not None:
            came = f"vectors without {sort_attr!r}"
            raise SettingsError(sentence(f"values of {sort_attr!r} to write into fvocab", came, "set_vecattr them"))
        words = [f"{prefix}{self.index_to_key[row]}" for row in order.tolist()]
        if fvocab is not None:
            values = self.expandos[sort_attr][order].tolist()
            text = "".join(f"{word} {value}\n" for word, value in zip(words, values, strict=True))
            with open(fvocab, "a" if append else "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123
                file.write(text)
        matrix = self.float32_vectors()
        matrix = matrix if np.array_equal(order, np.arange(len(self))) else matrix[order]
        options = {"binary": binary, "total": total_vec, "write_header": write_header, "append": append}
        write_word2vec_parts(fname, words, matrix, **options)  # type: ignore[arg-type]

    def intersect_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:
        """Take the vectors of a file for the keys that are here; other words of the file are left out.

        Args:
            fname: a file of word2vec.
            lockf: must be 1: the vectors are trained on, like all others. Rows that stay as they are (0, gensim's
                default) are what `firth.train(…, start=vectors, frozen=words)` is for.
            binary: whether it is the binary format.
            encoding: UTF-8.
            unicode_errors: as for `load_word2vec_format`.

        Raises:
            SettingsError: if the sizes differ, or `lockf` is not 1.
        """
        if lockf != 1.0:
            advice = "pass lockf=1.0, or call firth.train(…, start=vectors, frozen=words)"
            raise SettingsError(sentence("lockf=1.0: all rows are trained on", str(lockf), advice))
        options = {"binary": binary, "encoding": encoding, "errors": unicode_errors}
        parts = read_word2vec_parts(fname, **options, limit=None, no_header=False)  # type: ignore[arg-type]
        matrix = parts.tensors["matrix"]
        if matrix.shape[1] != self.vector_size:
            came = f"{matrix.shape[1]} in {fname}"
            raise SettingsError(sentence(f"vectors of {self.vector_size} numbers", came, "choose another file"))
        rows = parts.words.rows(map(str, self.index_to_key))
        shared = np.flatnonzero(rows >= 0)
        self.vectors = own_copy(self.vectors)
        self.vectors[shared] = matrix[rows[shared]]
        self.norms = None
        logger.info("%d of %d vectors are those of %s", len(shared), len(self), fname)

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """Return the vectors of some keys, in their order, each once; those without a vector are left out.

        Args:
            keys: any keys.
            allow_inference: whether keys without a row get what `get_vector` makes of them (subwords).
            copy_vecattrs: whether attributes come with them.
        """
        chosen = [k for k in dict.fromkeys(keys) if k in (self if allow_inference else self.key_to_index)]
        found = KeyedVectors(self.vector_size, dtype=self.vectors.dtype)
        found.add_vectors(chosen, self[chosen])
        found.expandos["count"] = np.arange(len(chosen), 0, -1)  # as gensim has it where none are known
        if copy_vecattrs:
            rows = np.array([self.get_index(key, default=-1) for key in chosen], np.int64)
            for name, values in self.expandos.items():
                found.expandos[name] = values[rows]
                found.expandos[name][rows < 0] = np.zeros(1, values.dtype)[0]
        return found

    def similarity_unseen_docs(self, *_: object, **__: object) -> None:
        """Refuse what gensim has for `Doc2Vec` alone.

        Raises:
            NotOfferedError: always.
        """
        advice = "infer both with firth.DocumentVectors and compare these"
        raise NotOfferedError(sentence("a model of documents", "vectors of words", advice))

    def _vector_parts(self) -> dict[str, object]:
        """Return what `Vectors` gets besides words, vectors and counts."""
        return {}

    def _counts(self) -> np.ndarray | None:
        """Return the counts, if there are any."""
        counts = self.expandos.get("count")
        return None if counts is None else np.asarray(counts).astype(np.uint64)

    def _texts(self) -> list[str]:
        """Return the keys, if all are texts.

        Raises:
            SettingsError: if one is not.
        """
        texts = [key for key in self.index_to_key if isinstance(key, str)]
        if len(texts) != len(self):
            came = repr(next(key for key in self.index_to_key if not isinstance(key, str)))
            raise SettingsError(sentence("keys that are all texts", came, "convert them: add_vectors([str(key)], …)"))
        return texts


def check_options(options: dict[str, object], *known: str) -> None:
    """Refuse options that gensim does not have; log those that have nothing to do here.

    Raises:
        SettingsError: if there is an unknown one.
    """
    for name in options:
        if name not in known:
            raise SettingsError(sentence(f"options among {', '.join(known)}", repr(name), "leave it out"))
        logger.info("%s has nothing to do here: nothing is pickled", name)


def load_word2vec_format(fname: str | os.PathLike[str], **arguments: Any) -> KeyedVectors:  # noqa: ANN401
    """Return `KeyedVectors.load_word2vec_format(…)`."""
    return KeyedVectors.load_word2vec_format(fname, **arguments)
