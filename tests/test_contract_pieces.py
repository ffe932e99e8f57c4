"""Words that are means of pieces against their slow twin and the objectives: what a round does with pieces."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import naive_pieces
from contract import FALLING, bytes_of, longest_row, random_ids, run_passes
from contract_pieces import PiecesInRounds, PieceToy
from firth.observations import Observations
from firth.training.bags import HIERARCHICAL, SAMPLING, SOFTMAX
from firth.training.matrices import SPARE
from firth.training.pieces import BUCKETS, add_to_pieces, compose_all, deal_moves, entries_of_slice, pieces_of
from firth.training.sampling_kernel import LONGEST, LOSS, PAIRS, RESTRAINED, SCORED
from firth.training.schedule import STILL, Rates
from firth.training.sharing import CENTER, CONTEXT, Names, Scratch

BAGS = [  # whether a window is one bag, whether there are documents, what bags are judged by
    (False, False, SAMPLING),
    (False, False, HIERARCHICAL),
    (False, False, SOFTMAX),
    (False, True, SAMPLING),
    (True, False, SAMPLING),
    (True, False, HIERARCHICAL),
    (True, True, SAMPLING),
]
MEMBERS = [
    PiecesInRounds((is_mean, True, is_shared, loss), documents=documents)
    for is_mean, documents, loss in BAGS
    for is_shared in (True, False)
]
TOYS = {
    "small": PieceToy(random_ids(12, 150, 1), 12),
    "few n-grams": PieceToy(random_ids(20, 200, 4), 20, ngrams=3, observations=Observations(window=4, subsample=0.02)),
    "one word": PieceToy(
        [0] * 40 + [-1], 1, ngrams=2, made_of=[[0, 2, 1, 2]], observations=Observations(window=2, subsample=0.3)
    ),
    "nothing shared": PieceToy(random_ids(12, 150, 5), 12, ngrams=0, made_of=[[word] for word in range(12)]),
}
RATES = Rates(0.05, -0.0001, 0.03)
members = pytest.mark.parametrize("member", MEMBERS, ids=repr)
toys = pytest.mark.parametrize("toy", TOYS.values(), ids=TOYS)


def check_close(one, other, **tolerance):
    for name, a, b in zip(("pieces", "context", "documents"), one, other, strict=True):
        np.testing.assert_allclose(a, b, **tolerance, err_msg=name)


@toys
@members
def test_rounds_equal_their_slow_twin(member, toy):
    fast, slow = member.model(toy), member.model(toy)
    tally = member.run(toy, fast, RATES)
    assert tally[PAIRS] == member.twin(toy, slow, RATES) > 0
    assert tally[RESTRAINED] == 0
    check_close(member.trimmed(toy, fast), member.trimmed(toy, slow), rtol=0, atol=1e-11)


@toys
@members
def test_gradient_is_that_of_the_objective_on_bags_of_pieces(member, toy):
    """For skip-gram the pieces of a word; for means all pieces of all words of the window, as fastText has it."""
    expected = member.direction(toy, member.model(toy), member.examples(toy))
    scale = max(1, *(np.abs(matrix).max(initial=0) for matrix in expected))
    check_close(member.gradient(toy), expected, rtol=0, atol=1e-5 * scale)


@toys
@members
def test_loss_is_that_of_the_objective_and_scoring_moves_nothing(member, toy):
    examples, model = member.examples(toy), member.model(toy)
    before = [matrix.tobytes() for matrix in member.trimmed(toy, model)]
    tally = member.run(toy, model, STILL)
    assert [matrix.tobytes() for matrix in member.trimmed(toy, model)] == before
    assert tally[PAIRS] == tally[SCORED] == len(examples)
    assert tally[LOSS] == pytest.approx(member.loss(toy, model, examples), rel=1e-12)


@pytest.mark.parametrize("is_shared", [True, False])
def test_float32_is_close_to_float64(is_shared):
    member, toy = PiecesInRounds((False, True, is_shared, SAMPLING)), TOYS["small"]
    slow, single = member.model(toy), member.model(toy, np.float32)
    assert member.run(toy, single, RATES)[PAIRS] == member.twin(toy, slow, RATES)
    check_close(member.trimmed(toy, single), member.trimmed(toy, slow), rtol=1e-4, atol=2e-4)


@members
def test_frozen_words_and_pieces_stay_and_all_else_goes_on(member):
    toy = TOYS["small"]
    words, pieces = [0, 3, 5], [0, 3, 7, *toy.made_of[5]]
    fast, slow, team = member.model(toy), member.model(toy), member.team(toy)
    team.freeze(np.array(words), np.array(pieces))
    before = [matrix.copy() for matrix in member.trimmed(toy, fast)]
    member.run(toy, fast, RATES, team=team)
    member.twin(toy, slow, RATES, frozen=(words, pieces))
    after = member.trimmed(toy, fast)
    check_close(after, member.trimmed(toy, slow), rtol=0, atol=1e-11)
    for old, new, rows in zip(before, after, (pieces, words), strict=False):
        assert old[rows].tobytes() == new[rows].tobytes()
        moved = (old != new).any(axis=1)
        assert moved.sum() > len(moved) / 5
    team.compose()
    center = naive_pieces.compose(after[0], toy.made_of)
    np.testing.assert_allclose(toy.trim(team.matrices.center), center, rtol=0, atol=1e-15)


def corpus(words, length=6_000, seed=1):
    return PieceToy(random_ids(words, length, seed), words, dimensions=20)


@members
def test_any_number_of_threads_gives_the_same_bytes(member):
    toy, found = corpus(60, 3_000), set()
    for threads in (1, 2, 3, 4, 8):
        several = PiecesInRounds(member.member, documents=member.has_documents, threads=threads, slices=8, length=64)
        team = several.team(toy)
        tally = run_passes(team, threads)
        found.add((*bytes_of(several, toy, team), *tally))
        assert tally[LOSS] > 0
        assert team.positions_done() == 2 * len(toy.ids)
    assert len(found) == 1


@members
def test_a_pass_in_spans_gives_the_bytes_of_one(member):
    toy, found = corpus(60, 3_000), set()
    for cuts in ((), (1,), (5, 6, 40)):
        team = member.team(toy)
        tally = run_passes(team, 1, cuts=cuts)
        found.add((*bytes_of(member, toy, team), *tally))
    assert len(found) == 1


@members
def test_what_is_held_out_is_scored_by_the_objective_and_never_trained_on(member):
    toy = corpus(30, 1_500)
    toy.ids[[499, 999]] = -1  # parts end with sentences, so that no window reaches from one into the next
    team = member.team(toy, held_out=0.1)
    run_passes(team, 1, passes=1)
    before = bytes_of(member, toy, team)
    parts = member.parts(toy, held_out=0.1).held_out()
    examples = member.examples(toy, pass_index=1, parts=parts)  # passes are numbered from 0: a draw of its own
    for _ in range(2):
        team.forget()
        with ThreadPoolExecutor(1) as pool:
            team.submit_held_out(pool)[0].result()
        tally = team.tally()
        assert tally[SCORED] == len(examples) > 30
        assert tally[PAIRS] == 0
        assert tally[LOSS] == pytest.approx(member.loss(toy, team, examples), rel=1e-12)
        assert bytes_of(member, toy, team) == before


def long_words(words, ngrams=300):
    """The first word has all n-grams, and all others share the first of them."""
    return [[0, *range(words, words + ngrams)], *([word, words] for word in range(1, words))]


EXTREMES = [(0.5, 40, 20), (10.0, 5, 5), (10.0, 200, 200)]
"""Learning rate, window, negatives."""


@pytest.mark.parametrize("words", [1, 2, 3])
@members
def test_every_setting_stays_finite(member, words):
    for rate, window, negatives in EXTREMES:
        toy = PieceToy(
            random_ids(words, 200, window, breaks=0.01),
            words,
            negatives=negatives,
            observations=Observations(window=window, subsample=0),
            ngrams=300,
            made_of=long_words(words),
        )
        team = member.team(toy)
        tally = run_passes(team, 1, Rates(rate, 0.0, rate))
        assert longest_row(member.trimmed(toy, team)) <= LONGEST * (1 + 1e-12)
        assert np.isfinite(tally).all()


@pytest.mark.parametrize("is_shared", [True, False])
def test_every_setting_stays_finite_in_float32(is_shared):
    """What its words grow to between two looks has squares near the end of float32; pieces get it whole."""
    member = PiecesInRounds((False, True, is_shared, SAMPLING))
    for rate, window, negatives in EXTREMES:
        observations = Observations(window=window, subsample=0)
        toy = PieceToy(random_ids(3, 200, window), 3, ngrams=300, made_of=long_words(3), observations=observations)
        toy.negatives = negatives
        team = member.team(toy, np.float32)
        tally = run_passes(team, 1, Rates(rate, 0.0, rate))
        assert longest_row(member.trimmed(toy, team)) <= LONGEST * (1 + 1e-5)
        assert np.isfinite(tally).all()


@members
def test_pieces_that_grew_too_long_are_scaled_back_and_told(member):
    toy = TOYS["small"]
    for rate in (0.0, 1e-6, 9.0):
        model, team = member.model(toy), member.team(toy)
        model.center[0] *= 1e5 / np.linalg.norm(model.center[0])  # the only piece of a word
        tally = member.run(toy, model, Rates(rate, 0.0, rate), team=team)
        assert tally[RESTRAINED] > 0
        assert np.isfinite(tally).all()
        assert longest_row(member.trimmed(toy, model)) <= LONGEST * (1 + 1e-12)
        team.forget()
        assert not team.tally().any()


def test_a_slice_has_room_for_the_words_of_most_pieces():
    starts = np.array([0, 1, 5, 7, 10])
    assert [entries_of_slice(starts, copies) for copies in (0, 1, 2, 3, 4, 9)] == [0, 4, 7, 9, 10, 10]
    rows = np.zeros(10, np.int64)
    for copies, room in ((0, 1), (2, 7), (9, 10)):
        pieces = pieces_of(np.zeros((4, 8)), starts, rows, is_shared=True, slices=3, copies=copies)
        assert pieces.entries.shape == pieces.numbers.shape == (3, room)
        assert pieces.rows.dtype == np.int32


def test_words_are_composed_of_their_pieces():
    toy = TOYS["small"]
    matrix = PiecesInRounds((False, True, True, SAMPLING)).model(toy).center
    table = toy.piece_table(is_shared=False)
    center = np.full((toy.words + SPARE, matrix.shape[1]), 7.0)
    compose_all(center, matrix, table.starts, table.rows)
    expected = naive_pieces.compose(matrix, toy.made_of)
    np.testing.assert_allclose(center[: toy.words], expected, rtol=0, atol=1e-15)
    assert (center[toy.words :] == 7).all()


def small_round(toy, copied, *, is_shared):
    """Pieces and names of a round in which slices have copies of these words: [[(word, sides), …], …]."""
    slices, room = len(copied), max(map(len, copied))
    matrix = PiecesInRounds((False, True, True, SAMPLING)).model(toy).center
    table = toy.piece_table(is_shared=is_shared)
    pieces = pieces_of(matrix, table.starts, table.rows, is_shared=is_shared, slices=slices, copies=room)
    bits = np.zeros((2, 1), np.uint64)
    names = Names(
        touched=np.zeros((2, slices, 1), np.uint64),
        shared=bits,
        once=bits.copy(),
        always=bits.copy(),
        frozen=np.zeros(toy.words, np.uint8),
        contexts=np.zeros((slices, 1), np.int32),
        words=np.zeros((slices, room), np.int32),
        sides=np.zeros((slices, room), np.uint8),
        numbers=np.zeros((toy.words, slices), np.int16),
        counts=np.zeros((slices, 8), np.int64),
        first=toy.words,
    )
    for index, words in enumerate(copied):
        names.counts[index, 0] = len(words)
        for number, (word, sides) in enumerate(words):
            names.words[index, number], names.sides[index, number] = word, sides
            names.numbers[word, index] = number + 1
    return pieces, names


@pytest.mark.parametrize("is_shared", [True, False])
def test_moves_are_dealt_out_by_owner_and_added_in_the_order_of_slices(is_shared):
    toy, of_center, both = TOYS["small"], 1 << CENTER, 1 << CENTER | 1 << CONTEXT
    copied = [[(11, both), (4, 1 << CONTEXT), (5, of_center)], [], [(5, of_center), (0, both)]]
    pieces, names = small_round(toy, copied, is_shared=is_shared)
    slices, room = names.words.shape
    center = np.arange((toy.words + slices * room) * pieces.matrix.shape[1], dtype=float).reshape(-1, 8) % 13
    before, expected = center.copy(), pieces.matrix.copy()
    pieces.frozen[toy.made_of[11][1]] = 1
    scratch = Scratch(np.zeros(8), np.array([[1.0, 1.0, 0.75, 0.5]]))
    for index, words in enumerate(copied):
        deal_moves(center, pieces, index, names, scratch)
        moved = [(number, word) for number, (word, sides) in enumerate(words) if sides & of_center]
        found = naive_pieces.entries_by_owner(moved, toy.made_of, BUCKETS)
        edges = pieces.edges[index]
        for owner in range(BUCKETS):
            own = slice(edges[owner], edges[owner + 1])
            assert [*zip(pieces.entries[index, own], pieces.numbers[index, own], strict=True)] == found[owner]
        for number, word in moved:
            copy = toy.words + index * room + number
            move = (0.75 if word == 5 else 1.0) * (before[copy] - before[word])  # two slices have copies of word 5
            naive_pieces.hand_out(expected, [toy.made_of[word]], [move], is_shared=is_shared)
    stays = pieces.frozen.astype(bool)
    expected[stays] = pieces.matrix[stays]
    for owner in range(BUCKETS):
        add_to_pieces(center, pieces, owner, names)
    np.testing.assert_allclose(pieces.matrix, expected, rtol=0, atol=1e-13)
    assert not pieces.restrained.any()


def test_a_piece_that_moves_made_too_long_is_scaled_back_and_counted_by_its_owner():
    toy = TOYS["one word"]
    pieces, names = small_round(toy, [[(0, 1 << CENTER)]], is_shared=False)
    center = np.array([[0.0] * 8, [60.0] + [0.0] * 7])
    scratch = Scratch(np.zeros(8), np.ones((1, 2)))
    pieces.matrix[:] = 0
    deal_moves(center, pieces, 0, names, scratch)
    for owner in range(BUCKETS):
        add_to_pieces(center, pieces, owner, names)
    assert pieces.matrix[:, 0].tolist() == pytest.approx([60, 60, LONGEST])  # the last stands twice in the word
    assert pieces.restrained[:, 0].tolist() == [0, 0, 1, *[0] * (BUCKETS - 3)]


def test_what_was_scaled_back_is_remembered_with_the_tallies():
    member, toy = PiecesInRounds((False, True, False, SAMPLING)), TOYS["small"]
    model, team = member.model(toy), member.team(toy)
    model.center[0] *= 1e5
    told = member.run(toy, model, FALLING, team=team)
    kept = team.tallies()
    team.forget()
    team.set_tallies(kept)
    assert told[RESTRAINED] > 0
    assert team.tally().tolist() == told.tolist()
