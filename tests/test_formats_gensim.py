import importlib.util
import logging
import pickle
import shlex
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import naive_fasttext
from firth.errors import FormatError, SettingsError
from firth.vectors import Vectors
from firth.vectors.formats.gensim_models import read_gensim, recognises
from firth.vectors.formats.unpickling import Made, unpickle
from hostile.pickles import BROKEN, MODELS, VECTORS, WORDS, attacks, fasttext, sound
from naive_pickles import Call, Name, dump, keyed_vectors, old_word2vec

OUTPUTS = VECTORS[::-1].copy()


def read(tmp_path, data, **how):
    path = tmp_path / "model"
    path.write_bytes(data)
    return read_gensim(path, **how)


def vectors_of(parts):
    tensors = dict(parts.tensors)
    return Vectors(parts.words, tensors.pop("matrix"), **tensors, config=parts.config, subwords=parts.subwords)


# ── pickles as data ─────────────────────────────────────────────────────────────────────────────────────────

PLAIN = {
    "texts": ["a", "é" * 300, "", "\u2028"], "numbers": [0, 1, -1, 255, 256, 65536, -(2**31), 2**62, -(2**70), 1.5],
    "others": [None, True, False, (), (1,), (1, 2), (1, 2, 3), tuple(range(9))], "bytes": [b"", b"x" * 300],
    "again": {"texts": {1: "a", "b": ["a"]}, b"k": None},
}  # fmt: skip


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_data_are_what_python_pickled(tmp_path, protocol):
    data = {**PLAIN, "bytes": [], "again": []} if protocol == 2 else PLAIN  # there, bytes are calls
    (tmp_path / "p").write_bytes(pickle.dumps(data, protocol))
    assert unpickle(tmp_path / "p", "a pickle", ()) == data


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**200), 2**200) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.binary() | st.integers(-(2**63), 2**63 - 1), inner)
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON, st.sampled_from([3, 4, 5]))
def test_any_plain_data_are_what_python_pickled(tmp_path, data, protocol):
    path = tmp_path / "p"
    path.write_bytes(pickle.dumps(data, protocol))
    assert unpickle(path, "a pickle", ()) == data


def test_long_lists_and_dicts_are_what_python_pickled(tmp_path):
    words = [f"word{row}" for row in range(70_000)]
    data = [words, dict(zip(words, range(70_000), strict=True)), {row: row for row in range(300)}]
    (tmp_path / "p").write_bytes(pickle.dumps(data, 4))
    assert unpickle(tmp_path / "p", "a pickle", ()) == data


def test_large_bytes_stay_in_the_file(tmp_path):
    (tmp_path / "p").write_bytes(pickle.dumps(b"xy" * 5000))
    found = unpickle(tmp_path / "p", "a pickle", ())
    assert isinstance(found, memoryview)
    assert found == b"xy" * 5000


def test_sets_are_lists_and_calls_are_remembered(tmp_path):
    (tmp_path / "p").write_bytes(pickle.dumps([{1}, frozenset([2]), 1 + 2j], 4))
    ones, twos, number = unpickle(tmp_path / "p", "a pickle", {("builtins", "complex")})
    assert (ones, twos) == ([1], [2])
    assert isinstance(number, Made)
    assert (number.arguments, number.state) == ((1.0, 2.0), None)
    assert str(number.kind) == "builtins.complex"


# ── models ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2"])
def test_words_vectors_and_counts_are_read(tmp_path, protocol, dtype):
    model = keyed_vectors(WORDS, VECTORS.astype(dtype), counts=np.array([9, 3, 1]))
    found = read(tmp_path, dump(model, protocol))
    assert list(found.words) == WORDS
    np.testing.assert_array_equal(found.tensors["matrix"], VECTORS)
    assert found.tensors["matrix"].dtype == np.float32
    assert found.tensors["counts"].tolist() == [9, 3, 1]
    assert found.config == {
        "source": {
            "format": "gensim",
            "file": "model",
            "class": "KeyedVectors",
            "part": "words",
            "settings": {"vector_size": 3},
        }
    }
    assert recognises(tmp_path, dump(model, protocol)[:4096])


