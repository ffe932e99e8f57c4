"""Gold sets by gensim's rules: which lines count, how words are looked up, what is done with unknown ones."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from firth.compat.gensim.sentences import decoded_lines
from firth.compat.gensim.similar import SimilarKeys
from firth.errors import SettingsError, check_choice, sentence
from firth.machine import check_threads
from firth.vectors.neighbours import cosines, nearest, unit_rows
from firth.vectors.products import nearest_by_product
from firth.vectors.stored import PlainMatrix

logger = logging.getLogger(__name__)

Section = dict[str, Any]
"""As gensim has it: `section`, its name; `correct` and `incorrect`, lists of (a, b, c, expected)."""

_ANSWERS = 5  # gensim looks at so many for the first that is no question word in another spelling


class JudgedKeys(SimilarKeys):
    """Keys with vectors, judged by gold sets."""

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str],
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[Section]]:
        """Answer analogy questions: is the word nearest to b − a + c the expected one?

        Args:
            analogies: a file like Google's `questions-words.txt`: a line ": section", then lines of four words. Other
                lines are left out.
            restrict_vocab: only so many words, the first, can be asked for and be answers; None: all.
            case_insensitive: whether words are compared in upper case.
            dummy4unknown: whether questions with an unknown word count as wrong; else they are left out.
            similarity_function: "most_similar", or "most_similar_cosmul"; gensim takes both and always calls the first.

        Returns:
            The share of correct answers, and the sections; the last is "Total accuracy".

        Raises:
            SettingsError: if a question stands before the first section, or another function is asked for.
        """
        check_choice("similarity_function", similarity_function, ("most_similar", "most_similar_cosmul"))
        sections = _read_questions(analogies, upper=case_insensitive)
        rows = self._rows_by_spelling(restrict_vocab, upper=case_insensitive)
        asked = [q for _, questions in sections for q in questions if all(word in rows for word in q)]
        found_rows = self._nearest_rows(asked, rows, restrict_vocab, multiply=similarity_function != "most_similar")
        answers = {
            question: self._answer(question, best, upper=case_insensitive)
            for question, best in zip(asked, found_rows, strict=True)
        }
        found: list[Section] = []
        for name, questions in sections:
            known = [question for question in questions if question in answers]
            wrong = [q for q in questions if (answers[q] != q[3] if q in answers else dummy4unknown)]
            right = [question for question in known if answers[question] == question[3]]
            found.append({"section": name, "correct": right, "incorrect": wrong})
            self.log_accuracy(found[-1])
        total: Section = {"section": "Total accuracy"}
        for kind in ("correct", "incorrect"):
            total[kind] = [question for section in found for question in section[kind]]
        self.log_accuracy(total)
        count = len(total["correct"]) + len(total["incorrect"])
        return len(total["correct"]) / count if count else 0.0, [*found, total]

    @staticmethod
    def log_accuracy(section: Section) -> None:
        """Log the share of correct answers in a section, if a question was asked."""
        correct, incorrect = len(section["correct"]), len(section["incorrect"])
        if correct + incorrect:
            share = correct / (correct + incorrect)
            logger.info("%s: %.1f%% (%i/%i)", section["section"], 100 * share, correct, correct + incorrect)

    def evaluate_word_pairs(
        self,
        pairs: str | os.PathLike[str],
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Any, Any, float]:
        """Compare cosines with the scores that people gave to pairs of words.

        Args:
            pairs: a file with two words and a score in each line; those that begin with "#", and other lines, are left
                out.
            delimiter: what parts them.
            encoding: of the file.
            restrict_vocab: so many words, the first, are known; None: all.
            case_insensitive: whether words are looked up in upper case.
            dummy4unknown: whether a pair with an unknown word has similarity 0; else it is left out.

        Returns:
            Pearson's and Spearman's correlation as SciPy returns them (statistic, p-value), and the percentage of pairs
            with an unknown word.

        Raises:
            SettingsError: if no pair is left.
        """
        from scipy import stats

        rows = self._rows_by_spelling(restrict_vocab, upper=case_insensitive)
        scores, known, unknown = [], [], 0
        for number, line in enumerate(decoded_lines(pairs, encoding), 1):
            fields = (line.upper() if case_insensitive else line).split(delimiter)
            score = _number(fields[2]) if len(fields) == 3 and not line.startswith("#") else None
            if score is None:
                logger.info("line %d of %s is no pair with a score", number, pairs)
                continue
            pair = [rows.get(word, -1) for word in fields[:2]]
            unknown += min(pair) < 0
            if min(pair) >= 0 or dummy4unknown:
                scores.append(score)
                known.append(pair)
        if not known:
            came = f"none of which both words are known in {pairs}"
            raise SettingsError(sentence("pairs of words with a score", came, "check delimiter and case_insensitive"))
        places = np.array(known)
        is_known = places.min(axis=1) >= 0
        values = np.zeros(len(places))
        values[is_known] = cosines(self.vectors[places[is_known, 0]], self.vectors[places[is_known, 1]])
        pearson, spearman = stats.pearsonr(scores, values), stats.spearmanr(scores, values)
        share = 100.0 * unknown / (len(scores) if dummy4unknown else len(scores) + unknown)
        self.log_evaluate_word_pairs(pearson, spearman, share, pairs)
        return pearson, spearman, share

    @staticmethod
    def log_evaluate_word_pairs(pearson: Any, spearman: Any, oov: float, pairs: object) -> None:  # noqa: ANN401
        """Log what `evaluate_word_pairs` found."""
        logger.info("%s: Pearson %.4f, Spearman %.4f; %.1f%% unknown", pairs, pearson[0], spearman[0], oov)

    def _rows_by_spelling(self, restrict: int | None, *, upper: bool) -> dict[str, int]:
        """Return the rows of words by their spelling; of several in upper case that of the first."""
        keys = self.index_to_key[:restrict]
        named = ((str(key).upper() if upper else str(key), row) for row, key in reversed(list(enumerate(keys))))
        return dict(named)

    def _nearest_rows(
        self, asked: Sequence[tuple[str, ...]], rows: dict[str, int], restrict: int | None, *, multiply: bool
    ) -> list[np.ndarray]:
        """Return the rows nearest to the answer of each question, best first."""
        if not asked:
            return []
        given = np.array([[rows[word] for word in question[:3]] for question in asked])
        matrix, norms, threads = self.float32_vectors()[:restrict], self.lengths()[:restrict], check_threads(None)
        places, inverse = np.unique(given, return_inverse=True)
        units = unit_rows(matrix[places])[inverse.reshape(given.shape)]
        if not multiply:
            targets = units[:, 1] + units[:, 2] - units[:, 0]
            found = nearest(matrix, norms, targets, count=_ANSWERS, left_out=list(given), threads=threads)
            return [best for best, _ in found]
        held = PlainMatrix(matrix)
        return [
            nearest_by_product(held, norms, unit[1:], unit[:1], count=_ANSWERS, left_out=out, threads=threads)[0]
            for unit, out in zip(units, given, strict=True)
        ]

    def _answer(self, question: tuple[str, ...], best: np.ndarray, *, upper: bool) -> str | None:
        """Return the first of the nearest words that is no word of the question in another spelling."""
        words = (str(self.index_to_key[row]) for row in best.tolist())
        spelled = (word.upper() if upper else word for word in words)
        return next((word for word in spelled if word not in question[:3]), None)


def _read_questions(path: str | os.PathLike[str], *, upper: bool) -> list[tuple[str, list[tuple[str, str, str, str]]]]:
    """Read the sections of a file of analogies, with their questions."""
    sections: list[tuple[str, list[tuple[str, str, str, str]]]] = []
    for number, line in enumerate(decoded_lines(path, "utf8"), 1):
        words = (line.upper() if upper else line).split()
        if line.startswith(": "):
            sections.append((line.lstrip(": ").strip(), []))
        elif not sections:
            advice = "put a line ': section' before it"
            raise SettingsError(sentence(f"a section first in {path}", f"{line.strip()!r} in line {number}", advice))
        elif len(words) == 4:
            sections[-1][1].append((words[0], words[1], words[2], words[3]))
        else:
            logger.info("line %d of %s is no question", number, path)
    return sections


def _number(text: str) -> float | None:
    """Return a number, or None if the text is none."""
    try:
        return float(text)
    except ValueError:
        return None
