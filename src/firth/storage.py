"""Folders and files that are whole or absent: written beside their place, synced, renamed; JSON; checksums.

A crash leaves the old folder or the new one. Nothing is ever unpickled or executed.

    with new_folder("my-vectors") as folder:                  # `.my-vectors.firth-new-…` until the block ends
        write_tensors(folder / "vectors.safetensors", {"matrix": matrix})
        write_config(folder, "vectors", 1, {"words": len(words)})
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import shutil
import stat
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from firth import __version__
from firth.errors import FormatError, OutputError, OutputExistsError, SettingsError, sentence
from firth.leftovers import remove_unused

CONFIG = "config.json"
_MARK = "firth-"
_LARGEST_JSON = 1 << 24
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TAKEN = {errno.ENOTEMPTY, errno.EEXIST}


def check_free_output(folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Return the real path of a folder that may be written, before any work is done for it.

    Free is: nothing, an empty folder, or with `overwrite` a folder that this library wrote (its `config.json`
    says so). An older folder that a crash left moved aside is put back first.

    Args:
        folder: where the output shall be; links are followed.
        overwrite: whether an older output of the library may be replaced.

    Returns:
        The place, absolute.

    Raises:
        OutputExistsError: if it is taken.
        OutputError: if it can't be written to.

    >>> check_free_output("no-such-folder").name
    'no-such-folder'
    """
    target = recover_folder(folder)
    _check_parent(target)
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return target
    if not target.is_dir():
        raise _taken(folder, "a file is never replaced by a folder: choose another name")
    if not overwrite:
        raise _taken(folder, "pass overwrite=True (--overwrite) or choose another name")
    if not _is_ours(target):
        came = f"{str(folder)!r}, which has no {CONFIG} of ours"
        advice = "choose another name, or remove it yourself"
        raise OutputExistsError(sentence("an output of firth to overwrite", came, advice))
    return target


