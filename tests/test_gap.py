"""`firth.gap`: the distance from what is possible, against the dense definitions (invariants 14, 17 and 18)."""

import json
import math

import numpy as np
import pytest
from scipy.optimize import minimize

import firth
from firth.errors import CountsError, SettingsError
from firth.evaluation.gap import LEAST_PAIRS
from firth.objectives import (
    Sampling,
    Softmax,
    conditional_entropy,
    mean_divergence,
    sampling_reading,
    unigram_loss,
)
from firth.vectors import Vectors
from planted import counts_of, random_counts, random_vectors, scores_of, texts_of_topics, words_of

RULES = ("allow", "skip", "resample")


@pytest.fixture(scope="module")
def topics():
    return texts_of_topics()


@pytest.fixture(scope="module")
def trained(topics):
    """Vectors of the stream on a text with something to learn, and its counts."""
    settings = {"window": 4, "min_count": 1, "subsample": 0, "threads": 1}
    return firth.train(topics, dimensions=8, passes=40, **settings), firth.count(topics, **settings)


# ── the definitions ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("density", [1.0, 0.3])
def test_softmax_is_the_dense_one(density):
    counts, vectors = random_counts(40, density=density), random_vectors(40)
    seen, scores = counts.matrix().toarray(), scores_of(vectors)
    found = firth.gap(vectors, counts, reading="softmax")
    assert found.value == pytest.approx(Softmax().value(scores, seen), abs=1e-10)
    assert found.gap == pytest.approx(mean_divergence(scores, seen), abs=1e-10)
    assert found.bound == pytest.approx(conditional_entropy(seen), abs=1e-10)
    assert found.bound == pytest.approx(counts.conditional_entropy(), abs=1e-10)
    assert (found.words, found.pairs, found.coverage, found.rows) == (40, counts.total, 1.0, None)
    assert found.standard_error == 0
    assert found.share_closed == 1 - found.gap / found.unigram_gap


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("exponent", [0.75, 0.0, 1.0])
def test_sampling_is_the_dense_one(rule, exponent):
    counts, vectors = random_counts(30, density=0.5, noise_exponent=exponent), random_vectors(30)
    seen, scores = counts.matrix().toarray(), scores_of(vectors)
    noise = counts.observations.noise_distribution(counts.vocabulary.counts)
    objective = Sampling(noise, negatives=3, collisions=rule)
    found = firth.gap(vectors, counts, reading="sampling", negatives=3, collisions=rule)
    read = sampling_reading(scores, noise, negatives=3, collisions=rule)
    assert found.gap == pytest.approx(mean_divergence(read, seen), abs=1e-10)
    assert found.value == pytest.approx(Softmax().value(read, seen), abs=1e-10)
    lowest = objective.optimum(seen)[1]
    assert found.sampling_value == pytest.approx(objective.value(scores, seen), abs=1e-10)
    assert found.sampling_bound == pytest.approx(lowest, abs=1e-10)
    assert found.sampling_gap == pytest.approx(objective.value(scores, seen) - lowest, abs=1e-10)
    unigram = np.tile(np.log(seen.sum(axis=0) / objective.drawn(seen).sum(axis=0)), (30, 1))
    expected = objective.value(unigram, seen) - lowest
    assert found.sampling_unigram_gap == pytest.approx(expected, abs=1e-10)


def test_pmi_weighs_contexts_by_their_pairs():
    counts, vectors = random_counts(20), random_vectors(20)
    seen = counts.matrix().toarray()
    shifted = scores_of(vectors) + np.log(seen.sum(axis=0))
    assert firth.gap(vectors, counts, reading="pmi").gap == pytest.approx(mean_divergence(shifted, seen), abs=1e-10)
    nothing = Vectors(words_of(20), np.zeros((20, 2)), context_matrix=np.zeros((20, 2)))
    found = firth.gap(nothing, counts, reading="pmi")
    assert found.gap == pytest.approx(found.unigram_gap, abs=1e-12)


