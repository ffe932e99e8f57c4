"""What a phrase is: settings, checked."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import NamedTuple

from firth.errors import SettingsError, check_choice, check_integer, check_number, sentence
from firth.text.collocation_scores import SCORES, USUAL_THRESHOLDS

ENGLISH_CONNECTORS = ("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with")
"""Articles, short prepositions and conjunctions of English, as they stand inside names and terms."""


class PhraseSettings(NamedTuple):
    """What a phrase is: see `find_phrases`."""

    min_count: int
    threshold: float
    score: str
    passes: int
    connectors: tuple[str, ...]
    separator: str
    longest: int | None


def check_settings(
    *,
    min_count: int,
    threshold: float | None,
    score: str,
    passes: int,
    connectors: str | Collection[str],
    separator: str,
    longest: int | None,
) -> PhraseSettings:
    """Return the settings of `find_phrases` if they are possible.

    Raises:
        SettingsError: if one is not.
    """
    check_choice("score", score, SCORES)
    lowest, highest = (-1.0, 1.0) if score == "npmi" else (0.0, math.inf)
    threshold = USUAL_THRESHOLDS[score] if threshold is None else threshold
    return PhraseSettings(
        min_count=check_integer("min_count", min_count, 1),
        threshold=check_number("threshold", threshold, lowest, highest),
        score=score,
        passes=check_integer("passes", passes, 1, 20),
        connectors=check_connectors(connectors),
        separator=check_separator(separator),
        longest=None if longest is None else check_integer("longest", longest, 2),
    )


def check_connectors(connectors: str | Collection[str]) -> tuple[str, ...]:
    """Return connectors in order, each once.

    Args:
        connectors: the words, or "english" for `ENGLISH_CONNECTORS`.

    Raises:
        SettingsError: if they are anything else.

    >>> check_connectors(["of", "de", "of"])
    ('de', 'of')
    """
    if isinstance(connectors, str) and connectors == "english":
        return ENGLISH_CONNECTORS
    is_text = isinstance(connectors, str) or not isinstance(connectors, Collection)
    if is_text or not all(isinstance(word, str) and word for word in connectors):
        expected = "connectors to be 'english' or a collection of words"
        raise SettingsError(sentence(expected, f"{connectors!r:.60}", "pass a list of str, such as ['of', 'the']"))
    return tuple(sorted(set(connectors)))


def check_separator(separator: object) -> str:
    """Return the separator if phrases can be written with it.

    Raises:
        SettingsError: if it is no text, empty, or can't stand in a word.

    >>> check_separator("~")
    '~'
    """
    is_text = isinstance(separator, str) and separator != "" and not {"\n", "\0"} & {*separator}
    if not is_text or any("\ud800" <= letter <= "\udfff" for letter in str(separator)):
        expected = "separator to be text that can stand in a word"
        raise SettingsError(sentence(expected, repr(separator), "choose another, such as '_'"))
    return str(separator)
