"""Slow twins of `firth.text`: written from its documentation, one character at a time, sharing no code with it."""

import unicodedata
from collections import Counter

INNER = {"'", "’", "׳", "״", "·", "\u200c", "\u200d"}

TRICKY = [*"ab1_.,-\"' \n\r\tßİŉΐΣς", *"’׳״·שלוםצהָּ־ \u200c\u200d\u0301\u093f\u094dक्ष中。🙂️\u0345"]
"""Letters that meet the rules' corners."""


def _is_letter(character):
    return unicodedata.category(character) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Pc"}


def _is_mark(character):
    return unicodedata.category(character) in {"Mn", "Mc", "Me"}


def _is_hebrew(character):
    name = unicodedata.name(character, "")
    return name.startswith("HEBREW") and (_is_letter(character) or _is_mark(character))


def words(text):
    """The words of a text: one pass that decides for each character whether it goes on with the word."""
    found = []
    current = ""
    for place, character in enumerate(text):
        following = text[place + 1] if place + 1 < len(text) else " "
        goes_on = False
        if _is_letter(character) or (current and _is_mark(character)):
            goes_on = True
        elif current and character in INNER:
            goes_on = _is_letter(following) or _is_mark(following)
        elif current and character == '"':
            goes_on = _is_hebrew(current[-1]) and _is_hebrew(following)
        if goes_on:
            current += character
        elif current:
            found.append(current)
            current = ""
    return [*found, current] if current else found


def sentences(text, tokenizer="whitespace", fold_case=False):
    """The sentences of a text, as lists of words; empty ones too."""
    split = words if tokenizer == "words" else str.split
    return [[word.casefold() if fold_case else word for word in split(line)] for line in text.split("\n")]


def lines(text):
    """The lines of a file: what stands before each line feed, and what stands behind the last, if anything does."""
    return text.removesuffix("\n").split("\n") if text else []


def corpus(lists, min_count=1, max_words=None, keep_empty=False):
    """Vocabulary, counts and ids of sentences, and how many tokens, words and kept sentences there are."""
    counted = Counter(word for one in lists for word in one)
    kept = sorted((word for word in counted if counted[word] >= min_count), key=lambda word: (-counted[word], word))
    kept = kept[:max_words]
    place = {word: index for index, word in enumerate(kept)}
    numbered = [[place[word] for word in one if word in place] for one in lists]
    full = [one for one in numbered if one or keep_empty]
    return {
        "words": kept,
        "counts": [counted[word] for word in kept],
        "ids": [number for one in full for number in [*one, -1]],
        "tokens": sum(counted.values()),
        "words_seen": len(counted),
        "sentences": len(full),
    }


def first_invalid(data):
    """Where bytes stop being UTF-8, by Python's codec, or −1."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return -1
