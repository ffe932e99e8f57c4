"""Commands on vectors of documents: `firth documents train`, `similar`, `infer`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.failures import INTERRUPTED
from firth.cli.options import (
    Cache,
    Errors,
    FoldCase,
    IntervalWords,
    Json,
    MaxWords,
    MinCount,
    NoiseExponent,
    Overwrite,
    Passes,
    Resume,
    Seed,
    Subsample,
    Threads,
    Tokenizer,
    Verbose,
    Window,
)
from firth.cli.training import as_given, default_output
from firth.terminal import clock, log_shown, progress_shown, say, write_facts, write_json, write_table

if TYPE_CHECKING:
    import numpy as np

    from firth.vectors import DocumentVectors

document_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_BLOCK = 1 << 21  # bytes of text that are read at a time

DocumentsFolder = Annotated[
    Path,
    typer.Argument(
        metavar="DOCUMENTS",
        help="Folder with document vectors, as `firth documents train` writes it.",
        show_default=False,
    ),
]


@document_commands.callback()
def _documents() -> None:
    """Vectors of documents: a line of text is a document."""


@document_commands.command()
def train(
    corpus: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS",
            help="Text, a document a line: files (compressed ones too), a folder, a quoted glob, or - for standard "
            "input.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Where to save. By default here, named after the corpus: corpus.txt.gz gives corpus.documents.",
        ),
    ] = None,
    way: Annotated[
        str, typer.Option(help="dbow: a document predicts its words; dm: it and the window, the word in the middle.")
    ] = "dbow",
    train_words: Annotated[bool, typer.Option(help="Train vectors of words, too.")] = True,
    loss: Annotated[str, typer.Option(help="sampling, hierarchical or softmax.")] = "sampling",
    gradient: Annotated[str, typer.Option(help="With dm: true, or historical, as gensim has it.")] = "true",
    tags: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Names of the documents, one a line; by default 0, 1, 2, …")
    ] = None,
    dimensions: Annotated[int, typer.Option(help="Length D of a vector.")] = 100,
    window: Window = 5,
    negatives: Annotated[int, typer.Option(help="Noise words K for each word.")] = 5,
    min_count: MinCount = 5,
    max_words: MaxWords = None,
    subsample: Subsample = 1e-3,
    passes: Passes = 10,
    learning_rate: Annotated[
        float | None, typer.Option(help="Step size at the start; by default 0.05, with dm and its true gradient 0.2.")
    ] = None,
    noise_exponent: NoiseExponent = 0.75,
    tokenizer: Tokenizer = "whitespace",
    fold_case: FoldCase = False,
    errors: Errors = "strict",
    cache: Cache = None,
    keep_outputs: Annotated[bool, typer.Option(help="Save what `firth documents infer` needs, too.")] = True,
    interval_words: IntervalWords = None,
    threads: Threads = None,
    seed: Seed = 1,
    checkpoints: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep checkpoints here, every ten minutes and at Ctrl-C.")
    ] = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Train vectors of documents, a line of the text each, and save them.

    Ctrl-C stops training and saves what was learnt until then; a second Ctrl-C leaves at once.
    """
    from firth import recipes
    from firth.storage import check_free_output

    folder = default_output(corpus, "documents") if output is None else output
    check_free_output(folder, overwrite=overwrite)
    with log_shown(verbose=verbose), progress_shown(verbose=verbose) as on_progress:
        trained = recipes.train_documents(
            as_given(corpus),
            way=way,
            train_words=train_words,
            loss=loss,
            gradient=gradient,
            tags=None if tags is None else _lines(tags),
            dimensions=dimensions,
            window=window,
            negatives=negatives,
            min_count=min_count,
            max_words=max_words,
            subsample=subsample,
            passes=passes,
            learning_rate=learning_rate,
            noise_exponent=noise_exponent,
            tokenizer=tokenizer,
            fold_case=fold_case,
            errors=errors,
            cache=cache,
            keep_outputs=keep_outputs,
            interval_words=interval_words,
            threads=threads,
            seed=seed,
            checkpoints=checkpoints,
            resume=resume,
            on_progress=on_progress,
        )
    _save(trained, folder, overwrite=overwrite, as_json=json)


