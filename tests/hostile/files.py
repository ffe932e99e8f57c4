"""Files that lie, made by code: each with the sentence that it must get from `Vectors.load`, or from its own reader."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile

import numpy as np

ROWS = np.arange(6, dtype="<f4").reshape(2, 3)
WHOLE = b"2 3\nup " + ROWS[0].tobytes() + b"\ndown " + ROWS[1].tobytes() + b"\n"


def npz(compression=zipfile.ZIP_STORED, **members) -> bytes:
    """A zip of arrays, or of bytes as they are."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as archive:
        for name, member in members.items():
            archive.writestr(f"{name}.npy", member if isinstance(member, bytes) else npy(member))
    return held.getvalue()


def npy(array, allow_pickle=False) -> bytes:
    """An array as NumPy writes it."""
    held = io.BytesIO()
    np.save(held, array, allow_pickle=allow_pickle)
    return held.getvalue()


class Bomb:
    """What would say so if it were unpickled."""

    def __reduce__(self):
        return print, ("executed",)


def objects() -> bytes:
    """An array of objects: a pickle."""
    array = np.empty(1, object)
    array[0] = Bomb()
    return npy(array, allow_pickle=True)


def header_of(shape, descr="<f4") -> bytes:
    """The header of an array without the array."""
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


WORDS, MATRIX = np.array(["up", "down"]), ROWS

