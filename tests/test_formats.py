"""Every format in and out, by content alone; conversion in stretches; NumPy files and static embeddings."""

import importlib.util
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import firth
from firth.errors import FormatError, OutputExistsError, SettingsError, ShapeError
from firth.storage import write_config
from firth.tensors import map_tensors, read_rows, write_rows, write_tensors
from firth.vectors import SubwordVectors, Vectors, Words
from firth.vectors.formats import own_folder, parts
from firth.vectors.formats.parts import Parts, Stretches, cut
from firth.vectors.formats.recognising import FORMATS, WRITABLE, Format, format_of
from firth.vectors.formats.sifting import first_parts
from hostile.files import ROWS, TOKENS, tensors, tokenizer
from small_subwords import small_vectors

WORDS = ["the", "naïve", "מלך", "😀", "1990", "a.b"]
ALL_WORDS = ("firth", "numpy", "static-embedding")
"""Formats that hold words with white space and empty ones, too."""
has_model2vec = pytest.mark.skipif(importlib.util.find_spec("model2vec") is None, reason="model2vec is not installed")


def sample(rows=6, dimensions=3) -> Vectors:
    words = [WORDS[row] if row < len(WORDS) else f"word{row}" for row in range(rows)]
    matrix = np.random.default_rng(0).standard_normal((rows, dimensions))
    return Vectors(words, matrix, counts=np.arange(rows, 0, -1), context_matrix=matrix)


def check_same(read: Vectors, written: Vectors) -> None:
    assert list(read.words) == list(written.words)
    np.testing.assert_array_equal(read.matrix.view(np.uint32), written.matrix.view(np.uint32))


# ── in and out ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("source", WRITABLE)
@pytest.mark.parametrize("target", WRITABLE)
def test_every_format_comes_back_from_every_other_bit_for_bit(tmp_path, monkeypatch, source, target):
    monkeypatch.setattr(parts, "_STRETCH", 2 * 4 * 3)
    vectors = sample(9)
    vectors.export(tmp_path / "any", source)
    done = firth.convert(tmp_path / "any", tmp_path / "other", format=target)
    assert (done.source, done.target, done.words, done.dimensions, done.left_out) == (source, target, 9, 3, {})
    assert format_of(tmp_path / "other").name == target
    check_same(Vectors.load(tmp_path / "other"), vectors)
    with pytest.raises(OutputExistsError, match="pass overwrite=True"):
        firth.convert(tmp_path / "any", tmp_path / "other", format=target)
    firth.convert(tmp_path / "any", tmp_path / "other", format=target, overwrite=True, limit=4)
    assert list(Vectors.load(tmp_path / "other").words) == list(vectors.words[:4])


@pytest.mark.parametrize("name", WRITABLE)
@given(st.data())
def test_what_is_exported_is_loaded_bit_for_bit(tmp_path_factory, name, data):
    letters = st.characters(exclude_characters="\n\0", exclude_categories=["Cs"])
    texts = st.text(letters, max_size=5)
    if name not in ALL_WORDS:
        texts = texts.filter(lambda word: word.split() == [word])
    words = data.draw(st.lists(texts, min_size=1, max_size=6, unique=True))
    finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
    shape = len(words), data.draw(st.integers(1, 4))
    vectors = Vectors(words, data.draw(hnp.arrays(np.float32, shape, elements=finite)))
    path = tmp_path_factory.getbasetemp() / f"any-{name}"
    vectors.export(path, name, overwrite=True)
    check_same(Vectors.load(path, format=name), vectors)


def test_the_folder_that_is_streamed_has_the_bytes_of_the_one_that_is_saved(tmp_path, monkeypatch):
    vectors = Vectors(WORDS, sample().matrix)
    vectors.save(tmp_path / "saved")
    vectors.export(tmp_path / "v.bin")
    monkeypatch.setattr("firth.vectors.formats.word2vec._CHUNK", 20)
    monkeypatch.setattr("firth.vectors.formats.word2vec._LONGEST_WORD", 20)
    firth.convert(tmp_path / "v.bin", tmp_path / "streamed")
    for name in ("vectors.safetensors", "words.txt"):
        assert (tmp_path / "streamed" / name).read_bytes() == (tmp_path / "saved" / name).read_bytes()
    read = Vectors.load(tmp_path / "streamed", check=True)
    assert read.config["source"] == {"format": "word2vec", "file": "v.bin"}


