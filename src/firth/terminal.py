"""What a command shows: results on standard output, everything else on standard error.

A person at a terminal gets tables, colours and a progress bar; a pipe gets tab-separated lines and silence. Rich is
imported where something is drawn, so that `firth --help` doesn't wait for it.
"""

from __future__ import annotations

import json
import logging
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO
from unicodedata import bidirectional

if TYPE_CHECKING:
    from firth.training.progress import Progress, ProgressCallback

Cell = str | int | float | None


def say(text: str) -> None:
    """Write one line to standard error, with the program's name before it."""
    sys.stderr.write(f"firth: {text}\n")
    sys.stderr.flush()


def write_json(document: object) -> None:
    """Write one JSON document to standard output; a number that JSON has no word for (NaN, ∞) becomes null."""
    # Escaped where the stream could not carry the letters: an escape is still the same document.
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    text = json.dumps(_plain(document), ensure_ascii=ascii_only, indent=2, allow_nan=False)
    sys.stdout.write(text + "\n")


def _plain(value: Any) -> Any:  # noqa: ANN401 - of every kind
    """Return a value in JSON's terms: NumPy's scalars and arrays as Python's, a path as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _plain(value.tolist()) if "numpy" in type(value).__module__ else str(value)


def write_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    title: str | None = None,
    line_start: str | None = None,
    stream: TextIO | None = None,
) -> None:
    """Write a table: drawn on a terminal; tab-separated without a header elsewhere.

    Args:
        columns: names of the columns.
        rows: cells; numbers are set to the right.
        title: said above a drawn table.
        line_start: what a tab-separated line begins with, to tell the rows of several tables apart.
        stream: where to; by default standard output.
    """
    stream = sys.stdout if stream is None else stream
    if not stream.isatty():
        start = () if line_start is None else (line_start,)
        for row in rows:
            stream.write("\t".join(_cell(cell, drawn=False) for cell in (*start, *row)) + "\n")
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # `Text` takes a word as it is: a plain string would be read as markup, and "[red]" would vanish.
    console, table = _console(stream), Table(box=box.SIMPLE_HEAD)
    for place, name in enumerate(columns):
        numeric = any(isinstance(row[place], int | float) for row in rows)
        table.add_column(Text(name), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, _in_order([_cell(cell, drawn=True) for cell in row])))
    if title:
        console.print(Text(title, style="bold"))  # not the table's own, which would wrap where the table ends
    console.print(table)


def _in_order(cells: list[str]) -> list[str]:
    """Keep the cells of a row in their places where a terminal reorders text from right to left.

    It would swap a Hebrew or Arabic word with the number behind it. A mark before a cell, which has no width, stops
    that; before and not behind, lest it be copied with the word.
    """
    is_reordered = any(bidirectional(letter) in ("R", "AL", "AN") for cell in cells for letter in cell)
    return [f"\N{LEFT-TO-RIGHT MARK}{cell}" for cell in cells] if is_reordered else cells


def write_facts(facts: Mapping[str, Cell], *, title: str | None = None, stream: TextIO | None = None) -> None:
    """Write names and values, one pair a line: aligned on a terminal; tab-separated elsewhere.

    Args:
        facts: values by name; those that are None are left out.
        title: of what: said above aligned facts, and before each name elsewhere.
        stream: where to; by default standard output.
    """
    stream = sys.stdout if stream is None else stream
    drawn = stream.isatty()
    known = {name: value for name, value in facts.items() if value is not None}
    width = max(map(len, known), default=0)
    if drawn and title and known:
        stream.write(f"\n{title}\n")
    for name, value in known.items():
        # A setting may be 1e-05: it is written with the digits that it has, not with so many places.
        text = f"{value:.6g}" if isinstance(value, float) else _cell(value, drawn=drawn)
        before = f"  {name:<{width}}  " if drawn else f"{title} {name}\t" if title else f"{name}\t"
        stream.write(before + text + "\n")


def _cell(value: Cell, *, drawn: bool) -> str:
    """Return a cell as text: thousands set apart for people only."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if drawn and isinstance(value, int) else str(value)


def short_number(value: float) -> str:
    """Return a number as people say it.

    >>> short_number(3_851_000), short_number(17_200), short_number(940)
    ('3.85 M', '17.2 k', '940')
    """
    rounded = float(f"{value:.3g}")  # first, or 999 950 would become 1e+03 k
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if rounded >= unit:
            return f"{rounded / unit:.3g} {name}"
    return f"{value:.0f}"


def clock(seconds: float) -> str:
    """Return a time as a clock shows it.

    >>> clock(75), clock(3 * 3600 + 61)
    ('1:15', '3:01:01')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _LogLines(logging.Handler):
    """Show the library's log as lines of this program."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a warning or worse says what it is."""
        level = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        say(level + record.getMessage())


@contextmanager
def log_shown(*, verbose: bool) -> Iterator[None]:
    """Show the library's warnings while a command runs, and its notes on a terminal or when asked to.

    Args:
        verbose: show the notes in a pipe too.
    """
    logger, handler = logging.getLogger("firth"), _LogLines()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if verbose or sys.stderr.isatty() else logging.WARNING)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


@contextmanager
def progress_shown(*, verbose: bool) -> Iterator[ProgressCallback | None]:
    """Show how far a run is: a bar on a terminal; in a pipe a line for each stage and pass if asked to, else nothing.

    Args:
        verbose: say in a pipe, too, where the run stands.

    Yields:
        What to hand to `firth.train` as `on_progress`.
    """
    if not sys.stderr.isatty():
        yield _line_by_line() if verbose else None
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    console = _console(sys.stderr)
    bar_width = max(6, min(40, console.width - 68))  # what is said beside the bar takes up to 67 columns
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=bar_width, complete_style="cyan"),
        TaskProgressColumn(),
        TextColumn("{task.fields[facts]}", markup=False, style="cyan"),
    )
    with Bar(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("reading", total=None, facts="")

        def show(report: Progress) -> None:
            bar.update(
                task,
                description=_place(report),
                total=None if report.share_done is None else 1.0,
                completed=report.share_done or 0.0,
                facts=_facts(report, "  "),
            )

        yield show


def _line_by_line() -> Callable[[Progress], None]:
    """Return a callback that says each stage and each pass once, when it is first reported."""
    said = ""

    def show(report: Progress) -> None:
        nonlocal said
        if (place := _place(report)) != said:
            said = place
            say(", ".join(filter(None, (place, _facts(report, ", ")))))

    return show


def _place(report: Progress) -> str:
    """Say which stage a run is in."""
    return f"pass {report.pass_number}/{report.passes}" if report.stage == "training" else report.stage


def _facts(report: Progress, separator: str) -> str:
    """Say what is known of a run at this moment."""
    facts = [
        None if report.words_per_second is None else f"{short_number(report.words_per_second)} words/s",
        None if report.loss_per_pair is None else f"loss {report.loss_per_pair:.3f}",
        None if report.held_out_loss_per_pair is None else f"held out {report.held_out_loss_per_pair:.3f}",
        None if report.gap is None else f"gap {report.gap:.3f}",
        # Beside a held-out loss there is no room for the rate in 80 columns.
        None
        if report.learning_rate is None or report.held_out_loss_per_pair is not None
        else f"rate {report.learning_rate:.4f}",
        None if report.seconds_left is None else f"{clock(report.seconds_left)} left",
    ]
    return separator.join(fact for fact in facts if fact)


def _console(stream: TextIO) -> Any:  # noqa: ANN401 - Rich is imported on use only
    """Return Rich's view of a stream."""
    from rich.console import Console

    return Console(file=stream, highlight=False, soft_wrap=False)
