"""Compression: what is kept is what was said, twins agree, threads and blocks change nothing."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import naive_vectors
from firth.errors import FormatError, SettingsError, UnknownWordError
from firth.vectors import SubwordVectors, Vectors, codebooks, compressing, projecting
from firth.vectors.codebooks import k_means, nearest_codewords, train_codebooks
from firth.vectors.compressing import compress
from firth.vectors.neighbours import cosines
from firth.vectors.projecting import Projection
from firth.vectors.stored import PlainMatrix
from small_subwords import small_vectors

KEY = np.uint64(7)


def random_vectors(rows=600, dimensions=12, seed=0):
    draw = np.random.default_rng(seed)
    matrix = draw.standard_normal((rows, 3)) @ draw.standard_normal((3, dimensions))
    matrix += 0.1 * draw.standard_normal((rows, dimensions))
    words = [f"w{row}" for row in range(rows)]
    return Vectors(words, matrix.astype(np.float32), counts=np.arange(rows, 0, -1), config={"made": "here"})


FLOATS = st.one_of(st.integers(-2, 2).map(float), st.floats(width=32, allow_nan=False, allow_infinity=False))
MATRICES = st.tuples(st.integers(1, 6), st.integers(1, 5)).flatmap(
    lambda shape: hnp.arrays(np.float32, shape, elements=FLOATS)
)


@given(MATRICES)
def test_int8_is_within_half_a_step(matrix):
    words = [f"w{row}" for row in range(len(matrix))]
    small = compress(Vectors(words, matrix), to="int8")
    steps = np.abs(matrix.astype(np.float64)).max(axis=1, keepdims=True) / 127
    assert np.isfinite(small.matrix).all()
    # Scales and products are rounded to float32 themselves; below 1e-38 that has fewer digits.
    assert (np.abs(small.matrix.astype(np.float64) - matrix) <= steps * 0.51 + 127 * 2.0**-149).all()


@given(MATRICES)
@settings(max_examples=30)
def test_product_codes_keep_lengths_and_few_rows_whole(matrix):
    words = [f"w{row}" for row in range(len(matrix))]
    vectors = Vectors(words, matrix)
    small = compress(vectors, to="product", groups=1)
    # Fewer rows than codewords: each direction is one.
    np.testing.assert_allclose(small.norms, vectors.norms, rtol=1e-5, atol=1e-44)
    np.testing.assert_allclose(cosines(small.matrix, matrix)[vectors.norms > 1e-30], 1, atol=1e-6)


def test_float16_rounds_and_refuses_what_it_can_not_hold():
    vectors = random_vectors()
    small = compress(vectors, to="float16")
    np.testing.assert_array_equal(small.matrix, vectors.matrix.astype(np.float16).astype(np.float32))
    large = Vectors(["a", "b"], np.array([[1, 2], [3, -1e5]]))
    message = r"expected numbers up to 65504 for float16, got 100000 for 'b' \(row 1\); take to='int8'"
    with pytest.raises(SettingsError, match=message):
        compress(large, to="float16")


def test_codewords_are_the_nearest():
    draw = np.random.default_rng(0)
    points = draw.standard_normal((60, 3)).astype(np.float32)
    centers = draw.standard_normal((20, 3)).astype(np.float32)
    found, _ = nearest_codewords(points, centers)
    assert found.tolist() == [naive_vectors.nearest_codeword(point, centers) for point in points]


def test_k_means_is_as_good_as_scipys():
    from scipy.cluster.vq import kmeans2, vq

    points = np.random.default_rng(1).standard_normal((8000, 2)).astype(np.float32)
    theirs, _ = kmeans2(points, 256, iter=20, minit="++", seed=1)
    ours = k_means(points, key=KEY)
    assert (vq(points, ours)[1] ** 2).mean() < 1.05 * (vq(points, theirs)[1] ** 2).mean()


def test_k_means_of_repeated_points():
    points = np.repeat(np.arange(300, dtype=np.float32)[:, np.newaxis], 3, axis=0)
    centers = k_means(points, key=KEY)
    assert len(np.unique(centers)) == 256 and np.isfinite(centers).all()
    assert k_means(np.zeros((5, 2), np.float32), key=KEY).tolist() == np.zeros((256, 2)).tolist()


def test_each_pass_brings_codewords_nearer():
    points = np.random.default_rng(2).standard_normal((4000, 4)).astype(np.float32)
    errors = []
    for passes in (0, 1, 2, 5, 20):
        centers = k_means(points, key=KEY, passes=passes)
        nearest, _ = nearest_codewords(points, centers)
        errors.append(float(((points - centers[nearest]) ** 2).sum()))
    assert errors == sorted(errors, reverse=True) and errors[-1] < 0.8 * errors[0]


@pytest.mark.parametrize("to", ["float32", "float16", "int8", "product"])
def test_threads_and_blocks_change_nothing(to, monkeypatch):
    vectors = random_vectors(dimensions=11)
    one = compress(vectors, to=to, dimensions=9, threads=1)
    for module in (compressing, codebooks):
        monkeypatch.setattr(module, "_BLOCK", 100 if module is compressing else codebooks._BLOCK)
    many = compress(vectors, to=to, dimensions=9, threads=3)
    for name, tensor in one.stored.tensors().items():
        np.testing.assert_array_equal(tensor, many.stored.tensors()[name])


def test_the_seed_chooses_the_codewords(monkeypatch):
    monkeypatch.setattr(codebooks, "_SAMPLE", 300)
    held = random_vectors().stored
    first, again, other = (train_codebooks(held, groups=3, seed=seed, threads=2) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("center", [False, True])
def test_a_projection_is_that_of_the_singular_values(center):
    vectors = random_vectors()
    matrix = vectors.matrix.astype(np.float64)
    moved = matrix - matrix.mean(axis=0) if center else matrix
    _, lengths, directions = np.linalg.svd(moved, full_matrices=False)
    found = Projection.of(vectors.stored, 3, center=center, threads=2)
    assert found.variance_kept == pytest.approx((lengths[:3] ** 2).sum() / (lengths**2).sum())
    np.testing.assert_allclose(np.abs(found.directions.T @ directions[:3].T), np.eye(3), atol=1e-6)
    assert (found.directions[np.abs(found.directions).argmax(axis=0), np.arange(3)] > 0).all()
    np.testing.assert_allclose(found.project(vectors.stored), moved @ found.directions, atol=1e-4)
    small = compress(vectors, dimensions=3, center=center)
    np.testing.assert_array_equal(small.matrix, found.project(vectors.stored))
    assert small.config["compression"]["variance_kept"] == found.variance_kept
    assert small.config["compression"]["center"] is center


def test_all_dimensions_keep_every_cosine():
    vectors = random_vectors()
    turned = compress(vectors, dimensions=12)
    assert turned.config["compression"]["variance_kept"] == pytest.approx(1)
    np.testing.assert_allclose(turned.norms, vectors.norms, rtol=1e-6)
    first = [value for _, value in vectors.most_similar("w0", count=50)]
    np.testing.assert_allclose([value for _, value in turned.most_similar("w0", count=50)], first, atol=1e-6)


def test_zeros_have_no_directions():
    found = Projection.of(PlainMatrix(np.zeros((3, 2), np.float32)), 1, center=True, threads=1)
    assert found.variance_kept == 1 and projecting._BLOCK > 0
    nothing = compress(Vectors(["a", "b"], np.zeros((2, 2))), to="product")
    np.testing.assert_array_equal(nothing.matrix, np.zeros((2, 2)))
    assert nothing.config["compression"]["mean_cosine"] == 1


def test_words_are_pruned_in_their_order():
    vectors = random_vectors()
    few = compress(vectors, words=10)
    assert list(few.words) == [f"w{row}" for row in range(10)]
    np.testing.assert_array_equal(few.matrix, vectors.matrix[:10])
    np.testing.assert_array_equal(few.counts, vectors.counts[:10])
    assert len(compress(vectors, words=10**6)) == 600
    chosen = compress(vectors, words=iter(["w7", "w3", "w7"]), to="int8")
    assert list(chosen.words) == ["w3", "w7"]
    np.testing.assert_array_equal(chosen.counts, vectors.counts[[3, 7]])


def test_the_report():
    vectors = random_vectors()
    report = compress(vectors, to="product", words=500, dimensions=8).config["compression"]
    assert report["to"] == "product" and report["words"] == [600, 500] and report["dimensions"] == [12, 8]
    assert report["groups"] == 2 and report["seed"] == 1 and report["left_out"] == []
    assert report["bytes"] == [600 * 12 * 4, 500 * (2 + 4) + 256 * 8 * 4]
    assert 0.5 < report["mean_cosine"] < 1
    assert vectors.config == {"made": "here"}
    again = compress(compress(vectors, to="int8"), to="float32")
    assert again.stored.coding == "float32" and again.config["made"] == "here"


def test_ngrams_stay_where_they_can(caplog):
    vectors = small_vectors()
    few = compress(vectors, words=4, dimensions=3)
    assert few.config["compression"]["left_out"] == []
    np.testing.assert_allclose(few["wherever"].shape, (3,))
    few.subwords.check(few.words, few.matrix, "here")
    assert not caplog.records
    for settings_ in ({"to": "int8"}, {"dimensions": 2, "center": True}):
        without = compress(vectors, **settings_)
        assert without.subwords is None and without.config["compression"]["left_out"] == ["subwords"]
        assert "the rows of n-grams are left out" in caplog.text
        caplog.clear()


def test_contexts_are_left_out():
    vectors = Vectors(["a", "b"], np.eye(2), context_matrix=np.eye(2))
    small = compress(vectors)
    assert small.context_matrix is None and small.config["compression"]["left_out"] == ["context_matrix"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"to": "int4"}, SettingsError, "expected to to be 'float32' or 'float16' or 'int8' or 'product', got 'int4'"),
        ({"words": 0}, SettingsError, "expected words to be a whole number ≥ 1, got 0"),
        ({"words": "w1"}, SettingsError, r"expected words to be a number or a list of words, got 'w1'; pass \['w1'\]"),
        ({"words": []}, SettingsError, "expected at least one word to keep, got none"),
        ({"words": ["w1", "x1"]}, UnknownWordError, "expected a word with a vector, got 'x1'"),
        ({"dimensions": 13}, SettingsError, "expected dimensions to be a whole number from 1 to 12, got 13"),
        ({"to": "product", "groups": 13}, SettingsError, "expected groups to be a whole number from 1 to 12"),
        ({"to": "int8", "groups": 3}, SettingsError, "expected no groups but for to='product', got to='int8'"),
        ({"center": True}, SettingsError, "expected center only with dimensions"),
        ({"seed": -1}, SettingsError, "expected seed to be a whole number"),
        ({"threads": 0}, SettingsError, "expected threads to be a whole number"),
    ],
)
def test_what_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        compress(random_vectors(), **arguments)


@pytest.mark.parametrize("how", [{"words": 3}, {"dimensions": 2}])
def test_pruned_ngrams_stay_pruned(tmp_path, how):
    whole = small_vectors(["where", "here", "there", "then"], buckets=300)
    held = whole.subwords
    parts = {"word_matrix": held.word_matrix, "ngram_matrix": held.ngram_matrix[::2], "keys": held.keys[::2]}
    pruned = SubwordVectors(held.settings, **parts, absent="left out")
    means = pruned.table(whole.words).compose(pruned.word_matrix, pruned.ngram_matrix)
    small = compress(Vectors(whole.words, means, subwords=pruned), **how)
    assert small.subwords.absent == "left out"
    small.save(tmp_path / "small")
    loaded = Vectors.load(tmp_path / "small", check=True)
    assert loaded.config["format_version"] == 2
    assert np.array_equal(loaded["thens"], small["thens"])


def test_what_was_compressed_before_is_remembered(tmp_path):
    compress(Vectors(["up", "down"], np.eye(2) + 0.3), to="int8").save(tmp_path / "bytes")
    again = compress(Vectors.load(tmp_path / "bytes"), dimensions=1)
    assert again.config["compression"]["earlier"]["to"] == "int8"
    assert "coding" not in again.config
    again.save(tmp_path / "again")
    assert Vectors.load(tmp_path / "again", check=True).config["format_version"] == 1


def test_means_of_subwords_are_held_in_float32(tmp_path):
    vectors = small_vectors(["where", "here"], buckets=300)
    with pytest.raises(
        SettingsError, match=r"expected float32 for the means of subwords, got subwords and a HalfMatrix"
    ):
        Vectors(vectors.words, compress(vectors, to="float16").stored, subwords=vectors.subwords)
    vectors.save(tmp_path / "v")
    config = json.loads((tmp_path / "v" / "config.json").read_text())
    (tmp_path / "v" / "config.json").write_text(json.dumps({**config, "coding": {"name": "int8"}}))
    with pytest.raises(FormatError, match=r"expected vectors with subwords in .* to be held in float32, got"):
        Vectors.load(tmp_path / "v", check=True)
