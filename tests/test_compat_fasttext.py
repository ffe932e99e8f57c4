import importlib.util
import subprocess
import sys

import numpy as np
import pytest

import firth
import firth.compat.fasttext as fasttext
from firth.errors import FormatError, NotOfferedError, SettingsError, UnknownWordError
from firth.text.subwords import Subwords
from firth.vectors import Vectors
from hostile.fasttext_files import WORDS, quantised, whole
from naive_fasttext import dictionary, header, matrix
from real_fasttext import KINDS, trainer
from small_subwords import WORDS as TEXT_WORDS
from small_subwords import small_vectors

NAMES = [word for word, _ in WORDS]
BUCKETS = 20  # as in the small file
SENTENCES = [
    "where the naïve",
    "wherever the",
    "",
    " \t ",
    "the </s> of",
    "zzz qqq",
    "where\0the of\x0bof",
    "the the of",
]


@pytest.fixture
def opened(tmp_path):
    """A function that opens the bytes of a file."""

    def load(data, **how):
        (tmp_path / "model").write_bytes(data)
        return fasttext.load_model(tmp_path / "model", **how)

    return load


@pytest.fixture
def model(opened):
    """The small sound model: row r of its input is (r, r + 0.5, −r)."""
    return opened(whole())


def same(found, wanted, scale):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6 * scale)


# ── a file by hand ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_model_tells_what_its_file_says(model):
    assert repr(model) == "FastText(3 words × 3)"
    assert model.words == model.labels == model.get_words() == model.get_labels() == NAMES
    assert model.words is model.words
    for ask in (model.get_words, model.get_labels):
        words, counts = ask(include_freq=True)
        assert words == NAMES
        assert counts.tolist() == [9, 3, 1]
        assert counts.dtype == np.int64
    assert "the" in model
    assert "there" not in model
    assert (model.get_dimension(), model.is_quantized()) == (3, False)
    names = ("dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket", "minn", "maxn", "t")
    assert [getattr(model, name) for name in names] == [3, 5, 5, 1, 5, 1, "ns", "skipgram", BUCKETS, 2, 3, 1e-4]


def test_the_vector_of_a_word_is_the_mean_of_the_rows_that_it_names(model):
    for word in [*NAMES, "there", "naïf", "😀"]:
        parts, rows = model.get_subwords(word)
        assert len(parts) == len(rows)
        assert rows.dtype == np.int64
        found = model.get_word_vector(word)
        assert (found.dtype, found.shape) == (np.float32, (3,))
        same(found, np.mean([[row, row + 0.5, -row] for row in rows], axis=0), 23)
        same(found, np.mean([model.get_input_vector(row) for row in rows], axis=0), 23)
        same(found, model.get_input_matrix()[rows].mean(axis=0), 23)
        np.testing.assert_array_equal(model[word], found)
        assert [model.get_subword_id(part) for part in parts[word in model :]] == rows[word in model :].tolist()
        assert model.get_word_id(word) == (rows[0] if word in NAMES else -1)


def test_what_a_model_gives_belongs_to_the_caller(model):
    for ask in (
        lambda: model["the"],
        lambda: model.get_input_vector(0),
        lambda: model.get_input_vector(5),
        model.get_input_matrix,
        model.get_output_matrix,
        lambda: model.get_sentence_vector("the"),
    ):
        before = ask().copy()
        ask()[...] = 7
        np.testing.assert_array_equal(ask(), before)


def test_nothing_is_known_of_a_text_without_ngrams(model):
    assert not model.get_word_vector("</s>").any()
    words, rows = model.get_subwords("</s>")
    assert (words, rows.tolist(), rows.dtype) == ([], [], np.int64)
    assert [score for score, _ in model.get_nearest_neighbors("</s>")] == [0, 0, 0]
    with pytest.raises(UnknownWordError, match=r"expected a word \(str\), got 3"):
        model.get_word_vector(3)


