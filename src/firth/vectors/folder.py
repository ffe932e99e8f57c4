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

from firth.contents import WORDS, checked_file, checked_size, checked_tensors, describe_files
from firth.storage import new_folder, read_config, write_config
from firth.tensors import write_tensors
from firth.vectors.card import model_card
from firth.vectors.words import Words

KIND, VERSION = "vectors", 1
_TENSORS = "vectors.safetensors"


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
        (fresh / WORDS).write_bytes(words.encoded())
        files = describe_files(fresh, (_TENSORS, WORDS))
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
    rows, columns = checked_size(folder, config, "words"), checked_size(folder, config, "dimensions")
    paths = {name: checked_file(folder, config, name, check=check) for name in (_TENSORS, WORDS)}
    wanted = {
        "matrix": (np.float32, (rows, columns)),
        "context_matrix": (np.float32, (rows, columns)),
        "counts": (np.uint64, (rows,)),
    }
    tensors = checked_tensors(paths[_TENSORS], wanted, optional=("context_matrix", "counts"))
    return Words.mapped(paths[WORDS], rows), tensors, config
