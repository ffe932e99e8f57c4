import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive_vectors
from firth.errors import SettingsError, ShapeError, UnknownWordError
from firth.vectors import Vectors, Words

WORDS = ["the", "king", "queen", "man", "woman", "apple", "zero"]
MATRIX = np.array([[1, 1, 1], [5, 1, 0], [5, 0, 1], [1, 1, 0], [1, 0, 1], [-1, 2, 2], [0, 0, 0]], np.float32)


@pytest.fixture
def vectors():
    return Vectors(WORDS, MATRIX, counts=np.array([9, 8, 7, 6, 5, 4, 3]))


def test_look_up(vectors):
    np.testing.assert_array_equal(vectors["queen"], MATRIX[2])
    assert vectors["queen"].dtype == np.float32
    assert vectors.index("queen") == 2
    assert "queen" in vectors and "Queen" not in vectors and 2 not in vectors
    assert list(vectors) == list(vectors.words) == WORDS
    assert len(vectors) == 7 and vectors.dimensions == 3
    assert vectors.context_matrix is None and vectors.config == {}
    assert vectors.counts.dtype == np.uint64
    assert repr(vectors) == "Vectors(7 words × 3)"


def test_arrays_are_shared_and_cannot_be_changed_through_the_vectors(vectors):
    assert np.shares_memory(vectors.matrix, MATRIX)
    assert MATRIX.flags.writeable
    for array in (vectors.matrix, vectors["king"], vectors.counts, vectors.norms):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32, np.uint8])
def test_other_numbers_become_float32(dtype):
    matrix = np.array([[1, 2], [3, 4]], dtype)
    assert Vectors(["a", "b"], matrix).matrix.dtype == np.float32
    np.testing.assert_array_equal(Vectors(["a", "b"], matrix.T).matrix, matrix.T)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"words": ["a"]}, ShapeError, r"expected matrix of shape \(1, any\), got shape \(2, 2\)"),
        ({"words": ["a", "a"]}, SettingsError, "expected every word once, got 'a' again as row 1"),
        ({"words": ["a", "b\n"]}, SettingsError, r"expected words without newline, got 'b\\n'"),
        ({"matrix": np.ones(2)}, ShapeError, r"expected matrix of shape \(2, any\), got shape \(2,\)"),
        ({"matrix": np.ones((2, 0))}, ShapeError, "expected matrix of at least one dimension"),
        ({"matrix": np.ones((2, 2), complex)}, ShapeError, "expected matrix to hold real numbers, got complex128"),
        ({"matrix": np.array([["x", "y"]] * 2)}, ShapeError, "expected matrix to hold real numbers"),
        ({"matrix": np.array([[1, 2], [3, np.nan]])}, SettingsError, r"got NaN or infinity for 'b' \(row 1\)"),
        ({"matrix": np.array([[1, -np.inf], [3, 4]])}, SettingsError, r"got NaN or infinity for 'a' \(row 0\)"),
        ({"matrix": np.array([[1, 2], [3, 1e39]])}, SettingsError, r"finite float32 numbers, got .* for 'b'"),
        ({"context_matrix": np.ones((2, 3))}, ShapeError, r"expected context_matrix of shape \(2, 2\)"),
        ({"context_matrix": np.full((2, 2), np.nan)}, SettingsError, "expected context_matrix of finite"),
        ({"counts": np.ones(3, int)}, ShapeError, r"expected counts of shape \(2,?\), got shape \(3,\)"),
        ({"counts": np.ones(2)}, SettingsError, "expected counts to be whole numbers ≥ 0, got float64"),
        ({"counts": np.array([1, -1])}, SettingsError, "expected counts to be whole numbers ≥ 0, got -1"),
    ],
)
def test_what_does_not_fit_is_refused(change, error, message):
    given = {"words": ["a", "b"], "matrix": np.ones((2, 2)), **change}
    with pytest.raises(error, match=message):
        Vectors(given.pop("words"), given.pop("matrix"), **given)


def test_the_greatest_float32_is_finite():
    greatest = np.finfo(np.float32).max
    assert Vectors(["a"], np.full((1, 2), greatest)).matrix[0, 0] == greatest


def test_similarity_is_the_cosine_of_most_similar(vectors):
    for word in WORDS:
        for other, value in vectors.most_similar(word):
            assert vectors.similarity(word, other) == vectors.similarity(other, word) == value
            wanted = naive_vectors.cosine(vectors[word], vectors[other])
            assert value == pytest.approx(wanted, abs=1e-15)
    assert vectors.similarity("zero", "king") == 0
    assert vectors.similarity("king", "king") == 1


@pytest.mark.parametrize("count", [1, 3, 100])
@pytest.mark.parametrize("exclude", [(), ("queen", "unknown", "queen"), tuple(WORDS)])
def test_most_similar_is_a_full_sort(vectors, count, exclude):
    for word in WORDS:
        wanted = naive_vectors.most_similar(WORDS, MATRIX, vectors[word], count=count, left_out={word, *exclude})
        found = vectors.most_similar(word, count=count, exclude=exclude)
        assert [other for other, _ in found] == [other for other, _ in wanted]
        assert [value for _, value in found] == pytest.approx([value for _, value in wanted], abs=1e-15)
        assert all(type(other) is str and type(value) is float for other, value in found)


def test_words_to_exclude_come_in_any_collection(vectors):
    wanted = vectors.most_similar("king", exclude=["queen", "man"])
    for exclude in ({"queen", "man"}, np.array(["queen", "man"]), iter(["queen", "man"]), Words(["queen", "man"])):
        assert vectors.most_similar("king", exclude=exclude) == wanted


