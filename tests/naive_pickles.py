"""A small pickler that knows no classes: names and calls are written as they are asked for, harmless or not."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np


class Name(NamedTuple):
    """What a pickle would import."""

    module: str
    name: str


class Call:
    """What a pickle would make: by `REDUCE`, or with `is_new` by `NEWOBJ`; then given a state."""

    def __init__(self, kind, arguments=(), state=None, *, is_new=False):
        self.kind, self.arguments, self.state, self.is_new = kind, tuple(arguments), state, is_new


class Pickler:
    """Writes values in protocol 2 or 4, remembering texts as Python's pickler does."""

    def __init__(self, protocol=4):
        self.protocol, self.known = protocol, {}

    def dump(self, value):
        """The whole pickle."""
        body = self.write(value) + b"."
        frame = b"\x95" + struct.pack("<Q", len(body)) if self.protocol >= 4 else b""
        return b"\x80" + bytes([self.protocol]) + frame + body

    def write(self, value):
        """The instructions that put a value on the stack."""
        if isinstance(value, np.ndarray):
            return self.write(array(value, self.protocol))
        if isinstance(value, Name):
            return self.name(value)
        if isinstance(value, Call):
            made = self.write(value.kind) + self.write(value.arguments) + (b"\x81" if value.is_new else b"R")
            return made + (self.write(value.state) + b"b" if value.state is not None else b"")
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool):
            return {None: b"N", True: b"\x88", False: b"\x89"}[value]
        if isinstance(value, int):
            return b"J" + struct.pack("<i", value)
        if isinstance(value, float):
            return b"G" + struct.pack(">d", value)
        if isinstance(value, bytes):
            return b"B" + struct.pack("<I", len(value)) + value
        if isinstance(value, tuple):
            return b"(" + b"".join(map(self.write, value)) + b"t"
        if isinstance(value, list):
            return b"](" + b"".join(map(self.write, value)) + b"e"
        return b"}(" + b"".join(self.write(key) + self.write(inner) for key, inner in value.items()) + b"u"

    def name(self, value):
        """A name: of the stack, or as two lines."""
        if self.protocol >= 4:
            return self.text(value.module) + self.text(value.name) + b"\x93"
        return b"c" + f"{value.module}\n{value.name}\n".encode()

    def text(self, value):
        """A text, or what recalls it."""
        if value in self.known:
            return b"j" + struct.pack("<I", self.known[value])
        self.known[value] = len(self.known)
        data = value.encode("utf-8", "surrogatepass")
        if self.protocol >= 4 and len(data) < 256:
            return b"\x8c" + bytes([len(data)]) + data + b"\x94"
        put = b"\x94" if self.protocol >= 4 else b"r" + struct.pack("<I", self.known[value])
        return b"X" + struct.pack("<I", len(data)) + data + put


def array(values, protocol=4, *, shape=None, kind=None, data=None, order=None):
    """An array as NumPy pickles it; shape, type and bytes may be others."""
    kind = values.dtype.str[1:] if kind is None else kind
    data = values.tobytes() if data is None else data
    if protocol < 3:
        data = Call(Name("_codecs", "encode"), (data.decode("latin-1"), "latin1"))
    dtype = Call(
        Name("numpy", "dtype"), (kind, False, True), (3, order or values.dtype.str[0], None, None, None, -1, -1, 0)
    )
    start = (Name("numpy", "ndarray"), (0,), b"b" if protocol >= 3 else "b")
    state = (1, values.shape if shape is None else shape, dtype, False, data)
    return Call(Name("numpy.core.multiarray", "_reconstruct"), start, state)


def dump(value, protocol=4):
    """The pickle of a value."""
    return Pickler(protocol).dump(value)


def keyed_vectors(words, vectors, *, counts=None, name="KeyedVectors", module="gensim.models.keyedvectors", **others):
    """Words and vectors as gensim 4 has them."""
    state = {"vector_size": 3, "index_to_key": words, "key_to_index": {w: i for i, w in enumerate(words)}}
    state |= {"vectors": vectors, "expandos": {} if counts is None else {"count": counts}, "norms": None}
    state |= {"__numpys": [], "__scipys": [], "__ignoreds": [], "__recursive_saveloads": []} | others
    return Call(Name(module, name), (), state, is_new=True)


def old_word2vec(words, vectors, counts, outputs):
    """A `Word2Vec` as gensim 3 has it: counts in objects of each word, outputs in `trainables`."""
    module = "gensim.models.keyedvectors"
    vocab = {
        word: Call(Name(module, "Vocab"), (), {"count": count, "index": row, "sample_int": 1}, is_new=True)
        for row, (word, count) in enumerate(zip(words, counts, strict=True))
    }
    state = {"vectors": vectors, "vocab": vocab, "index2word": words, "vector_size": 3, "vectors_norm": None}
    trainables = {"hashfxn": Name("__builtin__", "hash"), "syn1neg": outputs, "layer1_size": 3}
    inner = {
        "wv": Call(Name(module, "Word2VecKeyedVectors"), (), state, is_new=True),
        "trainables": Call(Name("gensim.models.word2vec", "Word2VecTrainables"), (), trainables, is_new=True),
        "vocabulary": Call(Name("gensim.models.word2vec", "Word2VecVocab"), (), {"min_count": 1}, is_new=True),
        "window": 5, "sg": 1, "__recursive_saveloads": ["wv", "trainables", "vocabulary"],
    }  # fmt: skip
    return Call(Name("gensim.models.word2vec", "Word2Vec"), (), inner, is_new=True)
