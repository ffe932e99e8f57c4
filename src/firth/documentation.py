"""A corpus that is always there: the documentation of the Python that runs this, and of the packages beside it.

Docstrings are read from source text with `ast`: nothing is imported and nothing is executed. Beside them stand
the language reference's topics, which Python ships as the strings of one module (`pydoc_data.topics`).
"""

from __future__ import annotations

import ast
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

MAX_WORDS = 2_000_000
"""Where reading stops: enough for good neighbours, and no surprise beside a very large installation."""

# Tests say little in prose; `site-packages` inside the standard library is a root of its own; what is vendored is
# read where it comes from, and what is generated or kept for Python 2 repeats the rest.
_SKIPPED_FOLDERS = {
    *("test", "tests", "testing", "_testing", "idlelib", "lib2to3", "turtledemo"),
    *("site-packages", "dist-packages", "__pycache__", "_vendor", "_distutils", "node_modules"),
}
_TOPICS = ("pydoc_data", "topics.py")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_LEAST_WORDS = 3


def documentation_folders() -> list[Path]:
    """List the folders that hold the standard library and the installed packages, in this order, each once."""
    named = (sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
    return list(dict.fromkeys(Path(folder).resolve() for folder in named if folder))


def read_documentation(folders: Sequence[Path] | None = None, *, max_words: int = MAX_WORDS) -> Iterator[list[str]]:
    """Read the docstrings below some folders, one paragraph after the other.

    Files come in the order of their names, folder by folder, so the same installation gives the same corpus.
    A paragraph that was seen before is left out, and so are doctests, tests and files that can't be parsed.

    Args:
        folders: where to look for Python source; by default `documentation_folders()`.
        max_words: stop after the paragraph that reaches this number.

    Yields:
        The words of one paragraph, lower-cased: letters only, at least three of them.
    """
    seen: set[tuple[str, ...]] = set()
    words_read = 0
    for path in _sources(documentation_folders() if folders is None else folders):
        for text in _texts(path):
            for words in _paragraphs(text):
                if len(words) < _LEAST_WORDS or (key := tuple(words)) in seen:
                    continue
                seen.add(key)
                yield words
                words_read += len(words)
                if words_read >= max_words:
                    return


def _sources(folders: Iterable[Path]) -> Iterator[Path]:
    """List the Python files that may hold documentation, in a fixed order."""
    for folder in folders:
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
        for entry in entries:
            if entry.name.startswith((".", "test_")) or entry.name in _SKIPPED_FOLDERS:
                continue
            if entry.is_dir():
                yield from _sources([entry])
            elif entry.suffix == ".py":
                yield entry


def _texts(path: Path) -> Iterator[str]:
    """Return the docstrings of one file, or all strings of the reference's topics; nothing if it can't be parsed."""
    try:
        source = path.read_bytes()
        if b'"""' not in source and b"'''" not in source and path.parts[-2:] != _TOPICS:
            return  # most such files hold no docstring, and parsing is what takes the time
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other people's invalid escapes
            tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    if path.parts[-2:] == _TOPICS:
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    else:
        yield from _docstrings(tree)


def _docstrings(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Return the docstring of a node and of what is defined in it, outer before inner."""
    if text := ast.get_docstring(node, clean=False):
        yield text
    bodies = [node.body]
    while bodies:  # only statements can hold definitions: walking the expressions too would take twice as long
        for statement in bodies.pop():
            if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _docstrings(statement)
            elif isinstance(statement, ast.If | ast.Try):
                bodies.append(statement.body)


def _paragraphs(text: str) -> Iterator[list[str]]:
    """Split a text at its empty lines, without the paragraphs that are doctests."""
    for paragraph in _PARAGRAPH.split(text):
        if not paragraph.lstrip().startswith((">>>", "...")):
            # One string for one word: the corpus has a million of them, and few are different.
            yield [sys.intern(word) for word in _WORD.findall(paragraph.lower())]
