import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import firth
import naive_vectors
from firth.errors import FormatError, OutputExistsError, SettingsError
from firth.vectors import Vectors
from firth.vectors.formats import parts, word2vec

WORDS = ["the", "of", "naïve", "מלך", "😀", "1"]
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


NAMES = {False: "word2vec-text", True: "word2vec"}


def sample(rows: int = 6) -> Vectors:
    words = [WORDS[row] if row < len(WORDS) else f"word{row}" for row in range(rows)]
    return Vectors(words, np.random.default_rng(0).standard_normal((rows, 4)))


@pytest.mark.parametrize("binary", [False, True])
@given(st.integers(1, 6), st.data())
def test_an_independent_reader_gets_the_same_float32(tmp_path_factory, binary, rows, data):
    matrix = data.draw(hnp.arrays(np.float32, (rows, 3), elements=FINITE))
    path = tmp_path_factory.getbasetemp() / f"any-{binary}"
    Vectors(WORDS[:rows], matrix).export(path, NAMES[binary], overwrite=True)
    words, numbers = naive_vectors.read_word2vec(path, binary=binary)
    assert words == WORDS[:rows]
    np.testing.assert_array_equal(numbers.astype(np.float32), matrix)


@pytest.mark.skipif(importlib.util.find_spec("gensim") is None, reason="gensim is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_what_we_write(tmp_path, binary):
    from gensim.models import KeyedVectors

    vectors = sample()
    vectors.export(tmp_path / "v", NAMES[binary])
    read = KeyedVectors.load_word2vec_format(str(tmp_path / "v"), binary=binary)
    assert read.index_to_key == WORDS
    np.testing.assert_array_equal(read.vectors, vectors.matrix)


@pytest.mark.parametrize("binary", [False, True])
def test_blocks_make_no_difference(tmp_path, monkeypatch, binary):
    vectors = sample(10)
    vectors.export(tmp_path / "whole", NAMES[binary])
    monkeypatch.setattr(parts, "_STRETCH", 3 * 16)
    vectors.export(tmp_path / "blocks", NAMES[binary])
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "blocks").read_bytes()
    assert naive_vectors.read_word2vec(tmp_path / "blocks", binary=binary)[0] == list(vectors.words)


def test_the_bytes_are_those_of_the_format(tmp_path):
    vectors = Vectors(["up", "é"], np.array([[0.1, -1], [1e-30, 3.4e38]]))
    vectors.export(tmp_path / "text", "word2vec-text")
    assert (tmp_path / "text").read_bytes() == "2 2\nup 0.1 -1.0\né 1e-30 3.4e+38\n".encode()
    vectors.export(tmp_path / "binary", "word2vec")
    assert (tmp_path / "binary").read_bytes() == (
        b"2 2\nup \xcd\xcc\xcc=\x00\x00\x80\xbf\n" + "é ".encode() + b"`B\xa2\r\x9e\xc9\x7f\x7f\n"
    )


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("word", ["", " ", "a b", "a\t", "\ra", "a\u00a0b", "a\u2028b", "\x85", "a\x0bb"])
def test_words_that_readers_would_cut_are_refused_by_name(tmp_path, binary, word):
    vectors = Vectors(["the", word], np.ones((2, 2)))
    with pytest.raises(SettingsError, match=r'expected words without white space, got .* in row 1; write it with "_"'):
        vectors.export(tmp_path / "v", NAMES[binary])
    assert not any(tmp_path.iterdir())


def test_an_existing_file_is_refused_unless_overwrite(tmp_path):
    path = tmp_path / "v"
    path.write_text("old")
    with pytest.raises(OutputExistsError, match="pass overwrite=True"):
        sample().export(path, "word2vec-text")
    assert path.read_text() == "old"
    sample().export(path, "word2vec-text", overwrite=True)
    assert naive_vectors.read_word2vec(path, binary=False)[0] == WORDS


def test_loaded_vectors_are_exported_too(tmp_path):
    sample().save(tmp_path / "v")
    Vectors.load(tmp_path / "v").export(tmp_path / "v.bin", "word2vec")
    words, numbers = naive_vectors.read_word2vec(tmp_path / "v.bin", binary=True)
    assert words == WORDS
    np.testing.assert_array_equal(numbers, sample().matrix)


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────


