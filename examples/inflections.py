"""Words too rare for a row of their own: do the vectors of their n-grams put them beside their lemma?

    python examples/inflections.py hebrew.txt.xz [--passes 20] [--seed 1]

Hebrew writes *and, the, in, to, as, from, that* as one letter in front of a word, and number and owner behind it, so
that a text of a million words has most of its forms once or twice. Vectors are trained with subwords on the words that
come at least five times. Each rarer word is taken apart by the rules below: prefix, stem, ending; where this gives a
word that has a row, that is its lemma (the shortest, if there are several). Then: is the lemma among the words nearest
to what the rare word's n-grams are composed to?

Spelling alone goes a long way, as an inflection has most of its letters from its lemma. So the same is asked of
spelling: of the number of letters to change, and of the share of n-grams that two words have in common.

What is taken for an inflection is a guess by spelling: no dictionary is asked, and some lemmas are wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

import firth
from firth.errors import FirthError, TrainingError, sentence
from firth.randomness import random_bits, stream_key

MIN_COUNT = 5
PASSES = 20
WINDOW = 10
SUBWORDS = firth.Subwords(smallest=3, longest=6, buckets=None)
NEAREST = 10
_AT_ONCE = 256  # rare words looked up at once


@dataclass(frozen=True)
class Rules:
    """How words are inflected.

    Attributes:
        prefixes: what may stand in front of a word, "" among them.
        endings: what may stand behind it, and what the lemma has there: ("", "") among them.
        finals: letters that are written otherwise at the end of a word, each with how it is written there.
        shortest: letters of a lemma at the least; shorter ones are found in too many words by chance.
    """

    prefixes: tuple[str, ...]
    endings: tuple[tuple[str, str], ...]
    finals: Mapping[str, str]
    shortest: int = 3

    def lemmas(self, word: str) -> Iterator[str]:
        """Yield all that a word may be an inflection of, the word itself left out; some come twice.

        >>> rules = Rules(("", "re"), (("", ""), ("ies", "y")), {})
        >>> list(rules.lemmas("retries"))
        ['retry', 'tries', 'try']
        """
        for prefix in self.prefixes:
            rest = word.removeprefix(prefix)
            for ending, original in self.endings if word.startswith(prefix) else ():
                lemma = rest.removesuffix(ending) + original
                if ending and not original:
                    lemma = lemma[:-1] + self.finals.get(lemma[-1:], lemma[-1:])
                if rest.endswith(ending) and lemma != word and len(lemma) >= self.shortest:
                    yield lemma


def hebrew() -> Rules:
    """Return the rules of Hebrew without vowel points: some of them, for nouns and adjectives above all."""
    prefixes = ("".join(parts) for parts in product(("", "ו"), ("", "ש", "כש", "מש"), ("", *"בלכמ"), ("", "ה")))
    owners = ("י", "ך", "ו", "ה", "נו", "כם", "כן", "ם", "ן", "הם", "הן")
    owners_of_many = ("י", "יך", "יו", "יה", "ינו", "יכם", "יהם", "יהן")
    endings = [("", ""), ("ים", ""), ("ות", ""), ("ים", "ה"), ("ות", "ה"), ("ת", "ה")]
    endings += [(owner, "") for owner in (*owners, *owners_of_many[1:])]
    endings += [("ת" + owner, "ה") for owner in owners]
    endings += [("ות" + owner, original) for owner in owners_of_many for original in ("", "ה")]
    return Rules(tuple(prefixes), tuple(endings), {"כ": "ך", "מ": "ם", "נ": "ן", "פ": "ף", "צ": "ץ"}, shortest=4)


class Inflections(NamedTuple):
    """Words without a row that are inflections of words with one.

    Attributes:
        words: M of them.
        lemmas: rows of their lemmas, (M,) int64.
        lemma_of: row of the lemma of each word that has a row, of a lemma its own, (V,) int64.
    """

    words: list[str]
    lemmas: np.ndarray
    lemma_of: np.ndarray


def find_inflections(rare: Iterable[str], vectors: firth.Vectors, rules: Rules) -> Inflections:
    """Find those rare words that are inflections of words with rows, and have n-grams with rows.

    Args:
        rare: words without rows.
        vectors: of the others, with subwords.
        rules: of the language.

    Raises:
        TrainingError: if there is none.
    """
    lemma_of = np.array([_lemma_row(word, vectors, rules, row) for row, word in enumerate(vectors.words)], np.int64)
    found = [(word, _lemma_row(word, vectors, rules)) for word in rare if vectors.subwords.vector(word) is not None]
    found = [(word, row) for word, row in found if row >= 0]
    if not found:
        came = "no rare word that is an inflection of another by the rules"
        raise TrainingError(sentence("inflections", came, "pass a longer text"))
    words, rows = zip(*found, strict=True)
    return Inflections(list(words), np.array(rows, np.int64), lemma_of)


def _lemma_row(word: str, vectors: firth.Vectors, rules: Rules, row: int = -1) -> int:
    """Return the row of the shortest lemma of a word that has one, of equals the most frequent; or the row given."""
    rows = vectors.words.rows(dict.fromkeys(rules.lemmas(word)))
    known = rows[rows >= 0].tolist()
    known += [row] * (row >= 0)
    return min(known, key=lambda each: (len(vectors.words[each]), each), default=-1)


def drawn(inflections: Inflections, count: int, seed: int) -> Inflections:
    """Draw so many inflections, or take all if there are fewer."""
    order = np.argsort(random_bits(stream_key(seed, "rows"), np.arange(len(inflections.words))), kind="stable")[:count]
    return Inflections([inflections.words[place] for place in order], inflections.lemmas[order], inflections.lemma_of)


def nearest_by_vectors(words: list[str], vectors: firth.Vectors) -> np.ndarray:
    """Return the rows nearest to each of M words by the cosine of their vectors, (M, NEAREST) int64."""
    found = vectors.most_similar(words, count=NEAREST)
    return np.stack([vectors.words.rows(word for word, _ in nearest) for nearest in found])


def nearest_by_ngrams(words: list[str], vectors: firth.Vectors) -> np.ndarray:
    """Return the rows nearest to each of M words by the n-grams that they have in common, (M, NEAREST) int64.

    This is the cosine of vectors in which each n-gram has a number of its own: what there is before any training.
    """
    numbers: dict[str, int] = {}
    both = [*vectors.words, *words]
    entries = [[numbers.setdefault(ngram, len(numbers)) for ngram in vectors.subwords.settings.ngrams(w)] for w in both]
    starts = np.cumsum([0, *map(len, entries)])
    columns = np.array([number for listed in entries for number in listed], np.int64)
    table = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(both), len(numbers)))
    norms = np.sqrt(np.asarray(table.multiply(table).sum(axis=1))).ravel()
    own, others = table[: len(vectors)], table[len(vectors) :]
    found = []
    for start in range(0, len(words), _AT_ONCE):
        scores = (others[start : start + _AT_ONCE] @ own.T).toarray() / np.maximum(norms[: len(vectors)], 1)
        found.append(np.argsort(-scores, axis=1, kind="stable")[:, :NEAREST])
    return np.concatenate(found)


def nearest_by_letters(words: list[str], vectors: firth.Vectors) -> np.ndarray:
    """Return the rows nearest to each of M words by letters to change, of equals the most frequent, (M, NEAREST)."""
    lengths = np.array([len(word) for word in vectors.words])
    letters = np.zeros((len(vectors), lengths.max()), np.uint32)
    for row, word in enumerate(vectors.words):
        letters[row, : len(word)] = [ord(letter) for letter in word]
    return np.stack([np.argsort(edits(word, letters, lengths), kind="stable")[:NEAREST] for word in words])


def edits(word: str, letters: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return how many letters are to be put in, taken out or changed between a word and each of V others, (V,).

    Args:
        word: any text.
        letters: code points of the others, (V, longest).
        lengths: of the others, (V,).

    >>> edits("sing", np.array([[*map(ord, "ring")], [*map(ord, "in"), 0, 0]]), np.array([4, 2]))
    array([1, 2])

    Levenshtein 1966.
    """
    count, longest = letters.shape
    before = np.broadcast_to(np.arange(longest + 1), (count, longest + 1))
    for place, letter in enumerate(word, 1):
        now = np.empty((count, longest + 1), np.int64)
        now[:, 0] = place
        changed = before[:, :-1] + (letters != ord(letter))
        taken_out = before[:, 1:] + 1
        for column in range(longest):
            now[:, column + 1] = np.minimum(np.minimum(changed[:, column], taken_out[:, column]), now[:, column] + 1)
        before = now
    return before[np.arange(count), lengths]