@pytest.mark.parametrize("protocol", [2, 4])
def test_models_of_version_3_are_read(tmp_path, protocol):
    found = read(tmp_path, dump(old_word2vec(WORDS, VECTORS, [9, 3, 1], OUTPUTS), protocol))
    assert list(found.words) == WORDS
    np.testing.assert_array_equal(found.tensors["matrix"], VECTORS)
    np.testing.assert_array_equal(found.tensors["context_matrix"], OUTPUTS)
    assert found.tensors["counts"].tolist() == [9, 3, 1]
    assert found.config["source"]["settings"] == {"vector_size": 3, "window": 5, "sg": 1}


def test_fasttext_composes_all_words(tmp_path):
    rows = np.random.default_rng(0).standard_normal((3 + 10, 3)).astype(np.float32)
    vectors = vectors_of(read(tmp_path, fasttext(vectors_vocab=rows[:3], vectors_ngrams=rows[3:])))
    for word in [*WORDS, "there", "naïf", "😀"]:
        wanted = naive_fasttext.vector(word, WORDS, rows, smallest=2, longest=3, buckets=10)
        np.testing.assert_allclose(vectors[word], wanted, rtol=0, atol=3e-6)
    vectors.subwords.check(vectors.words, vectors.matrix, "the file")


@pytest.mark.parametrize("changes", [{"max_n": 0}, {"bucket": 0}, {"vectors_ngrams": None}])
def test_fasttext_without_ngrams_has_the_own_rows(tmp_path, changes):
    found = read(tmp_path, fasttext(**changes))
    assert found.subwords is None
    np.testing.assert_array_equal(found.tensors["matrix"], VECTORS)
    assert found.config["source"]["notes"] == ["words have no n-grams"]


def test_keys_that_are_numbers_or_none_are_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "firth"):
        found = read(tmp_path, sound(index_to_key=[7, None, "7\n"]))
    assert list(found.words) == ["7"]
    np.testing.assert_array_equal(found.tensors["matrix"], VECTORS[:1])
    source = found.config["source"]
    assert source["notes"] == ["keys that are numbers have become texts"]
    assert source["left_out"] == {"no word": 1, "has a newline": 1}
    assert "left out 1 row whose word is no word: None" in caplog.text
    assert "left out 1 row whose word has a newline: '7\\n'" in caplog.text


def test_surrogates_are_left_out(tmp_path):
    found = read(tmp_path, sound(index_to_key=["a", "\ud800", "a"], key_to_index={}))
    assert list(found.words) == ["a"]
    assert found.config["source"]["left_out"] == {"no valid Unicode": 1, "came before": 1}


def test_outputs_of_others_are_left_out(tmp_path):
    model = old_word2vec(WORDS, VECTORS, [9, 3, 1], OUTPUTS[:2])
    found = read(tmp_path, dump(model))
    assert "context_matrix" not in found.tensors
    assert found.config["source"]["notes"] == ["outputs of shape (2, 3) are left out: they are not those of words"]
    found = read(tmp_path, dump(old_word2vec(WORDS, VECTORS, [9, None, 1], None)))
    assert found.config["source"]["notes"] == ["there are no outputs of negative sampling"]
    assert "counts" not in found.tensors


def test_only_a_model_of_documents_has_documents(tmp_path):
    with pytest.raises(
        FormatError, match=r"expected .* to have documents, got KeyedVectors; load the file that its dv was saved in"
    ):
        read(tmp_path, sound(), part="documents")
    with pytest.raises(SettingsError, match="expected part to be 'words' or 'documents', got 'x'"):
        read(tmp_path, sound(), part="x")


# ── files beside the model ──────────────────────────────────────────────────────────────────────────────────

APART = {"vectors": None, "__numpys": ["vectors"]}


