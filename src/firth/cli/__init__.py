"""The `firth` command: one subcommand per use, over the same functions that Python calls.

What takes time to import (NumPy, Numba, the library itself) is imported inside the commands, so that
`firth --help` answers at once. A mistake that the user can mend is one sentence on standard error and status 1;
wrong usage is status 2; Ctrl-C is status 130.

Modules in the order of their imports: failures, options, counted, queries, shrinking, verifying, training,
demonstration, documents, counting, fitting, finding, converting.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from firth.cli.converting import convert
from firth.cli.counting import count, merge, subtract
from firth.cli.demonstration import demo
from firth.cli.documents import document_commands
from firth.cli.failures import Commands
from firth.cli.finding import phrases
from firth.cli.fitting import fit, gap
from firth.cli.queries import analogy, evaluate, info, similar
from firth.cli.shrinking import compress, index
from firth.cli.training import train

__all__ = ["app", "main"]

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: half the lines, and it can be searched and copied
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _show_version(wanted: bool) -> None:
    """Write the version and leave."""
    if wanted:
        from firth import __version__

        typer.echo(f"firth {__version__}")
        raise typer.Exit


@app.callback()
def _firth(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Word vectors from text: train them, ask them, judge them."""


for command in (
    train,
    similar,
    analogy,
    info,
    evaluate,
    convert,
    compress,
    index,
    count,
    merge,
    subtract,
    fit,
    gap,
    phrases,
    demo,
):
    app.command()(command)
app.add_typer(document_commands, name="documents")


def main() -> None:
    """Run the command that the command line asks for, and leave with its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a word that this terminal can't show stops nothing
    app(prog_name="firth")
