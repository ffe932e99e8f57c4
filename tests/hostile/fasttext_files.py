"""fastText files that are wrong in one place each, made by code: their bytes, and what is said of them."""

from __future__ import annotations

import struct

import naive_fasttext as naive

WORDS = [("the", 9), ("naïve", 3), ("of", 1)]
SIZES = {"input": 23, "output": 3}


def parts(**changed):
    """The sections of a small sound file, in their order; some may be others."""
    sound = {
        "header": naive.header(),
        "dictionary": naive.dictionary(WORDS),
        "input": naive.matrix([[row, row + 0.5, -row] for row in range(SIZES["input"])]),
        "output": naive.matrix([[1.0, 2.0, 3.0]] * SIZES["output"]),
    }
    return sound | changed


def whole(**changed):
    """The bytes of such a file."""
    return b"".join(parts(**changed).values())


def quantised_parts(**changed):
    """The sections of a small sound quantised file."""
    centroids = [[[k / 8, -k / 8] for k in range(256)], [[k / 4] for k in range(256)]]
    rows = naive.quantised([[row, 255 - row] for row in range(5)], centroids, ([7] * 5, [k / 2 for k in range(256)]))
    sound = {
        "header": naive.header(model="supervised", bucket=50),
        "dictionary": naive.dictionary([*WORDS, ("__label__a", 4, 1)], pruned=[(3, 1), (17, 0)]),
        "input": rows,
        "output": naive.matrix([[1.0, 2.0, 3.0]]),
    }
    return sound | changed


def quantised(**changed):
    """The bytes of such a file."""
    return b"".join(quantised_parts(**changed).values())


def _matrix_of(rows, columns):
    """The head of a matrix that says it has such a size, without its numbers."""
    return struct.pack("<?2q", False, rows, columns)


