import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import naive_vectors
from firth.errors import OutputExistsError, SettingsError
from firth.vectors import Vectors
from firth.vectors.formats import word2vec

WORDS = ["the", "of", "naïve", "מלך", "😀", "1"]
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


def sample(rows: int = 6) -> Vectors:
    words = [WORDS[row] if row < len(WORDS) else f"word{row}" for row in range(rows)]
    return Vectors(words, np.random.default_rng(0).standard_normal((rows, 4)))


@pytest.mark.parametrize("binary", [False, True])
@given(st.integers(1, 6), st.data())
def test_an_independent_reader_gets_the_same_float32(tmp_path_factory, binary, rows, data):
    matrix = data.draw(hnp.arrays(np.float32, (rows, 3), elements=FINITE))
    path = tmp_path_factory.getbasetemp() / f"any-{binary}"
    Vectors(WORDS[:rows], matrix).save_word2vec(path, binary=binary, overwrite=True)
    words, numbers = naive_vectors.read_word2vec(path, binary=binary)
    assert words == WORDS[:rows]
    np.testing.assert_array_equal(numbers.astype(np.float32), matrix)


@pytest.mark.skipif(importlib.util.find_spec("gensim") is None, reason="gensim is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_what_we_write(tmp_path, binary):
    from gensim.models import KeyedVectors

    vectors = sample()
    vectors.save_word2vec(tmp_path / "v", binary=binary)
    read = KeyedVectors.load_word2vec_format(str(tmp_path / "v"), binary=binary)
    assert read.index_to_key == WORDS
    np.testing.assert_array_equal(read.vectors, vectors.matrix)


@pytest.mark.parametrize("binary", [False, True])
def test_blocks_make_no_difference(tmp_path, monkeypatch, binary):
    vectors = sample(10)
    vectors.save_word2vec(tmp_path / "whole", binary=binary)
    monkeypatch.setattr(word2vec, "_ROWS", 3)
    vectors.save_word2vec(tmp_path / "blocks", binary=binary)
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "blocks").read_bytes()
    assert naive_vectors.read_word2vec(tmp_path / "blocks", binary=binary)[0] == list(vectors.words)


def test_the_bytes_are_those_of_the_format(tmp_path):
    vectors = Vectors(["up", "é"], np.array([[0.1, -1], [1e-30, 3.4e38]]))
    vectors.save_word2vec(tmp_path / "text")
    assert (tmp_path / "text").read_bytes() == "2 2\nup 0.1 -1.0\né 1e-30 3.4e+38\n".encode()
    vectors.save_word2vec(tmp_path / "binary", binary=True)
    assert (tmp_path / "binary").read_bytes() == (
        b"2 2\nup \xcd\xcc\xcc=\x00\x00\x80\xbf\n" + "é ".encode() + b"`B\xa2\r\x9e\xc9\x7f\x7f\n"
    )


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("word", ["", " ", "a b", "a\t", "\ra", "a\u00a0b", "a\u2028b", "\x85", "a\x0bb"])
def test_words_that_readers_would_cut_are_refused_by_name(tmp_path, binary, word):
    vectors = Vectors(["the", word], np.ones((2, 2)))
    with pytest.raises(SettingsError, match=r'expected words without white space, got .* in row 1; write it with "_"'):
        vectors.save_word2vec(tmp_path / "v", binary=binary)
    assert not any(tmp_path.iterdir())


def test_an_existing_file_is_refused_unless_overwrite(tmp_path):
    path = tmp_path / "v"
    path.write_text("old")
    with pytest.raises(OutputExistsError, match="pass overwrite=True"):
        sample().save_word2vec(path)
    assert path.read_text() == "old"
    sample().save_word2vec(path, overwrite=True)
    assert naive_vectors.read_word2vec(path, binary=False)[0] == WORDS


def test_loaded_vectors_are_exported_too(tmp_path):
    sample().save(tmp_path / "v")
    Vectors.load(tmp_path / "v").save_word2vec(tmp_path / "v.bin", binary=True)
    words, numbers = naive_vectors.read_word2vec(tmp_path / "v.bin", binary=True)
    assert words == WORDS
    np.testing.assert_array_equal(numbers, sample().matrix)
