"""Files of vectors as people keep them, packed by gzip, bzip2, xz or zstandard: unpacked for as long as they are read.

What a file is packed with, its first bytes tell. The beginning is looked at before the rest is unpacked, and how much
that may be is bounded.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from firth.errors import CorpusError, FormatError, OutputError, sentence
from firth.text.compression import BYTE_ORDER_MARK, compression_of, read_text
from firth.vectors.formats import changes
from firth.vectors.formats.recognising import FORMATS, Format, format_of

_ZIP = b"PK\x03\x04"
_HEAD = 4096
_CHUNK = 1 << 20
_MOST_GROWTH, _SMALL = 1100, 1 << 20  # gzip makes 1032 zeros one byte: more is no file of vectors


@contextlib.contextmanager
def format_and_file(path: str | os.PathLike[str], name: str | None = None) -> Iterator[tuple[Format, Path]]:
    r"""Give the format of a file or folder, and for the time of the block where it can be read, unpacked.

    What is raised and logged in the block names the file that was asked for. A file that is mapped stays readable
    after the block.

    Args:
        path: the file or folder, packed or not.
        name: of the format, if it is known; then the content is not asked.

    Raises:
        FormatError: if there is none of the formats; if it is a zip archive, or packed data that is damaged, or more
            than vectors are.
        MissingExtraError: if unpacking takes a package that isn't installed.
        OutputError: if there is no room to unpack it.
        SettingsError: if there is no format of this name.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "v.txt").write_text("up 0.5 1\n")
    ...     with format_and_file(folder + "/v.txt") as (found, plain):
    ...         found.name, plain.name
    9
    ('glove', 'v.txt')
    """
    place = Path(path)
    head = _head(place)
    if head.startswith(_ZIP) and name != "numpy" and not FORMATS["numpy"].recognises(place, head):
        raise FormatError(sentence(f"vectors in {place}", "a zip archive", "unpack it first"))
    if compression_of(head[:10]) is None:
        yield format_of(place, name), place
        return
    with tempfile.TemporaryDirectory(prefix="firth-unpacked-", ignore_cleanup_errors=True) as folder:
        plain = Path(folder, place.name)
        with _naming(place, plain):
            yield _unpack(place, plain, name), plain


def _head(path: Path) -> bytes:
    """Return the first bytes of a plain file; of all else none."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_HEAD)


def _unpack(path: Path, plain: Path, name: str | None) -> Format:
    """Unpack a file, if its beginning is one of vectors, and return its format."""
    most, size, found = _MOST_GROWTH * path.stat().st_size + _SMALL, 0, None
    try:
        with path.open("rb") as file, plain.open("wb") as target:
            for start, data in read_text(file, str(path), _CHUNK):
                size = start + len(data)
                if size > most:
                    wanted = f"at most {most} bytes unpacked from {path}"
                    raise FormatError(sentence(wanted, "more", "unpack it by hand and look at it"))
                _check_room(path, plain, len(data))
                target.write(data if start == target.tell() else BYTE_ORDER_MARK + data)
                if found is None and size > len(BYTE_ORDER_MARK):  # the first piece is no longer than a mark
                    target.flush()
                    found = format_of(plain, name)
    except CorpusError as problem:
        raise FormatError(str(problem)) from problem
    return found or format_of(plain, name)


def _check_room(path: Path, plain: Path, size: int) -> None:
    """Refuse to fill the disk."""
    free = shutil.disk_usage(plain.parent).free
    if size > free:
        wanted = f"room in {plain.parent.parent} to unpack {path}"
        raise OutputError(errno.ENOSPC, sentence(wanted, f"{free} bytes free", "free some, or set TMPDIR"))


@contextlib.contextmanager
def _naming(path: Path, plain: Path) -> Iterator[None]:
    """Have errors and warnings in the block name the packed file, not the temporary one."""

    def rename(record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            texts = [str(each).replace(str(plain), str(path)) for each in record.args]
            record.args = tuple(t if str(plain) in str(a) else a for t, a in zip(texts, record.args, strict=True))
        return True

    changes.logger.addFilter(rename)
    try:
        yield
    except FormatError as problem:
        raise FormatError(str(problem).replace(str(plain), str(path))) from problem.__cause__
    finally:
        changes.logger.removeFilter(rename)
