"""What stands where in fastText's model files, `.bin` and `.ftz`, versions 11 and 12: read section by section.

All little-endian, without padding:

    int32        793712314, version
    args         12 int32: dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate;
                 float64 t
    dictionary   int32 entries, words, labels; int64 tokens, pruned (−1: all buckets are there)
                 each entry: its UTF-8, a byte 0, int64 count, int8 0 for words and 1 for labels; words come first
                 pruned × (int32 bucket, int32 row)
    input        byte: is it quantised; the matrix: rows of words, then of buckets
    output       byte: is it quantised; the matrix: rows of words (unsupervised), of labels (supervised), or of the
                 inner nodes of a tree (hierarchical softmax)

A plain matrix is int64 rows, int64 columns and float32 row by row; for the other `fasttext_quantised`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from firth.vectors.formats.fasttext_quantised import QuantisedMatrix, read_quantised
from firth.vectors.formats.mapped_file import MappedFile

MAGIC = 793712314
VERSION = 12
ARGS = (
    "dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket", "minn", "maxn", "lrUpdateRate",
)  # fmt: skip
MODELS = {1: "cbow", 2: "skipgram", 3: "supervised"}
LOSSES = {1: "hierarchical", 2: "sampling", 3: "softmax", 4: "one-vs-all"}
_SHORTEST_ENTRY = 10  # bytes: the end of a word, count, type


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A fastText model as its file has it; matrices are mapped.

    Attributes:
        file: where it is read from.
        version: of the format.
        args: the settings by fastText's names; `model` and `loss` are words.
        entries: words, then labels, as bytes.
        counts: of the entries, (entries,) int64.
        words: how many of the entries are words.
        tokens: how many words were read in training.
        pruned: of each bucket that is left its number and its row behind the words, (P, 2) int32; None: all are there.
        input: rows of words and of buckets.
        output: the other side.
    """

    file: MappedFile
    version: int
    args: dict[str, Any]
    entries: list[bytes]
    counts: np.ndarray
    words: int
    tokens: int
    pruned: np.ndarray | None
    input: np.ndarray | QuantisedMatrix
    output: np.ndarray | QuantisedMatrix

    @property
    def is_supervised(self) -> bool:
        """Whether it was trained to tell labels."""
        return bool(self.args["model"] == "supervised")


def read_layout(path: str | os.PathLike[str]) -> ModelFile:
    """Read a model; of its matrices only the sizes.

    Args:
        path: the file.

    Raises:
        FormatError: if the sections do not fit each other or the size of the file.
    """
    file = MappedFile(path, "a whole fastText model")
    magic, version = file.integer("<i4", "the mark"), file.integer("<i4", "the version")
    if magic != MAGIC:
        raise file.broken("another kind of file", "check the path; vectors as text (.vec) are word2vec's format")
    if version not in (11, 12):
        raise file.broken(f"version {version}", "versions 11 and 12 are read")
    args = _read_args(file)
    if version == 11 and args["model"] == "supervised":
        args["maxn"] = 0  # as in fastText: such models were trained without character n-grams
    entries, counts, words, tokens, pruned = _read_dictionary(file, args["bucket"])
    matrix_in = _read_matrix(file, "the input matrix")
    if isinstance(matrix_in, np.ndarray) and pruned is not None:
        raise file.broken("a pruned dictionary with a matrix that is not quantised", "write it with a newer fastText")
    matrix_out = _read_matrix(file, "the output matrix")
    for name, matrix in (("input", matrix_in), ("output", matrix_out)):
        if matrix.shape[1] != args["dim"]:
            raise file.broken(f"{args['dim']} dimensions and an {name} matrix of {matrix.shape[1]} columns")
    if file.left:
        raise file.broken(f"{file.left} bytes behind its end")
    return ModelFile(file, version, args, entries, counts, words, tokens, pruned, matrix_in, matrix_out)


def _read_args(file: MappedFile) -> dict[str, Any]:
    """Read the settings."""
    numbers = file.array("<i4", len(ARGS), "the settings")
    args: dict[str, Any] = dict(zip(ARGS, map(int, numbers), strict=True))
    args["t"] = float(file.array("<f8", 1, "the settings")[0])
    for name, choices in (("model", MODELS), ("loss", LOSSES)):
        if args[name] not in choices:
            raise file.broken(f"{name} {args[name]}, which stands for none")
        args[name] = choices[args[name]]
    for name, least, most in (("dim", 1, 1 << 30), ("bucket", 0, 1 << 30), ("minn", 0, 100), ("maxn", 0, 100)):
        if not least <= args[name] <= most:
            raise file.broken(f"{name} {args[name]}, where {least} to {most} is possible")
    return args


def _read_dictionary(file: MappedFile, buckets: int) -> tuple[list[bytes], np.ndarray, int, int, np.ndarray | None]:
    """Read the dictionary: entries, their counts, how many are words, tokens, and what buckets are left."""
    count, words, labels = (file.integer("<i4", "the size of the dictionary") for _ in range(3))
    tokens, left = (file.integer("<i8", "the size of the dictionary") for _ in range(2))
    if min(count, words, labels) < 0 or words + labels != count:
        raise file.broken(f"{count} entries, of which {words} are words and {labels} labels")
    if count * _SHORTEST_ENTRY > file.left:
        raise file.broken(f"{file.left} bytes where {count} words and labels are")
    if words == 0:
        raise file.broken("no words", "vectors of words are what is read here")
    entries, counts = _read_entries(file, count, words)
    if left < 0:
        return entries, counts, words, tokens, None
    pairs = file.array("<i4", 2 * left, "the list of buckets").reshape(left, 2).copy()
    for column, limit, what in ((0, buckets, "buckets"), (1, left, "rows")):
        numbers = np.sort(pairs[:, column])
        is_sound = not left or (numbers[0] >= 0 and numbers[-1] < limit and bool((np.diff(numbers) > 0).all()))
        if not is_sound:
            raise file.broken(f"a list of {left} buckets with {what} beyond {limit}, or twice")
    return entries, counts, words, tokens, pairs


def _read_entries(file: MappedFile, count: int, words: int) -> tuple[list[bytes], np.ndarray]:
    """Read words and labels, and their counts."""
    data, place = file.bytes, file.place
    entries: list[bytes] = []
    counts = np.empty(count, np.int64)
    for entry in range(count):
        end = data.find(b"\0", place)
        if end < 0 or end + _SHORTEST_ENTRY > len(data):
            raise file.broken(f"an end within entry {entry} of {count}")
        entries.append(data[place:end])
        counts[entry] = number = int.from_bytes(data[end + 1 : end + 9], "little", signed=True)
        if number < 0:
            raise file.broken(f"count {number} of entry {entry}")
        if data[end + 9] != (entry >= words):
            came = f"type {data[end + 9]} of entry {entry}, where {words} words (0) and then labels (1) are"
            raise file.broken(came)
        place = end + _SHORTEST_ENTRY
    file.place = place
    return entries, counts


def _read_matrix(file: MappedFile, what: str) -> np.ndarray | QuantisedMatrix:
    """Read a matrix of either kind, mapped."""
    if file.flag(f"the mark of {what}"):
        return read_quantised(file, what)
    rows, columns = (file.integer("<i8", f"the size of {what}") for _ in range(2))
    return file.matrix(rows, columns, what)
