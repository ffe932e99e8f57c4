"""`Vectors`: what training gives and everything else takes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from firth.errors import SettingsError, ShapeError, check_shape, sentence
from firth.vectors.checking import checked_counts, checked_matrix, not_finite, read_only
from firth.vectors.folder import write_folder
from firth.vectors.formats.opening import open_vectors, write_vectors
from firth.vectors.formats.parts import Parts
from firth.vectors.similar import Similar
from firth.vectors.stored import StoredMatrix, stored_matrix
from firth.vectors.subwords import SubwordVectors
from firth.vectors.words import Words


class Vectors(Similar):
    """Words and their vectors.

    Args:
        words: V distinct words, in the order of the rows (by frequency, if trained here).
        matrix: their vectors as trained, not normalised, (V, D); float32 is shared, not copied, and must not
            change afterwards; other numbers are converted to float32. Or a `StoredMatrix`, which is taken as it is.
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
        matrix: np.ndarray | StoredMatrix,
        *,
        counts: np.ndarray | None = None,
        context_matrix: np.ndarray | None = None,
        config: Mapping[str, Any] | None = None,
        subwords: SubwordVectors | None = None,
    ) -> None:
        words = words if isinstance(words, Words) else Words(words)
        tensors = _checked_vectors(matrix, words)
        shape = stored_matrix(tensors).shape
        if context_matrix is not None:
            tensors["context_matrix"] = checked_matrix("context_matrix", context_matrix, len(words), words)
            check_shape("context_matrix", tensors["context_matrix"], shape)
        if counts is not None:
            tensors["counts"] = checked_counts(counts, len(words))
        if subwords is not None:
            check_shape("word_matrix", subwords.word_matrix, shape)
            if "matrix" not in tensors or tensors["matrix"].dtype != np.float32:
                came = f"subwords and a {type(matrix).__name__}"
                raise SettingsError(sentence("float32 for the means of subwords", came, "leave out the subwords"))
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
        self._stored = stored_matrix(self._tensors)

    @property
    def words(self) -> Words:
        """The words in the order of the rows: a sequence of V strings."""
        return self._words

    @property
    def matrix(self) -> np.ndarray:
        """The vectors, float32, (V, D), read-only; of compressed ones made anew whenever asked for (see `stored`)."""
        return self._stored.whole()

    @property
    def stored(self) -> StoredMatrix:
        """The vectors in the form in which they are held; makes some rows, or a stretch of them."""
        return self._stored

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

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: object) -> bool:
        return word in self._words

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __deepcopy__(self, memo: dict[int, Any]) -> Vectors:
        """Return vectors with a config of their own; arrays and words, which nobody can write to, are shared."""
        self_again = type(self).__new__(type(self))
        self_again._adopt(self._words, self._tensors, deepcopy(self._config, memo), self._subwords)
        return self_again

    def __repr__(self) -> str:
        return f"Vectors({len(self)} words × {self.dimensions})"

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
        r"""Write words and vectors in a format of other tools; counts, contexts and subwords in fastText's alone.

        Args:
            path: the file, or the folder.
            format: "word2vec" (binary), "word2vec-text", "glove", "numpy", "fasttext" (`.bin`), "static-embedding" (a
                folder that model2vec and sentence-transformers load), or "firth": the folder that `save` writes.
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
            parts = Parts(words=self._words, tensors=self._tensors, config=self._config, subwords=self._subwords)
            write_vectors(path, parts, format, overwrite=overwrite)

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
            path: the folder or the file; a file may be packed (gzip, bzip2, xz, zstandard).
            check: whether to read all of our own folder, too: checksums, words, numbers; and whether words are the
                means of their rows, which takes Numba.
            format: what it is; None: what it looks like, whatever its name (see `docs/formats.md`).
            limit: how many rows to read, the first; None: all. With subwords the other words are then unknown ones,
                composed of their n-grams.
            errors: what words that are not UTF-8 do: "strict" refuses them, "replace" puts U+FFFD, "ignore" leaves the
                bytes out.

        Returns:
            The vectors; those of our own folder read from its files as long as they live.

        Raises:
            FormatError: if these are no vectors, or not whole, or not finite; or from a newer version of the library.
            MissingExtraError: if unpacking a `.zst` takes a package that isn't installed.
            OutputError: if a packed file finds no room to be unpacked.
            SettingsError: if `format`, `limit` or `errors` is nothing that can be meant.

        Example: `save`, `export`.
        """
        parts = open_vectors(path, check=check, format=format, limit=limit, errors=errors)
        self = cls.__new__(cls)
        self._adopt(parts.words, parts.tensors, parts.config, parts.subwords)
        return self


def _checked_vectors(matrix: np.ndarray | StoredMatrix, words: Words) -> dict[str, np.ndarray]:
    """Return the tensors of vectors, checked."""
    if not isinstance(matrix, StoredMatrix):
        return {"matrix": checked_matrix("matrix", matrix, len(words), words)}
    if len(matrix) != len(words):
        raise ShapeError(sentence(f"a matrix of {len(words)} rows", str(len(matrix)), "pass one for each word"))
    if came := not_finite(matrix.tensors(), words):
        raise SettingsError(sentence("a matrix of finite numbers", came, "compress it again"))
    return matrix.tensors()
