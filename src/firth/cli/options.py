"""Arguments and options that several commands share: same name, same meaning, same help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

VectorsFolder = Annotated[
    Path,
    typer.Argument(
        metavar="VECTORS",
        help="Vectors: a folder, as `firth train` writes it, or a file of any tool.",
        show_default=False,
    ),
]
ResultFolder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        help="Folder with vectors or counts, as `firth train` and `firth count` write it, or vectors of any tool.",
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

Window = Annotated[int, typer.Option(help="Largest distance of two words that have to do with each other.")]
MinCount = Annotated[int, typer.Option(help="Leave out words that occur less often.")]
MaxWords = Annotated[int | None, typer.Option(help="Keep this many words at most: the most frequent.")]
Subsample = Annotated[float, typer.Option(help="Thin out words above this share of the text; 0: none.")]
Passes = Annotated[int, typer.Option(help="How often to go through the text.")]
NoiseExponent = Annotated[float, typer.Option(help="Noise words are drawn by their count to this power.")]
WindowWeights = Annotated[str, typer.Option(help="How a pair counts by its distance: dynamic, fixed or harmonic.")]
Dropping = Annotated[str, typer.Option(help="Thin out before the window is laid, so that it closes up, or after.")]
Keep = Annotated[str, typer.Option(help="Rule for thinning out: word2vec or paper.")]
Tokenizer = Annotated[str, typer.Option(help="How text becomes words: whitespace, or words (without punctuation).")]
FoldCase = Annotated[bool, typer.Option(help="Take upper and lower case as the same.")]
Errors = Annotated[str, typer.Option(help="Bytes that are not UTF-8: strict (refuse) or replace.")]
WordErrors = Annotated[str, typer.Option(help="Words that are not UTF-8: strict (refuse), replace or ignore.")]
Cache = Annotated[Path | None, typer.Option(help="Folder that keeps the text, read, for the next run.")]
IntervalWords = Annotated[
    int | None, typer.Option(help="Tell losses after so many words of text, about; by default after each pass.")
]
Threads = Annotated[int | None, typer.Option(help="By default one for each core.")]
Seed = Annotated[int, typer.Option(help="Where all random numbers start.")]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Go on from the last checkpoint, to the bytes of a run that was never stopped."),
]
