"""`firth train`: from the user's text to saved vectors, kept on the way."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.failures import INTERRUPTED
from firth.cli.options import (
    Cache,
    Dropping,
    Errors,
    FoldCase,
    IntervalWords,
    Json,
    Keep,
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
    WindowWeights,
)
from firth.cli.queries import write_losses
from firth.cli.verifying import verify_model
from firth.terminal import Cell, clock, log_shown, progress_shown, say, write_facts, write_json

if TYPE_CHECKING:
    from firth.training.checkpoints import Checkpoints
    from firth.vectors import Vectors

_ONLY_HERE = {
    *("corpus", "output", "verify", "overwrite", "json", "verbose", "subwords", "buckets"),
    *("patience", "checkpoint_minutes", "checkpoint_words", "no_checkpoints"),
}
"""The parameters of `firth train` that `firth.train` does not have, or not by this name; it gets all others."""

_COMPRESSIONS = {".gz", ".bz2", ".xz", ".zst"}


def train(
    context: typer.Context,
    corpus: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CORPUS",
            help="Text: files (compressed ones too), a folder, a quoted glob, or - for standard input.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Where to save. By default here, named after the corpus: corpus.txt.gz gives corpus.vectors.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(help="skip-gram (a word predicts its window) or cbow (a window's mean predicts its word).")
    ] = "skip-gram",
    loss: Annotated[
        str, typer.Option(help="sampling, hierarchical (softmax over a tree), or softmax (of at most 20 000 words).")
    ] = "sampling",
    gradient: Annotated[
        str | None,
        typer.Option(help="Of a mean: true, or historical as in word2vec.c and fastText. By default what is good."),
    ] = None,
    subwords: Annotated[
        tuple[int, int] | None,
        typer.Option(
            metavar="SHORTEST LONGEST",
            help="Let words be means of themselves and their n-grams of so many characters: 3 6, say. Words never seen "
            "then have vectors, too.",
        ),
    ] = None,
    buckets: Annotated[
        int, typer.Option(help="Rows that n-grams share by their hash, as in fastText; 0: one for each.")
    ] = 2_000_000,
    dimensions: Annotated[
        int | None, typer.Option(help="Length D of a vector: 100, or that of the vectors to go on from.")
    ] = None,
    window: Window = 5,
    negatives: Annotated[int, typer.Option(help="Noise words K for each pair.")] = 5,
    min_count: MinCount = 5,
    max_words: MaxWords = None,
    subsample: Subsample = 1e-3,
    passes: Passes = 5,
    learning_rate: Annotated[
        float | None, typer.Option(help="Step size at the start; by default what is good for the model.")
    ] = None,
    noise_exponent: NoiseExponent = 0.75,
    window_weights: WindowWeights = "dynamic",
    dropping: Dropping = "before",
    keep: Keep = "word2vec",
    tokenizer: Tokenizer = "whitespace",
    fold_case: FoldCase = False,
    errors: Errors = "strict",
    phrases: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Join these phrases first: what `firth phrases` saved.")
    ] = None,
    cache: Cache = None,
    keep_context: Annotated[bool, typer.Option(help="Save the context vectors too.")] = True,
    start: Annotated[
        Path | None,
        typer.Option("--from", metavar="MODEL", help="Go on from these vectors: words they know start where they are."),
    ] = None,
    frozen: Annotated[
        bool, typer.Option("--freeze", help="With --from: words that the vectors know stay as they are.")
    ] = False,
    held_out: Annotated[
        float, typer.Option(help="Share of the text that is never trained on, and whose loss is told: 0.01, say.")
    ] = 0.0,
    interval_words: IntervalWords = None,
    threads: Threads = None,
    seed: Seed = 1,
    reproducible: Annotated[
        bool,
        typer.Option(
            "--reproducible/--racing",
            help="The same bytes on any number of threads; racing is a little faster, and no two runs are the same.",
        ),
    ] = True,
    patience: Annotated[
        int | None,
        typer.Option(help="Stop when so many intervals have not lowered the loss of what is held out."),
    ] = None,
    checkpoint_minutes: Annotated[
        float, typer.Option(help="Write a checkpoint each time so many minutes have passed, in FOLDER.checkpoints.")
    ] = 10.0,
    checkpoint_words: Annotated[
        int | None, typer.Option(help="Write one each time so many words have been trained, too.")
    ] = None,
    no_checkpoints: Annotated[bool, typer.Option("--no-checkpoints", help="Write none, not even at Ctrl-C.")] = False,
    resume: Resume = False,
    verify: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="Train the vectors in the folder MODEL again, with the settings stored there, and compare the bytes. "
            "Nothing is saved. CORPUS can be left out if it is where it was.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Train word vectors on text and save them.

    Ctrl-C stops training, writes a checkpoint and saves what was learnt until then; the same command with --resume
    goes on from there. A second Ctrl-C leaves at once. Checkpoints go when training has come to its end.
    """
    if verify is not None:
        given = as_given(corpus) if corpus else None
        verify_model(context, verify, given, threads=threads, cache=cache, json=json, verbose=verbose)
        return
    if not corpus:
        context.fail("Missing argument 'CORPUS': name a text to train on, or with --verify vectors to train again")
    from firth import recipes
    from firth.recipes.resuming import is_interrupted_part
    from firth.storage import check_free_output
    from firth.text.subwords import Subwords
    from firth.training.intervals import EarlyStopping

    folder = default_output(corpus) if output is None else output
    checkpoints = None
    if not no_checkpoints:
        checkpoints = checkpoints_of(folder, checkpoint_minutes, checkpoint_words)
    elif resume or checkpoint_words is not None:
        context.fail("Option '--no-checkpoints' contradicts '--resume' and '--checkpoint-words': leave one out")
    on_interval = None if patience is None else EarlyStopping(patience=patience)
    with log_shown(verbose=verbose), progress_shown(verbose=verbose) as on_progress:
        # What this very run had learnt when it was interrupted gives way to what it learns.
        overwrite = overwrite or (resume and checkpoints is not None and is_interrupted_part(folder, checkpoints))
        check_free_output(folder, overwrite=overwrite)
        vectors = recipes.train(
            as_given(corpus),
            **{name: value for name, value in context.params.items() if name not in _ONLY_HERE},
            subwords=None
            if subwords is None
            else Subwords(smallest=subwords[0], longest=subwords[1], buckets=buckets or None),
            checkpoints=checkpoints,
            on_interval=on_interval,
            on_progress=on_progress,
        )
    result = save_vectors(vectors, folder, overwrite=overwrite, as_json=json)
    if json:
        write_json(result)
    leave_if_interrupted(vectors, folder, checkpoints)
    if checkpoints is not None:
        checkpoints.remove()