def shares(nearest: np.ndarray, inflections: Inflections) -> tuple[float, float, float]:
    """Return the share of words with their lemma nearest, with it among the nearest, and with any form of it nearest.

    Args:
        nearest: rows, (M, NEAREST).
        inflections: the words.
    """
    is_lemma = nearest == inflections.lemmas[:, np.newaxis]
    is_form = inflections.lemma_of[nearest[:, 0]] == inflections.lemmas
    return float(is_lemma[:, 0].mean()), float(is_lemma.any(axis=1).mean()), float(is_form.mean())


def table_of(nearest: np.ndarray, inflections: Inflections, vectors: firth.Vectors, *, columns: int = 5) -> list[list]:
    """Return a row for each word: itself, its lemma, the words nearest; * marks the lemma, + other forms of it."""
    rows = []
    for word, lemma, found in zip(inflections.words, inflections.lemmas, nearest[:, :columns], strict=True):
        marks = ["*" if row == lemma else "+" * int(inflections.lemma_of[row] == lemma) for row in found]
        near = [vectors.words[int(row)] + mark for row, mark in zip(found, marks, strict=True)]
        rows.append([word, vectors.words[int(lemma)], *near])
    return rows


def train(corpus: Path | list[str], **settings: Any) -> firth.Vectors:  # noqa: ANN401 - those of firth.train
    """Train skip-gram with subwords on the words that come at least MIN_COUNT times."""
    defaults = {"tokenizer": "words", "min_count": MIN_COUNT, "passes": PASSES, "window": WINDOW, "subwords": SUBWORDS}
    return firth.train(corpus, **{**defaults, **settings})


