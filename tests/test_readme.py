"""The tables in README.md and docs/ are what the benchmarks wrote, number by number."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def load_tool():
    spec = importlib.util.spec_from_file_location("write_tables", ROOT / "tools" / "write_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = load_tool()

RESULT = {
    "what": "Raw words a second, two threads",
    "command": "python benchmarks/run.py speed",
    "date": "2026-11-22",
    "machine": {"cpu": "A CPU", "cores": 2},
    "columns": ["trainer", "words/s", "loss", "note"],
    "rows": [["firth", 3_850_000, 2.31, "a|b"], ["gensim", 442_000, 2.4, ""]],
}

RENDERED = """\
| trainer | words/s | loss | note |
| --- | ---: | ---: | --- |
| firth | 3,850,000 | 2.31 | a\\|b |
| gensim | 442,000 | 2.4 |  |

<sub>Raw words a second, two threads. Reproduce: `python benchmarks/run.py speed` (A CPU, 2; 2026-11-22).</sub>
"""


@pytest.mark.parametrize("page", tool.pages(), ids=lambda page: page.name)
def test_pages_hold_the_results_as_they_are(page):
    text = page.read_text(encoding="utf-8")
    written = tool.write_tables(text, ROOT / "benchmarks" / "results")
    assert text == written, f"{page} differs from the results: run  python tools/write_tables.py"


def test_a_table_is_rendered():
    assert tool.render_table(RESULT) == RENDERED


def test_tables_are_written_between_their_markers_only(tmp_path):
    (tmp_path / "speed.json").write_text(json.dumps(RESULT), encoding="utf-8")
    before, after = "# firth\n\n<!-- table: speed -->\n", "<!-- end -->\n\nMore, with 3.14 typed.\n"
    written = tool.write_tables(before + "| old |\n" + after, tmp_path)
    assert written == before + RENDERED + after
    assert tool.write_tables(written, tmp_path) == written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!-- table: speed -->\n<!-- end -->", "expected results for the table 'speed', got none"),
        ("<!-- table: speed -->\n", "to be followed by its '<!-- end -->'"),
        ("<!-- end -->\n", "to be followed by its '<!-- end -->'"),
        ("<!-- table: a -->\n<!-- table: b -->\n<!-- end -->", "to be followed by its '<!-- end -->'"),
    ],
)
def test_markers_that_do_not_match_are_refused(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        tool.write_tables(text, tmp_path)


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="expected 4 cells in each row, got 1 in"):
        tool.render_table({**RESULT, "rows": [["firth"]]})
