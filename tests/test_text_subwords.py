"""Words to n-grams to rows: each against a twin that works byte by byte, and against fastText itself."""

import importlib.util

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import naive_subwords
from firth.errors import SettingsError, ShapeError
from firth.text import subwords as subwords_module
from firth.text.subwords import Subwords, SubwordTable, bucket_rows

TEXT = st.one_of(
    st.text(st.sampled_from(naive_subwords.ODD), max_size=12),
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=30),
)
WORDS = st.lists(TEXT, min_size=1, max_size=12)
LENGTHS = st.tuples(st.integers(1, 4), st.integers(0, 3)).map(lambda pair: (pair[0], sum(pair)))
BUCKETS = st.sampled_from([1, 7, 2_000_000, 1 << 20, None])


@given(TEXT, LENGTHS)
@example("</s>", (1, 3))
@example("", (1, 3))
def test_ngrams_and_buckets(word, lengths):
    smallest, longest = lengths
    ngrams = Subwords(smallest=smallest, longest=longest).ngrams(word)
    wanted = naive_subwords.ngrams(word, smallest, longest)
    assert [ngram.encode() for ngram in ngrams] == wanted
    for buckets in (1, 1000, 2_000_000):
        settings = Subwords(buckets=buckets)
        assert [settings.bucket(ngram) for ngram in ngrams] == [naive_subwords.bucket(n, buckets) for n in wanted]


@given(WORDS, LENGTHS, BUCKETS)
@example(["</s>", "s>", "</s"], (2, 2), None)
@example(["x" * 1000, "aé😀" * 100], (1, 100), None)
@example(["x" * 1000, "aé😀" * 100], (1, 100), 97)
def test_a_table_has_the_rows_of_every_word(words, lengths, buckets):
    smallest, longest = lengths
    settings = Subwords(smallest=smallest, longest=longest, buckets=buckets)
    rows, keys = naive_subwords.table(words, smallest, longest, buckets)
    if not keys:
        with pytest.raises(SettingsError, match="words with n-grams"):
            SubwordTable.of(words, settings)
        return
    table = SubwordTable.of(words, settings)
    assert (table.words, table.ngrams) == (len(words), len(keys))
    assert (table.starts.dtype, table.rows.dtype) == (np.int64, np.int32)
    assert [table.rows[a:b].tolist() for a, b in zip(table.starts, table.starts[1:], strict=False)] == rows
    assert table.starts[0] == 0 and table.starts[-1] == len(table.rows)
    if buckets is None:
        assert table.keys == tuple(keys)
    else:
        assert table.keys.dtype == np.uint32
        assert table.keys.tolist() == keys


def test_ngrams_are_numbered_the_same_however_they_are_cut_into_blocks(monkeypatch):
    words = [f"{number:x}é" * (number % 7) for number in range(1, 300)]
    settings = Subwords(smallest=1, longest=4, buckets=None)
    whole = SubwordTable.of(words, settings)
    for size in (1, 1000):
        monkeypatch.setattr(subwords_module, "_BLOCK", size)
        table = SubwordTable.of(words, settings)
        assert table.keys == whole.keys
        np.testing.assert_array_equal(table.rows, whole.rows)


@given(WORDS, TEXT, LENGTHS, BUCKETS)
def test_rows_of_any_word(words, word, lengths, buckets):
    smallest, longest = lengths
    rows, keys = naive_subwords.table(words, smallest, longest, buckets)
    if not keys or buckets is None:  # without hashing whatever holds the n-grams finds them: see test_vectors_subwords
        return
    settings = Subwords(smallest=smallest, longest=longest, buckets=buckets)
    keys = SubwordTable.of(words, settings).keys
    wanted = [naive_subwords.bucket(ngram, buckets) for ngram in naive_subwords.ngrams(word, smallest, longest)]
    found = settings.rows(word, keys)
    assert found.dtype == np.int64
    assert [keys[row] if row >= 0 else None for row in found] == [key if key in keys else None for key in wanted]
    assert (settings.rows(words[0], keys) + len(words)).tolist() == rows[0][1:]


def test_bucket_rows():
    keys = np.array([2, 5, 9], np.uint32)
    assert bucket_rows([0, 2, 3, 5, 9, 10], keys).tolist() == [-1, 0, -1, 1, 2, -1]
    assert bucket_rows([], keys).tolist() == []


@given(WORDS, st.integers(1, 4), BUCKETS)
def test_a_composed_vector_is_the_mean_of_its_rows(words, dimensions, buckets):
    settings = Subwords(smallest=1, longest=3, buckets=buckets)
    rows, keys = naive_subwords.table(words, 1, 3, buckets)
    if not keys:
        return
    table = SubwordTable.of(words, settings)
    random = np.random.default_rng(1)
    own = random.standard_normal((len(words), dimensions)).astype(np.float32)
    parts = random.standard_normal((len(keys), dimensions)).astype(np.float32)
    both = np.concatenate([own, parts])
    composed = table.compose(own, parts)
    assert composed.dtype == np.float32 and composed.shape == own.shape
    for row, wanted in zip(composed, rows, strict=True):
        np.testing.assert_allclose(row, naive_subwords.mean(both[wanted]), rtol=1e-6, atol=1e-7)