def test_sentences_are_means_of_vectors_of_length_one(model):
    wanted = np.mean([model[word] / np.linalg.norm(model[word]) for word in ("the", "there")], axis=0)
    same(model.get_sentence_vector(" the\t\x0b</s> there"), wanted, 1)
    assert model.get_sentence_vector("the").dtype == np.float32
    assert model.get_sentence_vector("").tolist() == [0, 0, 0]
    with pytest.raises(SettingsError, match=r"expected one line of text, got a line feed in it; pass text.splitlines"):
        model.get_sentence_vector("the\nof")
    with pytest.raises(SettingsError, match=r"expected a line of text \(str\), got \['the'\]"):
        model.get_sentence_vector(["the"])


def test_neighbours_are_pairs_of_cosine_and_word(model):
    assert [word for _, word in model.get_nearest_neighbors("the")] == [w for w, _ in model.vectors.most_similar("the")]
    assert len(model.get_nearest_neighbors("there", k=2, on_unicode_error="ignore")) == 2
    units = {word: model[word] / np.linalg.norm(model[word]) for word in [*NAMES, "there"]}
    ((score, word),) = model.get_analogies("the", "naïve", "there", k=1)
    target = units["the"] - units["naïve"] + units["there"]
    assert word == "of"
    assert score == pytest.approx(units["of"] @ target / np.linalg.norm(target), abs=1e-6)
    for ask in (lambda k: model.get_nearest_neighbors("the", k), lambda k: model.get_analogies("a", "b", "c", k)):
        for k in (0, -1, 1.5):
            with pytest.raises(SettingsError, match="expected k to be a whole number ≥ 1"):
                ask(k)


def test_lines_are_split_into_words_and_labels(opened):
    entries = [*WORDS, ("__label__a", 7, 1), ("other", 2, 1)]
    classifier = opened(
        whole(
            header=header(model="supervised", loss="softmax"),
            dictionary=dictionary(entries),
            output=matrix([[1, 2, 3]] * 2),
        )
    )
    assert classifier.labels == ["__label__a", "other"]
    assert classifier.get_labels(True)[1].tolist() == [7, 2]
    assert [classifier.get_label_id(label) for label in ("other", "the")] == [1, -1]
    line = "the __label__a who __label__b other </s> of"
    wanted = ["the", "who", "</s>"], ["__label__a", "other"]
    assert classifier.get_line(line) == wanted
    assert classifier.get_line([line, ""]) == ([wanted[0], ["</s>"]], [wanted[1], []])
    with pytest.raises(SettingsError, match="expected one line of text"):
        classifier.get_line("a\nb")
    with pytest.raises(SettingsError, match="vectors of words, got those of labels; train with loss='ns'"):
        classifier.get_output_matrix()
    with pytest.raises(NotOfferedError, match="got a classifier, whose labels are not kept; copy the file"):
        classifier.save_model("nowhere")


def test_rows_that_are_not_there_are_refused(model):
    for row in (-1, 3 + BUCKETS):
        with pytest.raises(SettingsError, match=rf"expected ind to be a whole number from 0 to {2 + BUCKETS}, got"):
            model.get_input_vector(row)


def test_models_of_whole_words_have_no_ngrams(opened):
    plain = opened(whole(header=header(bucket=0, maxn=0), input=matrix([[1, 2, 3]] * 3)))
    assert plain.get_subwords("the")[1].tolist() == [0]
    assert plain.get_subwords("there")[0] == []
    assert not plain["there"].any()
    assert plain.get_input_matrix().tolist() == [plain.get_input_vector(2).tolist()] * 3
    with pytest.raises(SettingsError, match="expected a model with n-grams, got one of whole words; look up"):
        plain.get_subword_id("the")


def test_a_pruned_model_lists_the_ngrams_that_it_has(opened):
    model = opened(quantised())
    assert model.is_quantized()
    assert model.labels == ["__label__a"]
    for word in ("the", "there", "zzz"):
        parts, rows = model.get_subwords(word)
        assert len(parts) == len(rows)
        if len(rows):
            same(model[word], np.mean([model.get_input_vector(row) for row in rows], axis=0), 10)
        ids = [model.get_subword_id(part) for part in parts[word in model :]]
        assert ids == rows[word in model :].tolist()
    assert model.get_subword_id("qqqq") == -1
    for ask in (model.get_input_matrix, model.get_output_matrix):
        with pytest.raises(SettingsError, match="expected a model with whole matrices, got a quantised one"):
            ask()


