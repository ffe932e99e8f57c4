"""`firth.train`: from a corpus to vectors that say how they came about."""

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import firth
from firth.errors import CorpusError, SettingsError, TrainingError
from firth.provenance import made_with

SENTENCES = [["the", "cat", "sat", "on", "the", "mat"], ["a", "dog", "sat", "on", "a", "log"]] * 60
SMALL = {"dimensions": 12, "min_count": 1, "passes": 3, "threads": 1, "subsample": 0}


def test_vectors_say_how_they_came_about():
    vectors = firth.train(SENTENCES, **SMALL, window=2, seed=7)
    assert vectors.matrix.shape == vectors.context_matrix.shape == (8, 12)
    assert vectors.matrix.flags.c_contiguous
    assert vectors.counts.sum() == vectors.config["corpus"]["tokens"] == 720
    training = vectors.config["training"]
    assert training["observations"] == firth.Observations(window=2, subsample=0).as_dict()
    assert training["made_with"] == made_with()
    assert (training["seed"], training["interrupted"], training["rows_scaled_back"]) == (7, False, 0)
    assert [entry["pass"] for entry in training["losses"]] == [1, 2, 3]
    for entry in training["losses"]:
        assert entry["pairs"] > 0 and entry["pairs_scored"] == entry["pairs"]  # one range: all of it is scored
        assert 0 < entry["loss_per_pair"] <= 6 * np.log(2) * (1 + 1e-6)
        assert entry["words_per_second"] > 0


def test_every_way_to_give_the_text_gives_the_same_vectors(tmp_path):
    file = tmp_path / "corpus.txt"
    file.write_text("\n".join(" ".join(words) for words in SENTENCES))
    expected = firth.train(SENTENCES, **SMALL).matrix.tobytes()
    lines = file.read_text().splitlines()
    with firth.prepare_corpus(file, min_count=1) as prepared:
        for corpus in (iter(SENTENCES), lines, (line for line in lines), str(file), file, [file], prepared):
            arguments = {key: value for key, value in SMALL.items() if corpus is not prepared or key != "min_count"}
            assert firth.train(corpus, **arguments).matrix.tobytes() == expected


def test_settings_of_the_text_beside_a_prepared_corpus_are_refused():
    with firth.prepare_corpus(SENTENCES) as prepared, pytest.raises(SettingsError) as caught:
        firth.train(prepared, min_count=2, fold_case=True)
    assert str(caught.value) == (
        "expected no settings of the text beside a prepared corpus, got fold_case=True and min_count=2; "
        "pass them to prepare_corpus"
    )


def test_numbers_of_numpy_are_numbers(tmp_path):
    plain = firth.train(SENTENCES, **SMALL, seed=3)
    numpy = firth.train(SENTENCES, **{key: np.int64(value) for key, value in SMALL.items()}, seed=np.int64(3))
    assert numpy.matrix.tobytes() == plain.matrix.tobytes()
    numpy.save(tmp_path / "vectors")
    assert firth.Vectors.load(tmp_path / "vectors").config["training"]["seed"] == 3


def test_a_rate_of_any_precision_is_used_as_it_is_stored(tmp_path):
    given = firth.train(SENTENCES, **SMALL, learning_rate=np.float32(0.025))
    given.save(tmp_path / "vectors")
    stored = firth.Vectors.load(tmp_path / "vectors").config["training"]["learning_rate"]
    assert firth.train(SENTENCES, **SMALL, learning_rate=stored).matrix.tobytes() == given.matrix.tobytes()


def test_the_corpus_is_stored_as_it_was_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("\n".join(" ".join(words) for words in SENTENCES))
    sources = {
        "a.txt": ["a.txt"],
        "./?.txt": ["./?.txt"],
        Path("a.txt"): ["a.txt"],
        (Path("a.txt"), Path("b.txt")): ["a.txt", "b.txt"],
        tmp_path: [str(tmp_path)],
    }
    for corpus, source in sources.items():
        assert firth.train(corpus, **SMALL).config["corpus"]["source"] == source
    assert firth.train(SENTENCES, **SMALL).config["corpus"]["source"] is None
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO((tmp_path / "a.txt").read_bytes())))
    assert firth.train("-", **SMALL).config["corpus"]["source"] is None


def test_context_vectors_can_be_left_out():
    assert firth.train(SENTENCES, **SMALL, keep_context=False).context_matrix is None


