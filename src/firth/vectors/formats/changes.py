"""What is done to the words of foreign files, repaired or left out: in the same words, whatever the format."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from firth.errors import FormatError, sentence

logger = logging.getLogger(__name__)

CAME_BEFORE, HAS_NEWLINE, NO_UTF8, NO_UNICODE, NO_WORD = (
    "came before", "has a newline", "no UTF-8", "no valid Unicode", "no word",
)  # fmt: skip
"""Why rows are left out or words repaired, as warnings and `config["source"]` say it."""

_NAMED = 5  # words that are named of those left out
_LONGEST = 60  # letters of a word that a message has


class Changes:
    """What is done to the words of a file, to be said in the log and in `config["source"]`.

    >>> changes = Changes()
    >>> changes.add("left_out", CAME_BEFORE, "king")
    >>> changes.tell("some.bin")
    {'left_out': {'came before': 1}}
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._first: dict[tuple[str, str], list[str]] = {}

    def add(self, what: str, reason: str, word: str | None) -> None:
        """Note a word.

        Args:
            what: "left_out" or "repaired".
            reason: for it.
            word: as it is after that; None: a row has none.
        """
        self._counts[what, reason] = self._counts.get((what, reason), 0) + 1
        first = self._first.setdefault((what, reason), [])
        if len(first) < _NAMED:
            first.append("None" if word is None else shown(word))

    def tell(self, where: str | Path) -> dict[str, dict[str, int]]:
        """Log a warning for each reason, and return how many rows by reason: `left_out`, `repaired`, if there are any.

        Args:
            where: they are, to name the file.
        """
        told: dict[str, dict[str, int]] = {}
        for (what, reason), many in sorted(self._counts.items()):
            rows = f"{many} row" + ("" if many == 1 else "s")
            why = f"is {reason}" if reason.startswith("no ") else reason
            few = named_few(self._first[what, reason], many)
            logger.warning("%s: %s %s whose word %s: %s", where, what.replace("_", " "), rows, why, few)
            told.setdefault(what, {})[reason] = many
        return told


def decoded(raw: list[bytes], errors: str, where: str | Path, changes: Changes, row: int = 0) -> list[str]:
    r"""Decode words, at once if nothing is wrong with them.

    Args:
        raw: bytes that should be UTF-8, (N).
        errors: what to do with others: "strict", or as `bytes.decode` has it "replace" or "ignore".
        where: they are, to name the file.
        changes: notes the words that are repaired.
        row: in the file, of the first word.

    Raises:
        FormatError: if one is no UTF-8 and `errors` is "strict".

    >>> decoded([b"caf\xc3\xa9", b"caf\xe9"], "replace", "some.bin", Changes())
    ['café', 'caf�']
    """
    try:
        words = b"\n".join(raw).decode().split("\n") if raw else []
        if len(words) == len(raw):
            return words
    except UnicodeDecodeError:
        pass
    words = []
    for word in raw:
        try:
            words.append(word.decode())
        except UnicodeDecodeError:
            if errors == "strict":
                raise not_utf8(word, row + len(words), where) from None
            words.append(word.decode(errors=errors))
            changes.add("repaired", NO_UTF8, words[-1])
    return words


def shown(word: str | bytes) -> str:
    """Write a word for a message: quoted, and not longer than a line.

    Args:
        word: as it stands in a file.

    >>> shown("king"), len(shown("a" * 1000))
    ("'king'", 63)
    """
    return repr(word[:_LONGEST]) + ("…" if len(word) > _LONGEST else "")


def named_few(names: Sequence[str], many: int | None = None, *, most: int = _NAMED) -> str:
    """List names for a message: the first ones, and how many there are besides.

    Args:
        names: the first ones at least.
        many: how many there are; None: these.
        most: names to list.

    >>> named_few(["a", "b"]), named_few(["a", "b", "c"], 9, most=2)
    ('a, b', 'a, b … and 7 more')
    """
    more = (len(names) if many is None else many) - min(most, len(names))
    return ", ".join(names[:most]) + (f" … and {more} more" if more else "")


def is_unicode(word: str) -> bool:
    r"""Tell whether a text can be UTF-8: no half of a surrogate pair is in it.

    Args:
        word: any text.

    >>> is_unicode("naïve"), is_unicode("\ud800")
    (True, False)
    """
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def no_words(where: str | Path) -> FormatError:
    """Build the error of a file of which no row is left.

    Args:
        where: it is.
    """
    return FormatError(sentence(f"words in {where}", "none that can be kept", "check the path"))


def not_utf8(word: str | bytes, row: int, where: str | Path) -> FormatError:
    """Build the error of a word that is not UTF-8.

    Args:
        word: as it stands in the file.
        row: its row.
        where: it is, to name the file.
    """
    advice = "pass errors='replace' (--errors replace) to read U+FFFD there"
    return FormatError(sentence(f"words in UTF-8 in {where}", f"{shown(word)} in row {row}", advice))
