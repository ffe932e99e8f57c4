"""The rest of the family against its objectives: bags of every kind, judged in every way, by every gradient."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import naive_bags
import naive_family
from contract import BagsInRounds, Toy, bytes_of, longest_row, random_ids, run_passes
from firth.observations import Observations
from firth.training.bags import HIERARCHICAL, SAMPLING, SOFTMAX
from firth.training.matrices import SPARE
from firth.training.sampling_kernel import LONGEST, LOSS, PAIRS, RESTRAINED, SCORED
from firth.training.schedule import STILL, Rates

BAGS = {
    "pairs": ((False, True), False),
    "pairs and document": ((False, True), True),
    "window": ((True, True), False),
    "both": ((True, True), True),
    "document": ((False, False), True),
}
"""By kind of bag: whether a window is one bag, whether it is in a bag at all; and whether there are documents."""

MEMBERS = [
    BagsInRounds((*kind, is_shared, loss), documents=documents)
    for kind, documents in BAGS.values()
    for is_shared in (True, False)
    for loss in (SAMPLING, HIERARCHICAL, SOFTMAX)
    if is_shared or kind[0]  # a bag of one row has one gradient
]
FIBONACCI = [1, 1]
while len(FIBONACCI) < 90:
    FIBONACCI.append(sum(FIBONACCI[-2:]))

TOYS = {
    "small": Toy(random_ids(12, 150, 1), 12),
    "drop after": Toy(
        random_ids(20, 200, 4), 20, observations=Observations(window=4, dropping="after", subsample=0.02), sentences=1
    ),
    "two words": Toy(random_ids(2, 80, 2), 2, size=4, turn=4, negatives=2),
    "one word": Toy([0] * 40 + [-1], 1, observations=Observations(window=2, subsample=0.3)),
    "long paths": Toy(  # of up to 89 nodes: more than are met at once
        random_ids(90, 150, 3, breaks=0.01),
        90,
        dimensions=33,
        observations=Observations(window=8, subsample=0),
        tree_counts=np.array(FIBONACCI),
    ),
    "one sentence": Toy(random_ids(12, 200, 9, breaks=0), 12, turn=48, size=24, spread=4.0, negatives=20),
    "rows of several": Toy(random_ids(12, 150, 5), 12, sizes=1.0 + np.arange(12) % 4),
}
members = pytest.mark.parametrize("member", MEMBERS, ids=repr)
toys = pytest.mark.parametrize("toy", TOYS.values(), ids=TOYS)
# A mean of rows that are means themselves is no bag of the objective.
plain_toys = pytest.mark.parametrize("toy", [toy for toy in TOYS.values() if toy.sizes is None], ids=list(TOYS)[:-1])


def check_close(member, toy, one, other, **tolerance):
    for name, a, b in zip(("center", "context", "documents"), one, other, strict=True):
        np.testing.assert_allclose(a, b, **tolerance, err_msg=f"{name} of {member}, {toy.words} words")


@toys
@members
def test_kernel_equals_its_slow_twin(member, toy):
    rates = Rates(0.05, -0.0001, 0.03)
    fast, slow, single = member.model(toy), member.model(toy), member.model(toy, np.float32)
    tally = member.run(toy, fast, rates)
    assert tally[PAIRS] == member.twin(toy, slow, rates) > 0
    assert tally[RESTRAINED] == 0
    check_close(member, toy, member.trimmed(toy, fast), member.trimmed(toy, slow), rtol=0, atol=1e-11)
    assert member.run(toy, single, rates)[PAIRS] == tally[PAIRS]
    check_close(member, toy, member.trimmed(toy, single), member.trimmed(toy, slow), rtol=1e-4, atol=2e-4)


@plain_toys
@members
def test_kernel_gradient_is_that_of_the_objective_on_the_same_examples(member, toy):
    expected = member.direction(toy, member.model(toy), member.examples(toy))
    scale = max(1, *(np.abs(matrix).max(initial=0) for matrix in expected))
    check_close(member, toy, member.gradient(toy), expected, rtol=0, atol=1e-5 * scale)


@plain_toys
@members
def test_kernel_loss_is_that_of_the_objective_on_the_same_examples(member, toy):
    examples = member.examples(toy)
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-5)):
        model = member.model(toy, dtype)
        before = [matrix.tobytes() for matrix in member.trimmed(toy, model)]
        tally = member.run(toy, model, STILL)
        assert [matrix.tobytes() for matrix in member.trimmed(toy, model)] == before
        assert tally[PAIRS] == tally[SCORED] == len(examples)
        assert tally[LOSS] == pytest.approx(member.loss(toy, model, examples), rel=tolerance, abs=1e-4)


MIXED = [[0, 1, 2, 0, 3, 0], [3, 3, 1, 0], [2, 0, 0, 1, 4, 0, 5]]
COPIES = 30


def expected_examples(member, toy, keep):
    """What a member sees of `MIXED` in expectation, by going through every way to draw it."""
    (name,) = (name for name, bag in BAGS.items() if bag == (member.member[:2], member.has_documents))
    found = [naive_bags.expected_bags(MIXED, toy.observations, keep, kind=kind) for kind in name.split(" and ")]
    return [e for bags in found for e in naive_bags.expected_examples(bags, toy.noise, toy.negatives)]


@pytest.mark.parametrize(("dropping", "weights"), [("before", "dynamic"), ("after", "dynamic"), ("after", "fixed")])
@members
def test_mean_gradient_is_that_of_the_expected_examples(member, dropping, weights):
    """The kernel's gradient, averaged over passes of a corpus of many copies, against what is expected of one."""
    observations = Observations(window=3, window_weights=weights, dropping=dropping, subsample=0.05)
    ids = [word for sentence in MIXED for word in (*sentence, -1)] * COPIES
    toy = Toy(ids, 6, dimensions=2, negatives=3, size=4, turn=4, observations=observations, sentences=1)
    keep = np.round(observations.keep_probabilities(toy.counts) * 2.0**32) / 2.0**32
    model = member.model(toy)
    shape = len(MIXED), toy.dimensions
    for number in range(COPIES) if member.has_documents else ():  # the documents of all copies are the same
        model.documents[number * shape[0] :][: shape[0]] = model.documents[: shape[0]]
    one = Toy(ids[: len(ids) // COPIES], 6, dimensions=2, observations=observations, sentences=1)
    one.counts = toy.counts
    examples = expected_examples(member, toy, keep)
    expected = np.concatenate(member.direction(one, model, examples))
    team, runs = member.team(toy), []
    start = member.trimmed(toy, model)
    for pass_index in range(180):
        after = type(model)(*(matrix.copy() for matrix in (model.center, model.context, model.documents)))
        member.run(toy, after, Rates(1e-7, 0.0, 1e-7), team=team, pass_index=pass_index)
        moves = [(a - b) / 1e-7 for a, b in zip(start, member.trimmed(toy, after), strict=True)]
        by_document = moves[2].reshape(-1, *shape).sum(axis=0) if member.has_documents else moves[2]
        runs.append(np.concatenate([*moves[:2], by_document]) / COPIES)
    runs = np.array(runs)
    error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    assert (np.abs(runs.mean(axis=0) - expected) <= 5 * error + 1e-4).all()
    # How long the mean is along what is expected: sharper than one coordinate, so a factor of 1.05 is seen.
    along = (runs * expected).sum(axis=(1, 2)) / (expected**2).sum()
    error = along.std(ddof=1) / np.sqrt(len(along))
    assert error < 0.01
    assert abs(along.mean() - 1) < 4 * error + 1e-5


@members
def test_kernel_equals_its_slow_twin_where_each_update_is_looked_at(member):
    """Steps so large that one group could overflow, rows so short that none has to be scaled back."""
    toy = Toy(random_ids(12, 14, 3, breaks=0), 12, spread=1e-60, observations=Observations(window=4, subsample=0))
    fast, slow = member.model(toy), member.model(toy)
    rates = Rates(6.0, 0.0, 6.0)
    tally = member.run(toy, fast, rates)
    assert tally[PAIRS] == member.twin(toy, slow, rates)
    assert tally[RESTRAINED] == 0
    scale = np.abs(slow.context).max()
    assert scale > 1.5e-60  # three times as long as any row was
    check_close(member, toy, member.trimmed(toy, fast), member.trimmed(toy, slow), rtol=0, atol=1e-9 * scale)


@members
def test_rows_that_nobody_touches_do_not_move_and_spare_ones_stay_zero(member):
    toy = Toy(random_ids(10, 60, 3), 300, dimensions=9, size=4, tree_counts=np.arange(1, 301))
    team = member.team(toy, np.float32)
    before = [matrix.copy() for matrix in member.trimmed(toy, team)]
    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):  # context vectors start at 0, so that bags move in the second pass alone
            team.submit(pool, 0, Rates(0.05, 0.0, 0.05))[0].result()
    drawn = member.drawn(toy)
    slices = member.slices_of(drawn, member.parts(toy))
    touched = [naive_family.touched(part, drawn) for part in slices]
    centers, contexts = (set().union(*some) for some in zip(*touched, strict=True))
    documents = set(drawn.document_of.values())
    for old, new, rows in zip(before, member.trimmed(toy, team), (centers, contexts, documents), strict=True):
        moved = set(np.flatnonzero((old != new).any(axis=1)))
        assert moved <= rows
        assert len(moved) >= len(rows) / 2
    for matrix in team.matrices[:2]:
        assert not matrix[toy.words :][: SPARE * member.slices].any()
        assert not matrix[: toy.words, toy.dimensions :].any()
    assert not team.documents[len(member.ends(toy)) :].any()
    assert not team.documents[:, toy.dimensions :].any()


@pytest.mark.parametrize("member", [member for member in MEMBERS if member.has_documents], ids=repr)
def test_a_document_is_moved_by_its_own_words_alone(member):
    ids = random_ids(10, 200, 6, breaks=0.05)
    observations = Observations(window=3, subsample=0)
    toy, other = Toy(ids, 10, observations=observations), Toy(ids.copy(), 10, observations=observations)
    first, last = (int(end) for end in member.ends(toy)[:2])
    places = [p for p in range(first, last) if ids[p] >= 0]
    other.ids[places] = ids[places[::-1]]  # the second document has the same words in another order
    assert (toy.ids != other.ids).sum() > 3
    one, two = (member.gradient(some)[2] for some in (toy, other))
    same = np.abs(one - two).max(axis=1) < 1e-6
    assert same[0]
    assert same[2:].all()
    assert np.abs(one).max(axis=1).min() > 1e-3
    assert not same[1] or not member.member.is_mean


def corpus(words, length=6_000, seed=1):
    return Toy(random_ids(words, length, seed), words, dimensions=20)


@members
def test_any_number_of_threads_gives_the_same_bytes(member):
    toy = corpus(60)
    found = set()
    for threads in (1, 2, 3, 4, 8):
        several = BagsInRounds(member.member, documents=member.has_documents, threads=threads, slices=8, length=64)
        team = several.team(toy, np.float32)
        tally = run_passes(team, threads)
        found.add((*bytes_of(several, toy, team), *tally))
        assert tally[LOSS] > 0
        assert team.positions_done() == 2 * len(toy.ids)
    assert len(found) == 1


@members
def test_a_pass_in_spans_gives_the_bytes_of_one(member):
    toy = corpus(60)
    found = set()
    for cuts in ((), (1,), (5, 6, 60)):
        team = member.team(toy, np.float32)
        tally = run_passes(team, 1, cuts=cuts)
        found.add((*bytes_of(member, toy, team), *tally))
    assert len(found) == 1


@members
def test_what_is_held_out_is_scored_by_the_objective_and_never_trained_on(member):
    toy = corpus(30, 1_500)
    toy.ids[[499, 999]] = -1  # parts end with sentences, so that no window reaches from one into the next
    team = member.team(toy, held_out=0.1)
    losses = []
    for _ in range(2):
        run_passes(team, 1, passes=1)
        trained = team.positions_done()
        before = bytes_of(member, toy, team)
        parts = member.parts(toy, held_out=0.1).held_out()
        examples = member.examples(toy, pass_index=1, parts=parts)  # passes are numbered from 0: a draw of its own
        for _ in range(2):
            team.forget()
            with ThreadPoolExecutor(1) as pool:
                team.submit_held_out(pool)[0].result()
            tally = team.tally()
            assert trained + team.positions_done() == len(toy.ids)
            assert tally[SCORED] == len(examples) > 30
            assert tally[PAIRS] == 0
            assert tally[LOSS] == pytest.approx(member.loss(toy, team, examples), rel=1e-12)
        assert bytes_of(member, toy, team) == before
        losses.append(tally[LOSS])
        team.forget()
    assert losses[0] != losses[1]


EXTREMES = [(0.025, 5, 5), (0.5, 40, 20), (10.0, 5, 5), (10.0, 3, 1000), (10.0, 1000, 1000), (0.025, 1000, 5)]
"""Learning rate, window, negatives."""


@pytest.mark.parametrize("words", [1, 2, 3, 40])
@members
def test_every_setting_stays_finite(member, words):
    for (rate, window, negatives), dimensions in itertools.product(EXTREMES, (1, 100)):
        observations = Observations(window=window, subsample=0)
        toy = Toy(random_ids(words, 200, window, breaks=0.01), words, dimensions=dimensions, negatives=negatives)
        toy.observations = observations
        team = member.team(toy, np.float32)
        tally = run_passes(team, 1, Rates(rate, 0.0, rate), passes=3)
        assert longest_row([*team.matrices[:2], team.documents]) <= LONGEST * (1 + 1e-5)
        assert np.isfinite(tally).all()


@pytest.mark.parametrize("rate", [0.1, 0.5])
@pytest.mark.parametrize("member", [member for member in MEMBERS if not member.member.is_shared], ids=repr)
def test_a_word_that_stands_in_a_bag_a_thousand_times_stays_finite(member, rate):
    """It gets the whole move of each bag as often: rows grow by far more than the steps add up to."""
    toy = Toy(np.zeros(2_000, np.int32), 1, negatives=1, observations=Observations(window=1000, subsample=0))
    one_slice = BagsInRounds(member.member, documents=member.has_documents, slices=1, length=1024)
    team = one_slice.team(toy, np.float32)
    tally = run_passes(team, 1, Rates(rate, 0.0, rate), passes=1)
    assert longest_row([*team.matrices[:2], team.documents]) <= LONGEST * (1 + 1e-5)
    assert np.isfinite(tally).all()
    assert tally[RESTRAINED] > 0 or member.member.loss != SAMPLING


@members
def test_rows_that_grew_too_long_are_scaled_back_and_told(member):
    toy = Toy(random_ids(6, 60, 8), 6, dimensions=4)
    for side in range(3 if member.has_documents else 2):
        for rate in (0.0, 1e-6, 0.5, 9.0):
            model = member.model(toy, np.float32)
            member.trimmed(toy, model)[side][0] = 1e5
            tally = member.run(toy, model, Rates(rate, 0.0, rate))
            if side > 0 or member.member.has_window:
                assert tally[RESTRAINED] > 0
                assert np.isfinite(tally[LOSS])
                longest = longest_row(member.trimmed(toy, model))
                assert longest == pytest.approx(LONGEST, rel=1e-3) if rate < 0.1 else longest <= LONGEST * (1 + 1e-5)


def test_copies_are_numbered_with_room_for_all_of_them():
    """Softmax meets all words, so that a slice may copy every row."""
    member = BagsInRounds((True, True, True, SOFTMAX), slices=1)
    for words, kind in ((100, np.int16), (2**15 - 1, np.int16), (2**15, np.int32)):
        toy = Toy([0, 1, -1], words, dimensions=1)
        assert member.team(toy)._team.names.numbers.dtype == kind
