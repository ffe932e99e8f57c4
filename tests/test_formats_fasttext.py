import importlib.util
import logging
import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import naive_fasttext as naive
from firth.errors import FormatError, OutputExistsError, SettingsError
from firth.text.subwords import Subwords
from firth.vectors import SubwordVectors, Vectors
from firth.vectors.converting import convert
from firth.vectors.formats import fasttext, fasttext_quantised
from firth.vectors.formats.fasttext import read_fasttext, recognises, stretches_of_fasttext, write_fasttext
from firth.vectors.formats.parts import Parts
from hostile.fasttext_files import FILES, QUANTISED, WORDS, parts, quantised, quantised_parts, whole
from real_fasttext import KINDS, TEXT, trainer
from small_subwords import small_vectors

NAMES = [word for word, _ in WORDS]
OTHERS = ["there", "naïf", "שלום", "😀", "a", "", "</s>", "the of", "nai\u0308ve"]


def read(tmp_path, data, **how):
    path = tmp_path / "model"
    path.write_bytes(data)
    return read_fasttext(path, **how)


def vectors_of(parts_read):
    tensors = dict(parts_read.tensors)
    return Vectors(
        parts_read.words, tensors.pop("matrix"), **tensors, config=parts_read.config, subwords=parts_read.subwords
    )


def vector_or_zeros(vectors, word):
    """As fastText has it: zeros for words without any row."""
    has_row = word in vectors or (vectors.subwords is not None and vectors.subwords.vector(word) is not None)
    return vectors[word] if has_row else np.zeros(vectors.dimensions, np.float32)


def close(one, other, scale):
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-6 * scale)


# ── against the slow twin ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("smallest", "longest"), [(0, 2), (1, 1), (2, 3), (3, 6)])
@pytest.mark.parametrize("version", [11, 12])
def test_words_have_the_vectors_that_the_description_says(tmp_path, smallest, longest, version):
    rows = np.random.default_rng(1).standard_normal((3 + 20, 3)).astype(np.float32)
    header = naive.header(minn=smallest, maxn=longest, version=version)
    found = read(tmp_path, whole(header=header, input=naive.matrix(rows.tolist())))
    vectors = vectors_of(found)
    assert list(vectors.words) == NAMES
    assert vectors.counts.tolist() == [9, 3, 1]
    np.testing.assert_array_equal(vectors.context_matrix, [[1, 2, 3]] * 3)
    for word in [*NAMES, *OTHERS]:
        wanted = naive.vector(word, NAMES, rows, smallest=max(1, smallest), longest=longest, buckets=20)
        close(vector_or_zeros(vectors, word), [0, 0, 0] if wanted is None else wanted, 3)
    vectors.subwords.check(vectors.words, vectors.matrix, "the file")
    assert found.config["source"]["version"] == version
    assert found.config["source"]["settings"] == naive.settings(minn=smallest, maxn=longest)


@pytest.mark.parametrize("pad", range(4))
def test_rows_are_read_wherever_they_lie(tmp_path, pad):
    entries = [("the" + "e" * pad, 9), *WORDS[1:]]
    found = read(tmp_path, whole(dictionary=naive.dictionary(entries)))
    np.testing.assert_array_equal(found.subwords.word_matrix[1], [1, 1.5, -1])
    found.subwords.check(found.words, found.tensors["matrix"], "the file")
    plain = read(
        tmp_path,
        whole(
            header=naive.header(bucket=0, maxn=0),
            dictionary=naive.dictionary(entries),
            input=naive.matrix([[1, 2, 3]] * 3),
        ),
    )
    assert plain.tensors["matrix"].flags.aligned
    assert plain.subwords is None


def test_the_file_is_mapped_and_stays_as_it_was(tmp_path):
    data = whole()
    found = read(tmp_path, data)
    for matrix in (found.subwords.ngram_matrix, found.subwords.word_matrix, found.tensors["context_matrix"]):
        assert not matrix.flags.owndata
        assert not matrix.flags.writeable
    assert (tmp_path / "model").read_bytes() == data


