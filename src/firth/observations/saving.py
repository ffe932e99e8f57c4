"""Counts as a folder: `counts.safetensors`, `words.txt`, `config.json`.

The tensors are `starts` (V + 1,), `contexts` and `cells` (nnz,), `reference_counts` and `occurrences` (V,); the config
has the observation settings, the record, and sizes and checksums of the files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firth.contents import (
    WORDS,
    checked_file,
    checked_size,
    checked_tensors,
    describe_files,
    encode_words,
    read_words,
)
from firth.errors import FormatError, SettingsError, sentence
from firth.observations.combining import wrong_row
from firth.observations.record import Record, read_record
from firth.observations.settings import Observations
from firth.observations.transposing import Rows
from firth.storage import new_folder, read_config, write_config
from firth.tensors import write_tensors
from firth.text import Vocabulary

KIND, VERSION = "counts", 1
_TENSORS = "counts.safetensors"


class Saved(NamedTuple):
    """What a folder of counts holds."""

    vocabulary: Vocabulary
    occurrences: np.ndarray
    observations: Observations
    rows: Rows
    record: Record


def write_folder(folder: str | os.PathLike[str], saved: Saved, *, overwrite: bool = False) -> None:
    """Write counts to a folder that is there whole or not at all.

    Args:
        folder: where to.
        saved: the counts.
        overwrite: whether an older output of the library may be replaced.

    Raises:
        OutputExistsError: if the place is taken.
        SettingsError: if a word holds a newline.
        OutputError: if the disk is full, or the place can't be written to.
    """
    with new_folder(folder, overwrite=overwrite) as fresh:
        (fresh / WORDS).write_bytes(encode_words(saved.vocabulary.words))  # first: it may refuse
        tensors = {"reference_counts": saved.vocabulary.counts, "occurrences": saved.occurrences}
        write_tensors(fresh / _TENSORS, {**saved.rows._asdict(), **tensors})
        config = {
            "words": len(saved.vocabulary),
            "nonzero": len(saved.rows.cells),
            "files": describe_files(fresh, (_TENSORS, WORDS)),
            "observations": saved.observations.as_dict(),
            "record": saved.record.as_dict(),
        }
        write_config(fresh, KIND, VERSION, config)


def open_folder(folder: str | os.PathLike[str], *, check: bool = False) -> Saved:
    """Open counts from a folder: sizes and formats are checked, the cells are mapped.

    Args:
        folder: where from.
        check: whether to read everything, too: checksums, and that every row is one.

    Raises:
        FormatError: if this is no such folder, or not a whole one.
    """
    folder = Path(folder)
    config = read_config(folder, KIND, VERSION)
    size, nonzero = (checked_size(folder, config, name, minimum=0) for name in ("words", "nonzero"))
    observations = _read_observations(config.get("observations"), folder)
    record = read_record(config.get("record"), str(folder))
    paths = {name: checked_file(folder, config, name, check=check) for name in (_TENSORS, WORDS)}
    wanted: Mapping[str, tuple[type, tuple[int, ...]]] = {
        "starts": (np.int64, (size + 1,)),
        "contexts": (np.int32, (nonzero,)),
        "cells": (np.uint64, (nonzero,)),
        "reference_counts": (np.uint64, (size,)),
        "occurrences": (np.uint64, (size,)),
    }
    tensors = checked_tensors(paths[_TENSORS], wanted)
    starts, counts = tensors["starts"], tensors["reference_counts"]
    if starts[0] != 0 or starts[-1] != nonzero or (starts[1:] < starts[:-1]).any():
        wish = f"rows of {paths[_TENSORS]} that begin one behind the other"
        raise FormatError(sentence(wish, "starts that do not ascend from 0 to the end", "copy the folder again"))
    if size and counts.min() == 0:
        wish = f"reference counts above 0 in {paths[_TENSORS]}"
        raise FormatError(sentence(wish, f"0 for word {int(counts.argmin())}", "copy the folder again"))
    rows = Rows(starts, tensors["contexts"], tensors["cells"])
    if check:
        check_rows(rows, str(folder))
    return Saved(Vocabulary(read_words(paths[WORDS], size), counts), tensors["occurrences"], observations, rows, record)


def check_rows(rows: Rows, place: str) -> None:
    """Read all rows: a word that is none would lead kernels astray.

    Args:
        rows: the counts.
        place: to be named.

    Raises:
        FormatError: if the words of a row are not ascending, not words, or an empty cell is stored.
    """
    if (row := wrong_row(*rows)) >= 0:
        wanted = f"the words of every row in {place} ascending, and no cell of 0"
        raise FormatError(sentence(wanted, f"another thing in row {row}", "copy the folder again"))


def _read_observations(stored: Any, folder: Path) -> Observations:  # noqa: ANN401 - of every kind
    """Read the settings from a config."""
    wanted = f"the observation settings in the config of {folder}"
    advice = "restore the file from a copy"
    usual = Observations().as_dict()
    if not isinstance(stored, Mapping) or set(stored) != set(usual):
        raise FormatError(sentence(wanted, repr(stored), advice))
    try:
        return Observations(**stored)
    except SettingsError as problem:
        raise FormatError(sentence(wanted, f"others ({problem})", advice)) from None