def test_baselines_are_models_that_do_not_look_at_the_center():
    counts = random_counts(25, density=0.6, noise_exponent=0.5)
    seen = counts.matrix().toarray()
    found = firth.gap(random_vectors(25), counts, reading="softmax")

    def gap_of(shares):
        return mean_divergence(np.tile(np.log(shares), (25, 1)), seen)

    occurrences = counts.vocabulary.counts
    assert found.unigram_gap == pytest.approx(unigram_loss(seen) - found.bound, abs=1e-10)
    assert found.unigram_gap == pytest.approx(gap_of(seen.sum(axis=0) / seen.sum()), abs=1e-10)
    assert found.constant_gap == pytest.approx(math.log(25) - found.bound, abs=1e-10)
    assert found.word_frequency_gap == pytest.approx(gap_of(occurrences / occurrences.sum()), abs=1e-10)
    assert found.noise_gap == pytest.approx(gap_of(occurrences**0.5 / (occurrences**0.5).sum()), abs=1e-10)
    assert found.unigram_gap <= min(found.noise_gap, found.word_frequency_gap, found.constant_gap)


def test_the_unigram_model_as_vectors_closes_nothing():
    counts = random_counts(25, density=0.6)
    shares = counts.marginals / counts.total
    vectors = Vectors(words_of(25), np.ones((25, 1)), context_matrix=np.log(shares)[:, np.newaxis])
    assert firth.gap(vectors, counts, reading="softmax").share_closed == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("rule", RULES)
def test_vectors_that_know_nothing_have_the_gap_of_what_their_reading_says_of_zeros(rule):
    counts = random_counts(25, density=0.6)
    nothing = Vectors(words_of(25), np.zeros((25, 2)), context_matrix=np.zeros((25, 2)))
    found = firth.gap(nothing, counts, reading="sampling", negatives=5, collisions=rule)
    if rule == "allow":
        assert found.gap == pytest.approx(found.noise_gap, abs=1e-12)
    assert found.sampling_value == pytest.approx(sampling_value_of_zeros(counts, rule), abs=1e-12)
    found = firth.gap(nothing, counts, reading="softmax")
    assert found.gap == pytest.approx(found.constant_gap, abs=1e-12)


def sampling_value_of_zeros(counts, rule):
    noise = counts.observations.noise_distribution(counts.vocabulary.counts)
    seen = counts.matrix().toarray()
    return Sampling(noise, negatives=5, collisions=rule).value(np.zeros_like(seen), seen)


def test_vectors_that_say_what_was_seen_have_no_gap():
    counts = random_counts(6)
    seen = counts.matrix().toarray()
    scores = np.log(seen)
    vectors = Vectors(words_of(6), np.eye(6), context_matrix=scores.T)
    assert firth.gap(vectors, counts, reading="softmax").gap == pytest.approx(0, abs=1e-12)
    noise = counts.observations.noise_distribution(counts.vocabulary.counts)
    for rule in RULES:
        best = Sampling(noise, negatives=2, collisions=rule).optimum(seen)[0]
        vectors = Vectors(words_of(6), np.eye(6), context_matrix=best.T)
        found = firth.gap(vectors, counts, reading="sampling", negatives=2, collisions=rule)
        assert found.gap == pytest.approx(0, abs=1e-11)
        assert found.sampling_gap == pytest.approx(0, abs=1e-11)
        assert found.share_closed == pytest.approx(1)


def test_what_scores_do_not_see_the_gap_does_not():
    """Invariant 17, with whole numbers, so that nothing is rounded on the way."""
    counts, rng = random_counts(30, density=0.4), np.random.default_rng(3)
    center, context = rng.integers(-2, 3, (2, 30, 2))
    change, inverse = np.array([[1, 2], [0, 1]]), np.array([[1, -2], [0, 1]])
    plain = Vectors(words_of(30), center, context_matrix=context)
    turned = Vectors(words_of(30), center @ change, context_matrix=context @ inverse.T)
    moved = Vectors(words_of(30), center, context_matrix=context + np.array([3, -2]))
    for how in ({"reading": "softmax"}, {"reading": "sampling", "negatives": 4, "collisions": "skip"}):
        first, second, third = (firth.gap(vectors, counts, **how) for vectors in (plain, turned, moved))
        assert second.gap == pytest.approx(first.gap, abs=1e-12)
        is_softmax = how["reading"] == "softmax"
        assert (third.gap == pytest.approx(first.gap, abs=1e-11)) is is_softmax


