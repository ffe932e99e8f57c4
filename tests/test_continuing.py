"""Training that goes on from saved vectors: rows that are known, new ones, frozen ones."""

import numpy as np
import pytest

import firth
from firth.errors import SettingsError
from firth.recipes.continuing import start_of
from firth.vectors import SubwordVectors

OLD = [["the", "cat", "sat", "on", "the", "mat"], ["a", "cat", "and", "a", "dog", "sat"]] * 30
NEW = [["the", "cat", "chased", "the", "mouse"], ["a", "mouse", "and", "a", "cat", "chased"]] * 30
SETTINGS = {"dimensions": 12, "min_count": 1, "passes": 3, "threads": 1, "learning_rate": 0.05, "subsample": 0}
NGRAMS = firth.Subwords(smallest=2, longest=4, buckets=None)


def rows(vectors, words, name="matrix"):
    return np.array([getattr(vectors, name)[vectors.index(word)] for word in words])


@pytest.fixture(scope="module")
def old():
    return firth.train(OLD, **SETTINGS)


@pytest.fixture(scope="module")
def old_of_subwords():
    return firth.train(OLD, **SETTINGS, subwords=NGRAMS)


def settings_without(*names):
    return {name: value for name, value in SETTINGS.items() if name not in names}


def test_all_words_are_there_with_the_counts_of_both_texts(old):
    both = firth.train(NEW, **SETTINGS, start=old)
    assert set(both.words) == set(old.words) | {"chased", "mouse"}
    seen = {word: sum(sentence.count(word) for sentence in [*OLD, *NEW]) for word in both.words}
    assert {word: int(both.counts[both.index(word)]) for word in both.words} == seen
    assert (np.diff(both.counts.astype(int)) <= 0).all()


@pytest.mark.parametrize("reproducible", [True, False])
def test_words_that_do_not_occur_stay_and_others_start_where_they_were(old, reproducible):
    again = firth.train(NEW, **{**SETTINGS, "learning_rate": 1e-9}, start=old, reproducible=reproducible)
    for name in ("matrix", "context_matrix"):
        assert np.array_equal(
            rows(again, ["sat", "on", "mat", "dog"], name), rows(old, ["sat", "on", "mat", "dog"], name)
        )
        assert np.allclose(rows(again, ["the", "cat", "a"], name), rows(old, ["the", "cat", "a"], name), atol=1e-6)
    moved = firth.train(NEW, **SETTINGS, start=old, reproducible=reproducible)
    assert np.abs(rows(moved, ["the", "cat", "a"]) - rows(old, ["the", "cat", "a"])).max(axis=1).min() > 1e-3


def test_frozen_words_stay_and_new_ones_are_drawn_to_them(old):
    moved = firth.train(NEW, **SETTINGS, start=old, frozen=True)
    for name in ("matrix", "context_matrix"):
        assert np.array_equal(rows(moved, old.words, name), rows(old, old.words, name))
    assert np.linalg.norm(rows(moved, ["chased", "mouse"]), axis=1).min() > 0.1
    some = firth.train(NEW, **SETTINGS, start=old, frozen=["cat", "sat"])
    assert np.array_equal(rows(some, ["cat", "sat"]), rows(old, ["cat", "sat"]))
    assert not np.array_equal(rows(some, ["the"]), rows(old, ["the"]))


def test_new_words_start_with_the_ngrams_that_are_known(old_of_subwords):
    still = {**SETTINGS, "learning_rate": 1e-9}
    again = firth.train([["cats", "dogs"]] * 9, **still, start=old_of_subwords)
    assert again.subwords.settings == NGRAMS
    known = old_of_subwords.subwords
    for word in ("cats", "dogs"):
        ngrams = NGRAMS.ngrams(word)
        there = known.rows(word)
        assert 0 < (there >= 0).sum() < len(ngrams)
        for ngram, row in zip(ngrams, there, strict=True):
            if row >= 0:
                now = again.subwords.ngram_matrix[again.subwords.keys.find(ngram)]
                assert np.allclose(now, known.ngram_matrix[row], atol=1e-6)
    assert np.allclose(rows(again, ["the", "cat"]), rows(old_of_subwords, ["the", "cat"]), atol=1e-6)