@pytest.mark.parametrize("target", WRITABLE)
@pytest.mark.parametrize("rows", [9, 10])
def test_words_left_out_on_the_way_leave_sizes_that_are_right(tmp_path, caplog, target, rows):
    lines = [f"w{row} {row} 1" for row in range(rows)]
    (tmp_path / "v").write_text(f"{rows + 2} 2\n" + "\n".join([*lines, "w0 5 5", "w1 5 5"]) + "\n")
    done = firth.convert(tmp_path / "v", tmp_path / "out", format=target)
    assert (done.words, done.left_out) == (rows, {"came before": 2})
    read = Vectors.load(tmp_path / "out")
    assert list(read.words) == [f"w{row}" for row in range(rows)]
    assert read.matrix[:, 0].tolist() == list(range(rows))
    assert "left out 2 rows whose word came before: 'w0', 'w1'" in caplog.text


def test_our_folder_keeps_what_it_holds_when_it_is_converted_into_itself(tmp_path):
    vectors = small_vectors()
    vectors.save(tmp_path / "a")
    firth.convert(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a/vectors.safetensors").read_bytes() == (tmp_path / "b/vectors.safetensors").read_bytes()
    assert Vectors.load(tmp_path / "b", check=True).subwords is not None
    sample().save(tmp_path / "c")
    few = Vectors.load(tmp_path / "c", limit=2)
    assert few.counts.tolist() == [6, 5] and few.context_matrix.shape == (2, 3) and len(few.words) == 2


def test_numbers_that_are_not_finite_stop_a_conversion_and_leave_nothing(tmp_path):
    sample().save(tmp_path / "a")
    bad = {"matrix": np.full((6, 3), np.inf, np.float32)}
    write_tensors(tmp_path / "a" / "vectors.safetensors", bad | {"pad": np.zeros(6 * 3 + 12, np.float32)})
    config = json.loads((tmp_path / "a/config.json").read_bytes())
    config["files"]["vectors.safetensors"]["bytes"] = (tmp_path / "a/vectors.safetensors").stat().st_size
    write_config(tmp_path / "a", "vectors", 1, config)
    with pytest.raises(FormatError, match="NaN or infinity for 'the'"):
        firth.convert(tmp_path / "a", tmp_path / "b.bin", format="word2vec")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["word2vec", "word2vec-text", "glove"])
def test_words_that_a_format_can_not_hold_are_refused(tmp_path, name):
    with pytest.raises(SettingsError, match="expected words without white space, got 'New York' in row 1"):
        Vectors(["a", "New York"], np.eye(2)).export(tmp_path / "v", name)
    assert not any(tmp_path.iterdir())


def test_formats_that_are_none_are_refused_by_name(tmp_path):
    with pytest.raises(SettingsError, match=r"expected format to be .*'word2vec'.*, got 'bin'; choose one of them"):
        sample().export(tmp_path / "v", "bin")
    with pytest.raises(SettingsError, match=r"expected format to be .*, got 'bin'"):
        Vectors.load(tmp_path / "v", format="bin")


# ── GloVe ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_dimensions_of_glove_are_seen_from_several_lines(tmp_path):
    (tmp_path / "v").write_text("1 2 3\n1990 1 2\n. . . 1 2\nat name@domain.com 3 4\nup 5 6", encoding="utf-8")
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == ["1", "1990", ". . .", "at name@domain.com", "up"]
    assert (read.dimensions, read.config["source"]["format"]) == (2, "glove")


def test_a_single_dimension_of_glove_is_read_if_it_is_named(tmp_path):
    (tmp_path / "v").write_text("the 5\nof 3\n")
    with pytest.raises(FormatError, match="a file that is none; check the path, or name its format"):
        Vectors.load(tmp_path / "v")
    assert Vectors.load(tmp_path / "v", format="glove").matrix.tolist() == [[5], [3]]


# ── NumPy ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", ["f2", ">f4", "f8", "i2", "u1"])
def test_numpy_files_of_any_numbers_are_read(tmp_path, save, dtype):
    matrix = np.asfortranarray(np.arange(6).reshape(3, 2).astype(dtype))
    with (tmp_path / "v").open("wb") as file:
        save(file, matrix=matrix, words=np.array(["a", "b", "a"]), counts=np.array([3, 2, 1]))
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == ["a", "b"]
    assert read.matrix.tolist() == [[0, 1], [2, 3]]
    assert read.counts.tolist() == [3, 2]


def test_a_nul_at_the_end_of_a_word_is_no_text_for_numpy(tmp_path):
    with pytest.raises(SettingsError, match=r"words without NUL at their end, got 'a\\x00' in row 0"):
        Vectors(["a\0"], np.ones((1, 1))).export(tmp_path / "v", "numpy")


