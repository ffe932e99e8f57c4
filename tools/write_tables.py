"""Write the tables of numbers in README.md and docs/ from the results of the benchmarks: none of them is typed.

    python tools/write_tables.py

A table stands between `<!-- table: NAME -->` and `<!-- end -->`, and comes from `benchmarks/results/NAME.json`:
{"what", "command", "date", "machine": {…}, "columns": […], "rows": [[…], …]}, cells rounded already.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_TABLE = re.compile(r"(<!-- table: (?P<name>[\w.-]+) -->\n)(?P<body>.*?)(?P<end><!-- end -->)", re.DOTALL)
_MARKER = re.compile(r"<!-- (?:table:|end).*?-->")


def render_table(result: dict[str, Any]) -> str:
    """Return a result as a Markdown table, with a line that says how to make it again.

    Args:
        result: what a file of results holds.

    Raises:
        ValueError: if a row has not one cell for each column.
    """
    columns, rows = result["columns"], result["rows"]
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"expected {len(columns)} cells in each row, got {len(row)} in {row!r}; mend the results")
    # A column is set to the right if all it holds are numbers.
    numeric = [bool(rows) and all(_is_number(row[place]) for row in rows) for place in range(len(columns))]
    lines = [
        _line(columns),
        _line(["---:" if right else "---" for right in numeric]),
        *(_line(row) for row in rows),
    ]
    machine = ", ".join(str(value) for value in result["machine"].values())
    note = f"<sub>{result['what']}. Reproduce: `{result['command']}` ({machine}; {result['date']}).</sub>"
    return "\n".join([*lines, "", note, ""])


def _is_number(cell: object) -> bool:
    """Tell whether a cell is a number, and not a truth value."""
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _line(cells: list[Any]) -> str:
    """Return one row of a table; a bar inside a cell would end it."""
    texts = (f"{cell:,}" if isinstance(cell, int) and _is_number(cell) else str(cell) for cell in cells)
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def write_tables(text: str, results: Path) -> str:
    """Return a text with each table between its markers written anew.

    Args:
        text: Markdown with markers.
        results: folder that holds NAME.json for each table.

    Raises:
        ValueError: if a marker has no partner, or a table no results.
    """
    if len(_MARKER.findall(text)) != 2 * len(_TABLE.findall(text)):
        raise ValueError("expected each '<!-- table: NAME -->' to be followed by its '<!-- end -->', each on its line")

    def rewritten(found: re.Match[str]) -> str:
        path = results / f"{found['name']}.json"
        if not path.is_file():
            raise ValueError(f"expected results for the table {found['name']!r}, got none; run the benchmark first")
        return found[1] + render_table(json.loads(path.read_text(encoding="utf-8"))) + found["end"]

    return _TABLE.sub(rewritten, text)


def main() -> None:
    """Rewrite README.md and the pages below docs/."""
    for page in pages():
        written = write_tables(page.read_text(encoding="utf-8"), ROOT / "benchmarks" / "results")
        page.write_text(written, encoding="utf-8")


def pages() -> list[Path]:
    """List the pages that may hold tables."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


if __name__ == "__main__":
    main()
