"""`Word2Vec`, `FastText` and the corpora of `firth.compat.gensim`: without gensim, then beside the real one."""

import bz2
import gzip
import io

import numpy as np
import pytest

import firth
from firth.compat.gensim import (
    RULE_DEFAULT,
    RULE_DISCARD,
    RULE_KEEP,
    FastText,
    FastTextKeyedVectors,
    KeyedVectors,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    Word2Vec,
    load_facebook_model,
    load_facebook_vectors,
    save_facebook_model,
)
from firth.compat.gensim.vocabulary import count_words
from firth.errors import CorpusError, FormatError, SettingsError, TrainingError

SENTENCES = [["the", "cat", "sat", "on", "the", "mat"], ["the", "dog", "sat", "on", "the", "log"]] * 30
SMALL = {"vector_size": 8, "min_count": 1, "sample": 0, "epochs": 2}
TOPICS = [[f"{topic}{number}" for number in np.random.default_rng(line).integers(0, 12, 8)]
          for line, topic in enumerate(["a", "b"] * 200)]  # fmt: skip


def test_a_model_is_trained_as_by_the_recipe():
    model = Word2Vec(SENTENCES, sg=1, **SMALL)
    start = firth.Vectors(model.wv.index_to_key, model_start(model), context_matrix=np.zeros((7, 8)))
    expected = firth.train(
        SENTENCES, dimensions=8, min_count=1, subsample=0, passes=2, start=start, learning_rate=0.025
    )
    assert np.array_equal(model.wv[list(expected.words)], expected.matrix)
    assert model.wv.index_to_key == ["the", "on", "sat", "log", "dog", "mat", "cat"]  # as gensim orders equal counts
    assert model.wv.get_vecattr("the", "count") == 120 and model.corpus_total_words == 360 and model.corpus_count == 60
    losses = expected.config["training"]["losses"]
    assert model.get_latest_training_loss() == pytest.approx(sum(p["pairs"] * p["loss_per_pair"] for p in losses))


def model_start(model):
    """Return what the vectors of a model were before it was trained."""
    fresh = Word2Vec(**SMALL)
    fresh.reset_from(model)
    return fresh.wv.vectors


@pytest.mark.parametrize("kind", [{"sg": 1}, {"sg": 0}, {"sg": 1, "hs": 1, "negative": 0}, {"hs": 1, "negative": 0}])
def test_words_of_a_topic_become_neighbours_on_any_number_of_threads(kind):
    settings = {"vector_size": 10, "min_count": 1, "sample": 0, "epochs": 20, "alpha": 0.05, **kind}
    model = Word2Vec(TOPICS, workers=1, **settings)
    neighbours = [key for key, _ in model.wv.most_similar("a3", topn=8)]
    assert sum(key.startswith("a") for key in neighbours) >= 7
    assert np.array_equal(model.wv.vectors, Word2Vec(TOPICS, workers=2, **settings).wv.vectors)


def test_two_steps_are_the_one_and_training_goes_on():
    whole = Word2Vec(SENTENCES, **SMALL)
    model = Word2Vec(**SMALL)
    model.build_vocab(SENTENCES)
    before = model.wv.vectors.copy()
    assert model.train(SENTENCES, total_examples=60, epochs=2) == (720, 720)
    assert np.array_equal(model.wv.vectors, whole.wv.vectors) and not np.array_equal(model.wv.vectors, before)
    trained = model.wv.vectors.copy()
    model.train([["the", "cat", "unknown"]] * 5, total_examples=5, epochs=1)
    changed = np.abs(model.wv.vectors - trained).max(axis=1) > 0
    assert {model.wv.index_to_key[row] for row in np.flatnonzero(changed)} == {"the", "cat"}
    assert "unknown" not in model.wv


