"""The way in and out for every format: vectors of any file as parts, and the writer of a format by its name."""

from __future__ import annotations

import os
from collections.abc import Callable

from firth.errors import check_choice
from firth.vectors.formats.own_folder import read_own_folder
from firth.vectors.formats.parts import Parts
from firth.vectors.formats.recognising import FORMATS, WRITABLE, format_of
from firth.vectors.formats.sifting import ERRORS


def open_vectors(
    path: str | os.PathLike[str],
    *,
    check: bool = False,
    format: str | None = None,
    limit: int | None = None,
    errors: str = "strict",
) -> Parts:
    """Open vectors of any format; parameters and errors are those of `Vectors.load`."""
    check_choice("errors", errors, ERRORS)
    found = format_of(path, format)
    if found.name == "firth":
        return read_own_folder(path, check=check, limit=limit)
    return found.parts_of(path, limit=limit, errors=errors)


def writer_of(format: str) -> Callable[..., None]:
    """Return what writes words and vectors in a format: `write(path, stretches, overwrite=…)`.

    Args:
        format: its name.

    Raises:
        SettingsError: if there is none of this name, or it is only read.

    >>> writer_of("glove").__name__
    'write_glove'
    """
    write = FORMATS[check_choice("format", format, WRITABLE)].write
    assert write is not None
    return write
