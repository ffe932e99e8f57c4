import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.vectors import Words
from firth.vectors.spelling import close_words

WORDS = Words(["the", "Queen", "king", "quick", "question", "מלכה", "banana", "naïve", "zebra"])


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("quen", "Queen"),
        ("QUEEN", "Queen"),
        ("kong", "king"),
        ("eking", "king"),
        ("hte", "the"),
        ("th", "the"),
        ("questino", "question"),
        ("bananana", "banana"),
        ("naive", "naïve"),
        ("מלכות", "מלכה"),
        ("zebraa", "zebra"),
    ],
)
def test_a_misspelled_word_finds_the_right_one(word, first):
    assert close_words(word, WORDS)[0] == first


@pytest.mark.parametrize("word", ["", "xyz", "\n", "\ud800", "q" * 10_000, "12345"])
def test_a_word_like_none_finds_none(word):
    assert close_words(word, WORDS) == []


def test_count_and_order():
    words = Words([f"word{number}" for number in range(200)])
    assert close_words("word", words, count=2) == ["word0", "word1"]
    assert close_words("word77", words, count=1) == ["word77"]


@given(st.lists(st.text("abcé\r ", max_size=6), min_size=1, unique=True), st.text("abcé\n", max_size=6))
def test_suggestions_are_words_that_exist(listed, word):
    found = close_words(word, Words(listed))
    assert len(found) <= 3
    assert set(found) <= set(listed)
