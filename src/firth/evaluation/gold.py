"""Gold sets: pairs of words with a score that people gave, and questions "a is to b as c is to d"."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firth.errors import FormatError, sentence

Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class SimilarityGold:
    """Pairs of words and how similar people find them.

    Attributes:
        name: of the file, without its ending.
        pairs: N pairs.
        scores: one a pair, on any scale, higher is more similar.
    """

    name: str
    pairs: tuple[tuple[str, str], ...]
    scores: tuple[float, ...]


@dataclass(frozen=True)
class AnalogyGold:
    """Questions in sections: the fourth word is to the third as the second is to the first.

    Attributes:
        name: of the file, without its ending.
        sections: the name of each section and its questions.
    """

    name: str
    sections: tuple[tuple[str, tuple[Question, ...]], ...]


def read_gold(path: str | os.PathLike[str]) -> SimilarityGold | AnalogyGold:
    r"""Read a gold set; its content tells which kind it is.

    Similarity: two words and a score in each line, separated by tabs or else by white space. Analogies, as
    Google's: a line ": section", then lines of four words. Empty lines and lines that begin with "#" are skipped.

    Args:
        path: a text file in UTF-8.

    Returns:
        The gold set.

    Raises:
        FormatError: if a line is neither; the message names it.
        OSError: if the file can't be opened.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "tiny.txt")
    ...     _ = file.write_text("# word, word, score\ncat dog 7.5\ncat car 1\n")
    ...     read_gold(file)
    SimilarityGold(name='tiny', pairs=(('cat', 'dog'), ('cat', 'car')), scores=(7.5, 1.0))
    """
    path = Path(path)
    lines = list(_lines(path))
    if not lines:
        advice = "check the path, or that the file was downloaded whole"
        raise FormatError(sentence(f"{path} to hold a gold set", "no line", advice))
    if lines[0][1].startswith(":"):
        return AnalogyGold(path.stem, _sections(path, lines))
    pairs, scores = [], []
    for number, line in lines:
        fields = [field.strip() for field in line.split("\t")] if "\t" in line else line.split()
        score = _score(fields[2]) if len(fields) == 3 else None
        if score is None or not fields[0] or not fields[1]:
            wanted = f"two words and a score (or first a line ': section') in {path}, line {number}"
            raise FormatError(sentence(wanted, repr(line[:80]), "put # before a line that is none, such as a header"))
        pairs.append((fields[0], fields[1]))
        scores.append(score)
    return SimilarityGold(path.stem, tuple(pairs), tuple(scores))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that is neither empty nor a comment."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        came = f"byte {problem.object[problem.start]:#x} at {problem.start}"
        raise FormatError(sentence(f"{path} to be text in UTF-8", came, "convert it to UTF-8")) from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip("\r\n ")


def _score(text: str) -> float | None:
    """Return a finite number, or None if the text is none."""
    try:
        score = float(text)
    except ValueError:
        return None
    return score if math.isfinite(score) else None


def _sections(path: Path, lines: list[tuple[int, str]]) -> tuple[tuple[str, tuple[Question, ...]], ...]:
    """Sort lines into sections; the first line begins one."""
    sections: list[tuple[str, list[Question]]] = []
    for number, line in lines:
        if line.startswith(":"):
            sections.append((line[1:].strip(), []))
            continue
        words = line.split()
        if len(words) != 4:
            wanted = f"four words or ': section' in {path}, line {number}"
            raise FormatError(sentence(wanted, repr(line[:80]), "put # before a line that is none"))
        sections[-1][1].append((words[0], words[1], words[2], words[3]))
    return tuple((name, tuple(questions)) for name, questions in sections)
