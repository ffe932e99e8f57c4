"""Models of fastText: `.bin` read and written, `.ftz` read; words outside of the vocabulary get fastText's vectors.

    vector(w) = 1/N · (own row + Σ rows of the buckets of its n-grams)          N: how many rows these are

Unknown words have no own row; `</s>` has nothing but one. fastText sums in float32 and we in float64: both are within
1e-6 of the greatest number. Large matrices stay in the file, mapped; only the vectors of the words are computed.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from firth.errors import SettingsError, check_choice, sentence
from firth.storage import new_file
from firth.text.subwords import Subwords
from firth.vectors.checking import named_row, row_not_finite
from firth.vectors.formats.changes import Changes, decoded
from firth.vectors.formats.fasttext_layout import ARGS, MAGIC, MODELS, VERSION, ModelFile, read_layout
from firth.vectors.formats.fasttext_quantised import QuantisedMatrix
from firth.vectors.formats.kept_words import KeptWords, kept_words
from firth.vectors.formats.parts import Parts, Stretches
from firth.vectors.formats.sifting import ERRORS, rows_wanted
from firth.vectors.stored import stored_matrix
from firth.vectors.subwords import SubwordVectors
from firth.vectors.words import Words

_STRETCH = 1 << 14  # words composed, and rows written, at once
_KEPT = {
    "ws": int,
    "epoch": int,
    "minCount": int,
    "neg": int,
    "lrUpdateRate": int,
    "t": float,
}  # settings written again

_MOST_LABELS = 1000
"""How many labels a config has by name: it must stay a file that is quickly read."""


class _Rows(NamedTuple):
    """The rows of a model, taken over: the file, words, their own rows, and those of n-grams if there are any."""

    where: str
    kept: KeptWords
    word_matrix: np.ndarray
    subwords: SubwordVectors | None
    notes: list[str]


def recognises(path: Path, head: bytes) -> bool:
    """Tell whether a file is a model of fastText, plain or quantised.

    Args:
        path: where it is.
        head: its first bytes; empty for folders.

    >>> recognises(Path("a.bin"), (793712314).to_bytes(4, "little") + bytes(8))
    True
    """
    return head[:4] == MAGIC.to_bytes(4, "little")


def read_fasttext(path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict") -> Parts:
    """Read a model of fastText; all of it is checked.

    Args:
        path: a `.bin` or `.ftz`, supervised or not, of version 11 or 12.
        limit: how many words to take, the first; None: all. The others are then unknown words, as fastText has those.
        errors: what to do with words that are no UTF-8: "strict" refuses the file, "replace" and "ignore"
            repair them as `bytes.decode` does; their n-grams are then those of the repaired word.

    Returns:
        Words, vectors and counts; rows of buckets as `subwords`, if words have n-grams; `context_matrix`, if outputs
        are those of words. `config["source"]` has fastText's settings, labels, and what was left out.

    Raises:
        FormatError: if it is no such file, not whole, or holds NaN or infinity.
        SettingsError: if `limit` or `errors` is nothing that can be meant.

    Convention: labels are no words. Rows of word n-grams (`wordNgrams` > 1) share the buckets of character n-grams;
    without those (`maxn` 0) they are left out. In a pruned model n-grams without a row do not count, as in fastText.
    """
    model = read_layout(path)
    rows = _rows(model, limit, errors)
    matrix = _composed_matrix(rows)
    tensors = {"matrix": matrix, "counts": rows.kept.of(model.counts[: rows.kept.rows_of_file]).astype(np.uint64)}
    context_matrix = _contexts(model, rows)
    if context_matrix is not None:
        tensors["context_matrix"] = context_matrix
    return Parts(
        words=rows.kept.words, tensors=tensors, config={"source": _source(model, rows)}, subwords=rows.subwords
    )


def stretches_of_fasttext(
    path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict"
) -> Stretches:
    """Read the words of a model and their vectors, which are composed as they are taken.

    Args:
        path: as for `read_fasttext`.
        limit: as there.
        errors: as there.

    Raises:
        FormatError: as there.
        SettingsError: as there.
    """
    model = read_layout(path)
    rows = _rows(model, limit, errors)
    source = {"format": "fasttext", "file": model.file.path.name, **rows.kept.changes}
    shape = len(rows.kept.words), rows.word_matrix.shape[1]
    return Stretches(count=shape[0], dimensions=shape[1], stretches=_composed(rows), source=source)


def _rows(model: ModelFile, limit: int | None, errors: str) -> _Rows:
    """Take over the words of a model, their rows, and those of n-grams, all finite."""
    where = str(model.file.path)
    wanted, changes = rows_wanted(model.words, limit), Changes()
    texts = decoded(model.entries[:wanted], check_choice("errors", errors, ERRORS), where, changes)
    kept = kept_words(texts, where, changes)
    expected, has_ngrams = _expected_rows(model)
    if model.input.shape[0] not in expected:
        came = f"{model.input.shape[0]} rows of input, where {' or '.join(map(str, sorted(expected)))} fit the words"
        raise model.file.broken(came)
    if isinstance(model.input, QuantisedMatrix):
        matrix = model.input.decode()
        if wanted < model.words:  # what is in memory and not wanted does not stay there
            matrix = np.delete(matrix, slice(wanted, model.words), axis=0)
        word_matrix, ngram_matrix = kept.of(matrix[:wanted]), matrix[wanted:]
    else:
        word_matrix, ngram_matrix = kept.of(model.input[:wanted]), model.input[model.words :]
    _check_finite(model, "rows of words", word_matrix, kept.words)
    notes: list[str] = []
    if not has_ngrams:
        if len(ngram_matrix):
            notes.append(f"{len(ngram_matrix)} rows of word n-grams are left out: words have no character n-grams")
        return _Rows(where, kept, word_matrix, None, notes)
    _check_finite(model, "rows of buckets", ngram_matrix, None)
    if model.pruned is None:
        keys = np.arange(len(ngram_matrix), dtype=np.uint32)
    else:
        pairs = model.pruned[np.argsort(model.pruned[:, 0])]
        keys, ngram_matrix = pairs[:, 0].astype(np.uint32), ngram_matrix[pairs[:, 1]]
        notes.append(f"of {model.args['bucket']} buckets {len(keys)} are left; n-grams of others do not count")
    if model.is_supervised and model.args["wordNgrams"] > 1:
        notes.append("rows of buckets were trained with word n-grams, too")
    settings = Subwords(smallest=max(1, model.args["minn"]), longest=model.args["maxn"], buckets=model.args["bucket"])
    absent = "zeros" if model.pruned is None else "left out"
    subwords = SubwordVectors.mapped(settings, word_matrix, ngram_matrix, keys, where, absent=absent)
    return _Rows(where, kept, word_matrix, subwords, notes)


def _expected_rows(model: ModelFile) -> tuple[set[int], bool]:
    """Return how many rows of input there may be, and whether some are those of character n-grams."""
    rows = model.args["bucket"] if model.pruned is None else len(model.pruned)
    has_ngrams = max(1, model.args["minn"]) <= model.args["maxn"] and rows > 0
    return {model.words + rows} | (set() if has_ngrams else {model.words}), has_ngrams


def _check_finite(model: ModelFile, what: str, matrix: np.ndarray, words: Words | None) -> None:
    """Refuse a matrix with a number that is none."""
    row = row_not_finite(matrix)
    if row is not None:
        raise model.file.broken(f"NaN or infinity in {what}, {named_row(row, words)}", "train it again")


def _composed_matrix(rows: _Rows) -> np.ndarray:
    """Return the vectors of all words; words without n-grams have theirs in the file, mapped if numbers lie aligned."""
    if rows.subwords is None:
        return np.require(rows.word_matrix, np.float32, ["C", "A"])
    matrix = np.empty(rows.word_matrix.shape, np.float32)
    start = 0
    for words, block in _composed(rows):
        matrix[start : start + len(words)] = block
        start += len(words)
    return matrix


def _composed(rows: _Rows) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield the words and their vectors, a stretch at a time."""
    words, subwords = rows.kept.words, rows.subwords
    table = None if subwords is None else subwords.table(words, rows.where)
    for start in range(0, len(words), _STRETCH):
        stretch = slice(start, min(start + _STRETCH, len(words)))
        if subwords is None or table is None:
            yield words[stretch], np.require(rows.word_matrix[stretch], np.float32, ["C", "A"])
        else:
            block = table.compose(rows.word_matrix, subwords.ngram_matrix, start=stretch.start, stop=stretch.stop)
            yield words[stretch], block


