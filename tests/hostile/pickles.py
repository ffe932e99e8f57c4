"""Pickles that would do harm, or are no whole pickles, made by code: their bytes, and what is said of them."""

from __future__ import annotations

import struct

import numpy as np

from naive_pickles import Call, Name, array, dump, keyed_vectors

WORDS = ["the", "naïve", "of"]
VECTORS = np.arange(9, dtype=np.float32).reshape(3, 3)


def sound(**changed):
    """Words and vectors as gensim saves them."""
    return dump(keyed_vectors(WORDS, **{"vectors": VECTORS, **changed}))


def attacks(command, python):
    """Pickles that would run a command of the shell, or a line of Python: each with the name that betrays it."""
    system = Call(Name("os", "system"), (command,))
    dotted = Name("gensim.models.keyedvectors", "KeyedVectors.load")
    return {
        "os.system": (dump(system), "os.system"),
        "os.system, protocol 2": (dump(system, 2), "os.system"),
        "posix.system": (dump(Call(Name("posix", "system"), (command,))), "posix.system"),
        "eval": (dump(Call(Name("builtins", "eval"), (python,))), "builtins.eval"),
        "exec of Python 2": (dump(Call(Name("__builtin__", "eval"), (python,)), 2), "__builtin__.eval"),
        "subprocess": (dump(Call(Name("subprocess", "getoutput"), (command,))), "subprocess.getoutput"),
        "getattr": (
            dump(Call(Call(Name("builtins", "getattr"), (Name("os", "x"), "system")), (command,))),
            "builtins.getattr",
        ),
        "operator": (
            dump(Call(Call(Name("operator", "methodcaller"), ("system", command)), ())),
            "operator.methodcaller",
        ),
        "functools": (dump(Call(Name("functools", "partial"), (Name("os", "system"), command))), "functools.partial"),
        "runpy": (dump(Call(Name("runpy", "run_path"), (command,))), "runpy.run_path"),
        "a tester of NumPy": (
            dump(Call(Name("numpy.testing._private.utils", "runstring"), (python, {}))),
            "numpy.testing._private.utils.runstring",
        ),
        "f2py": (
            dump(Call(Name("numpy.f2py.crackfortran", "getlincoef"), (python, []))),
            "numpy.f2py.crackfortran.getlincoef",
        ),
        "NumPy's own unpickling": (dump(Call(Name("numpy", "load"), (command,))), "numpy.load"),
        "gensim's own unpickling": (dump(Call(Name("gensim.utils", "unpickle"), (command,))), "gensim.utils.unpickle"),
        "gensim's downloader": (dump(Call(Name("gensim.downloader", "load"), (command,))), "gensim.downloader.load"),
        "a dotted name": (dump(Call(dotted, (command,))), "gensim.models.keyedvectors.KeyedVectors.load"),
        "a dotted name of an allowed class": (
            dump(Call(Name("numpy", "ndarray.tofile"), (command,))),
            "numpy.ndarray.tofile",
        ),
        "a name in an attribute": (sound(norms=system), "os.system"),
        "a name instead of a hash": (sound(hashfxn=Name("mine", "hash")), "mine.hash"),
        "copyreg": (dump(Call(Name("copyreg", "__newobj_ex__"), (Name("a", "b"), (), {}))), "copyreg.__newobj_ex__"),
        "a very long name": (dump(Name("x" * 5000, "y")), "x" * 100 + "…"),
    }


def _doubled(levels):
    """Remember a list, then lists that hold the last one twice."""
    data = b"\x94"
    for level in range(levels):
        data += b"](h" + bytes([level]) + b"h" + bytes([level]) + b"e\x94"
    return data


def _pickle(body, protocol=4):
    """A pickle of instructions as they are."""
    return b"\x80" + bytes([protocol]) + body


def _frames(size):
    """A frame that says it has such a size."""
    return _pickle(b"\x95" + struct.pack("<Q", size) + b"N.")


