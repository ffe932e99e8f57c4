"""The streamed trainer: same bytes, finite everywhere, the loss it shows, how it stops."""

import itertools
import logging
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import random_ids
from firth.errors import TrainingError
from firth.objectives.logistic import sigmoid, softplus
from firth.observations import Observations
from firth.randomness import random_uniform, stream_key
from firth.training.blocks import steps_apart, steps_together
from firth.training.estimate import check_memory, estimate_memory
from firth.training.lanes import VECTOR
from firth.training.logistic import logistic_loss
from firth.training.matrices import own_lines, start_matrices
from firth.training.parts import cut_corpus
from firth.training.racing import SCORED_RANGES
from firth.training.rounds import Rounds
from firth.training.sampling_kernel import LOSS, SCORED
from firth.training.schedule import STILL, Rates, linear_rates
from firth.training.settings import RANGE
from firth.training.sharing import BITS, fill_shares
from firth.training.stream import Stream, StreamSettings
from firth.training.window_blocks import window_scores, window_update


def make_stream(ids, words, *, observations=None, **changes):
    ids = np.asarray(ids, np.int32)
    counts = np.maximum(1, np.bincount(ids[ids >= 0], minlength=words))
    arguments = {"dimensions": 20, "negatives": 5, "passes": 2, "learning_rate": 0.025, "threads": 1, "seed": 1}
    settings = StreamSettings(**(arguments | changes))
    return Stream(ids, counts, observations=observations or Observations(), settings=settings)


def bytes_of(result):
    tallies = [(tally.pairs, tally.scored, tally.loss, tally.restrained) for tally in result.passes]
    return result.center.tobytes(), result.context.tobytes(), tallies


def test_racing_on_one_thread_gives_the_same_bytes_twice():
    ids = random_ids(500, 60_000, 1)
    first, second = (make_stream(ids, 500, reproducible=False).train() for _ in range(2))
    assert bytes_of(first) == bytes_of(second)


@pytest.mark.parametrize("words", [3, 500, 80_000])
def test_any_number_of_threads_gives_the_same_bytes(words):
    ids = random_ids(words, 60_000, 1)
    results = [make_stream(ids, words, threads=threads).train() for threads in (1, 2, 3, 4, 8, 8)]
    assert len({repr(bytes_of(result)) for result in results}) == 1
    assert results[0].context.any()


def test_threads_that_would_find_no_work_are_not_started(caplog):
    ids = random_ids(500, 60_000, 1)
    with caplog.at_level(logging.INFO):
        many = make_stream(ids, 500, threads=50)
    assert "8 of 50 threads work: a round has 8 slices" in caplog.text
    assert many.team.threads == 8
    assert bytes_of(many.train()) == bytes_of(make_stream(ids, 500).train())


def test_threads_under_load_give_the_same_bytes():
    """Other threads want the cores, and the interpreter, at the same time."""
    ids = random_ids(500, 200_000, 1)
    alone = make_stream(ids, 500, threads=2).train()
    done = threading.Event()

    def disturb():
        while not done.is_set():
            np.sort(np.arange(20_000)[::-1])

    others = [threading.Thread(target=disturb) for _ in range(3)]
    for other in others:
        other.start()
    try:
        crowded = make_stream(ids, 500, threads=3).train()
    finally:
        done.set()
        for other in others:
            other.join()
    assert bytes_of(alone) == bytes_of(crowded)


def test_rows_copied_without_need_come_out_as_in_place():
    """Words beyond the number of bits share one, so a row that one slice alone touches may be copied all the same."""
    words, near, far = 70_000, 9, BITS + 3  # `far` shares its bit with word 3
    ids = random_ids(10, 3_000, 1)
    other = np.where(ids == near, far, ids).astype(np.int32)
    settings = make_stream(ids, words).settings
    rows = random_uniform(stream_key(1, "generator"), np.arange(10 * 20)).reshape(10, 20) - 0.5
    trained = []
    for text, last in ((ids, near), (other, far)):
        team = Rounds(text, np.ones(words), Observations(subsample=0), settings, length=16)
        names = [*range(near), last]
        team.matrices.center[names, :20] = rows
        with ThreadPoolExecutor(1) as pool:
            team.submit(pool, 0, Rates(0.1, 0.0, 0.1), (0, 1))[0].result()
        trained.append([matrix[names, :20] for matrix in team.matrices[:2]])
    assert not np.allclose(trained[0][0], rows, rtol=0, atol=1e-3)
    for one, two in zip(*trained, strict=True):
        assert np.allclose(one, two, rtol=0, atol=1e-6)