@pytest.mark.parametrize(("errors", "word"), [("replace", "a\ufffd"), ("ignore", "a")])
def test_halves_of_letters_are_replaced_or_ignored(tmp_path, errors, word):
    with (tmp_path / "v").open("wb") as file:
        np.savez(file, words=np.array(["a\ud800", "b😀"]), matrix=np.ones((2, 1)))
    assert list(Vectors.load(tmp_path / "v", errors=errors).words) == [word, "b😀"]


# ── static embeddings ───────────────────────────────────────────────────────────────────────────────────────

LAYOUTS = [
    ("config.json", "", "embeddings"),
    ("config_sentence_transformers.json", "", "embedding_weight"),
    ("config_sentence_transformers.json", "0_StaticEmbedding", "embedding_weight"),
]


def write_layout(folder, config, inner, name, model=None, tokens=TOKENS) -> None:
    """Write a folder as others do."""
    (folder / inner).mkdir(parents=True, exist_ok=True)
    (folder / config).write_text("{}")
    (folder / inner / "model.safetensors").write_bytes(tensors(**{name: ROWS}) if model is None else model)
    (folder / inner / "tokenizer.json").write_bytes(tokens)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_three_layouts_of_static_embeddings_are_read(tmp_path, layout):
    write_layout(tmp_path / "v", *layout)
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == ["up", "down"]
    np.testing.assert_array_equal(read.matrix, ROWS)


def test_unigram_lists_added_tokens_mapping_and_weights_are_followed(tmp_path):
    model = tensors(
        embeddings=ROWS.astype("f2"), mapping=np.array([1, 0, 1]), weights=np.array([2, 1, 0.5], np.float32)
    )
    tokens = {"model": {"vocab": [["a", -1.5], ["b", -2]], "unk_id": 1}, "added_tokens": [{"id": 2, "content": "c"}]}
    write_layout(tmp_path / "v", *LAYOUTS[0], model=model, tokens=json.dumps(tokens).encode())
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == ["a", "b", "c"]
    np.testing.assert_array_equal(read.matrix, [ROWS[1] * 2, ROWS[0], ROWS[1] * 0.5])


def test_the_row_of_unknown_words_is_left_out_where_it_says_nothing(tmp_path):
    rows = np.array([[0, 0], [1, 2]], np.float32)
    tokens = tokenizer({"[UNK]": 0, "up": 1}, unk_token="[UNK]")
    write_layout(tmp_path / "v", *LAYOUTS[0], model=tensors(embeddings=rows), tokens=tokens)
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == ["up"]
    assert read.config["source"]["unknown_token"] == "[UNK], left out: its vector is zero"
    write_layout(tmp_path / "w", *LAYOUTS[0], model=tensors(embeddings=rows + 1), tokens=tokens)
    assert list(Vectors.load(tmp_path / "w").words) == ["[UNK]", "up"]


def test_a_word_that_is_called_unknown_stays_a_word(tmp_path, caplog):
    vectors = Vectors(["[UNK]", "[UNK2]", "New York"], np.eye(3))
    vectors.export(tmp_path / "v", "static-embedding")
    assert json.loads((tmp_path / "v/tokenizer.json").read_bytes())["model"]["unk_token"] == "[UNK3]"
    check_same(Vectors.load(tmp_path / "v"), vectors)
    assert "1 word has white space, and no text will be cut into such words" in caplog.text


@has_model2vec
@pytest.mark.filterwarnings("ignore")
def test_model2vec_loads_what_we_write_and_gives_the_same_vectors(tmp_path):
    from model2vec import StaticModel

    vectors = sample(30, 8)
    vectors.export(tmp_path / "v", "static-embedding")
    model = StaticModel.from_pretrained(tmp_path / "v")
    np.testing.assert_array_equal(model.encode(list(vectors.words)), vectors.matrix)
    np.testing.assert_array_equal(model.encode(["nobody knows this"]), np.zeros((1, 8)))
    np.testing.assert_allclose(model.encode("the unknown 1990"), vectors.matrix[[0, 4]].mean(axis=0), rtol=1e-6)
    assert len(model.tokenize(["the " * 2000])[0]) == 2000 and model.max_length is None  # no text is cut off


@has_model2vec
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("quantized", [False, True])
def test_we_load_what_model2vec_writes_and_give_the_same_vectors(tmp_path, quantized):
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    words = ["[UNK]", *WORDS]
    tokens = Tokenizer(WordLevel({word: row for row, word in enumerate(words)}, unk_token="[UNK]"))
    tokens.pre_tokenizer = WhitespaceSplit()
    rng = np.random.default_rng(2)
    more = {"weights": rng.random(7), "token_mapping": rng.integers(0, 3, 7)} if quantized else {}
    model = StaticModel(rng.standard_normal((3 if quantized else 7, 4)).astype(np.float32), tokens, **more)
    model.save_pretrained(tmp_path / "v")
    read = Vectors.load(tmp_path / "v")
    assert list(read.words) == words
    np.testing.assert_allclose(read.matrix[1:], model.encode(WORDS), rtol=1e-6)


