"""Vectors from files and into them, by gensim's arguments, through the formats of the library."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from firth.compat.gensim.sentences import decoded_lines
from firth.errors import FormatError, SettingsError, check_choice, sentence
from firth.vectors.formats.opening import open_vectors, write_vectors
from firth.vectors.formats.parts import Parts
from firth.vectors.formats.sifting import ERRORS
from firth.vectors.words import Words

logger = logging.getLogger(__name__)

_OUR_ERRORS = "errors='replace' (--errors replace)"  # as the library advises; gensim has another name for it


def open_parts(path: str | os.PathLike[str]) -> Parts:
    """Open our folder, or a file of gensim, fastText, word2vec …: what it is, its content tells.

    Raises:
        FormatError: if these are no vectors, or not whole.
    """
    return open_vectors(path)


def own_copy(array: np.ndarray) -> np.ndarray:
    """Return an array that may be written to: itself, or a copy where it belongs to a file."""
    return np.require(array, requirements=["C", "W"])


def read_word2vec_parts(
    path: str | os.PathLike[str], *, binary: bool, encoding: str, errors: str, limit: int | None, no_header: bool
) -> Parts:
    """Read a file of word2vec, plain or packed.

    Args:
        path: the file.
        binary: whether it is the binary format.
        encoding: of its words: UTF-8.
        errors: what bytes that are not UTF-8 do, as for `bytes.decode`.
        limit: how many rows to read; None or 0: all.
        no_header: whether a text has no first line with the sizes, as GloVe writes it.

    Raises:
        FileNotFoundError: if there is no file.
        FormatError: if the file is none, or not whole.
        SettingsError: if an argument is not offered.
    """
    if encoding.lower().replace("_", "-") not in ("utf8", "utf-8"):
        advice = "leave it out and pass unicode_errors='replace', or convert the words to UTF-8"
        raise SettingsError(sentence("encoding='utf8'", repr(encoding), advice))
    if no_header and binary:
        raise SettingsError(sentence("a text where there is no header", "binary=True", "leave out no_header"))
    name = "word2vec" if binary else "glove" if no_header else "word2vec-text"
    check_choice("unicode_errors", errors, ERRORS)
    if not Path(path).is_file():
        raise FileNotFoundError(sentence("a file of vectors", f"{path}, which is none", "check the path"))
    try:
        return open_vectors(path, format=name, limit=limit or None, errors=errors)
    except FormatError as problem:
        raise FormatError(str(problem).replace(_OUR_ERRORS, "unicode_errors='replace'")) from problem.__cause__


def read_counts(path: str | os.PathLike[str], errors: str) -> dict[str, int]:
    """Read a file of "word count" lines, as word2vec.c saves its vocabulary.

    Raises:
        FormatError: if a line is none.
    """
    counts = {}
    for number, line in enumerate(decoded_lines(path, "utf8"), 1):
        word, _, count = line.rstrip().rpartition(" ")
        if not word or not count.isdigit():
            wanted = f"a word and its count in {path}, line {number}"
            raise FormatError(sentence(wanted, repr(line[:80]), "pass the file that fvocab wrote"))
        counts[word] = int(count)
    return counts


def write_word2vec_parts(
    path: str | os.PathLike[str],
    words: list[str],
    matrix: np.ndarray,
    *,
    binary: bool,
    total: int | None,
    write_header: bool,
    append: bool,
) -> None:
    """Write words and vectors as word2vec does, over what is there or behind it.

    Args:
        path: the file.
        words: V words, without white space.
        matrix: their vectors, float32, (V, D).
        binary: whether to write the binary format.
        total: the number of rows that the first line tells; None: V.
        write_header: whether there is a first line.
        append: whether to write behind what is there.

    Raises:
        SettingsError: if a word is empty or holds white space.
    """
    parts, name = Parts(words=Words(words), tensors={"matrix": matrix}), "word2vec" if binary else "word2vec-text"
    if write_header and not append and total in (None, len(words)):
        write_vectors(path, parts, name, overwrite=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "vectors")
        write_vectors(whole, parts, name)
        with whole.open("rb") as source, Path(path).open("ab" if append else "wb") as target:
            source.readline()
            if write_header:
                target.write(f"{len(words) if total is None else total} {matrix.shape[1]}\n".encode())
            shutil.copyfileobj(source, target, 1 << 20)