NAN, INFINITY = float("nan"), float("inf")
ROWS = [[float(row), 0.0, 0.0] for row in range(23)]
FILES = {
    "another mark": (whole(header=naive.header(magic=1)), "got another kind of file"),
    "version 10": (whole(header=naive.header(version=10)), "got version 10; versions 11 and 12 are read"),
    "version below zero": (whole(header=naive.header(version=-1)), "got version -1"),
    "no such model": (whole(header=naive.header(model=7)), "got model 7, which stands for none"),
    "no such loss": (whole(header=naive.header(loss=0)), "got loss 0, which stands for none"),
    "no dimensions": (whole(header=naive.header(dim=0)), "got dim 0, where 1 to"),
    "dimensions below zero": (whole(header=naive.header(dim=-3)), "got dim -3, where 1 to"),
    "buckets below zero": (whole(header=naive.header(bucket=-1)), "got bucket -1, where 0 to"),
    "absurdly many buckets": (whole(header=naive.header(bucket=2**31 - 1)), "got bucket 2147483647, where 0 to"),
    "absurdly long n-grams": (whole(header=naive.header(maxn=2**30)), "got maxn 1073741824, where 0 to 100"),
    "n-grams below zero": (whole(header=naive.header(minn=-1)), "got minn -1, where 0 to 100"),
    "other dimensions": (whole(header=naive.header(dim=4)), "got 4 dimensions and an input matrix of 3 columns"),
    "other buckets": (whole(header=naive.header(bucket=21)), "got 23 rows of input, where 24 fit the words"),
    "entries below zero": (whole(dictionary=naive.dictionary(WORDS, size=-1)), "got -1 entries, of which 3 are"),
    "words below zero": (
        whole(dictionary=naive.dictionary(WORDS, words=-3, labels=6)),
        "got 3 entries, of which -3 are words and 6 labels",
    ),
    "absurdly many entries": (
        whole(dictionary=naive.dictionary(WORDS, size=2**31 - 1, words=2**31 - 1)),
        "bytes where 2147483647 words and labels are",
    ),
    "more entries than there are": (
        whole(dictionary=naive.dictionary(WORDS, size=9, words=9)),
        "got (type|an end|count)",
    ),
    "no words": (whole(dictionary=naive.dictionary([])), "got no words; vectors of words are what is read here"),
    "a count below zero": (whole(dictionary=naive.dictionary([("a", -5)])), "got count -5 of entry 0"),
    "an entry of no type": (
        whole(dictionary=naive.dictionary([("a", 5, 2)], words=1, labels=0)),
        r"got type 2 of entry 0, where 1 words \(0\) and then labels \(1\) are",
    ),
    "a label before the words": (
        whole(dictionary=naive.dictionary([("a", 5, 1), ("b", 1)])),
        "got type 1 of entry 0, where 1 words",
    ),
    "a word without end": (
        naive.header() + struct.pack("<3i2q", 1, 1, 0, 1, -1) + b"a" * 1000,
        "got an end within entry 0 of 1",
    ),
    "a word that is no UTF-8": (
        whole(dictionary=naive.dictionary([*WORDS[:2], (b"caf\xe9", 1)])),
        r"expected words in UTF-8 in .*, got b'caf\\xe9' in row 2; pass errors='replace'",
    ),
    "buckets left of a plain matrix": (
        whole(dictionary=naive.dictionary(WORDS, pruned=[(3, 0)])),
        "got a pruned dictionary with a matrix that is not quantised",
    ),
    "a mark that is neither 0 nor 1": (whole(input=b"\2"), "got 2 where the mark of the input matrix is 0 or 1"),
    "rows below zero": (whole(input=_matrix_of(-1, 3)), "got the input matrix of -1 × 3"),
    "columns below zero": (whole(input=_matrix_of(1, -3)), "got the input matrix of 1 × -3"),
    "no columns": (whole(input=_matrix_of(2**62, 0)), "got the input matrix of 4611686018427387904 × 0"),
    "absurdly many rows": (
        whole(input=_matrix_of(2**62, 2**62)),
        "got 53 bytes where the input matrix has 85070591730234615865843651857942052864",
    ),
    "NaN in a word": (
        whole(input=naive.matrix([[NAN, 0, 0], *ROWS[1:]])),
        r"got NaN or infinity in rows of words, for 'the' \(row 0\); train it again",
    ),
    "infinity in a bucket": (
        whole(input=naive.matrix([*ROWS[:22], [INFINITY, 0, 0]])),
        "got NaN or infinity in rows of buckets, in row 19",
    ),
    "NaN in an output": (
        whole(output=naive.matrix([[1, 2, 3], [1, NAN, 3], [1, 2, 3]])),
        r"got NaN or infinity in outputs, for 'naïve' \(row 1\)",
    ),
    "outputs of other words": (whole(output=naive.matrix([[1, 2, 3]])), "got 1 rows of output for 3 words"),
    "more behind the end": (whole() + b"\0", "got 1 bytes behind its end"),
}
CENTROIDS = [[[0.0, 0.0, 0.0]] * 256]
QUANTISED = {
    "a bucket twice": (
        quantised(dictionary=naive.dictionary(WORDS, pruned=[(3, 0), (3, 1)])),
        "got a list of 2 buckets with buckets beyond 50, or twice",
    ),
    "a bucket beyond the last": (
        quantised(dictionary=naive.dictionary(WORDS, pruned=[(3, 0), (50, 1)])),
        "got a list of 2 buckets with buckets beyond 50",
    ),
    "a bucket below zero": (
        quantised(dictionary=naive.dictionary(WORDS, pruned=[(-3, 0), (5, 1)])),
        "got a list of 2 buckets with buckets beyond 50",
    ),
    "a row of two buckets": (
        quantised(dictionary=naive.dictionary(WORDS, pruned=[(3, 1), (17, 1)])),
        "got a list of 2 buckets with rows beyond 2, or twice",
    ),
    "absurdly many buckets left": (
        quantised(dictionary=struct.pack("<3i2q", 1, 1, 0, 9, 2**62) + b"a\0" + struct.pack("<qb", 1, 0)),
        "bytes where the list of buckets has 36893488147419103232",
    ),
    "absurdly many buckets of which few are left": (
        quantised(header=naive.header(model="supervised", bucket=2**30)),
        "that need no more than 16 times the room of their rows, got words of 14 bytes, .* 1073741824 buckets",
    ),
    "codes below zero": (
        quantised(input=struct.pack("<2?2qi", True, False, 5, 3, -10)),
        "bytes where the codes of the input matrix has -10",
    ),
    "more rows than codes": (
        quantised(input=struct.pack("<2?2qi", True, False, 6, 3, 5) + bytes(5) + naive.quantiser(CENTROIDS, 3)),
        "got 5 codes where the input matrix has 6 rows of 1 parts",
    ),
    "parts that do not fit": (
        quantised(input=struct.pack("<2?2qi", True, False, 5, 3, 5) + bytes(5) + struct.pack("<4i", 3, 2, 2, 2)),
        "got the input matrix of 3 columns in 2 parts of 2, the last of 2, in all 3",
    ),
    "parts below zero": (
        quantised(input=struct.pack("<2?2qi", True, False, 5, 3, 5) + bytes(5) + struct.pack("<4i", 3, -1, -2, -1)),
        "got the input matrix of 3 columns in -1 parts of -2",
    ),
    "centroids of another matrix": (
        quantised(input=struct.pack("<2?2qi", True, False, 5, 3, 5) + bytes(5) + struct.pack("<4i", 2, 1, 2, 2)),
        "got the input matrix of 3 columns in 1 parts of 2, the last of 2, in all 2",
    ),
    "rows that would be absurdly large": (
        quantised(
            header=naive.header(dim=100, bucket=50, model="supervised"),
            input=naive.quantised([[0]] * 200_000, [[[0.0] * 100] * 256]),
        ),
        r"got the input matrix of 200000 × 100 in 30\d{4} bytes, which would be 80000000; quantise .* smaller -dsub",
    ),
    "NaN in a centroid": (
        quantised(input=naive.quantised([[0]] * 5, [[[NAN] * 3, *CENTROIDS[0][1:]]])),
        r"got NaN or infinity in rows of words, for 'the' \(row 0\)",
    ),
    "NaN as a norm": (
        quantised(input=naive.quantised([[0]] * 5, CENTROIDS, ([0, 0, 1, 0, 0], [1.0, NAN, *[0.0] * 254]))),
        r"got NaN or infinity in rows of words, for 'of' \(row 2\)",
    ),
}