def _contexts(model: ModelFile, rows: _Rows) -> np.ndarray | None:
    """Return the rows of words as outputs, if the model has such, and say so if it does not."""
    if model.is_supervised:
        rows.notes.append("outputs are left out: they are those of labels")
    elif model.args["loss"] == "hierarchical":
        rows.notes.append("outputs are left out: they are those of the nodes of a tree")
    elif isinstance(model.output, QuantisedMatrix):
        rows.notes.append("outputs are left out: they are quantised")
    elif len(model.output) != model.words:
        raise model.file.broken(f"{len(model.output)} rows of output for {model.words} words")
    else:
        contexts = rows.kept.of(model.output[: rows.kept.rows_of_file])
        _check_finite(model, "outputs", contexts, rows.kept.words)
        return contexts
    return None


def _source(model: ModelFile, rows: _Rows) -> dict[str, Any]:
    """Tell where the vectors come from, and what was changed."""
    source: dict[str, Any] = {"format": "fasttext", "file": model.file.path.name, "version": model.version}
    source |= {"settings": model.args, "tokens": model.tokens, "quantised": isinstance(model.input, QuantisedMatrix)}
    labels = [label.decode(errors="replace")[:100] for label in model.entries[model.words :]]
    if len(labels) > _MOST_LABELS:
        rows.notes.append(f"of {len(labels)} labels the first {_MOST_LABELS} are kept")
    if labels:
        listed = zip(labels, model.counts[model.words :].tolist(), strict=True)
        source["labels"] = dict(itertools.islice(listed, _MOST_LABELS))
    return source | rows.kept.changes | ({"notes": rows.notes} if rows.notes else {})