def test_words_are_added_behind_those_there_are():
    model = Word2Vec(SENTENCES, **SMALL)
    old, words = model.wv["cat"].copy(), list(model.wv.index_to_key)
    model.build_vocab([["the", "bird"]] * 9, update=True)
    assert model.wv.index_to_key == [*words, "bird"] and np.array_equal(model.wv["cat"], old)
    assert model.wv.get_vecattr("the", "count") == 129 and model.wv.get_vecattr("bird", "count") == 9
    assert model.syn1neg.shape == (8, 8) and not model.syn1neg[7].any()
    model.train([["the", "bird"]] * 9, total_examples=9, epochs=1)
    assert model.syn1neg[7].any() and np.array_equal(model.wv["cat"], old)
    with pytest.raises(TrainingError, match="a vocabulary to add to"):
        Word2Vec(**SMALL).build_vocab(SENTENCES, update=True)


def test_words_are_chosen_by_the_rules():
    rules = {"cat": RULE_DISCARD, "dog": RULE_KEEP}
    model = Word2Vec(SENTENCES, **{**SMALL, "min_count": 60}, trim_rule=lambda word, *_: rules.get(word, RULE_DEFAULT))
    assert set(model.wv.index_to_key) == {"the", "on", "sat", "dog"}
    model = Word2Vec(max_final_vocab=4, **SMALL)
    model.scan_vocab(SENTENCES)
    report = model.prepare_vocab()
    assert (model.effective_min_count, report["num_retained_words"], report["drop_unique"]) == (31, 3, 4)
    with pytest.raises(SettingsError, match="trim_rule to answer"):
        Word2Vec(SENTENCES, trim_rule=lambda *_: "keep", **SMALL)
    counts, words, sentences = count_words([["a", "b"], ["a", "c"], ["a"]], most=2)
    assert counts == {"a": 3} and (words, sentences) == (5, 3)
    model.build_vocab_from_freq({"x": 3, "y": 2})
    assert model.wv.index_to_key == ["x", "y"] and model.wv.vectors.shape == (2, 8)


def test_a_folder_holds_all_that_training_needs(tmp_path):
    model = Word2Vec(SENTENCES, window=3, **SMALL)
    model.save(tmp_path / "m")
    again = Word2Vec.load(tmp_path / "m")
    assert np.array_equal(again.wv.vectors, model.wv.vectors) and np.array_equal(again.syn1neg, model.syn1neg)
    assert again.window == 3 and again.epochs == 2 and again.corpus_count == 60
    for one in (model, again):
        one.train(SENTENCES, total_examples=60, epochs=1)
    assert np.array_equal(again.wv.vectors, model.wv.vectors)
    assert np.array_equal(firth.Vectors.load(tmp_path / "m")["cat"], KeyedVectors.load(tmp_path / "m")["cat"])
    model.wv.save(tmp_path / "v")
    with pytest.raises(FormatError, match=r"a model in .*, got vectors"):
        Word2Vec.load(tmp_path / "v")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"cbow_mean": 0}, "cbow_mean=1: the mean of a window .*, got cbow_mean=0"),
        ({"null_word": 1}, "null_word=0"),
        ({"hs": 1}, "expected one loss, got hs=1 and negative=5; set negative=0"),
        ({"hs": 0, "negative": 0}, "nothing is trained else"),
        ({"min_alpha": 0.025}, "call train once, with all epochs"),
        ({"window": 0}, "window to be a whole number"),
    ],
)
def test_what_is_not_offered_is_refused_with_the_reason(arguments, said):
    with pytest.raises(SettingsError, match=said):
        Word2Vec(SENTENCES, **{**SMALL, **arguments})


