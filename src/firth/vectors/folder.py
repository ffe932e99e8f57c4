r"""Vectors as a folder: `vectors.safetensors`, `words.txt`, `config.json`, `README.md`, and perhaps `ngrams.txt`.

`words.txt` is UTF-8, split on "\n" alone, one word a line in the order of the rows. Where words were trained with their
n-grams, `subwords` in the config has the settings and how many rows n-grams have; of these rows the tensor
`ngram_buckets` has the bucket, or, if n-grams were not hashed, `ngrams.txt` the n-gram, in the form of `words.txt`.
Vectors that are held in fewer bytes have no float32 `matrix`: `coding` in the config says what there is instead, as in
`firth.vectors.stored`; such folders are of format version 2, which older readers refuse. `config.json` holds the size
and checksum of the other files; the README is for people, who may edit it.
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
from firth.vectors.card import model_card, use_of
from firth.vectors.stored import CODEWORDS, stored_matrix
from firth.vectors.subwords import ABSENT, SubwordVectors
from firth.vectors.words import Words

KIND, VERSION = "vectors", 2
_PLAIN_VERSION = 1  # of folders with a float32 matrix and no pruned n-grams, for older readers
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
        tensors: `matrix` (V, D), or what another `StoredMatrix` has; and perhaps `context_matrix` (V, D) and `counts`
            (V,).
        config: how they were made; what JSON can hold. What it says of `words`, `dimensions`, `coding`, `files` and
            `subwords` is replaced by what is written.
        subwords: the rows of words and n-grams, if words were trained with their n-grams.
        overwrite: whether an older output of the library may be replaced.

    Raises:
        OutputExistsError: if the place is taken.
        SettingsError: if the config holds what JSON can't.
        OutputError: if the disk is full, or the place can't be written to.
    """
    matrix = stored_matrix(tensors)
    texts: dict[str, Words] = {WORDS: words}
    sizes: dict[str, Any] = {"words": len(words), "dimensions": matrix.shape[1]}
    if matrix.coding != "float32":
        sizes["coding"] = {"name": matrix.coding}
        if matrix.coding == "product":
            sizes["coding"]["groups"] = tensors["codes"].shape[1]
    if subwords is not None:
        tensors = {**tensors, "word_matrix": subwords.word_matrix, "ngram_matrix": subwords.ngram_matrix}
        sizes["subwords"] = {**subwords.settings.as_dict(), "ngrams": len(subwords)}
        if subwords.absent != ABSENT[0]:
            sizes["subwords"]["absent"] = subwords.absent
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
    rest = {name: value for name, value in config.items() if name not in ("subwords", "coding", *sizes)}
    is_plain = "coding" not in sizes and "absent" not in sizes.get("subwords", {})
    write_config(fresh, KIND, _PLAIN_VERSION if is_plain else VERSION, {**sizes, **rest})
    name, use = Path(os.path.realpath(folder)).name, use_of(sizes.get("coding", {}).get("name", "float32"))
    card = model_card(name, read_config(fresh, KIND, VERSION), use=use)
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
        The words, the tensors (of the matrix, perhaps `context_matrix` and `counts`), the config, and the rows of words
        and n-grams, if there are any.

    Raises:
        FormatError: if this is no such folder, or not a whole one.
    """
    folder = Path(folder)
    config = read_config(folder, KIND, VERSION)
    rows, columns = checked_size(folder, config, "words"), checked_size(folder, config, "dimensions")
    paths = {name: checked_file(folder, config, name, check=check) for name in (_TENSORS, WORDS)}
    wanted = {
        **_coded(folder, config, rows, columns),
        "context_matrix": (np.float32, (rows, columns)),
        "counts": (np.uint64, (rows,)),
    }
    settings, ngrams, absent = _subword_settings(folder, config)
    keys: Words | None = None
    if settings is not None and "coding" in config:
        wanted_so = f"vectors with subwords in {folder} to be held in float32"
        raise FormatError(sentence(wanted_so, repr(config["coding"]), "restore the file from a copy"))
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
    parts = SubwordVectors.mapped(settings, word_matrix, ngram_matrix, held, str(folder), absent=absent)
    return words, tensors, config, parts


def _coded(folder: Path, config: Mapping[str, Any], rows: int, columns: int) -> dict[str, tuple[type, tuple[int, ...]]]:
    """Read from the config in which form the vectors are held: types and shapes of their tensors."""
    if "coding" not in config:
        return {"matrix": (np.float32, (rows, columns))}
    part = config["coding"]
    name = part.get("name") if isinstance(part, Mapping) else None
    if name == "float16":
        return {"matrix": (np.float16, (rows, columns))}
    if name == "int8":
        return {"codes": (np.int8, (rows, columns)), "scales": (np.float32, (rows,))}
    if name == "product":
        groups = checked_size(folder, part, "groups")
        codes = {"codes": (np.uint8, (rows, groups)), "scales": (np.float32, (rows,))}
        if groups <= columns:
            return {**codes, "codebooks": (np.float32, (CODEWORDS, columns))}
    wanted = f"'coding' in the config of {folder} to be float16, int8, or product with its groups"
    raise FormatError(sentence(wanted, repr(part), "restore the file from a copy"))


def _subword_settings(folder: Path, config: Mapping[str, Any]) -> tuple[Subwords | None, int, str]:
    """Read from the config which n-grams words have, how many rows those have, and what n-grams without one are.

    None and 0 if words have no n-grams.
    """
    if "subwords" not in config:
        return None, 0, ABSENT[0]
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
    absent = part.get("absent", ABSENT[0])
    if absent not in ABSENT:
        wanted = f"'absent' in the config of {folder} to be {' or '.join(map(repr, ABSENT))}"
        raise FormatError(sentence(wanted, repr(absent), advice))
    return settings, checked_size(folder, part, "ngrams"), absent
