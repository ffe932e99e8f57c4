"""Models that gensim has saved, `.model` and `.kv`, with the `.npy` files beside them: read, nothing of them is run.

gensim pickles its objects; arrays of 10 MB or more it puts into files named after the attribute, such as
`x.model.wv.vectors.npy`. What counts is in `wv` of a model, or is the whole of a `.kv`: `index_to_key`, `vectors`,
`expandos["count"]`; of `FastText` instead of `vectors` the words' own rows, `vectors_vocab`, and those of buckets,
`vectors_ngrams`: as in fastText a word's vector is their mean. `syn1neg` has the outputs of negative sampling. Version
3 has other names for the same: `index2word` and `vocab`, with the counts in objects.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firth.errors import FormatError, check_choice, sentence
from firth.text.subwords import LINE_END, Subwords
from firth.vectors.checking import named_row, row_not_finite
from firth.vectors.formats.kept_words import KeptWords, kept_words
from firth.vectors.formats.parts import Parts
from firth.vectors.formats.pickled_arrays import NAMES, pickled_array, side_array
from firth.vectors.formats.unpickling import Made, unpickle
from firth.vectors.subwords import SubwordVectors

_TITLE = "a whole model of gensim"
_ADVICE = "save it again with gensim"
_CLASSES = {
    "gensim.models.word2vec": ("Word2Vec", "Vocab", "Word2VecVocab", "Word2VecTrainables"),
    "gensim.models.fasttext": ("FastText", "FastTextKeyedVectors", "FastTextVocab", "FastTextTrainables"),
    "gensim.models.doc2vec": ("Doc2Vec", "Doctag", "Doc2VecVocab", "Doc2VecTrainables", "DocvecsArray"),
    "gensim.models.keyedvectors": (
        "KeyedVectors", "Word2VecKeyedVectors", "EuclideanKeyedVectors", "FastTextKeyedVectors", "Doc2VecKeyedVectors",
        "Vocab",
    ),
    "gensim.utils": ("call_on_class_only",),
    "numpy.random._pickle": ("__randomstate_ctor", "__bit_generator_ctor", "__generator_ctor"),
    "numpy.random": ("__RandomState_ctor",),
    "numpy.random._mt19937": ("MT19937",),
    "numpy.random._pcg64": ("PCG64",),
    "numpy": ("float32", "float64"),
    "collections": ("defaultdict", "OrderedDict"),
}  # fmt: skip
_PLAIN = ("hash", "int", "long", "bytes", "set", "frozenset", "object")  # in protocol 2 these are calls
_ALLOWED = (
    NAMES
    | {(module, name) for module, names in _CLASSES.items() for name in names}
    | {(module, name) for module in ("builtins", "__builtin__") for name in _PLAIN}
    | {(module, "_reconstructor") for module in ("copyreg", "copy_reg")}
)
_MODELS = ("Word2Vec", "FastText", "Doc2Vec")
_SETTINGS = (
    "vector_size", "window", "epochs", "sg", "hs", "negative", "ns_exponent", "cbow_mean", "alpha", "min_alpha",
    "sample", "min_count", "shrink_windows", "seed", "corpus_count", "corpus_total_words", "dm", "dm_concat",
    "dbow_words", "comment",
)  # fmt: skip


class _Object(NamedTuple):
    """An object of gensim's: its class, its attributes, and the beginning of the names of files beside it."""

    name: str
    attributes: dict[Any, Any]
    path: Path

    def inner(self, *names: str) -> _Object | None:
        """Return the first of these attributes that is an object."""
        for name in names:
            if isinstance(self.attributes.get(name), Made):
                return _object(self.attributes[name], self.path.with_name(f"{self.path.name}.{name}"))
        return None

    def array(self, *names: str) -> np.ndarray | None:
        """Return the first of these attributes that is an array, from the pickle or from the file beside it."""
        apart = self.attributes.get("__numpys")
        for name in names:
            what = f"{name} of {self.path}"
            if isinstance(apart, list) and name in apart:
                return side_array(self.path.parent, f"{self.path.name}.{name}.npy", what)
            if self.attributes.get(name) is not None:
                return pickled_array(self.attributes[name], what)
        return None


def recognises(path: Path, head: bytes) -> bool:
    r"""Tell whether a file is a pickle of protocol 2 to 5; what it holds, `read_gensim` finds out without running it.

    Args:
        path: where it is.
        head: its first bytes; empty for folders.

    >>> recognises(Path("a.model"), b"\x80\x04\x95"), recognises(Path("a.txt"), b"3 2\n")
    (True, False)
    """
    return len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5


