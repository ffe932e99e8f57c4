"""The rules of the tokenizers, as functions and as tables."""

import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive_text
from firth.errors import SettingsError
from firth.text import characters, rewriting, tokenizers

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]
SURROGATES = range(0xD800, 0xE000)

TRICKY = st.text(st.sampled_from(naive_text.TRICKY))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Don't stop, it's ‘fine’", ["Don't", "stop", "it's", "fine"]),
        ("rock ’n’ roll’s", ["rock", "n", "roll’s"]),
        ('צה"ל אמר: "שלום"', ['צה"ל', "אמר", "שלום"]),
        ("תנ״ך וג׳ירפה", ["תנ״ך", "וג׳ירפה"]),
        ("בְּרֵאשִׁית בָּרָא אֱלֹהִים", ["בְּרֵאשִׁית", "בָּרָא", "אֱלֹהִים"]),
        ("אל־נא", ["אל", "נא"]),
        ("हिन्दी में क्‍ष", ["हिन्दी", "में", "क्‍ष"]),
        ("اَلْعَرَبِيَّةُ لُغَةٌ", ["اَلْعَرَبِيَّةُ", "لُغَةٌ"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("র‍্যাব", ["র‍্যাব"]),
        ("col·lega snake_case 3.14", ["col·lega", "snake_case", "3", "14"]),
        ('say"yes" 5"', ["say", "yes", "5"]),
        ("♥\ufe0f \u0301 ''' can''t", ["can", "t"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
    ],
)
def test_words_by_hand(line, expected):
    assert tokenizers.words(line) == expected
    assert naive_text.words(line) == expected


@given(st.one_of(st.text(), TRICKY))
def test_words_agree_with_the_slow_twin(line):
    assert tokenizers.words(line) == naive_text.words(line)


@given(st.text())
def test_whitespace_is_that_of_split(line):
    assert tokenizers.whitespace(line) == line.split()


def test_white_space_is_all_that_python_splits_at():
    assert [chr(code) for code in characters.WHITE_SPACE] == [letter for letter in EVERY if letter.isspace()]


def test_every_character_has_the_class_that_unicode_gives_it():
    table = characters.word_classes()
    joiners = set(tokenizers.JOINERS)
    for letter in EVERY:
        category = unicodedata.category(letter)
        expected = 0
        if letter in joiners:
            expected = rewriting.JOINER
        elif letter == '"':
            expected = rewriting.QUOTE
        elif category[0] in "LN" or category == "Pc":
            expected = rewriting.LETTER
        elif category[0] == "M":
            expected = rewriting.MARK
        assert int(table[ord(letter)]) & ~rewriting.HEBREW == expected, f"U+{ord(letter):04X}"


def test_every_character_folds_as_python_folds_it():
    folds, expansions = characters.case_folds()
    most = 0.0
    for letter in EVERY:
        code = ord(letter)
        if code in SURROGATES:
            continue
        folded = letter.casefold()
        parts = [folds[code]] if folds[code] >= 0 else [part for part in expansions[-1 - folds[code]] if part >= 0]
        assert "".join(map(chr, parts)) == folded
        most = max(most, len(folded.encode()) / len(letter.encode()))
    assert most <= rewriting.GROWTH
    assert all(0 <= fold < 0x80 for fold in folds[:0x80])


def test_tables_cannot_be_changed_by_whoever_asks_for_them():
    with pytest.raises(ValueError, match="read-only"):
        characters.word_classes()[0] = 1


@pytest.mark.parametrize("wrong", ["spaces", 3, None])
def test_unknown_tokenizer(wrong):
    with pytest.raises(SettingsError, match=r"expected tokenizer to be 'whitespace' or 'words', or a function .* got"):
        tokenizers.check_tokenizer(wrong)


class Callable:
    def __call__(self, line):
        return line.split()


def test_names_of_functions():
    assert tokenizers.tokenizer_name("words") == "words"
    assert tokenizers.tokenizer_name(tokenizers.words) == "firth.text.tokenizers.words"
    assert tokenizers.tokenizer_name(Callable()).endswith("test_text_tokenizers.Callable")


def test_separators_are_zero_and_nothing_else():
    assert np.flatnonzero(characters.separators((0, 10)) == 0).tolist() == [0, 10]