# name: (bytes, format, part of the sentence)
FILES = {
    # word2vec, binary
    "empty": (b"", None, "got an empty file"),
    "empty-word2vec": (b"", "word2vec", "got an empty file"),
    "header-alone": (b"2 3\n", None, "got 4 bytes, which can't hold them"),
    "absurd-rows": (b"999999999999 300\n" + WHOLE, "word2vec", "which can't hold them"),
    "absurd-both": (b"999999999999999999 999999999\nup 1 2", "word2vec", "1 to 1048576 dimensions"),
    "absurd-digits": (b"9" * 5000 + b" 300\n", "word2vec", 'a first line "words dimensions"'),
    "negative-rows": (b"-2 3\n" + WHOLE, "word2vec", 'a first line "words dimensions"'),
    "negative-dimensions": (b"2 -3\n" + WHOLE, "word2vec", 'a first line "words dimensions"'),
    "no-rows": (b"0 3\n", None, "got 0 words of 3"),
    "no-dimensions": (b"2 0\nup\ndown\n", "word2vec-text", "got 2 words of 0"),
    "one-row-less": (b"3" + WHOLE[1:], "word2vec", "can't hold them"),
    "one-row-less-long-words": (b"3 1\n" + b"u" * 30 + b" 0000" + b"d" * 30 + b" 0000", "word2vec", "got 2 whole ones"),
    "one-row-more": (b"1" + WHOLE[1:], "word2vec", "got more behind them"),
    "other-dimensions": (b"2 2" + WHOLE[3:], "word2vec", ""),
    "cut-in-header": (WHOLE[:2], "word2vec", 'a first line "words dimensions"'),
    "cut-in-word": (WHOLE[:6], "word2vec", "can't hold them"),
    "cut-in-numbers": (WHOLE[:-4], "word2vec", "got 1 whole ones"),
    "no-space": (b"1 1\n" + b"u" * 200_000, "word2vec", "words of at most 65536 bytes"),
    "word-too-long": (b"1 1\n" + b"u" * 70_000 + b" 0000", "word2vec", "words of at most 65536 bytes"),
    "nan": (b"1 1\nup " + struct.pack("<f", np.nan), None, "NaN or infinity for 'up' (row 0)"),
    "infinite": (b"1 1\nup " + struct.pack("<f", -np.inf), None, "NaN or infinity for 'up' (row 0)"),
    "bad-utf-8": (b"1 1\nu\xffp " + struct.pack("<f", 1), None, r"got b'u\xffp' in row 0"),
    "only-newlines-in-words": (b"1 1\na\nb " + struct.pack("<f", 1), None, "got none"),
    # word2vec and GloVe, text
    "text-row-less": (b"3 2\nup 1 2\ndown 3 4 \n    ", None, "got 2 whole ones"),
    "text-row-more": (b"1 2\nup 1 2\ndown 3 4\n", None, "got more behind them"),
    "text-number-less": (b"2 2\nup 1 2\ndown 3\n", None, "1 in 2 fields of the line that begins b'down 3'"),
    "text-no-number": (b"2 2\nup 1 2\ndown x 4\n", None, "1 in 3 fields"),
    "text-python-number": (b"1 2\nup 1_0 2\n", "word2vec-text", "1 in 3 fields"),
    "text-numpy-2": (b"1 2\nup np.float32(1.0) np.float32(2.0)\n", "word2vec-text", "0 in 3 fields"),
    "text-nan": (b"1 2\nup nan 2\n", None, "NaN or infinity for 'up' (row 0)"),
    "text-overflow": (b"1 2\nup 1e39 2\n", None, "NaN or infinity for 'up' (row 0)"),
    "text-huge-number": (b"1 2\nup 1e99999 2\n", None, "NaN or infinity"),
    "text-bad-utf-8": (b"1 2\nu\xffp 1 2\n", None, r"got b'u\xffp' in row 0"),
    "glove-number-less": (b"up 1 2\ndown 3 4\n" * 200 + b"left 1\n", None, "1 in 2 fields"),
    "glove-no-numbers": (b"up and\n", "glove", "got 0 numbers"),
    "glove-blank": (b"\n\n \n", "glove", "got 0 numbers"),
    "prose": (b"it was a dark and stormy night\n", None, "got a file that is none"),
    "zeros": (bytes(5000), None, "got a file that is none"),
    "spaces": (b" " * 5000, None, "got a file that is none"),
    "newlines": (b"\n" * 5000, None, "got a file that is none"),
    # NumPy
    "npz-cut": (npz(words=WORDS, matrix=MATRIX)[:-30], None, "what is none"),
    "npz-no-words": (npz(matrix=MATRIX), None, "words.npy"),
    "npz-no-matrix": (npz(words=WORDS), None, "matrix.npy"),
    "npz-pickle": (npz(words=objects(), matrix=MATRIX), None, "an array of pickled objects"),
    "npz-pickled-matrix": (npz(words=WORDS, matrix=objects()), None, "an array of pickled objects"),
    "npz-numbers-as-words": (npz(words=ROWS[:, 0], matrix=MATRIX), None, "words: float32 (2,)"),
    "npz-bytes-as-words": (npz(words=np.array([b"up", b"down"]), matrix=MATRIX), None, "words: |S4 (2,)"),
    "npz-text-as-matrix": (npz(words=WORDS, matrix=WORDS), None, "matrix: <U4 (2,)"),
    "npz-complex": (npz(words=WORDS, matrix=MATRIX * 1j), None, "matrix: complex64 (2, 3)"),
    "npz-fewer-words": (npz(words=WORDS[:1], matrix=MATRIX), None, "words: <U4 (1,)"),
    "npz-other-counts": (npz(words=WORDS, matrix=MATRIX, counts=ROWS[0]), None, "counts: float32 (3,)"),
    "npz-empty": (npz(words=WORDS[:0], matrix=MATRIX[:0]), None, "words: <U4 (0,)"),
    "npz-nan": (npz(words=WORDS, matrix=MATRIX * np.nan), None, "NaN or infinity for 'up'"),
    "npz-overflow": (npz(words=WORDS, matrix=np.full((2, 1), 1e39)), None, "NaN or infinity for 'up'"),
    "npz-no-letters": (npz(words=np.full(2, 0x7FFFFFFF, "<u4").view("<U1"), matrix=MATRIX), None, "what is none"),
    "npz-surrogate": (npz(words=np.array(["\ud800", "b"]), matrix=MATRIX), None, r"got '\ud800' in row 0"),
    "npz-absurd-shape": (npz(words=WORDS, matrix=header_of((1 << 40, 300))), None, "what is none"),
    "npz-negative-shape": (npz(words=WORDS, matrix=header_of((-2, -3)) + bytes(24)), None, "what is none"),
    "npz-odd-header": (npz(words=WORDS, matrix=header_of("x" * 30)), None, "what is none"),
    "npz-no-header": (npz(words=WORDS, matrix=b"\x93NUMPY\x01\x00\xff\xff("), None, "what is none"),
    "npz-bomb": (npz(zipfile.ZIP_DEFLATED, words=WORDS, matrix=np.zeros((2, 1 << 23), "f4")), None, "32 times as many"),
    "npz-lzma": (npz(zipfile.ZIP_LZMA, words=WORDS, matrix=MATRIX), None, "compression 14"),
    "npz-directory": (
        npz(words=WORDS, matrix=MATRIX)[:-10] + struct.pack("<I", 1 << 28) + bytes(6),
        None,
        "a directory of 268435456 bytes",
    ),
}


