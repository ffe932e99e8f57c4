"""`firth train --verify`: train again what was trained before, and compare the bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from firth.terminal import log_shown, progress_shown, write_json

_USED = {"verify", "corpus", "threads", "cache", "json", "verbose"}
"""The parameters of `firth train` that have a meaning here; all others are stored with the vectors."""


def verify_model(
    context: typer.Context,
    model: Path,
    corpus: str | list[Path] | None,
    *,
    threads: int | None,
    cache: Path | None,
    json: bool,
    verbose: bool,
) -> None:
    """Train vectors again, write to standard output whether the bytes are the same, and leave with 1 if not."""
    if refused := _other_options(context):
        context.fail(
            f"expected no settings of training beside --verify, which takes those stored in {str(model)!r}, "
            f"got {' and '.join(refused)}; leave them out"
        )
    from firth.verification import verify

    with log_shown(verbose=verbose), progress_shown(verbose=verbose) as on_progress:
        verification = verify(model, corpus, threads=threads, cache=cache, on_progress=on_progress)
    if json:
        write_json(verification.as_dict())
    else:
        sys.stdout.write(f"{verification}\n")
    if not verification.same:
        raise typer.Exit(1)


def _other_options(context: typer.Context) -> list[str]:
    """Return the options that were given and have no meaning here, as they are written."""
    refused = []
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in _USED or source is None or source.name != "COMMANDLINE":
            continue
        is_off = context.params.get(parameter.name or "") is False and parameter.secondary_opts
        refused.append((parameter.secondary_opts if is_off else parameter.opts)[0])
    return refused
