"""Which words of a corpus get vectors, by gensim's rules: counts, bounds on their number, a rule of the caller."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from firth.errors import SettingsError, sentence

logger = logging.getLogger(__name__)

RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2
"""What a `trim_rule` can answer; gensim has these in `gensim.utils`."""

TrimRule = Callable[[str, int, int], int]
"""Called with a word, its count and `min_count`; answers with one of the rules."""


def is_kept(word: str, count: int, min_count: int, rule: TrimRule | None) -> bool:
    """Tell whether a word gets a vector.

    >>> is_kept("the", 4, 5, None), is_kept("the", 4, 5, lambda *_: RULE_KEEP)
    (False, True)
    """
    answer = RULE_DEFAULT if rule is None else rule(word, count, min_count)
    if answer not in (RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, None):
        came = f"{answer!r} for {word!r}"
        raise SettingsError(sentence("trim_rule to answer RULE_DEFAULT, RULE_DISCARD or RULE_KEEP", came, "mend it"))
    return answer == RULE_KEEP or (answer != RULE_DISCARD and count >= min_count)


def checked_sentences(sentences: Iterable[Iterable[str]]) -> Iterator[list[str]]:
    """Yield sentences as lists of words; one that is a text falls into letters, as in gensim, with a warning.

    Raises:
        TypeError: if one can't be gone through more than once, or not at all.
    """
    warned = False
    for number, item in enumerate(sentences, 1):
        if isinstance(item, str) and not warned:
            logger.warning("sentence %d is a text, not a list of words: its letters are taken as words", number)
            warned = True
        if not hasattr(item, "__len__") or not hasattr(item, "__iter__"):
            advice = "pass every sentence as a list of words"
            raise TypeError(sentence("sentences that are lists", f"{type(item).__name__} as number {number}", advice))
        yield list(item)


def count_words(
    sentences: Iterable[Iterable[str]], *, most: int | None = None, rule: TrimRule | None = None
) -> tuple[dict[str, int], int, int]:
    """Count the words of a corpus.

    Args:
        sentences: lists of words.
        most: of different words that are held at once; where there are more, the rarest go, and with each time the
            bound rises by one. So counts may be too low, as in gensim; None counts exactly.
        rule: what decides which of them go.

    Returns:
        Counts in the order of first occurrence, how many words there were, and how many sentences.

    >>> count_words([["a", "rose", "is", "a", "rose"]])
    ({'a': 2, 'rose': 2, 'is': 1}, 5, 1)
    """
    counts: dict[str, int] = {}
    words = number = 0
    bound = 1
    for found in checked_sentences(sentences):
        number += 1
        words += len(found)
        for word in found:
            counts[word] = counts.get(word, 0) + 1
        if most and len(counts) > most:
            counts = {w: count for w, count in counts.items() if is_kept(w, count, bound + 1, rule)}
            bound += 1
    return counts, words, number


def least_count(counts: Mapping[str, int], min_count: int, most: int | None) -> int:
    """Return the count from which words are kept, so that no more than `most` are left.

    Args:
        counts: of all words.
        min_count: the least that is asked for.
        most: `max_final_vocab`; None: any number.

    >>> least_count({"the": 5, "of": 3, "to": 3}, 1, 2)
    4
    """
    if most is None or most >= len(counts):
        return min_count
    return max(min_count, sorted(counts.values(), reverse=True)[most] + 1)


class KnownWords:
    """Sentences without the words that have no vector, counted as they go by.

    Args:
        sentences: lists of words.
        known: words that have a vector.

    Attributes:
        examples: sentences that went by.
        words: in them, known or not.
        longest: known words of the longest sentence.
    """

    def __init__(self, sentences: Iterable[Iterable[str]], known: Container[str]) -> None:
        self._sentences, self._known = sentences, known
        self.examples = self.words = self.longest = 0

    def __iter__(self) -> Iterator[list[str]]:
        known = self._known
        for found in checked_sentences(self._sentences):
            self.examples += 1
            self.words += len(found)
            kept = [word for word in found if word in known]
            self.longest = max(self.longest, len(kept))
            yield kept