@pytest.mark.parametrize("reproducible", [True, False])
def test_a_pass_in_two_spans_gives_the_bytes_of_one(reproducible):
    ids = random_ids(50, 3 * RANGE, 1)
    trained = []
    for cuts in ((), (1,), (1, 2)):
        team = make_stream(ids, 50, threads=1, reproducible=reproducible).team
        edges = [0, *cuts, team.steps]
        with ThreadPoolExecutor(1) as pool:
            for span in itertools.pairwise(edges):
                team.submit(pool, 0, Rates(0.1, -1e-9, 0.01), span)[0].result()
                assert team.step_reached() == span[1]
        trained.append([matrix[:50].tobytes() for matrix in team.matrices[:2]])
        assert team.positions_done() == len(ids)
    assert trained[0] == trained[1] == trained[2]


@pytest.mark.parametrize("reproducible", [True, False])
def test_what_is_held_out_is_scored_and_never_trained_on(reproducible):
    ids = random_ids(50, 20_000, 1)
    team = make_stream(ids, 50, reproducible=reproducible, held_out=0.1).team
    with ThreadPoolExecutor(2) as pool:
        losses = []
        for rates in (STILL, Rates(0.1, 0.0, 0.1)):
            for future in team.submit(pool, 0, rates):
                future.result()
            trained = team.positions_done()
            team.forget()
            before = team.matrices.center.copy()
            for _ in range(2):
                for future in team.submit_held_out(pool):
                    future.result()
                assert trained + team.positions_done() == len(ids)
                assert 0.08 < team.positions_done() / len(ids) < 0.12
                losses.append(team.tally()[LOSS] / team.tally()[SCORED])
                team.forget()
            assert np.array_equal(team.matrices.center[:50], before[:50])
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    assert losses[2] == pytest.approx(losses[3], rel=1e-12)
    assert losses[2] < losses[0] - 0.1


@given(st.integers(1, 8), st.sampled_from([0.0, 0.05, 0.3]), st.integers(0, 4), st.integers(1, 200))
def test_parts_cover_the_corpus_and_begin_where_they_should(slices, held_out, sentences, length):
    """Where documents of so many sentences are known, none is in two parts; 0 sentences: no document."""
    ids = random_ids(9, length, 1)
    ends = np.unique([*(np.flatnonzero(ids < 0) + 1)[sentences - 1 :: sentences], length]) if sentences else None
    parts = cut_corpus(ids, slices, held_out=held_out, ends=ends)
    assert parts.starts[0] == 0
    assert parts.limits[-1] == len(ids)
    assert np.array_equal(parts.starts[1:], parts.limits[:-1])
    assert (parts.starts <= parts.ends).all()
    assert (parts.ends <= parts.limits).all()
    if not held_out:
        assert np.array_equal(parts.ends, parts.limits)
    if ends is not None:
        assert set(parts.starts) <= {0, *ends}


@pytest.mark.parametrize("words", [50, 70_000])
def test_frozen_rows_stay_as_they_are_and_others_move(words):
    ids = random_ids(50, 5_000, 1)
    frozen = np.array([0, 3, 17])
    teams = [make_stream(ids, words).team for _ in range(2)]
    teams[1].freeze(frozen)
    for team in teams:
        team.matrices.context[: min(words, 50), :20] = 0.01
        with ThreadPoolExecutor(1) as pool:
            team.submit(pool, 0, Rates(0.1, 0.0, 0.1))[0].result()
    free, held = teams
    start = start_matrices(words, 20, seed=1).center
    for moved, kept, before in (
        (free.matrices.center, held.matrices.center, start[:50, :20]),
        (free.matrices.context, held.matrices.context, np.full((50, 20), 0.01, np.float32)),
    ):
        assert np.array_equal(kept[frozen, :20], before[frozen])
        others = np.delete(np.arange(50), frozen)
        assert not (moved[others, :20] == before[others]).any()
        assert not (kept[others, :20] == before[others]).any()


def test_another_seed_gives_other_vectors():
    ids = random_ids(50, 5_000, 1)
    assert make_stream(ids, 50).train().center.tobytes() != make_stream(ids, 50, seed=2).train().center.tobytes()