def test_padded_matrices_and_stretches_of_words_are_composed_alike():
    table = SubwordTable.of(["where", "here", "there"], Subwords(smallest=2, longest=3))
    random = np.random.default_rng(2)
    both = random.standard_normal((3 + table.ngrams + 4, 16)).astype(np.float32)
    own, parts = both[:3], both[3 : 3 + table.ngrams]
    whole = table.compose(own[:, :5], parts[:, :5])
    np.testing.assert_array_equal(table.compose(own, parts, dimensions=5), whole)
    np.testing.assert_array_equal(table.compose(np.asfortranarray(own), parts, dimensions=5), whole)
    np.testing.assert_array_equal(table.compose(own, parts, dimensions=5, start=1, stop=2), whole[1:2])
    np.testing.assert_array_equal(table.compose(own, parts, dimensions=5, start=2, stop=99), whole[2:])
    assert table.compose(own, parts, start=2, stop=2).shape == (0, 16)


def test_matrices_that_do_not_fit_are_not_composed():
    table = SubwordTable.of(["ab"], Subwords(smallest=3, longest=3))
    with pytest.raises(ShapeError, match=r"expected word_matrix of shape \(1, any\), got shape \(2, 3\)"):
        table.compose(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"expected ngram_matrix of shape \(2, 3\), got shape \(2, 4\)"):
        table.compose(np.ones((1, 3)), np.ones((2, 4)))
    with pytest.raises(SettingsError, match="expected dimensions to be a whole number from 1 to 3, got 4"):
        table.compose(np.ones((1, 3)), np.ones((2, 3)), dimensions=4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"smallest": 0}, "expected smallest to be a whole number from 1 to 100, got 0"),
        ({"smallest": 3.0}, "expected smallest to be a whole number"),
        ({"smallest": 5, "longest": 4}, "expected longest to be a whole number from 5 to 100, got 4"),
        ({"longest": 101}, "expected longest to be a whole number from 3 to 100, got 101"),
        ({"buckets": 0}, "expected buckets to be a whole number from 1 to 1073741824, got 0"),
        ({"buckets": 2**30 + 1}, "expected buckets to be a whole number from 1 to 1073741824"),
        ({"buckets": True}, "expected buckets to be a whole number"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        Subwords(**settings)


def test_settings_as_they_are_written():
    assert Subwords(**Subwords(buckets=None).as_dict()) == Subwords(buckets=None)
    assert Subwords().as_dict() == {"smallest": 3, "longest": 6, "buckets": 2_000_000}


def test_what_has_no_ngrams_or_no_buckets_is_refused():
    with pytest.raises(SettingsError, match=r"n-grams of 5 characters or more, got 2 words without one; choose a smal"):
        SubwordTable.of(["ab", "é"], Subwords(smallest=5))
    with pytest.raises(SettingsError, match=r"expected words without newline, got 'b\\n' as row 1"):
        SubwordTable.of(["a", "b\n"], Subwords())
    with pytest.raises(SettingsError, match="expected n-grams that are hashed, got buckets=None"):
        Subwords(buckets=None).bucket("her")


@pytest.mark.skipif(importlib.util.find_spec("fasttext") is None, reason="fastText is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("smallest", "longest", "buckets"), [(3, 6, 2_000_000), (1, 3, 50), (2, 2, 1_000_003)])
def test_fasttext_has_the_same_ngrams_buckets_and_vectors(tmp_path, smallest, longest, buckets):
    import fasttext

    words = ["where", "the", "aaaaaa", "שלום", "מֶלֶךְ", "naïve", "e\u0301a", "Straße", "中文字", "😀", "x😀y", "a"]
    (tmp_path / "text.txt").write_text((" ".join(words) + "\n") * 6, encoding="utf-8")
    how = {"minn": smallest, "maxn": longest, "bucket": buckets, "dim": 4, "epoch": 1, "minCount": 1, "verbose": 0}
    theirs = fasttext.train_unsupervised(str(tmp_path / "text.txt"), thread=1, **how)
    vocabulary = theirs.get_words()
    assert {*words, "</s>"} == set(vocabulary)
    settings = Subwords(smallest=smallest, longest=longest, buckets=buckets)
    table = SubwordTable.of(vocabulary, settings)
    for word in [*words, "unseen", "לשלום", "é😀", "z"]:
        ngrams, ids = theirs.get_subwords(word)
        known = int(word in words)  # then the word itself is the first
        assert settings.ngrams(word) == ngrams[known:]
        assert [settings.bucket(ngram) for ngram in ngrams[known:]] == [i - len(vocabulary) for i in ids[known:]]
    matrix = theirs.get_input_matrix()
    composed = table.compose(matrix[: len(vocabulary)], matrix[len(vocabulary) :][table.keys])
    np.testing.assert_allclose(composed, [theirs.get_word_vector(word) for word in vocabulary], atol=1e-7)