# ── matrices that come in blocks ────────────────────────────────────────────────────────────────────────────


def test_blocks_give_the_bytes_of_the_whole(tmp_path):
    matrix = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    write_tensors(tmp_path / "whole", {"matrix": matrix})
    assert write_rows(tmp_path / "blocks", "matrix", [matrix[:2], matrix[2:2], matrix[2:]], (7, 3)) == 7
    assert (tmp_path / "blocks").read_bytes() == (tmp_path / "whole").read_bytes()


def test_fewer_blocks_than_announced_leave_a_whole_file_and_more_are_refused(tmp_path):
    matrix = np.ones((7, 3), np.float32)
    assert write_rows(tmp_path / "few", "matrix", [matrix], (12345, 3)) == 7
    np.testing.assert_array_equal(map_tensors(tmp_path / "few")["matrix"], matrix)
    with pytest.raises(ShapeError, match="expected 6 rows, got 7 or more"):
        write_rows(tmp_path / "more", "matrix", [matrix], (6, 3))
    with pytest.raises(ShapeError, match="a block of rows of shape"):
        write_rows(tmp_path / "other", "matrix", [matrix], (7, 4))


def test_rows_are_read_in_blocks(tmp_path, monkeypatch):
    matrix = np.arange(21, dtype=np.float32).reshape(7, 3)
    write_tensors(tmp_path / "t", {"counts": np.arange(5), "matrix": matrix})
    monkeypatch.setattr("firth.tensors._BLOCK", 2 * 12)
    blocks = list(read_rows(tmp_path / "t", "matrix"))
    assert [len(block) for block in blocks] == [2, 2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(blocks), matrix)


def test_a_writer_takes_stretches_from_anywhere(tmp_path):
    def endless():
        for number in range(3):
            yield [f"w{number}"], np.full((1, 2), number, np.float32)

    FORMATS["word2vec"].write(tmp_path / "v", Stretches(count=3, dimensions=2, stretches=endless()))
    assert Vectors.load(tmp_path / "v").matrix.tolist() == [[0, 0], [1, 1], [2, 2]]
    assert cut(Parts(words=Words(["a"]), tensors={"matrix": np.ones((1, 2), np.float32)})).count == 1


def test_a_limit_that_a_reader_does_not_take_is_applied_to_what_it_gives(tmp_path):
    written = sample(9)
    given = []

    def read(path):
        given.append(path)
        return parts.Parts(words=written.words, tensors={"matrix": written.matrix, "counts": written.counts})

    def stretches(path):
        return Stretches(count=9, dimensions=3, stretches=iter([(list(written.words), written.matrix)] * 2))

    other = Format("other", "other", lambda path, head: True, read, stretches, takes=())
    few = other.parts_of("a", limit=4, errors="strict")
    assert list(few.words) == list(written.words[:4])
    assert few.tensors["counts"].tolist() == [9, 8, 7, 6] and few.tensors["matrix"].shape == (4, 3)
    assert len(other.parts_of("a", limit=None, errors="strict").words) == 9 and given == ["a", "a"]
    first = other.stretches_of("a", limit=4, errors="strict")
    assert first.count == 4 and [(len(words), rows.shape) for words, rows in first.stretches] == [(4, (4, 3))]
    with pytest.raises(SettingsError, match="limit"):
        other.parts_of("a", limit=0, errors="strict")


@pytest.mark.parametrize("to", ["float16", "int8", "product"])
def test_vectors_in_fewer_bits_are_converted_as_they_are_decoded(tmp_path, to):
    small = firth.compress(sample(300), to=to)
    small.save(tmp_path / "small")
    for format in ("word2vec", "numpy"):
        firth.convert(tmp_path / "small", tmp_path / format, format=format)
        assert np.array_equal(Vectors.load(tmp_path / format).matrix, small.matrix)
    assert np.array_equal(Vectors.load(tmp_path / "small", limit=7).matrix, small.matrix[:7])