def test_words_that_stand_elsewhere_are_found_by_name():
    counts, vectors = random_counts(30), random_vectors(30)
    order = np.random.default_rng(5).permutation(30)
    moved = Vectors(
        [vectors.words[row] for row in order],
        vectors.matrix[order],
        context_matrix=vectors.context_matrix[order],
    )
    first, second = (firth.gap(asked, counts, reading="softmax") for asked in (vectors, moved))
    assert first.as_dict() == second.as_dict()


# ── centres alone ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reading", ["softmax", "sampling", "pmi"])
def test_centers_alone_get_the_best_contexts_there_are(reading):
    counts, vectors = random_counts(15, scale=8), random_vectors(15, 3, has_contexts=False)
    seen, center = counts.matrix().toarray(), vectors.matrix.astype(np.float64)
    noise = counts.observations.noise_distribution(counts.vocabulary.counts)
    offsets = {"softmax": None, "sampling": np.log(noise), "pmi": np.log(counts.marginals / counts.total)}[reading]
    objective = Softmax(offsets=offsets)

    def loss(flat):
        scores = center @ flat.reshape(15, 3).T
        return objective.value(scores, seen), (objective.gradient(scores, seen).T @ center).ravel()

    options = {"maxiter": 10_000, "ftol": 1e-16, "gtol": 1e-11}
    lowest = minimize(loss, np.zeros(45), jac=True, method="L-BFGS-B", options=options).fun
    negatives = 5 if reading == "sampling" else None
    found = firth.gap(vectors, counts, reading=reading, negatives=negatives)
    assert (found.value, found.gap, found.sampling_value) == (None, None, None)
    assert found.value_with_best_contexts == pytest.approx(lowest, abs=1e-9)
    assert found.gap_with_best_contexts == found.value_with_best_contexts - found.bound
    assert found.share_closed == 1 - found.gap_with_best_contexts / found.unigram_gap
    for seed in range(5):
        other = Vectors(words_of(15), center, context_matrix=random_vectors(15, 3, seed=seed).context_matrix)
        assert found.gap_with_best_contexts < firth.gap(other, counts, reading=reading, negatives=negatives).gap


def test_best_contexts_of_many_words_are_found_in_float32(many):
    counts, _ = many
    vectors = firth.fit(counts, dimensions=8, passes=3)
    alone = Vectors(vectors.words, vectors.matrix)
    both, best = firth.gap(vectors, counts), firth.gap(alone, counts, reading="softmax")
    assert 0 < best.gap_with_best_contexts <= both.gap + 1e-5


# ── sampled rows ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", [{"reading": "softmax"}, {"reading": "sampling", "negatives": 5, "collisions": "skip"}])
def test_drawn_rows_are_within_their_standard_error(how):
    counts, vectors = random_counts(120, density=0.2), random_vectors(120)
    exact = firth.gap(vectors, counts, **how)
    drawn = [firth.gap(vectors, counts, rows=40, seed=seed, **how) for seed in range(40)]
    for found in drawn:
        assert abs(found.gap - exact.gap) < 4 * found.standard_error
        assert found.value - exact.value == pytest.approx(found.gap - exact.gap, abs=1e-12)
        assert (found.bound, found.unigram_gap) == (exact.bound, exact.unigram_gap)
        assert 0 < np.isfinite(found.center_gaps).sum() <= 40
        assert found.rows == 40
    errors = np.array([found.gap - exact.gap for found in drawn])
    scale = np.mean([found.standard_error for found in drawn])
    assert abs(errors.mean()) < 4 * scale / 40**0.5
    assert 0.5 < errors.std() / scale < 1.6
    if "negatives" in how:
        assert abs(np.mean([found.sampling_gap for found in drawn]) - exact.sampling_gap) < 0.2 * exact.sampling_gap