def test_a_supervised_model_keeps_its_labels_aside(tmp_path):
    entries = [*WORDS, ("__label__a", 7, 1), ("__label__é", 2, 1)]
    header = naive.header(model="supervised", loss="softmax", wordNgrams=2)
    found = read(
        tmp_path, whole(header=header, dictionary=naive.dictionary(entries), output=naive.matrix([[1, 2, 3]] * 2))
    )
    assert list(found.words) == NAMES
    assert "context_matrix" not in found.tensors
    source = found.config["source"]
    assert source["labels"] == {"__label__a": 7, "__label__é": 2}
    assert source["notes"] == [
        "rows of buckets were trained with word n-grams, too",
        "outputs are left out: they are those of labels",
    ]


@pytest.mark.parametrize(("version", "longest"), [(12, 0), (11, 3)])
def test_rows_of_word_ngrams_alone_are_left_out(tmp_path, version, longest):
    entries = [*WORDS, ("__label__a", 7, 1)]
    header = naive.header(model="supervised", loss="softmax", wordNgrams=2, maxn=longest, version=version)
    found = read(tmp_path, whole(header=header, dictionary=naive.dictionary(entries), output=naive.matrix([[1, 2, 3]])))
    assert found.subwords is None
    np.testing.assert_array_equal(found.tensors["matrix"], [[row, row + 0.5, -row] for row in range(3)])
    assert "20 rows of word n-grams are left out: words have no character n-grams" in found.config["source"]["notes"]


def test_outputs_of_a_tree_are_left_out(tmp_path):
    found = read(tmp_path, whole(header=naive.header(loss="hierarchical")))
    assert "context_matrix" not in found.tensors
    assert found.config["source"]["notes"] == ["outputs are left out: they are those of the nodes of a tree"]


def test_words_that_come_again_are_left_out_and_named(tmp_path, caplog):
    entries = [("the", 9), ("of", 4), ("the", 3)]
    with caplog.at_level(logging.WARNING, "firth"):
        found = read(tmp_path, whole(dictionary=naive.dictionary(entries)))
    assert list(found.words) == ["the", "of"]
    assert found.tensors["counts"].tolist() == [9, 4]
    assert found.tensors["context_matrix"].shape == (2, 3)
    assert found.config["source"]["left_out"] == {"came before": 1}
    assert "left out 1 row whose word came before: 'the'" in caplog.text
    np.testing.assert_array_equal(found.subwords.word_matrix, [[0, 0.5, 0], [1, 1.5, -1]])


