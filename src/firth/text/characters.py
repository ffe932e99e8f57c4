"""What each byte and each code point is to the compiled loops, as tables."""

from __future__ import annotations

from functools import cache

import numpy as np

from firth.text.kernels import LEAD, NEWLINE, SPACE
from firth.text.rewriting import HEBREW, JOINER, LETTER, MARK, QUOTE
from firth.text.tokenizers import ASSIGNED, JOINERS, is_hebrew, is_mark, is_word_character

CODE_POINTS = 0x110000
WHITE_SPACE = (
    *range(0x09, 0x0E),
    *range(0x1C, 0x21),
    *(0x85, 0xA0, 0x1680),
    *range(0x2000, 0x200B),
    *(0x2028, 0x2029, 0x202F, 0x205F, 0x3000),
)
"""The code points at which `str.split()` splits."""


def white_space_bytes() -> np.ndarray:
    """Classify the 256 bytes for text whose words are parted by white space."""
    classes = np.zeros(256, np.uint8)
    classes[[code for code in WHITE_SPACE if code < 0x80]] = SPACE
    classes[[0xC2, 0xE1, 0xE2, 0xE3]] = LEAD
    classes[0x0A] = NEWLINE
    return classes


def token_bytes() -> np.ndarray:
    """Classify the 256 bytes for tokens parted by NUL."""
    classes = np.zeros(256, np.uint8)
    classes[0x00] = SPACE
    classes[0x0A] = NEWLINE
    return classes


def blank_bytes() -> np.ndarray:
    """Classify the 256 bytes for text in which all but words has been blanked."""
    classes = np.zeros(256, np.uint8)
    classes[0x20] = SPACE
    classes[0x0A] = NEWLINE
    return classes


def separators(code_points: tuple[int, ...]) -> np.ndarray:
    """Make the table in which these code points are 0, behind which a block may be cut, and all others 1."""
    table = np.ones(CODE_POINTS, np.uint8)
    table[list(code_points)] = 0
    table.flags.writeable = False  # as `word_classes`: kernels are compiled once
    return table


@cache
def word_classes() -> np.ndarray:
    """Classify all code points for the tokenizer "words", (0x110000,) uint8; 0 always separates."""
    table = np.zeros(CODE_POINTS, np.uint8)
    for part in ASSIGNED:
        for code in part:
            character = chr(code)
            if is_word_character(character):
                table[code] = LETTER
            elif is_mark(character):
                table[code] = MARK
    for code in (*range(0x0590, 0x0600), *range(0xFB1D, 0xFB50)):
        if is_hebrew(chr(code)):
            table[code] |= HEBREW
    table[[ord(character) for character in JOINERS]] = JOINER
    table[ord('"')] = QUOTE
    table.flags.writeable = False
    return table


@cache
def case_folds() -> tuple[np.ndarray, np.ndarray]:
    """Tabulate `str.casefold`: (0x110000,) int32 of code points, and (E, 3) for those that become several.

    A number < 0 is −1 − row of the second table, whose rows end with −1 where they are shorter than 3.
    """
    folds = np.arange(CODE_POINTS, dtype=np.int32)
    several: list[list[int]] = []
    for code in range(0x20000):  # no case beyond the second plane
        character = chr(code)
        folded = character.casefold()
        if folded == character:
            continue
        if len(folded) == 1:
            folds[code] = ord(folded)
        else:
            folds[code] = -1 - len(several)
            several.append([*map(ord, folded), *[-1] * (3 - len(folded))])
    return folds, np.array(several, np.int32)