def test_many_queries_give_the_answers_of_single_ones(vectors):
    assert vectors.most_similar(WORDS, count=3) == [vectors.most_similar(word, count=3) for word in WORDS]
    assert vectors.most_similar(tuple(WORDS)) == vectors.most_similar(np.array(WORDS)) == vectors.most_similar(WORDS)
    assert vectors.most_similar(vectors.words) == vectors.most_similar(WORDS)
    assert vectors.most_similar(MATRIX) == [vectors.most_similar(row) for row in MATRIX]
    assert vectors.most_similar([]) == []
    assert vectors.most_similar(["king"]) == [vectors.most_similar("king")]
    assert vectors.most_similar(np.empty((0, 3))) == []


def test_a_vector_is_its_own_answer_but_a_word_is_not(vectors):
    assert vectors.most_similar(vectors["king"])[0][0] == "king"
    assert "king" not in [word for word, _ in vectors.most_similar("king", count=100)]
    assert vectors.most_similar([5.0, 1, 0])[0][0] == "king"
    assert vectors.most_similar(np.array([5e300, 1e300, 0]))[0] == vectors.most_similar([5, 1, 0])[0]
    assert [word for word, _ in vectors.most_similar(np.zeros(3), count=2)] == ["the", "king"]


@pytest.mark.parametrize(
    ("query", "settings", "error", "message"),
    [
        ("king", {"count": 0}, SettingsError, "expected count to be a whole number ≥ 1, got 0"),
        ("king", {"count": 2.0}, SettingsError, "expected count to be a whole number ≥ 1"),
        ("king", {"exclude": "queen"}, SettingsError, r"expected exclude to be a list of words, got 'queen'; pass \["),
        (np.ones(2), {}, ShapeError, r"expected query of shape \(any, 3\), got shape \(1, 2\)"),
        (np.ones((2, 3, 1)), {}, ShapeError, r"expected query of shape \(any, 3\), got shape \(2, 3, 1\)"),
        (np.array(3.0), {}, ShapeError, "expected query of shape"),
        (np.array([1, np.nan, 2]), {}, SettingsError, "expected a query of finite numbers"),
        ([1, np.inf, 2], {}, SettingsError, "expected a query of finite numbers"),
        (["king", 3], {}, ShapeError, "expected a query to be words or vectors"),
        ([[1, 2], [3]], {}, ShapeError, "expected a query to be words or vectors, got list"),
        (None, {}, ShapeError, "expected a query to be words or vectors, got NoneType"),
        ("kin", {}, UnknownWordError, "expected a word with a vector, got 'kin'; did you mean 'king'"),
        (["king", "kin"], {}, UnknownWordError, r"did you mean 'king'"),
    ],
)
def test_queries_that_make_no_sense_are_refused(vectors, query, settings, error, message):
    with pytest.raises(error, match=message):
        vectors.most_similar(query, **settings)


def test_unknown_words_come_with_words_spelled_like_them(vectors):
    with pytest.raises(UnknownWordError, match=r"got 'womann'; did you mean 'woman' or 'man'\?"):
        vectors["womann"]
    with pytest.raises(UnknownWordError, match="got 'xyz'; look for another: no word is spelled like it"):
        vectors.index("xyz")
    with pytest.raises(UnknownWordError, match=r"expected a word \(str\), got 3; look words up; rows are in"):
        vectors[3]
    with pytest.raises(KeyError):
        vectors.similarity("king", "xyz")


@given(st.permutations(WORDS), st.integers(1, 9))
def test_an_analogy_is_most_similar_to_the_sum_of_unit_vectors(order, count):
    vectors = Vectors(WORDS, MATRIX)
    a, b, c = order[:3]
    target = naive_vectors.analogy_target(MATRIX, *map(WORDS.index, (a, b, c)))
    wanted = naive_vectors.most_similar(WORDS, MATRIX, target, count=count, left_out={a, b, c})
    found = vectors.analogy(a, b, c, count=count)
    assert [value for _, value in found] == pytest.approx([value for _, value in wanted], abs=1e-12)
    assert {word for word, _ in found}.isdisjoint({a, b, c})
    assert len(found) == min(count, 4)


def test_analogy(vectors):
    assert vectors.analogy("man", "king", "woman", count=1)[0][0] == "queen"
    with pytest.raises(UnknownWordError):
        vectors.analogy("man", "king", "womann")
    with pytest.raises(SettingsError, match="expected count"):
        vectors.analogy("man", "king", "woman", count=0)


def test_vectors_travel_to_other_processes(vectors, tmp_path):
    vectors.save(tmp_path / "v")
    for some in (vectors, Vectors.load(tmp_path / "v")):
        copy = pickle.loads(pickle.dumps(some))
        assert copy.words == WORDS
        assert copy.most_similar(WORDS) == vectors.most_similar(WORDS)


def test_vectors_need_numpy_alone_to_load_look_up_and_search(vectors, tmp_path):
    vectors.save(tmp_path / "v")
    program = """if True:
        import sys
        from firth.vectors import Vectors, Words
        vectors = Vectors.load(sys.argv[1], check=True)
        assert vectors.most_similar("king")[0][0] == "queen"
        print(sorted({"numba", "scipy", "safetensors", "llvmlite"} & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "v")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_deep_copy_shares_what_cannot_change():
    vectors = Vectors(["up", "down"], np.eye(2), config={"made": {"by": "hand"}})
    other = copy.deepcopy(vectors)
    assert np.shares_memory(other.matrix, vectors.matrix)
    other.config["made"]["by"] = "nobody"
    assert vectors.config["made"]["by"] == "hand"
    assert list(other) == list(vectors)
