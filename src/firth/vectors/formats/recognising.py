"""All formats of vectors in one table, and which of them a file has: told by what is in it, never by its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firth.errors import FormatError, check_choice, sentence
from firth.storage import recover_folder
from firth.vectors.formats import arrays, fasttext, gensim_models, glove, own_folder, static_embedding, word2vec
from firth.vectors.formats.parts import Parts, Stretches
from firth.vectors.formats.sifting import first_parts, first_stretches, plain_file

_HEAD = 4096


@dataclass(frozen=True)
class Format:
    """What the library can do with one format of vectors.

    Args:
        name: as users write it.
        title: as people call it.
        recognises: tells from the path and the first 4096 bytes (none of a folder) whether a file has this format.
        read: reads it whole: `read(path, limit=…, errors=…)`; see `takes`, and `parts_of`, which is to be called.
        stretches: reads it in bounded memory, with the same parameters; None: it can only be read whole.
        write: writes words and vectors: `write(path, stretches, overwrite=…)`; None: it can't be written in stretches.
        write_parts: writes all that it can hold: `write_parts(path, parts, overwrite=…)`; None: words and vectors are.
        holds_more: whether it can hold more than words and vectors, which `stretches` leaves out.
        takes: which of `limit` and `errors` the readers take; a limit that they don't is applied to what they give.
    """

    name: str
    title: str
    recognises: Callable[[Path, bytes], bool]
    read: Callable[..., Parts]
    stretches: Callable[..., Stretches] | None = None
    write: Callable[..., None] | None = None
    write_parts: Callable[..., None] | None = None
    holds_more: bool = False
    takes: tuple[str, ...] = ("limit", "errors")

    def parts_of(self, path: str | os.PathLike[str], *, limit: int | None, errors: str) -> Parts:
        """Read a file whole; parameters and errors are those of `Vectors.load`."""
        return first_parts(self.read(path, **self._given(limit, errors)), limit)

    def stretches_of(self, path: str | os.PathLike[str], *, limit: int | None, errors: str) -> Stretches:
        """Read a file stretch by stretch, if there is a way to; parameters and errors are those of `Vectors.load`."""
        assert self.stretches is not None
        return first_stretches(self.stretches(path, **self._given(limit, errors)), limit)

    def _given(self, limit: int | None, errors: str) -> dict[str, Any]:
        """Return the parameters that the readers take."""
        return {name: value for name, value in (("limit", limit), ("errors", errors)) if name in self.takes}


FORMATS = {
    each.name: each
    for each in (
        Format(
            "static-embedding",
            "folder of model2vec or sentence-transformers (StaticEmbedding)",
            static_embedding.recognises,
            static_embedding.read_static_embedding,
            write=static_embedding.write_static_embedding,
        ),
        Format(
            "firth",
            "folder of firth",
            own_folder.recognises,
            own_folder.read_own_folder,
            own_folder.stretches_of_own_folder,
            own_folder.write_own_folder,
            own_folder.write_own_parts,
            holds_more=True,
        ),
        Format(
            "fasttext",
            "fastText .bin or .ftz",
            fasttext.recognises,
            fasttext.read_fasttext,
            fasttext.stretches_of_fasttext,
            write_parts=fasttext.write_fasttext,
            holds_more=True,
        ),
        Format(
            "gensim",
            "gensim .model or .kv",
            gensim_models.recognises,
            gensim_models.read_gensim,
            holds_more=True,
            takes=(),
        ),
        Format(
            "numpy",
            "NumPy .npz",
            arrays.recognises,
            arrays.read_arrays,
            write_parts=arrays.write_arrays,
            holds_more=True,
        ),
        Format(
            "word2vec",
            "word2vec, binary",
            word2vec.recognises_binary,
            word2vec.read_word2vec,
            word2vec.stretches_of_word2vec,
            word2vec.write_word2vec,
        ),
        Format(
            "word2vec-text",
            "word2vec, text (fastText .vec)",
            word2vec.recognises_text,
            word2vec.read_word2vec_text,
            word2vec.stretches_of_word2vec_text,
            word2vec.write_word2vec_text,
        ),
        Format("glove", "GloVe, text", glove.recognises, glove.read_glove, glove.stretches_of_glove, glove.write_glove),
    )
}
"""By name, in the order in which they are asked whether they recognise a file."""

WRITABLE = tuple(name for name, each in FORMATS.items() if each.write or each.write_parts)


def format_of(path: str | os.PathLike[str], name: str | None = None) -> Format:
    """Return the format of a file or folder of vectors.

    Args:
        path: the file or folder.
        name: of the format, if it is known; then nothing is looked at.

    Raises:
        FormatError: if nothing is there, or none of the formats.
        SettingsError: if there is no format of this name.

    >>> format_of("any.bin", "word2vec").title
    'word2vec, binary'
    """
    if name is not None:
        return FORMATS[check_choice("format", name, tuple(FORMATS))]
    path, head = Path(path), b""
    if not os.path.lexists(path) and "\0" not in str(path):
        path = recover_folder(path)
    if not path.is_dir():
        plain_file(path)
        with path.open("rb") as file:
            head = file.read(_HEAD)
    for each in FORMATS.values():
        if each.recognises(path, head):
            return each
    came = "a folder that is none" if path.is_dir() else "a file that is none" if head else "an empty file"
    advice = f"check the path, or name its format ({', '.join(FORMATS)})"
    raise FormatError(sentence(f"vectors of a known format in {path}", came, advice))