def test_more_threads_train_the_same_pairs():
    ids = random_ids(500, 200_000, 1)
    one, three = (make_stream(ids, 500, threads=threads).train().passes for threads in (1, 3))
    assert [tally.pairs for tally in one] == [tally.pairs for tally in three]
    assert one[-1].loss / one[-1].scored == pytest.approx(three[-1].loss / three[-1].scored, rel=0.03)


def test_every_range_of_a_race_is_scored_in_one_pass_of_as_many_as_are_scored_at_once():
    race = make_stream(random_ids(50, 40 * RANGE, 1), 50, reproducible=False).team
    numbers = range(race.steps)
    scored = [[number for number in numbers if race.is_scored(number, p)] for p in range(SCORED_RANGES)]
    assert len(numbers) == 40
    assert sorted(number for some in scored for number in some) == list(numbers)
    assert all(len(some) in (2, 3) for some in scored)
    short = make_stream(random_ids(50, 100, 1), 50, reproducible=False).team
    assert all(short.is_scored(0, p) for p in range(5))


def test_rounds_score_a_share_of_a_long_corpus_and_all_of_a_short_one():
    long, short = (make_stream(random_ids(50, n, 1), 50, passes=1).train().passes[0] for n in (400_000, 100_000))
    assert short.scored == short.pairs
    assert long.pairs / 32 < long.scored < long.pairs / 12


def test_training_lowers_the_loss_from_that_of_knowing_nothing():
    ids = np.tile(np.array([0, 1, -1, 2, 3, -1], np.int32), 3000)
    result = make_stream(ids, 4, observations=Observations(window=1, subsample=0), passes=8).train()
    per_pair = [tally.loss / tally.scored for tally in result.passes]
    assert per_pair[0] < 6 * np.log(2)  # what knowing nothing has
    assert max(per_pair[1:]) < 2
    scores = result.center.astype(float) @ result.context.T.astype(float)
    assert scores[0, 1] > scores[0, 2] + 1
    assert scores[2, 3] > scores[2, 1] + 1


@pytest.mark.parametrize("reproducible", [True, False])
@pytest.mark.parametrize("words", [1, 2, 10, 100_000])
@pytest.mark.parametrize("dimensions", [1, 100, 1000])
@pytest.mark.parametrize("negatives", [1, 20])
@pytest.mark.parametrize("rate", [0.025, 0.5])
def test_every_setting_stays_finite(words, dimensions, negatives, rate, reproducible):
    if words * dimensions > 10_000_000:
        words = 10_000_000 // dimensions  # the largest that stays quick; rows drawn are few either way
    for window in (1, 5, 40):
        ids = random_ids(words, 3_000, window, breaks=0.01)
        observations = Observations(window=window, subsample=0 if window > 1 else 1e-3)
        stream = make_stream(
            ids,
            words,
            observations=observations,
            dimensions=dimensions,
            negatives=negatives,
            learning_rate=rate,
            passes=3,
            reproducible=reproducible,
        )
        result = stream.train()
        assert np.isfinite(result.center).all()
        assert np.isfinite(result.context).all()
        assert all(np.isfinite(tally.loss) for tally in result.passes)


@pytest.mark.parametrize("reproducible", [True, False])
@pytest.mark.parametrize("threads", [1, 2])
def test_one_repeated_word_stays_finite_and_is_told(threads, reproducible, caplog):
    ids = np.append(np.zeros(40_000, np.int32), np.int32(-1))
    changes = {"learning_rate": 0.5, "threads": threads, "reproducible": reproducible}
    stream = make_stream(ids, 1, observations=Observations(window=20, subsample=0), **changes)
    result = stream.train()
    assert np.isfinite(result.center).all()
    assert "a vector grew beyond length 100" in caplog.text
    assert "the learning rate 0.5 is too high for 5 negatives and this corpus" in caplog.text


def test_a_corpus_without_pairs_is_refused():
    with pytest.raises(TrainingError, match=r"expected at least two known words beside each other .* no pair at all"):
        make_stream([0, -1, 1, -1], 2).train()


def test_collisions_other_than_allow_are_refused():
    with pytest.raises(TrainingError, match="expected collisions='allow': the stream shares its noise words"):
        make_stream([0, 0, -1], 1, observations=Observations(collisions="skip"))


