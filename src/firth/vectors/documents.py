"""`DocumentVectors`: vectors of whole texts, and of texts that nobody has seen."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from firth.errors import (
    FormatError,
    SettingsError,
    UnknownWordError,
    check_integer,
    check_shape,
    sentence,
)
from firth.machine import check_threads
from firth.text.tokenizers import TOKENIZERS
from firth.vectors.checking import (
    checked_counts,
    checked_matrix,
    checked_queries,
    named_row,
    read_only,
    row_not_finite,
)
from firth.vectors.document_folder import DocumentParts, open_documents, write_documents
from firth.vectors.freezing import checked_schedule, frozen_documents
from firth.vectors.neighbours import nearest, row_norms
from firth.vectors.similar import Neighbours
from firth.vectors.table import Vectors
from firth.vectors.tags import Numbers, checked_tags
from firth.vectors.words import Words

if TYPE_CHECKING:
    from firth.training.inference import Frozen

logger = logging.getLogger(__name__)

Document = str | Sequence[str]
"""A text, or its words."""


class DocumentVectors:
    """Documents and their vectors, and what it takes to give a vector to another document. Made by `train_documents`.

    Args:
        matrix: vectors of the documents as trained, (N, D); float32 is shared, not copied, and must not change
            afterwards.
        words: the V words that documents are made of, in the order of their rows.
        counts: how often each word was seen, (V,).
        word_matrix: vectors of the words, (V, D); None if they were not trained.
        output_matrix: what documents predict words by, (V, D): a row for each word, or with hierarchical softmax for
            each inner node of the tree that `counts` give, and one more; None if they were not kept.
        tags: names of the documents, N of them; None to call them by their numbers, "0" to "N − 1".
        config: how they were made; `config["training"]` says how others are given vectors.

    Raises:
        SettingsError: if a word or tag comes twice or can't be stored, or a vector is not finite.
        ShapeError: if the sizes do not fit each other.

    >>> documents = DocumentVectors(np.eye(2), words=["a"], counts=[2], tags=["first", "second"])
    >>> len(documents), documents["second"], documents.most_similar("first")
    (2, array([0., 1.], dtype=float32), [('second', 0.0)])
    """

    def __init__(
        self,
        matrix: np.ndarray,
        *,
        words: Iterable[str],
        counts: np.ndarray,
        word_matrix: np.ndarray | None = None,
        output_matrix: np.ndarray | None = None,
        tags: Iterable[str] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        words = words if isinstance(words, Words) else Words(words)
        rows = checked_matrix("matrix", matrix, None)
        named = None if tags is None else checked_tags(tags, len(rows))
        tensors = {"matrix": rows, "counts": checked_counts(counts, len(words))}
        for name, part in {"word_matrix": word_matrix, "output_matrix": output_matrix}.items():
            if part is not None:
                tensors[name] = checked_matrix(name, part, len(words))
                check_shape(name, tensors[name], (None, rows.shape[1]))
        self._adopt(DocumentParts(words, named, tensors, dict(config or {})))

    def _adopt(self, parts: DocumentParts) -> None:
        """Take parts that have been checked; the arrays are held as views that can't be written to."""
        tensors = {name: read_only(array) for name, array in parts.tensors.items()}
        self._parts = parts._replace(tensors=tensors)
        self._norms: np.ndarray | None = None
        self._model: tuple[Frozen, dict[str, Any]] | None = None
        self._word_vectors: Vectors | None = None

    @property
    def matrix(self) -> np.ndarray:
        """The vectors of the documents as trained, float32, (N, D), read-only."""
        return self._parts.tensors["matrix"]

    @property
    def output_matrix(self) -> np.ndarray | None:
        """What documents predict words by, float32, (V, D), read-only; None if it was not kept."""
        return self._parts.tensors.get("output_matrix")

    @property
    def words(self) -> Words:
        """The words that documents are made of: a sequence of V strings."""
        return self._parts.words

    @property
    def word_vectors(self) -> Vectors | None:
        """The vectors of the words, trained beside those of the documents; None if they were not trained."""
        tensors = self._parts.tensors
        if self._word_vectors is None and "word_matrix" in tensors:
            counts = tensors["counts"]
            config: dict[str, Any] = {name: self.config.get(name, {}) for name in ("training", "corpus")}
            self._word_vectors = Vectors(self.words, tensors["word_matrix"], counts=counts, config=config)
        return self._word_vectors

    @property
    def tags(self) -> Words | Numbers:
        """The names of the documents in the order of the rows, N of them."""
        return Numbers(len(self)) if self._parts.tags is None else self._parts.tags

    @property
    def config(self) -> dict[str, Any]:
        """How the vectors were made; of loaded ones, all of `config.json`."""
        return self._parts.config

    @property
    def dimensions(self) -> int:
        """D, the length of a vector."""
        return self.matrix.shape[1]

    def __len__(self) -> int:
        return len(self.matrix)

    def __contains__(self, tag: object) -> bool:
        return tag in self.tags

    def __repr__(self) -> str:
        return f"DocumentVectors({len(self)} documents × {self.dimensions})"

    def __getitem__(self, tag: str) -> np.ndarray:
        """Return the vector of a document, (D,), read-only.

        Raises:
            UnknownWordError: if there is no document of this name.
        """
        return self.matrix[self.index(tag)]

    def index(self, tag: str) -> int:
        """Return the row of a document, from 0.

        Args:
            tag: its name.

        Raises:
            UnknownWordError: if there is no document of this name.

        >>> DocumentVectors(np.eye(2), words=["a"], counts=[2]).index("1")
        1
        """
        row = self.tags.find(tag) if isinstance(tag, str) else None
        if row is not None:
            return row
        named = "their numbers" if self._parts.tags is None else "tags"
        advice = f"documents are known by {named}, from {self.tags[0]!r} to {self.tags[len(self) - 1]!r}"
        raise UnknownWordError(sentence("the tag of a document", repr(tag), advice))

    @overload
    def most_similar(self, query: str | list[str] | tuple[str, ...], *, count: int = 10) -> Neighbours: ...
    @overload
    def most_similar(self, query: np.ndarray, *, count: int = 10) -> Neighbours | list[Neighbours]: ...
    def most_similar(
        self, query: str | Sequence[str] | np.ndarray, *, count: int = 10
    ) -> Neighbours | list[Neighbours]:
        """Documents with the highest cosine. A document is never its own answer.

        Args:
            query: the tag of a document; or the words of another one, as a list, which is then given a vector by
                `infer`; or a vector (D,); or an array (N, D) of many, for many answers.
            count: how many documents at most.

        Returns:
            Pairs of tag and cosine, highest first, equal ones in the order of the rows; for many queries a list of such
            lists.

        Raises:
            UnknownWordError: if there is no document of this name.
            ShapeError: if a vector has not D numbers.
            SettingsError: if `count` is below 1, or a query is not finite.
            TrainingError: if words are given, and `infer` can't be.

        Example: the class.
        """
        count = check_integer("count", count, 1)
        if isinstance(query, str):
            row = self.index(query)
            return self._nearest(self.matrix[row : row + 1], count, [np.array([row])])[0]
        if isinstance(query, list | tuple) and query and all(isinstance(word, str) for word in query):
            query = self.infer(query)
        queries = checked_queries(query, self.dimensions)
        answers = self._nearest(queries, count, [np.zeros(0, np.int64)] * len(queries))
        return answers[0] if np.ndim(query) == 1 else answers

    def _nearest(self, queries: np.ndarray, count: int, left_out: list[np.ndarray]) -> list[Neighbours]:
        """Find the nearest documents of queries (N, D)."""
        if self._norms is None:
            self._norms = row_norms(self.matrix)
        found = nearest(self.matrix, self._norms, queries, count=count, left_out=left_out)
        return [
            [(self.tags[row], value) for row, value in zip(rows.tolist(), values.tolist(), strict=True)]
            for rows, values in found
        ]

    def infer(
        self,
        document: Document,
        *,
        passes: int | None = None,
        learning_rate: float | None = None,
        seed: int | None = None,
    ) -> np.ndarray:
        """Return the vector of a document that was not trained on. Nothing else changes.

        Its vector alone is trained, from zero, against words and outputs as they are: see `firth.training.inference`.
        The same words give the same bytes in every call and every process.

        Args:
            document: a text, cut into words as those of training were; or its words.
            passes: over it; None for as many as in training. A short document may want more.
            learning_rate: at the start, falling to 0 along a straight line; None for that of training.
            seed: of the random numbers; None for that of training.

        Returns:
            Float32, (D,), to be compared with the rows of `matrix`; zeros, and a warning in the log, if no word of it
            is known.

        Raises:
            SettingsError: if a text comes to documents that were trained on lists of words, or a setting is wrong.
            FormatError: if the config does not say how the documents were trained.
            TrainingError: if the outputs were not kept.

        >>> from firth import train_documents
        >>> documents = train_documents(["a rose is a rose", "so is a dog"] * 20, min_count=1, dimensions=8, threads=1)
        >>> bool((documents.infer("a rose") == documents.infer(["a", "rose"])).all())
        True
        """
        if not isinstance(document, str) and not _is_words(document):
            came = f"{type(document).__name__} {document!r:.60}"
            raise SettingsError(sentence("a text, or a list of its words", came, "pass several to infer_all"))
        return self.infer_all([document], passes=passes, learning_rate=learning_rate, seed=seed, threads=1)[0]

    def infer_all(
        self,
        documents: Iterable[Document],
        *,
        passes: int | None = None,
        learning_rate: float | None = None,
        seed: int | None = None,
        threads: int | None = None,
    ) -> np.ndarray:
        """Return the vectors of documents that were not trained on: for each, to the last bit, that of `infer`.

        Args:
            documents: texts, or lists of words, or some of each.
            passes: over each; None for as many as in training.
            learning_rate: at the start of each; None for that of training.
            seed: of the random numbers; None for that of training.
            threads: that work at once; None takes every core this process may use. They leave no trace.

        Returns:
            Float32, (N, D); zeros for those without a known word: how many there are is a warning in the log.

        Raises:
            SettingsError: as in `infer`.
            FormatError: as in `infer`.
            TrainingError: as in `infer`.

        Example: `infer`.
        """
        from firth.training.inference import infer_documents

        if isinstance(documents, str):
            raise SettingsError(sentence("a list of documents", "one text", "pass it to infer"))
        if self._model is None:
            self._model = frozen_documents(self._parts)
        frozen, schedule = self._model
        given = {"passes": passes, "learning_rate": learning_rate, "seed": seed}
        schedule = checked_schedule(schedule | {name: value for name, value in given.items() if value is not None})
        known = [self._known(document, number) for number, document in enumerate(documents)]
        if empty := sum(len(ids) == 0 for ids in known):
            logger.warning("%d of %d documents have no known word: their vectors are zero", empty, len(known))
        return infer_documents(known, frozen, **schedule, threads=check_threads(threads))

    def _known(self, document: Document, number: int) -> np.ndarray:
        """Return the ids of the known words of a document, int32."""
        corpus = self.config.get("corpus")
        corpus = corpus if isinstance(corpus, Mapping) else {}
        if isinstance(document, str):
            cut = TOKENIZERS.get(str(corpus.get("tokenizer")))
            if cut is None:
                came = f"a text, {document!r:.40}"
                expected = f"a list of words, as the tokenizer of training ({corpus.get('tokenizer')}) is not at hand"
                raise SettingsError(sentence(expected, came, "cut it into words first"))
            words: Sequence[str] = cut(document)
        elif _is_words(document):
            words = document
        else:
            came = f"{type(document).__name__} {document!r:.60} as document {number}"
            raise SettingsError(sentence("every document to be a text or a list of its words", came, "convert it"))
        if corpus.get("fold_case") is True:
            words = [word.casefold() for word in words]
        ids = self.words.rows(words)
        return ids[ids >= 0].astype(np.int32)

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a folder: `vectors.safetensors`, `words.txt`, `config.json`, `README.md`, and `tags.txt` if there are.

        Args:
            folder: where to; parents are made.
            overwrite: whether an older output of the library may be replaced.

        Raises:
            OutputExistsError: if the place is taken.
            SettingsError: if the config holds what JSON can't.
            OutputError: if the disk is full, or the place can't be written to.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     DocumentVectors(np.eye(2), words=["a"], counts=[2]).save(place + "/tiny")
        ...     DocumentVectors.load(place + "/tiny")
        DocumentVectors(2 documents × 2)
        """
        write_documents(folder, self._parts, overwrite=overwrite)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], *, check: bool = False) -> DocumentVectors:
        """Open a folder that `save` wrote, in milliseconds: sizes are checked, the contents mapped.

        Args:
            folder: where from.
            check: whether to read everything, too: checksums, words, tags, numbers.

        Returns:
            The vectors; they read from the files as long as they live.

        Raises:
            FormatError: if this is no such folder, not a whole one, or from a newer version of the library.

        Example: `save`.
        """
        parts = open_documents(folder, check=check)
        if check:
            for names in filter(None, (parts.words, parts.tags)):
                names.check()
            for name in ("matrix", "word_matrix", "output_matrix"):
                row = row_not_finite(parts.tensors[name]) if name in parts.tensors else None
                if row is not None:
                    came = f"NaN or infinity in {name} {named_row(row, None)}"
                    raise FormatError(sentence(f"finite numbers in {folder}", came, "train or export it again"))
        self = cls.__new__(cls)
        self._adopt(parts)
        return self


def _is_words(document: object) -> bool:
    """Tell whether a document is a list of words."""
    return isinstance(document, list | tuple | np.ndarray) and all(isinstance(word, str) for word in document)