def test_lists_of_what_was_left_out_and_of_labels_stay_short(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(fasttext, "_MOST_LABELS", 2)
    entries = [("the" * 99, 9), *[("the" * 99, 1)] * 7, *((f"__label__{row}", 7, 1) for row in range(3))]
    found = read(
        tmp_path,
        whole(
            header=naive.header(model="supervised"),
            dictionary=naive.dictionary(entries),
            input=naive.matrix([[row, 0, 0] for row in range(28)]),
        ),
    )
    source = found.config["source"]
    assert source["left_out"] == {"came before": 7}
    assert source["labels"] == {"__label__0": 7, "__label__1": 7}
    assert "of 3 labels the first 2 are kept" in source["notes"]
    assert " … and 2 more" in caplog.text


@pytest.mark.parametrize("format", ["word2vec", "firth"])
def test_what_was_left_out_is_told_of_a_conversion(tmp_path, format):
    entries = [("the", 9), (b"caf\xe9", 4), ("the", 3)]
    (tmp_path / "model").write_bytes(whole(dictionary=naive.dictionary(entries)))
    done = convert(tmp_path / "model", tmp_path / "out", format=format, errors="replace")
    assert (done.words, done.left_out, done.repaired) == (2, {"came before": 1}, {"no UTF-8": 1})


def test_a_limit_composes_the_first_words_alone(tmp_path):
    data, every = whole(), read(tmp_path, whole())
    few = read(tmp_path, data, limit=2)
    assert list(few.words) == NAMES[:2] and few.config["source"]["file"] == "model"
    for name, tensor in few.tensors.items():
        np.testing.assert_array_equal(tensor, every.tensors[name][:2])
    np.testing.assert_array_equal(few.subwords.ngram_matrix, every.subwords.ngram_matrix)
    few.subwords.check(few.words, few.tensors["matrix"], "the file")
    stretches = stretches_of_fasttext(tmp_path / "model", limit=2)
    assert stretches.count == 2 and [words for words, _ in stretches.stretches] == [NAMES[:2]]
    with pytest.raises(SettingsError, match="limit"):
        read(tmp_path, data, limit=0)


def test_a_limit_of_a_quantised_model_takes_the_rows_of_its_ngrams(tmp_path):
    every, few = read(tmp_path, quantised()), read(tmp_path, quantised(), limit=1)
    np.testing.assert_array_equal(few.subwords.ngram_matrix, every.subwords.ngram_matrix)
    np.testing.assert_array_equal(few.tensors["matrix"], every.tensors["matrix"][:1])


def test_words_with_a_line_feed_are_left_out_and_empty_ones_kept(tmp_path, caplog):
    found = read(tmp_path, whole(dictionary=naive.dictionary([("a\nb", 9), ("", 4), ("c d", 3)])))
    assert list(found.words) == ["", "c d"]
    assert found.config["source"]["left_out"] == {"has a newline": 1}
    with pytest.raises(FormatError, match=r"expected words in .*, got none that can be kept"):
        read(tmp_path, whole(dictionary=naive.dictionary([("\n", 9), ("a\n", 4), ("b\n", 3)])))


def test_words_that_are_no_utf8_are_repaired_when_asked(tmp_path, caplog):
    data = whole(dictionary=naive.dictionary([*WORDS[:2], (b"caf\xe9", 1)]))
    assert list(read(tmp_path, data, errors="ignore").words)[2] == "caf"
    found = read(tmp_path, data, errors="replace")
    assert list(found.words)[2] == "caf\ufffd"
    assert found.config["source"]["repaired"] == {"no UTF-8": 1}
    assert "repaired 1 row whose word is no UTF-8: 'caf\ufffd'" in caplog.text
    with pytest.raises(SettingsError, match="expected errors to be 'strict' or 'replace' or 'ignore', got 'x'"):
        read(tmp_path, data, errors="x")


def test_words_too_short_for_ngrams_have_their_own_rows(tmp_path):
    found = read(tmp_path, whole(header=naive.header(minn=50, maxn=60)))
    np.testing.assert_array_equal(found.tensors["matrix"], found.subwords.word_matrix)
    found.subwords.check(found.words, found.tensors["matrix"], "the file")
    assert found.subwords.vector("x" * 60) is not None


def test_stretches_are_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(fasttext, "_STRETCH", 2)
    (tmp_path / "model").write_bytes(whole())
    found = read_fasttext(tmp_path / "model")
    streamed = stretches_of_fasttext(tmp_path / "model")
    assert (streamed.count, streamed.dimensions) == (3, 3)
    blocks = list(streamed.stretches)
    assert [words for words, _ in blocks] == [NAMES[:2], NAMES[2:]]
    np.testing.assert_array_equal(np.concatenate([block for _, block in blocks]), found.tensors["matrix"])


def test_files_are_recognised_by_their_mark(tmp_path):
    path = tmp_path / "model"
    assert recognises(path, whole()[:4096])
    assert recognises(path, quantised()[:4096])
    assert not any(recognises(path, head) for head in (b"", b"3 2\n", b"\x80\x04\x95", whole()[1:]))


# ── quantised ───────────────────────────────────────────────────────────────────────────────────────────────


def test_rows_of_codes_are_those_of_the_description(tmp_path, monkeypatch):
    monkeypatch.setattr(fasttext_quantised, "_STRETCH", 2)
    found = read(tmp_path, quantised())
    norm = 3.5
    rows = np.array([[norm * row / 8, -norm * row / 8, norm * (255 - row) / 4] for row in range(5)])
    np.testing.assert_array_equal(found.subwords.word_matrix, rows[:3])
    assert found.subwords.keys.tolist() == [3, 17]
    np.testing.assert_array_equal(found.subwords.ngram_matrix, rows[[4, 3]])
    vectors = vectors_of(found)
    for word in [*NAMES, *OTHERS, *map(chr, range(97, 123))]:
        wanted = naive.vector(word, NAMES, rows, smallest=2, longest=3, buckets=50, pruned=[(3, 1), (17, 0)])
        close(vector_or_zeros(vectors, word), [0, 0, 0] if wanted is None else wanted, 300)
    assert "of 50 buckets 2 are left; n-grams of others do not count" in found.config["source"]["notes"]


def test_a_model_pruned_to_words_has_no_ngrams(tmp_path):
    centroids = [[[k / 8, -k / 8, 1.0] for k in range(256)]]
    data = quantised(dictionary=naive.dictionary(WORDS, pruned=[]), input=naive.quantised([[1]] * 3, centroids))
    found = read(tmp_path, data)
    assert found.subwords is None
    np.testing.assert_array_equal(found.tensors["matrix"], [[0.125, -0.125, 1]] * 3)


def test_ngrams_left_out_are_kept_so_in_our_folder(tmp_path):
    vectors = vectors_of(read(tmp_path, quantised()))
    vectors.save(tmp_path / "v")
    loaded = Vectors.load(tmp_path / "v", check=True)
    assert loaded.subwords.absent == "left out"
    for word in [*NAMES, *OTHERS]:
        np.testing.assert_array_equal(vector_or_zeros(loaded, word), vector_or_zeros(vectors, word))


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────


def write(path, vectors, **how):
    held = {"matrix": vectors.matrix, "counts": vectors.counts, "context_matrix": vectors.context_matrix}
    tensors = {name: tensor for name, tensor in held.items() if tensor is not None}
    parts = Parts(words=vectors.words, tensors=tensors, config=vectors.config, subwords=vectors.subwords)
    write_fasttext(path, parts, **how)


@pytest.mark.parametrize("changes", [{}, {"model": "cbow", "ws": 9, "t": 0.5}])
def test_what_was_read_is_written_to_the_same_bytes(tmp_path, monkeypatch, changes):
    monkeypatch.setattr(fasttext, "_STRETCH", 2)
    data = whole(header=naive.header(**changes))
    write(tmp_path / "again", vectors_of(read(tmp_path, data)))
    assert (tmp_path / "again").read_bytes() == data


def test_buckets_without_rows_are_written_as_zeros(tmp_path):
    vectors = small_vectors(["where", "here", "naïve", "</s>", "", "a b"], buckets=300)
    write(tmp_path / "model", vectors)
    found = read_fasttext(tmp_path / "model")
    assert len(found.subwords) == 300
    assert list(found.words) == list(vectors.words)
    np.testing.assert_array_equal(found.subwords.ngram_matrix[vectors.subwords.keys], vectors.subwords.ngram_matrix)
    assert np.count_nonzero(found.subwords.ngram_matrix.any(axis=1)) == len(vectors.subwords)
    assert found.tensors["counts"].tolist() == [1] * 6
    assert not found.tensors["context_matrix"].any()
    np.testing.assert_array_equal(found.tensors["matrix"], vectors.matrix)
    for word in ["wherever", "éé", "naïf"]:
        close(found.subwords.vector(word), vector_or_zeros(vectors, word), 3)


def test_words_as_they_are_make_a_model_without_ngrams(tmp_path):
    vectors = Vectors(["up", "é"], np.array([[1, 2], [3, 4]]), counts=np.array([7, 2**64 - 1], np.uint64))
    write(tmp_path / "model", vectors)
    found = read_fasttext(tmp_path / "model")
    assert found.subwords is None
    assert found.config["source"]["settings"]["maxn"] == 0
    assert found.tensors["counts"].tolist() == [7, 2**63 - 1]
    np.testing.assert_array_equal(found.tensors["matrix"], vectors.matrix)
    with pytest.raises(OutputExistsError):
        write(tmp_path / "model", vectors)


@pytest.mark.parametrize(
    "source", [None, {"format": "gensim"}, {"format": "fasttext"}, {"format": "fasttext", "settings": 3}]
)
def test_settings_that_are_none_are_not_written(tmp_path, source):
    odd = {"ws": -1, "epoch": 2**40, "neg": True, "t": float("nan"), "model": 7}
    for config in ({"source": source}, {"source": {"format": "fasttext", "tokens": "x", "settings": odd}}):
        write(tmp_path / "model", Vectors(["a"], np.ones((1, 2)), config=config), overwrite=True)
        settings_read = read_fasttext(tmp_path / "model").config["source"]["settings"]
        assert [settings_read[name] for name in odd] == [5, 5, 5, 1e-4, "skipgram"]


def test_what_the_format_cannot_hold_is_refused(tmp_path):
    path = tmp_path / "model"
    with pytest.raises(
        SettingsError, match=r"in buckets, as fastText has them, got n-grams with rows of their own; train"
    ):
        write(path, small_vectors(buckets=None))
    with pytest.raises(SettingsError, match=r"words without NUL, which ends them in the file, got 'nul\\x00' in row 7"):
        write(path, small_vectors())
    with pytest.raises(
        SettingsError, match=r"rows for all buckets.*, got a model from which some were pruned; write ano"
    ):
        write(path, vectors_of(read(tmp_path, quantised())), overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


# ── hostile ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("data", "message"), [*FILES.values(), *QUANTISED.values()], ids=[*FILES, *QUANTISED])
def test_a_hostile_file_gets_one_clear_sentence(tmp_path, data, message):
    with pytest.raises(FormatError, match=message) as caught:
        read(tmp_path, data)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("sections", [parts(), quantised_parts()], ids=["plain", "quantised"])
def test_a_file_cut_anywhere_is_refused(tmp_path, sections):
    data = b"".join(sections.values())
    assert read(tmp_path, data)
    borders = np.cumsum([0, *map(len, sections.values())])
    for cut in sorted({*range(0, len(data), 7), *range(130), *borders[:-1], *(borders - 1)[1:], *(borders + 1)[:-1]}):
        with pytest.raises(FormatError, match=r"expected .* got .*; "):
            read(tmp_path, data[:cut])


def test_what_is_no_plain_file_is_refused(tmp_path):
    with pytest.raises(FormatError, match="got nothing there; check the path"):
        read_fasttext(tmp_path / "nothing")
    with pytest.raises(FormatError, match="got a folder; name a file"):
        read_fasttext(tmp_path)
    (tmp_path / "empty").touch()
    with pytest.raises(FormatError, match="got an empty file"):
        read_fasttext(tmp_path / "empty")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="got something that is no plain file"):
        read_fasttext(tmp_path / "pipe")


def test_words_of_absurdly_many_ngrams_are_refused(tmp_path):
    word = b"x" * 2_000_000
    data = whole(header=naive.header(minn=1, maxn=100), dictionary=naive.dictionary([(word, 1), *WORDS[1:]]))
    with pytest.raises(
        FormatError, match=r"16 times the room of their rows, got words of 2000011 bytes, n-grams of 100 "
    ):
        read(tmp_path, data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.sampled_from([whole(), quantised()]), st.data())
def test_any_bytes_are_read_or_refused_in_little_memory(tmp_path, sound, data):
    changed = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1) | st.integers(0, min(200, len(changed) - 1)))
        piece = data.draw(
            st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff" * 4, b"\xff\xff\xff\x7f", bytes(8)])
        )
        changed[place : place + len(piece)] = piece
    del changed[data.draw(st.none() | st.integers(0, len(changed))) :]
    path = tmp_path / f"{data.draw(st.uuids())}"
    path.write_bytes(changed)
    tracemalloc.start()
    try:
        found = read_fasttext(path)
        assert np.isfinite(found.tensors["matrix"]).all()
    except FormatError as problem:
        assert "\n" not in str(problem)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        path.unlink()
    assert peak < 300 << 20


