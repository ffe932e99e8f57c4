"""Slow twins of `firth.vectors` and `firth.evaluation`: loops over words in Python numbers, no cleverness."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np


def cosine(first, second) -> float:
    """Cosine in exact fractions up to one square root; 0 for a zero vector."""
    first = [Fraction(float(number)) for number in first]
    second = [Fraction(float(number)) for number in second]
    product = sum(a * b for a, b in zip(first, second, strict=True))
    lengths = sum(a * a for a in first) * sum(b * b for b in second)
    if lengths == 0:
        return 0.0
    squared = product * product / lengths
    return math.copysign(math.sqrt(squared), product)


def most_similar(words, matrix, query, *, count, left_out):
    """Sort all words by cosine, then by row."""
    found = [(-cosine(row, query), place) for place, row in enumerate(matrix) if words[place] not in left_out]
    return [(words[place], -value) for value, place in sorted(found)[:count]]


def analogy_target(matrix, a, b, c):
    """b − a + c of unit vectors."""
    units = []
    for row in (a, b, c):
        length = math.sqrt(sum(float(number) ** 2 for number in matrix[row]))
        units.append([float(number) / length if length else 0.0 for number in matrix[row]])
    return np.array([y - x + z for x, y, z in zip(*units, strict=True)])


def ranks(numbers):
    """Rank from 1, equal numbers share the mean of their ranks."""
    return [
        sum(other < number for other in numbers) + (sum(other == number for other in numbers) + 1) / 2
        for number in numbers
    ]


def rank_correlation(x, y) -> float:
    """Pearson's correlation of the ranks."""
    x, y = ranks(x), ranks(y)
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    together = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return together / math.sqrt(sum((a - mean_x) ** 2 for a in x) * sum((b - mean_y) ** 2 for b in y))


def read_word2vec(path: Path, *, binary: bool):
    """Read a file of word2vec.c as its own tools do: byte by byte; white space ends a word."""
    data = path.read_bytes()
    place = data.index(b"\n")
    rows, columns = map(int, data[:place].split())
    place += 1
    words, matrix = [], []
    for _ in range(rows):
        end = data.index(b" ", place)
        words.append(data[place:end].lstrip(b"\n").decode())
        place = end + 1
        if binary:
            matrix.append(struct.unpack_from(f"<{columns}f", data, place))
            place += 4 * columns
        else:
            end = data.index(b"\n", place)
            numbers = data[place:end].split(b" ")
            assert len(numbers) == columns
            matrix.append([float(number) for number in numbers])
            place = end + 1
    assert data[place:].strip() == b""
    return words, np.array(matrix, np.float64)


def combined(positive, negative):
    """Mean of vectors of length 1, the negative ones turned round."""
    total = [0.0] * len([*positive, *negative][0])
    for sign, rows in ((1, positive), (-1, negative)):
        for row in rows:
            length = math.sqrt(math.fsum(float(number) ** 2 for number in row))
            total = [mean + sign * float(number) / (length or 1) for mean, number in zip(total, row, strict=True)]
    return [number / (len(positive) + len(negative)) for number in total]


def most_related_by_product(words, matrix, positive, negative, *, count, left_out, epsilon=1e-6):
    """Sort all words by the quotient of products of cosines moved to [0, 1]."""
    found = []
    for place, row in enumerate(matrix):
        near = math.prod((1 + cosine(row, other)) / 2 for other in positive)
        far = math.prod((1 + cosine(row, other)) / 2 for other in negative)
        if words[place] not in left_out:
            found.append((-near / (far + epsilon), place))
    return [(words[place], -value) for value, place in sorted(found)[:count]]


def product_rows(codes, scales, codebooks):
    """Put rows together from codewords, group by group; columns are dealt to groups as evenly as can be."""
    dimensions, groups = len(codebooks[0]), len(codes[0])
    rows = []
    for row, scale in zip(codes, scales, strict=True):
        numbers = []
        for group in range(groups):
            columns = range(group * dimensions // groups, (group + 1) * dimensions // groups)
            numbers += [np.float32(codebooks[row[group]][column]) * np.float32(scale) for column in columns]
        rows.append(numbers)
    return np.array(rows, np.float32)


def nearest_codeword(point, centers):
    """The number of the centre with the least squared distance, exactly; the first of equal ones."""
    distances = [
        sum((Fraction(float(a)) - Fraction(float(b))) ** 2 for a, b in zip(point, center, strict=True))
        for center in centers
    ]
    return distances.index(min(distances))