def test_as_many_rows_as_there_are_is_exact():
    counts, vectors = random_counts(20), random_vectors(20)
    found = firth.gap(vectors, counts, reading="softmax", rows=20)
    assert (found.standard_error, found.gap) == (0, firth.gap(vectors, counts, reading="softmax").gap)


# ── coverage and held-out ───────────────────────────────────────────────────────────────────────────────────


def test_words_that_only_one_side_has_are_left_out():
    counts, vectors = random_counts(30), random_vectors(30)
    rows = [*range(4, 20), *range(22, 29)]
    part = Vectors(
        [*(vectors.words[row] for row in rows), "other"],
        np.vstack([vectors.matrix[rows], np.full((1, 3), 9)]),
        context_matrix=np.vstack([vectors.context_matrix[rows], np.full((1, 3), 9)]),
    )
    found = firth.gap(part, counts, reading="softmax")
    seen, scores = counts.matrix().toarray()[np.ix_(rows, rows)], scores_of(vectors)[np.ix_(rows, rows)]
    assert found.words == len(rows)
    assert found.coverage == pytest.approx(seen.sum() / counts.total)
    assert found.pairs == seen.sum()
    assert found.gap == pytest.approx(mean_divergence(scores, seen), abs=1e-10)
    assert list(found.vocabulary) == [f"w{row}" for row in rows]


@pytest.mark.parametrize("is_same", [True, False])
def test_held_out_counts_are_another_text(is_same):
    counts, vectors = random_counts(20), random_vectors(20)
    other = random_counts(20, seed=9, density=0.5)
    seen, order = other.matrix().toarray(), np.arange(20)
    if not is_same:
        order = np.random.default_rng(2).permutation(20)
        moved = seen[np.ix_(order, order)]
        other = counts_of(
            np.pad(moved, (0, 1), constant_values=2), words=[*(f"w{place}" for place in order), "unheard"]
        )
    found = firth.gap(vectors, counts, reading="softmax", held_out=other)
    alone = firth.gap(vectors, counts, reading="softmax")
    assert found.gap == alone.gap
    assert found.held_out_gap == pytest.approx(mean_divergence(scores_of(vectors), seen), abs=1e-10)
    assert found.held_out_value == found.held_out_bound + found.held_out_gap
    shares = np.tile(np.log(counts.marginals / counts.total), (20, 1))
    assert found.held_out_unigram_gap == pytest.approx(mean_divergence(shares, seen), abs=1e-10)
    assert found.held_out_coverage == pytest.approx(seen.sum() / other.total)
    assert (found.held_out_coverage == 1) is is_same
    assert found.held_out_standard_error == 0


def test_a_word_that_is_new_is_infinitely_far_from_the_unigram_model():
    cells = np.full((3, 3), 4)
    cells[2] = cells[:, 2] = 0
    counts, other = counts_of(cells), counts_of(np.full((3, 3), 2))
    found = firth.gap(random_vectors(3), counts, reading="softmax", held_out=other)
    assert found.held_out_unigram_gap == math.inf
    assert math.isfinite(found.held_out_gap)


# ── by word, and the certificate ────────────────────────────────────────────────────────────────────────────


def test_contributions_add_up_to_the_gap():
    counts, vectors = random_counts(50, density=0.3, scale=200), random_vectors(50)
    found = firth.gap(vectors, counts, reading="softmax")
    every = found.contributions(None)
    assert len(every) == 50
    assert math.fsum(word.contribution for word in every) == pytest.approx(found.gap, abs=1e-12)
    assert [word.contribution for word in every] == sorted((word.contribution for word in every), reverse=True)
    assert found.contributions() == every[:10]
    by_pair = found.contributions(None, per_pair=True)
    assert {word.word for word in by_pair} == {word.word for word in every if word.pairs >= LEAST_PAIRS}
    assert [word.gap for word in by_pair] == sorted((word.gap for word in by_pair), reverse=True)
    seen, scores = counts.matrix().toarray(), scores_of(vectors)
    row = counts.vocabulary.index(every[0].word)
    assert every[0].gap == pytest.approx(mean_divergence(scores[[row]], seen[[row]]), abs=1e-10)
    assert every[0].pairs == counts.marginals[row]


