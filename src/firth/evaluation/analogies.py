"""Analogies: is the word nearest to b − a + c the one that people expect?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from firth.errors import check_integer
from firth.evaluation.gold import AnalogyGold
from firth.evaluation.spellings import rows_of
from firth.vectors import Vectors
from firth.vectors.neighbours import nearest_row

_QUESTIONS = 4096  # turned into vectors at once


@dataclass(frozen=True)
class SectionResult:
    """Answers to the questions of one section, or of several.

    Attributes:
        name: of the section, or "semantic", "syntactic", "all".
        correct: questions answered as expected.
        asked: questions of which all four words have vectors within the restriction.
        skipped: the other questions; they do not count.
    """

    name: str
    correct: int
    asked: int
    skipped: int

    @property
    def accuracy(self) -> float | None:
        """Share of correct answers among the questions asked, 0 to 1; None if none was asked."""
        return self.correct / self.asked if self.asked else None

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain numbers and texts, for JSON."""
        return {**asdict(self), "accuracy": self.accuracy}


@dataclass(frozen=True)
class AnalogyResult:
    """What `evaluate_analogies` found.

    Attributes:
        name: of the gold set.
        overall: all questions.
        semantic: those of sections whose name does not begin with "gram".
        syntactic: those of sections whose name does.
        sections: each section.
        restrict: how many words, the most frequent, were candidates and could be asked for; None: all.
        case: how words were looked up.
    """

    name: str
    overall: SectionResult
    semantic: SectionResult
    syntactic: SectionResult
    sections: tuple[SectionResult, ...]
    restrict: int | None
    case: str

    @property
    def accuracy(self) -> float | None:
        """Share of correct answers among the questions asked, 0 to 1; None if none was asked."""
        return self.overall.accuracy

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain numbers and texts, for JSON."""
        parts = {part: getattr(self, part).as_dict() for part in ("overall", "semantic", "syntactic")}
        sections = [section.as_dict() for section in self.sections]
        policy = {"restrict": self.restrict, "case": self.case}
        return {"kind": "analogies", "name": self.name, **parts, "sections": sections, **policy}


def evaluate_analogies(
    vectors: Vectors, gold: AnalogyGold, *, restrict: int | None = None, case: str = "either"
) -> AnalogyResult:
    """Answer analogy questions by 3CosAdd: the row nearest to b − a + c, each of length 1.

    Args:
        vectors: the vectors, rows by frequency.
        gold: the questions.
        restrict: only this many words, the most frequent, are candidates and can be asked for; None: all words.
            Without it a question is harder the larger the vocabulary is.
        case: how to look words up, see `firth.evaluation.spellings.rows_of`.

    Returns:
        Accuracies over the questions asked, whole and by section. Convention: a, b and c are no answers; questions
        with a word that has no vector are left out (as in word2vec.c and gensim).

    Raises:
        SettingsError: if `restrict` is below 1 or `case` unknown.

    >>> vectors = Vectors(["man", "king", "woman", "queen"], np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]]))
    >>> questions = (("man", "king", "woman", "queen"), ("man", "king", "girl", "princess"))
    >>> evaluate_analogies(vectors, AnalogyGold("tiny", (("royals", questions),))).overall
    SectionResult(name='all', correct=1, asked=1, skipped=1)
    """
    if restrict is not None:
        restrict = check_integer("restrict", restrict, 1)
    sizes = [len(questions) for _, questions in gold.sections]
    words = [word for _, questions in gold.sections for question in questions for word in question]
    rows = rows_of(words, vectors, case=case, restrict=restrict).reshape(-1, 4)
    is_asked = np.asarray((rows >= 0).all(axis=1))
    is_correct = np.zeros(len(rows), bool)
    is_correct[is_asked] = _answers(vectors, rows[is_asked], restrict) == rows[is_asked, 3]
    sections, start = [], 0
    for (name, _), size in zip(gold.sections, sizes, strict=True):
        asked = int(is_asked[start : start + size].sum())
        correct = int(is_correct[start : start + size].sum())
        sections.append(SectionResult(name, correct, asked, size - asked))
        start += size
    syntactic = [section for section in sections if section.name.startswith("gram")]
    semantic = [section for section in sections if not section.name.startswith("gram")]
    return AnalogyResult(
        gold.name,
        _total("all", sections),
        _total("semantic", semantic),
        _total("syntactic", syntactic),
        tuple(sections),
        restrict,
        case,
    )


def _answers(vectors: Vectors, questions: np.ndarray, restrict: int | None) -> np.ndarray:
    """Answer questions, rows of a, b, c, d (N, 4), with the nearest row that is none of a, b, c, (N,); −1: no row."""
    matrix = vectors.stored.stretch(0, len(vectors) if restrict is None else min(restrict, len(vectors)))
    norms = vectors.norms[:restrict]
    answers = np.empty(len(questions), np.int64)
    for start in range(0, len(questions), _QUESTIONS):
        given = questions[start : start + _QUESTIONS, :3]
        lengths = norms[given][:, :, np.newaxis]
        units = matrix[given].astype(np.float64)
        units = np.divide(units, lengths, out=np.zeros_like(units), where=lengths > 0)
        targets = units[:, 1] - units[:, 0] + units[:, 2]
        answers[start : start + len(given)] = nearest_row(matrix, norms, targets, left_out=given)
    return answers


def _total(name: str, sections: list[SectionResult]) -> SectionResult:
    """Add up sections."""
    return SectionResult(
        name,
        sum(section.correct for section in sections),
        sum(section.asked for section in sections),
        sum(section.skipped for section in sections),
    )
