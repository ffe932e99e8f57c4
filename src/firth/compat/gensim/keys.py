"""Keys, their vectors, and attributes beside them: what of gensim's `KeyedVectors` can be changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

import numpy as np

from firth.errors import SettingsError, UnknownWordError, check_integer, check_shape, sentence
from firth.machine import check_threads
from firth.vectors.neighbours import row_norms

logger = logging.getLogger(__name__)

Key = str | int | np.integer
KEYS = (str, int, np.integer)

_REMOVED = {
    "vectors_norm": "get_normed_vectors()",
    "index2word": "index_to_key",
    "index2entity": "index_to_key",
    "vocab": "key_to_index, index_to_key, get_vecattr(key, attr) and set_vecattr(key, attr, value)",
    "syn0": "vectors",
    "syn0norm": "get_normed_vectors()",
    "wv": "the vectors themselves",
    "vectors_ngrams": "subwords.ngram_matrix, which has the rows of the buckets in subwords.keys",
    "vectors_lockf": "firth.train(…, start=…, frozen=[…]): words whose rows stay as they are",
}
"""Names that gensim has given up, or that can't be offered, and what there is instead."""


class KeyTable:
    """Keys with a row each, which may be added and replaced; base of `KeyedVectors`.

    Args:
        vector_size: D.
        count: rows to make room for; `add_vector` fills them.
        dtype: of the vectors. Answers are computed from their float32 values.
        mapfile_path: nothing, as in gensim.
    """

    def __init__(
        self, vector_size: int, count: int = 0, dtype: type | np.dtype = np.float32, mapfile_path: str | None = None
    ) -> None:
        self.vector_size = check_integer("vector_size", vector_size, 1)
        self.index_to_key: list[Key | None] = [None] * check_integer("count", count, 0)
        self.key_to_index: dict[Key, int] = {}
        self.vectors: np.ndarray = np.zeros((count, vector_size), dtype=dtype)
        self.norms: np.ndarray | None = None
        self.expandos: dict[str, np.ndarray] = {}
        self.next_index = 0
        self.mapfile_path = mapfile_path

    def __getattr__(self, name: str) -> NoReturn:
        """Say what stands in for a name that gensim 4 has no more.

        Raises:
            AttributeError: always; this is asked only for names that are not there.
        """
        if name in _REMOVED:
            advice = f"use {_REMOVED[name]}"
            raise AttributeError(sentence(f"a name that {type(self).__name__} has", repr(name), advice))
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __str__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    __repr__ = __str__

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return self.has_index_for(key)

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> np.ndarray:
        """Return the vector of a key, (D,), or those of several, (N, D).

        Raises:
            UnknownWordError: if one has none.
        """
        if isinstance(key_or_keys, KEYS):
            return self.get_vector(key_or_keys)
        found = [self.get_vector(key) for key in key_or_keys]
        return np.array(found, self.vectors.dtype).reshape(len(found), self.vector_size)

    def __setitem__(self, keys: Key | list[Key], weights: np.ndarray | Sequence[np.ndarray]) -> None:
        """Add keys with their vectors; those that are there get the new ones."""
        if isinstance(keys, list):
            self.add_vectors(keys, weights, replace=True)
        else:
            self.add_vectors([keys], np.reshape(np.asarray(weights), (1, -1)), replace=True)

    def has_index_for(self, key: object) -> bool:
        """Tell whether a key has a row of its own; numbers of rows have, too."""
        return self._row_of(key) is not None

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Return the row of a key, or `default` where one is given.

        Raises:
            UnknownWordError: if there is neither.

        >>> keys = KeyTable(1)
        >>> keys["up"] = np.array([1.0])
        >>> keys.get_index("up"), keys.get_index("down", default=-1)
        (0, -1)
        """
        row = self._row_of(key)
        if row is None:
            if default is None:
                raise self._unknown(key)
            return default
        return row

    def get_vector(self, key: Key, norm: bool = False) -> np.ndarray:
        """Return the vector of a key, (D,), read-only.

        Args:
            key: a key, or the number of a row.
            norm: whether to give it length 1.

        Raises:
            UnknownWordError: if it has none.
        """
        row = self.get_index(key)
        found = self.vectors[row]
        if norm:
            length = self.lengths()[row]
            found = (found / length if length else found).astype(self.vectors.dtype)
        found.flags.writeable = False
        return found

    def word_vec(self, word: Key, norm: bool = False) -> np.ndarray:
        """Return `get_vector(word, norm)`: gensim's older name."""
        return self.get_vector(word, norm=norm)

    def add_vector(self, key: Key, vector: np.ndarray) -> int:
        """Add a key with its vector (D,) in the next free row; return the row.

        Without a free row all vectors are copied: make room with `count`, or add many by `add_vectors`.
        """
        row = self.next_index
        if row >= len(self) or self.index_to_key[row] is not None:
            row = len(self)
            self.add_vectors([key], [vector])
            self.next_index = row + 1
            return self.key_to_index[key]
        self.vectors[row] = check_shape("vector", np.asarray(vector), (self.vector_size,))
        self.index_to_key[row], self.key_to_index[key], self.norms = key, row, None
        self.next_index += 1
        return row

    def add_vectors(
        self,
        keys: Key | Sequence[Key],
        weights: np.ndarray | Sequence[np.ndarray],
        extras: Mapping[str, np.ndarray] | None = None,
        replace: bool = False,
    ) -> None:
        """Add keys with their vectors.

        Args:
            keys: N keys, or one. A key that comes twice among them counts once: the first, or with `replace` the last.
            weights: their vectors, (N, D).
            extras: attributes, an array (N,) for each.
            replace: whether keys that are there get the new vectors; else they keep theirs.

        Raises:
            ShapeError: if there is not a vector of D numbers for each key.
        """
        listed = [keys] if isinstance(keys, KEYS) else list(keys)
        rows = np.asarray(weights).reshape(len(listed), -1) if len(listed) else np.empty((0, self.vector_size))
        check_shape("weights", rows, (len(listed), self.vector_size))
        known = np.array([key in self.key_to_index for key in listed], bool)
        extras = extras or {}
        fresh: dict[Key, int] = {}
        for place in np.flatnonzero(~known).tolist():
            if replace or listed[place] not in fresh:
                fresh[listed[place]] = place
        self.allocate_vecattrs(list(extras), [np.asarray(extra).dtype for extra in extras.values()])
        for key in fresh:
            self.key_to_index[key] = len(self.index_to_key)
            self.index_to_key.append(key)
        order = list(fresh.values())
        self.vectors = np.concatenate([self.vectors, rows[order].astype(self.vectors.dtype)])
        places = np.flatnonzero(known) if replace else np.array([], np.int64)
        old = [self.key_to_index[listed[place]] for place in places.tolist()]
        self.vectors[old] = rows[places]
        self.allocate_vecattrs()
        for name, extra in extras.items():
            self.expandos[name][len(self) - len(order) :] = np.asarray(extra)[order]
            self.expandos[name][old] = np.asarray(extra)[places]
        self.norms = None

    def allocate_vecattrs(self, attrs: Sequence[str] | None = None, types: Sequence[object] | None = None) -> None:
        """Make arrays of attributes as long as there are keys, zeros where nothing was set.

        Args:
            attrs: names; None: all that there are.
            types: of each, for names that are new.

        Raises:
            TypeError: if a type does not fit into the array that an attribute has.
        """
        names = list(self.expandos) if attrs is None else attrs
        kinds = [self.expandos[name].dtype for name in names] if types is None else types
        for name, kind in zip(names, kinds, strict=True):
            dtype = np.dtype(np.int64 if kind is int else object if kind is str else kind)  # type: ignore[call-overload]
            held = self.expandos.get(name)
            if held is None:
                self.expandos[name] = np.zeros(len(self), dtype)
                continue
            if not np.issubdtype(dtype, held.dtype):
                advice = "choose another name, or convert the value"
                raise TypeError(sentence(f"values of {held.dtype} as attribute {name!r}", str(dtype), advice))
            if len(held) != len(self):
                grown = np.zeros(len(self), held.dtype)
                grown[: min(len(held), len(self))] = held[: len(self)]
                self.expandos[name] = grown

    def set_vecattr(self, key: Key, attr: str, val: object) -> None:
        """Set an attribute of a key; the first value set decides the type of all.

        >>> keys = KeyTable(1)
        >>> keys["up"] = np.array([1.0])
        >>> keys.set_vecattr("up", "count", 7)
        >>> int(keys.get_vecattr("up", "count"))
        7
        """
        self.allocate_vecattrs([attr], [type(val)])
        self.expandos[attr][self.get_index(key)] = val

    def get_vecattr(self, key: Key, attr: str) -> object:
        """Return an attribute of a key.

        Raises:
            KeyError: if no key has it.
            UnknownWordError: if there is no such key.
        """
        return self.expandos[attr][self.get_index(key)]

    def resize_vectors(self, seed: int = 0) -> None:
        """Make a row for each key; new ones get small random numbers, of which each depends on seed and place alone."""
        from firth.training.matrices import start_matrices

        held = self.vectors
        if held.shape == (len(self), self.vector_size):
            return
        grown = start_matrices(len(self), self.vector_size, seed=seed).center[: len(self), : self.vector_size]
        self.vectors = np.array(grown, held.dtype)
        self.vectors[: len(held)] = held[: len(self)]
        self.allocate_vecattrs()
        self.norms = None

    def sort_by_descending_frequency(self) -> None:
        """Put the keys with the highest `count` first; of equal ones that first which came last, as gensim does.

        Raises:
            KeyError: if there are no counts.
        """
        if not len(self):
            return
        counts = np.asarray(self.expandos["count"], np.int64)
        order = np.lexsort((-np.arange(len(counts)), -counts))
        self.index_to_key = [self.index_to_key[row] for row in order.tolist()]
        self.allocate_vecattrs()
        self.expandos = {name: values[order] for name, values in self.expandos.items()}
        if len(self.vectors):
            self.vectors = self.vectors[order]
        self.norms = None
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key) if key is not None}

    def fill_norms(self, force: bool = False) -> None:
        """Compute the lengths of the vectors, if they are not known; with `force` again.

        What changes `vectors` by itself must call this with `force`, as in gensim.
        """
        if self.norms is None or force or len(self.norms) != len(self.vectors):
            self.norms = row_norms(self.float32_vectors(), threads=check_threads(None))

    def lengths(self) -> np.ndarray:
        """Return the lengths of the vectors, float64, (V,)."""
        self.fill_norms()
        assert self.norms is not None
        return self.norms

    def float32_vectors(self) -> np.ndarray:
        """Return the vectors as float32, (V, D): what answers are computed from; no copy if they are held so."""
        return np.ascontiguousarray(self.vectors, np.float32)

    def get_normed_vectors(self) -> np.ndarray:
        """Return the vectors, each of length 1, (V, D); those that are zero stay."""
        return self._normed()

    def unit_normalize_all(self) -> None:
        """Give all vectors length 1, for good."""
        self.vectors = self._normed()
        self.norms = None

    def init_sims(self, replace: bool = False) -> None:
        """Do what gensim still does under this old name: `fill_norms`, or with `replace` `unit_normalize_all`."""
        self.fill_norms()
        if replace:
            logger.warning("init_sims(replace=True) has changed the vectors; unit_normalize_all() says so")
            self.unit_normalize_all()

    def _normed(self) -> np.ndarray:
        """Return the vectors, each of length 1, in their type."""
        lengths = self.lengths()[:, np.newaxis]
        return (self.vectors / np.where(lengths > 0, lengths, 1)).astype(self.vectors.dtype)

    def _row_of(self, key: object) -> int | None:
        """Return the row of a key, or of a number that is one."""
        if not isinstance(key, KEYS):
            return None
        row = self.key_to_index.get(key)
        if row is None and not isinstance(key, str) and 0 <= key < len(self.index_to_key):
            return int(key)
        return row

    def _unknown(self, key: object) -> UnknownWordError:
        """Build the error of a key without a vector."""
        if not isinstance(key, KEYS):
            return UnknownWordError(sentence("a key (str or int)", repr(key), "look keys up one by one, or in a list"))
        return UnknownWordError(sentence("a key with a vector", repr(key), "look first with `key in vectors`"))


def listed_terms(value: object, name: str) -> list[object]:
    """Return one term or several as a list: keys, vectors (D,), or pairs of one of these and a weight.

    Raises:
        SettingsError: if there is nothing that can be meant.

    >>> listed_terms("up", "positive"), listed_terms(None, "negative")
    (['up'], [])
    """
    if value is None:
        return []
    if isinstance(value, KEYS) or (isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind != "U"):
        return [value]
    if isinstance(value, Iterable):
        return list(value)
    raise SettingsError(sentence(f"{name} to be keys or vectors", repr(value), "pass a list"))
