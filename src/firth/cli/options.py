"""Arguments and options that several commands share: same name, same meaning, same help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

VectorsFolder = Annotated[
    Path, typer.Argument(metavar="VECTORS", help="Folder with vectors, as `firth train` writes it.", show_default=False)
]
ResultFolder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        help="Folder with vectors or counts, as `firth train` and `firth count` write it.",
        show_default=False,
    ),
]
CountsFolder = Annotated[
    Path, typer.Argument(metavar="COUNTS", help="Folder with counts, as `firth count` writes it.", show_default=False)
]
CountsOutput = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", show_default=False, help="Where to save the counts.")
]
Count = Annotated[int, typer.Option("--count", "-n", min=1, help="How many words to list.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FOLDER", show_default=False, help="Where to save the vectors."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what was saved there before.")]
Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say what happens, also where nobody watches.")]
