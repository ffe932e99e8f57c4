"""The streamed trainer: same bytes, finite everywhere, the loss it shows, how it stops."""

import itertools
import logging
import os
import signal
import threading

import numpy as np
import pytest

from contract import random_ids
from firth.errors import TrainingError
from firth.objectives.logistic import sigmoid, softplus
from firth.observations import Observations
from firth.randomness import random_uniform, stream_key
from firth.training import stream as stream_module
from firth.training.estimate import check_memory, estimate_memory
from firth.training.logistic import logistic_loss, logistic_steps
from firth.training.matrices import start_matrices
from firth.training.schedule import linear_rates
from firth.training.stream import Stream, StreamSettings


def make_stream(ids, words, *, observations=None, **changes):
    ids = np.asarray(ids, np.int32)
    counts = np.maximum(1, np.bincount(ids[ids >= 0], minlength=words))
    arguments = {"dimensions": 20, "negatives": 5, "passes": 2, "learning_rate": 0.025, "threads": 1, "seed": 1}
    settings = StreamSettings(**(arguments | changes))
    return Stream(ids, counts, observations=observations or Observations(), settings=settings)


def test_one_thread_gives_the_same_bytes_twice():
    ids = random_ids(500, 60_000, 1)
    first, second = (make_stream(ids, 500).train() for _ in range(2))
    assert first.center.tobytes() == second.center.tobytes()
    assert first.context.tobytes() == second.context.tobytes()
    assert [t.loss for t in first.passes] == [t.loss for t in second.passes]


def test_another_seed_gives_other_vectors():
    ids = random_ids(50, 5_000, 1)
    assert make_stream(ids, 50).train().center.tobytes() != make_stream(ids, 50, seed=2).train().center.tobytes()


def test_more_threads_train_the_same_pairs():
    ids = random_ids(500, 200_000, 1)
    one, three = (make_stream(ids, 500, threads=threads).train().passes for threads in (1, 3))
    assert [tally.pairs for tally in one] == [tally.pairs for tally in three]
    assert one[-1].loss / one[-1].scored == pytest.approx(three[-1].loss / three[-1].scored, rel=0.03)


def test_every_range_is_scored_in_one_pass_of_as_many_as_are_scored_at_once():
    stream = make_stream(random_ids(50, 40 * stream_module.RANGE, 1), 50)
    starts = range(0, 40 * stream_module.RANGE, stream_module.RANGE)
    scored = [[start for start in starts if stream.is_scored(start, p)] for p in range(stream_module.SCORED_RANGES)]
    assert sorted(start for some in scored for start in some) == list(starts)
    assert all(len(some) in (2, 3) for some in scored)
    short = make_stream(random_ids(50, 100, 1), 50)
    assert all(short.is_scored(0, p) for p in range(5))


def test_training_lowers_the_loss_from_that_of_knowing_nothing():
    ids = np.tile(np.array([0, 1, -1, 2, 3, -1], np.int32), 3000)
    result = make_stream(ids, 4, observations=Observations(window=1, subsample=0), passes=8).train()
    per_pair = [tally.loss / tally.scored for tally in result.passes]
    assert per_pair[0] < 6 * np.log(2)  # what knowing nothing has
    assert max(per_pair[1:]) < 2
    scores = result.center.astype(float) @ result.context.T.astype(float)
    assert scores[0, 1] > scores[0, 2] + 1
    assert scores[2, 3] > scores[2, 1] + 1


@pytest.mark.parametrize("words", [1, 2, 10, 100_000])
@pytest.mark.parametrize("dimensions", [1, 100, 1000])
@pytest.mark.parametrize("negatives", [1, 20])
@pytest.mark.parametrize("rate", [0.025, 0.5])
def test_every_setting_stays_finite(words, dimensions, negatives, rate):
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
        )
        result = stream.train()
        assert np.isfinite(result.center).all()
        assert np.isfinite(result.context).all()
        assert all(np.isfinite(tally.loss) for tally in result.passes)


@pytest.mark.parametrize("threads", [1, 2])
def test_one_repeated_word_stays_finite_and_is_told(threads, caplog):
    ids = np.append(np.zeros(40_000, np.int32), np.int32(-1))
    stream = make_stream(ids, 1, observations=Observations(window=20, subsample=0), learning_rate=0.5, threads=threads)
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

    monkeypatch.setattr(stream_module, "train_windows", fail)
    with pytest.raises(ZeroDivisionError, match="the worker's own message"):
        make_stream(random_ids(50, 100_000, 1), 50, threads=2).train()


def test_an_error_in_the_callback_ends_the_run():
    def fail(_):
        raise LookupError("from the callback")

    with pytest.raises(LookupError, match="from the callback"):
        make_stream(random_ids(50, 100_000, 1), 50, threads=2).train(fail)


def test_interrupt_keeps_what_was_learnt(caplog):
    stream = make_stream(random_ids(500, 400_000, 1), 500, passes=1000)
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


def test_measuring_the_speed_changes_nothing():
    stream = make_stream(random_ids(50, 50_000, 1), 50)
    before = stream.matrices.center.tobytes(), stream.matrices.context.tobytes()
    assert stream.words_per_second() > 0
    assert (stream.matrices.center.tobytes(), stream.matrices.context.tobytes()) == before
    assert stream.loss_so_far() == (0, 0)


def test_rates_fall_along_one_line_over_all_passes():
    ends = [linear_rates(0.1, p, 4, 1000) for p in range(4)]
    for one, next_one in itertools.pairwise(ends):
        assert one.first + one.slope * 1000 == pytest.approx(next_one.first)
    assert ends[0].first == 0.1


def test_start_is_uniform_by_place():
    whole = start_matrices(50, 8, threads=2, seed=3)
    expected = (random_uniform(stream_key(3, "start"), np.arange(400)).reshape(50, 8) - 0.5) / 8
    assert np.array_equal(whole.center[:50, :8], expected.astype(np.float32))
    assert not whole.context.any()
    assert whole.center.ctypes.data % 64 == 0


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 3e-6), (np.float64, 1e-14)])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_logistic_steps_are_those_of_the_objective(dtype, tolerance, sign):
    exact = np.concatenate([np.linspace(-30, 30, 4001), [-1e4, -100, 0, 100, 1e4]]).astype(dtype)
    weights, times = np.full(len(exact), 0.5, dtype), np.full(len(exact), 2.0, dtype)
    scores = exact.copy()
    logistic_steps(scores, weights, times, sign, 0.25)
    x = exact.astype(float)
    assert np.allclose(scores, 0.25 * sign * sigmoid(-sign * x), rtol=tolerance, atol=1e-12)
    for size in (1, 5, 16, len(exact)):
        loss = logistic_loss(exact[:size], weights[:size], times[:size], sign)
        assert loss == pytest.approx(softplus(-sign * x[:size]).sum(), rel=tolerance)


def test_memory_that_the_machine_lacks_is_refused(monkeypatch):
    monkeypatch.setattr("firth.training.estimate.available_memory", lambda: 10**9)
    with pytest.raises(TrainingError) as caught:
        check_memory(estimate_memory(10**7, 300, threads=2, window=5))
    assert "expected room for 29412 MB (matrices 24320, " in str(caught.value)
    assert "got 1000 MB available; use fewer dimensions, a higher min_count, or max_words" in str(caught.value)