def tensors(**arrays) -> bytes:
    """A safetensors file."""
    header, place = {}, 0
    for name, array in arrays.items():
        kind = {"f4": "F32", "f2": "F16", "i8": "I64", "i1": "I8"}[array.dtype.str[1:]]
        offsets = [place, place := place + array.nbytes]
        header[name.replace("_", ".")] = {"dtype": kind, "shape": array.shape, "data_offsets": offsets}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for array in arrays.values())


def tokenizer(vocabulary, **more) -> bytes:
    """A tokenizer of these tokens."""
    return json.dumps({"model": {"type": "WordLevel", "vocab": vocabulary, **more}}).encode()


TOKENS = tokenizer({"up": 0, "down": 1})

# name: (tensors, tokenizer, part of the sentence)
FOLDERS = {
    "no-tensors": (tensors(other=ROWS), TOKENS, "a matrix 'embeddings'"),
    "cut-tensors": (tensors(embeddings=ROWS)[:-1], TOKENS, "a whole safetensors file"),
    "flat": (tensors(embeddings=ROWS.ravel()), TOKENS, "a matrix 'embeddings'"),
    "no-json": (tensors(embeddings=ROWS), b"{", "a tokenizer of 2 tokens"),
    "deep-json": (tensors(embeddings=ROWS), b"[" * 100_000, "a tokenizer of 2 tokens"),
    "list": (tensors(embeddings=ROWS), b"[]", "a tokenizer of 2 tokens"),
    "large-json": (tensors(embeddings=ROWS), b" " * (1 << 21), "got 2097152 bytes"),
    "token-less": (tensors(embeddings=ROWS), tokenizer({"up": 0}), "none for row 1"),
    "token-more": (tensors(embeddings=ROWS), tokenizer({"up": 0, "down": 1, "left": 2}), "IndexError"),
    "same-id": (tensors(embeddings=ROWS), tokenizer({"up": 0, "down": 0}), "token 'down' with id 0"),
    "negative-id": (tensors(embeddings=ROWS), tokenizer({"up": 0, "down": -1}), "token 'down' with id -1"),
    "text-as-id": (tensors(embeddings=ROWS), tokenizer({"up": 0, "down": "1"}), "token 'down' with id '1'"),
    "nan": (tensors(embeddings=ROWS * np.float32(np.nan)), TOKENS, "NaN or infinity for 'up'"),
    "surrogate": (tensors(embeddings=ROWS), tokenizer({"\ud800": 0, "b": 1}), r"got '\ud800' in row 0"),
    "mapping-out": (tensors(embeddings=ROWS, mapping=np.array([0, 2])), TOKENS, "a row that is not there"),
    "mapping-negative": (tensors(embeddings=ROWS, mapping=np.array([0, -1])), TOKENS, "a row that is not there"),
    "mapping-large": (
        tensors(embeddings=np.ones((1, 1000), "f4"), mapping=np.zeros(5000, int)),
        tokenizer({f"t{place}": place for place in range(5000)}),
        "in proportion to the file",
    ),
    "weights-short": (tensors(embeddings=ROWS, weights=ROWS[0, :1]), TOKENS, "a weight for each of 2 tokens"),
}


def pickled() -> bytes:
    """What gensim's `save` begins with."""
    return pickle.dumps({"a": Bomb()}, protocol=2)
