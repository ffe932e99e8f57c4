"""The way in and out for every format: vectors of any file as parts, and parts as a file of any."""

from __future__ import annotations

import os

from firth.errors import check_choice
from firth.vectors.formats.own_folder import read_own_folder
from firth.vectors.formats.packed import format_and_file
from firth.vectors.formats.parts import Parts, cut
from firth.vectors.formats.recognising import FORMATS, WRITABLE
from firth.vectors.formats.sifting import ERRORS


def open_vectors(
    path: str | os.PathLike[str],
    *,
    check: bool = False,
    format: str | None = None,
    limit: int | None = None,
    errors: str = "strict",
) -> Parts:
    """Open vectors of any format, packed or not; parameters and errors are those of `Vectors.load`."""
    check_choice("errors", errors, ERRORS)
    with format_and_file(path, format) as (found, plain):
        if found.name == "firth":
            return read_own_folder(plain, check=check, limit=limit)
        return found.parts_of(plain, limit=limit, errors=errors)


def write_vectors(path: str | os.PathLike[str], parts: Parts, format: str, *, overwrite: bool = False) -> None:
    """Write parts in a format: all that it can hold.

    Args:
        path: the file or folder.
        parts: what there is.
        format: its name.
        overwrite: whether an older output may be replaced.

    Raises:
        SettingsError: if there is none of this name, it is only read, or it does not hold one of the words.
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.
    """
    found = FORMATS[check_choice("format", format, WRITABLE)]
    if found.write_parts is not None:
        found.write_parts(path, parts, overwrite=overwrite)
    elif found.write is not None:
        found.write(path, cut(parts), overwrite=overwrite)
