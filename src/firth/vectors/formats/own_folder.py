"""Our own folder (see `firth.vectors.folder`) as one format among the others: opened, streamed, written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from firth.contents import kind_of
from firth.errors import FormatError, sentence
from firth.vectors.checking import not_finite
from firth.vectors.folder import open_folder, open_rows, write_folder, write_stretches
from firth.vectors.formats.parts import Parts, Stretches, cut
from firth.vectors.formats.sifting import Sieve, first_parts, rows_wanted
from firth.vectors.stored import stored_matrix


def recognises(path: Path, head: bytes) -> bool:
    """Tell whether this is a folder that the library wrote, whole or not: opening it says more."""
    return not head and (kind_of(path) is not None or (path / "vectors.safetensors").exists())


def read_own_folder(
    path: str | os.PathLike[str], *, check: bool = False, limit: int | None = None, errors: str = "strict"
) -> Parts:
    """Open a folder of ours, mapped.

    Args:
        path: the folder.
        check: whether to read everything, too: checksums, words, numbers, and whether words are means of their rows.
        limit: how many rows to take; None: all. The other words are then unknown ones, which n-grams may give vectors.
        errors: nothing: our words are UTF-8.

    Raises:
        FormatError: if this is no such folder, or not a whole one.
        SettingsError: if `limit` is below 1.
    """
    words, tensors, config, subwords = open_folder(path, check=check)
    if check:
        words.check()
        if came := not_finite(tensors, words):
            raise FormatError(sentence(f"finite numbers in {path}", came, "train or export it again"))
        if subwords is not None:
            subwords.check(words, tensors["matrix"], str(path))
    return first_parts(Parts(words=words, tensors=tensors, config=config, subwords=subwords), limit)


def stretches_of_own_folder(
    path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict"
) -> Stretches:
    """Read a folder of ours stretch by stretch; parameters and errors are those of `read_own_folder`."""
    parts = read_own_folder(path)
    held = stored_matrix(parts.tensors)
    count, dimensions = held.shape
    wanted = rows_wanted(count, limit)
    sieve = Sieve(Path(path), "firth", errors)

    def stretches() -> Iterator[tuple[list[str], np.ndarray]]:
        done = 0
        for rows in open_rows(path) if held.coding == "float32" else (rows for _, rows in cut(parts).stretches):
            more = rows[: wanted - done]
            yield sieve.sift_words(parts.words[done : done + len(more)], more)
            done += len(more)
            if done == wanted:
                break
        sieve.finish()

    return Stretches(count=wanted, dimensions=dimensions, stretches=stretches(), source=sieve.source)


def write_own_folder(path: str | os.PathLike[str], stretches: Stretches, *, overwrite: bool = False) -> None:
    """Write vectors to a folder of ours; whole or not at all.

    Args:
        path: the folder.
        stretches: the words and their vectors.
        overwrite: whether an older output of the library may be replaced.

    Raises:
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.
    """
    shape = stretches.count, stretches.dimensions
    write_stretches(path, stretches.stretches, shape, {"source": stretches.source}, overwrite=overwrite)


def write_own_parts(path: str | os.PathLike[str], parts: Parts, *, overwrite: bool = False) -> None:
    """Write parts to a folder of ours; parameters and errors are those of `write_own_folder`."""
    held = parts.words, parts.tensors, parts.config
    write_folder(path, *held, subwords=parts.subwords, overwrite=overwrite)
