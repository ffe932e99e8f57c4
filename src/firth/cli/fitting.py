"""Commands on counts and vectors: `firth fit` trains on counts, `firth gap` says how far vectors are from the best."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.options import CountsFolder, Json, Overwrite, Seed, Threads, VectorsFolder, Verbose
from firth.cli.queries import write_losses
from firth.cli.training import leave_if_interrupted
from firth.terminal import Cell, clock, log_shown, progress_shown, write_facts, write_json, write_table

if TYPE_CHECKING:
    from firth.evaluation.gap import Gap, WordGap
    from firth.vectors import Vectors

_HELD_OUT = typer.Option(
    metavar="COUNTS",
    help="Counts of other text, best in the same words (firth count --vocabulary).",
    show_default=False,
)


def fit(
    counts: CountsFolder,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Where to save. By default here, named after the counts: corpus.counts gives corpus.vectors.",
        ),
    ] = None,
    objective: Annotated[str, typer.Option(help="What is minimised: softmax, sampling, ppmi or glove.")] = "softmax",
    dimensions: Annotated[int, typer.Option(help="Length D of a vector.")] = 100,
    negatives: Annotated[int, typer.Option(help="Sampling: noise words K for each pair.")] = 5,
    collisions: Annotated[
        str, typer.Option(help="Sampling: a noise word that is the context word: allow, skip or resample.")
    ] = "allow",
    shift: Annotated[float, typer.Option(help="Ppmi: taken off the mutual information, in nats.")] = 0.0,
    l2: Annotated[float, typer.Option(help="Weight of the squared lengths of all vectors.")] = 0.0,
    passes: Annotated[int, typer.Option(help="Sweeps over all pairs of words at most.")] = 25,
    tolerance: Annotated[
        float, typer.Option(help="Stop when a sweep gains less than this share of what there is to gain.")
    ] = 0.004,
    held_out: Annotated[Path | None, _HELD_OUT] = None,
    threads: Threads = None,
    seed: Seed = 1,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Train word vectors on counts and save them.

    The whole objective is minimised, nothing is sampled, and the lowest value that any vectors can have is known: what
    is shown is how far from it they are. Ctrl-C ends training after the sweep under way and saves what was learnt.
    """
    from firth import recipes
    from firth.observations.counts import Counts
    from firth.storage import check_free_output

    folder = _default_output(counts) if output is None else output
    check_free_output(folder, overwrite=overwrite)
    with log_shown(verbose=verbose), progress_shown(verbose=verbose) as on_progress:
        vectors = recipes.fit(
            Counts.load(counts),
            objective=objective,
            dimensions=dimensions,
            negatives=negatives,
            collisions=collisions,
            shift=shift,
            l2=l2,
            passes=passes,
            tolerance=tolerance,
            held_out=None if held_out is None else Counts.load(held_out),
            threads=threads,
            seed=seed,
            on_progress=on_progress,
        )
    vectors.save(folder, overwrite=overwrite)
    _write_fit(vectors, folder, shown=verbose or sys.stderr.isatty(), as_json=json)
    leave_if_interrupted(vectors, folder)