def rare_words(corpus: Path | list[str]) -> list[str]:
    """List the words that come less than MIN_COUNT times, the most frequent first."""
    with firth.prepare_corpus(corpus, tokenizer="words", min_count=1) as prepared:
        vocabulary = prepared.vocabulary
        return [w for w, count in zip(vocabulary.words, vocabulary.counts, strict=True) if count < MIN_COUNT]


WAYS = {"vectors": nearest_by_vectors, "n-grams": nearest_by_ngrams, "letters": nearest_by_letters}


def main(arguments: list[str] | None = None) -> int:
    """Train, look and show; return the exit status."""
    parser = argparse.ArgumentParser(prog="python examples/inflections.py", description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="a Hebrew text")
    parser.add_argument("--passes", type=int, default=PASSES)
    parser.add_argument("--words", type=int, default=2000, help="inflections to draw, of all that are found")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    try:
        vectors = train(options.corpus, passes=options.passes, seed=options.seed)
        inflections = find_inflections(rare_words(options.corpus), vectors, hebrew())
    except (FirthError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(vectors)} words have rows; of the rarer ones {len(inflections.words)} are inflections of these")
    inflections = drawn(inflections, options.words, options.seed)
    for name, way in WAYS.items():
        nearest = way(inflections.words, vectors)
        first, among, form = shares(nearest, inflections)
        print(f"by {name:8} lemma nearest {first:6.1%}, among {NEAREST} {among:6.1%}; a form of it nearest {form:6.1%}")
    few = drawn(inflections, 20, options.seed + 1)
    print("word", "lemma", "nearest", sep="\t")
    for row in table_of(nearest_by_vectors(few.words, vectors), few, vectors):
        print(*row, sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main())
