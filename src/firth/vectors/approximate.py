"""An index that finds near words without looking at all of them (HNSW, by usearch); it says how many it misses.

What the index names is compared again with the vectors themselves: cosines and their order are exact, only that a word
is missing can happen. How often it does is measured against exact search when the index is built.

An index is a folder: `index.usearch` and `config.json`. The checksum of the file is compared, and every link in it
checked, before usearch, which trusts its files, maps it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from firth.contents import checked_file, checked_size, describe_files
from firth.errors import FormatError, MissingExtraError, SettingsError, check_integer, sentence
from firth.machine import check_threads
from firth.randomness import random_bits, stream_key
from firth.storage import new_folder, read_config, write_config
from firth.vectors.graph_file import check_graph
from firth.vectors.neighbours import best_of, nearest, unit_rows
from firth.vectors.similar import Similar
from firth.vectors.stored import StoredMatrix
from firth.vectors.words import Words

KIND, VERSION = "index", 1
_FILE = "index.usearch"
_SAMPLE = 1000  # words whose neighbours are looked for both ways
_AT = 10  # of each of these words
_BLOCK = 1 << 13  # rows added at once
_LOOKED_AT = 256  # rows that tell whether an index is of these vectors


class ApproximateIndex:
    """An index of vectors; made by `build` or `load`, passed to `Vectors.most_similar(…, index=…)`.

    >>> from firth.vectors import Vectors
    >>> vectors = Vectors(["up", "down", "left"], np.array([[0, 2], [0, -1], [-3, 0]]))
    >>> index = ApproximateIndex.build(vectors)
    >>> index, vectors.most_similar("up", index=index)
    (ApproximateIndex(3 words × 2, recall 1.000), [('left', 0.0), ('down', -1.0)])

    Malkov & Yashunin 2018, hierarchical navigable small worlds.
    """

    def __init__(self, index: Any, config: dict[str, Any]) -> None:  # noqa: ANN401 - usearch is an extra
        self._index, self._config = index, config
        self._matched: StoredMatrix | None = None

    @classmethod
    def build(
        cls,
        vectors: Similar,
        *,
        connectivity: int = 16,
        expansion_build: int = 128,
        expansion_search: int = 64,
        seed: int = 1,
        threads: int | None = 1,
    ) -> ApproximateIndex:
        """Build an index and measure its recall.

        Args:
            vectors: whose.
            connectivity: links of a word; more find more and take more room.
            expansion_build: candidates held while a word is linked; more find more and take longer to build.
            expansion_search: candidates held while one is looked for; more find more and take longer.
            seed: of the sample on which recall is measured.
            threads: how many may work. One gives the same index every time; with more it is built faster, the links are
                others each time, and None is one for each core.

        Returns:
            The index; `recall` has its measure.

        Raises:
            MissingExtraError: if usearch is not installed.
            SettingsError: if a number is out of its range.
        """
        connectivity = check_integer("connectivity", connectivity, 2, 512)
        expansion_build = check_integer("expansion_build", expansion_build, 1, 1 << 16)
        expansion_search = check_integer("expansion_search", expansion_search, 1, 1 << 16)
        threads = check_threads(threads)
        matrix = vectors.stored
        index = _usearch().Index(
            ndim=matrix.shape[1],
            metric="cos",
            dtype="f16",
            connectivity=connectivity,
            expansion_add=expansion_build,
            expansion_search=expansion_search,
        )
        for start in range(0, len(matrix), _BLOCK):
            units = unit_rows(matrix.stretch(start, min(len(matrix), start + _BLOCK)))
            rows = start + np.flatnonzero(units.any(axis=1))  # a vector of zeros is near to none
            if len(rows):
                index.add(rows, units[rows - start].astype(np.float32), threads=threads)
        settings = {
            "connectivity": connectivity,
            "expansion_build": expansion_build,
            "expansion_search": expansion_search,
            "same_every_time": threads == 1,
        }
        of = {"words": len(matrix), "dimensions": matrix.shape[1], "vectors": _fingerprint(vectors.words, matrix)}
        self = cls(index, {**of, "settings": settings, "count": len(index)})
        self._matched = matrix
        self._config["recall"] = self._measured(vectors, seed=check_integer("seed", seed, 0, 2**63 - 1))
        return self

    @property
    def config(self) -> Mapping[str, Any]:
        """How the index was built, and what was measured."""
        return self._config

    @property
    def recall(self) -> float:
        """Share of the ten words nearest to a word that the index finds, mean of a sample."""
        return float(self._config["recall"]["mean"])

    def __repr__(self) -> str:
        size = f"{self._config['words']} words × {self._config['dimensions']}"
        return f"ApproximateIndex({size}, recall {self.recall:.3f})"

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a folder: `index.usearch` and `config.json`; whole, or not at all.

        Args:
            folder: where to.
            overwrite: whether an older output of the library may be replaced.

        Raises:
            OutputExistsError: if the place is taken.
            OutputError: if the disk is full, or the place can't be written to.

        >>> import tempfile
        >>> from firth.vectors import Vectors
        >>> with tempfile.TemporaryDirectory() as place:
        ...     ApproximateIndex.build(Vectors(["up"], np.ones((1, 2)))).save(place + "/tiny")
        ...     ApproximateIndex.load(place + "/tiny")
        ApproximateIndex(1 words × 2, recall 1.000)
        """
        with new_folder(folder, overwrite=overwrite) as fresh:
            self._index.save(str(fresh / _FILE))
            write_config(fresh, KIND, VERSION, {**self._config, "files": describe_files(fresh, (_FILE,))})

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> ApproximateIndex:
        """Open a folder that `save` wrote: the file is read once to check it, then mapped.

        Args:
            folder: where from.

        Raises:
            MissingExtraError: if usearch is not installed.
            FormatError: if this is no such folder, or the file is another than was saved, or its links lead nowhere.

        Example: `save`.
        """
        usearch = _usearch()
        folder = Path(folder)
        config = read_config(folder, KIND, VERSION)
        dimensions = checked_size(folder, config, "dimensions")
        count = checked_size(folder, config, "count", minimum=0)
        words = checked_size(folder, config, "words")
        path = checked_file(folder, config, _FILE, check=True)
        settings, recall = config.get("settings"), config.get("recall")
        expansion = settings.get("expansion_search") if isinstance(settings, Mapping) else None
        mean = recall.get("mean") if isinstance(recall, Mapping) else None
        if not isinstance(expansion, int) or not 1 <= expansion <= 1 << 16 or not isinstance(mean, float | int):
            wanted = f"the config of {folder} to have settings and recall"
            raise FormatError(sentence(wanted, repr({"settings": settings, "recall": recall}), "build the index again"))
        check_graph(path, count=count, dimensions=dimensions, words=words)
        try:
            index = usearch.Index.restore(str(path), view=True)
        except (RuntimeError, ValueError) as problem:
            raise FormatError(sentence(f"{path} to be an index", str(problem), "build it again")) from None
        index.expansion_search = expansion
        return cls(index, config)

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
        """Find near rows: what `Vectors.most_similar` asks.

        Args:
            words: of the vectors.
            matrix: the vectors, (V, D).
            queries: finite, (N, D).
            count: how many rows at most.
            left_out: for each query the rows that are no answers.
            threads: how many may work.

        Returns:
            For each query rows and their cosines in float64, highest first, equal ones by row.

        Raises:
            SettingsError: if the index is of other vectors.
        """
        if matrix is not self._matched:
            if _fingerprint(words, matrix) != self._config.get("vectors"):
                came = f"one of others, {self._config['words']} × {self._config['dimensions']}"
                raise SettingsError(sentence("an index of these vectors", came, "build one: firth index"))
            self._matched = matrix
        wanted = min(len(self._index), count + max(map(len, left_out), default=0))
        if not len(queries) or not wanted:
            return [(np.zeros(0, np.int64), np.zeros(0))] * len(queries)
        units = unit_rows(queries).astype(np.float32)
        found = self._index.search(units, wanted, threads=threads)
        keys = np.asarray(found.keys).reshape(len(units), -1)
        many = np.full(1, keys.shape[1]) if len(units) == 1 else np.asarray(found.counts)
        return best_of(matrix, queries, [row[:n] for row, n in zip(keys, many, strict=True)], left_out, count=count)

    def _measured(self, vectors: Similar, *, seed: int) -> dict[str, Any]:
        """Compare the ten rows nearest to each of a sample with those of exact search."""
        matrix = vectors.stored
        order = np.argsort(random_bits(stream_key(seed, "sample"), np.arange(len(matrix))), kind="stable")
        rows = np.sort(order[:_SAMPLE])
        queries = matrix.rows(rows)
        threads = check_threads(None)
        left_out = [np.array([row]) for row in rows.tolist()]
        exact = nearest(matrix, vectors.norms, queries, count=_AT, left_out=left_out, threads=threads)
        found = self.nearest(vectors.words, matrix, queries, count=_AT, left_out=left_out, threads=threads)
        shares = [
            len(np.intersect1d(true, named)) / len(true)
            for (true, _), (named, _), row in zip(exact, found, queries, strict=True)
            if len(true) and row.any()
        ]
        return {"at": _AT, "words": len(shares), "mean": float(np.mean(shares)) if shares else 1.0, "seed": seed}


def _fingerprint(words: Words, matrix: StoredMatrix) -> str:
    """Return a checksum of the words and of rows spread over the vectors."""
    rows = np.unique(np.linspace(0, len(matrix) - 1, _LOOKED_AT).astype(np.int64))
    parts = hashlib.blake2b(words.encoded(), digest_size=32)
    parts.update(np.ascontiguousarray(matrix.rows(rows), "<f4").tobytes())
    return parts.hexdigest()


def _usearch() -> Any:  # noqa: ANN401 - an extra
    """Import usearch."""
    try:
        import usearch.index
    except ImportError as error:
        advice = "pip install 'firth[search]'"
        raise MissingExtraError(sentence("usearch, for an approximate index", "no module usearch", advice)) from error
    return usearch.index
