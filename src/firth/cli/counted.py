"""What counts say of themselves, to people and to programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.terminal import Cell, clock, write_facts, write_json

if TYPE_CHECKING:
    from firth.observations.counts import Counts

WHOLE = "whole, nothing wrong found"
_NOT_EXACT = "no: not the count of the whole, keep probabilities and words were each part's own"


def size_of(folder: Path) -> int:
    """Return how many bytes a file has, or the files below a folder."""
    if folder.is_file():
        return folder.stat().st_size
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def as_document(counts: Counts, folder: Path) -> dict[str, Any]:
    """Return what counts hold, in JSON's terms."""
    has_pairs = counts.total > 0
    return {
        "path": folder,
        "words": len(counts),
        "cells": counts.nonzero,
        "pairs": counts.total,
        "tokens": counts.tokens,
        "is_exact": counts.is_exact,
        "coverage": counts.coverage,
        "conditional_entropy": counts.conditional_entropy() if has_pairs else None,
        "unigram_cross_entropy": counts.unigram_cross_entropy() if has_pairs else None,
    }


def write_counts(counts: Counts, folder: Path, *, as_json: bool) -> None:
    """Say what was counted and saved: a document on standard output, or lines on standard error."""
    document = as_document(counts, folder)
    if as_json:
        write_json({**document, "config": counts.config})
        return
    facts = {**_facts(document), "time": clock(counts.record.seconds), "saved in": str(folder)}
    write_facts(facts, stream=sys.stderr)


def write_counts_info(counts: Counts, folder: Path, *, checked: bool, as_json: bool) -> None:
    """Say what a folder of counts holds, and how it came about, on standard output."""
    document = as_document(counts, folder)
    if as_json:
        write_json({**document, "bytes": size_of(folder), "checked": checked, "config": counts.config})
        return
    config = counts.config
    single = {name: config[name] for name in ("reference_total", "seconds")}
    facts = {**_facts(document), "bytes": size_of(folder), **scalars(single)}
    write_facts({**facts, "checked": WHOLE if checked else None})
    write_facts(scalars(config["observations"]), title="observations")
    for name in ("corpora", "removed"):
        for number, text in enumerate(config[name], start=1):
            write_facts(scalars(text), title=f"{'corpus' if name == 'corpora' else name} {number}")
    write_facts(scalars(config["made_with"] or {}), title="made with")


def _facts(document: dict[str, Any]) -> dict[str, Cell]:
    """Return what a person wants to know of counts."""
    return {
        "words": document["words"],
        "cells": document["cells"],
        "pairs": document["pairs"],
        "tokens": document["tokens"],
        "exact": "yes" if document["is_exact"] else _NOT_EXACT,
        "coverage": document["coverage"] if document["coverage"] < 1 else None,
        "lowest loss, nats a pair": document["conditional_entropy"],
        "loss of the unigram model": document["unigram_cross_entropy"],
    }


def scalars(config: dict[str, Any]) -> dict[str, Cell]:
    """Return the single values in nested settings, named by the last part of their name while that is free.

    >>> scalars({"seed": 1, "corpus": {"tokens": 7, "seed": 2}})
    {'seed': 1, 'tokens': 7, 'corpus seed': 2}
    """
    found: dict[str, Cell] = {}
    taken = {key.replace("_", " ") for key in config}
    for key, value in config.items():
        name = key if key.startswith("_") else key.replace("_", " ")
        if isinstance(value, dict):
            inner = {f"{name} {part}" if part in taken else part: fact for part, fact in scalars(value).items()}
            found |= inner
            taken |= set(inner)
        elif isinstance(value, str | int | float):
            found[name] = value
        elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            found[name] = ("; " if any(" " in item for item in value) else " ").join(value)
    return found
