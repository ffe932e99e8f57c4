"""`firth.fit`: exact training arrives where theory says (invariants 9, 10, 15 and 16), and says how it went."""

import json
import logging
import math
import signal

import numpy as np
import pytest

import firth
from firth.errors import CountsError, SettingsError, TrainingError
from firth.objectives import Sampling, ShiftedPmi, Softmax, mean_divergence, unigram_loss
from firth.vectors import Vectors
from planted import counts_of, random_counts, scores_of, texts_of_topics


@pytest.fixture(scope="module")
def many():
    """Counts of more words than are treated as few, with something to learn: words of a class seek one another."""
    rng = np.random.default_rng(0)
    classes, shares = rng.integers(0, 8, 700), rng.pareto(1.5, 700) + 0.2
    rates = np.outer(shares, shares) * np.where(np.equal.outer(classes, classes), 3, 0.2)
    cells = rng.poisson(rates)
    return counts_of(np.triu(cells) + np.triu(cells, 1).T)


# ── what is reached ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [2, 3, 5])
def test_with_dimensions_enough_positive_counts_are_reached(size):
    counts = random_counts(size, seed=size)
    for settings in (
        {"dimensions": size - 1},
        {"objective": "sampling", "dimensions": size},
        {"objective": "sampling", "dimensions": size, "collisions": "skip", "negatives": 2},
        {"objective": "sampling", "dimensions": size, "collisions": "resample", "negatives": 3},
    ):
        vectors = firth.fit(counts, **settings)
        training = vectors.config["training"]
        assert 0 <= training["gap"] + 1e-12 < 1e-8
        assert training["share_closed"] == pytest.approx(1, abs=1e-4)
        found = firth.gap(vectors, counts)
        assert found.gap == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_planted_scores_are_reached_from_their_rank_on(rank):
    rng = np.random.default_rng(rank)
    factors = rng.uniform(-1, 1, (7, rank))
    signs = np.array([1, -1, 1])[:rank]
    counts = counts_of(np.round(1e9 * np.exp((factors * signs) @ factors.T)))
    assert firth.reachable_dimension(counts, tolerance=1e-5).dimension == rank
    gaps = [firth.fit(counts, dimensions=dimensions).config["training"]["gap"] for dimensions in (rank, rank + 1)]
    assert max(gaps) < 1e-8
    if rank > 1:
        assert firth.fit(counts, dimensions=rank - 1).config["training"]["gap"] > 1e-4


def test_planted_scores_of_sampling_are_reached_from_their_rank_on():
    """With K = V uniform noise words x* = log N⁺ − log N(c): a column of ones in the factors holds the second part."""
    factors = np.column_stack([np.ones(6), np.array([2, 1, 0, -1, 1, -2]) / 2])
    counts = counts_of(np.round(1e9 * np.exp(factors @ factors.T)), noise_exponent=0.0)
    assert firth.reachable_dimension(counts, objective="sampling", negatives=6, tolerance=1e-5).dimension == 2
    settings = {"objective": "sampling", "negatives": 6}
    gaps = [firth.fit(counts, dimensions=d, **settings).config["training"]["gap"] for d in (1, 2, 3)]
    assert gaps[0] > 1e-3
    assert max(gaps[1:]) < 1e-8


@pytest.mark.parametrize("size", [3, 4, 5])
def test_words_that_each_see_only_themselves_stop_at_their_floor_in_one_dimension(size):
    counts = counts_of(2 * np.eye(size, dtype=int))
    floor = math.fsum(math.log(min(k, size + 1 - k)) for k in range(1, size + 1)) / size
    losses = [firth.fit(counts, dimensions=1, seed=seed).config["training"]["loss_per_pair"] for seed in range(4)]
    assert min(losses) >= floor - 1e-12
    assert min(losses) == pytest.approx(floor, abs=5e-3)


def test_a_certain_pair_is_approached():
    training = firth.fit(counts_of([[0, 1], [1, 0]]), dimensions=1).config["training"]
    assert 0 < training["loss_per_pair"] < 1e-6
    assert training["bound"] == 0


def test_one_word_has_nothing_to_learn():
    training = firth.fit(counts_of([[4]]), dimensions=2).config["training"]
    assert training["gap"] == pytest.approx(0, abs=1e-15)
    assert training["share_closed"] == 1


