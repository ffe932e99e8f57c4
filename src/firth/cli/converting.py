"""`firth convert`: vectors of any tool in the format of another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from firth.cli.options import Json, Overwrite, Verbose, WordErrors
from firth.terminal import Cell, log_shown, write_facts, write_json

TARGETS = {
    "static-embedding": "folder of model2vec, sentence-transformers",
    "firth": "our folder",
    "fasttext": ".bin",
    "numpy": ".npz",
    "word2vec": "binary",
    "word2vec-text": "also fastText's .vec",
    "glove": "text",
}
"""What can be written, and what that is; written out, as help must not wait for imports."""


def convert(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="File or folder of vectors, of any tool.", show_default=False)
    ],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="File or folder to write.", show_default=False)],
    format: Annotated[
        str,
        typer.Option(help="What to write: " + ", ".join(f"{name} ({title})" for name, title in TARGETS.items()) + "."),
    ] = "firth",
    source_format: Annotated[
        str | None, typer.Option(help="What IN is, where it does not show: one of these, or gensim.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Convert only so many rows, the first.")] = None,
    errors: WordErrors = "strict",
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write vectors of any tool in the format of another.

    What IN is, is seen from what is in it, not from its name. From word2vec, GloVe and our folder into these, and into
    a static embedding, large files pass through little memory; others may be read whole.
    """
    from firth.vectors.converting import convert as convert_vectors

    with log_shown(verbose=verbose):
        done = convert_vectors(
            source,
            target,
            format=format,
            source_format=source_format,
            limit=limit,
            errors=errors,
            overwrite=overwrite,
        )
    facts: dict[str, Cell] = {
        "words": done.words,
        "dimensions": done.dimensions,
        "read as": done.source,
        "written as": done.target,
    }
    if json:
        write_json({**facts, "left out": done.left_out, "repaired": done.repaired, "path": target})
        return
    listed = (("left out", done.left_out), ("repaired", done.repaired))
    changes = {f"{what}, {reason}": many for what, reasons in listed for reason, many in reasons.items()}
    write_facts({**facts, **changes, "saved in": str(target)}, stream=sys.stderr)
