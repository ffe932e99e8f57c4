"""Vectors in fewer bytes: fewer words, fewer dimensions, fewer bits."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np

from firth.errors import SettingsError, check_choice, check_integer, sentence
from firth.machine import check_threads
from firth.vectors.checking import named_row
from firth.vectors.codebooks import product_matrix, train_codebooks
from firth.vectors.neighbours import cosines
from firth.vectors.projecting import Projection
from firth.vectors.stored import CODINGS, ByteMatrix, HalfMatrix, PlainMatrix, StoredMatrix
from firth.vectors.subwords import SubwordVectors
from firth.vectors.table import Vectors
from firth.vectors.words import Words

_BLOCK = 1 << 13  # rows that are changed at once
_GROUP = 4  # dimensions that share a byte, unless said otherwise
_LARGEST_HALF = 65504.0
_OF_THE_FOLDER = ("words", "dimensions", "coding", "subwords", "files")
"""What a config tells of the folder that it was read from."""
_log = logging.getLogger("firth")


def compress(
    vectors: Vectors,
    *,
    to: str = "float32",
    words: int | Iterable[str] | None = None,
    dimensions: int | None = None,
    center: bool = False,
    groups: int | None = None,
    seed: int = 1,
    threads: int | None = None,
) -> Vectors:
    """Make vectors smaller: first fewer words, then fewer dimensions, then fewer bits for each number.

    Args:
        vectors: what to compress; it stays as it is.
        to: "float32"; "float16"; "int8", whole numbers with a scale for each row; "product", a byte for each group of
            dimensions, with its length for each row: see `firth.vectors.stored`.
        words: how many to keep, the most frequent (the first); or which; None: all.
        dimensions: how many to keep, those along which the vectors are longest (PCA); None: all.
        center: for `dimensions`: whether to take away the mean of the vectors first. Cosines are then those between
            what is left; without it they are kept as well as so few dimensions can.
        groups: for "product": bytes a word; by default one for each four dimensions.
        seed: for "product": where random numbers start.
        threads: how many may work; None: one for each core. The result does not depend on it.

    Returns:
        Vectors that are looked up, searched and saved like others. What changed is in `config["compression"]`: words
        and dimensions before and after, the share of variance kept, the mean cosine of a vector with what its bits
        became, the bytes, what was left out (vectors of contexts; n-grams, unless numbers stay float32 and no mean is
        taken away), and as `earlier` the report of vectors that were compressed before. Evaluation files tell what it
        costs: `firth compress --evaluate` asks them of both, `firth.evaluate` of each.

    Raises:
        SettingsError: if a setting is out of its range, or a number too large for float16.
        UnknownWordError: if one of `words` has no row.

    >>> small = compress(Vectors(["up", "down"], np.array([[0.0, 2.0], [0.0, -1.0]])), to="int8")
    >>> small.stored, small["up"].tolist(), small.config["compression"]["mean_cosine"]
    (ByteMatrix(2 × 2, 12 bytes), [0.0, 2.0], 1.0)
    """
    check_choice("to", to, CODINGS)
    if center and dimensions is None:
        raise SettingsError(sentence("center only with dimensions", "center=True alone", "say how many to keep"))
    threads, seed = check_threads(threads), check_integer("seed", seed, 0, 2**63 - 1)
    rows = _kept_rows(vectors, words)
    kept = vectors.words if rows is None else Words([vectors.words[row] for row in rows.tolist()])
    matrix = vectors.stored if rows is None else PlainMatrix(vectors.stored.rows(rows))
    report: dict[str, Any] = {"to": to, "words": [len(vectors), len(kept)]}
    subwords = vectors.subwords if to == "float32" else None
    if subwords is not None and rows is not None:
        subwords = _replaced(subwords, subwords.word_matrix[rows], subwords.ngram_matrix)
    report["dimensions"] = [matrix.shape[1], matrix.shape[1]]
    turned = matrix
    if dimensions is not None:
        wanted = check_integer("dimensions", dimensions, 1, matrix.shape[1])
        projection = Projection.of(matrix, wanted, center=center, threads=threads)
        turned = PlainMatrix(projection.project(matrix))
        report |= {"dimensions": [matrix.shape[1], wanted], "center": center}
        report["variance_kept"] = projection.variance_kept
        subwords = _projected(subwords, projection) if not center else None
    coded = _coded(turned, to, kept, groups=groups, seed=seed, threads=threads, report=report)
    report["mean_cosine"] = _mean_cosine(turned, coded)
    report["bytes"] = [_bytes(vectors.stored), _bytes(coded)]
    report["left_out"] = _left_out(vectors, subwords)
    counts = vectors.counts if vectors.counts is None or rows is None else vectors.counts[rows]
    if "compression" in vectors.config:
        report["earlier"] = vectors.config["compression"]
    config = {name: value for name, value in vectors.config.items() if name not in _OF_THE_FOLDER}
    config["compression"] = report
    return Vectors(kept, coded, counts=counts, config=config, subwords=subwords)


def _kept_rows(vectors: Vectors, words: int | Iterable[str] | None) -> np.ndarray | None:
    """Return the rows that stay, rising; None for all."""
    if words is None:
        return None
    if isinstance(words, str):
        raise SettingsError(sentence("words to be a number or a list of words", repr(words), f"pass [{words!r}]"))
    if not isinstance(words, Iterable):
        return np.arange(min(check_integer("words", words, 1), len(vectors)))
    rows = np.array([vectors.index(word) for word in words], np.int64)
    if not len(rows):
        raise SettingsError(sentence("at least one word to keep", "none", "pass a number of words, or some"))
    return np.unique(rows)


def _replaced(subwords: SubwordVectors, words: np.ndarray, ngrams: np.ndarray) -> SubwordVectors:
    """Return n-grams with other rows."""
    keys, absent = subwords.keys, subwords.absent
    return SubwordVectors(subwords.settings, word_matrix=words, ngram_matrix=ngrams, keys=keys, absent=absent)


def _projected(subwords: SubwordVectors | None, projection: Projection) -> SubwordVectors | None:
    """Project the rows of words and n-grams, whose means then are the projected vectors."""
    if subwords is None:
        return None
    words, ngrams = PlainMatrix(subwords.word_matrix), PlainMatrix(subwords.ngram_matrix)
    return _replaced(subwords, projection.project(words), projection.project(ngrams))


def _coded(
    matrix: StoredMatrix,
    to: str,
    words: Words,
    *,
    groups: int | None,
    seed: int,
    threads: int,
    report: dict[str, Any],
) -> StoredMatrix:
    """Hold the rows of a matrix in another form; what was chosen is added to the report."""
    if groups is not None and to != "product":
        raise SettingsError(sentence("no groups but for to='product'", f"to={to!r}", "leave them out"))
    if to == "float16":
        return _halves(matrix, words)
    if to == "int8":
        return _bytes_matrix(matrix)
    if to == "product":
        size = matrix.shape[1]
        groups = -(-size // _GROUP) if groups is None else check_integer("groups", groups, 1, size)
        report |= {"groups": groups, "seed": seed}
        codebooks = train_codebooks(matrix, groups=groups, seed=seed, threads=threads)
        return product_matrix(matrix, codebooks, groups=groups, threads=threads)
    return matrix if matrix.coding == "float32" else PlainMatrix(matrix.whole())


def _halves(matrix: StoredMatrix, words: Words) -> HalfMatrix:
    """Round to float16."""
    halves = np.empty(matrix.shape, np.float16)
    for start in range(0, len(matrix), _BLOCK):
        block = matrix.stretch(start, min(len(matrix), start + _BLOCK))
        largest = np.abs(block).max(axis=1)
        if largest.max() > _LARGEST_HALF:
            row = start + int(np.flatnonzero(largest > _LARGEST_HALF)[0])
            came = f"{largest[row - start]:g} {named_row(row, words)}"
            raise SettingsError(sentence(f"numbers up to {_LARGEST_HALF:g} for float16", came, "take to='int8'"))
        halves[start : start + len(block)] = block
    return HalfMatrix(halves)


def _bytes_matrix(matrix: StoredMatrix) -> ByteMatrix:
    """Round to whole numbers with a scale for each row, so that its greatest number is 127 or −127."""
    codes, scales = np.empty(matrix.shape, np.int8), np.empty(len(matrix), np.float32)
    most = np.nextafter(np.finfo(np.float32).max / np.float32(127), np.float32(0))  # times 127 it is finite
    for start in range(0, len(matrix), _BLOCK):
        block = matrix.stretch(start, min(len(matrix), start + _BLOCK))
        part = slice(start, start + len(block))
        scales[part] = np.minimum(np.abs(block).max(axis=1) / np.float32(127), most)
        wide = scales[part, np.newaxis].astype(np.float64)
        numbers = np.divide(block, wide, out=np.zeros(block.shape), where=wide > 0)
        codes[part] = np.clip(np.rint(numbers), -127, 127)
    return ByteMatrix(codes, scales)


def _mean_cosine(before: StoredMatrix, after: StoredMatrix) -> float:
    """Mean cosine of each row that is not zero with what became of it."""
    total, count = 0.0, 0
    for start in range(0, len(before), _BLOCK):
        stop = min(len(before), start + _BLOCK)
        rows = before.stretch(start, stop)
        total += float(cosines(rows, after.stretch(start, stop)).sum())
        count += int(rows.any(axis=1).sum())
    return total / count if count else 1.0


def _bytes(matrix: StoredMatrix) -> int:
    """Bytes that vectors take."""
    return sum(tensor.nbytes for tensor in matrix.tensors().values())


def _left_out(vectors: Vectors, subwords: SubwordVectors | None) -> list[str]:
    """List what the compressed vectors don't have any more, and say so."""
    gone = ["context_matrix"] if vectors.context_matrix is not None else []
    if vectors.subwords is not None and subwords is None:
        gone.append("subwords")
        _log.warning("the rows of n-grams are left out: words without a row have no vectors any more")
    return gone