def gap(
    vectors: VectorsFolder,
    counts: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            help="Counts of the text they were trained on, made with the same settings.",
            show_default=False,
        ),
    ],
    reading: Annotated[
        str | None,
        typer.Option(help="How scores are probabilities: softmax, sampling or pmi; by default as they were trained."),
    ] = None,
    negatives: Annotated[
        int | None, typer.Option(help="Sampling: noise words K for each pair; by default as they were trained.")
    ] = None,
    collisions: Annotated[
        str | None,
        typer.Option(help="Sampling: a noise word that is the context word: allow, skip (word2vec) or resample."),
    ] = None,
    held_out: Annotated[Path | None, _HELD_OUT] = None,
    rows: Annotated[
        int | None, typer.Option(min=2, help="Draw so many centre words, and say how sure that is; by default: all.")
    ] = None,
    l2: Annotated[
        float | None, typer.Option(help="The weight they were trained with: adds a certificate of the optimum.")
    ] = None,
    seed: Seed = 1,
    threads: Threads = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Say how far vectors are from the best there could be.

    The gap is what is left to learn of the counts, in nats a pair. Beside it stand the gaps of models that know nothing
    of the centre word: only what is below them was learnt.

    In a pipe each line is a name and its value; for the words that are modelled worst `word` or `word per pair`, the
    word, its pairs, its gap per pair and what it adds to the gap of all; separated by tabs.
    """
    from firth.evaluation.gap import gap as measure
    from firth.observations.counts import Counts
    from firth.vectors import Vectors

    with log_shown(verbose=verbose):
        found = measure(
            Vectors.load(vectors),
            Counts.load(counts),
            reading=reading,
            negatives=negatives,
            collisions=collisions,
            held_out=None if held_out is None else Counts.load(held_out),
            rows=rows,
            l2=l2,
            seed=seed,
            threads=threads,
        )
    if json:
        write_json({"vectors": vectors, "counts": counts, **found.as_dict()})
    else:
        _write_gap(found)


def _default_output(counts: Path) -> Path:
    """Name the vectors after the counts: a folder here.

    >>> _default_output(Path("texts/corpus.counts")).name, _default_output(Path("corpus")).name
    ('corpus.vectors', 'corpus.vectors')
    """
    return Path(f"{counts.resolve().name.removesuffix('.counts') or 'counts'}.vectors")


def _write_fit(vectors: Vectors, folder: Path, *, shown: bool, as_json: bool) -> None:
    """Say what was learnt: a document on standard output, or lines on standard error; sweeps if they were not shown."""
    training = vectors.config["training"]
    words, dimensions = vectors.matrix.shape
    if as_json:
        write_json({"path": folder, "words": words, "dimensions": dimensions, "training": training})
        return
    if not shown:
        write_losses(vectors, stream=sys.stderr)
    known = {
        "loss, nats a pair": training.get("loss_per_pair"),
        "held-out loss": training.get("held_out_loss_per_pair"),
        "bound": training.get("bound"),
        "gap": training.get("gap"),
        "share closed": training.get("share_closed"),
        "squared error": training.get("value"),
        "lowest": training.get("lowest"),
        "stopped by": training["stopped"],
        "time": clock(training["seconds"]),
        "saved in": str(folder),
    }
    write_facts({"words": words, "dimensions": dimensions, **known}, stream=sys.stderr)


def _write_gap(found: Gap) -> None:
    """Write what was measured, as facts and two tables, on standard output."""
    told = found.as_dict()
    is_estimate = found.standard_error > 0
    facts: dict[str, Cell] = {
        "loss, nats a pair": found.value,
        "loss with the best contexts": found.value_with_best_contexts,
        "bound": found.bound,
        "gap": found.gap,
        "gap with the best contexts": found.gap_with_best_contexts,
        "standard error": found.standard_error if is_estimate else None,
        "share closed": found.share_closed,
        "gap of the unigram model": found.unigram_gap,
        "gap of word frequencies": found.word_frequency_gap,
        "gap of the noise words": found.noise_gap,
        "gap of a constant score": found.constant_gap,
        "reading": _reading_of(found),
        "words": found.words,
        "pairs": round(found.pairs),
        "coverage": found.coverage if found.coverage < 1 else None,
        "rows drawn": found.rows,
    }
    write_facts(facts)
    for title, start in {"negative sampling": "sampling_", "held-out": "held_out_"}.items():
        part = {name.removeprefix(start): value for name, value in told.items() if name.startswith(start)}
        if not is_estimate:
            part.pop("standard_error", None)
        write_facts(_named(part), title=title)
    certificate = found.certificate or {}
    write_facts({name.replace("_", " "): value for name, value in certificate.items()}, title="certificate")
    _write_words(found.contributions(), "modelled worst, by what each adds to the gap", "word")
    _write_words(found.contributions(per_pair=True), "modelled worst, by pair", "word per pair")


def _reading_of(found: Gap) -> str:
    """Name the reading, with what belongs to it."""
    if found.negatives is None:
        return found.reading
    return f"{found.reading}, {found.negatives} negatives, collisions {found.collisions}"


def _named(part: dict[str, Any]) -> dict[str, Cell]:
    """Return values under names as people write them."""
    return {("loss" if name == "value" else name.replace("_", " ")): value for name, value in part.items()}


def _write_words(words: list[WordGap], title: str, line_start: str) -> None:
    """Write a table of words."""
    rows = [(word.word, round(word.pairs), word.gap, word.contribution) for word in words]
    if rows:
        if sys.stdout.isatty():
            sys.stdout.write("\n")
        write_table(("word", "pairs", "gap per pair", "adds to the gap"), rows, title=title, line_start=line_start)
