"""Look-up with a policy for unknown words, sums of words, and products of cosines, against slow twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import naive_vectors
from firth.errors import SettingsError, ShapeError, UnknownWordError
from firth.vectors import Vectors
from firth.vectors.neighbours import cosines, nearest, row_norms
from firth.vectors.products import nearest_by_product
from firth.vectors.stored import PlainMatrix
from small_subwords import small_vectors

WORDS = ["the", "king", "queen", "man", "woman", "apple", "zero"]
MATRIX = np.array([[1, 1, 1], [5, 1, 0], [5, 0, 1], [1, 1, 0], [1, 0, 1], [-1, 2, 2], [0, 0, 0]], np.float32)
NUMBERS = st.one_of(st.integers(-2, 2).map(float), st.floats(width=32, allow_nan=False, allow_infinity=False))
MATRICES = st.tuples(st.integers(1, 9), st.integers(1, 4)).flatmap(
    lambda shape: hnp.arrays(np.float32, shape, elements=NUMBERS)
)


@pytest.fixture
def vectors():
    return Vectors(WORDS, MATRIX)


def test_known_words_get_their_rows(vectors):
    found = vectors.look_up(["queen", "the", "queen"])
    np.testing.assert_array_equal(found, MATRIX[[2, 0, 2]])
    assert found.dtype == np.float32
    assert vectors.look_up([]).shape == (0, 3)
    assert vectors.look_up(word for word in ("man",)).shape == (1, 3)


def test_each_policy(vectors):
    with pytest.raises(
        UnknownWordError, match=r"expected a word with a row of its own, got 'quen'; did you mean 'queen'"
    ):
        vectors.look_up(["king", "quen"])
    np.testing.assert_array_equal(vectors.look_up(["quen", "king"], unknown="zero"), [[0, 0, 0], [5, 1, 0]])
    np.testing.assert_array_equal(vectors.look_up(["quen", "king"], unknown="spelling"), MATRIX[[2, 1]])
    with pytest.raises(UnknownWordError, match=r"got '日本'; look for another: no word is spelled like it"):
        vectors.look_up(["日本"], unknown="spelling")
    np.testing.assert_array_equal(vectors.look_up(["日本"], unknown=["spelling", "zero"]), np.zeros((1, 3)))
    assert vectors.stand_ins(["quen", "king", "日本", "quen"]) == {"quen": "queen", "日本": None}
    assert vectors.stand_ins([]) == {}


def test_subwords_are_a_policy():
    composed = small_vectors()
    word = "wherever"
    np.testing.assert_array_equal(composed.look_up([word], unknown="subwords")[0], composed[word])
    with pytest.raises(UnknownWordError, match="expected a word with a row of its own"):
        composed.look_up([word])
    with pytest.raises(UnknownWordError, match="expected a word with a row or n-grams that have one, got '日本'"):
        composed.look_up(["日本"], unknown="subwords")
    np.testing.assert_array_equal(composed.look_up(["日本"], unknown=("subwords", "zero")), np.zeros((1, 5)))


@pytest.mark.parametrize(
    ("words", "unknown", "error", "message"),
    [
        (["king"], "nothing", SettingsError, "expected unknown to be 'error' or 'zero' or 'subwords' or 'spelling'"),
        (["king"], ("zero", None), SettingsError, "expected unknown to be"),
        (
            ["king"],
            "subwords",
            SettingsError,
            "expected vectors with subwords for unknown='subwords', got vectors of words",
        ),
        ("king", "zero", SettingsError, r"expected a list of words, got 'king'; pass \['king'\]"),
        ([3], "zero", UnknownWordError, r"expected a word \(str\), got 3"),
    ],
)
def test_what_is_no_policy_or_no_word(vectors, words, unknown, error, message):
    with pytest.raises(error, match=message):
        vectors.look_up(words, unknown=unknown)


def test_a_sum_of_words_is_that_of_the_twin(vectors):
    for positive, negative in ((["king"], []), (["king", "woman"], ["man"]), ([], ["zero", "apple"])):
        wanted = naive_vectors.combined(
            MATRIX[[WORDS.index(w) for w in positive]], MATRIX[[WORDS.index(w) for w in negative]]
        )
        np.testing.assert_allclose(vectors.combine(positive, negative), wanted, atol=1e-15)
    np.testing.assert_array_equal(vectors.combine([np.array([3.0, 4.0, 0.0])]), [0.6, 0.8, 0])
    np.testing.assert_allclose(vectors.combine([np.full(3, 1e300), "zero"]), np.full(3, 3**-0.5 / 2))


def test_related_words_are_near_to_the_sum(vectors):
    target = vectors.combine(["king", "woman"], ["man"])
    wanted = vectors.most_similar(target, exclude=["king", "woman", "man"])
    assert vectors.related(["king", "woman"], ["man"]) == vectors.analogy("man", "king", "woman") == wanted
    assert vectors.related(["king", MATRIX[4]], ["man"], exclude=["woman"]) == wanted
    assert [word for word, _ in vectors.related(["king", "woman"], ["man"], restrict=3)] == ["queen", "the"]
    assert vectors.most_similar("king", restrict=3) == [
        found for found in vectors.most_similar("king") if found[0] in WORDS[:3]
    ]


@given(MATRICES, st.data())
def test_products_are_those_of_the_twin(matrix, data):
    words = [f"w{row}" for row in range(len(matrix))]
    picks = st.lists(st.integers(0, len(matrix) - 1), max_size=3)
    positive, negative = data.draw(picks.filter(bool)), data.draw(picks)
    count = data.draw(st.integers(1, 10))
    vectors = Vectors(words, matrix)
    found = vectors.related(
        [words[row] for row in positive], [words[row] for row in negative], method="multiply", count=count, threads=2
    )
    out = {words[row] for row in (*positive, *negative)}
    wanted = naive_vectors.most_related_by_product(
        words, matrix, matrix[positive], matrix[negative], count=len(matrix), left_out=out
    )
    values = dict(wanted)
    assert len(found) == min(count, len(wanted))
    for (word, value), (_, best) in zip(found, wanted, strict=False):
        # A negative cosine near −1 makes the quotient as sensitive as 1/ε.
        assert value == pytest.approx(values[word], rel=1e-8, abs=1e-8) == pytest.approx(best, rel=1e-8, abs=1e-8)


def test_the_product_of_many_rows_is_a_full_sort():
    matrix = np.random.default_rng(0).standard_normal((3000, 8)).astype(np.float32)
    held, nothing = PlainMatrix(matrix), np.zeros(0, np.int64)
    positive, negative = matrix[:2].astype(float), matrix[2:3].astype(float)
    near = [(1 + cosines(matrix, term[np.newaxis])) / 2 for term in (*positive, *negative)]
    scores = near[0] * near[1] / (near[2] + 1e-6)
    for threads in (1, 2, 5):
        rows, values = nearest_by_product(
            held, row_norms(held), positive, negative, count=20, left_out=nothing, restrict=2500, threads=threads
        )
        np.testing.assert_array_equal(rows, np.argsort(-scores[:2500], kind="stable")[:20])
        np.testing.assert_array_equal(values, scores[rows])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"positive": []}, SettingsError, "expected at least one word, got none; pass words, or vectors, as positive"),
        ({"positive": "king"}, SettingsError, r"expected positive to be a list of words, got 'king'; pass \['king'\]"),
        ({"positive": ["king"], "negative": "man"}, SettingsError, "expected negative to be a list of words"),
        ({"positive": ["kng"]}, UnknownWordError, "did you mean 'king'"),
        ({"positive": [np.ones(2)]}, ShapeError, r"expected query of shape \(any, 3\), got shape \(1, 2\)"),
        ({"positive": ["king"], "method": "divide"}, SettingsError, "expected method to be 'add' or 'multiply'"),
        ({"positive": ["king"], "count": 0}, SettingsError, "expected count to be a whole number ≥ 1"),
        ({"positive": ["king"], "restrict": 0}, SettingsError, "expected restrict to be a whole number ≥ 1"),
        ({"positive": ["king"], "threads": 0}, SettingsError, "expected threads to be a whole number"),
        ({"positive": ["king"], "exclude": "man"}, SettingsError, "expected exclude to be a list of words"),
        (
            {"positive": ["king"], "method": "multiply", "index": 1},
            SettingsError,
            "expected method='add' with an index",
        ),
    ],
)
def test_what_can_not_be_related(vectors, arguments, error, message):
    with pytest.raises(error, match=message):
        vectors.related(**arguments)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_threads_change_nothing(threads):
    draw = np.random.default_rng(3)
    matrix = draw.standard_normal((5000, 40)).astype(np.float32)
    matrix[1000:3000] = matrix[0]  # ties
    norms, queries = row_norms(matrix), matrix[::7]
    np.testing.assert_array_equal(norms, row_norms(matrix, threads=threads))
    left_out = [np.array([row]) for row in range(0, 5000, 7)]
    for some in (slice(0, 1), slice(0, 5), slice(None)):
        one = nearest(matrix, norms, queries[some], count=9, left_out=left_out[some])
        many = nearest(matrix, norms, queries[some], count=9, left_out=left_out[some], threads=threads)
        np.testing.assert_array_equal([rows for rows, _ in one], [rows for rows, _ in many])
        np.testing.assert_array_equal([values for _, values in one], [values for _, values in many])
