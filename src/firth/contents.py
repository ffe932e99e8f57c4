r"""What folders hold, arrays and words: described in their config when written, checked against it when opened.

`words.txt` is UTF-8, split on "\n" alone, one word a line. The config has the size and checksum of every file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import FormatError, SettingsError, sentence
from firth.storage import CONFIG, checksum, inner_file, read_json, recover_folder
from firth.tensors import map_tensors

WORDS = "words.txt"


def kind_of(folder: Path) -> str | None:
    """Return what a folder holds, such as "vectors", or None if it is none of ours.

    Args:
        folder: where.

    >>> kind_of(Path("no-such-folder")) is None
    True
    """
    try:
        kind = read_json(inner_file(recover_folder(folder), CONFIG)).get("format")
    except (FormatError, OSError):
        return None
    return kind.removeprefix("firth-") if isinstance(kind, str) and kind.startswith("firth-") else None


def describe_files(folder: Path, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the size and checksum of files, as the config of their folder holds them.

    Args:
        folder: where they are.
        names: of the files.
    """
    return {name: {"bytes": (folder / name).stat().st_size, "blake2b": checksum(folder / name)} for name in names}


def checked_size(folder: Path, config: Mapping[str, Any], name: str, *, minimum: int = 1) -> int:
    """Read a size from the config of a folder.

    Args:
        folder: to name it.
        config: its config.
        name: of the size.
        minimum: the least it can be.

    Raises:
        FormatError: if there is none.
    """
    value = config.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        wanted = f"{name!r} in the config of {folder} to be a whole number ≥ {minimum}"
        raise FormatError(sentence(wanted, repr(value), "restore the file from a copy"))
    return value


def checked_file(folder: Path, config: Mapping[str, Any], name: str, *, check: bool) -> Path:
    """Return the path of a file after comparing its size, and with `check` its checksum, with the config.

    Args:
        folder: where it is.
        config: of the folder.
        name: of the file.
        check: whether to read it all.

    Raises:
        FormatError: if it is missing, or another.
    """
    path = inner_file(folder, name)
    files = config.get("files")
    entry = files.get(name) if isinstance(files, Mapping) else None
    if not isinstance(entry, Mapping):
        raise FormatError(sentence(f"{name} in the config of {folder}", "no entry", "restore it from a copy"))
    size = path.stat().st_size
    if entry.get("bytes") != size:
        wanted = f"{path} to have {entry.get('bytes')} bytes"
        raise FormatError(sentence(wanted, str(size), "copy the folder again: the file is truncated or of another"))
    if check and entry.get("blake2b") != checksum(path):
        wanted = f"{path} to have the checksum that {folder} was saved with"
        raise FormatError(sentence(wanted, "another", "copy the folder again: the file has changed"))
    return path


def checked_tensors(
    path: Path, wanted: Mapping[str, tuple[type, tuple[int, ...]]], optional: Collection[str] = ()
) -> dict[str, np.ndarray]:
    """Map a file of tensors after comparing types and shapes.

    Args:
        path: the file.
        wanted: type and shape of each tensor.
        optional: names of those that need not be there.

    Returns:
        The tensors by name; others in the file are left out.

    Raises:
        FormatError: if one is missing or another.
    """
    tensors = {}
    mapped = map_tensors(path)
    for name, (dtype, shape) in wanted.items():
        tensor = mapped.get(name)
        if tensor is None and name in optional:
            continue
        if tensor is None or tensor.dtype != dtype or tensor.shape != shape:
            came = "none" if tensor is None else f"{tensor.dtype} of shape {tensor.shape}"
            expected = f"a tensor {name!r} of type {np.dtype(dtype)} and shape {shape} in {path}"
            raise FormatError(sentence(expected, came, "copy the folder again"))
        tensors[name] = tensor
    return tensors


def encode_words(words: Sequence[Any]) -> bytes:
    r"""Join words to lines of UTF-8, each ended by a newline; "\r" and other ends of lines are parts of words.

    Args:
        words: the words.

    Raises:
        SettingsError: if one is no text, holds "\n" or a lone surrogate.

    >>> encode_words(["the", "of"])
    b'the\nof\n'
    """
    try:
        joined = "\n".join(words) + "\n" * bool(words)
        encoded = joined.encode()
        if joined.count("\n") == len(words):
            return encoded
    except (TypeError, UnicodeEncodeError):
        pass
    for row, word in enumerate(words):
        if not isinstance(word, str):
            came = f"{word!r} of type {type(word).__name__} as row {row}"
            raise SettingsError(sentence("words to be text", came, "turn it into str"))
        if "\n" in word:
            raise SettingsError(sentence("words without newline", f"{word!r} as row {row}", "leave it out"))
        if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
            advice = "decode the corpus with errors='replace'"
            raise SettingsError(sentence("words of valid Unicode", f"{word!r} as row {row}", advice))
    raise AssertionError("the words could not be joined, but each is a line")


def read_words(path: Path, count: int) -> list[str]:
    """Read the words of a folder, all at once.

    Args:
        path: the file.
        count: how many there must be.

    Raises:
        FormatError: if the file has not so many lines, is not UTF-8, or has a word twice.
    """
    advice = "copy the folder again"
    try:
        words = path.read_bytes().decode().split("\n")
    except UnicodeDecodeError as problem:
        raise FormatError(sentence(f"{path} in UTF-8", str(problem), advice)) from None
    if words.pop() or len(words) != count:
        raise FormatError(sentence(f"{path} to have {count} lines", f"{len(words)} line ends", advice))
    if len(set(words)) < count:
        seen: set[str] = set()
        word = next(word for word in words if word in seen or seen.add(word))  # type: ignore[func-returns-value]
        raise FormatError(sentence(f"every word once in {path}", f"{word!r} twice", advice))
    return words
