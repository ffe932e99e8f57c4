"""The compiled loops that know UTF-8: is it valid, where may it be cut, and its words with the rest blanked.

Code points are classified by a table that the caller passes (see `firth.text.characters`).
"""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled

LETTER, MARK, JOINER, QUOTE, HEBREW = 1, 2, 4, 8, 16
"""Classes of code points, as bits; 0 separates words wherever it stands."""

GROWTH = 3
"""The most bytes that one byte can become when case is folded."""


@compiled()
def _width(lead: int) -> int:
    """Return how many bytes a code point takes that begins with this byte, or 0 if none can."""
    if lead < 0x80:
        return 1
    if lead < 0xC2:
        return 0
    if lead < 0xE0:
        return 2
    if lead < 0xF0:
        return 3
    return 4 if lead < 0xF5 else 0


@compiled()
def _code_point(text: np.ndarray, at: int, width: int) -> np.int64:
    """Read the code point of `width` bytes at this place of valid UTF-8."""
    if width == 1:
        return np.int64(text[at])
    code = np.int64(text[at]) & (0x7F >> width)
    for index in range(1, width):
        code = code << 6 | (np.int64(text[at + index]) & 0x3F)
    return code


@compiled()
def first_invalid(text: np.ndarray, length: int) -> int:
    """Return where text[:length] stops being UTF-8, or −1 if it never does (Unicode 15, table 3-7)."""
    at = 0
    while at < length:
        lead = text[at]
        if lead < 0x80:
            at += 1
            continue
        width = _width(lead)
        if width == 0 or at + width > length:
            return at
        lowest, highest = 0x80, 0xBF
        if lead == 0xE0:
            lowest = 0xA0
        elif lead == 0xED:
            highest = 0x9F
        elif lead == 0xF0:
            lowest = 0x90
        elif lead == 0xF4:
            highest = 0x8F
        if text[at + 1] < lowest or text[at + 1] > highest:
            return at
        for index in range(2, width):
            if text[at + index] & 0xC0 != 0x80:
                return at
        at += width
    return -1


@compiled()
def after_last_separator(text: np.ndarray, length: int, classes: np.ndarray) -> int:
    """Return the place behind the last code point of class 0 in text[:length], which need not be valid, or 0."""
    end = length
    while end > 0:
        start = end - 1
        while start > 0 and end - start < 4 and text[start] & 0xC0 == 0x80:
            start -= 1
        width = _width(text[start])
        if width == 0 or width != end - start:
            end -= 1  # no code point ends here: what stands before may be one
            continue
        code = _code_point(text, start, width)
        if code < classes.size and classes[code] == 0:
            return end
        end = start
    return 0


@compiled()
def _write(code: np.int64, out: np.ndarray, at: int) -> int:
    """Write a code point as UTF-8 and return the place behind it."""
    if code < 0x80:
        out[at] = code
        return at + 1
    if code < 0x800:
        out[at] = 0xC0 | code >> 6
        out[at + 1] = 0x80 | code & 0x3F
        return at + 2
    if code < 0x10000:
        out[at] = 0xE0 | code >> 12
        out[at + 1] = 0x80 | code >> 6 & 0x3F
        out[at + 2] = 0x80 | code & 0x3F
        return at + 3
    out[at] = 0xF0 | code >> 18
    out[at + 1] = 0x80 | code >> 12 & 0x3F
    out[at + 2] = 0x80 | code >> 6 & 0x3F
    out[at + 3] = 0x80 | code & 0x3F
    return at + 4


@compiled()
def _write_folded(code: np.int64, folds: np.ndarray, expansions: np.ndarray, out: np.ndarray, at: int) -> int:
    """Write what a code point becomes when case is folded, and return the place behind it."""
    folded = np.int64(folds[code])
    if folded >= 0:
        return _write(folded, out, at)
    for index in range(3):
        part = np.int64(expansions[-1 - folded, index])
        if part >= 0:
            at = _write(part, out, at)
    return at


@compiled()
def fold_text(text: np.ndarray, length: int, folds: np.ndarray, expansions: np.ndarray, out: np.ndarray) -> int:
    """Write text[:length], valid UTF-8, with its case folded; return how many bytes that takes."""
    at, written = 0, 0
    while at < length:
        if text[at] < 0x80:  # most of most texts; no letter of ASCII becomes several or leaves ASCII
            out[written] = folds[text[at]]
            written += 1
            at += 1
            continue
        width = _width(text[at])
        written = _write_folded(_code_point(text, at, width), folds, expansions, out, written)
        at += width
    return written


@compiled()
def keep_words(
    text: np.ndarray, length: int, classes: np.ndarray, folds: np.ndarray, expansions: np.ndarray, out: np.ndarray
) -> int:
    """Write the words of text[:length], valid UTF-8, with one space or line feed where anything else stood.

    Case is folded if `folds` isn't empty. Returns how many bytes were written.
    """
    at, written = 0, 0
    before = 0  # the class of the character before, if it was kept
    while at < length:
        if text[at] < 0x80 and classes[text[at]] == LETTER:  # most of most texts
            before = LETTER
            out[written] = folds[text[at]] if folds.size > 0 else text[at]
            written += 1
            at += 1
            continue
        width = _width(text[at])
        code = _code_point(text, at, width)
        kind = classes[code]
        behind = at + width
        kept = kind & LETTER != 0 or (kind & MARK != 0 and before != 0)
        if kind & (JOINER | QUOTE) != 0 and before != 0 and behind < length:
            follows = classes[_code_point(text, behind, _width(text[behind]))]
            allowed = LETTER | MARK if kind & JOINER != 0 else before & HEBREW
            kept = follows & allowed != 0
        if not kept:
            before = 0
            if code == 10:
                out[written] = 10
                written += 1
            elif written > 0 and out[written - 1] > 32:
                out[written] = 32
                written += 1
        else:
            before = kind
            if folds.size > 0:
                written = _write_folded(code, folds, expansions, out, written)
            else:
                for index in range(width):
                    out[written + index] = text[at + index]
                written += width
        at = behind
    return written