# ── against fastText itself ─────────────────────────────────────────────────────────────────────────────────

needs_fasttext = pytest.mark.skipif(importlib.util.find_spec("fasttext") is None, reason="fastText is not installed")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A function that trains a small model with fastText and saves it."""
    return trainer(tmp_path_factory.mktemp("real"))


@needs_fasttext
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("how", "has_contexts"), KINDS.values(), ids=KINDS)
def test_all_words_have_the_vectors_of_fasttext(trained, how, has_contexts):
    path, theirs = trained(**how)
    vectors = vectors_of(read_fasttext(path))
    assert list(vectors.words) == theirs.get_words()
    assert vectors.counts.tolist() == theirs.get_words(include_freq=True)[1].tolist()
    wanted = np.array([theirs.get_word_vector(word) for word in vectors.words])
    scale = np.abs(wanted).max()
    close(vectors.matrix, wanted, scale)
    for word in ["wherever", "לשלום", "é😀", "there", "zz", "thequeen", " ", "Straßen", "ab"]:
        close(vector_or_zeros(vectors, word), theirs.get_word_vector(word), scale)
    assert (vectors.context_matrix is not None) == has_contexts
    if has_contexts:
        np.testing.assert_array_equal(vectors.context_matrix, theirs.get_output_matrix())
    if vectors.subwords is not None:
        vectors.subwords.check(vectors.words, vectors.matrix, "the file")


@needs_fasttext
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["skip-gram", "cbow", "without n-grams"])
def test_files_of_fasttext_are_written_again_byte_by_byte(trained, tmp_path, kind):
    path, _ = trained(**KINDS[kind][0])
    write(tmp_path / "again", vectors_of(read_fasttext(path)))
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@needs_fasttext
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("buckets", [200, 100_000])
def test_fasttext_loads_what_we_write(tmp_path, buckets):
    import fasttext as real

    vectors = small_vectors([*TEXT, "</s>", "a b", "", "a\rb"], buckets=buckets)
    write(tmp_path / "model", vectors)
    theirs = real.load_model(str(tmp_path / "model"))
    for word in [*vectors.words, "wherever", "לשלום", "éé", "queens"]:
        close(theirs.get_word_vector(word), vector_or_zeros(vectors, word), 3)
    found, wanted = theirs.get_nearest_neighbors("wherever", k=5), vectors.most_similar("wherever", count=5)
    assert [word for _, word in found] == [word for word, _ in wanted]
    assert [value for value, _ in found] == pytest.approx([value for _, value in wanted], abs=1e-6)
    plain = Vectors(vectors.words, vectors.matrix)
    write(tmp_path / "plain", plain)
    theirs = real.load_model(str(tmp_path / "plain"))
    for word in plain.words:
        np.testing.assert_array_equal(theirs.get_word_vector(word), plain[word])
    assert not theirs.get_word_vector("wherever").any()


@pytest.mark.skipif(importlib.util.find_spec("gensim") is None, reason="gensim is not installed")
@pytest.mark.filterwarnings("ignore")
def test_gensim_loads_what_we_write(tmp_path):
    from gensim.models.fasttext import load_facebook_model

    vectors = small_vectors(TEXT, buckets=300)
    write(tmp_path / "model", vectors)
    theirs = load_facebook_model(str(tmp_path / "model")).wv
    for word in [*vectors.words, "wherever", "לשלום"]:
        close(theirs[word], vector_or_zeros(vectors, word), 3)


def test_what_is_absent_must_be_said_in_known_words():
    with pytest.raises(SettingsError, match="expected absent to be 'zeros' or 'left out', got 'gone'"):
        SubwordVectors(
            Subwords(buckets=9), word_matrix=np.ones((1, 1)), ngram_matrix=np.ones((1, 1)), keys=[3], absent="gone"
        )
