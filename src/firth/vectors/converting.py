"""From any format to any other, stretch by stretch where both allow it: the file may be larger than memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from firth.errors import check_choice
from firth.storage import check_free_file, check_free_output
from firth.vectors.formats.opening import write_vectors
from firth.vectors.formats.packed import format_and_file
from firth.vectors.formats.parts import Stretches
from firth.vectors.formats.recognising import FORMATS, WRITABLE, Format
from firth.vectors.formats.sifting import ERRORS
from firth.vectors.stored import stored_matrix

_FOLDERS = ("firth", "static-embedding")


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What was converted.

    Attributes:
        source: format that was read.
        target: format that was written.
        words: V, how many were written.
        dimensions: D.
        left_out: how many rows were left out, by reason.
        repaired: how many words were repaired, by reason.
    """

    source: str
    target: str
    words: int
    dimensions: int
    left_out: dict[str, int]
    repaired: dict[str, int]


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    format: str = "firth",
    source_format: str | None = None,
    limit: int | None = None,
    errors: str = "strict",
    overwrite: bool = False,
) -> Conversion:
    r"""Write vectors of any format in another.

    What both formats hold is kept: between our own folder and fastText's files counts, contexts and subwords, too.
    Where both sides can be streamed (`docs/formats.md`), a few hundred MB of memory do, whatever the size of the file.

    Args:
        source: the file or folder to read; a file may be packed (gzip, bzip2, xz, zstandard).
        target: the file or folder to write.
        format: of the target: "firth" (our folder), "word2vec" (binary), "word2vec-text", "glove", "numpy", "fasttext"
            (`.bin`) or "static-embedding".
        source_format: what the source is; None: what it looks like, whatever its name.
        limit: how many rows to convert, the first; None: all.
        errors: what words that are not UTF-8 do: "strict" refuses them, "replace" puts U+FFFD, "ignore" leaves the
            bytes out.
        overwrite: whether an older output may be replaced.

    Returns:
        What was read and written.

    Raises:
        FormatError: if the source holds no vectors, or is not whole, or not finite.
        SettingsError: if a format, `limit` or `errors` is nothing that can be meant, or the target format does not
            hold one of the words.
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     _ = pathlib.Path(place, "up.txt").write_text("up 0.5 1\ndown -1 0\n")
    ...     convert(place + "/up.txt", place + "/up.bin", format="word2vec")
    Conversion(source='glove', target='word2vec', words=2, dimensions=2, left_out={}, repaired={})
    """
    check_choice("format", format, WRITABLE)
    check_choice("errors", errors, ERRORS)
    (check_free_output if format in _FOLDERS else check_free_file)(target, overwrite=overwrite)
    with format_and_file(source, source_format) as (found, plain):
        return _converted(found, plain, target, format, limit=limit, errors=errors, overwrite=overwrite)


def _converted(
    found: Format,
    source: Path,
    target: str | os.PathLike[str],
    format: str,
    *,
    limit: int | None,
    errors: str,
    overwrite: bool,
) -> Conversion:
    """Write a file or folder of one format in another; parameters and errors are those of `convert`."""
    write, holds_more = FORMATS[format].write, FORMATS[format].write_parts is not None
    if found.stretches is None or write is None or (found.holds_more and holds_more):
        parts = found.parts_of(source, limit=limit, errors=errors)
        write_vectors(target, parts, format, overwrite=overwrite)
        told = parts.config.get("source", {}) if found.name != "firth" else {}
        words, dimensions = stored_matrix(parts.tensors).shape
    else:
        stretches, counted = _counted(found.stretches_of(source, limit=limit, errors=errors))
        write(target, stretches, overwrite=overwrite)
        told, words, dimensions = stretches.source, sum(counted), stretches.dimensions
    changes = {name: told.get(name, {}) for name in ("left_out", "repaired")}
    return Conversion(source=found.name, target=format, words=words, dimensions=dimensions, **changes)


def _counted(stretches: Stretches) -> tuple[Stretches, list[int]]:
    """Return the same stretches, and a list that gets the number of words of each as it comes."""
    counted: list[int] = []

    def passed_on() -> Iterator[tuple[list[str], np.ndarray]]:
        for words, rows in stretches.stretches:
            counted.append(len(words))
            yield words, rows

    return replace(stretches, stretches=passed_on()), counted
