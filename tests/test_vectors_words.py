import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.errors import FormatError, SettingsError, UnknownWordError
from firth.vectors import Words
from firth.vectors import words as words_module

ODD = [
    "the",
    "",
    " ",
    "a b",
    "\r",
    "x\r",
    "\u2028",
    "\x85",
    "\x00",
    "é",
    "e\u0301",
    "מלך",
    "😀",
    "The",
    "th",
    "he",
    "\ufeff",
]
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n")), min_size=1, unique=True)


def mapped(folder, listed: list[str]) -> Words:
    path = folder / "words.txt"
    path.write_bytes("".join(word + "\n" for word in listed).encode())
    return Words.mapped(path, len(listed))


@pytest.fixture(params=["memory", "file"])
def make(request, tmp_path):
    return Words if request.param == "memory" else lambda listed: mapped(tmp_path, listed)


def test_words_are_a_sequence(make):
    words = make(ODD)
    assert len(words) == len(ODD)
    assert list(words) == ODD
    assert [words[row] for row in range(-len(ODD), len(ODD))] == ODD * 2
    assert words == ODD and words == tuple(ODD) and words == Words(ODD)
    assert words != ODD[:-1] and words != [*ODD[:-1], "z"] and words != 3
    assert repr(words).startswith("Words(17: 'the', '', ' ', …)")
    with pytest.raises(IndexError):
        words[len(ODD)]


@given(TEXTS, st.slices(8), st.lists(st.text(), max_size=20))
def test_words_in_a_file_answer_like_a_list(tmp_path_factory, listed, part, others):
    words = mapped(tmp_path_factory.getbasetemp(), listed)
    assert words[part] == listed[part]
    for word in [*listed, *others, listed[0] + "\n", listed[-1] + "\n" + listed[0]]:  # by scan, then by dict
        assert words.find(word) == (listed.index(word) if word in listed else None)
    assert list(words) == listed


def test_the_first_look_ups_build_no_dict_and_later_ones_do(tmp_path, monkeypatch):
    monkeypatch.setattr(words_module, "_SCANS", 3)
    words = mapped(tmp_path, ODD)
    for word in ("the", "\ufeff", "none"):
        assert words.find(word) == (ODD.index(word) if word in ODD else None)
        assert words._rows is None
    assert words.find("é") == ODD.index("é")
    assert words._rows is not None


def test_long_lists_are_decoded_by_stretches(tmp_path, monkeypatch):
    monkeypatch.setattr(words_module, "_STRETCH", 4)
    assert list(mapped(tmp_path, ODD)) == ODD


def test_rows_of_many_words(make):
    rows = make(ODD).rows(["", "none", "\ufeff", "the"])
    assert rows.dtype == np.int64
    assert rows.tolist() == [1, -1, 16, 0]
    assert make(ODD).rows([]).shape == (0,)
    assert make(ODD).rows(word for word in ODD).tolist() == list(range(17))


def test_index_and_membership(make):
    words = make(ODD)
    assert words.index("é") == 9
    assert "é" in words and "É" not in words and 3 not in words and "\ud800" not in words
    with pytest.raises(UnknownWordError, match="expected a word with a vector, got 'none'; check its spelling"):
        words.index("none")
    with pytest.raises(UnknownWordError):
        words.index("the", 1)


def test_words_travel_to_other_processes(make):
    words = make(ODD)
    assert pickle.loads(pickle.dumps(words)) == words


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ([], "expected a list of words, got none"),
        ("word", "expected a list of words, got one text"),
        (["a", "b", "a"], "expected every word once, got 'a' again as row 2"),
        (["a", "b\nc"], r"expected words without newline, got 'b\\nc' as row 1"),
        (["a", "\n"], r"expected words without newline, got '\\n' as row 1"),
        (["a", 3], "expected words to be text, got 3 of type int as row 1"),
        (["a", "b\ud800"], r"expected words of valid Unicode, got 'b\\ud800' as row 1; decode the corpus"),
    ],
)
def test_words_that_cannot_be_rows_are_refused_by_name(listed, message):
    with pytest.raises(SettingsError, match=message):
        Words(listed)


@pytest.mark.parametrize(
    ("data", "count", "message"),
    [
        (b"", 1, "to have 1 lines, got an empty file"),
        (b"a\nb\n", 3, "to have 3 lines, got 2 line ends"),
        (b"a\nb\n", 1, "to have 1 lines, got 2 line ends"),
        (b"a\nb", 1, "to have 1 lines, got 1 line ends"),
    ],
)
def test_a_file_with_other_lines_is_refused(tmp_path, data, count, message):
    (tmp_path / "words.txt").write_bytes(data)
    with pytest.raises(FormatError, match=message):
        Words.mapped(tmp_path / "words.txt", count)


def test_a_file_that_is_not_utf8_or_repeats_a_word_is_refused_when_it_is_read(tmp_path):
    (tmp_path / "words.txt").write_bytes(b"a\n\xff\n")
    words = Words.mapped(tmp_path / "words.txt", 2)
    with pytest.raises(FormatError, match="expected words 1 to 1 in UTF-8"):
        words[1]
    (tmp_path / "words.txt").write_bytes(b"a\nb\nb\n")
    with pytest.raises(FormatError, match=r"expected every word once in words\.txt, got 'b' again in line 3"):
        Words.mapped(tmp_path / "words.txt", 3).check()
    with pytest.raises(FormatError, match="got 'b' again in line 3"):
        Words.mapped(tmp_path / "words.txt", 3).rows(["a"] * 9)