def test_ngrams_with_rows_of_their_own_are_numbered_behind_the_words():
    model = fasttext.FastText(small_vectors(["where", "here"], buckets=None, smallest=3, longest=3))
    parts, rows = model.get_subwords("here")
    assert parts[:2] == ["here", "<he"]
    same(model["here"], model.get_input_matrix()[rows].mean(axis=0), 3)
    assert [model.get_subword_id(part) for part in parts[1:]] == rows[1:].tolist()
    assert model.get_subword_id("xyz") == -1
    assert model.get_subwords("hero")[0] == ["<he", "her"]
    assert len(model.get_input_matrix()) == 2 + len(model.vectors.subwords)


def test_words_that_are_no_utf8_are_repaired_unless_that_is_refused(opened):
    data = whole(dictionary=dictionary([(b"caf\xe9", 2), *WORDS[1:]]))
    assert opened(data).words[0] == "caf\ufffd"
    assert opened(data, errors="ignore").words[0] == "caf"
    with pytest.raises(FormatError, match="expected words in UTF-8"):
        opened(data, errors="strict")


def test_folders_of_ours_are_models_too(tmp_path):
    vectors = small_vectors(buckets=50)
    vectors.save(tmp_path / "ours")
    model = fasttext.load_model(tmp_path / "ours")
    assert model.words == TEXT_WORDS
    assert model.get_words(True)[1].tolist() == [1] * len(TEXT_WORDS)
    np.testing.assert_array_equal(model["here"], vectors["here"])
    with pytest.raises(SettingsError, match="got a model without; train with loss='ns'"):
        model.get_output_matrix()
    firth.compress(Vectors(vectors.words, vectors.matrix), to="int8").save(tmp_path / "small")
    small = fasttext.load_model(tmp_path / "small")
    assert small.is_quantized()
    np.testing.assert_array_equal(small.get_word_vector("here"), small.vectors["here"])


@pytest.mark.parametrize("odd", [3, None, {"get_words": 3, "_vectors": 4, "loss": [], "dim": 7}])
def test_what_a_folder_says_of_its_source_changes_no_method(tmp_path, odd):
    source = {"format": "fasttext", "settings": odd, "labels": odd if odd is None else 3, "quantised": odd}
    Vectors(["up"], np.ones((1, 2)), config={"source": source}).save(tmp_path / "odd")
    model = fasttext.load_model(tmp_path / "odd")
    assert model.get_words() == model.labels == ["up"]
    assert model.dim == 2
    assert model.get_label_id("up") == -1
    model.save_model(tmp_path / "model")
    assert fasttext.load_model(tmp_path / "model")["up"].tolist() == [1, 1]


def test_what_is_saved_is_loaded_again(model, tmp_path):
    path = tmp_path / "again.bin"
    for _ in range(2):  # a file of that name is replaced
        model.save_model(str(path))
    assert path.read_bytes() == whole()
    fasttext.FastText(Vectors(["up"], np.ones((1, 2)))).save_model(path)
    assert fasttext.load_model(path)["up"].tolist() == [1, 1]


@pytest.mark.parametrize("method", ["predict", "test", "test_label", "get_meter", "quantize", "set_matrices"])
def test_methods_that_are_not_offered_say_what_to_do(model, method):
    with pytest.raises(NotOfferedError, match=rf"expected what firth.compat.fasttext offers, got {method}: .*; \w+"):
        getattr(model, method)("text", k=1)
    assert issubclass(NotOfferedError, NotImplementedError)


@pytest.mark.parametrize("name", ["train_supervised", "supervised", "cbow", "skipgram"])
def test_functions_that_are_not_offered_say_what_to_do(name):
    with pytest.raises(NotOfferedError, match=rf"got {name}: .*; (take|call) \w+"):
        getattr(fasttext, name)("text", epoch=1)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("\n", ["</s>"]),
        ("a\tb\n c\n\n", ["a", "b", "</s>", "c", "</s>", "</s>"]),
        ("a\0b\x0bc\x0cd\re", ["a", "b", "c", "d", "e"]),
        ("é\u00a0x </s> y", ["é\u00a0x", "</s>", "y"]),
    ],
)
def test_text_is_cut_at_white_space_of_ascii(text, tokens):
    assert fasttext.tokenize(text) == tokens
    assert (fasttext.EOS, fasttext.BOW, fasttext.EOW) == ("</s>", "<", ">")