def test_a_center_without_pairs_has_no_gap():
    cells = random_counts(5).matrix().toarray()
    cells[2] = cells[:, 2] = 0
    found = firth.gap(random_vectors(5), counts_of(cells), reading="softmax")
    assert np.isnan(found.center_gaps).tolist() == [False, False, True, False, False]
    assert "w2" not in [word.word for word in found.contributions()]


def test_a_certificate_says_how_far_the_best_can_be():
    counts = random_counts(12)
    vectors = firth.fit(counts, dimensions=11, l2=0.01)
    found = firth.gap(vectors, counts, l2=0.01).certificate
    assert found["l2"] == 0.01
    assert found["distance"] < 1e-5
    assert found["spectral_norm"] <= 0.01 * (1 + 1e-3)
    worse = firth.gap(firth.fit(counts, dimensions=1, l2=0.01), counts, l2=0.01).certificate
    assert worse["value"] >= found["value"] - 1e-9
    assert worse["value"] - found["value"] <= worse["distance"] + found["distance"] + 1e-6


# ── how vectors are read ────────────────────────────────────────────────────────────────────────────────────


def test_vectors_of_the_stream_are_read_as_they_were_trained(trained):
    """A plain softmax of their scores is the wrong model, worse than none (MATHEMATICS §3)."""
    vectors, counts = trained
    found = firth.gap(vectors, counts)
    assert (found.reading, found.negatives, found.collisions) == ("sampling", 5, "allow")
    assert 0 < found.gap < found.unigram_gap
    assert 0 < found.sampling_gap < found.sampling_unigram_gap
    assert firth.gap(vectors, counts, reading="softmax").gap > found.unigram_gap


def test_the_noise_is_that_of_the_training(topics):
    settings = {"window": 4, "min_count": 1, "subsample": 0, "threads": 1}
    vectors = firth.train(topics, dimensions=4, passes=2, noise_exponent=0.3, **settings)
    counts = firth.count(topics, **settings)
    same = firth.gap(vectors, firth.count(topics, noise_exponent=0.3, **settings))
    assert firth.gap(vectors, counts).gap == same.gap
    unsaid = Vectors(vectors.words, vectors.matrix, context_matrix=vectors.context_matrix)
    assert firth.gap(unsaid, counts, reading="sampling", negatives=5).gap != same.gap


def test_saved_vectors_and_counts_give_the_same(trained, tmp_path):
    vectors, counts = trained
    vectors.save(tmp_path / "v")
    counts.save(tmp_path / "c")
    loaded = firth.gap(Vectors.load(tmp_path / "v"), firth.Counts.load(tmp_path / "c"))
    assert loaded.as_dict() == firth.gap(vectors, counts).as_dict()


def test_the_result_is_plain(trained):
    vectors, counts = trained
    document = firth.gap(vectors, counts, held_out=counts, rows=10).as_dict()
    assert json.loads(json.dumps(document)) == document
    assert list(document["contributions"]) == ["largest", "largest_per_pair"]
    assert list(document["contributions"]["largest"][0]) == ["word", "pairs", "gap", "contribution"]


# ── many words ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def many():
    """Counts of more words than are treated as few, and vectors."""
    return random_counts(700, density=0.05), random_vectors(700, 8)


