"""Counting by rows: the same cells as pair by pair, the same bytes for any threads and memory, and the true mean."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_counts
from firth.errors import OutputError, SettingsError
from firth.observations import Observations, counting, rows
from firth.observations.cells import cell_unit, check_cells_fit, has_whole_weights, whole_weights
from firth.observations.counting import Text, count_rows
from firth.observations.windows import draw_windows, window_room, window_rule
from firth.randomness import stream_key

WEIGHTS = ("dynamic", "fixed", "harmonic")
SETTINGS = [
    Observations(window=window, window_weights=weights, dropping=dropping, subsample=subsample, keep=keep)
    for weights in WEIGHTS
    for window, dropping, subsample, keep in [
        (1, "before", 0.1, "word2vec"),
        (3, "before", 0.02, "paper"),
        (5, "before", 1e-3, "word2vec"),
        (2, "after", 0.05, "paper"),
        (4, "after", 1e-3, "word2vec"),
        (3, "before", 0, "word2vec"),
    ]
]
all_settings = pytest.mark.parametrize(
    "observations", SETTINGS, ids=lambda o: f"{o.window_weights}-{o.window}-{o.dropping}-{o.subsample:g}"
)
texts = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=12), min_size=1, max_size=8)


def text_of(sentences, observations, size=6):
    """Sentences of ids as what is counted; a word that does not occur has a count of 1 as reference."""
    ids = np.array([word for sentence in sentences for word in (*sentence, -1)], np.int32)
    ids.flags.writeable = False
    occurrences = np.bincount(ids[ids >= 0], minlength=size).astype(np.int64)
    return Text(ids, occurrences, observations.keep_probabilities(np.maximum(1, occurrences)))


def as_cells(store):
    """Rows as {(c, o): cell}."""
    found = {}
    for row, (start, stop) in enumerate(itertools.pairwise(store.starts.tolist())):
        contexts = store.contexts[start:stop].tolist()
        assert contexts == sorted(set(contexts))
        found |= {(row, o): int(cell) for o, cell in zip(contexts, store.cells[start:stop], strict=True)}
    return found


def dense(store, observations, keep):
    """Rows as N⁺, (V, V)."""
    matrix = np.zeros((len(keep), len(keep)))
    for (c, o), cell in as_cells(store).items():
        matrix[c, o] = cell * cell_unit(observations)
    return matrix * np.outer(keep, keep) if observations.dropping == "after" else matrix


def random_text(seed, observations, *, words=200, size=40, sentence=30):
    """Sentences of random words, the low ids the frequent ones."""
    rng = np.random.default_rng(seed)
    drawn = np.minimum(rng.geometric(0.12, size=words) - 1, size - 1)
    cuts = np.sort(rng.integers(0, words, size=words // sentence))
    return text_of([part.tolist() for part in np.split(drawn, cuts) if part.size], observations, size)


# ── what is counted ─────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=60)
@given(texts, st.sampled_from(SETTINGS), st.integers(1, 3))
def test_rows_are_the_sums_over_pairs_bit_for_bit(sentences, observations, threads):
    text = text_of(sentences, observations)
    slow = naive_counts.cells(sentences, observations, text.keep, round(1 / cell_unit(observations)))
    assert as_cells(count_rows(text, observations, threads=threads, memory=1 << 20)) == slow


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=7), min_size=1, max_size=3), st.sampled_from(SETTINGS))
def test_expectations_are_the_mean_over_all_survivors(sentences, observations):
    text = text_of(sentences, observations, 4)
    expected = naive_counts.expected_counts(sentences, observations, text.keep)
    found = dense(count_rows(text, observations, memory=1 << 20), observations, text.keep)
    # Each pair is rounded to 2⁻³², and left out below half of that.
    pairs = sum(len(sentence) ** 2 for sentence in sentences)
    assert np.abs(found - expected).max() <= pairs * 2.0**-33 + 1e-13
    assert (found == found.T).all()


@all_settings
def test_long_sentences_are_walked_until_nothing_is_left(observations):
    text = random_text(1, observations, words=400, sentence=200)
    slow = naive_counts.cells(
        naive_counts.sentences_of(text.ids), observations, text.keep, round(1 / cell_unit(observations))
    )
    assert as_cells(count_rows(text, observations)) == slow


@all_settings
def test_counts_are_the_mean_of_the_sampler(observations):
    """The stream's own draws of 4000 sentences: every pair's mean within 4.5 of its standard errors (in all 270)."""
    sentence, copies = [0, 1, 2, 0, 0, 3, 1, 4, 0, 2, 0], 4000
    ids = np.array([*sentence, -1] * copies, np.int32)
    counts = np.bincount(ids[ids >= 0]).astype(np.int64)
    room = window_room(len(ids), observations.window)
    key = stream_key(5, "keep", 0)
    first, last = draw_windows(ids, 0, len(ids), window_rule(observations, counts), key, room)
    seen = np.zeros((copies, 5, 5))
    for index in range(first, last):
        for other in range(room.left[index], room.right[index] + 1):
            if other != index:
                seen[room.positions[index] // (len(sentence) + 1), room.words[index], room.words[other]] += 1
    text = Text(ids, counts, observations.keep_probabilities(counts))
    expected = dense(count_rows(text, observations), observations, text.keep) / copies
    errors = np.maximum(seen.std(axis=0) / math.sqrt(copies), 1e-9)
    assert np.abs((seen.mean(axis=0) - expected) / errors).max() < 4.5


# ── threads, memory ─────────────────────────────────────────────────────────────────────────────────────────


@all_settings
def test_any_threads_and_any_memory_give_the_same_bytes(observations, monkeypatch):
    text = random_text(2, observations, words=3000, size=90, sentence=25)
    usual = count_rows(text, observations, threads=1)
    assert not usual.is_on_disk
    ways = [(1, 1), (2, 1000), (3, 40_000), (4, 1 << 20), (7, 100)]
    for room in (counting.LEAST_ROOM, 16):
        monkeypatch.setattr(counting, "LEAST_ROOM", room)
        for threads, memory in ways:
            store = count_rows(text, observations, threads=threads, memory=memory)
            assert store.is_on_disk or memory > 1000
            assert not store.is_on_disk or memory < 1 << 20
            for name in ("starts", "contexts", "cells"):
                assert getattr(store, name).tobytes() == getattr(usual, name).tobytes(), (threads, memory, name)


def test_positions_beyond_two_thousand_million_give_the_same(monkeypatch):
    observations = Observations()
    text = random_text(6, observations)
    usual = as_cells(count_rows(text, observations))
    monkeypatch.setattr(counting, "_position_bytes", lambda length: 8)
    assert as_cells(count_rows(text, observations, threads=2, memory=500)) == usual


def test_rows_of_any_density_come_out_sorted(monkeypatch):
    """Few of many words, so that the bitmap of two levels is read; some beyond its first group."""
    observations = Observations(window=2, subsample=0)
    rng = np.random.default_rng(1)
    sentences = [rng.choice([0, 63, 64, 4095, 4096, 9999, *range(5000, 5100)], size=9).tolist() for _ in range(60)]
    text = text_of(sentences, observations, 10_000)
    assert as_cells(count_rows(text, observations)) == naive_counts.cells(sentences, observations, text.keep, 2)


def test_temporary_files_go_with_the_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    observations = Observations()
    store = count_rows(random_text(3, observations), observations, memory=100)
    assert [path.name.startswith("firth-counts-") for path in tmp_path.iterdir()] == [True]  # not those of F
    assert store.cells[0] > 0
    with pytest.raises(ValueError, match="read-only"):
        store.cells[0] = 1
    del store
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(rows, "_open_to_append", lambda path: Full(path.open("ab")))
    observations = Observations()
    with pytest.raises(OutputError) as caught:
        count_rows(random_text(3, observations), observations, memory=100, threads=2)
    assert str(caught.value).startswith(
        f"expected room for counts that pass the memory allowed, got a full disk at {tmp_path}/firth-counts-"
    )
    assert str(caught.value).endswith(
        "; free some space, name a folder on another disk with the environment variable TMPDIR, or allow more memory"
    )
    assert list(tmp_path.iterdir()) == []


def test_what_a_callback_raises_stops_all_threads(monkeypatch):
    monkeypatch.setattr(rows, "_TELL_EVERY", 0.0)

    def stop(share):
        raise KeyboardInterrupt

    observations = Observations()
    with pytest.raises(KeyboardInterrupt):
        count_rows(random_text(4, observations, words=200_000), observations, threads=3, on_share=stop)


def test_progress_goes_up_to_the_end(monkeypatch):
    monkeypatch.setattr(rows, "_TELL_EVERY", 0.0)
    shares = []
    observations = Observations()
    count_rows(random_text(4, observations, words=50_000), observations, memory=30_000, on_share=shares.append)
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


# ── units ───────────────────────────────────────────────────────────────────────────────────────────────────


@all_settings
def test_whole_weights_are_the_pair_weights_in_units(observations):
    if has_whole_weights(observations):
        weights = np.array(whole_weights(observations)) * cell_unit(observations)
        assert np.allclose(weights, observations.pair_weights(), rtol=1e-15)
    else:
        assert cell_unit(observations) == 2.0**-32


@pytest.mark.parametrize(
    ("arguments", "occurrences", "message"),
    [
        (
            {"window": 43, "window_weights": "harmonic", "subsample": 0},
            3,
            "expected pair counts below 2⁶⁴ in units of 1/9419588158802421600, got up to 2⁶⁸ for a word that occurs "
            '3 times; choose window_weights="dynamic" or a smaller window',
        ),
        (
            {},
            1 << 29,
            "expected pair counts below 2⁶⁴ in units of 1/4294967296, got up to 2⁶⁵ for a word that occurs 536870912 "
            'times; choose dropping="after", or count parts of the corpus',
        ),
    ],
)
def test_what_could_overflow_is_refused(arguments, occurrences, message):
    observations = Observations(**arguments)
    check_cells_fit(observations, np.array([0]))
    with pytest.raises(SettingsError) as caught:
        check_cells_fit(observations, np.array([2, occurrences]))
    assert str(caught.value) == message
    with pytest.raises(SettingsError):
        count_rows(Text(np.array([0, -1], np.int32), np.array([occurrences]), np.ones(1)), observations)


@all_settings
def test_no_row_passes_the_bound_that_is_checked(observations):
    """One word, no neighbour that differs: the row's sum is as large as it can be."""
    text = text_of([[0] * 300], observations, 1)
    parts = sum(whole_weights(observations)) if has_whole_weights(observations) else None
    (cell,) = count_rows(text, observations).cells
    weight = math.ceil(observations.pair_weights().sum() + 1) * 2**32 if parts is None else parts
    assert int(cell) <= 2 * 300 * weight