def binary_file(words, matrix, *, newline=b"\n", header=None) -> bytes:
    """What word2vec.c writes, or with another `newline` other tools."""
    rows = np.asarray(matrix, "<f4")
    head = f"{len(words)} {rows.shape[1]}\n".encode() if header is None else header
    return head + b"".join(
        word if isinstance(word, bytes) else word.encode() for pair in zip(words, rows, strict=True) for word in
        (pair[0], b" ", pair[1].tobytes(), newline)
    )  # fmt: skip


@pytest.mark.parametrize("newline", [b"\n", b""])
@pytest.mark.parametrize("final", [b"", b"\n", b"\n\n"])
def test_binary_rows_may_end_with_a_newline_or_with_nothing(tmp_path, newline, final):
    matrix = np.random.default_rng(1).standard_normal((6, 5)).astype(np.float32)
    (tmp_path / "v").write_bytes(binary_file(WORDS, matrix, newline=newline) + final)
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == WORDS
    np.testing.assert_array_equal(read.matrix, matrix)
    assert read.config == {"source": {"format": "word2vec", "file": "v"}}


@given(st.data())
def test_binary_files_are_read_as_the_slow_twin_reads_them(tmp_path_factory, data):
    rows, columns = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 4))
    letters = st.characters(exclude_characters=" \n", exclude_categories=["Cs"])
    words = data.draw(st.lists(st.text(letters, max_size=6), min_size=rows, max_size=rows, unique=True))
    matrix = data.draw(hnp.arrays(np.float32, (rows, columns), elements=FINITE))
    path = tmp_path_factory.getbasetemp() / "twin"
    path.write_bytes(binary_file(words, matrix, newline=data.draw(st.sampled_from([b"", b"\n"]))))
    expected_words, expected = naive_vectors.read_word2vec(path, binary=True)
    for chunk in (7, 64, 1 << 22):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(word2vec, "_CHUNK", chunk)
            patch.setattr(word2vec, "_LONGEST_WORD", 24)
            read = Vectors.load(path, format="word2vec")
        assert list(read.words) == expected_words
        np.testing.assert_array_equal(read.matrix, expected.astype(np.float32))