FITS_NOTHING = "got an instruction that does not fit what came before it at byte"
BROKEN = {
    "nothing behind the mark": (_pickle(b""), FITS_NOTHING),
    "no end": (_pickle(b"N"), FITS_NOTHING),
    "more behind the end": (sound() + b"N", "got an end that is not the end of the file"),
    "loose ends": (_pickle(b"NN."), "got loose ends"),
    "an open list": (_pickle(b"N(N."), "got loose ends"),
    "nothing to end": (_pickle(b"."), "got loose ends"),
    "protocol 6": (_pickle(b"N.", 6), "got protocol 6 at byte"),
    "protocol 0": (b"(lp0\n.", "got instruction 0x70, of a protocol before 2: save it with a newer version"),
    "INST": (_pickle(b"(\x8c\x01xios\nsystem\n."), "got instruction 0x69, of a protocol before 2"),
    "OBJ": (_pickle(b"(cos\nsystem\no."), "one that names 'os.system'"),
    "OBJ of what may be": (_pickle(b"(cnumpy\nndarray\no."), "got instruction 0x6f, of a protocol before 2"),
    "EXT1": (_pickle(b"\x82\x01."), r"got instruction 0x82, a name by number \(EXT\)"),
    "EXT2": (_pickle(b"\x83\x01\x00."), r"got instruction 0x83, a name by number \(EXT\)"),
    "EXT4": (_pickle(b"\x84\x01\x00\x00\x00."), r"got instruction 0x84, a name by number \(EXT\)"),
    "PERSID": (_pickle(b"Pmine\n."), "got instruction 0x50, a persistent id"),
    "BINPERSID": (_pickle(b"\x8c\x01xQ."), "got instruction 0x51, a persistent id"),
    "NEWOBJ_EX": (_pickle(b"cnumpy\nndarray\n)}\x92."), "got instruction 0x92, a call with keywords"),
    "NEXT_BUFFER": (_pickle(b"\x97.", 5), "got instruction 0x97, a buffer from elsewhere"),
    "READONLY_BUFFER": (_pickle(b"N\x98.", 5), "got instruction 0x98, a buffer from elsewhere"),
    "no instruction": (_pickle(b"\xff."), "got instruction 0xff at byte 2; nothing of it was run"),
    "a number of gigabytes": (_pickle(b"\x8b\xff\xff\xff\x7f."), "got a length of 2147483647 bytes where 1 are left"),
    "a long number": (_pickle(b"\x8b\x00\x01\x00\x00" + bytes(256) + b"."), "got a number of 256 bytes"),
    "bytes of exabytes": (_pickle(b"\x8e" + b"\xff" * 7 + b"\x7f."), "got a length of 9223372036854775807 bytes"),
    "a text of exabytes": (_pickle(b"\x8d" + b"\xff" * 8 + b"."), "got a length of 18446744073709551615 bytes"),
    "a text of gigabytes": (_pickle(b"X\xff\xff\xff\xffabc."), "got a length of 4294967295 bytes where 4 are left"),
    "a text that is cut": (_pickle(b"\x8c\x09abc."), FITS_NOTHING),
    "a text that is no UTF-8": (_pickle(b"\x8c\x01\xff."), FITS_NOTHING),
    "a frame beyond the file": (_frames(2**40), "got a length of 1099511627776 bytes where 2 are left"),
    "a place far away": (_pickle(b"Nr\xff\xff\xff\xff."), "got place 4294967295 of its memory, where 0 is next"),
    "a place that is empty": (_pickle(b"h\x07."), FITS_NOTHING),
    "a place that is empty, among numbers": (_pickle(b"(j\x07\0\0\0J\1\0\0\0j\7\0\0\0J\1\0\0\0."), FITS_NOTHING),
    "a name without end": (_pickle(b"cos"), "got a name without end"),
    "a name of numbers": (_pickle(b"NN\x93."), FITS_NOTHING),
    "nothing to call": (_pickle(b")R."), FITS_NOTHING),
    "a text that is called": (_pickle(b"\x8c\x01x)R."), FITS_NOTHING),
    "a call with no tuple": (_pickle(b"cnumpy\nndarray\nNR."), FITS_NOTHING),
    "a state of a list": (_pickle(b"]}b."), FITS_NOTHING),
    "two states": (_pickle(b"cnumpy\nndarray\n)\x81}b}b."), FITS_NOTHING),
    "a number that is appended to": (_pickle(b"K\x01Na."), FITS_NOTHING),
    "a key without value": (_pickle(b"}(Nu."), FITS_NOTHING),
    "nothing to drop": (_pickle(b"0."), FITS_NOTHING),
    "too little for a tuple": (_pickle(b"N\x87."), FITS_NOTHING),
    "a key that nests": (_pickle(b"}N\x85Ns."), "got a key that is neither text nor number"),
    "a key of chosen hash": (_pickle(b"}\x8a\x09" + b"\xff" * 8 + b"\x01Ns."), "got a key beyond 64 bits"),
    "lists without end": (_pickle(b"]" * 1_000_000), "got more lists, tuples and dicts than a file of its size needs"),
    "tuples without end": (_pickle(b"N" + b"\x85" * 1_000_000), "got more lists, tuples and dicts than a file"),
    "marks without end": (_pickle(b"(" * 1_000_000), "got more than 10000 lists, tuples and dicts within each other"),
    "a list that holds itself": (_pickle(b"]\x94h\x00a."), "got a list; save a model, or its wv"),
    "a thousand million laughs": (_pickle(b"](\x8c\x02hae" + _doubled(30) + b"(" + b"1."), "got (loose ends|a list)"),
    "only a text": (
        _pickle(b"\x8c\x01x."),
        "to be a whole model of gensim, got a str; save a model, or its wv, with gen",
    ),
    "an object without attributes": (
        _pickle(b"cgensim.models.word2vec\nWord2Vec\n)\x81."),
        "got a gensim.models.word2vec.W",
    ),
    "an array alone": (dump(VECTORS), "got a numpy.core.multiarray._reconstruct; save a model"),
}

