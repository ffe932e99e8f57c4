r"""Vectors as a folder: `vectors.safetensors`, `words.txt`, `config.json`, `README.md`, and perhaps `ngrams.txt`.

`words.txt` is UTF-8, split on "\n" alone, one word a line in the order of the rows. Where words were trained with their
n-grams, `subwords` in the config has the settings and how many rows n-grams have; of these rows the tensor
`ngram_buckets` has the bucket, or, if n-grams were not hashed, `ngrams.txt` the n-gram, in the form of `words.txt`.
`config.json` holds the size and checksum of the other files; the README is for people, who may edit it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from firth.contents import WORDS, checked_file, checked_size, checked_tensors, describe_files, encode_words
from firth.errors import FormatError, SettingsError, sentence
from firth.storage import new_folder, read_config, write_config
from firth.tensors import read_rows, write_rows, write_tensors
from firth.text.subwords import Subwords
from firth.vectors.card import model_card
from firth.vectors.subwords import SubwordVectors
from firth.vectors.words import Words

KIND, VERSION = "vectors", 1
_TENSORS = "vectors.safetensors"
_NGRAMS = "ngrams.txt"
_SETTINGS = ("smallest", "longest", "buckets")


def write_folder(
    folder: str | os.PathLike[str],
    words: Words,
    tensors: Mapping[str, np.ndarray],
    config: Mapping[str, Any],
    *,
    subwords: SubwordVectors | None = None,
    overwrite: bool = False,
) -> None:
    """Write vectors to a folder that is there whole or not at all.

    Args:
        folder: where to.
        words: the words, V of them.
        tensors: `matrix` (V, D), and perhaps `context_matrix` (V, D) and `counts` (V,).
        config: how they were made; what JSON can hold. What it says of `words`, `dimensions`, `files` and `subwords`
            is replaced by what is written.
        subwords: the rows of words and n-grams, if words were trained with their n-grams.
        overwrite: whether an older output of the library may be replaced.

    Raises:
        OutputExistsError: if the place is taken.
        SettingsError: if the config holds what JSON can't.
        OutputError: if the disk is full, or the place can't be written to.
    """
    texts, sizes = {WORDS: words}, {"words": len(words), "dimensions": tensors["matrix"].shape[1]}
    if subwords is not None:
        tensors = {**tensors, "word_matrix": subwords.word_matrix, "ngram_matrix": subwords.ngram_matrix}
        sizes["subwords"] = {**subwords.settings.as_dict(), "ngrams": len(subwords)}
        if isinstance(subwords.keys, Words):
            texts[_NGRAMS] = subwords.keys
        else:
            tensors["ngram_buckets"] = subwords.keys
    with new_folder(folder, overwrite=overwrite) as fresh:
        write_tensors(fresh / _TENSORS, tensors)
        for name, lines in texts.items():
            (fresh / name).write_bytes(lines.encoded())
        _describe(fresh, folder, sizes, (_TENSORS, *texts), config)


def write_stretches(
    folder: str | os.PathLike[str],
    stretches: Iterable[tuple[list[str], np.ndarray]],
    shape: tuple[int, int],
    config: Mapping[str, Any],
    *,
    overwrite: bool = False,
) -> int:
    """Write vectors that come stretch by stretch to a folder that is there whole or not at all.

    Args:
        folder: where to.
        stretches: words (N), each once and without a newline, and their vectors, float32 (N, D).
        shape: how many words come at most, and D.
        config: how they were made, as `write_folder` takes it; looked at when the last stretch has come.
        overwrite: whether an older output of the library may be replaced.

    Returns:
        How many words came.

    Raises:
        OutputExistsError: if the place is taken.
        SettingsError: if the config holds what JSON can't.
        OutputError: if the disk is full, or the place can't be written to.
    """
    with new_folder(folder, overwrite=overwrite) as fresh:
        with (fresh / WORDS).open("wb") as file:

            def blocks() -> Iterator[np.ndarray]:
                for words, rows in stretches:
                    file.write(encode_words(words))
                    yield rows

            count = write_rows(fresh / _TENSORS, "matrix", blocks(), shape)
        _describe(fresh, folder, {"words": count, "dimensions": shape[1]}, (_TENSORS, WORDS), config)
    return count


def _describe(
    fresh: Path,
    folder: str | os.PathLike[str],
    sizes: dict[str, Any],
    names: Collection[str],
    config: Mapping[str, Any],
) -> None:
    """Write the config and the card of a folder whose other files are written."""
    sizes["files"] = describe_files(fresh, names)
    rest = {name: value for name, value in config.items() if name not in ("subwords", *sizes)}
    write_config(fresh, KIND, VERSION, {**sizes, **rest})
    card = model_card(Path(os.path.realpath(folder)).name, read_config(fresh, KIND, VERSION))
    (fresh / "README.md").write_text(card, encoding="utf-8", newline="\n")


def open_rows(folder: str | os.PathLike[str]) -> Iterator[np.ndarray]:
    """Read the matrix of a folder that `open_folder` has opened, a few MiB at once and not mapped.

    Args:
        folder: where from.

    Yields:
        Float32, (N, D), in the order of the rows.

    Raises:
        FormatError: if this is no such folder, or not a whole one.
    """
    config = read_config(Path(folder), KIND, VERSION)
    return read_rows(checked_file(Path(folder), config, _TENSORS, check=False), "matrix")


def open_folder(
    folder: str | os.PathLike[str], *, check: bool = False
) -> tuple[Words, dict[str, np.ndarray], dict[str, Any], SubwordVectors | None]:
    """Open vectors from a folder: sizes and formats are checked, the contents are mapped.

    Args:
        folder: where from.
        check: whether to read everything, too, and compare checksums.

    Returns:
        The words, the tensors (`matrix` and perhaps `context_matrix`, `counts`), the config, and the rows of words and
        n-grams, if there are any.

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
    settings, ngrams = _subword_settings(folder, config)
    keys: Words | None = None
    if settings is not None:
        wanted |= {"word_matrix": (np.float32, (rows, columns)), "ngram_matrix": (np.float32, (ngrams, columns))}
        if settings.buckets is None:
            keys = Words.mapped(checked_file(folder, config, _NGRAMS, check=check), ngrams)
        else:
            wanted["ngram_buckets"] = (np.uint32, (ngrams,))
    tensors = checked_tensors(paths[_TENSORS], wanted, optional=("context_matrix", "counts"))
    words = Words.mapped(paths[WORDS], rows)
    if settings is None:
        return words, tensors, config, None
    word_matrix, ngram_matrix = tensors.pop("word_matrix"), tensors.pop("ngram_matrix")
    held = keys if keys is not None else tensors.pop("ngram_buckets")
    return words, tensors, config, SubwordVectors.mapped(settings, word_matrix, ngram_matrix, held, str(folder))


def _subword_settings(folder: Path, config: Mapping[str, Any]) -> tuple[Subwords | None, int]:
    """Read from the config which n-grams words have, and how many rows those have; None and 0 if they have none."""
    if "subwords" not in config:
        return None, 0
    part = config["subwords"]
    advice = "restore the file from a copy"
    if not isinstance(part, Mapping) or not set(_SETTINGS) <= set(part):
        wanted = f"'subwords' in the config of {folder} to have {', '.join(_SETTINGS)}"
        raise FormatError(sentence(wanted, repr(part), advice))
    try:
        settings = Subwords(**{name: part[name] for name in _SETTINGS})
    except SettingsError as problem:
        wanted = f"'subwords' in the config of {folder} to be settings of n-grams"
        raise FormatError(sentence(wanted, f"{dict(part)!r} ({problem})", advice)) from None
    return settings, checked_size(folder, part, "ngrams")