@pytest.mark.parametrize("objective", ["softmax", "sampling"])
def test_more_dimensions_leave_less(objective):
    counts = firth.count(texts_of_topics(200), min_count=20, subsample=0, window=4)
    gaps = [firth.fit(counts, objective=objective, dimensions=d, l2=1e-3).config["training"]["gap"] for d in (1, 2, 4)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > gaps[-1] + 0.001


# ── what is said of it ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("objective", ["softmax", "sampling"])
def test_the_config_says_how_it_went(many, objective):
    vectors = firth.fit(many, objective=objective, dimensions=12, passes=4, tolerance=0, seed=3, threads=2)
    seen, scores = many.matrix().toarray(), scores_of(vectors)
    noise = many.observations.noise_distribution(many.vocabulary.counts)
    oracle = Softmax() if objective == "softmax" else Sampling(noise, negatives=5)
    training = vectors.config["training"]
    assert training["loss_per_pair"] == pytest.approx(oracle.value(scores, seen), abs=1e-5)
    assert training["bound"] == pytest.approx(oracle.optimum(seen)[1], abs=1e-6)
    assert training["gap"] == training["loss_per_pair"] - training["bound"]
    if objective == "softmax":
        assert training["unigram"] == pytest.approx(unigram_loss(seen), abs=1e-6)
    reducible = training["unigram"] - training["bound"]
    assert training["share_closed"] == pytest.approx(1 - training["gap"] / reducible)
    assert training["share_closed"] > 0.1
    assert [sweep["sweep"] for sweep in training["sweeps"]] == [1, 2, 3, 4]
    losses = [sweep["loss_per_pair"] for sweep in training["sweeps"]]
    assert losses == sorted(losses, reverse=True)
    assert training["loss_per_pair"] < losses[-1]
    assert all(set(sweep) == SWEEP for sweep in training["sweeps"])
    assert (training["stopped"], training["interrupted"], training["reading"]) == ("passes", False, objective)
    assert (training["dimensions"], training["seed"], training["passes"]) == (12, 3, 4)
    assert (training.get("negatives"), training.get("collisions")) == (
        (5, "allow") if noise_of(training) else (None,) * 2
    )
    assert training["observations"] == many.observations.as_dict()
    assert training["made_with"]["numpy"] == np.__version__
    assert vectors.config["counts"]["pairs"] == many.total
    assert json.loads(json.dumps(vectors.config)) == vectors.config
    assert list(vectors.words) == list(many.vocabulary.words)
    assert vectors.counts.tolist() == many.vocabulary.counts.tolist()
    assert firth.gap(vectors, many).reading == objective


SWEEP = {"sweep", "loss_per_pair", "share_closed", "held_out_loss_per_pair", "seconds"}


def noise_of(training):
    return training["reading"] == "sampling"


def test_fit_and_gap_agree(many):
    vectors = firth.fit(many, dimensions=8, passes=2)
    assert firth.gap(vectors, many).gap == pytest.approx(vectors.config["training"]["gap"], abs=1e-5)
    vectors = firth.fit(many, objective="sampling", dimensions=8, passes=2, collisions="skip", negatives=3)
    found = firth.gap(vectors, many)
    assert (found.negatives, found.collisions) == (3, "skip")
    assert found.sampling_gap == pytest.approx(vectors.config["training"]["gap"], abs=1e-5)


def test_vectors_are_saved_with_all_that_is_said(many, tmp_path):
    vectors = firth.fit(many, dimensions=8, passes=2, held_out=many)
    vectors.save(tmp_path / "v")
    loaded = Vectors.load(tmp_path / "v", check=True)
    assert loaded.config["training"] == vectors.config["training"]
    assert loaded.config["counts"] == vectors.config["counts"]
    assert firth.gap(loaded, many).as_dict() == firth.gap(vectors, many).as_dict()
    card = (tmp_path / "v" / "README.md").read_text(encoding="utf-8")
    training = vectors.config["training"]
    assert "full softmax, exact" in card
    assert f"{training['share_closed']:.1%} of the unigram model's gap is closed" in card
    assert "| sweep | loss per pair (nats) | share closed | held-out loss |" in card
    assert "\n## Counts\n" in card
    assert "train --verify" not in card


# ── the same bytes ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("settings", [{}, {"objective": "sampling", "l2": 1e-5}], ids=["softmax", "sampling"])
def test_threads_and_repetition_change_no_byte(many, settings):
    found = [firth.fit(many, dimensions=10, passes=3, threads=threads, **settings) for threads in (1, 2, 3, 2)]
    for other in found[1:]:
        assert np.array_equal(other.matrix, found[0].matrix)
        assert np.array_equal(other.context_matrix, found[0].context_matrix)
        losses = [[sweep["loss_per_pair"] for sweep in v.config["training"]["sweeps"]] for v in (other, found[0])]
        assert losses[0] == losses[1]
    other = firth.fit(many, dimensions=10, passes=3, threads=2, seed=2, **settings)
    assert not np.array_equal(other.matrix, found[0].matrix)


def test_few_words_too():
    counts = random_counts(20, density=0.5)
    found = [firth.fit(counts, dimensions=2, threads=threads, l2=1e-3) for threads in (1, 2)]
    assert np.array_equal(found[0].matrix, found[1].matrix)


# ── when it stops ───────────────────────────────────────────────────────────────────────────────────────────


def test_it_stops_when_a_sweep_gains_little(many):
    training = firth.fit(many, dimensions=4, passes=100, tolerance=0.02).config["training"]
    assert training["stopped"] == "tolerance"
    assert 2 <= len(training["sweeps"]) < 100


def test_it_stops_where_held_out_text_gets_worse(many):
    rng = np.random.default_rng(8)
    cells = rng.binomial(many.matrix().toarray().astype(int), 0.5)
    cells = np.triu(cells) + np.triu(cells, 1).T
    part, rest = counts_of(cells), counts_of(many.matrix().toarray() - cells)
    vectors = firth.fit(part, dimensions=60, passes=60, tolerance=0, held_out=rest)
    training = vectors.config["training"]
    assert training["stopped"] == "held-out"
    held = [sweep["held_out_loss_per_pair"] for sweep in training["sweeps"]]
    assert held[-1] > held[-2] == min(held)
    found = firth.gap(vectors, part, held_out=rest)
    assert training["held_out_loss_per_pair"] == pytest.approx(found.held_out_value, abs=1e-5)


def test_of_few_words_the_held_out_loss_is_measured_at_the_end():
    counts, other = random_counts(6), random_counts(6, seed=4)
    vectors = firth.fit(counts, dimensions=2, held_out=other)
    expected = Softmax().value(scores_of(vectors), other.matrix().toarray())
    assert vectors.config["training"]["held_out_loss_per_pair"] == pytest.approx(expected, abs=1e-6)


def test_ctrl_c_ends_training_after_the_sweep(many):
    def interrupt(report):
        if report.pass_number == 2:
            signal.raise_signal(signal.SIGINT)

    training = firth.fit(many, dimensions=4, passes=50, tolerance=0, on_progress=interrupt).config["training"]
    assert (training["stopped"], training["interrupted"]) == ("interrupted", True)
    assert 2 <= len(training["sweeps"]) <= 3


def test_progress_tells_the_gap(many, caplog):
    reports = []
    with caplog.at_level(logging.INFO, logger="firth"):
        vectors = firth.fit(many, dimensions=4, passes=3, tolerance=0, on_progress=reports.append)
    training = [report for report in reports if report.stage == "training"]
    assert [report.pass_number for report in training] == [1, 1, 2, 3]
    assert [report.share_done for report in training] == [0, 1 / 3, 2 / 3, 1]
    bound = vectors.config["training"]["bound"]
    assert all(report.gap == report.loss_per_pair - bound for report in training[1:])
    said = [record.message for record in caplog.records if record.message.startswith("sweep ")]
    assert [line.split(":")[0] for line in said] == ["sweep 1", "sweep 2", "sweep 3"]
    assert " closed, " in said[0]


# ── words without pairs, penalties, factorisation ───────────────────────────────────────────────────────────


def test_a_word_without_pairs_has_a_vector_of_zeros_and_it_is_said(caplog):
    cells = random_counts(5).matrix().toarray()
    cells[3] = cells[:, 3] = 0
    counts = counts_of(cells)
    vectors = firth.fit(counts, dimensions=2)
    assert not vectors.matrix[3].any()
    assert vectors.matrix[2].any()
    assert "1 words are in no pair (such as 'w3'): their vectors are zero" in caplog.messages
    scores = scores_of(vectors)
    expected = vectors.config["training"]["gap"]
    assert mean_divergence(scores, cells) == pytest.approx(expected, abs=1e-9)


def test_a_penalty_shortens_vectors():
    counts = random_counts(8)
    lengths = [np.linalg.norm(firth.fit(counts, dimensions=3, l2=l2).matrix) for l2 in (1e-4, 1e-2, 10)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < 1e-4


def test_ppmi_is_the_best_factorization(many):
    vectors = firth.fit(many, objective="ppmi", dimensions=12, shift=0.2)
    training, seen = vectors.config["training"], many.matrix().toarray()
    assert training["value"] == pytest.approx(ShiftedPmi(shift=0.2).value(scores_of(vectors), seen), rel=1e-4)
    assert training["lowest"] <= training["value"] * (1 + 1e-6) < training["lowest"] * 1.01
    assert (training["reading"], training["shift"], training["stopped"]) == ("pmi", 0.2, "optimum")
    found = firth.gap(vectors, many)
    assert (found.reading, found.sampling_value) == ("pmi", None)
    assert 0 < found.gap < found.unigram_gap
    assert json.loads(json.dumps(vectors.config)) == vectors.config


def test_glove_keeps_the_bias_of_contexts_among_its_coordinates(many):
    vectors = firth.fit(many, objective="glove", dimensions=12)
    training = vectors.config["training"]
    assert vectors.matrix.shape == (700, 12)
    known = vectors.matrix[many.marginals > 0, -1]
    assert (known == known[0]).all()
    assert training["value"] == training["values"][-1] < training["values"][0]
    assert firth.gap(vectors, many).reading == "softmax"
    with pytest.raises(SettingsError, match=r"^expected dimensions to be a whole number ≥ 2, got 1; "):
        firth.fit(many, objective="glove", dimensions=1)


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"objective": "hinge"}, "expected objective to be 'softmax' or 'sampling' or 'ppmi' or 'glove', got"),
        ({"dimensions": 0}, "expected dimensions to be a whole number from 1 to 100000, got 0; "),
        ({"objective": "sampling", "negatives": 0}, "expected negatives to be a whole number from 1 to 1000, got 0; "),
        ({"objective": "sampling", "collisions": "x"}, "expected collisions to be 'allow' or 'skip' or 'resample'"),
        ({"negatives": 7}, "expected negatives only with objective='sampling', got objective='softmax'; leave out neg"),
        ({"collisions": "skip"}, "expected collisions only with objective='sampling', got objective='softmax'; "),
        ({"shift": 1}, "expected shift only with objective='ppmi', got objective='softmax'; leave out shift"),
        (
            {"objective": "ppmi", "l2": 0.1},
            "expected l2 only with objective='softmax' or 'sampling', got objective='ppmi'; leave out l2",
        ),
        ({"objective": "ppmi", "held_out": random_counts(3)}, "expected held_out only with objective='softmax' or "),
        ({"l2": -1}, "expected l2 to be a number from 0 to 1e+06, got -1; "),
        ({"passes": 0}, "expected passes to be a whole number ≥ 1, got 0; "),
        ({"tolerance": 2}, "expected tolerance to be a number from 0 to 1, got 2; "),
        ({"threads": 0}, "expected threads to be a whole number from 1"),
        ({"seed": -1}, "expected seed to be a whole number from 0"),
    ],
)
def test_settings_that_have_no_meaning_are_refused(settings, said):
    with pytest.raises(SettingsError) as error:
        firth.fit(random_counts(3), **settings)
    assert str(error.value).startswith(said)


def test_counts_without_a_pair_are_refused():
    nothing = counts_of(np.zeros((2, 2), int), occurrences=[1, 1])
    with pytest.raises(CountsError, match=r"^expected counts with a pair, got none; count more text"):
        firth.fit(nothing)
    with pytest.raises(CountsError, match=r"^expected counts with a pair, got none of these words; "):
        firth.fit(random_counts(2), held_out=nothing)


def test_noise_that_is_always_the_same_can_not_be_drawn_again():
    with pytest.raises(SettingsError, match=r"^expected noise with another word to resample, got noise that is always"):
        firth.fit(counts_of([[2]]), objective="sampling", collisions="resample")


def test_what_there_is_no_room_for_is_refused_before(monkeypatch):
    monkeypatch.setattr("firth.training.estimate.available_memory", lambda: 5 * 10**7)
    with pytest.raises(TrainingError) as error:
        firth.fit(random_counts(3), dimensions=10)
    assert str(error.value).startswith("expected room for ")
    assert str(error.value).endswith("50 MB available; use fewer dimensions, or counts.restricted(…) to fewer words")