def test_arrays_beside_the_model_are_mapped(tmp_path):
    np.save(tmp_path / "model.vectors.npy", np.asfortranarray(VECTORS))
    np.testing.assert_array_equal(read(tmp_path, sound(**APART)).tensors["matrix"], VECTORS)
    np.save(tmp_path / "model.vectors.npy", VECTORS)
    found = read(tmp_path, sound(**APART)).tensors["matrix"]
    assert not found.flags.owndata
    np.testing.assert_array_equal(found, VECTORS)


def npy(header):
    """A file of NumPy with such a header and 36 bytes."""
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(36)


HEADER = "{{'descr': {}, 'fortran_order': False, 'shape': {}, }}\n"
NPY = {
    "text": (b"no array", "got another kind of file"),
    "nothing": (b"", "got another kind of file"),
    "an early end": (npy(HEADER.format("'<f4'", "(3, 3)"))[:20], "got another kind of file"),
    "a version of the future": (b"\x93NUMPY\x09\x00" + bytes(50), "got another kind of file"),
    "objects": (npy(HEADER.format("'|O'", "(3, 3)")), r"got O of shape \(3, 3\)"),
    "code": (npy("__import__('os').system('true')\n"), "got another kind of file"),
    "deep nests": (npy("(" * 9000), "got another kind of file"),
    "an absurd shape": (npy(HEADER.format("'<f4'", f"({10**9}, {10**9})")), "in 36 bytes"),
    "a shape below zero": (npy(HEADER.format("'<f4'", "(-3, -3)")), "got another kind of file"),
    "other rows": (npy(HEADER.format("'<f4'", "(2, 3)")), r"got shape \(2, 3\) of float32 in 36 bytes"),
    "fields": (npy(HEADER.format("[('x', '<f4')]", "(3, 3)")), "got another kind of file"),
    "many axes": (npy(HEADER.format("'<f4'", "(1, 1, 9)")), r"got f4 of shape \(1, 1, 9\)"),
    "a size beyond all": (npy(HEADER.format("'<f4'", f"({10**14}, 3)")), "in 36 bytes"),
    "none": (npy(HEADER.format("'<f4'", "(0, 3)"))[:-36], "to have a row for each of 3 words"),
}


@pytest.mark.parametrize(("data", "message"), NPY.values(), ids=NPY)
def test_hostile_files_beside_the_model_are_refused(tmp_path, data, message):
    (tmp_path / "model.vectors.npy").write_bytes(data)
    with pytest.raises(FormatError, match=message):
        read(tmp_path, sound(**APART))


def test_files_beside_the_model_that_are_missing_or_elsewhere_are_refused(tmp_path):
    with pytest.raises(FormatError, match=r"expected the file model\.vectors\.npy in .*, got nothing there"):
        read(tmp_path, sound(**APART))
    (tmp_path / "inner").mkdir()
    np.save(tmp_path / "outside.npy", VECTORS)
    (tmp_path / "inner" / "model.vectors.npy").symlink_to(tmp_path / "outside.npy")
    with pytest.raises(FormatError, match=r"got a link to .*outside\.npy; put the file itself there"):
        read(tmp_path / "inner", sound(**APART))


# ── hostile ─────────────────────────────────────────────────────────────────────────────────────────────────


