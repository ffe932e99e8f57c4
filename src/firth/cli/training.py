"""Commands that train: `firth train` on the user's text, `firth demo` on text that is always there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.failures import INTERRUPTED
from firth.cli.options import Json, Output, Overwrite, Verbose
from firth.cli.queries import write_losses
from firth.cli.verifying import verify_model
from firth.terminal import (
    Cell,
    clock,
    log_shown,
    progress_shown,
    say,
    write_facts,
    write_json,
    write_table,
)

if TYPE_CHECKING:
    from firth.vectors import Vectors

_COMPRESSIONS = {".gz", ".bz2", ".xz", ".zst"}

_DEMO_FOLDER = Path("firth-demo.vectors")
_DEMO_SETTINGS: dict[str, Any] = {"dimensions": 100, "window": 8, "min_count": 10, "passes": 20}
_DEMO_WORDS = ("row", "mean", "median", "list", "read", "left", "minimum", "client", "encode")
_DEMO_ANALOGIES = (("array", "arrays", "list"), ("read", "reading", "write"), ("sin", "cos", "sinh"))


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
    dimensions: Annotated[int, typer.Option(help="Length D of a vector.")] = 100,
    window: Annotated[int, typer.Option(help="Largest distance of two words that form a pair.")] = 5,
    negatives: Annotated[int, typer.Option(help="Noise words K for each pair.")] = 5,
    min_count: Annotated[int, typer.Option(help="Leave out words that occur less often.")] = 5,
    max_words: Annotated[int | None, typer.Option(help="Keep this many words at most: the most frequent.")] = None,
    subsample: Annotated[float, typer.Option(help="Thin out words above this share of the text; 0: none.")] = 1e-3,
    passes: Annotated[int, typer.Option(help="How often to go through the text.")] = 5,
    learning_rate: Annotated[float, typer.Option(help="Step size at the start.")] = 0.025,
    noise_exponent: Annotated[float, typer.Option(help="Noise words are drawn by their count to this power.")] = 0.75,
    window_weights: Annotated[
        str, typer.Option(help="How a pair counts by its distance: dynamic, fixed or harmonic.")
    ] = "dynamic",
    dropping: Annotated[
        str, typer.Option(help="Thin out before the window is laid, so that it closes up, or after.")
    ] = "before",
    keep: Annotated[str, typer.Option(help="Rule for thinning out: word2vec or paper.")] = "word2vec",
    tokenizer: Annotated[
        str, typer.Option(help="How text becomes words: whitespace, or words (without punctuation).")
    ] = "whitespace",
    fold_case: Annotated[bool, typer.Option(help="Take upper and lower case as the same.")] = False,
    errors: Annotated[str, typer.Option(help="Bytes that are not UTF-8: strict (refuse) or replace.")] = "strict",
    phrases: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Join these phrases first: what `firth phrases` saved.")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps the text, read, for the next run.")] = None,
    keep_context: Annotated[bool, typer.Option(help="Save the context vectors too.")] = True,
    threads: Annotated[int | None, typer.Option(help="By default one for each core.")] = None,
    seed: Annotated[int, typer.Option(help="Where all random numbers start.")] = 1,
    reproducible: Annotated[
        bool,
        typer.Option(
            "--reproducible/--racing",
            help="The same bytes on any number of threads; racing is a little faster, and no two runs are the same.",
        ),
    ] = True,
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

    Ctrl-C stops training and saves what was learnt until then; a second Ctrl-C leaves at once.
    """
    if verify is not None:
        given = as_given(corpus) if corpus else None
        verify_model(context, verify, given, threads=threads, cache=cache, json=json, verbose=verbose)
        return
    if not corpus:
        context.fail("Missing argument 'CORPUS': name a text to train on, or with --verify vectors to train again")
    from firth import recipes
    from firth.storage import check_free_output

    folder = default_output(corpus) if output is None else output
    check_free_output(folder, overwrite=overwrite)
    with log_shown(verbose=verbose), progress_shown(verbose=verbose) as on_progress:
        vectors = recipes.train(
            as_given(corpus),
            dimensions=dimensions,
            window=window,
            negatives=negatives,
            min_count=min_count,
            max_words=max_words,
            subsample=subsample,
            passes=passes,
            learning_rate=learning_rate,
            noise_exponent=noise_exponent,
            window_weights=window_weights,
            dropping=dropping,
            keep=keep,
            tokenizer=tokenizer,
            fold_case=fold_case,
            errors=errors,
            phrases=phrases,
            cache=cache,
            keep_context=keep_context,
            threads=threads,
            seed=seed,
            reproducible=reproducible,
            on_progress=on_progress,
        )
    result = _save(vectors, folder, overwrite=overwrite, as_json=json)
    if json:
        write_json(result)
    leave_if_interrupted(vectors, folder)


def demo(
    output: Output = _DEMO_FOLDER,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Train on the documentation of this Python and show the result.

    The corpus is the docstrings of the standard library and of the installed packages: nothing is downloaded, and
    it takes less than a minute. An earlier demo in the default place is replaced.
    """
    from firth import recipes
    from firth.documentation import read_documentation
    from firth.storage import check_free_output

    folder = _DEMO_FOLDER if output is None else output
    overwrite = overwrite or _is_demo(folder)
    check_free_output(folder, overwrite=overwrite)
    with log_shown(verbose=verbose), progress_shown(verbose=verbose) as on_progress:
        vectors = recipes.train(read_documentation(), **_DEMO_SETTINGS, on_progress=on_progress)
    vectors.config["demo"] = True
    neighbours = {word: _words(vectors.most_similar(word, count=5)) for word in _DEMO_WORDS if word in vectors}
    analogies = {
        f"{a} : {b} = {c} : …": _words(vectors.analogy(a, b, c, count=3))
        for a, b, c in _DEMO_ANALOGIES
        if a in vectors and b in vectors and c in vectors
    }
    result = _save(vectors, folder, overwrite=overwrite, as_json=json)
    if json:
        write_json({**result, "neighbours": neighbours, "analogies": analogies})
    else:
        write_table(("word", "nearest"), [(word, ", ".join(found)) for word, found in neighbours.items()])
        write_table(("analogy", "found"), [(question, ", ".join(found)) for question, found in analogies.items()])
    leave_if_interrupted(vectors, folder)


def _is_demo(folder: Path) -> bool:
    """Tell whether a folder is an earlier demo's, in the default place."""
    from firth.errors import FirthError
    from firth.vectors import Vectors

    try:
        return folder == _DEMO_FOLDER and Vectors.load(folder).config.get("demo") is True
    except FirthError:
        return False


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


def _save(vectors: Vectors, folder: Path, *, overwrite: bool, as_json: bool) -> dict[str, Any]:
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


def leave_if_interrupted(vectors: Vectors, folder: Path) -> None:
    """Leave with the status of Ctrl-C if training was stopped by it."""
    if vectors.config["training"]["interrupted"]:
        say(f"interrupted; what was learnt until then is saved in {folder}")
        raise typer.Exit(INTERRUPTED)


def _words(found: list[tuple[str, float]]) -> list[str]:
    """Return the words of a list of neighbours."""
    return [word for word, _ in found]
