r"""Phrases as a folder: `phrases.jsonl` and `config.json`.

A line of `phrases.jsonl` is a JSON array: number of the pass, count, score, array of the words. The config has the
separator, the connectors, how the phrases were found, and size and checksum of the file.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from firth.contents import checked_file, checked_size, describe_files
from firth.errors import FormatError, sentence
from firth.storage import new_folder, read_config, write_config

KIND, VERSION = "phrases", 1
_FILE = "phrases.jsonl"

Row = tuple[int, int, float, tuple[str, ...]]
"""A phrase: number of its pass, count, score, words."""


def write_folder(
    folder: str | os.PathLike[str], rows: Iterable[Any], config: Mapping[str, Any], *, overwrite: bool = False
) -> None:
    """Write phrases to a folder that is there whole or not at all.

    Args:
        folder: where to.
        rows: the phrases, each as `Row`.
        config: `separator`, `connectors`, and how they were found.
        overwrite: whether an older output of the library may be replaced.

    Raises:
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.
    """
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    with new_folder(folder, overwrite=overwrite) as fresh:
        (fresh / _FILE).write_bytes("".join(f"{line}\n" for line in lines).encode())
        ours = {"phrases": len(lines), "files": describe_files(fresh, (_FILE,))}
        write_config(fresh, KIND, VERSION, {**ours, **config, **ours})


def read_folder(folder: str | os.PathLike[str]) -> tuple[list[Row], dict[str, Any]]:
    """Read phrases from a folder, and check every one.

    Args:
        folder: where from.

    Returns:
        The phrases, and the config with `separator` and `connectors`.

    Raises:
        FormatError: if this is no such folder, or not a whole one.
    """
    folder = Path(folder)
    config = read_config(folder, KIND, VERSION)
    size = checked_size(folder, config, "phrases", minimum=0)
    separator, connectors = config.get("separator"), config.get("connectors")
    if not isinstance(separator, str) or not isinstance(connectors, list) or not _are_words(connectors):
        came = f"{separator!r} and {connectors!r:.60}"
        raise FormatError(sentence(f"separator and connectors in the config of {folder}", came, "restore it"))
    path = checked_file(folder, config, _FILE, check=True)
    try:
        lines = path.read_bytes().decode().split("\n")
    except UnicodeDecodeError as problem:
        raise FormatError(sentence(f"{path} in UTF-8", str(problem), "copy the folder again")) from None
    if lines.pop() or len(lines) != size:
        raise FormatError(sentence(f"{path} to have {size} lines", f"{len(lines)} line ends", "copy the folder again"))
    rows = [_read_row(line, number, path, frozenset(connectors)) for number, line in enumerate(lines, start=1)]
    _check_order(rows, path)
    return rows, {name: value for name, value in config.items() if name not in _OURS}


_OURS = ("format", "format_version", "firth_version", "phrases", "files")


def _are_words(words: list[Any]) -> bool:
    """Tell whether these are words, as a corpus can have them."""
    if not all(isinstance(word, str) and word and "\n" not in word and "\0" not in word for word in words):
        return False
    return not any("\ud800" <= letter <= "\udfff" for word in words if not word.isascii() for letter in word)


def _read_row(line: str, number: int, path: Path, connectors: frozenset[str]) -> Row:
    """Read one phrase."""
    try:
        match json.loads(line):
            case [int(place), int(count), float(score), [_, _, *_] as parts] if (
                type(place) is type(count) is int  # True is an int, too
                and min(place, count) >= 1
                and math.isfinite(score)
                and _are_words(parts)
            ):
                inner, outer = parts[1:-1], {parts[0], parts[-1]}
                if connectors.issuperset(inner) and not connectors & outer:
                    return place, count, score, tuple(parts)
    except (ValueError, RecursionError):
        pass
    wanted = f"a phrase as [pass, count, score, [words]] in line {number} of {path}"
    raise FormatError(sentence(wanted, f"{line:.60}", "copy the folder again"))


def _check_order(rows: list[Row], path: Path) -> None:
    """Refuse phrases that are not in the order of their passes, or stand there twice."""
    numbers = [row[0] for row in rows]
    if numbers != sorted(numbers):
        wanted = f"the phrases of {path} in the order of their passes"
        raise FormatError(sentence(wanted, "another", "copy the folder again"))
    if len({(row[0], row[3]) for row in rows}) < len(rows):
        raise FormatError(sentence(f"every phrase once in {path}", "one twice", "copy the folder again"))