def refused(path, data, message):
    """Read a file, see that it is refused in one sentence and little memory."""
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=message) as caught:
            read_gensim(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert peak < (20 << 20) + 40 * len(data)


@pytest.mark.parametrize("attack", attacks("", ""))
def test_attacks_are_refused_by_name_and_nothing_runs(tmp_path, attack):
    canary = tmp_path / "canary"
    made = attacks(f"touch {shlex.quote(str(canary))}", f"open({str(canary)!r}, 'w').close()")
    data, name = made[attack]
    refused(
        tmp_path / "model", data, f"got one that names '{name.replace('.', '[.]')}'?, of which nothing was run; load"
    )
    assert not canary.exists()


@pytest.mark.parametrize("attack", ["os.system", "os.system, protocol 2", "eval", "subprocess"])
def test_the_attacks_are_real(tmp_path, attack):
    canary = tmp_path / "canary"
    made = attacks(f"touch {shlex.quote(str(canary))}", f"open({str(canary)!r}, 'w').close()")
    pickle.loads(made[attack][0])
    assert canary.exists()


@pytest.mark.parametrize(("data", "message"), [*BROKEN.values(), *MODELS.values()], ids=[*BROKEN, *MODELS])
def test_a_hostile_pickle_gets_one_clear_sentence(tmp_path, data, message):
    refused(tmp_path / "model", data, message)


_NESTS = 200_000
_NAME = b"cnumpy\nndarray\nq\x00"
DEEP = {
    "tuples": b"N" + b"\x85" * _NESTS,
    "lists": b"]" * _NESTS + b"a" * (_NESTS - 1),
    "dicts": b"}N" * _NESTS + b"N" + b"s" * _NESTS,
    "calls": _NAME + b"h\x00" * (_NESTS - 1) + b"N" + b"\x85R" * _NESTS,
    "states": _NAME + b")R" + b"h\x00)R" * (_NESTS - 1) + b"b" * (_NESTS - 1),
}


@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP)
def test_deep_nests_are_no_trouble(tmp_path, deep):
    path = tmp_path / "model"
    paid = b"B" + (4_000_000).to_bytes(4, "little") + bytes(4_000_000) + b"0"  # bytes that allow so many containers
    path.write_bytes(b"\x80\x04" + paid + deep + b".")
    with pytest.raises(FormatError, match="to be a whole model of gensim, got a "):
        read_gensim(path)


def test_what_may_be_named_is_not_called(tmp_path):
    called = Call(Name("gensim.utils", "call_on_class_only"), ("x",), {"y": 1})
    counted = Call(Name("builtins", "int"), ("9" * 100_000,))
    assert list(read(tmp_path, sound(norms=called, mapfile_path=counted)).words) == WORDS


def test_a_pickle_cut_anywhere_is_refused(tmp_path):
    for data in (sound(), fasttext(), dump(old_word2vec(WORDS, VECTORS, [9, 3, 1], OUTPUTS), 2)):
        assert read(tmp_path, data)
        for cut in range(len(data)):
            with pytest.raises(FormatError, match=r"expected .* got .*; "):
                read(tmp_path, data[:cut])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=500)
@given(st.sampled_from([sound(counts=np.array([1, 2, 3])), fasttext()]), st.data())
def test_any_bytes_are_read_or_refused_in_little_memory(tmp_path, data, draws):
    changed = bytearray(data)
    for _ in range(draws.draw(st.integers(1, 4))):
        place = draws.draw(st.integers(0, len(changed) - 1))
        piece = draws.draw(
            st.binary(min_size=1, max_size=6) | st.sampled_from([b"\xff" * 4, b"2222", b"((((", b"u", b"R"])
        )
        changed[place : place + len(piece)] = piece
    path = tmp_path / f"{draws.draw(st.uuids())}"
    path.write_bytes(changed)
    tracemalloc.start()
    try:
        found = read_gensim(path)
        assert np.isfinite(found.tensors["matrix"]).all()
    except FormatError as problem:
        assert "\n" not in str(problem)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        path.unlink()
    assert peak < 300 << 20


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=500)
@given(
    st.lists(
        st.sampled_from(b"(.012NJKMGXUTBC)]}aesubRcqrhj\x80\x81\x85\x86\x87\x88\x8a\x8c\x8f\x90\x91\x93\x94\x95\x01")
    )
)
def test_any_instructions_are_run_or_refused(tmp_path, codes):
    path = tmp_path / "p"
    path.write_bytes(b"\x80\x04" + bytes(codes) + b".")
    try:
        unpickle(path, "a pickle", ())
    except FormatError as problem:
        assert "nothing of it was run" in str(problem) or "of which nothing was run" in str(problem)