def test_no_pass_without_a_pair_is_an_error_while_others_have_some():
    vectors = firth.train([["a", "b"]] * 3, **SMALL | {"subsample": 1e-2, "passes": 200})
    assert sum(entry["pairs"] for entry in vectors.config["training"]["losses"]) > 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"dimensions": 0}, SettingsError, "expected dimensions to be a whole number from 1 to 100000, got 0"),
        ({"negatives": 1.5}, SettingsError, "expected negatives to be a whole number from 1 to 1000, got 1.5"),
        ({"learning_rate": 0}, SettingsError, "expected learning_rate to be a number above 0 and up to 10, got 0"),
        ({"passes": -1}, SettingsError, "expected passes to be a whole number ≥ 1, got -1"),
        ({"seed": "x"}, SettingsError, "expected seed to be a whole number"),
        ({"threads": 0}, SettingsError, "expected threads to be a whole number from 1 to 1024, got 0"),
        ({"min_count": 1000}, CorpusError, "expected a word that occurs at least 1000 times (min_count)"),
    ],
)
def test_what_can_not_be_is_refused_in_words(arguments, error, message):
    with pytest.raises(error) as caught:
        firth.train(SENTENCES, **SMALL | arguments)
    assert message in str(caught.value)


def test_one_word_is_told(caplog):
    with pytest.raises(TrainingError):
        firth.train([["a", "b"], ["a", "c"]] * 5, min_count=10, threads=1)
    assert "one word is left ('a'): its vector will say nothing; lower min_count" in caplog.text


def test_estimates_are_told_before_training(caplog):
    with caplog.at_level("INFO"):
        firth.train(SENTENCES, **SMALL)
    assert "memory: about " in caplog.text
    assert "MB (matrices " in caplog.text
    assert " M words/s" in caplog.text


def test_a_gap_is_of_pairs_and_not_of_windows():
    text = [["to", "be", "or", "not", "to", "be"]] * 20
    vectors = firth.train(text, model="cbow", dimensions=4, min_count=1, threads=1)
    with pytest.raises(SettingsError, match="got CBOW with negative sampling, whose scores are not of pairs of words"):
        firth.gap(vectors, firth.count(text, min_count=1))


TEXT = [["to", "be", "or", "not", "to", "be"], ["that", "is", "the", "question"]] * 40
MEMBERS = [
    {"model": "cbow"},
    {"model": "cbow", "gradient": "historical", "loss": "hierarchical"},
    {"loss": "hierarchical"},
    {"loss": "softmax"},
    {"subwords": firth.Subwords(smallest=2, longest=3, buckets=50)},
    {"model": "cbow", "subwords": firth.Subwords(smallest=2, longest=3, buckets=None)},
]


def stop_early(interval):
    return interval.number == 2


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_every_member_goes_on_to_the_bytes_of_a_run_that_was_never_stopped(member, tmp_path):
    settings = {**member, "dimensions": 8, "min_count": 1, "passes": 4, "subsample": 0}
    whole = firth.train(TEXT, **settings, threads=2)
    kept = firth.Checkpoints(tmp_path / "kept", words=1)
    firth.train(TEXT, **settings, threads=1, checkpoints=kept, on_interval=stop_early)
    again = firth.train(TEXT, **settings, threads=3, checkpoints=kept, resume=True)
    assert again.matrix.tobytes() == whole.matrix.tobytes()
    assert bool(firth.verify(again, TEXT))
    again.save(tmp_path / "v")
    assert firth.Vectors.load(tmp_path / "v", check=True).matrix.tobytes() == whole.matrix.tobytes()


@pytest.mark.parametrize("way", ["dbow", "dm"])
def test_documents_go_on_to_the_bytes_of_a_run_that_was_never_stopped(way, tmp_path):
    settings = {"way": way, "dimensions": 8, "min_count": 1, "passes": 4, "subsample": 0}
    whole = firth.train_documents(TEXT, **settings, threads=2)
    kept = firth.Checkpoints(tmp_path / "kept", words=1)
    firth.train_documents(TEXT, **settings, threads=1, checkpoints=kept, on_interval=stop_early)
    again = firth.train_documents(TEXT, **settings, threads=3, checkpoints=kept, resume=True)
    assert again.matrix.tobytes() == whole.matrix.tobytes()
    held = ["not", "to", "be"]
    assert again.infer(held).tobytes() == whole.infer(held).tobytes()


@pytest.mark.parametrize("model", ["dbow", "dm"])
def test_documents_have_a_recipe_of_their_own(model):
    with pytest.raises(SettingsError, match=f"got '{model}'; call firth.train_documents"):
        firth.train(TEXT, model=model)


def test_a_softmax_over_too_many_words_is_refused(monkeypatch):
    monkeypatch.setattr("firth.training.members.MOST_WORDS", 3)
    with pytest.raises(SettingsError, match="expected at most 3 words for softmax over all, got 8; lower it with"):
        firth.train(TEXT, loss="softmax", min_count=1)
