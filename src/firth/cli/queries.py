"""Commands that ask vectors: neighbours, analogies, what they are, how good they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.counted import WHOLE, scalars, size_of, write_counts_info
from firth.cli.options import Count, Json, ResultFolder, VectorsFolder, Verbose
from firth.terminal import Cell, log_shown, say, write_facts, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from firth.vectors import Vectors

_FREQUENT_SHOWN = 8
_LOSSES_SHOWN = 10


def similar(
    vectors: VectorsFolder,
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Words to find the neighbours of.")],
    count: Count = 10,
    index: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="What `firth index` built of these vectors: faster, and may miss some."),
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """List the words nearest to each WORD, by cosine.

    Of vectors with subwords a WORD may be any: one without a row has the mean of its n-grams.

    In a pipe each line is the word asked for, its neighbour and their similarity, separated by tabs.
    """
    from firth.vectors import Vectors

    with log_shown(verbose=verbose):
        asked = list(dict.fromkeys(words))
        loaded = Vectors.load(vectors)
        opened = None
        if index is not None:
            from firth.vectors.approximate import ApproximateIndex

            opened = ApproximateIndex.load(index)
        neighbours = dict(zip(asked, loaded.most_similar(asked, count=count, index=opened), strict=True))
        _say_composed(asked, loaded)
    if json:
        write_json({word: _as_objects(found) for word, found in neighbours.items()})
        return
    for word, found in neighbours.items():
        write_table(("neighbour", "similarity"), found, title=word, line_start=word)


def analogy(
    vectors: VectorsFolder,
    a: Annotated[str, typer.Argument(metavar="A", help="Man …", show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="… is to king …", show_default=False)],
    c: Annotated[
        str, typer.Argument(metavar="C", help="… as woman is to the words that are listed.", show_default=False)
    ],
    count: Count = 10,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Find the word that is to C as B is to A.

    Man is to king as woman is to …: `firth analogy VECTORS man king woman`.

    In a pipe each line is a word and its similarity, separated by a tab.
    """
    from firth.vectors import Vectors

    with log_shown(verbose=verbose):
        loaded = Vectors.load(vectors)
        found = loaded.analogy(a, b, c, count=count)
        _say_composed((a, b, c), loaded)
    if json:
        write_json({"a": a, "b": b, "c": c, "found": _as_objects(found)})
    else:
        write_table(("word", "similarity"), found, title=f"{a} is to {b} as {c} is to …")