def check_free_file(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Return the real path of a file that may be written.

    Args:
        path: where the file shall be; links are followed.
        overwrite: whether an existing file may be replaced.

    Returns:
        The place, absolute.

    Raises:
        OutputExistsError: if a folder is there, or a file and `overwrite` is not set.
        OutputError: if it can't be written to.

    >>> check_free_file("no-such-file.txt").name
    'no-such-file.txt'
    """
    target = Path(os.path.realpath(path))
    _check_parent(target)
    if target.is_dir():
        came = f"the folder {str(path)!r}"
        raise OutputExistsError(sentence("a file to write", came, "name a file in it, or another place"))
    if target.exists() and not overwrite:
        raise _taken(path, "pass overwrite=True (--overwrite) or choose another name")
    return target


def recover_folder(folder: str | os.PathLike[str]) -> Path:
    """Put back a folder that was moved aside for its successor, if the successor never came.

    Args:
        folder: the place of the folder; links are followed.

    Returns:
        The place, absolute; there may be nothing.

    Raises:
        FormatError: if the older folder is there but can't be renamed.

    >>> recover_folder("no-such-folder").exists()
    False
    """
    target = Path(os.path.realpath(folder))
    aside = _aside(target)
    if not os.path.lexists(target) and aside.is_dir():
        try:
            aside.rename(target)
        except OSError as problem:
            if not target.exists():  # else another process has just put one there
                came = f"only its older copy {aside}"
                raise FormatError(sentence(f"the folder {target}", came, "rename it back by hand")) from problem
    return target


@contextlib.contextmanager
def new_folder(folder: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder to write in, and put it in its place, synced, when the block has ended well.

    If the block raises, everything written is removed and an older output stays as it was.

    Args:
        folder: where the output shall be.
        overwrite: whether an older output of the library may be replaced.

    Yields:
        The folder to write in: a hidden name beside `folder`.

    Raises:
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.
    """
    target = check_free_output(folder, overwrite=overwrite)
    fresh = _beside(target, "new")
    try:
        _make_parent(target)
        fresh.mkdir()
        yield fresh
        for path in [*fresh.rglob("*"), fresh]:
            _sync(path)
        _put_in_place(fresh, target, overwrite)
    except OSError as problem:
        _explain(problem, target)
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextlib.contextmanager
def new_file(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Give an open binary file, and put it in its place, synced, when the block has ended well.

    If the block raises, everything written is removed and an older file stays as it was.

    Args:
        path: where the file shall be.
        overwrite: whether an existing file may be replaced.

    Yields:
        The file to write to: a hidden name beside `path`.

    Raises:
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.
    """
    target = check_free_file(path, overwrite=overwrite)
    fresh = _beside(target, "new")
    try:
        _make_parent(target)
        with fresh.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        check_free_file(path, overwrite=overwrite)
        fresh.replace(target)
        _sync(target.parent)
    except OSError as problem:
        _explain(problem, target)
        raise
    finally:
        fresh.unlink(missing_ok=True)


def _taken(place: str | os.PathLike[str], advice: str) -> OutputExistsError:
    """Build the error of a place that is taken."""
    return OutputExistsError(sentence("a free place for the output", f"{str(place)!r}, which exists", advice))


def _check_parent(target: Path) -> None:
    """Refuse a place that can't be made: better now than after days of training."""
    parent = next(folder for folder in target.parents if os.path.lexists(folder))
    if not (parent.is_dir() and os.access(parent, os.W_OK)):
        came = f"{parent}, which is {'read-only' if parent.is_dir() else 'a file'}"
        raise OutputError(errno.EACCES, sentence("a folder to write in", came, "choose another place"))


def _aside(target: Path) -> Path:
    """Name the place of an older folder while its successor is renamed: always the same, so that it is found."""
    return target.with_name(f".{target.name}.firth-old")


def _beside(target: Path, use: str) -> Path:
    """Make a hidden name beside the target that no other writer has."""
    return target.with_name(f".{target.name}.firth-{use}-{uuid.uuid4().hex[:12]}")


def _make_parent(target: Path) -> None:
    """Make the folder of a target; what killed writers left there goes, but not an older folder moved aside."""
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_unused(target.parent, f".*.{_MARK}*-{'[0-9a-f]' * 12}", days=1)


def _is_ours(folder: Path) -> bool:
    """Tell whether this library wrote the folder."""
    try:
        return str(read_json(folder / CONFIG).get("format", "")).startswith(_MARK)
    except (FormatError, OSError):
        return False


def _put_in_place(fresh: Path, target: Path, overwrite: bool) -> None:
    """Rename the fresh folder to its place, after moving an older one aside; undo the latter if that fails."""
    aside = _aside(target)
    for is_last in (False, False, True):  # a reader may recover the older folder between our two renames
        check_free_output(target, overwrite=overwrite)
        with contextlib.suppress(OSError):
            target.rmdir()  # an empty folder counts as free
        if target.exists():
            _discard(aside)  # left by a crash after the second rename: its successor is in place
            target.rename(aside)
        try:
            fresh.rename(target)
            break
        except BaseException as problem:
            if aside.exists() and not target.exists():
                aside.rename(target)
            if is_last or not isinstance(problem, OSError) or problem.errno not in _TAKEN:
                raise
    _sync(target.parent)
    with contextlib.suppress(OSError):
        _discard(aside)


def _discard(folder: Path) -> None:
    """Remove a folder that was moved aside: first from its name, lest a half-removed one be recovered."""
    if folder.exists():
        trash = _beside(folder, "trash")
        folder.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)


def _sync(path: Path) -> None:
    """Wait until a file or the entries of a folder are on the disk (Windows has no such call for folders)."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explain(problem: OSError, target: Path) -> None:
    """Raise a sentence if the problem is a full disk."""
    if problem.errno in _FULL:
        came = f"{os.strerror(problem.errno)!r}; nothing was left there"
        advice = "free some space or choose another disk"
        raise OutputError(problem.errno, sentence(f"room on the disk for {target}", came, advice)) from problem


def write_config(folder: Path, kind: str, version: int, content: Mapping[str, Any]) -> None:
    """Write `config.json`: what kind of folder this is, in which version of its format, and the content.

    NaN and infinity, which JSON doesn't have, become null; NumPy's numbers and paths become plain ones.

    Args:
        folder: where to write.
        kind: what the folder holds, such as "vectors".
        version: of the format of this kind.
        content: everything else to be kept.

    Raises:
        SettingsError: if something in `content` has no JSON form.
    """
    marks = {"format": _MARK + kind, "format_version": version, "firth_version": __version__}
    text = json.dumps({**marks, **{k: _plain(k, v) for k, v in content.items() if k not in marks}}, indent=2)
    (folder / CONFIG).write_bytes(text.encode() + b"\n")


def read_config(folder: Path, kind: str, version: int) -> dict[str, Any]:
    """Read `config.json` of a folder of this kind.

    Args:
        folder: the folder.
        kind: what it must hold, such as "vectors".
        version: the newest format version that the caller reads.

    Returns:
        The whole content, with `format`, `format_version` and `firth_version`.

    Raises:
        FormatError: if the folder is none of ours, holds something else, or is newer than this library.
    """
    folder = recover_folder(folder)
    wanted = f"{folder} to be a folder of {kind} written by firth"
    if not folder.is_dir():
        came = "a file" if folder.exists() else "nothing there"
        raise FormatError(sentence(wanted, came, "check the path"))
    config = read_json(inner_file(folder, CONFIG))
    mark = config.get("format")
    if mark != _MARK + kind:
        raise FormatError(sentence(wanted, f"format {mark!r} in its {CONFIG}", "check the path"))
    have = config.get("format_version")
    if isinstance(have, bool) or not isinstance(have, int) or have < 1:
        raise FormatError(sentence(wanted, f"format_version {have!r}", "restore the file from a copy"))
    if have > version:
        writer = config.get("firth_version")
        came = f"version {have}, written by firth {writer}"
        raise FormatError(sentence(f"{folder} in format version {version} or older", came, "update firth"))
    return config


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of at most 16 MiB.

    Raises:
        FormatError: if the file is anything else.
    """
    wanted = f"{path} to hold a JSON object"
    if path.stat().st_size > _LARGEST_JSON:
        raise FormatError(sentence(wanted, f"{path.stat().st_size} bytes", "restore the file from a copy"))
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as problem:
        raise FormatError(sentence(wanted, f"a text that is none ({problem})", "restore it from a copy")) from None
    if not isinstance(content, dict):
        raise FormatError(sentence(wanted, f"a {type(content).__name__}", "restore the file from a copy"))
    return content


def _plain(name: str, value: object) -> object:
    """Turn a setting into what JSON has; `name` is the place to blame."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(f"{name}.{key}", inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(f"{name}[{place}]", inner) for place, inner in enumerate(value)]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    came = f"a {type(value).__name__}"
    raise SettingsError(sentence(f"{name} of the config to have a JSON form", came, "pass text or numbers"))


def inner_file(folder: Path, name: str) -> Path:
    """Return the path of a plain file in a folder, following links only within the folder.

    Raises:
        FormatError: if it is missing, no plain file (opening a pipe would wait forever), or a link out.
    """
    inside, path = os.path.realpath(folder), os.path.realpath(folder / name)
    wanted = f"the file {name} in {folder}"
    if os.path.commonpath([inside, path]) != inside:
        raise FormatError(sentence(wanted, f"a link to {path}", "put the file itself there"))
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        raise FormatError(sentence(wanted, "nothing there", "check the path, or copy the folder again")) from None
    if not stat.S_ISREG(mode):
        raise FormatError(sentence(wanted, "something that is no plain file", "put the file itself there"))
    return Path(path)


def checksum(path: Path) -> str:
    """Return the BLAKE2b checksum (256 bits, hexadecimal) of a file.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     checksum(Path(file.name))[:16]
    '0e5751c026e543b2'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32)).hexdigest()
