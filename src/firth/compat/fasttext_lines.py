r"""How fastText cuts text: at six characters of ASCII and the NUL, a line feed being a token of its own, `</s>`.

>>> tokenize("no\u00a0break \tis\n")
['no\xa0break', 'is', '</s>']
"""

from __future__ import annotations

import re
from collections.abc import Collection

from firth.errors import SettingsError, sentence

EOS = "</s>"
"""The token that a line feed becomes."""

BOW, EOW = "<", ">"
"""What a word stands between when its n-grams are cut."""

LABEL_PREFIX = "__label__"
"""What labels begin with; files do not tell whether it was another."""

_TOKEN = re.compile(r"[^ \n\r\t\v\f\0]+|\n")
_WORD = re.compile(r"[^ \n\r\t\v\f]+")


def tokenize(text: str) -> list[str]:
    r"""Cut text as fastText reads its training files.

    Args:
        text: any.

    Returns:
        Tokens; `</s>` for each line feed.

    >>> tokenize("a b\0c\n\n")
    ['a', 'b', 'c', '</s>', '</s>']
    """
    return [EOS if token == "\n" else token for token in _TOKEN.findall(text)]


def words_of_sentence(text: str) -> list[str]:
    r"""Cut a sentence as fastText does for `get_sentence_vector` of models of words: there the NUL belongs to a word.

    Args:
        text: one line.

    >>> words_of_sentence("a b\0c")
    ['a', 'b\x00c']
    """
    return _WORD.findall(text)


def split_line(text: str, labels: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the words of a line, `</s>` at their end, and the labels in it that are known.

    Args:
        text: one line, without its line feed.
        labels: that are known.

    Raises:
        SettingsError: if there are several lines.

    Convention: as in fastText, what follows a `</s>` in the text is not read, and labels that are not known are left
    out.

    >>> split_line("__label__new to be __label__old or not", {"__label__old"})
    (['to', 'be', 'or', 'not', '</s>'], ['__label__old'])
    """
    tokens = tokenize(one_line(text) + "\n")
    tokens = tokens[: tokens.index(EOS) + 1]
    words = [token for token in tokens if token not in labels and not token.startswith(LABEL_PREFIX)]
    return words, [token for token in tokens if token in labels]


def one_line(text: str) -> str:
    """Return a text if it is one line.

    Args:
        text: without a line feed.

    Raises:
        SettingsError: if it has one, or is no text.
    """
    if not isinstance(text, str):
        raise SettingsError(sentence("a line of text (str)", repr(text), "pass one sentence at a time"))
    if "\n" in text:
        raise SettingsError(sentence("one line of text", "a line feed in it", "pass text.splitlines() one by one"))
    return text
