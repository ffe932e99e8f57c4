"""Folders of model2vec, and of sentence-transformers whose first module is a StaticEmbedding: tokens with vectors.

Three layouts are read, as model2vec does: its own (`config.json`, tensor `embeddings`), that of sentence-transformers
(`config_sentence_transformers.json`, tensor `embedding.weight`), and the latter with all in `0_StaticEmbedding`. The
words are the tokens of `tokenizer.json`; a vector is what a text of that token alone has, before it is normalised.

What is written both load: a WordLevel tokenizer that cuts at white space, and one row more, of zeros, for words that
are not known. Nothing of this needs their libraries.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import FormatError, sentence
from firth.storage import inner_file, new_folder, write_config
from firth.tensors import map_tensors, write_rows
from firth.vectors.formats.changes import named_few
from firth.vectors.formats.parts import Parts, Stretches
from firth.vectors.formats.sifting import Sieve, rows_wanted

logger = logging.getLogger(__name__)

_LAYOUTS = (  # config, tensors and the name of the matrix, tokenizer
    ("config.json", "model.safetensors", "embeddings", "tokenizer.json"),
    ("config_sentence_transformers.json", "model.safetensors", "embedding.weight", "tokenizer.json"),
    (
        "config_sentence_transformers.json",
        "0_StaticEmbedding/model.safetensors",
        "embedding.weight",
        "0_StaticEmbedding/tokenizer.json",
    ),
)
_NAMES = ("embeddings", "embedding.weight")
_MOST_GROWTH = 64  # how many times as large as its rows the vectors of all tokens may be, where tokens share rows
_BYTES_A_TOKEN, _SMALL = 1 << 8, 1 << 20  # of tokenizer.json: parsed JSON takes many times its length in memory
_ADVICE = "copy or download it again"
_MODULES = [{"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}]
_TOKENIZER: dict[str, Any] = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [],
    "normalizer": None,
    "pre_tokenizer": {"type": "WhitespaceSplit"},
    "post_processor": None,
    "decoder": None,
}


def recognises(path: Path, head: bytes) -> bool:
    """Tell whether a folder has the files of one of the three layouts."""
    return not head and _layout_of(path) is not None


def read_static_embedding(path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict") -> Parts:
    """Read the tokens and vectors of a folder.

    Args:
        path: the folder.
        limit: how many rows to take; None: all.
        errors: what tokens that are no valid Unicode (lone surrogates) do: "strict", "replace" or "ignore".

    Raises:
        FormatError: if this is no such folder, or not a whole one, or a number is NaN or infinite.
        SettingsError: if `limit` or `errors` is nothing that can be meant.
    """
    folder = Path(path)
    sieve = Sieve(folder, "static-embedding", errors)
    layout = _layout_of(folder)
    if layout is None:
        wanted = f"a folder of model2vec or sentence-transformers in {folder}"
        raise FormatError(sentence(wanted, "none with their files", "check the path"))
    _, file, name, tokenizer = layout
    tensors = map_tensors(inner_file(folder, file))
    matrix = tensors.get(name, tensors.get(next(other for other in _NAMES if other != name)))
    if matrix is None or matrix.ndim != 2 or not matrix.size:
        wanted = f"a matrix {name!r} in {folder / file}"
        raise FormatError(sentence(wanted, named_few(list(tensors), most=3) or "no tensors", _ADVICE))
    words, unknown = _read_tokens(folder, tokenizer, len(tensors.get("mapping", matrix)))
    words = words[: rows_wanted(len(words), limit)]
    rows = _vectors(folder, matrix, tensors, len(words))
    if unknown is not None and unknown < len(words) and not rows[unknown].any():
        sieve.source["unknown_token"] = f"{words[unknown]}, left out: its vector is zero"
        words, rows = words[:unknown] + words[unknown + 1 :], np.delete(rows, unknown, axis=0)
    return sieve.parts(words, rows)


def write_static_embedding(path: str | os.PathLike[str], stretches: Stretches, *, overwrite: bool = False) -> None:
    """Write a folder that model2vec and sentence-transformers load; whole or not at all.

    Args:
        path: the folder.
        stretches: the words and their vectors. Words with white space in them are written, but no text is cut into
            them.
        overwrite: whether an older output of the library may be replaced.

    Raises:
        OutputExistsError: if the place is taken.
        OutputError: if the disk is full, or the place can't be written to.
    """
    words: list[str] = []

    def blocks() -> Iterator[np.ndarray]:
        for more, rows in stretches.stretches:
            words.extend(more)
            yield rows
        yield np.zeros((1, stretches.dimensions), np.float32)

    shape = stretches.count + 1, stretches.dimensions
    with new_folder(path, overwrite=overwrite) as fresh:
        write_rows(fresh / "model.safetensors", "embeddings", blocks(), shape)
        vocabulary = dict(zip(words, range(len(words)), strict=True))
        unknown = next(name for name in _unknown_names() if name not in vocabulary)
        vocabulary[unknown] = len(words)
        settings = {"normalize": False, "max_length": None, "embedding_dtype": "float32"}
        write_config(fresh, "static-embedding", 1, settings)
        _write_json(fresh / "modules.json", _MODULES)
        model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown}
        _write_json(fresh / "tokenizer.json", {**_TOKENIZER, "model": model})
    unreachable = [word for word in words if word.split() != [word]]
    if unreachable:
        many = "1 word has" if len(unreachable) == 1 else f"{len(unreachable)} words have"
        logger.warning("%s: %s white space, and no text will be cut into such words", path, many)


def _layout_of(folder: Path) -> tuple[str, str, str, str] | None:
    """Return the layout whose files are all there."""
    for layout in _LAYOUTS:
        config, tensors, _, tokenizer = layout
        if all((folder / name).exists() for name in (config, tensors, tokenizer)):
            return layout
    return None


def _unknown_names() -> Iterator[str]:
    """Yield names for the token of all words that are not known."""
    yield "[UNK]"
    yield from (f"[UNK{number}]" for number in itertools.count(2))


def _write_json(path: Path, content: object) -> None:
    """Write JSON in UTF-8."""
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _vectors(folder: Path, matrix: np.ndarray, tensors: Mapping[str, np.ndarray], tokens: int) -> np.ndarray:
    """Return the vectors of the first tokens, float32: rows by the mapping, times the weights, where there are such."""
    mapping, weights = tensors.get("mapping"), tensors.get("weights")
    every = len(matrix) if mapping is None else len(mapping)
    if mapping is not None:
        if mapping.ndim != 1 or mapping.dtype.kind not in "iu" or mapping.min() < 0 or mapping.max() >= len(matrix):
            came = f"{mapping.dtype} {mapping.shape}, or a row that is not there"
            raise FormatError(sentence(f"rows of the {len(matrix)} as mapping in {folder}", came, _ADVICE))
        if every * matrix.shape[1] > _MOST_GROWTH * (matrix.nbytes + mapping.nbytes):
            came = f"{every} tokens of {matrix.shape[1]} numbers from {len(matrix)} rows"
            raise FormatError(sentence(f"vectors in proportion to the file in {folder}", came, "check what this is"))
    if weights is not None and (weights.shape != (every,) or weights.dtype.kind != "f"):
        came = f"{weights.dtype} {weights.shape}"
        raise FormatError(sentence(f"a weight for each of {every} tokens in {folder}", came, _ADVICE))
    rows = matrix[:tokens] if mapping is None else matrix[mapping[:tokens]]
    with np.errstate(over="ignore"):  # becomes infinity, and is refused
        rows = np.ascontiguousarray(rows, np.float32)
        return rows if weights is None else (rows * weights[:tokens, np.newaxis]).astype(np.float32)


def _read_tokens(folder: Path, name: str, count: int) -> tuple[list[str], int | None]:
    """Read the tokens in the order of their ids, and the id of the token for unknown words, if there is one."""
    path = inner_file(folder, name)
    wanted = f"a tokenizer of {count} tokens in {path}"
    if path.stat().st_size > _BYTES_A_TOKEN * count + _SMALL:
        raise FormatError(sentence(wanted, f"{path.stat().st_size} bytes", _ADVICE))
    try:
        content = json.loads(path.read_bytes())
        model, added = content["model"], content.get("added_tokens") or []
        listed = model["vocab"]
        ids = dict(listed) if isinstance(listed, dict) else {token: place for place, (token, _) in enumerate(listed)}
        ids |= {token["content"]: token["id"] for token in added}
        tokens: list[Any] = [None] * count
        for token, place in ids.items():
            if not isinstance(token, str) or not isinstance(place, int) or place < 0 or tokens[place] is not None:
                raise ValueError(f"token {token!r} with id {place!r}")
            tokens[place] = token
        unknown = model.get("unk_token")
        place = model.get("unk_id") if unknown is None else ids.get(unknown)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as problem:
        came = f"what is none ({type(problem).__name__}: {str(problem)[:200]})"
        raise FormatError(sentence(wanted, came, _ADVICE)) from None
    if None in tokens:
        raise FormatError(sentence(wanted, f"none for row {tokens.index(None)}", _ADVICE))
    return tokens, place if isinstance(place, int) and 0 <= place < count else None
