"""NumPy's `.npz`: an array `words` of Unicode text (V,) and an array `matrix` of numbers (V, D); nothing pickled.

The file is a zip, in which a few bytes can claim to be gigabytes: sizes are compared before anything is unpacked.
"""

from __future__ import annotations

import math
import os
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from firth.errors import FormatError, SettingsError, sentence
from firth.storage import new_file
from firth.vectors.formats.changes import shown
from firth.vectors.formats.parts import Parts
from firth.vectors.formats.sifting import Sieve, plain_file, rows_wanted
from firth.vectors.stored import stored_matrix

_ZIP = b"PK\x03\x04"
_WORDS, _MATRIX, _COUNTS = "words", "matrix", "counts"
_MOST_GROWTH, _SMALL = 32, 1 << 20  # how many times as large as the file its arrays may be, and this much more
_LARGEST_DIRECTORY = 1 << 20  # bytes; ours has two hundred
_LONGEST_END = 1 << 17  # bytes: the records at the end of a zip, and a comment
_BROKEN = (
    ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RuntimeError, SyntaxError,
    SystemError, TypeError, ValueError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What Python and NumPy raise, in their various places, about an .npz that is none."""
_ADVICE = "write it with numpy.savez(path, words=words, matrix=matrix)"


def recognises(path: Path, head: bytes) -> bool:
    """Tell whether a file is a zip whose first member is an array."""
    length = int.from_bytes(head[26:28], "little")
    return head.startswith(_ZIP) and head[30 : 30 + length].endswith(b".npy")


def read_arrays(path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict") -> Parts:
    """Read words and vectors from an `.npz`; `counts` (V,) too, if it has them; other arrays are passed by.

    Args:
        path: the file.
        limit: how many rows to take; None: all.
        errors: what words that are no valid Unicode (lone surrogates) do: "strict", "replace" or "ignore".

    Raises:
        FormatError: if the file is none, or holds objects, or a number is NaN or infinite.
        SettingsError: if `limit` or `errors` is nothing that can be meant.
    """
    path = Path(path)
    sieve = Sieve(path, "numpy", errors)
    size = plain_file(path)
    try:
        arrays = _unpacked(path, size)
        words: list[str] = arrays[_WORDS].tolist()  # refuses what is no letter
    except _BROKEN as problem:
        came = f"what is none ({str(problem)[:200] or type(problem).__name__})"
        raise FormatError(sentence(f"an .npz of {_WORDS!r} and {_MATRIX!r} in {path}", came, _ADVICE)) from None
    matrix, counts = arrays[_MATRIX], arrays.get(_COUNTS)
    is_text = arrays[_WORDS].dtype.kind == "U" and arrays[_WORDS].ndim == 1
    is_sound = is_text and matrix.dtype.kind in "fiu" and matrix.ndim == 2 and matrix.size
    if not is_sound or len(words) != len(matrix) or (counts is not None and not _are_counts(counts, len(words))):
        came = ", ".join(f"{name}: {array.dtype} {array.shape}" for name, array in arrays.items())
        raise FormatError(sentence(f"text (V,) and numbers (V, D) as words and matrix in {path}", came, _ADVICE))
    wanted = rows_wanted(len(words), limit)
    with np.errstate(over="ignore"):  # becomes infinity, and is refused
        matrix = np.ascontiguousarray(matrix[:wanted], np.float32)
    return sieve.parts(words[:wanted], matrix, None if counts is None else counts[:wanted])


def write_arrays(path: str | os.PathLike[str], parts: Parts, *, overwrite: bool = False) -> None:
    """Write words, vectors, and counts if they are known, as an `.npz`; whole or not at all.

    Args:
        path: the file.
        parts: what there is; vectors held in fewer bits are made whole, contexts and subwords are not written.
        overwrite: whether an existing file may be replaced.

    Raises:
        SettingsError: if a word ends with NUL, which NumPy takes off.
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.
    """
    words, counts = list(parts.words), parts.tensors.get(_COUNTS)
    for row, word in enumerate(words):
        if word.endswith("\0"):
            advice = "leave it out, or save as a folder, which holds every word"
            raise SettingsError(sentence("words without NUL at their end", f"{shown(word)} in row {row}", advice))
    arrays = {_WORDS: np.array(words, np.str_), _MATRIX: stored_matrix(parts.tensors).whole()}
    if counts is not None:
        arrays[_COUNTS] = counts
    with new_file(path, overwrite=overwrite) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # none is called as one of its parameters


def _unpacked(path: Path, size: int) -> dict[str, np.ndarray]:
    """Unpack the arrays of a file of so many bytes, none before what it needs is known to be in proportion."""
    if (directory := _directory_size(path, size)) > _LARGEST_DIRECTORY:
        raise ValueError(f"a directory of {directory} bytes")
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        present = archive.namelist()
        names = [_WORDS, _MATRIX] + [_COUNTS] * (f"{_COUNTS}.npy" in present)
        members = {name: archive.getinfo(f"{name}.npy") for name in names}
        if sum(member.file_size for member in members.values()) > _MOST_GROWTH * size + _SMALL:
            raise ValueError(f"a file of {size} bytes that would unpack to over {_MOST_GROWTH} times as many")
        for name, member in members.items():
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"compression {member.compress_type}")
            _check_member(archive, member)
            with archive.open(member) as file:
                arrays[name] = npy.read_array(file, allow_pickle=False)
    return arrays


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Compare the header of an array with the size of its member: what reads it would take memory first."""
    with archive.open(member) as file:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
        if dtype.hasobject:
            raise ValueError("an array of pickled objects")
        if math.prod(shape) * dtype.itemsize != member.file_size - file.tell() or min(shape, default=0) < 0:
            raise ValueError(f"{member.filename} of shape {shape} in {member.file_size} bytes")


def _directory_size(path: Path, size: int) -> int:
    """Return how large the list of members at the end of a zip says it is."""
    with path.open("rb") as file:
        file.seek(max(0, size - _LONGEST_END))
        tail = file.read()
    found = 0
    for mark, at, width in ((b"PK\x05\x06", 12, 4), (b"PK\x06\x06", 40, 8)):  # the second in files of over 4 GiB
        place = tail.rfind(mark)
        told = int.from_bytes(tail[place + at : place + at + width], "little") if place >= 0 else 0
        found = max(found, told if told < 0xFFFFFFFF or width == 8 else 0)
    return found


def _are_counts(counts: np.ndarray, rows: int) -> bool:
    """Tell whether an array holds how often each word was seen."""
    return counts.shape == (rows,) and (counts.dtype.kind == "u" or (counts.dtype.kind == "i" and counts.min() >= 0))
