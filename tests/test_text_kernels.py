"""The compiled loops of `firth.text`, each against a few lines of plain Python."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import naive_text
from firth.text import characters, kernels, rewriting
from firth.text.tables import WordTable, ordered_words, tokens_ending_in

TRICKY = st.text(st.sampled_from(naive_text.TRICKY))
PIECES = (
    b"a| |\x80|\xc2\xa0|\xe2\x80|\xe3\x80\x80|\xed\xa0\x80|\xf0\x9f\x99\x82|\xf4\x90\x80\x80|\xc0|\xe0\x80\x80|\xf5"
)
BYTES = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from(PIECES.split(b"|"))).map(b"".join),
)
WORDS = st.lists(st.text(st.characters(exclude_characters="\0\n", exclude_categories=["Cs"]), min_size=1, max_size=40))


def padded(data):
    """The bytes as a kernel wants them."""
    return np.frombuffer(data + b"\n" * kernels.PADDING, np.uint8)


def words_of(table):
    """The words of a table in order of their ids."""
    raw = table.arena.tobytes()
    return [raw[table.starts[word] : table.starts[word + 1]].decode() for word in range(table.words)]


def indexed(table, data, classes, keep_empty=False):
    """What a table makes of some bytes: words and None for the end of a sentence."""
    ids = np.empty(len(data) + 1, np.int32)
    size = table.index(padded(data), len(data), classes, ids, keep_empty=keep_empty)
    words = words_of(table)
    return [words[number] if number >= 0 else None for number in ids[:size]]


def with_ends(sentences):
    """Words with None behind each sentence but the last, once for several."""
    flat = [word for one in sentences for word in [*one, None]][:-1]
    return [word for place, word in enumerate(flat) if word is not None or place == 0 or flat[place - 1] is not None]


@given(BYTES)
@example(b"\xf0\x90\x80")
@example(b"\xef\xbf\xbf\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80")
def test_first_invalid(data):
    assert rewriting.first_invalid(padded(data), len(data)) == naive_text.first_invalid(data)


def test_first_invalid_on_every_pair_of_bytes():
    for first in range(256):
        for second in range(256):
            data = bytes([first, second])
            assert rewriting.first_invalid(padded(data), 2) == naive_text.first_invalid(data)


@given(BYTES, st.sampled_from(["white space", "words", "line feed"]))
@example(b"\n\x80", "line feed")
def test_a_cut_behind_a_separator_changes_nothing(data, kind):
    tables = {
        "white space": characters.separators(characters.WHITE_SPACE),
        "words": characters.word_classes(),
        "line feed": characters.separators((10,)),
    }
    split = {"white space": str.split, "words": naive_text.words, "line feed": lambda text: text.split("\n")}[kind]
    end = rewriting.after_last_separator(np.frombuffer(data, np.uint8), len(data), tables[kind])
    first, second = data[:end].decode("utf-8", "replace"), data[end:].decode("utf-8", "replace")
    assert first + second == data.decode("utf-8", "replace")
    if kind == "line feed":
        assert end == data.rfind(b"\n") + 1
    else:
        assert split(first) + split(second) == split(first + second)
    if naive_text.first_invalid(data) < 0 and kind == "white space":
        assert (end == 0) == (not any(letter.isspace() for letter in data.decode()))


@given(st.one_of(st.text(), TRICKY))
@example("a" * 7 + " " + "b" * 8 + " " + "c" * 9 + " " + "d" * 15 + " " + "e" * 16 + " " + "f" * 17)
@example("exactly8 exactly8x exactly8y fifteen_letters fifteen_letterz sixteen_letters! sixteen_letters? ")
@example("\u2028a\u3000b\u205fc\u1680d\x85e\xa0f\u2000\x1cg\x1dh\u202f\u180e\u200b")
@example("\x01\x02 \x0e a\x08b \x1b")
def test_index_words_splits_as_python_does(text):
    table = WordTable(4)
    text = text.replace("\r", " ")
    found = indexed(table, text.encode(), characters.white_space_bytes())
    sentences = [line.split() for line in text.split("\n")]
    assert found == with_ends(sentences)
    every = indexed(WordTable(4), text.encode(), characters.white_space_bytes(), keep_empty=True)
    assert every == [word for one in sentences for word in [*one, None]][:-1]
    counted = Counter(word for one in sentences for word in one)
    assert dict(zip(words_of(table), table.counts().tolist(), strict=True)) == dict(counted)


@given(st.lists(WORDS))
def test_index_words_takes_tokens_as_they_are(sentences):
    data = "\n".join("\0".join(one) for one in sentences).encode()
    assert indexed(WordTable(4), data, characters.token_bytes()) == with_ends(sentences or [[]])


def test_a_table_grows_under_many_and_long_words():
    words = [f"{number}{'x' * (number % 60)}" for number in range(5000)]
    table = WordTable(4)
    data = " ".join(words * 2).encode()
    assert indexed(table, data, characters.white_space_bytes()) == words * 2
    assert table.counts().tolist() == [2] * 5000
    assert indexed(table, b"one" + b"y" * 100_000, characters.white_space_bytes()) == ["one" + "y" * 100_000]


@given(WORDS, WORDS)
def test_merge_adds_words_and_counts(first, second):
    one, other = WordTable(4), WordTable(4)
    indexed(one, "\0".join(first).encode(), characters.token_bytes())
    indexed(other, "\0".join(second).encode(), characters.token_bytes())
    new_ids = one.merge(other)
    words = words_of(one)
    assert [words[number] for number in new_ids] == words_of(other)
    assert dict(zip(words, one.counts().tolist(), strict=True)) == dict(Counter(first) + Counter(second))


@given(st.one_of(st.text(), TRICKY), st.booleans())
def test_keep_words(text, fold_case):
    data = text.encode()
    folding = characters.case_folds() if fold_case else (np.empty(0, np.int32), np.empty((0, 3), np.int32))
    out = np.zeros(rewriting.GROWTH * len(data) + 1, np.uint8)
    size = rewriting.keep_words(padded(data), len(data), characters.word_classes(), *folding, out)
    written = out[:size].tobytes().decode()
    assert [line.split(" ") for line in written.split("\n")] == [
        one if line and not line.endswith(" ") else [*one, ""]
        for line, one in zip(written.split("\n"), naive_text.sentences(text, "words", fold_case), strict=True)
    ]


@given(st.one_of(st.text(), TRICKY))
def test_fold_text(text):
    data = text.encode()
    out = np.zeros(rewriting.GROWTH * len(data) + 1, np.uint8)
    size = rewriting.fold_text(padded(data), len(data), *characters.case_folds(), out)
    assert out[:size].tobytes().decode() == text.casefold()


@given(st.lists(st.integers(-1, 4)), st.permutations([0, 1, 2, -1, -1]), st.booleans())
def test_final_numbers(ids, new_ids, keep_empty):
    out = np.empty(len(ids), np.int32)
    written, ends = kernels.final_numbers(np.array(ids, np.int32), np.array(new_ids, np.int32), out, keep_empty)
    expected = []
    for number in ids:
        if number == -1 and (keep_empty or not expected or expected[-1] != -1):
            expected.append(-1)
        elif number >= 0 and new_ids[number] >= 0:
            expected.append(new_ids[number])
    assert out[:written].tolist() == expected
    assert ends == expected.count(-1)


@given(
    st.lists(st.sampled_from(["a", "b", "internat", "international", "internationalise", "é", "\U0001f642", "\uffff"])),
    st.integers(1, 3),
    st.one_of(st.none(), st.integers(1, 5)),
)
def test_ordered_words(tokens, min_count, max_words):
    table = WordTable(4)
    indexed(table, "\0".join(tokens).encode(), characters.token_bytes())
    kept, words = ordered_words(table, table.counts(), min_count, max_words)
    assert words == naive_text.corpus([tokens], min_count, max_words)["words"]
    assert [words_of(table)[place] for place in kept] == words


def test_tokens_ending_in():
    table = WordTable(4)
    indexed(table, b"a, b. c; d c; ,", characters.white_space_bytes())
    assert tokens_ending_in(table, table.counts(), b",.;") == 5


@pytest.mark.parametrize("space", [chr(code) for code in characters.WHITE_SPACE if code >= 0x80])
def test_space_width(space):
    data = padded(space.encode())
    assert kernels.space_width(*data[:3]) == len(space.encode())
