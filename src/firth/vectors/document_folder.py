r"""Document vectors as a folder: `vectors.safetensors`, `words.txt`, `config.json`, `README.md`, perhaps `tags.txt`.

Like the folder of word vectors, with the tensors `matrix` (N, D) of documents, `counts` (V,) of words and, where they
were trained or kept, `word_matrix` and `output_matrix` (V, D). `tags.txt` has a tag a line, in the form of `words.txt`;
without it the documents are known by their numbers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firth.contents import WORDS, checked_file, checked_size, checked_tensors, describe_files
from firth.storage import new_folder, read_config, write_config
from firth.tensors import write_tensors
from firth.vectors.card import model_card
from firth.vectors.words import Words

KIND, VERSION = "documents", 1
_TENSORS = "vectors.safetensors"
_TAGS = "tags.txt"
_USE = """\
## Use

```python
import firth

documents = firth.DocumentVectors.load({name})
documents.most_similar(documents.tags[0])
```

Or without `firth`, in this folder: a row for each document, in the order they were given.

```python
from safetensors.numpy import load_file

matrix = load_file("vectors.safetensors")["matrix"]
```
"""


class DocumentParts(NamedTuple):
    """What document vectors are made of.

    Attributes:
        words: V of them.
        tags: N of them, or None.
        tensors: `matrix` (N, D), `counts` (V,), and perhaps `word_matrix` (V, D) and `output_matrix` (V, D).
        config: how they were made.
    """

    words: Words
    tags: Words | None
    tensors: Mapping[str, np.ndarray]
    config: dict[str, Any]


def write_documents(folder: str | os.PathLike[str], parts: DocumentParts, *, overwrite: bool = False) -> None:
    """Write document vectors to a folder that is there whole or not at all.

    Args:
        folder: where to.
        parts: what they are made of. What the config says of `documents`, `words`, `dimensions` and `files` is replaced
            by what is written.
        overwrite: whether an older output of the library may be replaced.

    Raises:
        OutputExistsError: if the place is taken.
        SettingsError: if the config holds what JSON can't.
        OutputError: if the disk is full, or the place can't be written to.
    """
    rows, columns = parts.tensors["matrix"].shape
    texts = {WORDS: parts.words} | ({_TAGS: parts.tags} if parts.tags is not None else {})
    with new_folder(folder, overwrite=overwrite) as fresh:
        write_tensors(fresh / _TENSORS, parts.tensors)
        for name, lines in texts.items():
            (fresh / name).write_bytes(lines.encoded())
        files = describe_files(fresh, (_TENSORS, *texts))
        sizes = {"documents": rows, "words": len(parts.words), "dimensions": columns, "files": files}
        rest = {name: value for name, value in parts.config.items() if name not in sizes}
        write_config(fresh, KIND, VERSION, {**sizes, **rest})
        card = model_card(Path(os.path.realpath(folder)).name, read_config(fresh, KIND, VERSION), use=_USE)
        (fresh / "README.md").write_text(card, encoding="utf-8", newline="\n")


def open_documents(folder: str | os.PathLike[str], *, check: bool = False) -> DocumentParts:
    """Open document vectors from a folder: sizes and formats are checked, the contents are mapped.

    Args:
        folder: where from.
        check: whether to read everything, too, and compare checksums.

    Raises:
        FormatError: if this is no such folder, or not a whole one.
    """
    folder = Path(folder)
    config = read_config(folder, KIND, VERSION)
    rows, words, columns = (checked_size(folder, config, name) for name in ("documents", "words", "dimensions"))
    wanted = {
        "matrix": (np.float32, (rows, columns)),
        "counts": (np.uint64, (words,)),
        "word_matrix": (np.float32, (words, columns)),
        "output_matrix": (np.float32, (words, columns)),
    }
    paths = {name: checked_file(folder, config, name, check=check) for name in (_TENSORS, WORDS)}
    tensors = checked_tensors(paths[_TENSORS], wanted, optional=("word_matrix", "output_matrix"))
    tags = None
    if _TAGS in config["files"]:
        tags = Words.mapped(checked_file(folder, config, _TAGS, check=check), rows)
    return DocumentParts(Words.mapped(paths[WORDS], words), tags, tensors, config)