def test_frozen_words_of_subwords_stay_and_the_folder_is_whole(old_of_subwords, tmp_path):
    moved = firth.train(NEW, **SETTINGS, start=old_of_subwords, frozen=True)
    assert np.array_equal(rows(moved, old_of_subwords.words), rows(old_of_subwords, old_of_subwords.words))
    unfrozen = firth.train(NEW, **SETTINGS, start=old_of_subwords)
    assert not np.array_equal(rows(unfrozen, ["mat"]), rows(old_of_subwords, ["mat"]))  # it shares n-grams with "mouse"
    for vectors, name in ((moved, "moved"), (unfrozen, "unfrozen")):
        vectors.save(tmp_path / name)
        assert len(firth.Vectors.load(tmp_path / name, check=True)) == len(old_of_subwords) + 2


def test_any_number_of_threads_gives_the_same_bytes(old):
    one, three = (
        firth.train(NEW, **{**SETTINGS, "threads": threads}, start=old, frozen=["cat"]).matrix for threads in (1, 3)
    )
    assert one.tobytes() == three.tobytes()


def test_vectors_without_contexts_or_counts_can_be_gone_on_from(old):
    bare = firth.Vectors(old.words, old.matrix)
    both = firth.train(NEW, **SETTINGS, start=bare)
    assert both.counts is None
    assert list(both.words)[-4:] == [word for word in old.words if word not in {"the", "cat", "a", "and"}]
    assert not rows(both, ["sat"], "context_matrix").any()


def test_a_run_goes_on_from_a_checkpoint_to_the_same_bytes(old, tmp_path):
    whole = firth.train(NEW, **SETTINGS, start=old, frozen=["cat"])

    def stop(interval):
        return interval.number == 2

    kept = firth.Checkpoints(tmp_path / "kept", words=1)
    firth.train(NEW, **SETTINGS, start=old, frozen=["cat"], checkpoints=kept, on_interval=stop)
    again = firth.train(NEW, **SETTINGS, start=old, frozen=["cat"], checkpoints=kept, resume=True)
    assert again.matrix.tobytes() == whole.matrix.tobytes()
    with pytest.raises(SettingsError, match="start"):
        firth.train(NEW, **SETTINGS, start=old, checkpoints=kept, resume=True)


def test_the_folder_says_where_it_started_and_is_not_verified(old, tmp_path):
    both = firth.train(NEW, **settings_without("dimensions"), start=old)
    assert both.config["training"]["start"]["words"] == len(old)
    with pytest.raises(SettingsError, match="went on from other vectors"):
        firth.verify(both, NEW)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dimensions": 7}, "expected dimensions=12, as the vectors that training goes on from, got 7"),
        ({"loss": "hierarchical"}, "the tree of another text has other nodes"),
        ({"frozen": "cat"}, "expected frozen to be True, False or words, got 'cat'; pass \\['cat'\\]"),
        ({"frozen": ["cow"]}, "expected frozen words with a vector in the start, got 1 without one, such as 'cow'"),
        ({"frozen": True, "reproducible": False}, "expected reproducible=True where words are frozen"),
        ({"subwords": NGRAMS}, "expected subwords as the vectors have that training goes on from, None"),
    ],
)
def test_what_can_not_go_on_is_refused(old, changes, message):
    with pytest.raises(SettingsError, match=message):
        firth.train(NEW, **{**SETTINGS, "start": old, **changes})


def test_words_are_frozen_only_where_there_are_vectors():
    with pytest.raises(SettingsError, match="expected vectors to go on from, where words are frozen, got none"):
        start_of(None, True, None)


def test_pruned_models_are_not_gone_on_from(old_of_subwords):
    held = old_of_subwords.subwords
    own, ngrams = held.word_matrix, held.ngram_matrix[:5]
    pruned = SubwordVectors(NGRAMS, word_matrix=own, ngram_matrix=ngrams, keys=held.keys[:5], absent="left out")
    vectors = firth.Vectors(old_of_subwords.words, old_of_subwords.matrix, subwords=pruned)
    with pytest.raises(
        SettingsError, match=r"got a model from which some were pruned, .*; go on from the model before"
    ):
        firth.train(NEW, **SETTINGS, start=vectors)


@pytest.mark.parametrize("format", ["word2vec", "fasttext"])
def test_files_of_other_tools_are_gone_on_from(old, format, tmp_path):
    old.export(tmp_path / "old", format)
    again = firth.train(NEW, **SETTINGS, start=tmp_path / "old", frozen=True)
    assert np.array_equal(rows(again, old.words), old.matrix)