def read_gensim(path: str | os.PathLike[str], *, part: str = "words") -> Parts:
    """Read a model of gensim, versions 3 and 4: `Word2Vec`, `FastText`, `Doc2Vec`, and their `KeyedVectors`.

    Args:
        path: the file that gensim's `save` was given; those that it wrote beside it are found by their names.
        part: "words", or "documents" of a `Doc2Vec`, with their tags in place of words.

    Returns:
        Words, vectors, counts if they are known; outputs of negative sampling as `context_matrix`; rows of buckets of
        `FastText` as `subwords`. `config["source"]` has gensim's settings and what was changed.

    Raises:
        FormatError: if it is no such model, not whole, names what gensim's vectors do not need, or holds NaN or
            infinity. Nothing of it is run.
        SettingsError: if `part` is unknown.

    Convention: gensim gives `</s>` n-grams as to any word; here, as in fastText, it has none, so its own row is made
    what gensim has as its vector. Keys that are numbers become texts.
    """
    check_choice("part", part, ("words", "documents"))
    top = _object(unpickle(path, _TITLE, _ALLOWED), Path(path))
    model = top if top.name in _MODELS else None
    vectors = top if model is None else model.inner(*(("wv",) if part == "words" else ("dv", "docvecs"))) or top
    if part == "documents" and (model is None or vectors is top):
        advice = "load the file that its dv was saved in, or the words of the model"
        raise FormatError(sentence(f"{path} to have documents", top.name, advice))
    notes: list[str] = []
    kept = _words(vectors, notes)
    source: dict[str, Any] = {"format": "gensim", "file": Path(path).name, "class": top.name, "part": part}
    source["settings"] = _settings(top, vectors)
    tensors, subwords = {}, None
    if vectors.name == "FastTextKeyedVectors":
        tensors["matrix"], subwords = _subwords(vectors, kept, notes)
    else:
        tensors["matrix"] = _matrix(vectors, kept, "vectors", "syn0", "vectors_docs")
    counts = _counts(vectors, kept)
    if counts is not None and part == "words":
        tensors["counts"] = counts
    if model is not None and part == "words":
        contexts = _contexts(model, kept, tensors["matrix"].shape, notes)
        tensors |= {"context_matrix": contexts} if contexts is not None else {}
    config = {"source": {**source, **kept.changes, **({"notes": notes} if notes else {})}}
    return Parts(words=kept.words, tensors=tensors, config=config, subwords=subwords)


def _object(value: object, path: Path) -> _Object:
    """Return the class and attributes of an object."""
    if isinstance(value, Made):
        kind = value.arguments[0] if value.kind.name == "_reconstructor" and value.arguments else value.kind
        if isinstance(value.state, dict):
            return _Object(getattr(kind, "name", ""), value.state, path)
    came = f"a {value.kind if isinstance(value, Made) else type(value).__name__}"
    raise FormatError(sentence(f"{path} to be {_TITLE}", came, "save a model, or its wv, with gensim"))


def _words(vectors: _Object, notes: list[str]) -> KeptWords:
    """Return the keys in the order of the rows."""
    keys = next(
        (vectors.attributes[n] for n in ("index_to_key", "index2word", "offset2doctag") if n in vectors.attributes),
        None,
    )
    if not isinstance(keys, list):
        came = "none" if keys is None else f"a {type(keys).__name__}"
        raise FormatError(sentence(f"a list of words in {vectors.path}", came, _ADVICE))
    kinds = set(map(type, keys))
    if strange := kinds - {str, int, type(None)}:
        came = f"a {min(kind.__name__ for kind in strange)} among them"
        raise FormatError(sentence(f"words or numbers as keys in {vectors.path}", came, _ADVICE))
    if int in kinds:
        notes.append("keys that are numbers have become texts")
        keys = [str(key) if type(key) is int else key for key in keys]
    return kept_words(keys, str(vectors.path))


def _matrix(vectors: _Object, kept: KeptWords, *names: str) -> np.ndarray:
    """Return the rows of words that an attribute has, finite, float32."""
    array = vectors.array(*names)
    if array is None:
        raise FormatError(sentence(f"{names[0]} in {vectors.path}", "none", "copy the files beside the model, too"))
    if array.ndim != 2 or array.shape[1] == 0 or array.dtype.kind != "f" or len(array) != kept.rows_of_file:
        came = f"{array.dtype} of shape {array.shape}"
        wanted = f"{names[0]} in {vectors.path} to have a row for each of {kept.rows_of_file} words"
        raise FormatError(sentence(wanted, came, _ADVICE))
    return _finite(kept.of(array), names[0], vectors, kept)


def _finite(array: np.ndarray, what: str, vectors: _Object, kept: KeptWords | None) -> np.ndarray:
    """Return rows as float32 if all their numbers are finite there."""
    with np.errstate(over="ignore"):  # becomes infinity, and is refused below
        matrix = np.ascontiguousarray(array, np.float32)
    row = row_not_finite(matrix)
    if row is not None:
        came = f"NaN or infinity {named_row(row, None if kept is None else kept.words)}"
        raise FormatError(sentence(f"finite numbers as {what} of {vectors.path}", came, "train it again"))
    return matrix