@document_commands.command()
def similar(
    folder: DocumentsFolder,
    queries: Annotated[list[str], typer.Argument(metavar="TAG", help="Documents to find the neighbours of.")],
    text: Annotated[bool, typer.Option("--text", help="Each TAG is a text instead: a document of its own.")] = False,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many documents to list.")] = 10,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """List the documents nearest to each TAG, or to each text, by cosine.

    In a pipe each line is what was asked for, the tag of its neighbour and their similarity, separated by tabs.
    """
    from firth.vectors import DocumentVectors

    with log_shown(verbose=verbose):
        asked = list(dict.fromkeys(queries))
        loaded = DocumentVectors.load(folder)
        wanted: list[Any] = [*loaded.infer_all(asked)] if text else asked
        found = [loaded.most_similar(query, count=count) for query in wanted]
    neighbours = dict(zip(asked, found, strict=True))
    if json:
        write_json(
            {
                query: [{"tag": tag, "similarity": similarity} for tag, similarity in near]
                for query, near in neighbours.items()
            }
        )
        return
    for query, near in neighbours.items():
        write_table(("document", "similarity"), near, title=query, line_start=query)


@document_commands.command()
def infer(
    folder: DocumentsFolder,
    corpus: Annotated[
        list[str], typer.Argument(metavar="TEXT", help="Text, a document a line, named as for training.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to: NAME.npy gets an array of NumPy, any other name a vector a line, as standard output does.",
        ),
    ] = None,
    passes: Annotated[int | None, typer.Option(help="Over each document; by default as many as in training.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="By default that of training.")] = None,
    seed: Annotated[int | None, typer.Option(help="By default that of training.")] = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
    verbose: Verbose = False,
) -> None:
    """Give vectors to documents that were not trained on: a line of text in, a line of numbers out.

    The numbers of a line are separated by tabs. The same line gives the same numbers in any company.
    """
    from firth.storage import check_free_file
    from firth.vectors import DocumentVectors

    if output is not None:
        check_free_file(output, overwrite=overwrite)
    with log_shown(verbose=verbose):
        lines = [line for name in corpus for line in _lines(name)]
        loaded = DocumentVectors.load(folder)
        found = loaded.infer_all(lines, passes=passes, learning_rate=learning_rate, seed=seed, threads=threads)
    _write_vectors(found, output, overwrite=overwrite)


def _lines(corpus: str | Path) -> list[str]:
    """Read the lines of a text, without their ends."""
    from firth.text.blocks import cut_blocks, valid_block
    from firth.text.characters import separators
    from firth.text.sources import open_source

    lines: list[str] = []
    for block in cut_blocks(open_source(corpus, "strict").chunks(_BLOCK), separators((0x0A,)), _BLOCK):
        text = valid_block(block, "strict")
        lines += text.text[: text.length].decode().removesuffix("\n").split("\n")
    return [line.removesuffix("\r") for line in lines]


def _write_vectors(vectors: np.ndarray, output: Path | None, *, overwrite: bool) -> None:
    """Write vectors as an array of NumPy or as text."""
    import numpy as np

    from firth.storage import new_file

    if output is not None and output.suffix == ".npy":
        with new_file(output, overwrite=overwrite) as file:
            np.save(file, vectors, allow_pickle=False)
        return
    lines = ("\t".join(map(str, row)) + "\n" for row in vectors)
    if output is None:
        sys.stdout.writelines(lines)
        return
    with new_file(output, overwrite=overwrite) as file:
        file.writelines(line.encode() for line in lines)


def _save(trained: DocumentVectors, folder: Path, *, overwrite: bool, as_json: bool) -> None:
    """Save vectors of documents, and sum up how they came about; leave with the status of Ctrl-C if it was pressed."""
    trained.save(folder, overwrite=overwrite)
    training = trained.config["training"]
    last = training["losses"][-1]
    sizes = {"documents": len(trained), "words": len(trained.words), "dimensions": trained.dimensions}
    if as_json:
        write_json({"path": folder, **sizes, "training": training})
    else:
        made = {"loss per pair": last["loss_per_pair"], "words/s": round(last["words_per_second"])}
        time = clock(training["seconds"])
        write_facts({**sizes, **made, "time": time, "saved in": str(folder)}, stream=sys.stderr)
    if training["interrupted"]:
        say(f"interrupted; what was learnt until then is saved in {folder}")
        raise typer.Exit(INTERRUPTED)