@pytest.mark.parametrize("lines", [1, 2, 5])
@pytest.mark.parametrize("end", ["\n", " \n", "\r\n", "\t \r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_text_lines_end_in_many_ways(tmp_path, monkeypatch, lines, end, final):
    text = "5 2\n" + end.join(f"w{row} {row}.5 -1e-3" for row in range(5)) + (end if final else "")
    (tmp_path / "v").write_text(text, newline="")
    monkeypatch.setattr("firth.vectors.formats.lines._CHUNK", 20 * lines)
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == [f"w{row}" for row in range(5)]
    np.testing.assert_array_equal(read.matrix[:, 0], np.arange(5) + np.float32(0.5))
    assert read.config["source"]["format"] == "word2vec-text"


def test_words_of_text_may_hold_spaces_and_be_numbers(tmp_path):
    text = "7 2\nNew York 1 2\n. . . 3 4\n1990 5 6\n 7 8\n1 2 3 9 10\n\u00a0x 11\t12\n a 1  2\n"
    (tmp_path / "v").write_text(text, encoding="utf-8")
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == ["New York", ". . .", "1990", "", "1 2 3", "\u00a0x", " a"]
    assert read.matrix[:, 1].tolist() == [2, 4, 6, 8, 10, 12, 2]


@pytest.mark.parametrize("name", ["word2vec", "word2vec-text"])
def test_a_word_that_comes_again_is_left_out_and_said(tmp_path, caplog, name):
    matrix = np.arange(8, dtype=np.float32).reshape(4, 2)
    if name == "word2vec":
        (tmp_path / "v").write_bytes(binary_file(["a", "b", "a", "c"], matrix))
    else:
        (tmp_path / "v").write_text("4 2\na 0 1\nb 2 3\na 4 5\nc 6 7\n")
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == ["a", "b", "c"]
    assert read.matrix.tolist() == [[0, 1], [2, 3], [6, 7]]
    assert read.config["source"]["left_out"] == {"came before": 1}
    assert caplog.messages == [f"{tmp_path / 'v'}: left out 1 row whose word came before: 'a'"]


def test_a_word_with_a_newline_is_left_out_and_said(tmp_path, caplog):
    (tmp_path / "v").write_bytes(binary_file(["a", "b\nc"], np.ones((2, 2))))
    assert list(Vectors.load(tmp_path / "v").words) == ["a"]
    assert caplog.messages[0].endswith("left out 1 row whose word has a newline: 'b\\nc'")


@pytest.mark.parametrize("binary", [False, True])
def test_bad_bytes_are_refused_replaced_or_ignored(tmp_path, caplog, binary):
    body = binary_file([b"a\xff", b"b"], np.ones((2, 2))) if binary else b"2 2\na\xff 1 1\nb 1 1\n"
    (tmp_path / "v").write_bytes(body)
    with pytest.raises(
        FormatError, match=r"expected words in UTF-8 in .*, got b'a\\xff' in row 0; pass errors='replace'"
    ):
        Vectors.load(tmp_path / "v")
    assert list(Vectors.load(tmp_path / "v", errors="replace").words) == ["a\ufffd", "b"]
    assert list(Vectors.load(tmp_path / "v", errors="ignore").words) == ["a", "b"]
    said = f"{tmp_path / 'v'}: repaired 1 row whose word is no UTF-8"
    assert caplog.messages == [f"{said}: 'a\ufffd'", f"{said}: 'a'"]
    for format, name in (("firth", "whole"), ("glove", "stretches")):
        done = firth.convert(tmp_path / "v", tmp_path / name, format=format, errors="replace")
        assert done.repaired == {"no UTF-8": 1} and done.left_out == {}
    assert Vectors.load(tmp_path / "whole").config["source"]["repaired"] == {"no UTF-8": 1}
    with pytest.raises(SettingsError, match="expected errors to be 'strict' or 'replace' or 'ignore'"):
        Vectors.load(tmp_path / "v", errors="drop")


@pytest.mark.parametrize("binary", [False, True])
def test_a_limit_reads_the_first_rows_only(tmp_path, binary):
    sample(10).export(tmp_path / "v", NAMES[binary])
    read = Vectors.load(tmp_path / "v", limit=3)
    assert list(read.words) == list(sample(10).words)[:3]
    np.testing.assert_array_equal(read.matrix, sample(10).matrix[:3])
    assert len(Vectors.load(tmp_path / "v", limit=99)) == 10
    with pytest.raises(SettingsError, match="limit"):
        Vectors.load(tmp_path / "v", limit=0)


@pytest.mark.skipif(importlib.util.find_spec("gensim") is None, reason="gensim is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("header", [True, False])
def test_we_read_what_gensim_writes(tmp_path, binary, header):
    from gensim.models import KeyedVectors

    if binary and not header:
        pytest.skip("a binary file without a header has no sizes")
    peer = KeyedVectors(4)
    peer.add_vectors(WORDS + ["New York", "1990"] * (not binary), sample(6 + 2 * (not binary)).matrix)
    peer.save_word2vec_format(str(tmp_path / "v"), binary=binary, write_header=header)
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == peer.index_to_key
    np.testing.assert_array_equal(read.matrix, peer.vectors)
    assert read.config["source"]["format"] == (NAMES[binary] if header else "glove")


@pytest.mark.skipif(importlib.util.find_spec("gensim") is None, reason="gensim is not installed")
@pytest.mark.filterwarnings("ignore")
def test_gensim_reads_our_text_without_a_header(tmp_path):
    from gensim.models import KeyedVectors

    sample().export(tmp_path / "v", "glove")
    read = KeyedVectors.load_word2vec_format(str(tmp_path / "v"), binary=False, no_header=True)
    assert read.index_to_key == WORDS
    np.testing.assert_array_equal(read.vectors, sample().matrix)


@pytest.mark.skipif(importlib.util.find_spec("fasttext") is None, reason="fasttext is not installed")
@pytest.mark.filterwarnings("ignore")
def test_a_vec_file_of_fasttext_is_word2vec_text(tmp_path):
    import fasttext

    (tmp_path / "text").write_text("the cat eats fish\nthe naïve dog eats meat\n" * 20, encoding="utf-8")
    model = fasttext.train_unsupervised(str(tmp_path / "text"), dim=5, minCount=1, verbose=0, thread=1)
    words = model.words
    with (tmp_path / "v.vec").open("w", encoding="utf-8") as file:  # as fastText writes it: five decimals, a space last
        file.write(f"{len(words)} 5\n")
        for word in words:
            numbers = model.get_input_vector(model.get_word_id(word))
            file.write(word + " " + "".join(f"{number:.5g} " for number in numbers) + "\n")
    read = Vectors.load(tmp_path / "v.vec")
    assert list(read.words) == words
    assert read.config["source"]["format"] == "word2vec-text"