def info(
    folder: ResultFolder,
    check: Annotated[
        bool, typer.Option("--check", help="Read all of it: checksums, and that every number is one.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Tell what vectors or counts hold and how they came about.

    In a pipe each line is a name and its value; a line for each pass is `pass`, its number, pairs, words a second, loss
    per pair and, if there is one, the held-out loss; for each sweep over counts `sweep`, its number, loss per pair,
    share closed and, if there is one, the held-out loss; separated by tabs.
    """
    from firth.contents import kind_of

    with log_shown(verbose=verbose):
        if kind_of(folder) == "counts":
            from firth.observations.counts import Counts

            write_counts_info(Counts.load(folder, check=check), folder, checked=check, as_json=json)
            return
        from firth.vectors import Vectors

        loaded = Vectors.load(folder, check=check)
    size = size_of(folder)
    words, dimensions = loaded.stored.shape
    if json:
        shape = {"words": words, "dimensions": dimensions}
        write_json({"path": folder, **shape, "bytes": size, "checked": check, "config": loaded.config})
        return
    frequent = " ".join(loaded.words[place] for place in range(min(_FREQUENT_SHOWN, words)))
    facts: dict[str, Cell] = {"words": words, "dimensions": dimensions, "bytes": size, "first words": frequent}
    groups = {name: value for name, value in loaded.config.items() if isinstance(value, dict)}
    single = {name: value for name, value in loaded.config.items() if name not in groups}
    write_facts({**facts, **scalars(single), "checked": WHOLE if check else None})
    for name, group in groups.items():
        if name != "files":  # sizes and checksums help nobody here
            write_facts(scalars(group), title=name.replace("_", " "))
    write_losses(loaded)


def evaluate(
    vectors: VectorsFolder,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Word pairs with scores, or analogy questions.", show_default=False),
    ],
    restrict: Annotated[
        int | None,
        typer.Option(min=1, help="Analogies: only so many words, the most frequent, count; usual is 30000."),
    ] = None,
    case: Annotated[str, typer.Option(help="How to look words up: either, written or lower.")] = "either",
    unknown: Annotated[
        str, typer.Option(help="Word pairs: skip words without a row, or compose them of their subwords.")
    ] = "skip",
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare vectors with what people say about words.

    In a pipe each line is the file's name, the measure, its value, and how many pairs or questions counted and were
    left out, because a word has no vector; separated by tabs.
    """
    from firth.evaluation import evaluate as evaluate_files
    from firth.vectors import Vectors

    with log_shown(verbose=verbose):
        found = evaluate_files(Vectors.load(vectors), files, restrict=restrict, case=case, unknown=unknown)
    results = [result.as_dict() for result in found]
    if json:
        write_json(results)
        return
    for result in results:
        if result.get("reason"):
            say(f"{result['name']}: {result['reason']}")
        if result.get("pairs_composed"):
            many = result["pairs_composed"]
            pairs = "1 pair has" if many == 1 else f"{many} pairs have"
            say(f"{result['name']}: {pairs} a word composed of its n-grams")
    rows = [row for result in results for row in measures(result)]
    write_table(("file", "measure", "value", "counted", "left out"), rows)


def write_losses(vectors: Vectors, *, stream: TextIO | None = None) -> None:
    """Write a table with the loss of each pass or sweep; of many, those at the ends of equal steps."""
    training = vectors.config.get("training", {})
    passes = [
        (
            entry["pass"],
            entry["pairs"],
            round(entry["words_per_second"]),
            entry["loss_per_pair"],
            entry.get("held_out_loss_per_pair"),
        )
        for entry in training.get("losses", [])
    ]
    sweeps = [
        (entry["sweep"], entry["loss_per_pair"], entry["share_closed"], entry["held_out_loss_per_pair"])
        for entry in training.get("sweeps", [])
    ]
    if passes:
        columns = ["pass", "pairs", "words/s", "loss per pair", "held-out loss"]
        width = 4 if all(held_out is None for *_, held_out in passes) else 5
        shown = [row[:width] for row in _some(passes)]
        write_table(columns[:width], shown, line_start="pass", stream=stream)
    if sweeps:
        columns = ["sweep", "loss per pair", "share closed", "held-out loss"]
        width = 3 if all(held_out is None for *_, held_out in sweeps) else 4
        shown = [row[:width] for row in _some(sweeps)]
        write_table(columns[:width], shown, line_start="sweep", stream=stream)


def _some(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the first row, the last, and those at the ends of equal steps, of rows that begin with their number."""
    step = -(-len(rows) // _LOSSES_SHOWN) or 1
    return [row for row in rows if row[0] in (1, len(rows)) or row[0] % step == 0]


def _say_composed(words: Sequence[str], vectors: Vectors) -> None:
    """Say which words have no row, and vectors all the same."""
    composed = [word for word in dict.fromkeys(words) if word not in vectors]
    if composed:
        say(f"composed of n-grams: {' '.join(composed)}")


def _as_objects(found: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """Return neighbours with their parts named."""
    return [{"word": word, "similarity": similarity} for word, similarity in found]


def measures(result: dict[str, Any]) -> list[tuple[Cell, ...]]:
    """Return what was measured with one file: name, measure, value, how many counted, how many were left out."""
    name = result["name"]
    if result["kind"] == "similarity":
        return [(name, "Spearman", result["spearman"], result["pairs_found"], result["pairs_missing"])]
    parts = [result[part] for part in ("overall", "semantic", "syntactic")]
    return [
        (name, f"accuracy, {part['name']}", part["accuracy"], part["asked"], part["skipped"])
        for part in parts
        if part["asked"] or part["skipped"]
    ]