# ── training ────────────────────────────────────────────────────────────────────────────────────────────────

LINES = [["a", "rose", "is", "a", "rose"], ["thé", "rouge"]] * 30
SMALL = {"dim": 8, "minCount": 1, "epoch": 2, "bucket": 300, "thread": 1, "t": 1.0}


def test_training_is_that_of_firth_with_the_settings_of_fasttext(tmp_path):
    (tmp_path / "text").write_text("\n".join(map(" ".join, LINES)), encoding="utf-8")
    model = fasttext.train_unsupervised(str(tmp_path / "text"), **SMALL)
    ours = firth.train(
        LINES,
        subwords=Subwords(smallest=3, longest=6, buckets=300),
        dimensions=8,
        min_count=1,
        passes=2,
        subsample=1.0,
        learning_rate=0.05,
        noise_exponent=0.5,
        seed=0,
    )
    np.testing.assert_array_equal(model.vectors.matrix, ours.matrix)
    assert model.words == list(ours.words)
    assert (model.lr, model.epoch, model.bucket, model.loss, model.thread) == (0.05, 2, 300, "ns", 1)
    assert (model.minCountLabel, model.label, model.pretrainedVectors, model.verbose) == (0, "__label__", "", 2)
    model.save_model(tmp_path / "model")
    again = fasttext.load_model(tmp_path / "model")
    same(again["rouge et noir"], model["rouge et noir"], 1)
    assert (again.epoch, again.ws, again.t, again.maxn) == (2, 5, 1.0, 6)
    np.testing.assert_array_equal(again.get_output_matrix(), model.get_output_matrix())
    np.testing.assert_array_equal(again.get_input_matrix(), model.get_input_matrix())


@pytest.mark.parametrize(
    ("how", "loss", "gradient"),
    [
        ({}, "sampling", "historical"),
        ({"maxn": 0}, "sampling", "true"),
        ({"minn": 4, "maxn": 3}, "sampling", "true"),
        ({"model": "cbow", "maxn": 0}, "sampling", "historical"),
        ({"model": "cbow", "minn": 0, "loss": "hs"}, "hierarchical", "historical"),
        ({"loss": "softmax", "maxn": 0}, "softmax", "true"),
    ],
)
def test_every_member_of_the_family_is_trained(tmp_path, how, loss, gradient):
    model = fasttext.train_unsupervised(LINES, **{**SMALL, **how})
    training = model.vectors.config["training"]
    assert training["model"] == {"cbow": "cbow"}.get(model.model, "skip-gram")
    assert (training["loss"], training.get("gradient", "true")) == (loss, gradient)
    assert np.isfinite(model.vectors.matrix).all()
    model.save_model(tmp_path / "model")
    again = fasttext.load_model(tmp_path / "model")
    assert again.model == model.model
    same(again["rosé"], model["rosé"], 1)


def test_older_names_are_understood_and_others_refused():
    old = {"min_count": 2, "word_ngrams": 1, "lr_update_rate": 7, "label_prefix": "#", "pretrained_vectors": ""}
    model = fasttext.train_unsupervised(LINES, "skipgram", 0.05, 8, epoch=1, bucket=300, thread=1, t=1, **old)
    assert (model.minCount, model.lrUpdateRate, model.label, model.dim) == (2, 7, "#", 8)
    with pytest.raises(TypeError, match=r"got unexpected keyword argument 'epochs'; check its spelling"):
        fasttext.train_unsupervised(LINES, epochs=1)
    with pytest.raises(NotOfferedError, match="autotuneDuration: text classification, which comes later; leave it out"):
        fasttext.train_unsupervised(LINES, autotuneDuration=1)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"model": "glove"}, "expected model to be 'skipgram' or 'cbow', got 'glove'"),
        ({"loss": "sampling"}, "expected loss to be 'ns' or 'hs' or 'softmax', got 'sampling'"),
        ({"minn": -1}, "expected minn to be a whole number ≥ 0"),
        ({"verbose": None}, "expected verbose to be a whole number ≥ 0"),
        ({"bucket": 0}, "expected buckets to be a whole number from 1"),
        ({"dim": 0}, "expected dimensions to be a whole number from 1"),
    ],
)
def test_settings_that_are_none_are_refused(how, said):
    with pytest.raises(SettingsError, match=said):
        fasttext.train_unsupervised(LINES, **{**SMALL, **how})