NAN = np.array([[0, 1, 2], [0, np.nan, 0], [3, 4, 5]], np.float32)
_OBJECTS = array(VECTORS, kind="O8", data=b"")
_OTHER = "to be an array of numbers, got another type, or a shape that is none; save it again where it was made"
MODELS = {
    "no words": (sound(index_to_key=None), "expected a list of words in"),
    "words that are lists": (
        sound(index_to_key=["a", [], "b"]),
        "words or numbers as keys in .*, got a list among them",
    ),
    "laughs as words": (
        _pickle(
            b"cgensim.models.keyedvectors\nKeyedVectors\n)\x81}\x8c\x0cindex_to_key](\x8c\x02hae"
            + _doubled(30)
            + b"1sb."
        ),
        "got",
    ),
    "no vectors": (sound(vectors=None), "expected vectors in .*, got none; copy the files beside the model, too"),
    "vectors of other words": (
        sound(vectors=VECTORS[:2]),
        r"expected vectors in .* to have a row for each of 3 words, got float32 of shape \(2, 3\)",
    ),
    "vectors without numbers": (sound(vectors=np.zeros((3, 0), np.float32)), r"got float32 of shape \(3, 0\)"),
    "a vector": (sound(vectors=VECTORS[0]), r"got float32 of shape \(3,\)"),
    "whole numbers": (sound(vectors=VECTORS.astype(np.int64)), r"got int64 of shape \(3, 3\)"),
    "NaN": (
        sound(vectors=NAN),
        r"finite numbers as vectors of .*, got NaN or infinity for 'naïve' \(row 1\); train it",
    ),
    "too large for float32": (sound(vectors=np.full((3, 3), 1e300)), "got NaN or infinity for 'the'"),
    "a text as vectors": (sound(vectors="x"), "vectors of .* to be an array of numbers, got a str; save it again"),
    "a made thing as vectors": (sound(vectors=Call(Name("builtins", "int"), ("9",))), "got builtins.int; save it"),
    "an array without contents": (
        sound(vectors=Call(Name("numpy.core.multiarray", "_reconstruct"), ())),
        "got one without contents",
    ),
    "an array of objects": (sound(vectors=_OBJECTS), _OTHER),
    "an array of no type": (sound(vectors=array(VECTORS, kind="V4")), _OTHER),
    "an array of endless texts": (sound(vectors=array(VECTORS, kind="U99999999")), _OTHER),
    "an order that is none": (sound(vectors=array(VECTORS, order="!")), _OTHER),
    "a shape that is none": (sound(vectors=array(VECTORS, shape=(-3, -3))), _OTHER),
    "a shape of many axes": (sound(vectors=array(VECTORS, shape=(1,) * 40)), _OTHER),
    "a shape of texts": (sound(vectors=array(VECTORS, shape=("3", 3))), _OTHER),
    "an absurd shape": (
        sound(vectors=array(VECTORS, shape=(2**31 - 1, 2**31 - 1))),
        r"got shape \(2147483647, 2147483647\) of float32 in 36 bytes",
    ),
    "bytes that are none": (sound(vectors=array(VECTORS, data="\u2028")), _OTHER),
    "counts below zero": (
        sound(counts=np.array([1, -1, 1])),
        "a count for each word in .*, got int64 of shape .*, some below zero; ",
    ),
    "counts of others": (sound(counts=np.array([1])), r"a count for each word in .*, got int64 of shape \(1,\)"),
    "counts that are parts": (sound(counts=np.ones(3)), r"a count for each word in .*, got float64 of shape \(3,\)"),
}


def fasttext(**changed):
    """A `FastTextKeyedVectors` of three words and ten buckets."""
    sound_ones = {
        "vectors_vocab": VECTORS,
        "vectors_ngrams": np.ones((10, 3), np.float32),
        "min_n": 2,
        "max_n": 3,
        "bucket": 10,
        "compatible_hash": True,
    }
    module = "gensim.models.fasttext"
    return dump(keyed_vectors(WORDS, None, name="FastTextKeyedVectors", module=module, **sound_ones | changed))


MODELS |= {
    "another hash": (
        fasttext(compatible_hash=False),
        "the hash of fastText in .*, got another .*; load and save it with",
    ),
    "other buckets": (
        fasttext(bucket=11),
        r"expected vectors_ngrams of shape \(11, 3\) in .*, got float32 of shape \(10",
    ),
    "absurdly many buckets": (
        fasttext(bucket=2**31 - 1),
        r"n-grams in .*, got min_n, max_n, bucket of \[2, 3, 2147483647",
    ),
    "n-grams below zero": (fasttext(min_n=-1), "expected settings of n-grams"),
    "n-grams of lists": (
        fasttext(max_n=[]),
        "expected settings of n-grams in .*, got min_n, max_n, bucket of other types",
    ),
    "NaN in a bucket": (
        fasttext(vectors_ngrams=np.full((10, 3), np.nan, np.float32)),
        "finite numbers as vectors_ngrams of .*, got NaN or infinity in row 0",
    ),
    "no rows of words": (fasttext(vectors_vocab=None), "expected vectors_vocab in .*, got none; copy the files"),
}