def test_an_error_in_a_thread_ends_the_run_with_its_own_message(monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("the worker's own message")

    monkeypatch.setattr("firth.training.racing.train_windows", fail)
    monkeypatch.setattr("firth.training.rounds.work_in_rounds", fail)
    for reproducible in (True, False):
        with pytest.raises(ZeroDivisionError, match="the worker's own message"):
            make_stream(random_ids(50, 100_000, 1), 50, threads=2, reproducible=reproducible).train()


def test_an_error_in_the_callback_ends_the_run():
    def fail(_):
        raise LookupError("from the callback")

    with pytest.raises(LookupError, match="from the callback"):
        make_stream(random_ids(50, 100_000, 1), 50, threads=2).train(fail)


@pytest.mark.parametrize("reproducible", [True, False])
def test_interrupt_keeps_what_was_learnt(caplog, reproducible):
    stream = make_stream(random_ids(500, 400_000, 1), 500, passes=1000, threads=2, reproducible=reproducible)
    sent = threading.Event()

    def interrupt(progress):
        if progress.words_per_second and not sent.is_set():
            sent.set()
            os.kill(os.getpid(), signal.SIGINT)

    with caplog.at_level(logging.WARNING):
        result = stream.train(interrupt)
    assert result.interrupted
    assert 0 < len(result.passes) < 1000
    assert result.context.any()
    assert "what was learnt is kept" in caplog.text


def test_progress_tells_share_speed_loss_and_rate():
    reports = []
    make_stream(random_ids(50, 20_000, 1), 50, passes=3).train(reports.append)
    last = reports[-1]
    assert last.stage == "training"
    assert last.share_done == pytest.approx(1)
    assert last.pass_number == last.passes == 3
    assert last.words_per_second > 0
    assert 0 < last.loss_per_pair < 10
    assert last.learning_rate == pytest.approx(0.025 * 1e-4)
    assert last.seconds_left == pytest.approx(0)


def test_progress_comes_no_oftener_than_it_is_of_use():
    reports = []
    make_stream(random_ids(50, 200, 1), 50, passes=300).train(reports.append)
    assert len(reports) < 100
    assert reports[-1].share_done == pytest.approx(1)


def test_a_stream_is_trained_once():
    stream = make_stream(random_ids(50, 2_000, 1), 50)
    stream.train()
    with pytest.raises(TrainingError, match="expected a stream to be trained once, got a second time"):
        stream.train()


@pytest.mark.parametrize("reproducible", [True, False])
def test_measuring_the_speed_changes_nothing(reproducible):
    stream = make_stream(random_ids(50, 50_000, 1), 50, threads=2, reproducible=reproducible)
    before = [matrix[:50].tobytes() for matrix in stream.team.matrices[:2]]
    assert stream.words_per_second() > 0
    assert [matrix[:50].tobytes() for matrix in stream.team.matrices[:2]] == before
    assert not stream.team.tally().any()


def test_rates_fall_along_one_line_over_all_passes():
    ends = [linear_rates(0.1, p, 4, 1000) for p in range(4)]
    for one, next_one in itertools.pairwise(ends):
        assert one.first + one.slope * 1000 == pytest.approx(next_one.first)
    assert ends[0].first == 0.1


def test_start_is_uniform_by_place():
    whole = start_matrices(50, 8, spare=8, seed=3)
    expected = (random_uniform(stream_key(3, "start"), np.arange(400)).reshape(50, 8) - 0.5) / 8
    assert np.array_equal(whole.center[:50, :8], expected.astype(np.float32))
    assert not whole.context.any()
    assert whole.center.ctypes.data % 64 == 0


EXACT = np.concatenate([np.linspace(-30, 30, 4075), [-1e4, -100, 0, 100, 1e4]])
PRECISIONS = [(np.float32, 3e-6), (np.float64, 1e-14)]


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
def test_steps_are_those_of_the_objective(dtype, tolerance):
    exact = own_lines(len(EXACT) // 16 * 16, dtype)
    exact[:] = EXACT[: len(exact)]
    x = exact.astype(float)
    together, sizes = exact.copy(), np.zeros(16, dtype)
    _together(together, sizes)
    assert np.allclose(together[:-5], 0.25 * sigmoid(-x[:-5]), rtol=tolerance, atol=1e-30)
    assert not together[-5:].any()
    assert sizes[: VECTOR // sizes.itemsize].sum() == pytest.approx(together.sum(), rel=1e-5)
    apart = exact.copy()
    weights, times = np.full(16, 0.5, dtype), np.full(16, 2.0, dtype)
    _apart(apart, weights, times, sizes)
    assert np.allclose(apart, -sigmoid(x), rtol=tolerance, atol=1e-30)
    assert sizes[: VECTOR // sizes.itemsize].sum() == pytest.approx(together.sum() - apart.sum(), rel=1e-5)


@numba.njit
def _together(scores, sizes):
    steps_together(scores, len(scores) - 5, 0.25, sizes)  # the last line is not full


@numba.njit
def _apart(scores, weights, times, sizes):
    for start in range(0, len(scores), 16):
        steps_apart(scores[start : start + 16], weights, times, sizes)


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_loss_is_that_of_the_objective(dtype, tolerance, sign):
    exact = EXACT.astype(dtype)
    weights, times = np.full(len(exact), 0.5, dtype), np.full(len(exact), 2.0, dtype)
    for size in (1, 5, 16, len(exact)):
        loss = logistic_loss(exact[:size], weights[:size], times[:size], sign)
        assert loss == pytest.approx(softplus(-sign * exact[:size].astype(float)).sum(), rel=tolerance)


@pytest.mark.parametrize("columns", [16, 112, 128, 144, 304, 1008])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_and_moves_of_a_window_are_those_of_its_rows(columns, dtype):
    """Every size of the first panel, none or several after it."""
    rows = random_uniform(stream_key(1, "generator"), np.arange(24 * columns)).reshape(24, columns) - 0.5
    center, context = own_lines((12, columns), dtype), own_lines((12, columns), dtype)
    center[:], context[:] = rows[:12], rows[12:]
    words = np.array([3, 5, 7, 5, 9, 1], np.int32)
    parts, steps = own_lines((16, VECTOR // center.itemsize), dtype), np.arange(1.0, 17.0).astype(dtype) / 8
    others = [5, 7, 9, 1]  # the window is all but the first word; the word itself is the second 5
    _window(context, 6, center, words, (1, 5, 3), parts, steps)
    assert np.allclose(parts[:4].sum(axis=1), rows[others] @ rows[18], rtol=1e-4 if dtype == np.float32 else 1e-12)
    assert not parts[4:].any()
    expected = rows[18] + steps[:4].astype(float) @ rows[others]
    assert np.allclose(context[6], expected, rtol=0, atol=1e-5 if dtype == np.float32 else 1e-14)
    moved = rows[others] + np.outer(steps[:4].astype(float), rows[18])
    assert np.allclose(center[others], moved, rtol=0, atol=1e-6 if dtype == np.float32 else 1e-14)
    assert np.array_equal(np.delete(context, 6, axis=0), np.delete(rows[12:], 6, axis=0).astype(dtype))
    assert np.array_equal(np.delete(center, others, axis=0), np.delete(rows[:12], others, axis=0).astype(dtype))


@numba.njit
def _window(context, row, center, words, where, parts, steps):
    window_scores(context, row, center, words, where, parts, 0)
    window_update(context, row, center, words, where, steps, 0)


def test_shares_add_small_moves_up_and_take_the_mean_of_large_ones():
    shares = np.zeros((2, 9))
    for relaxation, expected in ((0.0, 1.0), (1e-9, 1.0), (50.0, 1 / 8)):
        fill_shares(shares, relaxation)
        assert shares[0, 1] == 1
        assert shares[0, 8] == pytest.approx(expected, rel=1e-6)
    fill_shares(shares, 0.2)
    for halvings, relaxation in enumerate((0.2, 0.1)):
        way = 1 - np.exp(-relaxation)
        assert np.allclose(shares[halvings, 1:], [(1 - (1 - way) ** m) / (m * way) for m in range(1, 9)], rtol=1e-12)


def test_a_thread_that_fails_to_start_leaves_none_waiting(monkeypatch):
    stream = make_stream(random_ids(50, 100_000, 1), 50, threads=3)
    begun = []

    def refuse(self, function, *arguments):
        if len(begun) == 2:
            raise RuntimeError("can't start new thread")
        begun.append(submit(self, function, *arguments))
        return begun[-1]

    submit = ThreadPoolExecutor.submit
    monkeypatch.setattr(ThreadPoolExecutor, "submit", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        stream.train()


def test_memory_that_the_machine_lacks_is_refused(monkeypatch):
    monkeypatch.setattr("firth.training.estimate.available_memory", lambda: 10**9)
    with pytest.raises(TrainingError) as caught:
        check_memory(estimate_memory(10**7, 300, threads=2, window=5))
    assert "expected room for 29412 MB (matrices 24320, " in str(caught.value)
    assert "got 1000 MB available; use fewer dimensions, a higher min_count, or max_words" in str(caught.value)
