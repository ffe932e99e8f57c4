"""Slow twins of `firth.text.subwords`: byte by byte, as fastText's own loop goes, in plain Python numbers."""

from __future__ import annotations

from fractions import Fraction

ODD = [*"abcdefgha<>/s \r\0'", *"שלוםאé\u0301ßİ中😀\u2028\ufeff"]
"""Letters that meet the corners: brackets, what ends lines elsewhere, one to four bytes."""


def ngrams(word, smallest, longest):
    """The n-grams of a word as bytes: grow each from its first byte, a whole character at a time."""
    if word == "</s>":
        return []
    data = b"<" + word.encode() + b">"
    found = []
    for first in range(len(data)):
        if data[first] >> 6 == 0b10:
            continue
        end, characters = first, 0
        while end < len(data) and characters < longest:
            end += 1
            while end < len(data) and data[end] >> 6 == 0b10:
                end += 1
            characters += 1
            is_border = characters == 1 and (first == 0 or end == len(data))
            if characters >= smallest and not is_border:
                found.append(data[first:end])
    return found


def bucket(ngram, buckets):
    """FNV-1a in 32 bits on bytes that are signed: below zero they have ones above them."""
    value = 0x811C9DC5
    for byte in ngram:
        signed = byte - 256 if byte > 127 else byte
        value ^= signed % 2**32
        value = value * 0x01000193 % 2**32
    return value % buckets


def table(words, smallest, longest, buckets):
    """The rows of each word, as lists, and the keys of n-gram rows."""
    named = [[bucket(n, buckets) if buckets else n.decode() for n in ngrams(w, smallest, longest)] for w in words]
    keys = list(dict.fromkeys(key for one in named for key in one))
    if buckets:
        keys.sort()
    place = {key: len(words) + row for row, key in enumerate(keys)}
    return [[row, *(place[key] for key in one)] for row, one in enumerate(named)], keys


def mean(rows):
    """The mean of rows, in fractions."""
    return [float(sum(map(Fraction, map(float, column))) / len(rows)) for column in zip(*rows, strict=True)]
