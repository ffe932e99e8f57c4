"""`firth.Counts`: what can be asked of them, and that parts add up to the whole and subtract from it, bit for bit."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import firth
import naive_counts
from firth.errors import CorpusError, CountsError, SettingsError, ShapeError, UnknownWordError
from firth.observations import Observations, combining, counting
from firth.observations.counts import Counts
from firth.observations.merging import merge
from firth.observations.pairs import count_pairs
from firth.observations.transposing import Rows

PARTS = ("starts", "contexts", "cells", "occurrences")
words = st.sampled_from(["a", "b", "c", "d", "e"])
# Two words side by side, or there would be nothing to prepare.
texts = st.lists(st.lists(words, min_size=2, max_size=9), min_size=1, max_size=5)
WHOLE = [
    {"window": window, "window_weights": weights, "dropping": dropping, "subsample": subsample}
    for weights in ("dynamic", "fixed", "harmonic")
    for window, dropping, subsample in [(1, "before", 0), (3, "after", 0.01), (2, "after", 0)]
]
ROUNDED = [{"window": 3, "subsample": 0.02}, {"window": 2, "subsample": 0.1, "window_weights": "harmonic"}]
TEXT = [["the", "cat", "sat"], ["the", "dog", "sat", "on", "the", "cat"], ["a", "cat"]]


def counted(sentences, **arguments):
    words = {} if "vocabulary" in arguments else {"min_count": 1}
    return firth.count(sentences, **{"threads": 1, "memory": 1 << 24, **words, **arguments})


def joined(shards):
    return [sentence for shard in shards for sentence in shard]


def same_bytes(one, other):
    """Tell whether two counts are the same, bit for bit, but for how they came about."""
    return (
        one == other
        and one.vocabulary == other.vocabulary
        and all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in PARTS)
    )


# ── what can be asked ───────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=40)
@given(texts, st.sampled_from(WHOLE + ROUNDED))
def test_all_quantities_are_those_of_the_dense_matrix(sentences, arguments):
    counts = counted(sentences, **arguments)
    observations = Observations(**arguments)
    ids = [[counts.vocabulary.index(word) for word in sentence] for sentence in sentences]
    keep = observations.keep_probabilities(counts.vocabulary.counts)
    parts = round(1 / counts.unit)
    expected = np.zeros((len(counts), len(counts)))
    for (c, o), cell in naive_counts.cells(ids, observations, keep, parts).items():
        expected[c, o] = cell / parts * (keep[c] * keep[o] if observations.dropping == "after" else 1)
    matrix = counts.matrix().toarray()
    assert np.allclose(matrix, expected, rtol=1e-14, atol=0)
    assert (matrix == matrix.T).all()
    assert counts.nonzero == (matrix > 0).sum()
    assert np.allclose(counts.marginals, matrix.sum(axis=1), rtol=1e-14)
    assert counts.total == pytest.approx(matrix.sum(), rel=1e-14)
    for c, o in itertools.product(range(len(counts)), repeat=2):
        assert counts.expectation(c, counts.vocabulary.words[o]) == matrix[c, o]
        independent = counts.marginals[c] * counts.marginals[o]
        pmi = math.log(matrix[c, o] * counts.total / independent) if matrix[c, o] else -math.inf
        assert counts.pointwise_mutual_information(c, o) == pytest.approx(pmi, rel=1e-12, abs=1e-13)
        stored = counts.mutual_information_matrix()[c, o]
        assert stored == pytest.approx(pmi if matrix[c, o] else 0, rel=1e-12, abs=1e-13)
    shares = matrix[matrix > 0] / matrix.sum()
    conditional = (matrix / matrix.sum(axis=1, keepdims=True))[matrix > 0]
    assert counts.conditional_entropy() == pytest.approx(-(shares * np.log(conditional)).sum(), rel=1e-12, abs=1e-13)
    unigram = counts.marginals / counts.total
    assert counts.unigram_cross_entropy() == pytest.approx(-(unigram * np.log(unigram)).sum(), rel=1e-12)
    # The mean PMI is the mutual information, and no model's loss is below the bound.
    mean = float((matrix / matrix.sum() * counts.mutual_information_matrix().toarray()).sum())
    difference = counts.unigram_cross_entropy() - counts.conditional_entropy()
    assert mean == pytest.approx(difference, abs=1e-12)
    assert difference >= -1e-13


def test_rows_are_given_one_by_one_and_in_ranges():
    counts = counted(TEXT, window=2, subsample=0, window_weights="harmonic")
    matrix = counts.matrix()
    starts, contexts, expectations = counts.rows(1, 3)
    assert starts.tolist() == (matrix.indptr[1:4] - matrix.indptr[1]).tolist()
    assert contexts.tolist() == matrix[1:3].indices.tolist()
    assert expectations.tolist() == matrix[1:3].data.tolist()
    ids, values = counts.row("sat")
    assert {counts.vocabulary.words[i]: value for i, value in zip(ids, values, strict=True)} == {
        "the": 1.5, "cat": 1.0, "dog": 1.0, "on": 1.0
    }  # fmt: skip
    assert [len(part) for part in counts.rows(2, 2)] == [1, 0, 0]
    assert [len(part) for part in counts.rows(5, 2)] == [1, 0, 0]


def test_nothing_can_be_changed():
    counts = counted(TEXT)
    for array in (*(getattr(counts, name) for name in PARTS), counts.factors, counts.marginals):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    matrix = counts.matrix()
    matrix.data[:] = 0
    matrix.indices[:] = 0
    assert counts.total > 0
    assert counts.contexts.any()


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda c: c.row("god"), UnknownWordError, "expected one of the 6 words of the vocabulary, got 'god'; "),
        (lambda c: c.row(6), UnknownWordError, "expected a word or an id from 0 to 5, got 6; pass a word"),
        (lambda c: c.expectation(-1, 0), UnknownWordError, "expected a word or an id from 0 to 5, got -1; "),
        (lambda c: c.row(True), UnknownWordError, "expected a word or an id from 0 to 5, got True; "),
        (lambda c: c.restricted(7), SettingsError, "expected words to be a whole number from 1 to 6, got 7; "),
        (lambda c: c.restricted(["a", "the", "a"]), SettingsError, "expected every word once, got 'a' twice; "),
        (lambda c: c.restricted("cats"), UnknownWordError, "expected one of the 6 words of the vocabulary, got 'cats'"),
    ],
)
def test_what_is_not_there_is_said(ask, error, message):
    with pytest.raises(error) as caught:
        ask(counted(TEXT))
    assert str(caught.value).startswith(message)


def test_counts_without_pairs_have_no_entropy():
    counts = counted([["x", "y"]], vocabulary=firth.Vocabulary(["a", "b"], [3, 1]))
    assert (counts.total, counts.nonzero, counts.coverage, counts.occurrences.tolist()) == (0, 0, 1, [0, 0])
    for ask in (counts.conditional_entropy, counts.unigram_cross_entropy):
        with pytest.raises(CountsError, match="expected counts with a pair, got none; count more text, or with more"):
            ask()
    assert counts.pointwise_mutual_information("a", "b") == -math.inf


def test_what_counts_say_of_themselves():
    counts = counted(TEXT, window=2, subsample=0)
    assert repr(counts) == "Counts(6 words, 20 cells, 21 pairs)"
    config = counts.config
    assert config["observations"] == Observations(window=2, subsample=0).as_dict()
    assert (config["tokens"], config["reference_total"], counts.tokens) == (11, 11, 11)
    (text,) = config["corpora"]
    assert (text["tokens"], text["sentences"], text["min_count"], text["source"]) == (11, 3, 1, None)
    assert counts != "counts"
    assert counts.__add__(1) is counts.__sub__(1) is NotImplemented


# ── a part of the words ─────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=30)
@given(texts, st.sampled_from(WHOLE + ROUNDED), st.data())
def test_restricted_counts_are_a_part_of_the_matrix(sentences, arguments, data):
    counts = counted(sentences, **arguments)
    chosen = sorted(data.draw(st.sets(st.integers(0, len(counts) - 1), min_size=1)))
    named = data.draw(st.permutations([counts.vocabulary.words[i] for i in chosen]))
    part = counts.restricted(named)
    assert part.vocabulary.words == tuple(counts.vocabulary.words[i] for i in chosen)
    assert part.vocabulary.counts.tolist() == counts.vocabulary.counts[chosen].tolist()
    assert part.occurrences.tolist() == counts.occurrences[chosen].tolist()
    assert (part.matrix().toarray() == counts.matrix().toarray()[np.ix_(chosen, chosen)]).all()
    assert part.coverage == pytest.approx(part.total / counts.total)
    assert same_bytes(counts.restricted(len(chosen)).restricted(1), counts.restricted(1))
    assert counts.restricted(len(chosen)).restricted(1).coverage == pytest.approx(counts.restricted(1).coverage)
    assert part.is_exact


# ── one vocabulary ──────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=25)
@given(st.lists(texts, min_size=4, max_size=4), st.sampled_from(WHOLE + ROUNDED), st.permutations(range(4)))
def test_shards_in_one_vocabulary_add_up_to_the_whole_in_any_order(shards, arguments, order):
    whole = counted(joined(shards), **arguments)
    parts = [counted(shard, vocabulary=whole, **arguments) for shard in shards]
    total = parts[order[0]]
    for number in order[1:]:
        total = total + parts[number]
    assert same_bytes(total, whole)
    assert total.is_exact
    a, b, c, _ = parts
    assert same_bytes((a + b) + c, a + (b + c))
    assert same_bytes(a + b, b + a)
    assert same_bytes(a + b - b, a)
    # To forget a shard is never to have counted it.
    assert same_bytes(whole - parts[0], counted(joined(shards[1:]), vocabulary=whole, **arguments))
    assert same_bytes(whole - parts[0] + parts[0], whole)


def test_words_outside_the_given_ones_leave_no_gap():
    vocabulary = firth.Vocabulary(["b", "a"], [7, 5])
    for arguments in ({"subsample": 0}, {"dropping": "after", "subsample": 0.1}, {"subsample": 0.1}):
        sentences = [["x", "y"], ["a", "x", "b", "y", "a"], ["x"], ["y", "b", "b"]]
        left = [["a", "b", "a"], ["b", "b"]]
        one, other = (counted(s, vocabulary=vocabulary, window=2, **arguments) for s in (sentences, left))
        assert (one.tokens, other.tokens) == (11, 5)
        assert one.record.corpora[0]["sentences"] == other.record.corpora[0]["sentences"] == 2
        assert same_bytes(replace_tokens(one, 5), other)


def replace_tokens(counts, tokens):
    record = replace(counts.record, tokens=tokens)
    rows = Rows(counts.starts, counts.contexts, counts.cells)
    return Counts(counts.vocabulary, counts.occurrences, counts.observations, rows, record)


@settings(max_examples=20)
@given(texts, st.integers(1, 4), st.sampled_from(WHOLE + ROUNDED))
def test_rare_words_are_left_out_as_words_outside_a_vocabulary_are(sentences, min_count, arguments):
    try:
        usual = counted(sentences, min_count=min_count, **arguments)
    except CorpusError:
        return  # no word is so frequent
    assert same_bytes(counted(sentences, vocabulary=usual.vocabulary, **arguments), usual)


def test_a_vocabulary_comes_from_counts_vectors_or_itself():
    vectors = firth.train(TEXT * 20, dimensions=2, min_count=1, passes=1, threads=1)
    whole = counted(TEXT * 20)
    given = [counted(TEXT, vocabulary=source) for source in (vectors, whole, whole.vocabulary)]
    assert given[0] == given[1] == given[2]
    assert given[0].vocabulary == whole.vocabulary
    # The shares that keep probabilities have are those of all words that were counted, also where some are left out.
    part = counted(TEXT, vocabulary=whole.restricted(2), dropping="after")
    assert part.factors.tolist() == counted(TEXT * 20, dropping="after").factors[:2].tolist()


def test_a_prepared_corpus_is_counted_in_other_words_if_it_has_all_of_its_own():
    vocabulary = firth.Vocabulary(["cat", "the"], [3, 3])
    with firth.prepare_corpus(TEXT, min_count=1) as corpus:
        assert firth.count(corpus, vocabulary=vocabulary) == counted(TEXT, vocabulary=vocabulary)
    with firth.prepare_corpus(TEXT, min_count=2) as corpus, pytest.raises(CorpusError) as caught:
        count_pairs(corpus, Observations(), vocabulary=vocabulary)
    assert str(caught.value) == (
        "expected a corpus with all its words, to be counted in other ones, got 3 of its 6 words; "
        "prepare it with min_count=1 and without max_words"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"vocabulary": "words.txt"},
            SettingsError,
            "expected vocabulary to be a Vocabulary, Counts or Vec",
        ),
        (
            {"vocabulary": firth.Vocabulary(["a"], [1]), "min_count": 2, "max_words": 3},
            SettingsError,
            "expected no choice of words beside a vocabulary, got min_count=2 and max_words=3; leave it out",
        ),
        (
            {"vocabulary": firth.Vectors(["a"], np.ones((1, 2)))},
            SettingsError,
            "expected a vocabulary with counts, got vectors without counts; pass vectors that firth.train made",
        ),
        (
            {"vocabulary": firth.Vocabulary(["the", "cat"], [3, 0])},
            SettingsError,
            "expected a vocabulary with counts above 0, got 0 for 'cat'; leave out words that never occur",
        ),
        ({"memory": 100}, SettingsError, "expected memory to be a whole number ≥ 1048576, got 100; choose memory"),
        ({"window": 0}, SettingsError, "expected window to be a whole number from 1 to 1000, got 0"),
        ({"threads": 0}, SettingsError, "expected threads to be a whole number from 1 to 1024, got 0"),
        (
            {"window": 60, "window_weights": "harmonic", "subsample": 0, "min_count": 1},
            SettingsError,
            "expected pair counts below 2⁶⁴ in units of 1/9690712164777231700912800, got up to 2⁸⁸ for a word",
        ),
    ],
)
def test_what_can_not_be_counted_is_said(arguments, error, message):
    with pytest.raises(error) as caught:
        firth.count(TEXT, **arguments)
    assert str(caught.value).startswith(message)


# ── each its own words ──────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=25)
@given(st.lists(texts, min_size=3, max_size=3), st.sampled_from(WHOLE))
def test_parts_with_all_their_own_words_add_up_to_the_whole(shards, arguments):
    a, b, c = (counted(shard, **arguments) for shard in shards)
    whole = counted(joined(shards), **arguments)
    assert same_bytes(a + b + c, whole)
    assert same_bytes(c + (a + b), whole)
    assert (a + b + c).is_exact
    assert same_bytes(whole - c, counted(shards[0] + shards[1], **arguments))
    assert same_bytes(whole - c - b, a)
    assert len(whole - c - b - a) == (whole - whole).nonzero == 0
    assert same_bytes(whole - whole + whole, whole)


@settings(max_examples=20)
@given(texts, texts, st.sampled_from(WHOLE + ROUNDED), st.integers(1, 2))
def test_other_sums_are_made_on_the_union_and_say_that_they_are_not_exact(one, other, arguments, min_count):
    try:
        a, b = (counted(text, min_count=min_count, **arguments) for text in (one, other))
    except CorpusError:
        return  # no word comes twice
    total = a + b
    assert total.tokens == a.tokens + b.tokens
    assert same_bytes(total, b + a)
    if total.is_exact:
        return
    assert repr(total).endswith(", not the count of the whole)")
    assert set(total.vocabulary.words) == {*a.vocabulary.words, *b.vocabulary.words}
    for word, often in zip(total.vocabulary.words, total.vocabulary.counts, strict=True):
        parts = [int(c.vocabulary.counts[c.vocabulary.index(word)]) for c in (a, b) if word in c.vocabulary]
        assert often == sum(parts)
    cells = {}
    for part in (a, b):
        names = part.vocabulary.words
        for row in range(len(part)):
            for place in range(part.starts[row], part.starts[row + 1]):
                pair = names[row], names[part.contexts[place]]
                cells[pair] = cells.get(pair, 0) + int(part.cells[place])
    names = total.vocabulary.words
    assert cells == {
        (names[row], names[total.contexts[place]]): int(total.cells[place])
        for row in range(len(total))
        for place in range(total.starts[row], total.starts[row + 1])
    }
    rest = total - b
    assert not rest.is_exact
    assert rest.vocabulary == a.vocabulary
    assert all(getattr(rest, name).tobytes() == getattr(a, name).tobytes() for name in PARTS)


def test_a_sum_that_is_not_exact_stays_so():
    a, b = counted([["a", "b"]]), counted([["b", "c"]])
    whole = counted([["a", "b"]], vocabulary=(a + b).vocabulary)
    assert not (a + b).is_exact
    assert not (a + b + whole).is_exact


# ── what does not fit ───────────────────────────────────────────────────────────────────────────────────────


def test_other_settings_are_refused_by_the_first_that_differs():
    with pytest.raises(CountsError) as caught:
        counted(TEXT, window=2, keep="paper") + counted(TEXT, window=2, window_weights="fixed")
    assert str(caught.value) == (
        "expected counts made with the same settings, window_weights='dynamic', got window_weights='fixed'; "
        "count one of them again"
    )


def subtracted(one, other, **arguments):
    with pytest.raises(CountsError) as caught:
        _ = counted(one, subsample=0, **arguments) - counted(other, subsample=0, **arguments)
    assert str(caught.value).endswith("; subtract only what was added")
    return str(caught.value).removesuffix("; subtract only what was added")


def test_what_was_not_added_can_not_be_subtracted():
    held = "expected counts that hold those subtracted, got "
    pair = held + "0 for the pair ('a', 'c'), from which 5 is subtracted"
    assert (
        subtracted([["b", "a", "b", "c"]], [["a", "c"]])
        == held + "4 for the pair ('a', 'c'), from which 5 is subtracted"
    )
    assert subtracted([["a", "b"], ["c", "d"]], [["a", "c"]]) == pair
    vocabulary = firth.Vocabulary(["a", "b", "c"], [3, 2, 1])
    assert subtracted([["a", "b"], ["c", "b"]], [["a", "c"]], vocabulary=vocabulary) == pair
    assert subtracted([["a", "b"]], [["a", "b", "a"]]) == held + "2 tokens from which 3 are subtracted"
    # The pairs are there, but not the words:
    more = [["a", "b"], ["x", "y", "z"]]
    assert subtracted(more, [["a", "b"], ["a"]]) == held + "-1 occurrences left of 'a'"
    # The words are there, but pairs are left of them:
    assert subtracted([["a", "b"], ["b", "a"], ["c", "d"]], [["a"], ["a"], ["c", "d"]]) == (
        held + "pairs left of 'a', which occurs no more"
    )


def test_a_cell_that_would_pass_its_room_is_refused():
    counts = counted([["a", "b"]], subsample=0)
    cells = np.full(2, (1 << 63) + 5, np.uint64)
    large = Counts(
        counts.vocabulary,
        counts.occurrences,
        counts.observations,
        Rows(counts.starts, counts.contexts, cells),
        counts.record,
    )
    with pytest.raises(CountsError) as caught:
        _ = large + large
    assert str(caught.value) == (
        "expected cells below 2⁶⁴, got 9223372036854775813 + 9223372036854775813 for the pair ('a', 'b'); "
        "keep these counts apart"
    )


def test_texts_are_listed_and_taken_off_the_list():
    a, b = counted([["a", "b"]], subsample=0), counted([["b", "c", "d"]], subsample=0)
    assert [text["tokens"] for text in (a + b).record.corpora] in ([2, 3], [3, 2])
    assert (a + b).record.corpora == (b + a).record.corpora
    assert (a + b - b).record.corpora == a.record.corpora
    whole = counted([["a", "b"], ["b", "c", "d"]], subsample=0)
    assert (whole - b).record.corpora == whole.record.corpora
    assert (whole - b).record.removed == b.record.corpora
    assert (whole - b + b).record.removed == ()


# ── threads, memory ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("subtracts", [False, True])
def test_any_threads_and_any_memory_give_the_same_sums(subtracts, monkeypatch):
    rng = np.random.default_rng(1)
    names = [f"w{number}" for number in range(300)]
    sentences = [[names[i] for i in np.minimum(rng.geometric(0.03, size=20), 299)] for _ in range(60)]
    other = counted(sentences[:20], dropping="after")
    one = counted(sentences if subtracts else sentences[20:], dropping="after")
    usual = merge(one._parts(), other._parts(), subtracts=subtracts, threads=1)
    for room in (counting.LEAST_ROOM, 64):
        monkeypatch.setattr(combining, "LEAST_ROOM", room)
        for threads, memory in ((1, 1), (3, 5000), (4, 1 << 20)):
            found = merge(one._parts(), other._parts(), subtracts=subtracts, threads=threads, memory=memory)
            assert found.rows.is_on_disk == (memory < 1 << 20)
            assert found.vocabulary == usual.vocabulary
            for name in ("starts", "contexts", "cells"):
                assert getattr(found.rows, name).tobytes() == getattr(usual.rows, name).tobytes()


def test_a_vocabulary_must_have_a_count_for_each_word():
    with pytest.raises(ShapeError):
        counted(TEXT, vocabulary=firth.Vocabulary(["a"], [1, 2]))
