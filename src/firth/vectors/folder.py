r"""Vectors as a folder: `vectors.safetensors`, `words.txt`, `config.json`, `README.md`.

`words.txt` is UTF-8, split on "\n" alone, one word a line in the order of the rows. `config.json` holds the size
and checksum of both; the README is for people, who may edit it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import FormatError, sentence
from firth.storage import checksum, inner_file, new_folder, read_config, write_config
from firth.tensors import map_tensors, write_tensors
from firth.vectors.card import model_card
from firth.vectors.words import Words

KIND, VERSION = "vectors", 1
_TENSORS, _WORDS = "vectors.safetensors", "words.txt"


def write_folder(
    folder: str | os.PathLike[str],
    words: Words,
    tensors: Mapping[str, np.ndarray],
    config: Mapping[str, Any],
    *,
    overwrite: bool = False,
) -> None:
    """Write vectors to a folder that is there whole or not at all.

    Args:
        folder: where to.
        words: the words, V of them.
        tensors: `matrix` (V, D), and perhaps `context_matrix` (V, D) and `counts` (V,).
        config: how they were made; what JSON can hold.
        overwrite: whether an older output of the library may be replaced.

    Raises:
        OutputExistsError: if the place is taken.
        SettingsError: if the config holds what JSON can't.
        OutputError: if the disk is full, or the place can't be written to.
    """
    with new_folder(folder, overwrite=overwrite) as fresh:
        write_tensors(fresh / _TENSORS, tensors)
        (fresh / _WORDS).write_bytes(words.encoded())
        files = {
            name: {"bytes": (fresh / name).stat().st_size, "blake2b": checksum(fresh / name)}
            for name in (_TENSORS, _WORDS)
        }
        sizes = {"words": len(words), "dimensions": tensors["matrix"].shape[1], "files": files}
        write_config(fresh, KIND, VERSION, {**sizes, **config, **sizes})  # first in order, and right
        card = model_card(Path(os.path.realpath(folder)).name, read_config(fresh, KIND, VERSION))
        (fresh / "README.md").write_text(card, encoding="utf-8", newline="\n")


def open_folder(
    folder: str | os.PathLike[str], *, check: bool = False
) -> tuple[Words, dict[str, np.ndarray], dict[str, Any]]:
    """Open vectors from a folder: sizes and formats are checked, the contents are mapped.

    Args:
        folder: where from.
        check: whether to read everything, too, and compare checksums.

    Returns:
        The words, the tensors (`matrix` and perhaps `context_matrix`, `counts`), and the config.

    Raises:
        FormatError: if this is no such folder, or not a whole one.
    """
    folder = Path(folder)
    config = read_config(folder, KIND, VERSION)
    rows, columns = _size(folder, config, "words"), _size(folder, config, "dimensions")
    paths = {name: _checked_file(folder, config, name, check) for name in (_TENSORS, _WORDS)}
    tensors = {}
    mapped = map_tensors(paths[_TENSORS])
    wanted = {
        "matrix": (np.float32, (rows, columns)),
        "context_matrix": (np.float32, (rows, columns)),
        "counts": (np.uint64, (rows,)),
    }
    for name, (dtype, shape) in wanted.items():
        tensor = mapped.get(name)
        if tensor is None and name != "matrix":
            continue
        if tensor is None or tensor.dtype != dtype or tensor.shape != shape:
            came = "none" if tensor is None else f"{tensor.dtype} of shape {tensor.shape}"
            raise FormatError(
                sentence(
                    f"a tensor {name!r} of type {np.dtype(dtype)} and shape {shape} in {paths[_TENSORS]}",
                    came,
                    "copy the folder again",
                )
            )
        tensors[name] = tensor
    return Words.mapped(paths[_WORDS], rows), tensors, config


def _size(folder: Path, config: Mapping[str, Any], name: str) -> int:
    """Read a size from the config."""
    value = config.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        wanted = f"{name!r} in the config of {folder} to be a whole number ≥ 1"
        raise FormatError(sentence(wanted, repr(value), "restore the file from a copy"))
    return value


def _checked_file(folder: Path, config: Mapping[str, Any], name: str, check: bool) -> Path:
    """Return the path of a file after comparing its size, and with `check` its checksum, with the config."""
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