@pytest.mark.parametrize("how", [{"reading": "softmax"}, {"reading": "sampling", "negatives": 5, "collisions": "skip"}])
def test_many_words_are_read_in_float32_the_same_on_any_number_of_threads(many, how):
    counts, vectors = many
    seen, scores = counts.matrix().toarray(), scores_of(vectors)
    found = [firth.gap(vectors, counts, threads=threads, **how) for threads in (1, 2, 3, 2)]
    noise = counts.observations.noise_distribution(counts.vocabulary.counts)
    if "negatives" in how:
        scores = sampling_reading(scores, noise, negatives=5, collisions="skip")
    assert found[0].gap == pytest.approx(mean_divergence(scores, seen), abs=1e-5)
    assert all(other.as_dict() == found[0].as_dict() for other in found[1:])
    assert all(np.array_equal(other.center_gaps, found[0].center_gaps) for other in found[1:])


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────

SOFTMAX = {"reading": "softmax"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "expected a reading, got vectors that do not say how they were trained; pass reading='sampling' with "),
        ({"reading": "raw"}, "expected reading to be 'softmax' or 'sampling' or 'pmi', got 'raw'; "),
        (
            {"reading": "sampling"},
            "expected negatives, got vectors that do not say with how many they were trained; pass negatives=5",
        ),
        ({"reading": "sampling", "negatives": 0}, "expected negatives to be a whole number ≥ 1, got 0; "),
        (
            {"reading": "sampling", "negatives": 5, "collisions": "forbid"},
            "expected collisions to be 'allow' or 'skip' or 'resample', got 'forbid'; ",
        ),
        (
            {**SOFTMAX, "negatives": 5, "collisions": "skip"},
            "expected settings of noise for reading='sampling' alone, "
            "got negatives and collisions beside reading='softmax'; leave them out",
        ),
        ({**SOFTMAX, "rows": 1}, "expected rows to be a whole number ≥ 2, got 1; "),
        ({**SOFTMAX, "l2": 0}, "expected l2 to be a number above 0 and up to 1e+06, got 0; "),
        ({**SOFTMAX, "seed": -1}, "expected seed to be a whole number from 0"),
        ({**SOFTMAX, "threads": 0}, "expected threads to be a whole number from 1"),
        (
            {"reading": "pmi", "l2": 1},
            "expected both matrices of a softmax or of sampling for a certificate, got reading='pmi'; leave out l2",
        ),
    ],
)
def test_settings_that_have_no_meaning_are_refused(settings, said):
    with pytest.raises(SettingsError) as error:
        firth.gap(random_vectors(4), random_counts(4), **settings)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {**SOFTMAX, "rows": 3},
            "expected both matrices for rows, got centre vectors alone, whose best contexts need all rows; leave out",
        ),
        (
            {"reading": "sampling", "negatives": 5, "collisions": "skip"},
            "expected both matrices for this rule, got centre vectors alone with collisions='skip'; pass ",
        ),
        (
            {**SOFTMAX, "held_out": random_counts(4)},
            "expected both matrices for held-out counts, got centre vectors alone, whose best contexts depend on ",
        ),
        (
            {**SOFTMAX, "l2": 1},
            "expected both matrices of a softmax or of sampling for a certificate, got centre vectors alone; ",
        ),
    ],
)
def test_what_can_not_be_asked_of_centers_alone_is_refused(settings, said):
    with pytest.raises(SettingsError) as error:
        firth.gap(random_vectors(4, has_contexts=False), random_counts(4), **settings)
    assert str(error.value).startswith(said)


