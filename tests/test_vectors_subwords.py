"""Vectors with subwords: words nobody has seen, the rows beneath the matrix, and what is kept in a folder."""

import importlib.util
import json
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive_subwords
from firth.errors import FormatError, SettingsError, ShapeError, UnknownWordError
from firth.storage import checksum
from firth.tensors import map_tensors, write_tensors
from firth.text.subwords import Subwords
from firth.vectors import SubwordVectors, Vectors, Words
from firth.vectors.subwords import TOLERANCE
from small_subwords import WORDS, small_vectors


def composed(vectors: Vectors, word: str):
    """The slow twin of a composed vector; None if no n-gram is known."""
    subwords = vectors.subwords
    settings = subwords.settings
    ngrams = naive_subwords.ngrams(word, settings.smallest, settings.longest)
    keys = list(subwords.keys)
    zeros = np.zeros(vectors.dimensions)
    wanted = [naive_subwords.bucket(n, settings.buckets) if settings.buckets else n.decode() for n in ngrams]
    rows = [subwords.ngram_matrix[keys.index(key)] if key in keys else zeros for key in wanted]
    return naive_subwords.mean(rows) if any(key in keys for key in wanted) else None


@pytest.fixture(params=[1_000_000, None], ids=["hashed", "each its own"])
def vectors(request):
    return small_vectors(buckets=request.param)


@pytest.fixture
def folder(vectors, tmp_path):
    vectors.save(tmp_path / "v")
    return tmp_path / "v"


# ── words that have no row ──────────────────────────────────────────────────────────────────────────────────


@given(st.text(st.sampled_from([*"wherst<>/ \r\0\n", *"שלוםïé"]), max_size=9), st.sampled_from([50, None]))
def test_the_vector_of_any_word_is_the_mean_over_all_its_ngrams(word, buckets):
    vectors = small_vectors(buckets=buckets)
    wanted = vectors.matrix[WORDS.index(word)] if word in WORDS else composed(vectors, word)
    if wanted is None:
        with pytest.raises(UnknownWordError, match="expected a word with a vector"):
            vectors[word]
        return
    found = vectors[word]
    assert found.dtype == np.float32 and found.shape == (5,)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7)
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1


def test_a_lone_surrogate_is_a_letter_like_any_other(vectors):
    assert vectors["where\ud800"].shape == (5,)
    with pytest.raises(UnknownWordError):
        vectors["\ud800"]


