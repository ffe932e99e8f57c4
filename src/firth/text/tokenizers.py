"""How a line of text becomes words: the tokenizers by name, one line at a time, in plain Python.

`prepare_corpus` runs the same rules as compiled loops over bytes; these functions say what the rules are, and
cut the odd sentence (a query, a line to encode) exactly as the corpus was cut.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache

from firth.errors import SettingsError, sentence

Tokenizer = str | Callable[[str], Sequence[str]]
"""The name of a tokenizer, or a function that gets a line and returns its words."""

JOINERS = "'’׳״·\u200c\u200d"
"""What stays in a word if it stands between two of its characters."""


def whitespace(line: str) -> list[str]:
    r"""Cut a line at white space, as `str.split()` does.

    >>> whitespace("Don't  stop,\u3000please.")
    ["Don't", 'stop,', 'please.']
    """
    return line.split()


def words(line: str) -> list[str]:
    """Cut a line into its words: letters, numbers, connectors such as `_`, and the marks that stand on them.

    An apostrophe (' or ’), geresh, gershayim, middle dot, joiner or non-joiner stays between two characters of a
    word, and so does a straight double quote between two Hebrew letters. All else separates.

    >>> words("“Don't stop,” said 3 col·legues.")
    ["Don't", 'stop', 'said', '3', 'col·legues']
    """
    return _word_pattern().findall(line)


TOKENIZERS: dict[str, Callable[[str], list[str]]] = {"whitespace": whitespace, "words": words}
"""The tokenizers that have a name."""


def is_word_character(character: str) -> bool:
    """Tell whether a character makes a word by itself: letter, number or connector (Unicode L, N, Pc)."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "Pc"


def is_mark(character: str) -> bool:
    """Tell whether a character stands on the one before it (Unicode M)."""
    return unicodedata.category(character)[0] == "M"


def is_hebrew(character: str) -> bool:
    """Tell whether a character is a Hebrew letter, or a point or accent on one."""
    in_block = "\u0590" <= character <= "\u05ff" or "\ufb1d" <= character <= "\ufb4f"
    return in_block and (is_word_character(character) or is_mark(character))


ASSIGNED = (range(0x40000), range(0xE0000, 0xE0200))
"""Where Unicode has letters, numbers and marks; the other planes are empty or for private use."""


@cache
def _word_pattern() -> re.Pattern[str]:
    """Build the regular expression of `words` from the Unicode data of this Python."""
    characters = [chr(code) for part in ASSIGNED for code in part]
    letter = _ranges([character for character in characters if is_word_character(character)])
    mark = _ranges([character for character in characters if is_mark(character)])
    hebrew = _ranges([character for character in characters if is_hebrew(character)])
    inside = f'[{letter}{mark}]|[{JOINERS}](?=[{letter}{mark}])|(?<=[{hebrew}])"(?=[{hebrew}])'
    return re.compile(f"[{letter}](?:{inside})*")


def _ranges(characters: list[str]) -> str:
    """Write characters, in ascending order, as the ranges of a regular expression's class."""
    parts: list[list[str]] = []
    for character in characters:
        if parts and ord(parts[-1][1]) + 1 == ord(character):
            parts[-1][1] = character
        else:
            parts.append([character, character])
    return "".join(f"{re.escape(first)}-{re.escape(last)}" for first, last in parts)


def check_tokenizer(tokenizer: object) -> Tokenizer:
    """Return the tokenizer if it is a known name or can be called.

    Raises:
        SettingsError: if it is neither.

    >>> check_tokenizer("words")
    'words'
    """
    if callable(tokenizer) or (isinstance(tokenizer, str) and tokenizer in TOKENIZERS):
        return tokenizer
    names = " or ".join(repr(name) for name in TOKENIZERS)
    expected = f"tokenizer to be {names}, or a function from a line to its words"
    raise SettingsError(sentence(expected, repr(tokenizer), "choose one of them"))


def tokenizer_name(tokenizer: Tokenizer) -> str:
    """Return what to call a tokenizer in settings and logs.

    >>> tokenizer_name(str.split)
    'builtins.str.split'
    """
    if isinstance(tokenizer, str):
        return tokenizer
    named = tokenizer if hasattr(tokenizer, "__qualname__") else type(tokenizer)
    module = getattr(named, "__module__", None) or getattr(getattr(named, "__objclass__", None), "__module__", "")
    return f"{module}.{named.__qualname__}"