def test_noise_that_is_always_the_same_can_not_be_drawn_again():
    vectors = Vectors(["w0"], np.ones((1, 1)), context_matrix=np.ones((1, 1)))
    with pytest.raises(SettingsError, match=r"^expected noise with another word to resample, got noise that is always"):
        firth.gap(vectors, counts_of([[2]]), reading="sampling", negatives=5, collisions="resample")


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            counts_of(np.zeros((2, 2), int), occurrences=[1, 1]),
            "expected counts with a pair, got none; count more text",
        ),
        (
            counts_of(np.ones((2, 2), int), words=["x", "y"]),
            "expected words that both vectors and counts have, got none: the vectors begin with 'w0' 'w1' 'w2', "
            "the counts with 'x' 'y'; ",
        ),
        (
            counts_of([[0, 3], [3, 0]], words=["w0", "y"]),
            "expected counts with a pair, got none between the 1 words that have vectors; ",
        ),
    ],
)
def test_counts_that_say_nothing_of_the_vectors_are_refused(counts, said):
    with pytest.raises(CountsError) as error:
        firth.gap(random_vectors(4), counts, reading="softmax")
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("words", "cells", "said"),
    [
        (["x", "y"], [[0, 3], [3, 0]], "expected counts of words such as 'w0' 'w1' 'w2', got counts that begin with"),
        (["w0", "y"], [[0, 3], [3, 0]], "expected counts with a pair, got none of these words; "),
    ],
)
def test_held_out_counts_of_other_words_are_refused(words, cells, said):
    with pytest.raises(CountsError) as error:
        firth.gap(random_vectors(4), random_counts(4), reading="softmax", held_out=counts_of(cells, words=words))
    assert str(error.value).startswith(said)


# ── the dimension that is enough ────────────────────────────────────────────────────────────────────────────


def test_the_reachable_dimension_is_that_of_the_matrix():
    for seed in range(3):
        counts = random_counts(5, seed=seed)
        assert firth.reachable_dimension(counts).dimension == 4
        assert firth.reachable_dimension(counts, objective="sampling").dimension == 5
    rank_one = counts_of(np.outer([1, 2, 4], [1, 2, 4]))
    assert firth.reachable_dimension(rank_one).dimension == 1
    assert firth.reachable_dimension(rank_one, tolerance=10).dimension == 0
    found = firth.reachable_dimension(random_counts(2_000, density=0.01))  # at once: nothing dense is made
    assert (found.dimension, found.singular_values.size) == (None, 0)
    assert firth.reachable_dimension(counts, objective="sampling", collisions="skip", negatives=2).dimension == 5


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"objective": "glove"}, "expected objective to be 'softmax' or 'sampling', got 'glove'; "),
        ({"negatives": 0}, "expected negatives to be a whole number ≥ 1, got 0; "),
        ({"tolerance": -1}, "expected tolerance to be a finite number ≥ 0, got -1; "),
    ],
)
def test_other_reaches_are_refused(settings, said):
    with pytest.raises(SettingsError) as error:
        firth.reachable_dimension(random_counts(3), **settings)
    assert str(error.value).startswith(said)


def test_a_reach_without_pairs_or_of_too_many_is_refused(monkeypatch):
    with pytest.raises(CountsError, match=r"^expected counts with a pair, got none; "):
        firth.reachable_dimension(counts_of(np.zeros((2, 2), int), occurrences=[1, 1]))
    monkeypatch.setattr("firth.evaluation.reach.MOST_WORDS", 2)
    with pytest.raises(SettingsError, match=r"^expected at most 2 words, as the rank is .*, got 3; pass counts"):
        firth.reachable_dimension(random_counts(3))


PEERS = {
    "gensim": {"sg": 1, "hs": 0, "negative": 3, "ns_exponent": 0.75},
    "fasttext": {"model": "skipgram", "loss": "sampling", "neg": 3},
}


@pytest.mark.parametrize("format", PEERS)
def test_files_of_peers_tell_how_they_are_read(format):
    counts, drawn = random_counts(8), random_vectors(8)
    source = {"format": format, "settings": PEERS[format]}
    held = {"context_matrix": drawn.context_matrix}
    told = firth.gap(Vectors(drawn.words, drawn.matrix, **held, config={"source": source}), counts)
    assert (told.reading, told.negatives) == ("sampling", 3)
    for changes in ({"sg": 0}, {"model": "cbow"}, {"hs": 1}, {"loss": "hierarchical"}, {"negative": "x", "neg": 0}):
        other = {"format": format, "settings": {**PEERS[format], **changes}}
        if set(changes) & set(PEERS[format]):
            with pytest.raises(SettingsError, match="got vectors that do not say how they were trained"):
                firth.gap(Vectors(drawn.words, drawn.matrix, **held, config={"source": other}), counts)