def test_a_word_with_a_row_has_the_mean_of_its_row_and_its_ngrams(vectors):
    for row, word in enumerate(WORDS):
        own = vectors.subwords.word_matrix[row]
        rows = vectors.subwords.rows(word)
        assert (rows >= 0).all()
        wanted = naive_subwords.mean([own, *vectors.subwords.ngram_matrix[rows]])
        np.testing.assert_allclose(vectors[word], wanted, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(vectors["</s>"], vectors.subwords.word_matrix[WORDS.index("</s>")])


def test_words_without_a_row_are_in_no_list(vectors):
    assert "where" in vectors and "wherever" not in vectors
    assert vectors["wherever"].shape == (5,)
    with pytest.raises(UnknownWordError, match=r"expected a word with a row of its own, got 'wherever'; did you mean"):
        vectors.index("wherever")
    with pytest.raises(UnknownWordError, match=r"expected a word with a vector, got 'zzzz'"):
        vectors["zzzz"]
    with pytest.raises(UnknownWordError, match=r"expected a word \(str\), got 3"):
        vectors[3]
    assert len(vectors) == len(WORDS) and list(vectors) == WORDS


def test_questions_take_words_without_a_row(vectors):
    new, vector = "wherever", vectors["wherever"]
    assert vectors.most_similar(new) == vectors.most_similar(vector)
    assert vectors.most_similar([new, "here"], count=2) == [
        vectors.most_similar(new, count=2),
        vectors.most_similar("here", count=2),
    ]
    assert "where" not in [word for word, _ in vectors.most_similar(new, exclude=["where", new])]
    assert dict(vectors.most_similar(new, count=99))["here"] == vectors.similarity(new, "here")
    assert vectors.similarity("here", new) == vectors.similarity(new, "here")
    assert vectors.similarity(new, new) == 1
    units = [
        vectors[word].astype(float) / np.linalg.norm(vectors[word].astype(float)) for word in ("here", "there", new)
    ]
    wanted = vectors.most_similar(units[1] - units[0] + units[2], exclude=["here", "there"])
    found = vectors.analogy("here", "there", new)
    assert [word for word, _ in found] == [word for word, _ in wanted]
    assert [value for _, value in found] == pytest.approx([value for _, value in wanted], abs=1e-12)
    with pytest.raises(UnknownWordError, match="got 'zzzz'"):
        vectors.most_similar([new, "zzzz"])


def test_without_subwords_nothing_is_composed(vectors):
    alone = Vectors(vectors.words, vectors.matrix)
    assert alone.subwords is None
    with pytest.raises(UnknownWordError, match=r"expected a word with a vector, got 'wherever'; did you mean 'where'"):
        alone["wherever"]
    with pytest.raises(UnknownWordError):
        alone.most_similar("wherever")
    assert alone.most_similar(WORDS) == vectors.most_similar(WORDS)


@pytest.mark.skipif(importlib.util.find_spec("fasttext") is None, reason="fastText is not installed")
@pytest.mark.filterwarnings("ignore")
def test_with_all_the_rows_of_fasttext_any_word_has_its_vector(tmp_path):
    import fasttext

    (tmp_path / "text.txt").write_text("where the שלום naïve 😀\n" * 6, encoding="utf-8")
    how = {"minn": 3, "maxn": 4, "bucket": 100, "dim": 4, "epoch": 1, "minCount": 1, "thread": 1, "verbose": 0}
    theirs = fasttext.train_unsupervised(str(tmp_path / "text.txt"), **how)
    words = theirs.get_words()
    matrix = theirs.get_input_matrix()
    subwords = SubwordVectors(
        Subwords(smallest=3, longest=4, buckets=100),
        word_matrix=matrix[: len(words)],
        ngram_matrix=matrix[len(words) :],
        keys=np.arange(100),
    )
    vectors = Vectors(words, np.array([theirs.get_word_vector(word) for word in words]), subwords=subwords)
    for word in ["wherever", "לשלום", "é😀", "there", "the"]:
        np.testing.assert_allclose(vectors[word], theirs.get_word_vector(word), atol=1e-7)
    vectors.save(tmp_path / "v")
    Vectors.load(tmp_path / "v", check=True)


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────

HASHED, PLAIN = Subwords(buckets=10), Subwords(buckets=None)


@pytest.mark.parametrize(
    ("settings", "change", "error", "message"),
    [
        (
            HASHED,
            {"keys": [1, 1]},
            SettingsError,
            "expected keys to be buckets that rise, below 10, got 1 after 1; sort",
        ),
        (HASHED, {"keys": [5, 3]}, SettingsError, "got 3 after 5"),
        (HASHED, {"keys": [5, 10]}, SettingsError, "below 10, got 10"),
        (HASHED, {"keys": [-1, 3]}, SettingsError, "below 10, got -1"),
        (HASHED, {"keys": np.array([], int)}, SettingsError, "below 10, got none"),
        (HASHED, {"keys": ["a", "b"]}, SettingsError, "expected keys to be bucket numbers, got list of <U1; pass Subw"),
        (HASHED, {"keys": np.ones((2, 1), int)}, ShapeError, r"expected keys of shape \(any,\), got shape \(2, 1\)"),
        (HASHED, {"ngram_matrix": np.ones((3, 3))}, ShapeError, r"expected ngram_matrix of shape \(2, any\)"),
        (
            HASHED,
            {"ngram_matrix": np.array([[1, 2, 3], [1, np.nan, 3]])},
            SettingsError,
            "got NaN or infinity in row 1;",
        ),
        (HASHED, {"word_matrix": np.ones((4, 2))}, ShapeError, r"word_matrix of shape \(any, 3\), got shape \(4, 2\)"),
        (HASHED, {"word_matrix": np.full((4, 3), np.inf)}, SettingsError, "expected word_matrix of finite float32"),
        (HASHED, {"word_matrix": np.ones((0, 3))}, ShapeError, "word_matrix of at least one dimension and one row"),
        (HASHED, {"word_matrix": np.ones(3)}, ShapeError, r"expected word_matrix of shape \(any, any\)"),
        (PLAIN, {"keys": ["a", "a"]}, SettingsError, "expected every word once, got 'a' again as row 1"),
        (
            PLAIN,
            {"keys": ["a", "b", "c"]},
            ShapeError,
            r"expected ngram_matrix of shape \(3, any\), got shape \(2, 3\)",
        ),
        (PLAIN, {"keys": [1, 2]}, SettingsError, "expected words to be text, got 1 of type int"),
        (PLAIN, {"keys": ["a", "b"], "ngram_matrix": np.full((2, 3), np.nan)}, SettingsError, r"for 'a' \(row 0\)"),
    ],
)
def test_parts_that_do_not_fit_are_refused(settings, change, error, message):
    given = {"word_matrix": np.ones((4, 3)), "ngram_matrix": np.ones((2, 3)), "keys": [3, 5], **change}
    with pytest.raises(error, match=message):
        SubwordVectors(settings, **given)


def test_rows_of_other_words_are_refused(vectors):
    with pytest.raises(ShapeError, match=r"expected word_matrix of shape \(1, 5\), got shape \(10, 5\)"):
        Vectors(["one"], np.ones((1, 5)), subwords=vectors.subwords)
    with pytest.raises(ShapeError, match=r"expected word_matrix of shape \(10, 4\)"):
        Vectors(WORDS, np.ones((10, 4)), subwords=vectors.subwords)


def test_parts_are_shared_and_cannot_be_changed():
    parts = {"word_matrix": np.ones((1, 2), np.float32), "ngram_matrix": np.ones((2, 2), np.float32)}
    subwords = SubwordVectors(HASHED, keys=np.array([1, 2], np.uint32), **parts)
    assert np.shares_memory(subwords.word_matrix, parts["word_matrix"])
    assert repr(subwords) == "SubwordVectors(2 buckets of n-grams, 3 to 6 characters)"
    for array in (subwords.word_matrix, subwords.ngram_matrix, subwords.keys):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


# ── the folder ──────────────────────────────────────────────────────────────────────────────────────────────


def rewrite(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def replace_tensors(folder, **changes):
    """Write other tensors, and the sizes and checksums that belong to them, as one would who means harm."""
    tensors = {name: array.copy() for name, array in map_tensors(folder / "vectors.safetensors").items()}
    tensors |= changes
    write_tensors(folder / "vectors.safetensors", {name: array for name, array in tensors.items() if array is not None})
    recount(folder)


def recount(folder):
    names = json.loads((folder / "config.json").read_text())["files"]
    entries = {n: {"bytes": (folder / n).stat().st_size, "blake2b": checksum(folder / n)} for n in names}
    rewrite(folder, files=entries)


@pytest.mark.parametrize("check", [False, True])
def test_what_is_saved_is_loaded(vectors, folder, check):
    loaded = Vectors.load(folder, check=check)
    assert loaded.words == vectors.words
    np.testing.assert_array_equal(loaded.matrix, vectors.matrix)
    np.testing.assert_array_equal(loaded.subwords.word_matrix, vectors.subwords.word_matrix)
    np.testing.assert_array_equal(loaded.subwords.ngram_matrix, vectors.subwords.ngram_matrix)
    assert list(loaded.subwords.keys) == list(vectors.subwords.keys)
    assert loaded.subwords.settings == vectors.subwords.settings
    np.testing.assert_array_equal(loaded["wherever"], vectors["wherever"])
    settings = {"smallest": 3, "longest": 6, "buckets": vectors.subwords.settings.buckets}
    assert loaded.config["subwords"] == {**settings, "ngrams": len(vectors.subwords)}
    assert loaded.context_matrix is None and loaded.counts is None


def test_what_was_loaded_is_saved_and_sent_as_it_is(vectors, folder, tmp_path):
    loaded = Vectors.load(folder)
    loaded.save(tmp_path / "copy" / "v")
    names = sorted(path.name for path in folder.iterdir())
    assert ("ngrams.txt" in names) == (vectors.subwords.settings.buckets is None)
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "copy" / "v" / name).read_bytes()
    copy = pickle.loads(pickle.dumps(loaded))
    np.testing.assert_array_equal(copy["wherever"], vectors["wherever"])


def test_vectors_of_other_words_do_not_take_over_what_the_config_says(vectors, folder, tmp_path):
    loaded = Vectors.load(folder)
    Vectors(loaded.words, loaded.matrix, config=loaded.config).save(tmp_path / "alone")
    alone = Vectors.load(tmp_path / "alone", check=True)
    assert alone.subwords is None and "subwords" not in alone.config
    other = small_vectors(["other", "words"], buckets=7)
    Vectors(other.words, other.matrix, subwords=other.subwords, config=loaded.config).save(tmp_path / "other")
    assert Vectors.load(tmp_path / "other", check=True).config["subwords"]["buckets"] == 7


def test_nothing_is_indexed_before_it_is_asked_for(tmp_path):
    small_vectors(buckets=None).save(tmp_path / "v")
    loaded = Vectors.load(tmp_path / "v")
    loaded.most_similar("where")
    assert isinstance(loaded.subwords.keys, Words)
    assert loaded.subwords.keys._rows is None


def test_opening_and_composing_need_numpy_alone(vectors, folder):
    program = """if True:
        import sys
        from firth.vectors import Vectors
        vectors = Vectors.load(sys.argv[1])
        vectors.most_similar("wherever")
        print(sorted({"numba", "scipy", "safetensors", "llvmlite"} & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rows_that_no_word_needs_are_kept(vectors, tmp_path):
    old = vectors.subwords
    keys = [*list(old.keys)[::-1], "new"] if isinstance(old.keys, Words) else np.append(old.keys, old.keys[-1] + 1)
    order = slice(None, None, -1) if isinstance(old.keys, Words) else slice(None)
    matrix = np.concatenate([old.ngram_matrix[order], np.ones((1, 5), np.float32)])
    more = SubwordVectors(old.settings, word_matrix=old.word_matrix, ngram_matrix=matrix, keys=keys)
    Vectors(WORDS, vectors.matrix, subwords=more).save(tmp_path / "v")
    loaded = Vectors.load(tmp_path / "v", check=True)
    assert len(loaded.subwords) == len(old) + 1
    np.testing.assert_allclose(loaded["wherever"], vectors["wherever"], rtol=1e-6)


@pytest.mark.parametrize("part", ["matrix", "word_matrix", "ngram_matrix"])
def test_check_finds_vectors_that_are_not_the_means_of_their_rows(folder, vectors, part):
    tensors = map_tensors(folder / "vectors.safetensors")
    greatest = max(np.abs(tensors[name]).max() for name in ("word_matrix", "ngram_matrix"))
    changed = tensors[part].copy()
    changed[1, 2] += 0.1
    close = tensors["matrix"] + np.float32(0.5 * TOLERANCE * greatest)
    replace_tensors(folder, matrix=close)
    Vectors.load(folder, check=True)
    replace_tensors(folder, **{"matrix": vectors.matrix, part: changed})
    Vectors.load(folder)
    with pytest.raises(
        FormatError, match=r"expected every vector in .* to be the mean of its rows .*, got one that is 0"
    ):
        Vectors.load(folder, check=True)


@pytest.mark.parametrize(("part", "named"), [("word_matrix", r"for 'here' \(row 1\)"), ("ngram_matrix", "row 1")])
def test_check_finds_numbers_that_are_not_finite(folder, part, named):
    changed = map_tensors(folder / "vectors.safetensors")[part].copy()
    changed[1, 2] = np.inf
    replace_tensors(folder, **{part: changed})
    with pytest.raises(FormatError, match=f"expected finite numbers in .*, got NaN or infinity in {part} .*{named}"):
        Vectors.load(folder, check=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subwords": None}, "expected 'subwords' in the config of .* to have smallest, longest, buckets, got None"),
        ({"subwords": {"smallest": 3, "longest": 6}}, "to have smallest, longest, buckets, got {"),
        (
            {"subwords": {"smallest": 3, "longest": 2, "buckets": 9, "ngrams": 3}},
            "settings of n-grams, got .*from 3 to 100",
        ),
        (
            {"subwords": {"smallest": 3, "longest": 6, "buckets": "many", "ngrams": 3}},
            "settings of n-grams, got .*many",
        ),
        (
            {"subwords": {"smallest": 3, "longest": 6, "buckets": 1_000_000}},
            "expected 'ngrams' in the config of .* got None",
        ),
        (
            {"subwords": {"smallest": 3, "longest": 6, "buckets": 1_000_000, "ngrams": -1}},
            "expected 'ngrams' .* got -1",
        ),
        (
            {"subwords": {"smallest": 3, "longest": 6, "buckets": 1_000_000, "ngrams": 3}},
            r"tensor 'ngram_matrix' of type float32 and shape \(3, 5\)",
        ),
        ({"subwords": {"smallest": 3, "longest": 6, "buckets": 20, "ngrams": 70}}, "to rise, below 20, got"),
        (
            {"subwords": {"smallest": 3, "longest": 6, "buckets": 10**6, "ngrams": 70, "absent": "gone"}},
            "expected 'absent' in the config of .* to be 'zeros' or 'left out', got 'gone'; restore",
        ),
        (
            {"subwords": {"smallest": 3, "longest": 6, "buckets": None, "ngrams": 70}},
            r"file ngrams\.txt in .*, got not",
        ),
    ],
)
def test_a_config_that_does_not_fit_is_refused(tmp_path, changes, message):
    vectors = small_vectors()
    assert len(vectors.subwords) == 70
    vectors.save(tmp_path / "v")
    rewrite(tmp_path / "v", **changes)
    with pytest.raises(FormatError, match=message):
        Vectors.load(tmp_path / "v")


BUCKETS = np.arange(70, dtype=np.uint32)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ngram_matrix": None}, "expected a tensor 'ngram_matrix' .*, got none"),
        ({"word_matrix": None}, "expected a tensor 'word_matrix' .*, got none"),
        ({"word_matrix": np.ones((9, 5), np.float32)}, r"'word_matrix' .*, got float32 of shape \(9, 5\)"),
        ({"ngram_matrix": np.ones((70, 4), np.float32)}, r"'ngram_matrix' .*, got float32 of shape \(70, 4\)"),
        ({"ngram_buckets": None}, "expected a tensor 'ngram_buckets' of type uint32 .*, got none"),
        ({"ngram_buckets": BUCKETS.astype(np.int64)}, "'ngram_buckets' .*, got int64"),
        ({"ngram_buckets": BUCKETS[:-1]}, r"'ngram_buckets' .*, got uint32 of shape \(69,\)"),
        (
            {"ngram_buckets": BUCKETS[::-1].copy()},
            "expected the buckets of n-grams in .* to rise, below 1000000, got 68 aft",
        ),
        ({"ngram_buckets": BUCKETS + 999_931}, "to rise, below 1000000, got 1000000"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(tmp_path, changes, message):
    small_vectors().save(tmp_path / "v")
    replace_tensors(tmp_path / "v", **changes)
    with pytest.raises(FormatError, match=message):
        Vectors.load(tmp_path / "v")


def test_buckets_of_other_words_are_found_by_check(tmp_path):
    small_vectors().save(tmp_path / "v")
    replace_tensors(tmp_path / "v", ngram_buckets=BUCKETS)
    Vectors.load(tmp_path / "v")
    with pytest.raises(FormatError, match=r"a row in .* for every n-gram of a word, got none for bucket \d+; train"):
        Vectors.load(tmp_path / "v", check=True)


@pytest.mark.parametrize(
    ("change", "message", "message_of_check"),
    [
        (lambda data: data[:-1], r"expected .*ngrams\.txt to have [0-9]+ bytes", None),
        (lambda data: data.replace(b"<wh\n", b"<w\n\n"), r"ngrams\.txt to have 70 lines, got 71 line ends", None),
        (lambda data: data.replace(b"<wh\n", b"<xh\n"), None, "for every n-gram of a word, got none for '<wh'"),
        (lambda data: data.replace(b"<wh\n", b"<wh\n"[::-1][1:] + b"\n"), None, "got none for '<wh'"),
        (lambda data: data.replace(b"<wh\n", b"whe\n"), None, "expected every word once in words.txt, got 'whe' again"),
        (lambda data: data.replace(b"<wh\n", b"<\xff\xff\n"), None, "in UTF-8"),
    ],
)
def test_ngrams_that_do_not_fit_are_refused(tmp_path, change, message, message_of_check):
    small_vectors(buckets=None).save(tmp_path / "v")
    path = tmp_path / "v" / "ngrams.txt"
    path.write_bytes(change(path.read_bytes()))
    if message is None or "lines" in message:
        recount(tmp_path / "v")
    if message is None:
        Vectors.load(tmp_path / "v")
    with pytest.raises(FormatError, match=message or message_of_check):
        Vectors.load(tmp_path / "v", check=message is None)


def test_a_file_of_ngrams_that_is_missing_or_lies_elsewhere_is_refused(tmp_path):
    small_vectors(buckets=None).save(tmp_path / "v")
    shutil.move(tmp_path / "v" / "ngrams.txt", tmp_path / "outside")
    with pytest.raises(FormatError, match=r"expected the file ngrams\.txt in .*, got nothing there"):
        Vectors.load(tmp_path / "v")
    (tmp_path / "v" / "ngrams.txt").symlink_to(tmp_path / "outside")
    with pytest.raises(FormatError, match=r"got a link to .*outside"):
        Vectors.load(tmp_path / "v")


def test_words_without_ngrams_are_found_by_check(tmp_path):
    small_vectors(["</s>", "abc"]).save(tmp_path / "v")
    (tmp_path / "v" / "words.txt").write_bytes(b"</s>\n\n")
    recount(tmp_path / "v")
    with pytest.raises(FormatError, match=r"to be the mean of its rows .*, got one .* from it for '' \(row 1\)"):
        Vectors.load(tmp_path / "v", check=True)


def test_the_card_says_that_there_are_subwords(folder, vectors):
    card = (folder / "README.md").read_text()
    assert f"10 words, 5 dimensions. Other words have vectors, too, from {len(vectors.subwords)} rows of char" in card
    assert "## Subwords\n\n| what | value |\n|---|---|\n| smallest | 3 |\n| longest | 6 |\n" in card
    assert ("| buckets | 1,000,000 |" in card) == (vectors.subwords.settings.buckets is not None)
    assert f"| ngrams | {len(vectors.subwords)} |" in card