def _counts(vectors: _Object, kept: KeptWords) -> np.ndarray | None:
    """Return how often each word was seen, if that is known."""
    expandos, vocab = vectors.attributes.get("expandos"), vectors.attributes.get("vocab")
    if isinstance(expandos, dict) and expandos.get("count") is not None:
        counts = pickled_array(expandos["count"], f"the counts of {vectors.path}")
    elif isinstance(vocab, dict):
        states = [made.state if isinstance(made := vocab.get(word), Made) else None for word in kept.words]
        listed = [state.get("count") if isinstance(state, dict) else None for state in states]
        if not all(type(count) is int and 0 <= count < 1 << 63 for count in listed):
            return None
        return np.array(listed, np.uint64)
    else:
        return None
    is_below = counts.dtype.kind == "i" and bool((counts < 0).any())
    if counts.shape != (kept.rows_of_file,) or counts.dtype.kind not in "iu" or is_below:
        came = f"{counts.dtype} of shape {counts.shape}" + (", some below zero" if is_below else "")
        raise FormatError(sentence(f"a count for each word in {vectors.path}", came, _ADVICE))
    return kept.of(counts).astype(np.uint64)


def _contexts(model: _Object, kept: KeptWords, shape: tuple[int, ...], notes: list[str]) -> np.ndarray | None:
    """Return the outputs of negative sampling, one for each word."""
    holder = model.inner("trainables")
    outputs = model if holder is None or "syn1neg" in model.attributes else holder
    array = outputs.array("syn1neg")
    if array is None:
        notes.append("there are no outputs of negative sampling")
        return None
    if array.shape != (kept.rows_of_file, shape[1]):
        notes.append(f"outputs of shape {array.shape} are left out: they are not those of words")
        return None
    return _finite(kept.of(array), "syn1neg", outputs, kept)


def _subwords(vectors: _Object, kept: KeptWords, notes: list[str]) -> tuple[np.ndarray, SubwordVectors | None]:
    """Return the vectors of words of a FastText, and the rows that they are composed of, if words have n-grams."""
    own = _matrix(vectors, kept, "vectors_vocab", "vectors")
    ngrams = vectors.array("vectors_ngrams")
    numbers = [
        vectors.attributes.get(name, 0 if ngrams is None else len(ngrams)) for name in ("min_n", "max_n", "bucket")
    ]
    if not all(
        type(number) is int and 0 <= number <= limit for number, limit in zip(numbers, (100, 100, 1 << 30), strict=True)
    ):
        came = f"min_n, max_n, bucket of {str(numbers)[:100] if set(map(type, numbers)) == {int} else 'other types'}"
        raise FormatError(sentence(f"settings of n-grams in {vectors.path}", came, _ADVICE))
    smallest, longest, buckets = max(1, numbers[0]), numbers[1], numbers[2]
    if ngrams is None or len(ngrams) == 0 or buckets == 0 or longest < smallest:
        notes.append("words have no n-grams")
        return own, None
    if vectors.attributes.get("compatible_hash") is not True:
        came = "another (compatible_hash is not True)"
        advice = "load and save it with gensim 3.8.3, which has both"
        raise FormatError(sentence(f"the hash of fastText in {vectors.path}", came, advice))
    if ngrams.shape != (buckets, own.shape[1]) or ngrams.dtype.kind != "f":
        came = f"{ngrams.dtype} of shape {ngrams.shape}"
        raise FormatError(
            sentence(f"vectors_ngrams of shape {(buckets, own.shape[1])} in {vectors.path}", came, _ADVICE)
        )
    ngrams = _finite(ngrams, "vectors_ngrams", vectors, None)
    settings = Subwords(smallest=smallest, longest=longest, buckets=buckets)
    row = kept.words.find(LINE_END)
    if row is not None:
        own = own.copy()
        own[row] = _mean_of_line_end(own[row], ngrams, settings)
        notes.append(f"the own row of {LINE_END!r} is its vector: here it has no n-grams")
    keys = np.arange(buckets, dtype=np.uint32)
    subwords = SubwordVectors.mapped(settings, own, ngrams, keys, str(vectors.path))
    return subwords.table(kept.words, str(vectors.path)).compose(own, ngrams), subwords


def _mean_of_line_end(own: np.ndarray, ngrams: np.ndarray, settings: Subwords) -> np.ndarray:
    """Return the vector (D,) of `</s>` by gensim's rule, which gives it n-grams as to any word."""
    text = f"<{LINE_END}>"
    spans = [(first, last) for first in range(len(text)) for last in range(first + 1, len(text) + 1)]
    is_long = [settings.smallest <= last - first <= settings.longest for first, last in spans]
    borders = {(0, 1), (len(text) - 1, len(text))}
    listed = [text[a:b] for (a, b), fits in zip(spans, is_long, strict=True) if fits and (a, b) not in borders]
    rows = ngrams[[settings.bucket(ngram) for ngram in listed]]
    return np.asarray((own + rows.sum(axis=0, dtype=np.float64)) / (1 + len(rows)), np.float32)


def _settings(top: _Object, vectors: _Object) -> dict[str, Any]:
    """Return the settings that are plain numbers and short texts."""
    known = {**vectors.attributes, **top.attributes}
    found = {name: known[name] for name in (*_SETTINGS, "min_n", "max_n", "bucket") if name in known}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, bool | float | type(None))
        or (isinstance(value, int) and abs(value) < 1 << 63)
        or (isinstance(value, str) and len(value) < 1000)
    }