def as_given(corpus: list[str]) -> str | list[Path]:
    """Return a corpus as the library takes it: one name as it is, since it may be -; several as paths.

    >>> as_given(["*.txt"])
    '*.txt'
    """
    return corpus[0] if len(corpus) == 1 else [Path(name) for name in corpus]


def default_output(corpus: list[str], kind: str = "vectors") -> Path:
    """Name the output after the first corpus: a folder here, with its kind as suffix.

    >>> default_output(["texts/corpus.txt.gz"]).name, default_output(["texts/*.txt"]).name, default_output(["-"]).name
    ('corpus.vectors', 'texts.vectors', 'input.vectors')
    """
    path = Path(corpus[0])
    if corpus[0] == "-":
        return Path(f"input.{kind}")
    while any(sign in path.name for sign in "*?["):
        path = path.parent
    if path.is_dir():
        return Path(f"{path.resolve().name or 'corpus'}.{kind}")
    name = path.name.removesuffix(path.suffix) if path.suffix in _COMPRESSIONS else path.name
    return Path(f"{Path(name).stem or 'corpus'}.{kind}")


def save_vectors(vectors: Vectors, folder: Path, *, overwrite: bool, as_json: bool) -> dict[str, Any]:
    """Save vectors, sum up for a person on standard error how they came about, and return it for a program."""
    vectors.save(folder, overwrite=overwrite)
    training = vectors.config["training"]
    losses = training["losses"]
    words, dimensions = vectors.matrix.shape
    pairs = sum(entry["pairs"] for entry in losses)
    # Each pass goes through the same text, so the speed over all is the harmonic mean of the passes' speeds.
    speeds = [entry["words_per_second"] for entry in losses]
    speed = len(speeds) / sum(1 / speed for speed in speeds) if all(speeds) and speeds else None
    if not as_json:
        facts: dict[str, Cell] = {"words": words, "dimensions": dimensions, "pairs": pairs}
        facts["words/s"] = None if speed is None else round(speed)
        facts["time"] = clock(training["seconds"])
        write_losses(vectors, stream=sys.stderr)
        write_facts({**facts, "saved in": str(folder)}, stream=sys.stderr)
    shape = {"words": words, "dimensions": dimensions}
    return {"path": folder, **shape, "pairs": pairs, "words_per_second": speed, "training": training}


def checkpoints_of(folder: Path, minutes: float, words: int | None) -> Checkpoints:
    """Say where the checkpoints of an output are, beside it, and when they are written."""
    from firth.training.checkpoints import Checkpoints

    return Checkpoints(folder.with_name(f"{folder.name}.checkpoints"), minutes, words)


def leave_if_interrupted(vectors: Vectors, folder: Path, checkpoints: Checkpoints | None = None) -> None:
    """Leave with the status of Ctrl-C if training was stopped by it; say how to go on where that can be done."""
    if vectors.config["training"]["interrupted"]:
        say(f"interrupted; what was learnt until then is saved in {folder}")
        if checkpoints is not None and checkpoints.numbers():
            given = [argument for argument in sys.argv[1:] if argument != "--resume"]
            say(f"to go on: {shlex.join(['firth', *given, '--resume'])}")
        raise typer.Exit(INTERRUPTED)