def test_corpora_that_are_none_are_refused(tmp_path):
    with pytest.raises(TypeError, match="gone through 3 times, got a generator"):
        Word2Vec((sentence for sentence in SENTENCES), **SMALL)
    with pytest.raises(TypeError, match="sentences that are lists, got generator as number 1"):
        Word2Vec([(word for word in SENTENCES[0])], **SMALL)
    with pytest.raises(TypeError, match="got both"):
        Word2Vec(SENTENCES, "file", **SMALL)
    with pytest.raises(TypeError, match="a path goes to corpus_file"):
        Word2Vec("file", **SMALL)
    (tmp_path / "text.bz2").write_bytes(bz2.compress(b"a b"))
    with pytest.raises(TypeError, match="a plain file as corpus_file"):
        Word2Vec(corpus_file=tmp_path / "text.bz2", **SMALL)
    for corpus, settings in (([], SMALL), (SENTENCES, {**SMALL, "min_count": 1000})):
        with pytest.raises(RuntimeError, match="expected a vocabulary, got none"):
            Word2Vec(corpus, **settings)
    model = Word2Vec(SENTENCES, **SMALL)
    with pytest.raises(ValueError, match="total_examples or total_words, got neither"):
        model.train(SENTENCES, epochs=1)
    with pytest.raises(ValueError, match="expected epochs, got None"):
        model.train(SENTENCES, total_examples=60)


def test_where_no_pair_is_left_nothing_is_trained(caplog):
    model = Word2Vec(SENTENCES, **SMALL)
    before = model.wv.vectors.copy()
    assert model.train([["none", "known"]], total_examples=1, epochs=2) == (0, 4)
    assert model.train([["cat"]], total_examples=1, epochs=2) == (0, 2)
    assert np.array_equal(model.wv.vectors, before) and "no sentence has two words with vectors" in caplog.text


def test_hierarchical_models_are_trained_once_and_have_no_rows_of_words():
    model = Word2Vec(SENTENCES, hs=1, negative=0, **SMALL)
    with pytest.raises(SettingsError, match="the tree of another text has other nodes"):
        model.train(SENTENCES, total_examples=60, epochs=1)
    with pytest.raises(RuntimeError, match="trained with negative sampling"):
        model.predict_output_word(["the"])
    with pytest.raises(AttributeError, match="rows of the tree's nodes are not kept"):
        model.syn1  # noqa: B018
    with pytest.raises(RuntimeError, match="got score"):
        model.score(SENTENCES)


def test_callbacks_are_told_and_can_not_ask_too_early():
    told = []

    class Callback:
        def on_train_begin(self, model):
            told.append("begin")

        def on_epoch_begin(self, model):
            told.append("epoch")

        def on_epoch_end(self, model):
            told.append(model.get_latest_training_loss())
            with pytest.raises(TrainingError, match=r"model\.wv in a callback"):
                model.wv  # noqa: B018

        def on_train_end(self, model):
            told.append(len(model.wv))

    Word2Vec(SENTENCES, callbacks=[Callback()], **SMALL)
    assert [kind for kind in told if not isinstance(kind, float)] == ["begin", "epoch", "epoch", 7]
    losses = [loss for loss in told if isinstance(loss, float)]
    assert len(losses) == 2 and 0 < losses[0] < losses[1]


def test_names_that_moved_to_wv_say_so():
    with pytest.raises(AttributeError, match=r"use model\.wv\.most_similar"):
        Word2Vec(**SMALL).most_similar("the")


def test_words_that_fit_are_predicted():
    model = Word2Vec(TOPICS, vector_size=10, min_count=1, sample=0, epochs=20, sg=1)
    predicted = model.predict_output_word(["a1", "a2"], topn=24)
    assert sum(value for _, value in predicted) == pytest.approx(1)
    assert sum(key.startswith("a") for key, _ in predicted[:8]) >= 7
    assert model.predict_output_word(["none"]) is None


