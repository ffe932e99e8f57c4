"""Commands that make something of vectors: smaller ones, an index."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.options import Json, Overwrite, Seed, Threads, VectorsFolder, Verbose
from firth.cli.queries import measures
from firth.terminal import Cell, log_shown, write_facts, write_json, write_table

if TYPE_CHECKING:
    from firth.vectors import Vectors


def compress(
    vectors: VectorsFolder,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", show_default=False, help="Where to save the vectors.")
    ],
    to: Annotated[
        str, typer.Option(help="float32; float16; int8 with a scale for each row; product (a few bytes).")
    ] = "float32",
    words: Annotated[int | None, typer.Option(help="Keep so many words at most: the most frequent.")] = None,
    dimensions: Annotated[int | None, typer.Option(help="Keep so many dimensions (PCA).")] = None,
    center: Annotated[bool, typer.Option("--center", help="For --dimensions: take away the mean first.")] = False,
    groups: Annotated[
        int | None, typer.Option(help="For product: bytes a word; by default one for each four dimensions.")
    ] = None,
    evaluate: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Word pairs or analogy questions, to tell what it costs; may come again."),
    ] = None,
    restrict: Annotated[int | None, typer.Option(min=1, help="For --evaluate: as for `firth evaluate`.")] = None,
    seed: Seed = 1,
    threads: Threads = None,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Make vectors smaller: fewer words, dimensions or bits.

    With --evaluate it tells what that costs, and the saved vectors hold it, too.

    In a pipe each line is the file's name, the measure, its value before and after, separated by tabs.
    """
    from firth.storage import check_free_output
    from firth.vectors import Vectors
    from firth.vectors.compressing import compress as compressed

    with log_shown(verbose=verbose):
        check_free_output(output, overwrite=overwrite)
        loaded = Vectors.load(vectors)
        small = compressed(
            loaded,
            to=to,
            words=words,
            dimensions=dimensions,
            center=center,
            groups=groups,
            seed=seed,
            threads=threads,
        )
        costs = _costs(loaded, small, evaluate or [], restrict)
        report: dict[str, Any] = small.config["compression"]
        report["evaluation"] = [dict(zip(("file", "measure", "before", "after"), row, strict=True)) for row in costs]
        small.save(output, overwrite=overwrite)
    if json:
        write_json({"path": output, "compression": report})
        return
    before, after = report["bytes"]
    facts: dict[str, Cell] = {
        "words": len(small),
        "dimensions": small.dimensions,
        "bytes of vectors before": before,
        "bytes of vectors": after,
        "mean cosine": report["mean_cosine"],
        "variance kept": report.get("variance_kept"),
        "left out": ", ".join(report["left_out"]) or None,
        "saved in": str(output),
    }
    write_facts(facts)
    if costs:
        write_table(("file", "measure", "before", "after"), costs)


def index(
    vectors: VectorsFolder,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", show_default=False, help="Where to save the index.")
    ],
    connectivity: Annotated[int, typer.Option(help="Links of a word; more find more, in more room.")] = 16,
    expansion_build: Annotated[
        int, typer.Option(help="Candidates held while a word is linked; more find more, built slower.")
    ] = 128,
    expansion_search: Annotated[
        int, typer.Option(help="Candidates held while one is looked for; more find more, slower.")
    ] = 64,
    seed: Seed = 1,
    threads: Annotated[
        int, typer.Option(min=1, help="One gives the same index every time; more are faster, and it differs.")
    ] = 1,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Build an index for `firth similar --index`.

    It tells how many of the neighbours it finds, measured against exact search on a sample of words.

    In a pipe each line is a name and its value, separated by a tab.
    """
    from firth.storage import check_free_output
    from firth.vectors import Vectors
    from firth.vectors.approximate import ApproximateIndex

    with log_shown(verbose=verbose):
        check_free_output(output, overwrite=overwrite)
        built = ApproximateIndex.build(
            Vectors.load(vectors),
            connectivity=connectivity,
            expansion_build=expansion_build,
            expansion_search=expansion_search,
            seed=seed,
            threads=threads,
        )
        built.save(output, overwrite=overwrite)
    if json:
        write_json({"path": output, **built.config})
        return
    recall = built.config["recall"]
    facts: dict[str, Cell] = {
        "words": built.config["words"],
        "dimensions": built.config["dimensions"],
        f"recall of {recall['at']}": recall["mean"],
        "measured on words": recall["words"],
        "saved in": str(output),
    }
    write_facts(facts)


def _costs(before: Vectors, after: Vectors, files: list[Path], restrict: int | None) -> list[tuple[Cell, ...]]:
    """Evaluate vectors before and after: the file, the measure, and both values."""
    from firth.evaluation import evaluate

    if not files:
        return []
    both = [
        [row for result in evaluate(one, files, restrict=restrict) for row in measures(result.as_dict())]
        for one in (before, after)
    ]
    values = {row[:2]: row[2] for row in both[1]}
    return [(*row[:3], values.get(row[:2])) for row in both[0]]