# ── against gensim itself ───────────────────────────────────────────────────────────────────────────────────

needs_gensim = pytest.mark.skipif(importlib.util.find_spec("gensim") is None, reason="gensim is not installed")
TEXT = ["where", "the", "aaaaaa", "שלום", "naïve", "Straße", "中文字", "😀", "x😀y", "a", "queen", "</s>"]


@pytest.fixture(scope="module")
def sentences():
    random = np.random.default_rng(0)
    words = [*TEXT, *(f"w{number}" for number in range(50))]
    return [list(map(str, random.choice(words, 9))) for _ in range(200)]


USUAL = {"vector_size": 10, "min_count": 1, "epochs": 1, "workers": 1}
GRAMS = {"bucket": 1000, "min_n": 2, "max_n": 4}
KINDS = {
    "Word2Vec": ("Word2Vec", {"sg": 1}),
    "Word2Vec, hierarchical": ("Word2Vec", {"hs": 1, "negative": 0}),
    "FastText": ("FastText", GRAMS),
    "FastText of single characters": ("FastText", {"bucket": 300, "min_n": 1, "max_n": 2}),
    "FastText without n-grams": ("FastText", {"max_n": 0}),
    "Doc2Vec": ("Doc2Vec", {}),
}


@pytest.fixture(scope="module")
def train(sentences):
    """A function that trains a small model with gensim."""
    from gensim import models
    from gensim.models.doc2vec import TaggedDocument

    def train_one(kind):
        name, how = KINDS[kind]
        text = sentences
        if name == "Doc2Vec":
            text = [TaggedDocument(words, [f"text {row}"]) for row, words in enumerate(sentences)]
        return getattr(models, name)(text, **USUAL, **how)

    return train_one


@needs_gensim
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("how", [{}, {"sep_limit": 0}, {"pickle_protocol": 2}], ids=["whole", "apart", "protocol 2"])
@pytest.mark.parametrize("what", ["model", "wv"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_gensim_saves_is_read(train, tmp_path, kind, what, how):
    model = train(kind)
    (model if what == "model" else model.wv).save(str(tmp_path / "m"), **how)
    vectors = vectors_of(read_gensim(tmp_path / "m"))
    theirs = model.wv
    assert list(vectors.words) == theirs.index_to_key
    scale = np.abs(theirs.vectors).max()
    np.testing.assert_allclose(vectors.matrix, theirs.vectors, rtol=0, atol=1e-6 * scale)
    assert vectors.counts.tolist() == theirs.expandos["count"].tolist()
    if "FastText" not in kind:
        np.testing.assert_array_equal(vectors.matrix, theirs.vectors)
    if vectors.subwords is not None:
        vectors.subwords.check(vectors.words, vectors.matrix, "the file")
        for word in ["wherever", "לשלום", "é😀", "there", "zz", "thequeen", " "]:
            np.testing.assert_allclose(vectors[word], theirs[word], rtol=0, atol=1e-6 * scale)
    assert (vectors.subwords is not None) == (theirs.__class__.__name__ == "FastTextKeyedVectors" and theirs.max_n > 0)
    if what == "model" and model.negative:
        np.testing.assert_array_equal(vectors.context_matrix, model.syn1neg)
    else:
        assert vectors.context_matrix is None


@needs_gensim
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("limit", [0, 10**6])
def test_documents_of_gensim_are_read(train, tmp_path, limit):
    model = train("Doc2Vec")
    model.save(str(tmp_path / "m"), sep_limit=limit)
    found = read_gensim(tmp_path / "m", part="documents")
    assert list(found.words) == model.dv.index_to_key
    np.testing.assert_array_equal(found.tensors["matrix"], model.dv.vectors)
    assert set(found.tensors) == {"matrix"}
    model.dv.save(str(tmp_path / "dv"), sep_limit=limit)
    saved = Vectors.load(tmp_path / "dv")
    assert list(saved.words) == model.dv.index_to_key
    np.testing.assert_array_equal(saved.matrix, model.dv.vectors)
