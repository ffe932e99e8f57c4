"""The pages for those who come from other tools: their code runs, as it stands, block after block."""

import re
from pathlib import Path

import pytest

from firth.documentation import read_documentation

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {"from-fasttext.md": None, "from-glove.md": "firth.vectors.formats.glove", "sklearn.md": "sklearn"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with a corpus and vectors as GloVe writes them."""
    monkeypatch.chdir(tmp_path)
    lines = [" ".join(words) for words in read_documentation(max_words=20_000)]
    Path("corpus.txt").write_text("\n".join(lines), encoding="utf-8")
    Path("glove.txt").write_text("and 0.5 1\nthe -1 0.25\nof 1 1\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page, folder):
    if PAGES[page] is not None:
        pytest.importorskip(PAGES[page], reason=f"{page} needs {PAGES[page]}")
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) > 1
    names = {}
    for block in blocks:
        exec(compile(block, str(DOCS / page), "exec"), names)


def test_flags_of_the_pages_are_flags_of_the_command():
    from typer.main import get_command

    from firth.cli import app

    commands = get_command(app).commands
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        for name, rest in re.findall(r"`firth (\w+)([^`]*)`", text):
            flags = {flag for parameter in commands[name].params for flag in parameter.opts}
            assert set(re.findall(r"--[\w-]+", rest)) <= flags, name
