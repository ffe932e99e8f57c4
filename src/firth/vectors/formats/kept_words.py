"""Words of foreign files that `Words` can't hold: repaired or left out, and always said."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from firth.errors import FormatError, SettingsError, check_choice, sentence
from firth.vectors.formats.sifting import ERRORS
from firth.vectors.words import Words

logger = logging.getLogger(__name__)


_SHOWN = 3  # words named in a warning
_LONGEST = 100  # characters shown of one


class KeptWords(NamedTuple):
    """The words of a file, and what was done to have them.

    Attributes:
        words: V of them.
        rows: their rows in the file, (V,) int64; None if all are here.
        rows_of_file: how many rows there are in the file.
        changes: for `config["source"]`: `left_out` and `repaired`, how many rows by reason; empty if nothing was done.
    """

    words: Words
    rows: np.ndarray | None
    rows_of_file: int
    changes: dict[str, Any]

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of the words that are here; the same array if all are.

        Args:
            rows: of all words of the file, (≥ V, …).
        """
        return rows if self.rows is None else rows[self.rows]


def decoded_words(words: Sequence[bytes], errors: str, where: str) -> tuple[list[str], list[list[Any]]]:
    r"""Decode the words of a file.

    Args:
        words: bytes that should be UTF-8.
        errors: what to do with others: "strict", or as `bytes.decode` has it "replace" or "ignore".
        where: they are, to name the file.

    Returns:
        The words; row, word and reason of those that were repaired.

    Raises:
        FormatError: if one is no UTF-8 and `errors` is "strict".
        SettingsError: if `errors` is unknown.

    >>> decoded_words([b"caf\xc3\xa9", b"caf\xe9"], "replace", "a.bin")
    (['café', 'caf�'], [[1, 'caf�', 'no UTF-8']])
    """
    check_choice("errors", errors, ERRORS)
    texts: list[str] = []
    repaired: list[list[Any]] = []
    for row, word in enumerate(words):
        try:
            texts.append(word.decode())
        except UnicodeDecodeError:
            if errors == "strict":
                came = f"{word[:100]!r} in row {row}"
                raise FormatError(sentence(f"words in UTF-8 in {where}", came, 'pass errors="replace"')) from None
            texts.append(word.decode(errors=errors))
            repaired.append([row, texts[-1], "no UTF-8"])
    return texts, repaired


def kept_words(words: Sequence[str | None], where: str, repaired: Sequence[list[Any]] = ()) -> KeptWords:
    r"""Leave out what can't be a word here: one that comes again, holds "\n", or is no valid Unicode.

    Args:
        words: of a file, in the order of its rows; None: a row has none.
        where: they are, to name the file.
        repaired: what `decoded_words` has done.

    Returns:
        What is left; a warning is logged if anything was done.

    Raises:
        FormatError: if nothing is left.

    >>> kept = kept_words(["of", "the", "of"], "a.bin")
    >>> kept.words, kept.rows, kept.changes
    (Words(2: 'of', 'the'), array([0, 1]), {'left_out': {'came before': 1}})
    """
    rows: np.ndarray | None = None
    left_out: list[list[Any]] = []
    try:
        kept = Words(words)  # type: ignore[arg-type]  # None is refused there
    except SettingsError:
        kept, rows, left_out = _without_impossible(words, where)
    changes: dict[str, Any] = {}
    for name, all_listed in (("left_out", left_out), ("repaired", repaired)):
        if not all_listed:
            continue
        listed = [(row, word and word[:_LONGEST], why) for row, word, why in all_listed[:_SHOWN]]
        shown = ", ".join(f"{word!r} in row {row} ({why})" for row, word, why in listed)
        more = f" and {len(all_listed) - _SHOWN} more" if len(all_listed) > _SHOWN else ""
        logger.warning("%s: words %s: %s%s", where, name.replace("_", " "), shown, more)
        changes[name] = dict(Counter(why for _, _, why in all_listed))
    return KeptWords(kept, rows, len(words), changes)


def _without_impossible(words: Sequence[str | None], where: str) -> tuple[Words, np.ndarray, list[list[Any]]]:
    """Return the words that can be kept, their rows (V,), and row, word and reason of the others."""
    first: dict[str, int] = {}
    left_out: list[list[Any]] = []
    for row, word in enumerate(words):
        if word is None or "\n" in word or not _is_unicode(word):
            why = "no word" if word is None else "has a newline" if "\n" in word else "no valid Unicode"
            left_out.append([row, word, why])
        elif first.setdefault(word, row) != row:
            left_out.append([row, word, "came before"])
    if not first:
        raise FormatError(sentence(f"words in {where}", "none that can be kept", "check where it comes from"))
    return Words(first), np.array(list(first.values()), np.int64), left_out


def _is_unicode(word: str) -> bool:
    """Tell whether a text can be UTF-8: no half of a surrogate pair is in it."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
