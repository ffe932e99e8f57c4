"""Words spelled like another: candidates by shared pairs of bytes, then the closest by `difflib`."""

from __future__ import annotations

import numpy as np

from firth.vectors.words import Words

_CANDIDATES = 64  # difflib compares these, 20 µs each
_CLOSE = 0.6  # the ratio from which difflib itself calls two words close
_LONGEST = 64  # bytes of the given word that are looked at
_LOWER = np.frombuffer(bytes(range(256)).lower(), np.uint8)  # ASCII alone: other letters take several bytes


def close_words(word: str, words: Words, *, count: int = 3) -> list[str]:
    """Words that are spelled like `word`, closest first.

    Of all words, those with the highest share of common byte pairs (Dice) are compared letter by letter, without
    regard to case.

    Args:
        word: any text.
        words: where to look.
        count: how many at most.

    Returns:
        At most `count` words; none if nothing is close. Of words equally close, the earlier row.

    >>> close_words("quen", Words(["the", "queen", "king", "Quentin"]))
    ['queen', 'Quentin']
    """
    import difflib

    rows = _alike(word.lower(), words)
    given = word.lower()
    matcher = difflib.SequenceMatcher(b=given, autojunk=False)
    close = []
    for row in rows.tolist():
        candidate = words[row]
        matcher.set_seq1(candidate.lower()[: 2 * _LONGEST])
        ratio = matcher.ratio()
        if ratio >= _CLOSE:
            close.append((-ratio, row, candidate))
    return [candidate for _, _, candidate in sorted(close)[:count]]


def _alike(given: str, words: Words) -> np.ndarray:
    """Choose the rows whose words share most pairs of bytes with the given one, borders counting as letters."""
    line = _pairs(np.frombuffer(b"\n" + given.encode(errors="replace")[:_LONGEST] + b"\n", np.uint8))
    text = np.frombuffer(words.encoded(), np.uint8)
    pairs = _pairs(text)
    ends = words.line_ends()
    shared = np.zeros(len(words), np.int64)
    for pair in set(line.tolist()):
        # The second byte tells the word: a pair that begins with a newline belongs to the word after it.
        places = np.flatnonzero(pairs == pair) + 1
        shared[np.searchsorted(ends, places)] += 1  # once a word, however often the pair comes in it
    shared[0] += (10 << 8 | int(_LOWER[text[0]])) in line  # no newline stands before the first word
    lengths = np.diff(ends, prepend=-1)
    dice = 2 * shared / (lengths + len(line))
    best = np.argpartition(-dice, min(_CANDIDATES, len(dice) - 1))[:_CANDIDATES]
    return best[dice[best] > 0]


def _pairs(text: np.ndarray) -> np.ndarray:
    """Join each byte (N,) with the next one, without regard to case: uint16, (N − 1,)."""
    lower = _LOWER[text].astype(np.uint16)
    return lower[:-1] << 8 | lower[1:]