def write_fasttext(path: str | os.PathLike[str], parts: Parts, *, overwrite: bool = False) -> None:
    """Write a `.bin` that fastText loads: known and unknown words have the same vectors there, to 1e-6.

    fastText has rows for all buckets; those that have none here are written as zeros, which is what they are here.

    Args:
        path: the file.
        parts: V words without a NUL, and their vectors, written if there are no subwords: else the rows of words and of
            hashed n-grams are. Counts that are not known are written as 1, contexts as zeros; settings that were read
            from such a file (`config["source"]`) are written again.
        overwrite: whether an existing file may be replaced.

    Raises:
        SettingsError: if n-grams are not hashed, those without a row are left out, or a word holds a NUL.
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.

    Convention: whatever was trained how, the file says skip-gram or CBOW with negative sampling, as read.
    """
    words, subwords, matrix = parts.words, parts.subwords, stored_matrix(parts.tensors).whole()
    counts, context_matrix = parts.tensors.get("counts"), parts.tensors.get("context_matrix")
    settings = None if subwords is None else subwords.settings
    advice = 'write another format, such as "word2vec", which holds the vectors of known words'
    if settings is not None and settings.buckets is None:
        came = "n-grams with rows of their own"
        raise SettingsError(
            sentence("n-grams in buckets, as fastText has them", came, f"train with buckets; or {advice}")
        )
    if subwords is not None and subwords.absent != "zeros":
        came = "a model from which some were pruned"
        raise SettingsError(sentence("rows for all buckets, or zeros for them", came, advice))
    args = _args(matrix.shape[1], settings, parts.config)
    with new_file(path, overwrite=overwrite) as file:
        file.write(np.array([MAGIC, VERSION, *args[:-1]], "<i4").tobytes() + np.array(args[-1], "<f8").tobytes())
        _write_dictionary(file, words, np.ones(len(words), np.uint64) if counts is None else counts, parts.config)
        buckets = 0 if settings is None else settings.buckets or 0
        _write_header(file, len(words) + buckets, matrix.shape[1])
        _write_rows(file, matrix if subwords is None else subwords.word_matrix)
        if subwords is not None:
            _write_buckets(file, subwords, buckets)
        _write_header(file, len(words), matrix.shape[1])
        _write_rows(file, np.broadcast_to(np.float32(0), matrix.shape) if context_matrix is None else context_matrix)


