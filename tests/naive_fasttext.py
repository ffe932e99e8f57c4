"""Slow twin of the reader and writer of fastText's files: plain `struct`, number by number, as it is described."""

from __future__ import annotations

import struct

import naive_subwords

MODELS = {"cbow": 1, "skipgram": 2, "supervised": 3}
LOSSES = {"hierarchical": 1, "sampling": 2, "softmax": 3, "one-vs-all": 4}


def settings(**changed):
    """fastText's settings, in the order of the file."""
    usual = {
        "dim": 3, "ws": 5, "epoch": 5, "minCount": 1, "neg": 5, "wordNgrams": 1, "loss": "sampling",
        "model": "skipgram", "bucket": 20, "minn": 2, "maxn": 3, "lrUpdateRate": 100, "t": 1e-4,
    }  # fmt: skip
    return usual | changed


def header(magic=793712314, version=12, **changed):
    """The bytes of mark, version and settings."""
    *whole, t = settings(**changed).values()
    names = MODELS | LOSSES
    numbers = [names[number] if isinstance(number, str) else number for number in whole]
    return struct.pack("<14id", magic, version, *numbers, t)


def dictionary(entries, *, pruned=None, tokens=100, words=None, labels=None, size=None):
    """The bytes of entries, each (word, count) or (label, count, 1), and of the buckets that are left."""
    kinds = [entry[2] if len(entry) > 2 else 0 for entry in entries]
    words = kinds.count(0) if words is None else words
    labels = kinds.count(1) if labels is None else labels
    size = len(entries) if size is None else size
    data = struct.pack("<3i2q", size, words, labels, tokens, -1 if pruned is None else len(pruned))
    for (word, count, *_), kind in zip(entries, kinds, strict=True):
        data += (word if isinstance(word, bytes) else word.encode()) + b"\0" + struct.pack("<qb", count, kind)
    for pair in pruned or []:
        data += struct.pack("<2i", *pair)
    return data


def matrix(rows, columns=None):
    """The bytes of a plain matrix, its mark before it."""
    columns = len(rows[0]) if columns is None else columns
    return struct.pack("<?2q", False, len(rows), columns) + b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows)


def quantiser(centroids, usual):
    """The bytes of a product quantiser: of each part 256 centroids; `usual` numbers in all but perhaps the last."""
    widths = [len(part[0]) for part in centroids]
    data = struct.pack("<4i", sum(widths), len(centroids), usual, widths[-1])
    return data + b"".join(struct.pack(f"<{len(c)}f", *c) for part in centroids for c in part)


def quantised(codes, centroids, norms=None, usual=None):
    """The bytes of a quantised matrix: codes of each row, and of norms a code for each row and the 256 values."""
    columns = sum(len(part[0]) for part in centroids)
    data = struct.pack("<2?2qi", True, norms is not None, len(codes), columns, sum(map(len, codes)))
    data += b"".join(map(bytes, codes)) + quantiser(centroids, usual or len(centroids[0][0]))
    if norms is not None:
        norm_codes, values = norms
        data += bytes(norm_codes) + quantiser([[[value] for value in values]], 1)
    return data


def vector(word, words, rows, *, smallest, longest, buckets, pruned=None):
    """The vector of any word by fastText's rule, row by row in float64; None where fastText gives zeros."""
    ids = [words.index(word)] if word in words else []
    for ngram in naive_subwords.ngrams(word, smallest, longest) if longest else []:
        bucket = naive_subwords.bucket(ngram, buckets)
        if pruned is None:
            ids.append(len(words) + bucket)
        elif bucket in dict(pruned):
            ids.append(len(words) + dict(pruned)[bucket])
    if not ids:
        return None
    return [sum(rows[i][column] for i in ids) / len(ids) for column in range(len(rows[0]))]