def test_subwords_go_into_files_of_fasttext_and_come_back(tmp_path):
    vectors = small_vectors(["where", "here", "naïve"], buckets=300)
    vectors.export(tmp_path / "model.bin", "fasttext")
    vectors.save(tmp_path / "v")
    done = firth.convert(tmp_path / "v", tmp_path / "again.bin", format="fasttext")
    assert (done.source, done.target, done.words, done.left_out) == ("firth", "fasttext", 3, {})
    assert (tmp_path / "again.bin").read_bytes() == (tmp_path / "model.bin").read_bytes()
    firth.convert(tmp_path / "again.bin", tmp_path / "w", format="firth")
    for found in (Vectors.load(tmp_path / "model.bin"), Vectors.load(tmp_path / "w", check=True)):
        np.testing.assert_allclose(found["wherever"], vectors["wherever"], rtol=0, atol=1e-6)
    with pytest.raises(SettingsError, match=r"expected format to be .*'fasttext'.*, got 'gensim'"):
        vectors.export(tmp_path / "x", "gensim")


@pytest.mark.parametrize(("format", "absent"), [("firth", "zeros"), ("firth", "left out"), ("fasttext", "zeros")])
def test_a_limit_leaves_ngrams_and_makes_the_others_unknown_words(tmp_path, format, absent):
    drawn = small_vectors(["where", "here", "there", "naïve"], buckets=300)
    held = drawn.subwords
    rows = {"word_matrix": held.word_matrix, "ngram_matrix": held.ngram_matrix, "keys": held.keys}
    held = SubwordVectors(held.settings, **rows, absent=absent)
    Vectors(drawn.words, drawn.matrix, subwords=held).export(tmp_path / "v", format)
    few = Vectors.load(tmp_path / "v", limit=2)
    assert list(few.words) == ["where", "here"] and few.subwords.absent == absent
    assert few.subwords.settings == held.settings and few.subwords.word_matrix.shape == (2, 5)
    np.testing.assert_allclose(few.matrix, drawn.matrix[:2], rtol=0, atol=1e-6)
    for word in ("there", "wherever"):  # one that the file has, one that it has not
        np.testing.assert_allclose(few[word], held.vector(word), rtol=0, atol=1e-6)
    assert few.config.get("words", 2) == 2
    few.save(tmp_path / "few")
    again = Vectors.load(tmp_path / "few", check=True)
    assert again.config["words"] == 2 and again.config["subwords"]["ngrams"] == len(few.subwords)
    if absent == "zeros":
        firth.convert(tmp_path / "v", tmp_path / "w", format="fasttext", limit=2)
        np.testing.assert_allclose(Vectors.load(tmp_path / "w")["there"], few["there"], rtol=0, atol=1e-6)


def test_the_first_rows_of_what_is_in_memory_do_not_keep_the_others():
    matrix = np.ones((9, 3), np.float32)
    given = parts.Parts(words=sample(9).words, tensors={"matrix": matrix[:]}, config={"words": 9})
    few = first_parts(given, 2)
    assert few.tensors["matrix"].base is None and few.config == {"words": 2} and given.config == {"words": 9}
    assert first_parts(given, 9) is given


def test_the_first_rows_of_a_mapped_folder_stay_in_the_file(tmp_path):
    sample(9).save(tmp_path / "v")
    assert own_folder.read_own_folder(tmp_path / "v", limit=2).tensors["matrix"].base is not None


def test_counts_go_into_npz_and_come_back(tmp_path):
    vectors = sample(9)
    vectors.save(tmp_path / "v")
    firth.convert(tmp_path / "v", tmp_path / "v.npz", format="numpy")
    assert Vectors.load(tmp_path / "v.npz").counts.tolist() == vectors.counts.tolist()
    firth.convert(tmp_path / "v.npz", tmp_path / "v.bin", format="fasttext")
    assert Vectors.load(tmp_path / "v.bin", limit=3).counts.tolist() == vectors.counts[:3].tolist()
    Vectors(["a"], [[1.0]]).export(tmp_path / "none.npz", "numpy")
    assert Vectors.load(tmp_path / "none.npz").counts is None


def test_a_model_that_is_no_static_embedding_is_refused_in_few_words(tmp_path):
    write_tensors(tmp_path / "model.safetensors", {f"layer{row}": np.ones((2, 2), np.float32) for row in range(100)})
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(FormatError, match=r"got layer0, layer1, layer10 … and 97 more; copy"):
        Vectors.load(tmp_path)


def test_words_repaired_are_counted_by_reason(tmp_path, caplog):
    np.savez(tmp_path / "v.npz", words=np.array(["a\ud800", "b"]), matrix=np.ones((2, 1)))
    read = Vectors.load(tmp_path / "v.npz", errors="replace")
    assert read.config["source"] == {"format": "numpy", "file": "v.npz", "repaired": {"no UTF-8": 1}}
    assert caplog.messages == [f"{tmp_path / 'v.npz'}: repaired 1 row whose word is no UTF-8: {read.words[0]!r}"]