def test_subwords_give_unknown_words_vectors_and_files_keep_them(tmp_path):
    settings = {**SMALL, "bucket": 500, "sg": 1}
    model = FastText(SENTENCES, **settings)
    assert "cats" in model.wv and "cats" not in model.wv.key_to_index and model.wv["cats"].any()
    assert np.linalg.norm(model.wv.get_vector("cats", norm=True)) == pytest.approx(1)
    assert len(model.wv.most_similar("cats", topn=3)) == 3
    model.save(tmp_path / "m")
    again = FastText.load(tmp_path / "m")
    assert isinstance(KeyedVectors.load(tmp_path / "m"), FastTextKeyedVectors)
    for one in (model, again):
        one.build_vocab([["cats", "the"]] * 4, update=True)
        one.train([["cats", "the"]] * 4, total_examples=4, epochs=1)
    assert np.array_equal(again.wv.vectors, model.wv.vectors) and np.array_equal(again.wv["dogs"], model.wv["dogs"])
    save_facebook_model(model, tmp_path / "m.bin")
    read = load_facebook_model(tmp_path / "m.bin")
    assert read.sg == 1 and read.wv.bucket == 500 and read.wv["dogs"] == pytest.approx(model.wv["dogs"], abs=1e-6)
    assert load_facebook_vectors(tmp_path / "m.bin")["cat"] == pytest.approx(model.wv["cat"], abs=1e-6)
    with pytest.raises(FormatError, match=r"load it with FastText\.load"):
        Word2Vec.load(tmp_path / "m")
    with pytest.raises(AttributeError, match=r"subwords\.ngram_matrix"):
        model.wv.vectors_ngrams  # noqa: B018
    with pytest.raises(NotImplementedError, match="word_ngrams=1"):
        FastText(SENTENCES, word_ngrams=2)


@pytest.mark.parametrize("to", ["int8", "product"])
@pytest.mark.parametrize("kind", [Word2Vec, FastText])
def test_models_in_fewer_bits_are_loaded_as_what_they_give(tmp_path, kind, to):
    sentences = [[f"w{number}" for number in range(300)]] * 2
    model = kind(sentences, **SMALL, **({"bucket": 0} if kind is FastText else {}))
    small = firth.compress(model.to_vectors(), to=to)
    small.save(tmp_path / "small")
    again = kind.load(tmp_path / "small")
    assert again.wv.index_to_key == model.wv.index_to_key and np.array_equal(again.wv.vectors, small.matrix)


def test_files_of_fasttext_have_their_own_way_in(tmp_path):
    save_facebook_model(FastText(SENTENCES, bucket=100, **SMALL), tmp_path / "m.bin")
    for kind in (Word2Vec, FastText):
        with pytest.raises(FormatError, match="got one of fastText; load it with load_facebook_model"):
            kind.load(tmp_path / "m.bin")
    (tmp_path / "m.gz").write_bytes(gzip.compress((tmp_path / "m.bin").read_bytes()))
    assert load_facebook_model(tmp_path / "m.gz").wv.index_to_key[0] == "the"


def test_without_buckets_words_are_trained_as_they_are():
    model = FastText(SENTENCES, bucket=0, sg=1, **SMALL)
    assert "cats" not in model.wv
    assert np.array_equal(model.wv.vectors, Word2Vec(SENTENCES, sg=1, **SMALL).wv.vectors)