@pytest.mark.parametrize("how", [{"model": "supervised"}, {"loss": "ova"}])
def test_classifiers_are_not_trained(how):
    with pytest.raises(NotOfferedError, match=r"got model='supervised' and loss='ova': text classification"):
        fasttext.train_unsupervised(LINES, **how)


def test_words_start_from_pretrained_vectors(tmp_path):
    Vectors(["rose", "tulip"], np.array([[5.0] * 8, [4.0] * 8])).save(tmp_path / "start")
    how = {**SMALL, "maxn": 0, "lr": 1e-6, "epoch": 1, "pretrainedVectors": tmp_path / "start"}
    model = fasttext.train_unsupervised(LINES, **how)
    np.testing.assert_allclose(model["rose"], 5, atol=1e-3)
    assert model["tulip"].tolist() == [4] * 8
    with pytest.raises(NotOfferedError, match="got pretrainedVectors: n-grams for words that have none yet; pass maxn"):
        fasttext.train_unsupervised(LINES, **{**how, "maxn": 6})


def test_opening_a_model_of_whole_words_compiles_nothing(tmp_path):
    fasttext.FastText(Vectors(["up"], np.ones((1, 2)))).save_model(tmp_path / "model")
    code = (
        "import sys; import firth.compat.fasttext as f; f.load_model(sys.argv[1]).get_nearest_neighbors('up');"
        "print([name for name in ('numba', 'sklearn', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "model"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ── against fastText itself ─────────────────────────────────────────────────────────────────────────────────

needs_fasttext = pytest.mark.skipif(importlib.util.find_spec("fasttext") is None, reason="fastText is not installed")
ASKED = ["where", "wherever", "שלום", "לשלום", "é😀", "queen", "w7", "</s>", "zz", "", "a b"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A function that trains a small model with fastText and saves it."""
    return trainer(tmp_path_factory.mktemp("real"))


@needs_fasttext
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_those_of_fasttext(trained, kind):
    path, theirs = trained(**KINDS[kind][0])
    ours = fasttext.load_model(path)
    assert ours.words == theirs.words
    assert ours.labels == theirs.labels
    for name in ("get_words", "get_labels"):
        for mine, real in zip(getattr(ours, name)(True), getattr(theirs, name)(include_freq=True), strict=True):
            np.testing.assert_array_equal(mine, real)
    assert (ours.get_dimension(), ours.is_quantized()) == (theirs.get_dimension(), theirs.is_quantized())
    scale = np.abs(ours.vectors.matrix).max()
    for word in [*ASKED, *ours.words[:20]]:
        mine, real = ours.get_word_vector(word), theirs.get_word_vector(word)
        assert (mine.dtype, mine.shape) == (real.dtype, real.shape)
        same(mine, real, scale)
        same(ours[word], theirs[word], scale)
        assert (word in ours, ours.get_word_id(word)) == (word in theirs, theirs.get_word_id(word))
    for line in [*SENTENCES, "__label__a where __label__x"]:
        assert ours.get_line(line) == theirs.get_line(line)
    assert ours.get_line(SENTENCES) == theirs.get_line(SENTENCES)


@needs_fasttext
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_parts_and_rows_are_those_of_fasttext(trained, kind):
    path, theirs = trained(**KINDS[kind][0])
    ours = fasttext.load_model(path)
    scale = np.abs(ours.vectors.matrix).max()
    if kind == "pruned":
        assert set(ours.get_subwords("wherever")[0]) <= set(theirs.get_subwords("wherever")[0])
        assert len(ours.get_subwords("wherever")[1]) == len(theirs.get_subwords("wherever")[1])
        return
    for word in ASKED:
        (parts, rows), (real_parts, real_rows) = ours.get_subwords(word), theirs.get_subwords(word)
        assert parts == real_parts
        np.testing.assert_array_equal(rows, real_rows)
        for row in rows:
            same(ours.get_input_vector(row), theirs.get_input_vector(row), scale)
    if ours.vectors.subwords is not None:
        assert [ours.get_subword_id(word) for word in ASKED] == [theirs.get_subword_id(word) for word in ASKED]
    if not ours.is_quantized() and ours.vectors.subwords is not None:
        np.testing.assert_array_equal(ours.get_input_matrix(), theirs.get_input_matrix())
    if KINDS[kind][1]:
        np.testing.assert_array_equal(ours.get_output_matrix(), theirs.get_output_matrix())


@needs_fasttext
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_sentences_are_those_of_fasttext(trained, kind):
    path, theirs = trained(**KINDS[kind][0])
    ours = fasttext.load_model(path)
    if KINDS[kind][0].get("wordNgrams", 1) > 1:
        with pytest.raises(NotOfferedError, match="expected a classifier without word n-grams, got one with; take the"):
            ours.get_sentence_vector("where the")
        return
    for line in [*SENTENCES, "__label__a where __label__x", "w1 w2 w3 w4 w5 queens"]:
        mine, real = ours.get_sentence_vector(line), theirs.get_sentence_vector(line)
        assert mine.dtype == real.dtype
        same(mine, real, max(1, np.abs(ours.vectors.matrix).max()))


@needs_fasttext
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_are_those_of_fasttext(trained, kind):
    path, theirs = trained(**KINDS[kind][0])
    ours = fasttext.load_model(path)
    for word in ["where", "wherever", "שלום", "w7"]:
        mine, real = ours.get_nearest_neighbors(word, k=400), theirs.get_nearest_neighbors(word, k=400)
        same_neighbours(mine, real)
    for three in [("where", "the", "queen"), ("wherever", "w1", "queens")]:
        same_neighbours(ours.get_analogies(*three, k=400), theirs.get_analogies(*three, k=400))


def same_neighbours(mine, real):
    """Each word has the same score; where scores are further apart than the rounding, the order is the same, too."""
    scores = dict(map(reversed, mine))
    assert scores.keys() == {word for _, word in real}
    np.testing.assert_allclose([scores[word] for _, word in real], [score for score, _ in real], atol=2e-6)
    assert [score for score, _ in mine] == sorted(scores.values(), reverse=True)


@needs_fasttext
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_fasttext_answers_the_same_for_what_we_trained(tmp_path, model):
    import fasttext as real

    ours = fasttext.train_unsupervised(LINES, **{**SMALL, "model": model})
    ours.save_model(tmp_path / "model.bin")
    theirs = real.load_model(str(tmp_path / "model.bin"))
    assert theirs.words == ours.words
    for word in ["rose", "roses", "thé", "rougé"]:
        same(theirs.get_word_vector(word), ours[word], 1)
        np.testing.assert_array_equal(theirs.get_subwords(word)[1], ours.get_subwords(word)[1])
        same_neighbours(ours.get_nearest_neighbors(word), theirs.get_nearest_neighbors(word))
    same(theirs.get_sentence_vector("thé rose qui"), ours.get_sentence_vector("thé rose qui"), 1)
    np.testing.assert_array_equal(theirs.get_input_matrix(), ours.get_input_matrix())
    np.testing.assert_array_equal(theirs.get_output_matrix(), ours.get_output_matrix())
    assert theirs.f.getArgs().epoch == 2


@needs_fasttext
def test_text_is_cut_as_by_fasttext():
    import fasttext as real

    for text in [*SENTENCES, "a\tb\n c\n\n", "\n", "é\u00a0x </s> y\r\n", "\u2028\u3000"]:
        assert fasttext.tokenize(text) == real.tokenize(text)


@needs_fasttext
def test_settings_have_the_names_the_order_and_the_defaults_of_fasttext():
    import inspect

    import fasttext as real

    ours = inspect.signature(fasttext.train_unsupervised).parameters
    defaults = {name: value for name, value in real.FastText.unsupervised_default.items() if "autotune" not in name}
    defaults["thread"] = None
    assert {name: ours[name].default for name in defaults} == defaults
    code = real.FastText.train_unsupervised.__code__
    names = next(constant for constant in code.co_consts if isinstance(constant, tuple) and "input" in constant)
    assert [name for name in ours if name not in ("seed", "old_names")] == list(names)
