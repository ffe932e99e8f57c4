"""The formats of word2vec.c, text and binary: a header "V D", then the words with their numbers.

Text: the word, D decimal numbers, separated by one space, a line each. Binary: the word, one space, D float32 in
little-endian order, a newline. Readers find the end of a word by the first white space.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from firth.errors import SettingsError, sentence
from firth.storage import new_file

_ROWS = 1024  # rows formatted at once


def write_word2vec(
    path: str | os.PathLike[str],
    words: Sequence[str],
    matrix: np.ndarray,
    *,
    binary: bool = False,
    overwrite: bool = False,
) -> None:
    """Write vectors in a format of word2vec.c; the file is there whole or not at all.

    Text holds for each number the shortest decimals that give the same float32 back.

    Args:
        path: the file.
        words: V words, none empty or with white space.
        matrix: float32, (V, D).
        binary: whether to write the binary format.
        overwrite: whether an existing file may be replaced.

    Raises:
        SettingsError: if a word is empty or holds white space, which no reader of these formats takes.
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.
    """
    write_rows = _write_binary if binary else _write_text
    with new_file(path, overwrite=overwrite) as file:
        file.write(f"{matrix.shape[0]} {matrix.shape[1]}\n".encode())
        for start in range(0, len(words), _ROWS):
            block = words[start : start + _ROWS]
            for place, word in enumerate(block):
                _check_word(word, start + place)
            write_rows(file, block, matrix[start : start + _ROWS])


def _check_word(word: str, row: int) -> None:
    """Refuse a word that would be read as two, or as none."""
    if word.split() != [word]:
        advice = 'write it with "_" for white space, or save as a folder, which holds every word'
        raise SettingsError(sentence("words without white space", f"{word!r} in row {row}", advice))


def _write_binary(file: BinaryIO, words: Sequence[str], block: np.ndarray) -> None:
    """Write rows as word, space, D float32, newline."""
    numbers = np.ascontiguousarray(block, "<f4")
    for word, row in zip(words, numbers, strict=True):
        file.write(word.encode() + b" " + row.tobytes() + b"\n")


def _write_text(file: BinaryIO, words: Sequence[str], block: np.ndarray) -> None:
    """Write rows as word and D shortest decimals."""
    texts = block.astype("S").tolist()  # NumPy writes the shortest decimals that a float32 needs
    for word, numbers in zip(words, texts, strict=True):
        file.write(word.encode() + b" " + b" ".join(numbers) + b"\n")
