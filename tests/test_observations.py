"""Windows, keep decisions and noise words: the compiled draws against their twins and their distributions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from contract import random_ids
from firth.errors import SettingsError
from firth.observations import Observations
from firth.observations.noise import alias_table, draw_word
from firth.observations.windows import draw_windows, window_room, window_rule
from firth.randomness import bits_at, random_bits, stream_key


def windows_of_ranges(ids, observations, counts, key, size):
    """Every position's window, from ranges of `size` positions."""
    rule = window_rule(observations, counts)
    found, pairs = [], {}
    for start in range(0, len(ids), size):
        room = window_room(size, observations.window)
        first, last = draw_windows(ids, start, min(len(ids), start + size), rule, key, room)
        for index in range(first, last):
            near = [int(room.positions[j]) for j in range(room.left[index], room.right[index] + 1) if j != index]
            found.append((int(room.positions[index]), int(room.words[index]), near))
            pairs[int(room.positions[index])] = int(room.pairs[index])
    return found, pairs


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    length=st.integers(1, 120),
    size=st.integers(1, 130),
    breaks=st.sampled_from([0.0, 0.05, 0.5]),
    window=st.integers(1, 9),
    weights=st.sampled_from(["dynamic", "fixed", "harmonic"]),
    dropping=st.sampled_from(["before", "after"]),
    subsample=st.sampled_from([0, 0.001, 0.05]),
)
def test_windows_of_any_ranges_are_those_of_the_whole(seed, length, size, breaks, window, weights, dropping, subsample):
    ids = random_ids(6, length, seed, breaks)
    counts = np.maximum(1, np.bincount(ids[ids >= 0], minlength=6))
    observations = Observations(window=window, window_weights=weights, dropping=dropping, subsample=subsample)
    key = stream_key(seed, "keep", 0)
    slow = naive.windows(ids, observations, counts, key)
    found, pairs = windows_of_ranges(ids, observations, counts, key, size)
    assert found == slow
    assert pairs == naive.pairs_of(slow)


def test_random_numbers_are_the_same_in_kernels():
    from firth.compiling import compiled

    @compiled()
    def in_kernel(key, n):
        return bits_at(key, n)

    key = stream_key(7, "noise", 3)
    counters = np.array([0, 1, 2**31, 2**62])
    assert [int(in_kernel(key, n)) for n in counters] == random_bits(key, counters).tolist()
    assert int(random_bits(key, 5)) == int(in_kernel(key, 5))


def test_streams_differ_by_seed_use_and_coordinates():
    keys = {
        int(stream_key(*name))
        for name in [(1, "keep", 0), (2, "keep", 0), (1, "noise", 0), (1, "keep", 1), (1, "keep")]
    }
    assert len(keys) == 5


def test_random_bits_are_fair():
    bits = random_bits(stream_key(1, "generator"), np.arange(100_000))
    shares = [float(((bits >> np.uint64(place)) & np.uint64(1)).mean()) for place in range(64)]
    assert np.abs(np.array(shares) - 0.5).max() < 5 * 0.5 / np.sqrt(100_000)


@pytest.mark.parametrize("counts", [[1], [5, 5], [1000, 10, 10, 1, 1, 1], list(range(1, 200))])
def test_alias_table_holds_the_distribution(counts):
    noise = Observations().noise_distribution(np.array(counts))
    thresholds, aliases = alias_table(noise)
    shares = np.bincount(aliases, 1 - thresholds / 2.0**32, minlength=len(counts)) + thresholds / 2.0**32
    assert np.allclose(shares / len(counts), noise, rtol=0, atol=1e-9)


def test_drawn_words_follow_the_noise_distribution():
    noise = Observations().noise_distribution(np.array([50, 20, 20, 5, 1]))
    table = alias_table(noise)
    draws = [draw_word.py_func(bits, *table) for bits in random_bits(stream_key(1, "noise"), np.arange(20_000))]
    observed = np.bincount(draws, minlength=5)
    chi_square = float(((observed - 20_000 * noise) ** 2 / (20_000 * noise)).sum())
    assert chi_square < 18.5  # 4 degrees of freedom, one in a thousand


def test_half_widths_follow_the_pair_weights():
    for weights in ("dynamic", "fixed", "harmonic"):
        observations = Observations(window=4, window_weights=weights, subsample=0)
        ids = np.append(np.zeros(40_000, np.int32), np.int32(-1))
        _, reach = naive.keep_and_reach(ids, observations, np.array([40_000]), stream_key(1, "keep", 0))
        shares = [(np.array(reach) >= distance).mean() for distance in range(1, 5)]
        assert np.allclose(shares, observations.pair_weights(), atol=0.012)


def test_keep_probabilities_are_those_of_the_formulas():
    counts = np.array([900, 90, 10])
    share = counts / 1000
    word2vec = Observations(subsample=0.01).keep_probabilities(counts)
    paper = Observations(subsample=0.01, keep="paper").keep_probabilities(counts)
    assert np.allclose(word2vec, np.minimum(1, np.sqrt(0.01 / share) + 0.01 / share))
    assert np.allclose(paper, np.minimum(1, np.sqrt(0.01 / share)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 0}, "expected window to be a whole number from 1 to 1000, got 0; choose window within this range"),
        ({"window": 2.5}, "expected window to be a whole number from 1 to 1000, got 2.5"),
        ({"window_weights": "flat"}, "expected window_weights to be 'dynamic' or 'fixed' or 'harmonic', got 'flat'"),
        ({"subsample": -1}, "expected subsample to be a number from 1e-09 to 1, got -1"),
        ({"noise_exponent": float("nan")}, "expected noise_exponent to be a number from -10 to 10, got nan"),
        ({"dropping": None}, "expected dropping to be 'before' or 'after', got None; choose one of them"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message):
    with pytest.raises(SettingsError) as caught:
        Observations(**arguments)
    assert message in str(caught.value)


def test_noise_of_a_word_that_never_occurs_is_refused():
    with pytest.raises(SettingsError, match="expected counts above 0, got 0; leave out words that never occur"):
        Observations(noise_exponent=-1).noise_distribution(np.array([3, 0]))