def test_lines_are_sentences(tmp_path):
    text = "a rose is a rose\n\nis a rose\n"
    (tmp_path / "a").write_text(text)
    (tmp_path / "b.bz2").write_bytes(bz2.compress(text.encode()))
    expected = [["a", "rose", "is", "a", "rose"], ["is", "a", "rose"]]
    for source in (tmp_path / "a", tmp_path / "b.bz2", io.StringIO(text), io.BytesIO(text.encode())):
        lines = LineSentence(source)
        assert list(lines) == expected == list(lines)
    assert list(LineSentence(tmp_path / "a", max_sentence_length=3, limit=1)) == [expected[0][:3], expected[0][3:]]
    assert list(PathLineSentences(tmp_path)) == expected * 2
    assert list(PathLineSentences(tmp_path / "a", limit=1)) == expected[:1]
    with pytest.raises(SettingsError, match="a file or a folder"):
        PathLineSentences(tmp_path / "none")
    (tmp_path / "c").write_bytes(b"\xff a")
    with pytest.raises(CorpusError, match="0xff in a line"):
        list(LineSentence(tmp_path / "c"))
    (tmp_path / "d").write_bytes(b"BZh is a word\n")
    assert list(LineSentence(tmp_path / "d")) == [["BZh", "is", "a", "word"]]
    damaged = bytearray(gzip.compress(text.encode() * 9))
    damaged[12:20] = b"\xff" * 8
    (tmp_path / "e.gz").write_bytes(damaged)
    with pytest.raises(CorpusError, match=r"a whole gzip file, got damaged or cut-off data in .*e\.gz"):
        list(LineSentence(tmp_path / "e.gz"))


def test_a_text_without_lines_is_cut_into_sentences(tmp_path):
    words = [f"w{number}" for number in range(30_000)]
    (tmp_path / "text8").write_text(" ".join(words))
    pieces = list(Text8Corpus(tmp_path / "text8"))
    assert [len(piece) for piece in pieces] == [10_000] * 3 and [word for piece in pieces for word in piece] == words


def test_a_file_is_trained_on_as_its_lines(tmp_path):
    (tmp_path / "text").write_text("\n".join(map(" ".join, SENTENCES)))
    model = Word2Vec(corpus_file=tmp_path / "text", **SMALL)
    assert np.array_equal(model.wv.vectors, Word2Vec(SENTENCES, **SMALL).wv.vectors)


def gensim_models():
    return pytest.importorskip("gensim.models", reason="gensim is not installed")


def test_the_vocabulary_is_that_of_gensim():
    theirs = gensim_models().Word2Vec(min_count=2, vector_size=5)
    ours = Word2Vec(min_count=2, vector_size=5)
    for model in (theirs, ours):
        model.build_vocab(TOPICS[:100] + SENTENCES)
        model.build_vocab(TOPICS[100:], update=True)
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    assert ours.wv.expandos["count"].tolist() == theirs.wv.expandos["count"].tolist()
    assert (ours.corpus_count, ours.corpus_total_words) == (theirs.corpus_count, theirs.corpus_total_words)


@pytest.mark.filterwarnings("ignore")  # of gensim's own
def test_models_of_gensim_are_loaded_and_go_on(tmp_path):
    settings = {"vector_size": 10, "min_count": 1, "window": 3, "sg": 1}
    theirs = gensim_models().Word2Vec(TOPICS, **settings)
    theirs.save(str(tmp_path / "theirs.model"))
    ours = Word2Vec.load(tmp_path / "theirs.model")
    assert np.array_equal(ours.wv.vectors, theirs.wv.vectors) and np.array_equal(ours.syn1neg, theirs.syn1neg)
    assert ours.window == 3 and ours.sg == 1 and ours.wv.index_to_key == theirs.wv.index_to_key
    assert [key for key, _ in ours.predict_output_word(["a1"])] == [
        key for key, _ in theirs.predict_output_word(["a1"])
    ]
    assert ours.train(TOPICS, total_examples=len(TOPICS), epochs=1)[1] == 3200
    theirs = gensim_models().FastText(TOPICS, bucket=300, **settings)
    theirs.save(str(tmp_path / "fast.model"))
    ours = FastText.load(tmp_path / "fast.model")
    assert ours.wv["a99"] == pytest.approx(theirs.wv["a99"], abs=1e-6)
    assert ours.wv.vectors == pytest.approx(theirs.wv.vectors, abs=1e-6)
    save_facebook_model(ours, tmp_path / "fast.bin")
    again = gensim_models().fasttext.load_facebook_vectors(str(tmp_path / "fast.bin"))
    assert again["a99"] == pytest.approx(theirs.wv["a99"], abs=1e-6)
