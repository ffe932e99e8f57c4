"""`firth phrases`: find the phrases of a text, or join those of a folder in it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.options import Cache, Count, Errors, FoldCase, Json, Overwrite, Threads, Tokenizer, Verbose
from firth.cli.training import as_given, default_output
from firth.terminal import log_shown, progress_shown, write_facts, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from firth.text import Phrase, Phrases

_SEARCH = {"min_count", "threshold", "score", "passes", "connectors", "separator", "longest", "count"}
"""The parameters that have a meaning only where phrases are looked for."""


def phrases(
    context: typer.Context,
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
            metavar="PATH",
            help="Where to save: the folder of phrases, or with --with the file of text. By default here, named after "
            "the corpus: corpus.txt.gz gives corpus.phrases, or corpus.joined.txt.",
        ),
    ] = None,
    joined_with: Annotated[
        Path | None,
        typer.Option(
            "--with",
            metavar="FOLDER",
            help="Look for none: join the phrases in this folder, and write the text, a sentence a line.",
        ),
    ] = None,
    min_count: Annotated[int, typer.Option(help="Pairs that come less often are no phrases.")] = 5,
    threshold: Annotated[
        float | None, typer.Option(help="A phrase scores more: by default 100 (original) or 0.5 (npmi).")
    ] = None,
    score: Annotated[
        str, typer.Option(help="original (word2vec's), or npmi: normalised mutual information, -1 to 1.")
    ] = "original",
    passes: Annotated[int, typer.Option(help="How often to look again, for phrases of phrases.")] = 1,
    connectors: Annotated[
        str,
        typer.Option(help="Words that may stand inside a phrase: none, english, or a list parted by commas."),
    ] = "none",
    separator: Annotated[str, typer.Option(help="What stands between the words of a phrase.")] = "_",
    longest: Annotated[int | None, typer.Option(help="Words that a phrase may have at most.")] = None,
    tokenizer: Tokenizer = "whitespace",
    fold_case: FoldCase = False,
    errors: Errors = "strict",
    cache: Cache = None,
    threads: Threads = None,
    count: Count = 20,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Find words that belong together, save them and list the best.

    `firth train CORPUS --phrases FOLDER` trains on the text with its phrases joined.

    In a pipe each line is a phrase, its count, its score and its pass, separated by tabs.
    """
    text: dict[str, Any] = {
        "tokenizer": tokenizer,
        "fold_case": fold_case,
        "errors": errors,
        "cache": cache,
        "threads": threads,
    }
    if joined_with is not None:
        _check_no_search(context, joined_with)
        _write_joined(corpus, joined_with, output, text, overwrite=overwrite, json=json, verbose=verbose)
        return
    from firth import recipes
    from firth.storage import check_free_output

    folder = default_output(corpus, "phrases") if output is None else output
    check_free_output(folder, overwrite=overwrite)
    with log_shown(verbose=verbose), progress_shown(verbose=verbose) as on_progress:
        found = recipes.find_phrases(
            as_given(corpus),
            min_count=min_count,
            threshold=threshold,
            score=score,
            passes=passes,
            connectors=named_connectors(connectors),
            separator=separator,
            longest=longest,
            **text,
            on_progress=on_progress,
        )
    found.save(folder, overwrite=overwrite)
    _write_found(found, folder, count, as_json=json)


def named_connectors(connectors: str) -> str | list[str]:
    """Return connectors as the library takes them.

    >>> named_connectors("none"), named_connectors("english"), named_connectors("der,die, das")
    ([], 'english', ['der', 'die', 'das'])
    """
    if connectors == "english":
        return connectors
    return [] if connectors == "none" else [word.strip() for word in connectors.split(",")]


def _check_no_search(context: typer.Context, folder: Path) -> None:
    """Refuse settings of the search beside phrases that are there already."""
    parameters = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    given = [
        parameters[name]
        for name in parameters
        if name in _SEARCH and (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    ]
    if given:
        context.fail(
            f"expected no settings of the search beside --with, which takes the phrases in {str(folder)!r}, "
            f"got {' and '.join(given)}; leave them out"
        )


def _write_joined(
    corpus: list[str],
    folder: Path,
    output: Path | None,
    text: dict[str, Any],
    *,
    overwrite: bool,
    json: bool,
    verbose: bool,
) -> None:
    """Write the text with the phrases of a folder joined."""
    from firth.recipes.preparing import reading_progress, share_progress
    from firth.storage import check_free_file
    from firth.text import Phrases, prepare_corpus

    file = default_output(corpus, "joined.txt") if output is None else output
    check_free_file(file, overwrite=overwrite)
    with log_shown(verbose=verbose), progress_shown(verbose=verbose) as on_progress:
        found = Phrases.load(folder)
        on_bytes = reading_progress(on_progress)
        with prepare_corpus(as_given(corpus), **text, min_count=1, on_progress=on_bytes) as prepared:
            on_share = share_progress(on_progress, "writing")
            found.write(prepared, file, overwrite=overwrite, threads=text["threads"], on_share=on_share)
            facts = {"sentences": prepared.sentences, "words": prepared.tokens}
    if json:
        write_json({"path": file, "phrases": folder, **facts})
    else:
        write_facts({**facts, "saved in": str(file)}, stream=sys.stderr)


def _write_found(found: Phrases, folder: Path, count: int, *, as_json: bool) -> None:
    """List the best phrases on standard output, and sum up on standard error."""
    best = _best(found, count)
    if as_json:
        rows = [asdict(phrase) for phrase in best]
        write_json({"path": folder, "phrases": len(found), "best": rows, "config": found.config})
        return
    write_table(
        ("phrase", "count", "score", "pass"),
        [(phrase.text, phrase.count, phrase.score, phrase.pass_number) for phrase in best],
    )
    tokens = found.config["corpus"]["tokens"]
    write_facts({"phrases": len(found), "words": tokens, "saved in": str(folder)}, stream=sys.stderr)


def _best(found: Phrases, count: int) -> Sequence[Phrase]:
    """Return the phrases with the highest scores, of all passes."""
    return sorted(found, key=lambda phrase: -phrase.score)[:count]
