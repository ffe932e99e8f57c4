"""Commands that count: `firth count` on text, `firth merge` and `firth subtract` on counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli.counted import write_counts
from firth.cli.options import (
    Cache,
    CountsFolder,
    CountsOutput,
    Dropping,
    Errors,
    FoldCase,
    Json,
    Keep,
    MaxWords,
    MinCount,
    Overwrite,
    Subsample,
    Threads,
    Tokenizer,
    Verbose,
    Window,
    WindowWeights,
)
from firth.cli.training import as_given, default_output
from firth.terminal import log_shown, progress_shown

if TYPE_CHECKING:
    from firth.observations.counts import Counts
    from firth.vectors import Vectors


def count(
    corpus: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS",
            help="Text: files (compressed ones too), a folder, a quoted glob, or - for standard input.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Where to save. By default here, named after the corpus: corpus.txt.gz gives corpus.counts.",
        ),
    ] = None,
    window: Window = 5,
    min_count: MinCount = 5,
    max_words: MaxWords = None,
    vocabulary: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Counts or vectors whose words to count in. Parts counted so add up exactly."
        ),
    ] = None,
    subsample: Subsample = 1e-3,
    noise_exponent: Annotated[
        float, typer.Option(help="Noise words are drawn by their count to this power: stored for those who draw.")
    ] = 0.75,
    window_weights: WindowWeights = "dynamic",
    dropping: Dropping = "before",
    keep: Keep = "word2vec",
    tokenizer: Tokenizer = "whitespace",
    fold_case: FoldCase = False,
    errors: Errors = "strict",
    cache: Cache = None,
    threads: Threads = None,
    memory: Annotated[
        int | None,
        typer.Option(help="Bytes beyond which temporary files are used: by default a quarter of what is free."),
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Count the pairs of words in text, exactly, and save the counts.

    They are what training optimises; the lowest loss that any vectors can have on this text follows from them.
    """
    from firth import recipes
    from firth.storage import check_free_output

    folder = default_output(corpus, "counts") if output is None else output
    check_free_output(folder, overwrite=overwrite)
    with log_shown(verbose=verbose), progress_shown(verbose=verbose) as on_progress:
        counts = recipes.count(
            as_given(corpus),
            window=window,
            min_count=min_count,
            max_words=max_words,
            vocabulary=None if vocabulary is None else _reference(vocabulary),
            subsample=subsample,
            noise_exponent=noise_exponent,
            window_weights=window_weights,
            dropping=dropping,
            keep=keep,
            tokenizer=tokenizer,
            fold_case=fold_case,
            errors=errors,
            cache=cache,
            threads=threads,
            memory=memory,
            on_progress=on_progress,
        )
    counts.save(folder, overwrite=overwrite)
    write_counts(counts, folder, as_json=json)


def merge(
    parts: Annotated[
        list[Path],
        typer.Argument(metavar="COUNTS", help="Folders with counts, two or more.", show_default=False),
    ],
    output: CountsOutput,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Add up counts of parts of a text.

    The sum is the count of the whole, to the last bit, if the parts were counted in one vocabulary (`firth count
    --vocabulary`), or with all their words (--min-count 1) and --dropping after or --subsample 0.
    """
    from firth.observations.counts import Counts
    from firth.storage import check_free_output

    check_free_output(output, overwrite=overwrite)
    with log_shown(verbose=verbose):
        total = Counts.load(parts[0])
        for part in parts[1:]:
            total = total + Counts.load(part)
        total.save(output, overwrite=overwrite)
    write_counts(total, output, as_json=json)


def subtract(
    whole: CountsFolder,
    part: CountsFolder,
    output: CountsOutput,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Subtract the counts of a part: as if it had never been counted."""
    from firth.observations.counts import Counts
    from firth.storage import check_free_output

    check_free_output(output, overwrite=overwrite)
    with log_shown(verbose=verbose):
        rest = Counts.load(whole) - Counts.load(part)
        rest.save(output, overwrite=overwrite)
    write_counts(rest, output, as_json=json)


def _reference(folder: Path) -> Counts | Vectors:
    """Open the counts or vectors whose words to count in."""
    from firth.contents import kind_of

    if kind_of(folder) == "counts":
        from firth.observations.counts import Counts

        return Counts.load(folder)
    from firth.vectors import Vectors

    return Vectors.load(folder)
