"""Where errors become sentences and exit statuses: around every command, and nowhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from firth.terminal import say

INTERRUPTED = 130
"""Exit status after Ctrl-C: 128 + SIGINT, as shells have it."""

_PIPE_CLOSED = 141  # 128 + SIGPIPE


class Commands(TyperGroup):
    """The group of all commands, with the failures of each said in one sentence."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the type of Typer's context moved between its versions
        """Run the command that was asked for."""
        with _failures_said():
            result = super().invoke(ctx)
            sys.stdout.flush()  # here, so that a closed pipe is met inside the block
            return result


@contextmanager
def _failures_said() -> Iterator[None]:
    """Turn what a user can mend, and Ctrl-C, into one sentence and an exit status; a bug keeps its traceback."""
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has seen enough. What is still buffered goes nowhere, or the interpreter would
        # try again at its end, and complain.
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise typer.Exit(_PIPE_CLOSED) from None
    except Exception as error:
        if (text := _sentence_of(error)) is None:
            raise
        say(text)
        raise typer.Exit(1) from None


def _sentence_of(error: Exception) -> str | None:
    """Say an error in one sentence, or return None if it is not the user's to mend."""
    if "firth.errors" in sys.modules:  # else none of them was raised, and usage errors need not wait for NumPy
        from firth.errors import FirthError

        if isinstance(error, FirthError):
            return str(error)
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}" if str(error) else "not enough memory"
    if isinstance(error, OSError) and error.strerror is not None:
        return error.strerror if error.filename is None else f"{error.strerror}: {os.fsdecode(error.filename)}"
    return None