def _args(dimensions: int, settings: Subwords | None, config: Mapping[str, Any]) -> list[Any]:
    """Return fastText's settings as numbers, in the order of the file; `t` is the last."""
    args: dict[str, Any] = dict(zip(ARGS, (0, 5, 5, 1, 5, 1, 2, 2, 0, 0, 0, 100), strict=True)) | {"t": 1e-4}
    old = _source_of(config).get("settings", {})
    args |= {name: old[name] for name in _KEPT if name in old}
    if old.get("model") == "cbow":
        args["model"] = next(number for number, name in MODELS.items() if name == "cbow")
    args["dim"] = dimensions
    if settings is not None:
        args |= {"bucket": settings.buckets, "minn": settings.smallest, "maxn": settings.longest}
    return [args[name] for name in (*ARGS, "t")]


def _source_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `config["source"]` tells of a file of fastText, of it what can be written again."""
    source = config.get("source")
    if not isinstance(source, Mapping) or source.get("format") != "fasttext":
        return {}
    found: dict[str, Any] = {}
    if _is_number(tokens := source.get("tokens"), int, 63):
        found["tokens"] = tokens
    if isinstance(settings := source.get("settings"), Mapping):
        kept = {name: value for name, value in settings.items() if name in _KEPT and _is_number(value, _KEPT[name], 31)}
        found["settings"] = {**kept, "model": settings.get("model")}
    return found


def _is_number(value: object, kind: type, bits: int) -> bool:
    """Tell whether this is a number ≥ 0 of a type, and of so many bits at most."""
    return type(value) is kind and 0 <= value < 1 << bits  # type: ignore[operator]


def _write_dictionary(file: BinaryIO, words: Sequence[str], counts: np.ndarray, config: Mapping[str, Any]) -> None:
    """Write words and counts; how many words were read is as in the file that they are from, if that is known."""
    most = 2**63 - 1
    tokens = max(_source_of(config).get("tokens", 0), min(int(counts.sum(dtype=np.float64)), most))
    file.write(np.array([len(words), len(words), 0], "<i4").tobytes() + np.array([tokens, -1], "<i8").tobytes())
    for start in range(0, len(words), _STRETCH):
        entries = []
        for row, word in enumerate(words[start : start + _STRETCH], start):
            if "\0" in word:
                came = f"{word!r} in row {row}"
                raise SettingsError(sentence("words without NUL, which ends them in the file", came, "leave it out"))
            entries.append(word.encode() + b"\0" + min(int(counts[row]), most).to_bytes(8, "little") + b"\0")
        file.write(b"".join(entries))


def _write_header(file: BinaryIO, rows: int, columns: int) -> None:
    """Write what stands before a matrix that is not quantised."""
    file.write(b"\0" + np.array([rows, columns], "<i8").tobytes())


def _write_rows(file: BinaryIO, matrix: np.ndarray) -> None:
    """Write float32 row by row."""
    for start in range(0, len(matrix), _STRETCH):
        file.write(np.ascontiguousarray(matrix[start : start + _STRETCH], "<f4").data)


def _write_buckets(file: BinaryIO, subwords: SubwordVectors, buckets: int) -> None:
    """Write a row for each bucket, zeros where there is none."""
    keys = np.asarray(subwords.keys)
    for start in range(0, buckets, _STRETCH):
        stop = min(start + _STRETCH, buckets)
        first, last = np.searchsorted(keys, np.array([start, stop], keys.dtype))
        block = np.zeros((stop - start, subwords.ngram_matrix.shape[1]), "<f4")
        block[keys[first:last] - start] = subwords.ngram_matrix[first:last]
        file.write(block.data)
